//! The log in memory, with faults: for the simulator and for tests, never for serving.
//!
//! [`MemoryLog`] is a plain struct with synchronous, deterministic methods; [`SharedLog`] wraps it for
//! those who need the trait. Rows are kept as bytes with their checksum, so that damage is found as
//! it is on disk. Must not know a clock or draw its own randomness.

mod faults;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

use super::log::{Append, History, Log, Outcome, ReadError, Refusal, Row, Snapshot};
use super::plan::{Known, Plan, plan};
use super::row::{decode, encode, row_checksum, snapshot_checksum};
use crate::id::{BatchId, ClientId, DiagramId, NodeId, Seq, UserId};

pub use faults::{Chances, Fate, Fault, Faults, Op};

/// The log of all rooms.
#[derive(Debug, Default)]
pub struct MemoryLog {
    rooms: BTreeMap<DiagramId, Room>,
    faults: Faults,
    away: bool,
    failing: BTreeMap<DiagramId, String>,
    late: Vec<Late>,
}

#[derive(Debug, Default)]
struct Room {
    head: Seq,
    gone: bool,
    rows: BTreeMap<Seq, Kept>,
    snapshot: Option<(Snapshot, u32)>,
    bindings: BTreeMap<ClientId, UserId>,
    /// The newest batch of each node.
    newest: BTreeMap<NodeId, (BatchId, Seq)>,
    archive: Vec<Row>,
}

/// A row as it lies on a disk.
#[derive(Debug, Clone)]
struct Kept {
    node: NodeId,
    batch: BatchId,
    payload: Bytes,
    crc: u32,
}

/// Work whose caller was told that nobody knows, and that is still to be done.
#[derive(Debug)]
struct Late {
    calls: u32,
    work: Work,
}

#[derive(Debug)]
enum Work {
    Append(NodeId, Append),
    Snapshot(DiagramId, Snapshot),
}

impl MemoryLog {
    /// An empty log with a plan of faults.
    pub fn new(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// Replaces the plan of faults; its counts begin again.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Makes a room with its first row, as the creation of a diagram does (ROOM L6); `false` when it exists.
    pub fn create(&mut self, node: NodeId, seed: Append) -> bool {
        if self.rooms.contains_key(&seed.room) {
            return false;
        }
        self.rooms.insert(seed.room.clone(), Room::default());
        self.commit(node, vec![seed]);
        true
    }

    /// Marks a room gone, as the deletion of its diagram does.
    pub fn delete(&mut self, room: &DiagramId) {
        if let Some(room) = self.rooms.get_mut(room) {
            room.gone = true;
        }
    }

    /// See [`Log::append`].
    pub fn append(&mut self, node: NodeId, batches: Vec<Append>) -> Vec<Outcome> {
        match self.strike(Op::Append) {
            None => self.append_some(node, batches),
            Some(Fault::Unknown(fate)) => {
                let unknown = Outcome::Unknown("the answer was lost".into());
                let outcomes = vec![unknown; batches.len()];
                match fate {
                    Fate::Lost => {}
                    Fate::Stored => drop(self.commit(node, batches)),
                    Fate::Late(calls) => self.late.extend(
                        batches.into_iter().map(|b| Late { calls, work: Work::Append(node, b) }),
                    ),
                }
                outcomes
            }
            Some(Fault::Refuse | Fault::Away(_)) => batches.iter().map(|_| refused()).collect(),
        }
    }

    /// See [`Log::find`].
    ///
    /// # Errors
    /// See there.
    pub fn find(&mut self, room: &DiagramId, batch: BatchId) -> Result<Option<Seq>, ReadError> {
        self.reach(Op::Find)?;
        // The look-up makes the outcome final: what was still to come, comes first.
        self.carry_out(
            |work| matches!(work, Work::Append(_, a) if a.room == *room && a.batch == batch),
        );
        Ok(self.rooms.get(room).and_then(|room| room.find(batch)))
    }

    /// See [`Log::read`].
    ///
    /// # Errors
    /// See there.
    pub fn read(&mut self, room: &DiagramId, after: Seq) -> Result<History, ReadError> {
        self.reach(Op::Read)?;
        self.rooms.get(room).filter(|r| !r.gone).ok_or(ReadError::Gone)?.history(room, after)
    }

    /// See [`Log::snapshot`].
    ///
    /// # Errors
    /// See there.
    pub fn snapshot(&mut self, room: &DiagramId, snapshot: Snapshot) -> Result<bool, ReadError> {
        match self.strike(Op::Snapshot) {
            None => self.replace(room, snapshot),
            Some(Fault::Unknown(fate)) => {
                match fate {
                    Fate::Lost => {}
                    Fate::Stored => drop(self.replace(room, snapshot)),
                    Fate::Late(calls) => {
                        let work = Work::Snapshot(room.clone(), snapshot);
                        self.late.push(Late { calls, work });
                    }
                }
                Err(ReadError::Away("the answer was lost".into()))
            }
            Some(Fault::Refuse | Fault::Away(_)) => Err(away()),
        }
    }

    /// See [`Log::heads`].
    ///
    /// # Errors
    /// See there.
    pub fn heads(&mut self, rooms: &[DiagramId]) -> Result<Vec<(DiagramId, Seq)>, ReadError> {
        self.reach(Op::Heads)?;
        let mut rooms: Vec<&DiagramId> = rooms.iter().collect();
        rooms.sort();
        rooms.dedup();
        let live = |id: &&DiagramId| self.rooms.get(*id).filter(|r| !r.gone).map(|r| r.head);
        Ok(rooms.iter().filter_map(|id| live(id).map(|head| ((*id).clone(), head))).collect())
    }
}

/// Faults that a test sets by hand, and what it may look at.
impl MemoryLog {
    /// The store is away until it is set back.
    pub fn set_away(&mut self, away: bool) {
        self.away = away;
    }

    /// This room's batches are refused for that reason until it is set back to `None`; others go on.
    pub fn set_failing(&mut self, room: &DiagramId, why: Option<&str>) {
        match why {
            Some(why) => self.failing.insert(room.clone(), why.to_owned()),
            None => self.failing.remove(room),
        };
    }

    /// Ticks after which a simulator delivers the answer of the call that it is about to make.
    pub fn latency(&mut self) -> u32 {
        self.faults.latency()
    }

    /// Flips one bit of a row's payload, counted round its end; `false` when there is no such row.
    pub fn flip_row_bit(&mut self, room: &DiagramId, seq: Seq, bit: usize) -> bool {
        let row = self.rooms.get_mut(room).and_then(|r| r.rows.get_mut(&seq));
        row.is_some_and(|row| flip(&mut row.payload, bit))
    }

    /// Flips one bit of a snapshot, counted round its end; `false` when there is none.
    pub fn flip_snapshot_bit(&mut self, room: &DiagramId, bit: usize) -> bool {
        let snapshot = self.rooms.get_mut(room).and_then(|r| r.snapshot.as_mut());
        snapshot.is_some_and(|(snapshot, _)| flip(&mut snapshot.state, bit))
    }

    /// Loses a row, as a damaged disk does; `false` when there is no such row.
    pub fn lose_row(&mut self, room: &DiagramId, seq: Seq) -> bool {
        self.rooms.get_mut(room).is_some_and(|r| r.rows.remove(&seq).is_some())
    }

    /// Everything that was ever appended to a room, compacted or not: what a simulator checks against.
    pub fn archive(&self, room: &DiagramId) -> &[Row] {
        self.rooms.get(room).map_or(&[], |r| &r.archive)
    }

    /// Appends and snapshots whose caller doesn't know and that are still to come.
    pub fn late(&self) -> usize {
        self.late.len()
    }
}

impl MemoryLog {
    fn reach(&mut self, op: Op) -> Result<(), ReadError> {
        if self.strike(op).is_some() { Err(away()) } else { Ok(()) }
    }

    /// Lets time pass by one call: late work comes due, then the call's own fault is drawn.
    fn strike(&mut self, op: Op) -> Option<Fault> {
        for late in &mut self.late {
            late.calls = late.calls.saturating_sub(1);
        }
        if self.late.iter().any(|late| late.calls == 0) {
            let (due, waiting) =
                std::mem::take(&mut self.late).into_iter().partition(|late| late.calls == 0);
            self.late = waiting;
            self.do_work(due);
        }
        let fault = self.faults.strike(op);
        if self.away { Some(Fault::Refuse) } else { fault }
    }

    fn carry_out(&mut self, which: impl Fn(&Work) -> bool) {
        let (now, later) =
            std::mem::take(&mut self.late).into_iter().partition(|late| which(&late.work));
        self.late = later;
        self.do_work(now);
    }

    fn do_work(&mut self, work: Vec<Late>) {
        for late in work {
            // Nobody waits for how it ends: a refusal now leaves it undone, as it would have then.
            match late.work {
                Work::Append(node, append) => drop(self.commit(node, vec![append])),
                Work::Snapshot(room, snapshot) => drop(self.replace(&room, snapshot)),
            }
        }
    }

    /// Appends the batches whose room doesn't fail; one transaction for the others.
    fn append_some(&mut self, node: NodeId, batches: Vec<Append>) -> Vec<Outcome> {
        let refusals: Vec<Option<Outcome>> = batches
            .iter()
            .map(|b| match self.failing.get(&b.room) {
                Some(why) => Some(Outcome::Refused(Refusal::Store(why.clone()))),
                None if self.faults.strikes_batch() => Some(refused()),
                None => None,
            })
            .collect();
        let sound = batches.into_iter().zip(&refusals).filter(|(_, r)| r.is_none()).map(|(b, _)| b);
        let mut committed = self.commit(node, sound.collect()).into_iter();
        refusals
            .into_iter()
            .map(|r| r.or_else(|| committed.next()).unwrap_or_else(refused))
            .collect()
    }

    fn commit(&mut self, node: NodeId, batches: Vec<Append>) -> Vec<Outcome> {
        let mut known = Known::default();
        for append in &batches {
            let Some(room) = self.rooms.get(&append.room).filter(|r| !r.gone) else { continue };
            known.heads.insert(append.room.clone(), room.head);
            if let Some(newest) = room.newest.get(&node) {
                known.own.insert(append.room.clone(), *newest);
            }
            for (client, owner) in &room.bindings {
                known.owners.insert((append.room.clone(), *client), owner.clone());
            }
        }
        let Plan { outcomes, rows, bindings, heads } = plan(node, batches, known);
        for (id, row) in rows {
            if let Some(room) = self.rooms.get_mut(&id) {
                room.keep(&id, row);
            }
        }
        for (id, client, user) in bindings {
            if let Some(room) = self.rooms.get_mut(&id) {
                room.bindings.insert(client, user);
            }
        }
        for (id, (head, _)) in heads {
            if let Some(room) = self.rooms.get_mut(&id) {
                room.head = head;
            }
        }
        outcomes
    }

    fn replace(&mut self, id: &DiagramId, new: Snapshot) -> Result<bool, ReadError> {
        let room = self.rooms.get_mut(id).filter(|r| !r.gone).ok_or(ReadError::Gone)?;
        if new.seq > room.head || new.seq == Seq(0) {
            return Err(ReadError::Corrupt(format!(
                "a snapshot of row {} was offered, the log ends at {}",
                new.seq.0, room.head.0
            )));
        }
        if room.snapshot.as_ref().is_some_and(|(old, _)| old.seq >= new.seq) {
            return Ok(false);
        }
        room.rows = room.rows.split_off(&new.seq.next());
        let crc = snapshot_checksum(id, new.seq, &new.state);
        room.snapshot = Some((new, crc));
        Ok(true)
    }
}

impl Room {
    fn keep(&mut self, id: &DiagramId, row: Row) {
        let payload = encode(&row.updates);
        let crc = row_checksum(id, row.seq, row.node, row.batch, &payload);
        self.newest.insert(row.node, (row.batch, row.seq));
        self.rows.insert(row.seq, Kept { node: row.node, batch: row.batch, payload, crc });
        self.archive.push(row);
    }

    fn find(&self, batch: BatchId) -> Option<Seq> {
        let newest = self.newest.values().find(|(b, _)| *b == batch).map(|(_, seq)| *seq);
        newest.or_else(|| self.rows.iter().find(|(_, row)| row.batch == batch).map(|(seq, _)| *seq))
    }

    fn history(&self, id: &DiagramId, after: Seq) -> Result<History, ReadError> {
        let snapshot = self.snapshot.as_ref().filter(|(s, _)| s.seq > after);
        if let Some((s, crc)) = snapshot
            && snapshot_checksum(id, s.seq, &s.state) != *crc
        {
            let text = format!("the snapshot at {} has a wrong checksum", s.seq.0);
            return Err(ReadError::Corrupt(text));
        }
        let from = snapshot.map_or(after, |(s, _)| s.seq);
        let mut rows = Vec::new();
        let mut last = from;
        for (&seq, kept) in self.rows.range(from.next()..) {
            if seq != last.next() {
                return Err(ReadError::Corrupt(format!("row {} is missing", last.next().0)));
            }
            last = seq;
            rows.push(kept.open(id, seq)?);
        }
        if last != self.head {
            return Err(ReadError::Corrupt(format!(
                "the log should end at row {}, what is there ends at {}",
                self.head.0, last.0
            )));
        }
        let bindings = self.bindings.iter().map(|(c, u)| (*c, u.clone())).collect();
        Ok(History { snapshot: snapshot.map(|(s, _)| s.clone()), rows, bindings })
    }
}

impl Kept {
    fn open(&self, id: &DiagramId, seq: Seq) -> Result<Row, ReadError> {
        if row_checksum(id, seq, self.node, self.batch, &self.payload) != self.crc {
            return Err(ReadError::Corrupt(format!("row {} has a wrong checksum", seq.0)));
        }
        let updates =
            decode(&self.payload).map_err(|e| ReadError::Corrupt(format!("row {}: {e}", seq.0)))?;
        Ok(Row { seq, node: self.node, batch: self.batch, updates })
    }
}

/// The in-memory log for those who need the trait. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct SharedLog(Arc<Mutex<MemoryLog>>);

impl SharedLog {
    /// Wraps a log.
    pub fn new(log: MemoryLog) -> Self {
        Self(Arc::new(Mutex::new(log)))
    }

    /// Does something with the log itself.
    pub fn with<T>(&self, f: impl FnOnce(&mut MemoryLog) -> T) -> T {
        f(&mut self.0.lock())
    }

    /// Lets other tasks run for as many turns as the plan says.
    async fn wait(&self) {
        for _ in 0..self.with(MemoryLog::latency) {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl Log for SharedLog {
    async fn append(&self, node: NodeId, batches: Vec<Append>) -> Vec<Outcome> {
        self.wait().await;
        self.with(|log| log.append(node, batches))
    }

    async fn find(&self, room: &DiagramId, batch: BatchId) -> Result<Option<Seq>, ReadError> {
        self.wait().await;
        self.with(|log| log.find(room, batch))
    }

    async fn read(&self, room: &DiagramId, after: Seq) -> Result<History, ReadError> {
        self.wait().await;
        self.with(|log| log.read(room, after))
    }

    async fn snapshot(&self, room: &DiagramId, snapshot: Snapshot) -> Result<bool, ReadError> {
        self.wait().await;
        self.with(|log| log.snapshot(room, snapshot))
    }

    async fn heads(&self, rooms: &[DiagramId]) -> Result<Vec<(DiagramId, Seq)>, ReadError> {
        self.wait().await;
        self.with(|log| log.heads(rooms))
    }
}

fn refused() -> Outcome {
    Outcome::Refused(Refusal::Store("the store refused".into()))
}

fn away() -> ReadError {
    ReadError::Away("the store is away".into())
}

fn flip(bytes: &mut Bytes, bit: usize) -> bool {
    let mut changed = bytes.to_vec();
    let Some(at) = (bit / 8).checked_rem(changed.len()) else { return false };
    let Some(byte) = changed.get_mut(at) else { return false };
    *byte ^= 1 << (bit % 8);
    *bytes = changed.into();
    true
}
