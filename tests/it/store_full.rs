//! A disk that is full or fails: nothing that was acknowledged is lost, and what a look-up calls absent
//! never comes back.
//!
//! The test binary runs itself again: under a limit on the size of files, which fails writes as a full
//! disk does, and under strace, which fails its fsyncs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use atelier::id::{BatchId, DiagramId, NodeId, Seq};
use atelier::store::log::{Append, Log, Outcome};
use atelier::store::sqlite::Store;
use bytes::Bytes;

use crate::store_contract::sqlite::{diagram, org};

/// Names the data folder to the victim.
const DIR: &str = "ATELIER_TEST_FULL_DIR";
/// Largest file that the victim may write, in blocks of 1,024 bytes (bash) or 512 (dash).
const BLOCKS: &str = "3000";
/// Bytes of one append: some hundred fit.
const APPEND: usize = 20_000;

fn room() -> DiagramId {
    "full".parse().unwrap()
}

/// The victim: not a test by itself. Prints how each append ended, as far as it is known.
#[tokio::test]
#[ignore = "the victim of the tests below, which start it"]
async fn victim() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let store = Store::open(Path::new(&dir)).await.unwrap();
    let log = store.log();
    let mut failures = 0;
    for n in 10..2000_u64 {
        let append = Append {
            room: room(),
            batch: BatchId(n.into()),
            updates: vec![Bytes::from(vec![u8::try_from(n % 251).unwrap(); APPEND])],
            bindings: Vec::new(),
        };
        match log.append(NodeId(1), vec![append]).await.remove(0) {
            Outcome::Committed(seq) => println!("stored {n} {}", seq.0),
            Outcome::Refused(why) => {
                println!("refused {n} {why}");
                failures += 1;
            }
            Outcome::Unknown(why) => {
                println!("unknown {n} {why}");
                failures += 1;
                // A checkpoint can make room in the write-ahead log; a committer would go on asking.
                let patience = Instant::now() + Duration::from_secs(2);
                loop {
                    match log.find(&room(), BatchId(n.into())).await {
                        Ok(Some(seq)) => println!("stored {n} {}", seq.0),
                        Ok(None) => println!("absent {n}"),
                        Err(_) if Instant::now() < patience => continue,
                        Err(_) => return,
                    }
                    break;
                }
            }
        }
        if failures > 10 {
            return;
        }
    }
}

/// Runs the victim by `wrapper`, then opens the store without it and compares with what was said.
async fn suffer(wrapper: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    store.catalog().create_diagram(&org(), diagram(&room(), b"seed")).await.unwrap();
    store.close().await;
    let output = Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "store_full::victim", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DIR, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let (mut stored, mut not, mut unknown) = (BTreeMap::new(), Vec::new(), 0);
    for line in said.lines() {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["stored", n, seq] => {
                stored.insert(seq.parse::<u64>().unwrap(), n.parse::<u128>().unwrap());
            }
            ["refused", n, ..] | ["absent", n] => not.push(n.parse::<u128>().unwrap()),
            ["unknown", ..] => unknown += 1,
            _ => {}
        }
    }
    println!("{} stored, {} not stored, {unknown} unknown for a while", stored.len(), not.len());
    assert!(stored.len() > 20 && unknown > 0, "nothing failed: {said}");
    // The disk is well again.
    let store = Store::open(dir.path()).await.unwrap();
    assert_eq!(store.check().await.unwrap(), []);
    let rows = store.log().read(&room(), Seq(1)).await.unwrap().rows;
    let there: BTreeMap<u64, u128> = rows.iter().map(|row| (row.seq.0, row.batch.0)).collect();
    for (seq, n) in &stored {
        assert_eq!(there.get(seq), Some(n), "row {seq} was acknowledged");
    }
    for n in &not {
        assert!(!there.values().any(|there| there == n), "batch {n} was called absent");
    }
    let append = Append {
        room: room(),
        batch: BatchId(1 << 100),
        updates: vec![Bytes::from_static(b"again")],
        bindings: Vec::new(),
    };
    let outcome = store.log().append(NodeId(1), vec![append]).await;
    assert!(matches!(outcome[..], [Outcome::Committed(_)]), "{outcome:?}");
}

#[tokio::test]
async fn a_full_disk_costs_nothing_that_was_acknowledged() {
    // The signal that comes with the limit is ignored, so that the write itself fails.
    let script = format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" \"$@\"");
    suffer(&["sh", "-c", &script]).await;
}

#[tokio::test]
async fn a_commit_whose_fsync_failed_never_comes_back_once_it_was_called_absent() {
    let trace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"];
    let works = Command::new(trace[0]).args(&trace[1..]).arg("true").output();
    if !works.is_ok_and(|output| output.status.success()) {
        println!("skipped: strace can't trace here, so no fsync can be made to fail");
        return;
    }
    // Each connection's thread can sync 15 times, then no more.
    suffer(&[&trace[..], &["-e", "inject=fsync,fdatasync:error=EIO:when=16+"]].concat()).await;
}
