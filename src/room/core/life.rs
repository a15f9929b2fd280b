//! Loading anew, waking, sleeping, snapshots, the end.
//!
//! PURE. Decisions are `lifecycle`'s; here the room acts on them.

use std::sync::Arc;

use super::{Control, Effect, Input, Room, RoomError, Suspended, Turn};
use crate::limits::READ_RETRY;
use crate::protocol::close::CloseCode;
use crate::protocol::lib0::StateVector;
use crate::room::Now;
use crate::room::document::{Awake, Broken, Document};
use crate::room::lifecycle::{Facts, Step};
use crate::room::load::{LoadError, Loaded};
use crate::store::log::{History, ReadError, Refusal, Snapshot};

impl Room {
    /// Handles a result or a hint, whatever the mailbox waits for (K1).
    pub fn control(&mut self, control: Control, now: Now, out: &mut Vec<Effect>) {
        let turn = &mut Turn { now, out };
        match control {
            Control::Stored(stored) => self.replica.stored(stored),
            Control::Failed(Refusal::Gone) => self.end(CloseCode::Gone, turn),
            Control::Failed(_) => self.end(CloseCode::RoomUnavailable, turn),
            Control::Hint { head, row } => self.replica.hint(head, row),
            Control::History(history) => self.take_history(history, turn),
            Control::Woken(woken) => self.take_woken(woken, turn),
            Control::Reloaded(loaded) => self.take_reloaded(loaded, turn),
            Control::Snapshotted { seq, stored } => {
                self.lifecycle.snapshot_ended(stored, turn.now.mono);
                if stored {
                    self.replica.snapshot_stored(seq);
                }
            }
            Control::Stay => {
                self.retiring = false;
                self.lifecycle.stay(turn.now.mono);
            }
        }
        self.run(now, out);
    }

    /// Does what is due in the room's life.
    pub(super) fn live(&mut self, turn: &mut Turn<'_>) {
        if self.suspended.is_some() || self.retiring {
            return;
        }
        match self.lifecycle.step(self.facts(), turn.now.mono) {
            None => {}
            Some(Step::Snapshot) => self.snapshot(turn),
            Some(Step::Sleep) => self.sleep(turn),
            Some(Step::Retire) => {
                self.retiring = true;
                turn.out.push(Effect::Retire);
            }
        }
    }

    pub(super) fn facts(&self) -> Facts {
        let (rows, bytes) = self.replica.behind_snapshot();
        Facts {
            sessions: self.sessions.len(),
            settled: self.replica.is_settled() && !self.replica.lags() && self.waiting.is_empty(),
            awake: matches!(self.document, Document::Awake(_)),
            rows,
            bytes,
        }
    }

    /// Everybody out; the room takes nobody any more and goes when everything is stored.
    pub(super) fn close_all(&mut self, code: CloseCode, turn: &mut Turn<'_>) {
        self.lifecycle.close();
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.close(session, code, turn);
        }
        if code == CloseCode::Gone {
            self.end(code, turn);
        }
    }

    pub(super) fn wake(&mut self, turn: &mut Turn<'_>) {
        let Document::Asleep(state) = &self.document else { return };
        if self.suspended == Some(Suspended::Waking) {
            return;
        }
        self.suspended = Some(Suspended::Waking);
        turn.out.push(Effect::Wake { state: state.clone() });
    }

    /// Asks for a fresh load: the document can't be used any more (U1).
    pub(super) fn reload(&mut self, turn: &mut Turn<'_>) {
        // What is in there may be half-applied; running its destructors could panic again.
        std::mem::forget(std::mem::replace(&mut self.document, Document::Absent));
        self.suspended = Some(Suspended::Reloading);
        self.shared = None;
        let uncommitted = self.replica.uncommitted().map(|u| u.update.clone()).collect();
        turn.out.push(Effect::Reload { uncommitted });
    }

    fn take_history(&mut self, history: Result<History, ReadError>, turn: &mut Turn<'_>) {
        self.reading = false;
        match history {
            Ok(history) => {
                self.bindings.extend(history.bindings.iter().cloned());
                self.replica.read(history);
                self.read_after = turn.now.mono;
                if self.suspended == Some(Suspended::Reading) {
                    // The gate first: what was read must be in before the input is judged again.
                    self.suspended = None;
                    self.front_was_read = true;
                    self.settle(turn);
                }
            }
            Err(ReadError::Gone) => self.end(CloseCode::Gone, turn),
            Err(ReadError::Corrupt(_)) => self.end(CloseCode::RoomUnavailable, turn),
            Err(ReadError::Away(_)) => {
                self.read_after = turn.now.mono + READ_RETRY;
                if self.suspended == Some(Suspended::Reading) {
                    self.suspended = None;
                    // It can't be judged without the log: come back, when the log is back.
                    if let Some(Input::From { session, .. }) = self.waiting.pop_front() {
                        self.close(session, CloseCode::TryAgain, turn);
                    }
                }
            }
        }
    }

    fn take_woken(&mut self, woken: Result<Awake, Broken>, turn: &mut Turn<'_>) {
        match woken {
            Ok(document) => {
                self.document = Document::Awake(document);
                self.suspended = None;
                self.lifecycle.touch(turn.now.mono);
            }
            Err(_) => self.reload(turn),
        }
    }

    fn take_reloaded(&mut self, loaded: Result<Box<Loaded>, LoadError>, turn: &mut Turn<'_>) {
        let loaded = match loaded {
            Ok(loaded) => *loaded,
            Err(LoadError::Read(ReadError::Gone)) => return self.end(CloseCode::Gone, turn),
            Err(_) => return self.end(CloseCode::RoomUnavailable, turn),
        };
        for accepted in self.replica.reloaded(&loaded.history) {
            self.feed(&accepted.update, accepted.ends, turn);
        }
        self.have = loaded.have;
        self.bindings.extend(loaded.bindings);
        self.document = loaded.document;
        self.generation += 1;
        self.suspended = None;
        self.resync(loaded.committed, turn);
    }

    /// Rows of other nodes may have come in with a reload: every session in step gets the difference.
    fn resync(&mut self, committed: StateVector, turn: &mut Turn<'_>) {
        let reached = Arc::new(std::mem::replace(&mut self.fed_state, committed));
        let sessions: Vec<_> =
            self.sessions.iter().filter(|(_, s)| s.synced).map(|(id, _)| *id).collect();
        for id in sessions {
            self.send_state(id, &reached, false, turn);
        }
    }

    fn snapshot(&mut self, turn: &mut Turn<'_>) {
        let state = match &self.document {
            Document::Awake(document) => document.diff(&StateVector::default()),
            Document::Asleep(state) => Ok(state.clone()),
            Document::Absent => return,
        };
        match state {
            Ok(state) => {
                self.size = state.len();
                self.lifecycle.snapshot_begins();
                turn.out.push(Effect::Snapshot(Snapshot { seq: self.replica.applied(), state }));
            }
            Err(_) => self.reload(turn),
        }
    }

    fn sleep(&mut self, turn: &mut Turn<'_>) {
        let Document::Awake(document) = &self.document else { return };
        match document.diff(&StateVector::default()) {
            Ok(state) => {
                self.size = state.len();
                self.document = Document::Asleep(state);
                self.shared = None;
            }
            Err(_) => self.reload(turn),
        }
    }

    /// The room is over at once: what is not in the log is lost to this node, never acknowledged.
    pub(super) fn end(&mut self, code: CloseCode, turn: &mut Turn<'_>) {
        if self.retiring {
            return;
        }
        self.retiring = true;
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.close(session, code, turn);
        }
        let error = if code == CloseCode::Gone { RoomError::Gone } else { RoomError::Unavailable };
        let mut requests: Vec<_> = self.answers.drain(..).map(|(_, request)| request).collect();
        for input in self.waiting.drain(..) {
            match input {
                Input::Edit { request, .. } | Input::Read { request, .. } => requests.push(request),
                Input::Join { session, .. } => turn.out.push(Effect::Close { session, code }),
                Input::Leave { .. } | Input::From { .. } | Input::Close(_) => {}
            }
        }
        for request in requests {
            turn.out.push(Effect::Answer { request, result: Err(error.clone()) });
        }
        turn.out.push(Effect::End { code });
    }
}
