//! May it be accepted? Context lint, rights, ownership, bounds, and the one transaction per run.
//!
//! PURE. What passes here is in the document and on its way to the log; nothing else ever is.

use bytes::Bytes;

use super::{
    Edit, Effect, Input, Look, Quarantined, RequestId, Room, RoomError, Suspended, Turn, ends,
};
use crate::id::{ClientId, SessionId, UserId};
use crate::limits::MAX_DOCUMENT_BYTES;
use crate::protocol::close::CloseCode;
use crate::protocol::frame::{self, Refusal};
use crate::protocol::lint::{Fit, Outline, Verdict, outline_trusted};
use crate::room::document::{Broken, Document};
use crate::room::session::{Gap, Incoming, Role};

/// An update as it came.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) answer: bool,
    pub(super) update: Bytes,
    pub(super) outline: Outline,
}

impl Received {
    fn again(self, session: SessionId) -> Input {
        let Self { answer, update, outline } = self;
        Input::From { session, incoming: Incoming::Update { answer, update, outline } }
    }
}

/// An update that passed every question and waits for its transaction.
#[derive(Debug)]
pub(super) struct Fitting {
    session: SessionId,
    user: UserId,
    /// As it came, to judge it again after a reload.
    received: Received,
    fit: Fit,
    ends: Vec<(ClientId, u32)>,
    bindings: Vec<(ClientId, UserId)>,
}

impl Room {
    /// Judges an update of a session (C1–C5).
    pub(super) fn take_update(
        &mut self,
        id: SessionId,
        received: Received,
        was_read: bool,
        fitting: &mut Vec<Fitting>,
        turn: &mut Turn<'_>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !session.synced {
            return self.refuse(id, Refusal::Gap);
        }
        if received.answer {
            session.answered();
        }
        let session_asked = session.is_asked();
        let verdict = self.have.judge(&received.update, &received.outline);
        if session.role == Role::Viewer && !matches!(verdict, Verdict::Covered) {
            return self.refuse(id, Refusal::ReadOnly);
        }
        let fit = match verdict {
            Verdict::Covered => return session.progress(received.answer),
            Verdict::Refused(_) => return self.close(id, CloseCode::Malformed, turn),
            Verdict::Fits(fit) if self.owns(id, &fit.writers) => fit,
            Verdict::Fits(_) | Verdict::Gap if was_read || session_asked => {
                return self.take_gap(id, turn);
            }
            Verdict::Fits(_) | Verdict::Gap => return self.read_for(received.again(id), turn),
        };
        if let Some(why) = self.lacks_room(fit.update.len()) {
            if why == Refusal::Busy {
                self.starved.insert(id);
            }
            return self.refuse(id, why);
        }
        if let Document::Asleep(_) = self.document {
            return self.wake_for(received.again(id), turn);
        }
        self.accept_later(id, received, fit, fitting);
    }

    fn accept_later(
        &mut self,
        id: SessionId,
        received: Received,
        fit: Fit,
        fitting: &mut Vec<Fitting>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.progress(received.answer);
        let user = session.user.clone();
        self.have.absorb(&fit.outline);
        let ends = fit.writers.iter().map(|c| (*c, self.have.clock(*c))).collect();
        let unbound = |client: &&ClientId| !self.bindings.contains_key(client);
        let bindings: Vec<_> =
            fit.writers.iter().filter(unbound).map(|c| (*c, user.clone())).collect();
        self.bindings.extend(bindings.iter().cloned());
        fitting.push(Fitting { session: id, user, received, fit, ends, bindings });
    }

    /// Applies a run of updates in one transaction under the guard (U1); then, and only then, they are accepted.
    pub(super) fn apply(&mut self, fitting: Vec<Fitting>, turn: &mut Turn<'_>) {
        let mut rest = fitting.into_iter().peekable();
        while rest.peek().is_some() {
            let careful = self.careful > 0;
            let run: Vec<_> = rest.by_ref().take(if careful { 1 } else { usize::MAX }).collect();
            self.careful = self.careful.saturating_sub(1);
            let Document::Awake(document) = &mut self.document else { return };
            let updates: Vec<_> = run.iter().map(|f| &f.fit.update).collect();
            let deleted = match document.apply(&updates) {
                Ok(deleted) => deleted,
                Err(broken) => {
                    let mut again = run;
                    let at_fault = broken.at.min(again.len());
                    let culprit = (at_fault < again.len() || again.len() == 1)
                        .then(|| again.remove(at_fault.min(again.len() - 1)));
                    again.extend(rest);
                    return self.broke(broken, culprit, again, turn);
                }
            };
            self.have.absorb_deleted(&deleted);
            self.lifecycle.touch(turn.now.mono);
            for f in run {
                self.accept(f.fit.update, f.user, f.ends, f.bindings, turn);
            }
        }
    }

    /// Runs a server edit (E1).
    pub(super) fn take_edit(&mut self, request: RequestId, edit: Edit, turn: &mut Turn<'_>) {
        let refusal = match self.lacks_room(0) {
            None => None,
            Some(Refusal::TooLarge) => Some(RoomError::TooLarge),
            Some(_) => Some(RoomError::Away("too much waits for it".to_owned())),
        };
        if let Some(refusal) = refusal {
            return turn.out.push(Effect::Answer { request, result: Err(refusal) });
        }
        let document = match &mut self.document {
            Document::Awake(document) => document,
            Document::Asleep(_) => return self.wake_for(Input::Edit { request, edit }, turn),
            Document::Absent => {
                let result = Err(RoomError::Unavailable);
                return turn.out.push(Effect::Answer { request, result });
            }
        };
        match document.edit(edit.change) {
            Ok(None) => self.answer(request, turn),
            Ok(Some(update)) => match outline_trusted(&update) {
                Ok(outline) => {
                    self.lifecycle.touch(turn.now.mono);
                    self.have.absorb(&outline);
                    self.accept(update, edit.author, ends(&outline), Vec::new(), turn);
                    self.answer(request, turn);
                }
                Err(malformed) => {
                    let why = format!("a server edit made {malformed}");
                    self.edit_broke(request, Broken { at: 0, of: 1, why }, turn);
                }
            },
            Err(broken) => self.edit_broke(request, broken, turn),
        }
    }

    /// Lets somebody look; the answer leaves when everything it saw is committed (G1).
    pub(super) fn take_read(&mut self, request: RequestId, look: Look, turn: &mut Turn<'_>) {
        match &self.document {
            Document::Awake(document) => {
                self.lifecycle.touch(turn.now.mono);
                match document.read(look) {
                    Ok(()) => self.answer(request, turn),
                    Err(broken) => {
                        let result = Err(RoomError::Failed(broken.why));
                        turn.out.push(Effect::Answer { request, result });
                    }
                }
            }
            Document::Asleep(_) => self.wake_for(Input::Read { request, look }, turn),
            Document::Absent => {
                let result = Err(RoomError::Unavailable);
                turn.out.push(Effect::Answer { request, result });
            }
        }
    }

    fn accept(
        &mut self,
        update: Bytes,
        user: UserId,
        ends: Vec<(ClientId, u32)>,
        bindings: Vec<(ClientId, UserId)>,
        turn: &mut Turn<'_>,
    ) {
        self.generation += 1;
        self.size += update.len();
        let index = self.replica.accept(update.clone(), ends);
        turn.out.push(Effect::Accepted { index, update, user, bindings });
    }

    /// Whether all these clients are the session's user's, or nobody's yet (C3).
    fn owns(&self, id: SessionId, writers: &[ClientId]) -> bool {
        let Some(session) = self.sessions.get(&id) else { return false };
        let free = |c: &ClientId| self.bindings.get(c).is_none_or(|owner| *owner == session.user);
        writers.iter().all(free)
    }

    fn take_gap(&mut self, id: SessionId, turn: &mut Turn<'_>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match session.gap() {
            Gap::Asked => return,
            Gap::Ask => {}
            Gap::GiveUp => return self.close(id, CloseCode::OtherHistory, turn),
        }
        let step1 = frame::step1(&self.have.state_vector());
        turn.out.push(Effect::Direct { session: id, frames: [step1].into() });
    }

    fn lacks_room(&self, bytes: usize) -> Option<Refusal> {
        if !self.replica.has_room(bytes) {
            return Some(Refusal::Busy);
        }
        (self.size + bytes > MAX_DOCUMENT_BYTES).then_some(Refusal::TooLarge)
    }

    /// The document broke: the culprit's session goes, everything else is judged again after the reload.
    fn broke(
        &mut self,
        broken: Broken,
        culprit: Option<Fitting>,
        again: Vec<Fitting>,
        turn: &mut Turn<'_>,
    ) {
        for f in culprit.iter().chain(&again) {
            for (client, _) in &f.bindings {
                self.bindings.remove(client);
            }
        }
        if let Some(culprit) = culprit {
            turn.out.push(Effect::Quarantine(Quarantined {
                user: Some(culprit.user),
                update: culprit.fit.update,
                applied: self.replica.applied(),
                why: broken.why,
            }));
            self.close(culprit.session, CloseCode::Malformed, turn);
        } else {
            self.careful = again.len();
        }
        for f in again.into_iter().rev() {
            self.waiting.push_front(f.received.again(f.session));
        }
        self.reload(turn);
    }

    fn edit_broke(&mut self, request: RequestId, broken: Broken, turn: &mut Turn<'_>) {
        let result = Err(RoomError::Failed(broken.why.clone()));
        turn.out.push(Effect::Answer { request, result });
        turn.out.push(Effect::Quarantine(Quarantined {
            user: None,
            update: Bytes::new(),
            applied: self.replica.applied(),
            why: broken.why,
        }));
        self.reload(turn);
    }

    /// The input in front waits until the log was read to its head (C2, E2).
    pub(super) fn read_for(&mut self, input: Input, turn: &mut Turn<'_>) {
        self.waiting.push_front(input);
        self.suspended = Some(Suspended::Reading);
        self.read_log(turn);
    }

    /// The input in front waits until the document is decoded.
    pub(super) fn wake_for(&mut self, input: Input, turn: &mut Turn<'_>) {
        self.waiting.push_front(input);
        self.wake(turn);
    }
}
