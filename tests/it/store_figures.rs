//! Figures of the embedded store on this machine: `cargo test --release --test it store_figures -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use atelier::id::{BatchId, DiagramId, NodeId, Seq};
use atelier::store::log::{Append, Log, Outcome};
use atelier::store::sqlite::Store;
use bytes::Bytes;

use crate::store_contract::sqlite::{diagram, org};

const ROOMS: usize = 1000;
const TIME: Duration = Duration::from_secs(8);

fn room(n: usize) -> DiagramId {
    format!("0190f5fe-7c00-7a00-8abc-{n:012}").parse().unwrap()
}

/// CPU time of this process so far, milliseconds (the kernel counts in ticks of 10).
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    fields.skip(11).take(2).map(|n| n.parse::<u64>().unwrap() * 10).sum()
}

fn millis(sorted: &[Duration], per_thousand: usize) -> f64 {
    sorted[(sorted.len() - 1) * per_thousand / 1000].as_secs_f64() * 1e3
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures for half a minute"]
async fn group_commit() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    for n in 0..ROOMS {
        store.catalog().create_diagram(&org(), diagram(&room(n), b"seed")).await.unwrap();
    }
    let log = store.log();
    let mut rng = fastrand::Rng::with_seed(1);
    for rooms in [1, 10, 100] {
        let (begin, busy, mut took) = (Instant::now(), cpu(), Vec::new());
        while begin.elapsed() < TIME {
            let batches = rng.choose_multiple(0..ROOMS, rooms);
            let batches = batches.into_iter().map(|n| Append {
                room: room(n),
                batch: BatchId(rng.u128(..)),
                updates: vec![Bytes::from_static(&[7; 120])],
                bindings: Vec::new(),
            });
            let batches = batches.collect();
            let start = Instant::now();
            let outcomes = log.append(NodeId(1), batches).await;
            took.push(start.elapsed());
            assert!(outcomes.iter().all(|o| matches!(o, Outcome::Committed(_))));
        }
        let micros = (cpu() - busy) * 1000 / u64::try_from(took.len() * rooms).unwrap();
        let rate = took.len() * rooms * 1000 / usize::try_from(TIME.as_millis()).unwrap();
        took.sort_unstable();
        println!(
            "{rooms:>4} rooms per batch: {rate:>6} appends/s, {micros:>4} us CPU each, batch p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
            millis(&took, 500),
            millis(&took, 990),
            millis(&took, 1000)
        );
    }
    let start = Instant::now();
    let history = log.read(&room(1), Seq(0)).await.unwrap();
    println!("read of {} rows: {:.2} ms", history.rows.len(), start.elapsed().as_secs_f64() * 1e3);
}
