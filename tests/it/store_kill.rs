//! kill -9 of a process that appends: whatever it was told is committed is there afterwards.
//!
//! The test binary runs itself again as the victim, which prints a line after each acknowledgement.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use atelier::id::{BatchId, DiagramId, NodeId, Seq};
use atelier::limits::SNAPSHOT_INLINE_BYTES;
use atelier::store::StoreError;
use atelier::store::log::{Append, Log, Outcome, Snapshot};
use atelier::store::sqlite::Store;
use bytes::Bytes;

use crate::store_contract::sqlite::{diagram, org};

/// Names the data folder to the victim.
const DIR: &str = "ATELIER_TEST_VICTIM_DIR";
/// Numbers its life, so that every text is written once.
const LIFE: &str = "ATELIER_TEST_VICTIM_LIFE";
const ROOMS: usize = 6;
const KILLS: u64 = 20;

fn room(n: usize) -> DiagramId {
    format!("room{n}").parse().unwrap()
}

/// A snapshot whose state lists every text it covers, padded so that some go to a blob.
async fn snapshot(log: &dyn Log, room: &DiagramId, pad: usize) -> Option<Seq> {
    let history = log.read(room, Seq(0)).await.unwrap();
    let seq = history.head(Seq(0));
    let mut state = history.snapshot.map_or(Vec::new(), |s| s.state.to_vec());
    state.retain(|b| *b != 0);
    for row in &history.rows {
        for update in &row.updates {
            state.extend_from_slice(update);
            state.push(b'\n');
        }
    }
    state.resize(state.len() + pad, 0);
    let done = log.snapshot(room, Snapshot { seq, state: state.into() }).await;
    done.unwrap().then_some(seq)
}

/// The victim: not a test by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the victim of acknowledged_rows_survive_kill_9, which starts it"]
async fn victim() {
    let (Ok(dir), Ok(life)) = (std::env::var(DIR), std::env::var(LIFE)) else { return };
    let life: u64 = life.parse().unwrap();
    say("opening");
    let store = Store::open(Path::new(&dir)).await.unwrap();
    for n in 0..ROOMS {
        match store.catalog().create_diagram(&org(), diagram(&room(n), b"seed")).await {
            Ok(_) | Err(StoreError::Exists) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..3_u64 {
        let log = store.log();
        writers.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(life * 10 + writer);
            for round in 0_u64.. {
                let mut rooms: Vec<usize> = (0..ROOMS).collect();
                rng.shuffle(&mut rooms);
                rooms.truncate(rng.usize(1..=ROOMS));
                let text = format!("{life}/{writer}/{round}");
                let batches = rooms.iter().map(|n| Append {
                    room: room(*n),
                    batch: BatchId(u128::from(rng.u64(2..))),
                    updates: vec![Bytes::from(text.clone())],
                    bindings: Vec::new(),
                });
                let outcomes = log.append(NodeId(life), batches.collect()).await;
                for (n, outcome) in rooms.iter().zip(outcomes) {
                    let Outcome::Committed(seq) = outcome else { panic!("{outcome:?}") };
                    say(&format!("ack {n} {} {text}", seq.0));
                }
                if round % 16 == 5 {
                    let pad = if rng.u8(0..4) == 0 { SNAPSHOT_INLINE_BYTES } else { 0 };
                    snapshot(&log, &room(rng.usize(..ROOMS)), pad).await;
                }
            }
        });
    }
    writers.join_all().await;
}

/// One whole line, at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Starts the victim, kills it when it has said `lines` lines, and notes what it had acknowledged.
fn kill_after(dir: &Path, life: u64, lines: usize, acked: &mut BTreeMap<(usize, u64), String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store_kill::victim", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .env(LIFE, life.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut line, mut heard) = (String::new(), 0);
    loop {
        line.clear();
        // After the kill the rest of the pipe is read to its end: that was acknowledged too.
        if out.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
            break;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["ack", room, seq, text] = words[..] {
            let place = (room.parse().unwrap(), seq.parse().unwrap());
            assert_eq!(acked.insert(place, text.to_owned()), None, "{place:?} was given twice");
        }
        // The test harness has its own lines; the victim's count.
        heard += usize::from(matches!(words[..], ["opening"] | ["ack", ..]));
        if heard == lines {
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert_eq!(status.code(), None, "the victim ended by the kill alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_rows_survive_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut rng = fastrand::Rng::with_seed(9);
    let mut acked = BTreeMap::new();
    let mut snapshots = 0;
    for life in 0..KILLS {
        // The first lives end while the database is still being made.
        let lines = if life < 3 { 1 } else { rng.usize(1..300) };
        let (path, mut known) = (dir.path().to_owned(), std::mem::take(&mut acked));
        acked = tokio::task::spawn_blocking(move || {
            kill_after(&path, life, lines, &mut known);
            known
        })
        .await
        .unwrap();
        let store = Store::open(dir.path()).await.unwrap();
        let severe: Vec<_> =
            store.check().await.unwrap().into_iter().filter(|f| f.severe).collect();
        assert_eq!(severe, [], "life {life}");
        for n in 0..ROOMS {
            let mine = acked.range((n, 0)..(n + 1, 0)).map(|((_, seq), text)| (*seq, text));
            let mine: Vec<_> = mine.collect();
            if mine.is_empty() {
                continue;
            }
            let history = store.log().read(&room(n), Seq(0)).await.unwrap();
            snapshots += usize::from(history.snapshot.is_some());
            let covered = history.snapshot.as_ref().map_or(0, |s| s.seq.0);
            let state = history.snapshot.map(|s| s.state).unwrap_or_default();
            let listed: Vec<&[u8]> = state.split(|b| *b == b'\n').collect();
            for (seq, text) in mine {
                let there = if seq <= covered {
                    listed.get(usize::try_from(seq - 1).unwrap()).copied()
                } else {
                    let at = usize::try_from(seq - covered - 1).unwrap();
                    history.rows.get(at).map(|row| row.updates[0].as_ref())
                };
                assert_eq!(there, Some(text.as_bytes()), "life {life}, room {n}, row {seq}");
            }
        }
        store.close().await;
    }
    println!("{KILLS} kills, {} acknowledged rows, {snapshots} snapshots met", acked.len());
    assert!(acked.len() > 500 && snapshots > 10, "{} rows, {snapshots} snapshots", acked.len());
}
