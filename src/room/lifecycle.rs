//! When a room falls asleep and when it goes: what decides, without doing any of it.
//!
//! PURE. `Slot` is the registry's side (load once, retire only when nobody holds on), `Lifecycle` the
//! room's (quiet, retiring). The simulator runs both. Must not know tasks or locks.

use std::time::Duration;

use crate::limits::{
    QUIET_AFTER, RETIRE_AFTER, SNAPSHOT_BYTES, SNAPSHOT_RETRY, SNAPSHOT_ROWS, STAY,
};

/// The registry's record of one room on this node: how many hold on to it, and whether it still takes anybody.
///
/// Everyone who wants something of a room (a session, an edit, a read) holds a lease from before its
/// message is sent until it is answered, so a room without leases has an empty mailbox and can go.
#[derive(Debug, Default)]
pub struct Slot {
    leases: usize,
    retired: bool,
}

impl Slot {
    /// Takes a lease; `false` means that the room has gone and must be loaded anew.
    pub fn enter(&mut self) -> bool {
        if !self.retired {
            self.leases += 1;
        }
        !self.retired
    }

    /// Gives a lease back.
    pub fn leave(&mut self) {
        self.leases = self.leases.saturating_sub(1);
    }

    /// Retires the room unless somebody holds on.
    pub fn retire(&mut self) -> bool {
        self.retired |= self.leases == 0;
        self.retired
    }

    /// Retires the room whoever holds on: it failed to load or broke. Their messages are answered by the room.
    pub fn abandon(&mut self) {
        self.retired = true;
    }
}

/// What the decision needs to know about a room.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Sessions in the room.
    pub sessions: usize,
    /// Whether everything accepted is committed and nothing waits for the log.
    pub settled: bool,
    /// Whether the document is decoded.
    pub awake: bool,
    /// Rows behind the newest snapshot.
    pub rows: u64,
    /// Bytes of them.
    pub bytes: usize,
}

/// What a room should do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Encode the state and store it (L4).
    Snapshot,
    /// Drop the document, keep its bytes.
    Sleep,
    /// Ask the registry to let the room go.
    Retire,
}

/// One room's life after its load.
#[derive(Debug)]
pub struct Lifecycle {
    touched: Duration,
    empty_since: Option<Duration>,
    snapshotting: bool,
    /// No snapshot is tried before: the last one failed.
    snapshot_after: Duration,
    /// The room does not ask to go before: somebody held on to it.
    stay_until: Duration,
    closing: bool,
}

impl Lifecycle {
    /// A room that was loaded just now.
    pub fn new(now: Duration) -> Self {
        Self {
            touched: now,
            empty_since: Some(now),
            snapshotting: false,
            snapshot_after: now,
            stay_until: now,
            closing: false,
        }
    }

    /// The document was used.
    pub fn touch(&mut self, now: Duration) {
        self.touched = now;
    }

    /// The room is to go as soon as everything is stored (drain, delete).
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Whether the room takes nobody any more.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// The registry did not let the room go: it asks again a little later.
    pub fn stay(&mut self, now: Duration) {
        self.stay_until = now + STAY;
    }

    /// A snapshot is under way.
    pub fn snapshot_begins(&mut self) {
        self.snapshotting = true;
    }

    /// It has ended; after a failure the next one waits, and whatever else is due goes ahead: the log has the rows.
    pub fn snapshot_ended(&mut self, stored: bool, now: Duration) {
        self.snapshotting = false;
        self.snapshot_after = if stored { now } else { now + SNAPSHOT_RETRY };
    }

    /// The next step, if one is due.
    pub fn step(&mut self, facts: Facts, now: Duration) -> Option<Step> {
        if facts.sessions > 0 {
            self.empty_since = None;
        } else {
            self.empty_since.get_or_insert(now);
        }
        if self.snapshotting {
            return None;
        }
        let leaving = facts.sessions == 0 && now >= self.retire_at();
        let quiet = now >= self.touched + QUIET_AFTER;
        let behind = facts.rows >= SNAPSHOT_ROWS || facts.bytes >= SNAPSHOT_BYTES;
        let tidy = facts.settled && (leaving || (quiet && facts.awake));
        if (behind || (tidy && facts.rows > 0)) && now >= self.snapshot_after {
            return Some(Step::Snapshot);
        }
        match facts.settled {
            true if leaving => Some(Step::Retire),
            true if quiet && facts.awake => Some(Step::Sleep),
            _ => None,
        }
    }

    /// When [`step`](Self::step) wants to be asked again, if nothing happens before. What waits for a
    /// commit or for a snapshot needs no clock: their end is an event.
    pub fn deadline(&self, facts: Facts) -> Option<Duration> {
        if self.snapshotting || !facts.settled {
            return None;
        }
        let quiet = facts.awake.then(|| self.touched + QUIET_AFTER);
        let retire = (facts.sessions == 0).then(|| self.retire_at());
        match (quiet, retire) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn retire_at(&self) -> Duration {
        match self.empty_since {
            Some(since) if !self.closing => self.stay_until.max(since + RETIRE_AFTER),
            _ => self.stay_until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts { sessions: 1, settled: true, awake: true, rows: 0, bytes: 0 };

    #[test]
    fn a_joiner_keeps_the_room_and_one_that_comes_later_loads_it_anew() {
        let mut slot = Slot::default();
        assert!(slot.enter());
        assert!(!slot.retire());
        slot.leave();
        assert!(slot.retire());
        assert!(!slot.enter());
    }

    #[test]
    fn a_room_without_sessions_retires_only_when_everything_is_stored() {
        let mut life = Lifecycle::new(Duration::ZERO);
        let empty = Facts { sessions: 0, ..FACTS };
        assert_eq!(life.step(empty, Duration::ZERO), None);
        let later = RETIRE_AFTER;
        assert_eq!(life.step(Facts { settled: false, ..empty }, later), None);
        assert_eq!(life.step(Facts { rows: 1, ..empty }, later), Some(Step::Snapshot));
        life.snapshot_begins();
        assert_eq!(life.step(empty, later), None);
        life.snapshot_ended(true, later);
        assert_eq!(life.step(empty, later), Some(Step::Retire));
    }

    #[test]
    fn a_room_that_may_not_go_yet_asks_again_later_and_not_at_once() {
        let mut life = Lifecycle::new(Duration::ZERO);
        let empty = Facts { sessions: 0, awake: false, ..FACTS };
        assert_eq!(life.step(empty, RETIRE_AFTER), Some(Step::Retire));
        life.stay(RETIRE_AFTER);
        assert_eq!(life.step(empty, RETIRE_AFTER), None);
        assert_eq!(life.deadline(empty), Some(RETIRE_AFTER + STAY));
        assert_eq!(life.step(empty, RETIRE_AFTER + STAY), Some(Step::Retire));
    }

    #[test]
    fn what_waits_for_the_log_sets_no_clock() {
        let life = Lifecycle::new(Duration::ZERO);
        assert_eq!(life.deadline(Facts { settled: false, sessions: 0, ..FACTS }), None);
    }

    #[test]
    fn an_edited_room_stays_awake_and_a_quiet_one_falls_asleep_after_a_snapshot() {
        let mut life = Lifecycle::new(Duration::ZERO);
        life.touch(Duration::from_secs(1));
        assert_eq!(life.step(FACTS, QUIET_AFTER), None);
        let later = QUIET_AFTER + Duration::from_secs(1);
        assert_eq!(life.step(Facts { rows: 3, ..FACTS }, later), Some(Step::Snapshot));
        assert_eq!(life.step(FACTS, later), Some(Step::Sleep));
        assert_eq!(life.step(Facts { awake: false, ..FACTS }, later), None);
    }

    #[test]
    fn l4_a_busy_room_is_snapshotted_by_rows_and_by_bytes() {
        let mut life = Lifecycle::new(Duration::ZERO);
        let busy = Facts { settled: false, ..FACTS };
        let rows = Facts { rows: SNAPSHOT_ROWS, ..busy };
        assert_eq!(life.step(rows, Duration::ZERO), Some(Step::Snapshot));
        let bytes = Facts { rows: 1, bytes: SNAPSHOT_BYTES, ..busy };
        assert_eq!(life.step(bytes, Duration::ZERO), Some(Step::Snapshot));
    }
}
