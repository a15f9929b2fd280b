//! The in-memory log against the contract, and its faults.

use std::sync::Arc;

use async_trait::async_trait;
use atelier::id::{BatchId, DiagramId, Seq};
use atelier::store::log::{Append, Log, Outcome, ReadError, Refusal};
use atelier::store::memory::{Chances, Fate, Fault, Faults, MemoryLog, Op, SharedLog};
use bytes::Bytes;

use super::{Bench, NODE, append, room, snapshot};

#[derive(Default)]
pub(super) struct Memory(SharedLog);

impl Memory {
    /// Makes a room unless it exists.
    pub(super) fn make(&self, room: &DiagramId, seed: &'static [u8]) -> bool {
        self.0.with(|log| log.create(NODE, seeded(room, seed)))
    }
}

#[async_trait]
impl Bench for Memory {
    fn log(&self) -> Arc<dyn Log> {
        Arc::new(self.0.clone())
    }

    async fn create(&self, room: &DiagramId, seed: &'static [u8]) {
        assert!(self.make(room, seed));
    }

    async fn delete(&self, room: &DiagramId) {
        self.0.with(|log| log.delete(room));
    }

    async fn flip_row_bit(&self, room: &DiagramId, seq: Seq, bit: usize) {
        assert!(self.0.with(|log| log.flip_row_bit(room, seq, bit)));
    }

    async fn flip_snapshot_bit(&self, room: &DiagramId, bit: usize) {
        assert!(self.0.with(|log| log.flip_snapshot_bit(room, bit)));
    }

    async fn lose_row(&self, room: &DiagramId, seq: Seq) {
        assert!(self.0.with(|log| log.lose_row(room, seq)));
    }
}

super::contract!(Memory::default());

fn seeded(room: &DiagramId, seed: &'static [u8]) -> Append {
    Append {
        room: room.clone(),
        batch: BatchId(1),
        updates: vec![Bytes::from_static(seed)],
        bindings: Vec::new(),
    }
}

fn log(faults: Faults) -> MemoryLog {
    let mut log = MemoryLog::new(faults);
    for id in ["a", "b"] {
        assert!(log.create(NODE, seeded(&room(id), b"seed")));
    }
    log
}

fn unknown(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|o| matches!(o, Outcome::Unknown(_)))
}

#[test]
fn an_unknown_append_was_stored_or_lost_as_the_plan_says() {
    let mut log = log(Faults::script([
        (Op::Append, 1, Fault::Unknown(Fate::Stored)),
        (Op::Append, 2, Fault::Unknown(Fate::Lost)),
    ]));
    assert!(unknown(&log.append(NODE, vec![append("a", 10, &[b"x"])])));
    assert!(unknown(&log.append(NODE, vec![append("a", 11, &[b"y"])])));
    assert_eq!(log.find(&room("a"), BatchId(10)), Ok(Some(Seq(2))));
    assert_eq!(log.find(&room("a"), BatchId(11)), Ok(None));
    let retried = log.append(NODE, vec![append("a", 11, &[b"y"])]);
    assert_eq!(retried, [Outcome::Committed(Seq(3))]);
}

#[test]
fn a_late_append_lands_when_it_is_due_or_before_its_look_up_answers() {
    let late = Fault::Unknown(Fate::Late(3));
    let mut log = log(Faults::script([(Op::Append, 1, late), (Op::Append, 2, late)]));
    assert!(unknown(&log.append(NODE, vec![append("a", 10, &[b"x"]), append("b", 10, &[b"x"])])));
    assert_eq!((log.late(), log.archive(&room("a")).len()), (2, 1));
    assert_eq!(log.find(&room("a"), BatchId(10)), Ok(Some(Seq(2))));
    assert_eq!((log.late(), log.archive(&room("b")).len()), (1, 1));
    for _ in 0..2 {
        log.heads(&[]).unwrap();
    }
    assert_eq!((log.late(), log.archive(&room("b")).len()), (0, 2));
    assert!(unknown(&log.append(NODE, vec![append("b", 11, &[b"y"])])));
    assert_eq!(log.find(&room("b"), BatchId(10)), Ok(Some(Seq(2))), "and not another batch's");
    assert_eq!(log.late(), 1);
}

#[test]
fn a_store_that_is_away_answers_nothing_and_comes_back() {
    let mut log = log(Faults::script([(Op::Read, 1, Fault::Away(3))]));
    let away = |r: Result<_, ReadError>| matches!(r, Err(ReadError::Away(_)));
    assert!(away(log.read(&room("a"), Seq(0)).map(drop)));
    let refused = log.append(NODE, vec![append("a", 10, &[b"x"])]);
    assert!(matches!(refused[..], [Outcome::Refused(Refusal::Store(_))]));
    assert!(away(log.heads(&[room("a")]).map(drop)));
    assert_eq!(log.read(&room("a"), Seq(0)).unwrap().rows.len(), 1);
    log.set_away(true);
    assert!(away(log.find(&room("a"), BatchId(1)).map(drop)));
    log.set_away(false);
    assert_eq!(log.find(&room("a"), BatchId(1)), Ok(Some(Seq(1))));
}

#[test]
fn a_failing_room_leaves_the_others_alone() {
    let mut log = log(Faults::default());
    log.set_failing(&room("a"), Some("disk full"));
    let both = || vec![append("a", 10, &[b"x"]), append("b", 10, &[b"y"])];
    let refused = Outcome::Refused(Refusal::Store("disk full".into()));
    assert_eq!(log.append(NODE, both()), [refused, Outcome::Committed(Seq(2))]);
    log.set_failing(&room("a"), None);
    assert_eq!(log.append(NODE, both()), [Outcome::Committed(Seq(2)), Outcome::Committed(Seq(2))]);
}

#[test]
fn a_failed_snapshot_changes_nothing_and_an_unknown_one_may() {
    let mut log = log(Faults::script([
        (Op::Snapshot, 1, Fault::Refuse),
        (Op::Snapshot, 2, Fault::Unknown(Fate::Stored)),
    ]));
    assert!(log.snapshot(&room("a"), snapshot(1, b"state")).is_err());
    assert_eq!(log.read(&room("a"), Seq(0)).unwrap().snapshot, None);
    assert!(log.snapshot(&room("a"), snapshot(1, b"state")).is_err());
    assert_eq!(log.read(&room("a"), Seq(0)).unwrap().snapshot, Some(snapshot(1, b"state")));
    assert_eq!(log.snapshot(&room("a"), snapshot(1, b"state")), Ok(false));
}

/// Appends 300 batches under faults, as a committer does; answers what it was told and what is there.
fn run(seed: u64) -> (Vec<String>, Vec<Bytes>) {
    let chances =
        Chances { refuse: 60, unknown: 150, away: 20, away_calls: 6, refuse_batch: 30, latency: 5 };
    let mut log = log(Faults::seeded(seed, chances));
    let mut told = Vec::new();
    for n in 0..300_u32 {
        let text = n.to_string();
        let mut tries = 0;
        loop {
            tries += 1;
            assert!(tries < 200, "the store comes back");
            let batch = BatchId(u128::from(n) + 10);
            let append = append("a", batch.0, &[text.as_bytes()]);
            let outcome = log.append(NODE, vec![append]).remove(0);
            told.push(format!("{outcome:?}"));
            match outcome {
                Outcome::Committed(_) => break,
                Outcome::Refused(_) => {}
                Outcome::Unknown(_) => {
                    let found = loop {
                        if let Ok(found) = log.find(&room("a"), batch) {
                            break found;
                        }
                    };
                    if found.is_some() {
                        break;
                    }
                }
            }
        }
    }
    let rows = log.archive(&room("a"))[1..].iter();
    (told, rows.map(|row| row.updates[0].clone()).collect())
}

#[test]
fn a_committer_that_looks_up_unknown_batches_stores_each_once_and_in_order() {
    let expected: Vec<Bytes> = (0..300).map(|n: u32| n.to_string().into()).collect();
    for seed in 0..50 {
        let (told, stored) = run(seed);
        assert!(stored == expected, "seed {seed}");
        for word in ["Committed", "Refused", "Unknown"] {
            assert!(told.iter().any(|t| t.starts_with(word)), "seed {seed} had no {word}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_faults() {
    assert_eq!(run(7), run(7));
    assert_ne!(run(7).0, run(8).0);
}
