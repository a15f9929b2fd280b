//! What may leave, and when: the output gate (G1), the feed (G2), states for joiners and for slow sessions (G3, G4).
//!
//! PURE. Nothing computed from the document passes here before the last update in it is committed;
//! only awareness does.

use std::sync::Arc;

use bytes::Bytes;

use super::{Effect, RequestId, Room, Turn, ends};
use crate::id::{ClientId, SessionId};
use crate::limits::{FEED_MARK_EVERY, READ_RETRY, STEP2_BYTES};
use crate::protocol::close::CloseCode;
use crate::protocol::frame;
use crate::protocol::lib0::StateVector;
use crate::protocol::lint::{outline_trusted, split};
use crate::room::document::{Broken, Document};
use crate::room::feed::Entry;
use crate::room::replica::Passed;
use crate::room::session::Held;
use crate::store::log::{Row, Snapshot};

/// One encoding for all that join at the same state with the same state of their own (G4).
#[derive(Debug)]
pub(super) struct SharedState {
    generation: u64,
    theirs: Arc<StateVector>,
    step2: bool,
    frames: Arc<[Bytes]>,
}

impl Room {
    /// Passes what has become committed through the gate, in the log's order (L3).
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>) {
        let fed = self.fed;
        while self.suspended.is_none_or(|s| s == super::Suspended::Reading) {
            if self.replica.needs_document() && !matches!(self.document, Document::Awake(_)) {
                self.wake(turn);
                break;
            }
            let Some(passed) = self.replica.pass() else { break };
            let done = match passed {
                Passed::Own(updates, row) => {
                    turn.out.push(Effect::Publish { head: self.replica.applied(), row });
                    for accepted in updates {
                        self.feed(&accepted.update, accepted.ends, turn);
                    }
                    Ok(())
                }
                Passed::Foreign(Row { updates, .. }) => self.take_foreign(&updates, turn),
                Passed::State(Snapshot { state, .. }) => self.take_foreign(&[state], turn),
            };
            if done.is_err() {
                self.reload(turn);
                break;
            }
        }
        self.release(turn);
        if self.replica.lags() && turn.now.mono >= self.read_after {
            self.read_log(turn);
        }
        let flush = self.fed > fed;
        if let Some(cursors) = self.awareness.tick(self.sessions.len(), flush, turn.now) {
            self.fed += 1;
            turn.out.push(Effect::Feed(Entry::Cursors(Arc::new(cursors))));
        }
        self.live(turn);
    }

    /// Applies and feeds what another node has committed; it is not judged (C4).
    fn take_foreign(&mut self, updates: &[Bytes], turn: &mut Turn<'_>) -> Result<(), Broken> {
        let broken = |why: String| Broken { at: 0, of: updates.len(), why };
        let Document::Awake(document) = &mut self.document else {
            return Err(broken("no document".to_owned()));
        };
        let outlines: Result<Vec<_>, _> = updates.iter().map(outline_trusted).collect();
        let outlines = outlines.map_err(|malformed| broken(malformed.to_string()))?;
        let deleted = document.apply(&updates.iter().collect::<Vec<_>>())?;
        self.generation += 1;
        self.lifecycle.touch(turn.now.mono);
        for (update, outline) in updates.iter().zip(outlines) {
            self.have.absorb(&outline);
            self.size += update.len();
            self.feed(update, ends(&outline), turn);
        }
        self.have.absorb_deleted(&deleted);
        Ok(())
    }

    pub(super) fn feed(&mut self, update: &Bytes, ends: Vec<(ClientId, u32)>, turn: &mut Turn<'_>) {
        for (client, clock) in ends {
            let fed = self.fed_state.0.entry(client).or_default();
            *fed = clock.max(*fed);
        }
        self.fed += 1;
        self.unmarked += 1;
        let mark = (self.unmarked >= FEED_MARK_EVERY).then(|| {
            self.unmarked = 0;
            Arc::new(self.fed_state.clone())
        });
        turn.out.push(Effect::Feed(Entry::Update(frame::update(update), mark)));
    }

    /// Sends a session what it lacks, and lets it read the feed from there; held back until committed (G1).
    pub(super) fn send_state(
        &mut self,
        id: SessionId,
        theirs: &Arc<StateVector>,
        step2: bool,
        turn: &mut Turn<'_>,
    ) {
        let frames = match self.state_for(theirs, step2) {
            Ok(Some(frames)) => frames,
            Ok(None) => {
                let message = if step2 {
                    crate::protocol::frame::Message::Step1(StateVector::clone(theirs))
                } else {
                    return self.wake_for(behind(id, theirs), turn);
                };
                let incoming = crate::room::session::Incoming::Message(message);
                return self.wake_for(super::Input::From { session: id, incoming }, turn);
            }
            Err(_) => {
                self.close(id, CloseCode::RoomUnavailable, turn);
                return self.reload(turn);
            }
        };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let first = !std::mem::replace(&mut session.synced, true);
        let reached = Arc::new(self.fed_state.clone());
        self.hold(id, Held::State { frames, from: self.fed, reached }, turn);
        if (first || !step2)
            && let Some(all) = self.awareness.all(id, turn.now)
        {
            // Cursors before this place of the feed were never sent, or skipped along with it.
            turn.out.push(Effect::Direct { session: id, frames: [all].into() });
        }
    }

    /// The frames that bring somebody from `theirs` to the current state; `None` while the document sleeps.
    fn state_for(
        &mut self,
        theirs: &Arc<StateVector>,
        step2: bool,
    ) -> Result<Option<Arc<[Bytes]>>, Broken> {
        if let Some(shared) = &self.shared
            && shared.generation == self.generation
            && shared.step2 == step2
            && shared.theirs == *theirs
        {
            return Ok(Some(Arc::clone(&shared.frames)));
        }
        let state = match &self.document {
            Document::Awake(document) => document.diff(theirs)?,
            Document::Asleep(state) if theirs.0.is_empty() => state.clone(),
            Document::Asleep(_) | Document::Absent => return Ok(None),
        };
        if theirs.0.is_empty() {
            self.size = state.len();
        }
        let mut frames = Vec::new();
        // A state that can't be cut is still a state: it goes in one piece.
        let mut pieces = split(&state, STEP2_BYTES).unwrap_or_default();
        let last = pieces.pop().unwrap_or(state);
        frames.extend(pieces.iter().map(|piece| frame::update(piece)));
        frames.push(if step2 { frame::step2(&last) } else { frame::update(&last) });
        let frames: Arc<[Bytes]> = frames.into();
        self.shared = Some(SharedState {
            generation: self.generation,
            theirs: Arc::clone(theirs),
            step2,
            frames: Arc::clone(&frames),
        });
        Ok(Some(frames))
    }

    /// Lets something out now if everything accepted is committed, else when it is (G1, A2).
    pub(super) fn hold(&mut self, id: SessionId, held: Held, turn: &mut Turn<'_>) {
        let index = self.replica.accepted_index();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if index == self.replica.committed_index() && session.held.is_empty() {
            return let_out(id, held, turn);
        }
        session.held.push_back((index, held));
        self.holding.insert(id);
    }

    /// Answers a request when everything accepted is committed.
    pub(super) fn answer(&mut self, request: RequestId, turn: &mut Turn<'_>) {
        self.answers.push_back((self.replica.accepted_index(), request));
        self.release(turn);
    }

    fn release(&mut self, turn: &mut Turn<'_>) {
        let committed = self.replica.committed_index();
        while let Some((_, request)) = self.answers.pop_front_if(|(index, _)| *index <= committed) {
            let result = Ok(self.replica.applied());
            turn.out.push(Effect::Answer { request, result });
        }
        let sessions = &mut self.sessions;
        self.holding.retain(|id| {
            let Some(session) = sessions.get_mut(id) else { return false };
            while let Some((_, held)) = session.held.pop_front_if(|(index, _)| *index <= committed)
            {
                let_out(*id, held, turn);
            }
            !session.held.is_empty()
        });
        if self.replica.has_room(STEP2_BYTES) {
            for id in std::mem::take(&mut self.starved) {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.ask();
                }
                let step1 = frame::step1(&self.have.state_vector());
                turn.out.push(Effect::Direct { session: id, frames: [step1].into() });
            }
        }
    }

    pub(super) fn read_log(&mut self, turn: &mut Turn<'_>) {
        if !self.reading {
            self.reading = true;
            self.read_after = turn.now.mono + READ_RETRY;
            turn.out.push(Effect::ReadLog { after: self.replica.applied() });
        }
    }
}

fn let_out(session: SessionId, held: Held, turn: &mut Turn<'_>) {
    match held {
        Held::Barrier(answer) => {
            turn.out.push(Effect::Direct { session, frames: [answer].into() });
        }
        Held::State { frames, from, reached } => {
            turn.out.push(Effect::Direct { session, frames });
            turn.out.push(Effect::Attach { session, from, reached });
        }
    }
}

fn behind(session: SessionId, reached: &Arc<StateVector>) -> super::Input {
    let incoming = crate::room::session::Incoming::Behind(Arc::clone(reached));
    super::Input::From { session, incoming }
}
