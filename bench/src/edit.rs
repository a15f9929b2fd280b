//! Editors in rooms, over real sockets: what a delivery costs the server, and what editors see.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use crate::Failure;
use crate::bot::{Bot, Plan, Seen, Sent};
use crate::figures::{mib, percentiles};
use crate::server::{Server, Usage};

/// Editors in rooms, for a while.
#[derive(Debug, Args)]
pub struct Edit {
    /// Rooms, one diagram each.
    #[arg(long, default_value_t = 100)]
    rooms: usize,
    /// Editors in each room.
    #[arg(long, default_value_t = 10)]
    editors: usize,
    /// Edits per second and editor.
    #[arg(long, default_value_t = 2.0)]
    edits: f64,
    /// Cursor moves per second and editor.
    #[arg(long, default_value_t = 0.0)]
    cursors: f64,
    /// Seconds of editing.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Runs a bare relay under the same load first, and compares.
    #[arg(long)]
    baseline: bool,
}

/// One user makes all rooms: what is measured is not how long it would wait.
const SETTINGS: [(&str, &str); 1] = [("ATELIER_RATES__WRITES_PER_MINUTE", "0")];

/// What one run cost and showed.
struct Run {
    seen: Seen,
    cpu_seconds: f64,
    before: Usage,
    after: Usage,
    peak_kib: u64,
}

impl Run {
    fn cpu_us_per_delivery(&self) -> f64 {
        self.cpu_seconds * 1e6 / (self.seen.deliveries + self.seen.cursors).max(1) as f64
    }
}

/// Runs it.
pub async fn run(args: &Edit, binary: &Path) -> Result<(), Failure> {
    let baseline = if args.baseline {
        println!("-- a bare relay");
        Some(load(args, Server::relay().await?).await?)
    } else {
        None
    };
    println!("-- {}", binary.display());
    let run = load(args, Server::start(binary, &SETTINGS).await?).await?;
    if let Some(baseline) = baseline {
        println!(
            "CPU, relay = 1        {:.2}",
            run.cpu_us_per_delivery() / baseline.cpu_us_per_delivery()
        );
    }
    Ok(())
}

/// Puts one server under the load, prints what came of it, and stops it.
async fn load(args: &Edit, server: Server) -> Result<Run, Failure> {
    let plan =
        Plan { edits: args.edits, cursors: args.cursors, time: Duration::from_secs(args.seconds) };
    let begun = Instant::now();
    let sent = Arc::new(Sent::new(args.rooms * args.editors, &plan));
    let mut bots = Vec::new();
    for room in 0..args.rooms {
        let place = server.create(&format!("bench-{room}")).await?;
        for editor in 0..args.editors {
            let index = room * args.editors + editor;
            bots.push(Bot::join(index, args.editors, &place, Arc::clone(&sent)).await?);
        }
    }
    println!("{} editors in {} rooms joined in {:.1?}", bots.len(), args.rooms, begun.elapsed());

    let before = server.usage()?;
    let begun = Instant::now();
    let running: Vec<_> = bots.into_iter().map(|bot| tokio::spawn(bot.edit(plan))).collect();
    let mut peak_kib = before.rss_kib;
    while begun.elapsed() < plan.time {
        tokio::time::sleep(Duration::from_secs(1)).await;
        peak_kib = peak_kib.max(server.usage()?.rss_kib);
    }
    let mut seen = Seen::default();
    for bot in running {
        seen.add(bot.await??);
    }
    let after = server.usage()?;
    server.stop().await?;
    let run =
        Run { seen, cpu_seconds: after.cpu_seconds - before.cpu_seconds, before, after, peak_kib };
    report(args, &run);
    if run.seen.lost > 0 {
        return Err(format!("{} deliveries lost", run.seen.lost).into());
    }
    Ok(run)
}

fn report(args: &Edit, run: &Run) {
    let Run { seen, cpu_seconds, before, after, peak_kib } = run;
    println!("edits sent            {}", seen.edits);
    println!("edits delivered       {} (lost: {})", seen.deliveries, seen.lost);
    println!("cursors delivered     {}", seen.cursors);
    println!("delivery ms           {}", percentiles(&seen.delivery_us));
    println!("durable ack ms        {}", percentiles(&seen.ack_us));
    println!("server CPU s          {cpu_seconds:.2} of {} s", args.seconds);
    println!("CPU us per delivery   {:.2}", run.cpu_us_per_delivery());
    println!(
        "server RSS MiB        {:.1} before, {:.1} peak, {:.1} after",
        mib(before.rss_kib),
        mib(*peak_kib),
        mib(after.rss_kib)
    );
}
