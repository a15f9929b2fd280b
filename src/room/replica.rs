//! What a room has accepted, what of it is committed, and which rows of the log it has applied.
//!
//! PURE. The sequence gate (L3): a row counts as applied only in the log's order, whether it is our own
//! and came back from the committer, or a foreign one from the bus or a read. Must not touch the document.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::id::{ClientId, NodeId, Seq};
use crate::limits::{ROOM_UNCOMMITTED_BYTES, ROOM_UNCOMMITTED_UPDATES};
use crate::store::log::{History, Row, Snapshot};

/// Foreign rows kept while the one before them is missing; beyond it they are read again.
const MAX_ROWS_AHEAD: usize = 256;

/// An update that is in the document and not known to be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What is logged and fed.
    pub update: Bytes,
    /// The clocks that its writers reach by it.
    pub ends: Vec<(ClientId, u32)>,
}

/// Rows of our own that the committer stored, contiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The first of them.
    pub first: Seq,
    /// The last of them.
    pub last: Seq,
    /// The index of the last accepted update that they contain.
    pub upto: u64,
}

impl Stored {
    /// Joins a later notice to one that nobody has looked at yet (K1: latest wins). Where rows of
    /// somebody else lie between, the older half is forgotten: the gate reads it from the log.
    pub fn followed_by(self, later: Self) -> Self {
        let first = if self.last.next() == later.first { self.first } else { later.first };
        Self { first, ..later }
    }
}

/// What passes the gate, in the log's order.
#[derive(Debug, PartialEq, Eq)]
pub enum Passed {
    /// Our own updates are committed: feed them, release what waited for them. With them the content of
    /// the row at `applied`, where it is known: not where a notice spans several rows or came late.
    Own(Vec<Accepted>, Option<Vec<Bytes>>),
    /// Somebody else's row: apply and feed it.
    Foreign(Row),
    /// Rows that were compacted away before we read them: apply and feed the state.
    State(Snapshot),
}

/// One room's place in its log.
#[derive(Debug)]
pub struct Replica {
    node: NodeId,
    /// Every row up to this one is applied.
    applied: Seq,
    /// Accepted and not known to be committed, oldest first; the oldest has the index `committed + 1`.
    accepted: VecDeque<Accepted>,
    accepted_bytes: usize,
    committed: u64,
    stored: Option<Stored>,
    ahead: BTreeMap<Seq, Row>,
    state: Option<Snapshot>,
    /// The highest head that anybody told us of.
    head: Seq,
    snapshot: Seq,
    bytes_behind: usize,
}

impl Replica {
    /// A replica that has applied everything up to `applied`, of which `snapshot` is in a snapshot.
    pub fn new(node: NodeId, applied: Seq, snapshot: Seq, bytes_behind: usize) -> Self {
        Self {
            node,
            applied,
            accepted: VecDeque::new(),
            accepted_bytes: 0,
            committed: 0,
            stored: None,
            ahead: BTreeMap::new(),
            state: None,
            head: applied,
            snapshot,
            bytes_behind,
        }
    }

    /// Whether one more update of this size may wait for the store (K5).
    pub fn has_room(&self, bytes: usize) -> bool {
        self.accepted.len() < ROOM_UNCOMMITTED_UPDATES
            && self.accepted_bytes + bytes <= ROOM_UNCOMMITTED_BYTES
    }

    /// Takes an update that is in the document now; returns its index.
    pub fn accept(&mut self, update: Bytes, ends: Vec<(ClientId, u32)>) -> u64 {
        self.accepted_bytes += update.len();
        self.accepted.push_back(Accepted { update, ends });
        self.accepted_index()
    }

    /// The index of the newest accepted update; 0 before the first.
    pub fn accepted_index(&self) -> u64 {
        self.committed + self.accepted.len() as u64
    }

    /// The index up to which our own updates are committed and passed the gate.
    pub fn committed_index(&self) -> u64 {
        self.committed
    }

    /// Whether everything accepted is committed.
    pub fn is_settled(&self) -> bool {
        self.accepted.is_empty()
    }

    /// What is accepted and not known to be committed, oldest first.
    pub fn uncommitted(&self) -> impl Iterator<Item = &Accepted> {
        self.accepted.iter()
    }

    /// The highest row applied.
    pub fn applied(&self) -> Seq {
        self.applied
    }

    /// Rows and bytes that a load would have to replay behind the newest snapshot.
    pub fn behind_snapshot(&self) -> (u64, usize) {
        (self.applied.0.saturating_sub(self.snapshot.0), self.bytes_behind)
    }

    /// A snapshot up to `seq` is stored.
    pub fn snapshot_stored(&mut self, seq: Seq) {
        if seq > self.snapshot {
            self.snapshot = seq;
            self.bytes_behind = 0;
        }
    }

    /// The committer stored rows of ours.
    pub fn stored(&mut self, stored: Stored) {
        self.head = self.head.max(stored.last);
        self.stored = Some(self.stored.map_or(stored, |earlier| earlier.followed_by(stored)));
    }

    /// Somebody says that the log has this row; `row` may bring it along (L5: a hint, never truth).
    pub fn hint(&mut self, head: Seq, row: Option<Row>) {
        self.head = self.head.max(head);
        if let Some(row) = row
            && row.seq > self.applied
            && self.ahead.len() < MAX_ROWS_AHEAD
        {
            self.ahead.insert(row.seq, row);
        }
    }

    /// Whether the log must be read behind `applied` before anything more can pass.
    pub fn lags(&self) -> bool {
        self.head > self.applied
    }

    /// What a read behind `applied` returned.
    pub fn read(&mut self, history: History) {
        // A read is the truth, a hint is not: what the log does not have is forgotten.
        let stored = self.stored.map_or(self.applied, |s| s.last);
        self.head = history.head(self.applied).max(stored);
        if let Some(state) = history.snapshot
            && state.seq > self.applied
        {
            self.state = Some(state);
        }
        for row in history.rows {
            if row.seq > self.applied {
                self.ahead.insert(row.seq, row);
            }
        }
    }

    /// The next thing that passes the gate, or `None` until more is known (L3).
    pub fn pass(&mut self) -> Option<Passed> {
        let next = self.applied.next();
        if let Some(stored) = self.stored
            && stored.first <= next
        {
            self.stored = None;
            self.advance(stored.last.max(self.applied));
            let updates = self.commit(stored.upto.saturating_sub(self.committed));
            let is_row = stored.first == next && stored.last == next;
            let row = is_row.then(|| updates.iter().map(|u| u.update.clone()).collect());
            return Some(Passed::Own(updates, row));
        }
        if let Some(row) = self.ahead.remove(&next) {
            self.advance(next);
            if row.node == self.node {
                // Batches hold what was accepted in order, so an own row is the oldest of it (K2).
                let updates = self.commit(row.updates.len() as u64);
                return Some(Passed::Own(updates, Some(row.updates)));
            }
            self.bytes_behind += row.updates.iter().map(Bytes::len).sum::<usize>();
            return Some(Passed::Foreign(row));
        }
        if let Some(state) = self.state.take_if(|s| s.seq > self.applied) {
            self.advance(state.seq);
            return Some(Passed::State(state));
        }
        None
    }

    /// Whether the next thing to pass needs the document (it is not our own).
    pub fn needs_document(&self) -> bool {
        let next = self.applied.next();
        let own = self.stored.is_some_and(|s| s.first <= next)
            || self.ahead.get(&next).is_some_and(|row| row.node == self.node);
        !own && (self.ahead.contains_key(&next) || self.state.is_some())
    }

    /// The room was loaded anew from the log (U1): keeps what is accepted and not in these rows.
    pub fn reloaded(&mut self, history: &History) -> Vec<Accepted> {
        let before = self.applied;
        let own = history.rows.iter().filter(|row| row.seq > before && row.node == self.node);
        let count: usize = own.map(|row| row.updates.len()).sum();
        let head = history.head(before).max(before);
        self.head = self.head.max(head);
        self.advance(head);
        self.commit(count as u64)
    }

    fn advance(&mut self, to: Seq) {
        self.applied = to;
        self.head = self.head.max(to);
        self.ahead = self.ahead.split_off(&to.next());
        self.state = self.state.take().filter(|s| s.seq > to);
    }

    fn commit(&mut self, count: u64) -> Vec<Accepted> {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.accepted.len());
        let updates: Vec<_> = self.accepted.drain(..count).collect();
        self.committed += updates.len() as u64;
        let bytes: usize = updates.iter().map(|u| u.update.len()).sum();
        self.accepted_bytes -= bytes;
        self.bytes_behind += bytes;
        updates
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::BatchId;

    const US: NodeId = NodeId(1);
    const THEM: NodeId = NodeId(2);

    fn update(n: u8) -> Bytes {
        Bytes::from(vec![n])
    }

    fn row(seq: u64, node: NodeId, n: u8) -> Row {
        Row { seq: Seq(seq), node, batch: BatchId(u128::from(seq)), updates: vec![update(n)] }
    }

    fn stored(first: u64, last: u64, upto: u64) -> Stored {
        Stored { first: Seq(first), last: Seq(last), upto }
    }

    fn accepted(n: u8) -> Accepted {
        Accepted { update: update(n), ends: Vec::new() }
    }

    fn replica() -> Replica {
        Replica::new(US, Seq(1), Seq(1), 0)
    }

    #[test]
    fn l3_an_own_row_right_behind_applied_passes() {
        let mut r = replica();
        r.accept(update(7), Vec::new());
        assert!(r.pass().is_none());
        r.stored(stored(2, 2, 1));
        assert_eq!(r.pass(), Some(Passed::Own(vec![accepted(7)], Some(vec![update(7)]))));
        assert!(r.is_settled() && !r.lags());
    }

    #[test]
    fn l3_an_own_row_beyond_a_foreign_one_waits_for_the_read() {
        let mut r = replica();
        r.accept(update(7), Vec::new());
        r.stored(stored(3, 3, 1));
        assert!(r.pass().is_none() && r.lags());
        r.read(History { rows: vec![row(2, THEM, 5), row(3, US, 7)], ..Default::default() });
        assert_eq!(r.pass(), Some(Passed::Foreign(row(2, THEM, 5))));
        assert_eq!(r.pass(), Some(Passed::Own(vec![accepted(7)], Some(vec![update(7)]))));
        assert_eq!((r.pass(), r.lags()), (None, false));
    }

    #[test]
    fn l3_an_own_row_seen_in_a_read_is_committed_once() {
        let mut r = replica();
        r.accept(update(7), Vec::new());
        r.accept(update(8), Vec::new());
        r.read(History { rows: vec![row(2, US, 7)], ..Default::default() });
        assert_eq!(r.pass(), Some(Passed::Own(vec![accepted(7)], Some(vec![update(7)]))));
        r.stored(stored(2, 2, 1));
        assert_eq!(r.pass(), Some(Passed::Own(vec![], None)));
        assert_eq!((r.committed_index(), r.is_settled()), (1, false));
    }

    #[test]
    fn l3_old_rows_and_old_hints_change_nothing() {
        let mut r = replica();
        r.hint(Seq(1), Some(row(1, THEM, 5)));
        assert_eq!((r.pass(), r.lags()), (None, false));
    }

    #[test]
    fn l2_a_compacted_gap_comes_as_a_state_and_rows_behind_it() {
        let mut r = replica();
        let state = Snapshot { seq: Seq(5), state: update(9) };
        r.hint(Seq(6), None);
        r.read(History {
            snapshot: Some(state.clone()),
            rows: vec![row(6, THEM, 1)],
            bindings: vec![],
        });
        assert_eq!(r.pass(), Some(Passed::State(state)));
        assert_eq!(r.pass(), Some(Passed::Foreign(row(6, THEM, 1))));
    }

    #[test]
    fn an_own_row_inside_a_foreign_snapshot_is_committed_by_its_notice() {
        let mut r = replica();
        r.accept(update(7), Vec::new());
        r.read(History {
            snapshot: Some(Snapshot { seq: Seq(3), state: update(9) }),
            ..Default::default()
        });
        assert!(matches!(r.pass(), Some(Passed::State(_))));
        assert!(!r.is_settled());
        r.stored(stored(2, 2, 1));
        assert_eq!(r.pass(), Some(Passed::Own(vec![accepted(7)], None)));
    }

    #[test]
    fn k1_notices_that_nobody_read_join_or_fall_back_to_the_log() {
        assert_eq!(stored(2, 2, 1).followed_by(stored(3, 3, 4)), stored(2, 3, 4));
        assert_eq!(stored(2, 2, 1).followed_by(stored(4, 4, 4)), stored(4, 4, 4));
    }

    #[test]
    fn k5_what_waits_for_the_store_is_bounded() {
        let mut r = replica();
        assert!(r.has_room(ROOM_UNCOMMITTED_BYTES));
        r.accept(Bytes::from(vec![0; ROOM_UNCOMMITTED_BYTES]), Vec::new());
        assert!(!r.has_room(1));
    }
}
