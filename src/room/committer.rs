//! What is appended when: one batch in flight, everything that arrives meanwhile is the next (K1–K3).
//!
//! PURE. Holds the accepted updates of all rooms of a node until the log has them. Decides order,
//! retries and look-ups; whoever drives it talks to the log. Must not know documents or sessions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use super::replica::Stored;
use crate::id::{BatchId, ClientId, DiagramId, Seq, UserId};
use crate::limits::{
    APPEND_RETRIES, APPEND_RETRY, APPEND_RETRY_MAX, BATCH_BYTES, GATHER, GATHER_FROM,
    ROOMS_PER_APPEND,
};
use crate::store::log::{Append, Outcome, ReadError, Refusal};

/// An accepted update on its way to the log.
#[derive(Debug)]
struct Waiting {
    update: Bytes,
    bindings: Vec<(ClientId, UserId)>,
}

/// One room's updates, oldest first.
#[derive(Debug, Default)]
struct Queue {
    /// Tells this queue from an earlier one of the same room.
    epoch: u64,
    waiting: VecDeque<Waiting>,
    /// The index of the oldest waiting update, less one.
    before: u64,
    /// Failures of this room alone, and how many commits the node had seen at the first of them.
    failures: u32,
    commits_then: u64,
}

/// One room's batch that the log has been asked to take.
#[derive(Debug, Clone, PartialEq, Eq)]
struct InFlight {
    room: DiagramId,
    batch: BatchId,
    epoch: u64,
    updates: usize,
}

/// What to ask the log next.
#[derive(Debug, PartialEq, Eq)]
pub enum Ask {
    /// Append these; answer with [`Committer::appended`].
    Append(Vec<Append>),
    /// Look this batch up; answer with [`Committer::found`].
    Find(DiagramId, BatchId),
    /// Nothing before this time, unless something is accepted.
    Wait(Duration),
    /// Nothing until something is accepted.
    Idle,
}

/// What a room is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// Rows of it were stored.
    Stored(Stored),
    /// A row of it can't be stored: the room must be loaded anew (K3).
    Failed(Refusal),
}

/// The committer of one node.
#[derive(Debug, Default)]
pub struct Committer {
    queues: BTreeMap<DiagramId, Queue>,
    dirty: VecDeque<DiagramId>,
    queued: BTreeSet<DiagramId>,
    /// Rooms whose failure must be told apart from the store's: asked one by one (K3).
    alone: VecDeque<DiagramId>,
    in_flight: Vec<InFlight>,
    unknown: VecDeque<InFlight>,
    epochs: u64,
    /// Batches stored so far, of any room.
    commits: u64,
    not_before: Duration,
    pause: Duration,
    /// While several people edit at once, the next batch gathers until then.
    gather_until: Duration,
}

impl Committer {
    /// Takes what a room has accepted. Indexes of one room come without a gap, from 1.
    pub fn accept(
        &mut self,
        room: &DiagramId,
        index: u64,
        update: Bytes,
        bindings: Vec<(ClientId, UserId)>,
    ) {
        let epochs = &mut self.epochs;
        let queue = self.queues.entry(room.clone()).or_insert_with(|| {
            *epochs += 1;
            Queue { epoch: *epochs, before: index.saturating_sub(1), ..Queue::default() }
        });
        queue.waiting.push_back(Waiting { update, bindings });
        self.mark(room.clone());
    }

    /// Forgets a room that is over, with all that it still had; see also [`holds`](Self::holds).
    pub fn forget(&mut self, room: &DiagramId) {
        self.queues.remove(room);
    }

    /// What to do now. While something is in flight, or unknown, nothing else is appended (K2, K3).
    pub fn next(&mut self, now: Duration, mut fresh: impl FnMut() -> BatchId) -> Ask {
        if !self.in_flight.is_empty() {
            return Ask::Idle;
        }
        let not_before = self.not_before.max(self.gather_until);
        if now < not_before {
            return Ask::Wait(not_before);
        }
        if let Some(lost) = self.unknown.front() {
            return Ask::Find(lost.room.clone(), lost.batch);
        }
        while let Some(room) = self.alone.pop_front() {
            if let Some(batch) = self.batch(&room, &mut fresh) {
                return Ask::Append(vec![batch]);
            }
        }
        let mut batches = Vec::new();
        while batches.len() < ROOMS_PER_APPEND {
            let Some(room) = self.dirty.pop_front() else { break };
            self.queued.remove(&room);
            batches.extend(self.batch(&room, &mut fresh));
        }
        if batches.is_empty() {
            return Ask::Idle;
        }
        let updates: usize = batches.iter().map(|batch| batch.updates.len()).sum();
        // What did not fit need not wait for more.
        if updates >= GATHER_FROM && self.dirty.is_empty() {
            self.gather_until = now + GATHER;
        }
        Ask::Append(batches)
    }

    /// How the append of [`Ask::Append`] ended, in its order.
    pub fn appended(&mut self, outcomes: Vec<Outcome>, now: Duration) -> Vec<(DiagramId, Told)> {
        let asked = std::mem::take(&mut self.in_flight);
        let alone = asked.len() == 1;
        let mut told = Vec::new();
        for (batch, outcome) in asked.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Committed(seq) => told.extend(self.commit(&batch, seq)),
                Outcome::Unknown(_) => {
                    self.unknown.push_back(batch);
                    self.back_off(now);
                }
                Outcome::Refused(Refusal::Store(_)) if !alone => self.alone.push_back(batch.room),
                Outcome::Refused(Refusal::Store(why)) => {
                    told.extend(self.retry(batch.room, why));
                    self.back_off(now);
                }
                Outcome::Refused(refusal) => told.push(self.fail(batch.room, refusal)),
            }
        }
        told
    }

    /// Where the batch of [`Ask::Find`] ended up; an error leaves it unknown.
    pub fn found(
        &mut self,
        answer: &Result<Option<Seq>, ReadError>,
        now: Duration,
    ) -> Option<(DiagramId, Told)> {
        if matches!(answer, Err(ReadError::Away(_))) {
            self.back_off(now);
            return None;
        }
        let lost = self.unknown.pop_front()?;
        match answer {
            Ok(Some(seq)) => self.commit(&lost, *seq),
            Ok(None) => {
                self.mark(lost.room);
                None
            }
            Err(ReadError::Corrupt(why)) => {
                // Its own trouble: the other rooms go on.
                Some(self.fail(lost.room, Refusal::Store(why.clone())))
            }
            Err(_) => Some(self.fail(lost.room, Refusal::Gone)),
        }
    }

    /// Whether a batch of this room may still reach the log: its room must not be loaded before it is known.
    pub fn holds(&self, room: &DiagramId) -> bool {
        self.in_flight.iter().chain(&self.unknown).any(|batch| batch.room == *room)
    }

    /// Whether nothing waits and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.unknown.is_empty() && self.queues.is_empty()
    }

    fn mark(&mut self, room: DiagramId) {
        if self.queued.insert(room.clone()) {
            self.dirty.push_back(room);
        }
    }

    fn batch(&mut self, room: &DiagramId, fresh: &mut impl FnMut() -> BatchId) -> Option<Append> {
        let queue = self.queues.get(room)?;
        let mut append = Append {
            room: room.clone(),
            batch: fresh(),
            updates: Vec::new(),
            bindings: Vec::new(),
        };
        let mut bytes = 0;
        for waiting in &queue.waiting {
            bytes += waiting.update.len();
            if bytes > BATCH_BYTES && !append.updates.is_empty() {
                break;
            }
            append.updates.push(waiting.update.clone());
            append.bindings.extend(waiting.bindings.iter().cloned());
        }
        if append.updates.is_empty() {
            return None;
        }
        self.in_flight.push(InFlight {
            room: room.clone(),
            batch: append.batch,
            epoch: queue.epoch,
            updates: append.updates.len(),
        });
        Some(append)
    }

    fn commit(&mut self, batch: &InFlight, seq: Seq) -> Option<(DiagramId, Told)> {
        self.commits += 1;
        self.pause = Duration::ZERO;
        self.not_before = Duration::ZERO;
        let queue = self.queues.get_mut(&batch.room).filter(|q| q.epoch == batch.epoch)?;
        let count = batch.updates.min(queue.waiting.len());
        queue.waiting.drain(..count);
        queue.before += count as u64;
        queue.failures = 0;
        let upto = queue.before;
        if queue.waiting.is_empty() {
            self.queues.remove(&batch.room);
        } else {
            self.mark(batch.room.clone());
        }
        Some((batch.room.clone(), Told::Stored(Stored { first: seq, last: seq, upto })))
    }

    /// Only a room that fails again and again while others are stored is at fault itself; otherwise
    /// the store is away and the room waits on (K5).
    fn retry(&mut self, room: DiagramId, why: String) -> Option<(DiagramId, Told)> {
        let commits = self.commits;
        let queue = self.queues.get_mut(&room)?;
        if queue.failures == 0 {
            queue.commits_then = commits;
        }
        queue.failures += 1;
        if queue.failures > APPEND_RETRIES && commits > queue.commits_then {
            return Some(self.fail(room, Refusal::Store(why)));
        }
        self.mark(room);
        None
    }

    fn fail(&mut self, room: DiagramId, refusal: Refusal) -> (DiagramId, Told) {
        self.forget(&room);
        (room, Told::Failed(refusal))
    }

    fn back_off(&mut self, now: Duration) {
        self.pause = (self.pause * 2).clamp(APPEND_RETRY, APPEND_RETRY_MAX);
        self.not_before = now + self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Duration = Duration::ZERO;

    fn room(name: &str) -> DiagramId {
        name.parse().unwrap()
    }

    fn update(n: u8) -> Bytes {
        Bytes::from(vec![n])
    }

    struct Driver(Committer, u128);

    impl Driver {
        fn new() -> Self {
            Self(Committer::default(), 0)
        }

        fn accept(&mut self, name: &str, index: u64) {
            self.0.accept(&room(name), index, update(u8::try_from(index).unwrap()), vec![]);
        }

        fn ask(&mut self, now: Duration) -> Ask {
            let count = &mut self.1;
            self.0.next(now, || {
                *count += 1;
                BatchId(*count)
            })
        }

        fn batches(&mut self, now: Duration) -> Vec<(String, Vec<Bytes>)> {
            match self.ask(now) {
                Ask::Append(batches) => {
                    batches.into_iter().map(|b| (b.room.to_string(), b.updates)).collect()
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn stored(seq: u64, upto: u64) -> Told {
        Told::Stored(Stored { first: Seq(seq), last: Seq(seq), upto })
    }

    fn refused() -> Outcome {
        Outcome::Refused(Refusal::Store("disk full".into()))
    }

    #[test]
    fn k2_an_edit_during_an_append_is_in_the_next_batch() {
        let mut d = Driver::new();
        d.accept("a", 1);
        assert_eq!(d.batches(T0), [("a".into(), vec![update(1)])]);
        d.accept("a", 2);
        d.accept("a", 3);
        assert_eq!(d.ask(T0), Ask::Idle, "one batch in flight");
        let told = d.0.appended(vec![Outcome::Committed(Seq(2))], T0);
        assert_eq!(told, [(room("a"), stored(2, 1))]);
        assert_eq!(d.batches(T0), [("a".into(), vec![update(2), update(3)])]);
        let told = d.0.appended(vec![Outcome::Committed(Seq(3))], T0);
        assert_eq!(told, [(room("a"), stored(3, 3))]);
        assert!(d.0.is_idle());
    }

    #[test]
    fn k3_an_unknown_outcome_is_looked_up_before_anything_is_tried_again() {
        let mut d = Driver::new();
        d.accept("a", 1);
        d.batches(T0);
        d.accept("a", 2);
        assert!(d.0.appended(vec![Outcome::Unknown("cut".into())], T0).is_empty());
        assert_eq!(d.ask(T0), Ask::Wait(APPEND_RETRY));
        assert_eq!(d.ask(APPEND_RETRY), Ask::Find(room("a"), BatchId(1)));
        assert_eq!(d.0.found(&Ok(Some(Seq(2))), T0), Some((room("a"), stored(2, 1))));
        assert_eq!(d.batches(T0), [("a".into(), vec![update(2)])]);
    }

    #[test]
    fn k3_a_batch_that_is_certainly_not_stored_is_tried_again_in_order() {
        let mut d = Driver::new();
        d.accept("a", 1);
        d.batches(T0);
        d.accept("a", 2);
        d.0.appended(vec![Outcome::Unknown("cut".into())], T0);
        assert_eq!(d.ask(APPEND_RETRY), Ask::Find(room("a"), BatchId(1)));
        assert_eq!(d.0.found(&Ok(None), APPEND_RETRY), None);
        assert_eq!(d.batches(APPEND_RETRY), [("a".into(), vec![update(1), update(2)])]);
    }

    #[test]
    fn k3_a_room_whose_row_cannot_be_stored_fails_alone_and_the_others_go_on() {
        let mut d = Driver::new();
        let mut now = T0;
        d.accept("bad", 1);
        let mut failed = false;
        for index in 1..20 {
            d.accept("good", index);
            now += APPEND_RETRY_MAX;
            while let Ask::Append(batches) = d.ask(now) {
                let outcomes = batches.iter().map(|b| match b.room.as_str() {
                    "bad" => refused(),
                    _ => Outcome::Committed(Seq(index + 1)),
                });
                let outcomes = outcomes.collect();
                for (name, told) in d.0.appended(outcomes, now) {
                    match told {
                        Told::Failed(_) => {
                            assert_eq!(name, room("bad"));
                            failed = true;
                        }
                        Told::Stored(_) => assert_eq!(name, room("good")),
                    }
                }
            }
        }
        assert!(failed);
        now += APPEND_RETRY_MAX;
        assert_eq!(d.ask(now), Ask::Idle);
        assert!(d.0.is_idle());
    }

    #[test]
    fn k3_a_room_whose_log_is_corrupt_does_not_hold_up_the_others() {
        let mut d = Driver::new();
        d.accept("a", 1);
        d.batches(T0);
        d.0.appended(vec![Outcome::Unknown("cut".into())], T0);
        d.accept("b", 1);
        assert_eq!(d.ask(APPEND_RETRY), Ask::Find(room("a"), BatchId(1)));
        let told = d.0.found(&Err(ReadError::Corrupt("hole".into())), APPEND_RETRY);
        assert!(matches!(told, Some((_, Told::Failed(_)))));
        assert_eq!(d.batches(APPEND_RETRY), [("b".into(), vec![update(1)])]);
    }

    #[test]
    fn k5_while_the_store_is_away_nothing_fails_and_nothing_is_lost() {
        let mut d = Driver::new();
        let mut now = T0;
        d.accept("a", 1);
        d.accept("b", 1);
        for _ in 0..50 {
            now += APPEND_RETRY_MAX;
            let Ask::Append(batches) = d.ask(now) else { continue };
            assert!(d.0.appended(batches.iter().map(|_| refused()).collect(), now).is_empty());
        }
        let mut stored = Vec::new();
        for _ in 0..4 {
            now += APPEND_RETRY_MAX;
            let Ask::Append(batches) = d.ask(now) else { continue };
            let outcomes = batches.iter().map(|_| Outcome::Committed(Seq(2))).collect();
            stored.extend(d.0.appended(outcomes, now));
        }
        stored.sort_by(|x, y| x.0.cmp(&y.0));
        assert_eq!(stored.len(), 2);
        assert!(d.0.is_idle());
    }

    #[test]
    fn c3_a_binding_that_belongs_to_somebody_else_fails_its_room_at_once() {
        let mut d = Driver::new();
        d.accept("a", 1);
        d.batches(T0);
        let refusal = Refusal::Bound(ClientId(7));
        let told = d.0.appended(vec![Outcome::Refused(refusal.clone())], T0);
        assert_eq!(told, [(room("a"), Told::Failed(refusal))]);
    }

    #[test]
    fn k2_a_busy_node_gathers_edits_and_a_lone_editor_never_waits() {
        let mut d = Driver::new();
        for index in 1..=2 {
            d.accept("lone", index);
            assert_eq!(d.batches(T0).len(), 1);
            d.0.appended(vec![Outcome::Committed(Seq(index + 1))], T0);
        }
        for name in ["a", "b", "c"] {
            d.accept(name, 1);
        }
        assert_eq!(d.batches(T0).len(), 3);
        d.0.appended(vec![Outcome::Committed(Seq(2)); 3], T0);
        d.accept("a", 2);
        assert_eq!(d.ask(T0), Ask::Wait(GATHER));
        d.accept("b", 2);
        assert_eq!(d.batches(GATHER).len(), 2);
        d.0.appended(vec![Outcome::Committed(Seq(3)); 2], GATHER);
        d.accept("a", 3);
        assert_eq!(d.batches(GATHER).len(), 1, "two edits in that time: calm again");
    }

    #[test]
    fn a_batch_is_bounded_in_bytes_but_never_empty() {
        let mut d = Driver::new();
        let big = Bytes::from(vec![0; BATCH_BYTES + 1]);
        d.0.accept(&room("a"), 1, big.clone(), vec![]);
        d.0.accept(&room("a"), 2, big, vec![]);
        assert_eq!(d.batches(T0)[0].1.len(), 1);
    }
}
