//! Load bots: editors in rooms, over real sockets, against a server that this program starts or is given.
//!
//! Prints what the server spent (CPU, memory) and what editors saw (delivery and acknowledgement times,
//! loss). Timings depend on the machine: RESULTS.md says which one, and quotes CPU per delivery.

mod bot;
mod relay;
mod server;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bot::{Bot, Failure, Plan, Seen, Sent};
use clap::{Parser, Subcommand};
use server::{Server, Usage};

/// Editors in rooms, for a while.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    command: Option<Role>,
    /// The server's binary.
    #[arg(long, default_value = "target/release/atelier")]
    server: PathBuf,
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

/// What else this program can be.
#[derive(Debug, Subcommand)]
enum Role {
    /// The bare relay of --baseline, alone.
    Relay,
}

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

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    match args.command {
        // One thread, as a relay needs no more.
        Some(Role::Relay) => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(relay::serve()),
        None => tokio::runtime::Runtime::new()?.block_on(bench(&args)),
    }
}

async fn bench(args: &Args) -> Result<(), Failure> {
    let baseline = if args.baseline {
        println!("-- a bare relay");
        Some(load(args, Server::relay().await?).await?)
    } else {
        None
    };
    println!("-- {}", args.server.display());
    let run = load(args, Server::start(&args.server).await?).await?;
    if let Some(baseline) = baseline {
        println!(
            "CPU, relay = 1        {:.2}",
            run.cpu_us_per_delivery() / baseline.cpu_us_per_delivery()
        );
    }
    Ok(())
}

/// Puts one server under the load, prints what came of it, and stops it.
async fn load(args: &Args, server: Server) -> Result<Run, Failure> {
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

fn report(args: &Args, run: &Run) {
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
        before.rss_kib as f64 / 1024.0,
        *peak_kib as f64 / 1024.0,
        after.rss_kib as f64 / 1024.0
    );
}

fn percentiles(micros: &[u32]) -> String {
    let mut sorted = micros.to_vec();
    sorted.sort_unstable();
    let at = |share: f64| {
        let index = ((sorted.len() as f64 - 1.0) * share).max(0.0) as usize;
        f64::from(sorted.get(index).copied().unwrap_or(0)) / 1000.0
    };
    format!("p50 {:.1}  p95 {:.1}  p99 {:.1}  max {:.1}", at(0.5), at(0.95), at(0.99), at(1.0))
}
