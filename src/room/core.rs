//! The room: what comes in, what is decided, what goes out. The heart of the server.
//!
//! PURE. Owns the document, the sessions and the place in the log; answers every input with effects
//! that the task (or the simulator) executes in order. Parts: `intake` (may it be accepted?), `output`
//! (what may leave, and when?), `life` (load, sleep, snapshot, retire). Must not know BPMN, sockets or time.

mod input;
mod intake;
mod life;
mod output;

use intake::Received;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub use input::{Change, Control, Edit, Effect, Input, Look, Quarantined, RequestId, RoomError};

use super::Now;
use super::awareness::Awareness;
use super::document::Document;
use super::lifecycle::Lifecycle;
use super::load::Loaded;
use super::replica::Replica;
use super::session::{Held, Incoming, Session};
use crate::id::{ClientId, DiagramId, NodeId, SessionId, UserId};
use crate::limits::MAX_SESSIONS_PER_ROOM;
use crate::protocol::close::CloseCode;
use crate::protocol::frame::{self, Message, Refusal, awareness_entries};
use crate::protocol::lib0::StateVector;
use crate::protocol::lint::{Have, Outline};

/// Why the mailbox waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suspended {
    /// Something did not fit: the log is read to its head before it is judged again (C2).
    Reading,
    /// The document is being decoded.
    Waking,
    /// The document broke and is being loaded anew (U1).
    Reloading,
}

/// One call of the room: what time it is, and where effects go.
#[derive(Debug)]
struct Turn<'a> {
    now: Now,
    out: &'a mut Vec<Effect>,
}

/// One live room.
#[derive(Debug)]
pub struct Room {
    id: DiagramId,
    document: Document,
    /// Everything accepted, committed or not (C1).
    have: Have,
    bindings: BTreeMap<ClientId, UserId>,
    replica: Replica,
    sessions: BTreeMap<SessionId, Session>,
    /// Sessions that wait for a commit.
    holding: BTreeSet<SessionId>,
    /// Sessions whose edits were refused while the store was away: asked again when it is back (K5).
    starved: BTreeSet<SessionId>,
    /// Edits and reads that wait for a commit, with the accepted index they wait for.
    answers: VecDeque<(u64, RequestId)>,
    awareness: Awareness,
    lifecycle: Lifecycle,
    /// Asked the registry to let it go, or is over.
    retiring: bool,

    /// Inputs that wait for their turn, oldest first.
    waiting: VecDeque<Input>,
    suspended: Option<Suspended>,
    /// The log was read for the input in front, which is judged for the last time now.
    front_was_read: bool,
    reading: bool,
    read_after: Duration,
    /// Updates to apply one by one, because one of them broke the document and nobody knows which.
    careful: usize,

    /// Entries ever put into the feed: the position behind the newest one.
    fed: u64,
    /// The state that everybody reaches who has taken the whole feed.
    fed_state: StateVector,
    unmarked: u64,
    /// The last encoded answer to a Step1, shared by all that join at this state (G4).
    shared: Option<output::SharedState>,
    /// Grows with every change of the document.
    generation: u64,
    /// About how many bytes the document has encoded; exact after each encoding.
    size: usize,
}

impl Room {
    /// A room out of its log.
    pub fn new(id: DiagramId, node: NodeId, loaded: Loaded, now: Now) -> Self {
        Self {
            id,
            replica: Replica::new(node, loaded.applied, loaded.snapshot, loaded.bytes_behind),
            fed_state: loaded.committed,
            document: loaded.document,
            have: loaded.have,
            bindings: loaded.bindings,
            sessions: BTreeMap::new(),
            holding: BTreeSet::new(),
            starved: BTreeSet::new(),
            answers: VecDeque::new(),
            awareness: Awareness::default(),
            lifecycle: Lifecycle::new(now.mono),
            retiring: false,
            waiting: VecDeque::new(),
            suspended: None,
            front_was_read: false,
            reading: false,
            read_after: Duration::ZERO,
            careful: 0,
            fed: 0,
            unmarked: 0,
            shared: None,
            generation: 0,
            size: loaded.bytes,
        }
    }

    /// The room's id.
    pub fn id(&self) -> &DiagramId {
        &self.id
    }

    /// Whether more inputs of the mailbox may be put in; while not, the mailbox waits.
    pub fn is_ready(&self) -> bool {
        self.suspended.is_none() && !self.retiring
    }

    /// Puts an input of the mailbox behind those that wait; [`run`](Self::run) handles them.
    pub fn put(&mut self, input: Input) {
        self.waiting.push_back(input);
    }

    /// Handles what waits, in order, until it is empty or the room has to wait for something itself.
    pub fn run(&mut self, now: Now, out: &mut Vec<Effect>) {
        let turn = &mut Turn { now, out };
        let mut fitting = Vec::new();
        while self.suspended.is_none() {
            let Some(input) = self.waiting.pop_front() else { break };
            let was_read = std::mem::take(&mut self.front_was_read);
            match input {
                Input::From { session, incoming: Incoming::Update { answer, update, outline } } => {
                    let received = Received { answer, update, outline };
                    self.take_update(session, received, was_read, &mut fitting, turn);
                }
                other if fitting.is_empty() => self.take(other, was_read, turn),
                other => {
                    self.waiting.push_front(other);
                    self.apply(std::mem::take(&mut fitting), turn);
                }
            }
        }
        self.apply(fitting, turn);
        self.settle(turn);
    }

    /// When [`run`](Self::run) wants to be called again, if nothing comes before.
    pub fn deadline(&self) -> Option<Duration> {
        let read = (self.replica.lags() && !self.reading).then_some(self.read_after);
        let life = self.lifecycle.deadline(self.facts());
        [read, life, self.awareness.deadline()].into_iter().flatten().min()
    }

    /// Sessions in the room.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    fn take(&mut self, input: Input, was_read: bool, turn: &mut Turn<'_>) {
        match input {
            Input::Join { session, user, role } => {
                self.join(session, Session::new(user, role), turn);
            }
            Input::Leave { session } => self.leave(session, turn),
            Input::From { session, incoming } => {
                self.take_incoming(session, incoming, was_read, turn);
            }
            Input::Edit { request, edit } => self.take_edit(request, edit, turn),
            Input::Read { request, look } => self.take_read(request, look, turn),
            Input::Close(code) => self.close_all(code, turn),
        }
    }

    fn join(&mut self, id: SessionId, session: Session, turn: &mut Turn<'_>) {
        if self.lifecycle.is_closing() {
            turn.out.push(Effect::Close { session: id, code: CloseCode::Restart });
            return;
        }
        if self.sessions.len() >= MAX_SESSIONS_PER_ROOM {
            turn.out.push(Effect::Close { session: id, code: CloseCode::Full });
            return;
        }
        self.sessions.insert(id, session);
        let mut frames = vec![frame::step1(&self.have.state_vector())];
        frames.extend(self.awareness.all(id, turn.now));
        turn.out.push(Effect::Direct { session: id, frames: frames.into() });
    }

    fn leave(&mut self, session: SessionId, turn: &Turn<'_>) {
        self.sessions.remove(&session);
        self.holding.remove(&session);
        self.starved.remove(&session);
        self.awareness.leave(session, turn.now);
    }

    fn close(&mut self, session: SessionId, code: CloseCode, turn: &mut Turn<'_>) {
        if self.sessions.contains_key(&session) {
            self.leave(session, turn);
            turn.out.push(Effect::Close { session, code });
        }
    }

    fn take_incoming(
        &mut self,
        id: SessionId,
        incoming: Incoming,
        was_read: bool,
        turn: &mut Turn<'_>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match incoming {
            Incoming::Message(Message::Step1(theirs)) => {
                self.take_step1(id, theirs, was_read, turn);
            }
            Incoming::Message(Message::Awareness(body)) => {
                if let Ok(entries) = awareness_entries(&body) {
                    self.awareness.receive(id, &session.user, &entries, turn.now);
                }
            }
            Incoming::Message(Message::QueryAwareness) => {
                if let Some(all) = self.awareness.all(id, turn.now) {
                    turn.out.push(Effect::Direct { session: id, frames: [all].into() });
                }
            }
            Incoming::Message(Message::Barrier(opaque)) => self.take_barrier(id, &opaque, turn),
            Incoming::Behind(reached) => self.send_state(id, &reached, false, turn),
            Incoming::Role(role) => session.role = role,
            // Updates come through `take_update`; tokens end at the socket; unknown types are ignored.
            Incoming::Update { .. }
            | Incoming::Message(
                Message::Step2(_) | Message::Update(_) | Message::Token(_) | Message::Unknown(_),
            ) => {}
        }
    }

    /// Answers a session's Step1, unless it comes with another history (E2).
    fn take_step1(
        &mut self,
        id: SessionId,
        theirs: StateVector,
        was_read: bool,
        turn: &mut Turn<'_>,
    ) {
        let unknown = |(client, clock): (&ClientId, &u32)| {
            client.is_server() && *clock > self.have.clock(*client)
        };
        if theirs.0.iter().any(unknown) {
            if was_read {
                return self.close(id, CloseCode::OtherHistory, turn);
            }
            let incoming = Incoming::Message(Message::Step1(theirs));
            return self.read_for(Input::From { session: id, incoming }, turn);
        }
        self.send_state(id, &Arc::new(theirs), true, turn);
    }

    /// Answers a barrier once everything before it is durable, or says why it will not be (A1, A2).
    fn take_barrier(&mut self, id: SessionId, opaque: &Bytes, turn: &mut Turn<'_>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let answer = match session.refused {
            None => frame::barrier(opaque),
            Some(why) => frame::refused(opaque, why),
        };
        self.hold(id, Held::Barrier(answer), turn);
    }

    fn refuse(&mut self, id: SessionId, why: Refusal) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.refused.get_or_insert(why);
        }
    }
}

/// The clocks that the writers of an update reach by it.
fn ends(outline: &Outline) -> Vec<(ClientId, u32)> {
    outline.writers().map(|(client, _, end)| (client, end)).collect()
}

#[cfg(test)]
mod tests;
