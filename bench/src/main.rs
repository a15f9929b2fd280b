//! Load bots: editors in rooms, over real sockets, against a server that this program starts or is given.
//!
//! Prints what the server spent (CPU, memory) and what editors saw (delivery and acknowledgement times,
//! loss). Timings depend on the machine: RESULTS.md says which one, and quotes CPU per delivery.

mod bot;
mod server;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bot::{Bot, Plan, Seen, Sent};
use clap::Parser;
use server::Server;

/// Editors in rooms, for a while.
#[derive(Debug, Parser)]
struct Args {
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
}

#[tokio::main]
async fn main() -> Result<(), bot::Failure> {
    let args = Args::parse();
    let server = Server::start(&args.server).await?;
    let plan =
        Plan { edits: args.edits, cursors: args.cursors, time: Duration::from_secs(args.seconds) };
    let begun = Instant::now();
    let sent = Arc::new(Sent::new(args.rooms * args.editors, &plan));
    let mut bots = Vec::new();
    for room in 0..args.rooms {
        let place = server.create(&format!("bench {room}")).await?;
        for editor in 0..args.editors {
            let index = room * args.editors + editor;
            bots.push(Bot::join(index, args.editors, &place, Arc::clone(&sent)).await?);
        }
    }
    println!("{} editors in {} rooms joined in {:.1?}", bots.len(), args.rooms, begun.elapsed());

    let before = server.usage()?;
    let begun = Instant::now();
    let running: Vec<_> = bots.into_iter().map(|bot| tokio::spawn(bot.edit(plan))).collect();
    let mut peak = before.rss_kib;
    while begun.elapsed() < plan.time {
        tokio::time::sleep(Duration::from_secs(1)).await;
        peak = peak.max(server.usage()?.rss_kib);
    }
    let mut seen = Seen::default();
    for bot in running {
        seen.add(bot.await??);
    }
    let after = server.usage()?;
    report(&args, &seen, &before, &after, peak);
    server.stop().await?;
    if seen.lost > 0 {
        return Err(format!("{} deliveries lost", seen.lost).into());
    }
    Ok(())
}

fn report(args: &Args, seen: &Seen, before: &server::Usage, after: &server::Usage, peak: u64) {
    let cpu = after.cpu_seconds - before.cpu_seconds;
    let deliveries = seen.deliveries + seen.cursors;
    println!("edits sent            {}", seen.edits);
    println!("edits delivered       {} (lost: {})", seen.deliveries, seen.lost);
    println!("cursors delivered     {}", seen.cursors);
    println!("delivery ms           {}", percentiles(&seen.delivery_us));
    println!("durable ack ms        {}", percentiles(&seen.ack_us));
    println!("server CPU s          {cpu:.2} of {} s", args.seconds);
    println!("CPU us per delivery   {:.2}", cpu * 1e6 / deliveries.max(1) as f64);
    println!(
        "server RSS MiB        {:.1} before, {:.1} peak, {:.1} after",
        before.rss_kib as f64 / 1024.0,
        peak as f64 / 1024.0,
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
