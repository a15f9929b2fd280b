//! A simulated node: plays what `task`, `registry` and a socket's reader do, around the product's own core.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use atelier::id::{BatchId, ClientId, DiagramId, NodeId, SessionId};
use atelier::limits::{ROOM_DRAIN, ROOM_MAILBOX};
use atelier::protocol::close::CloseCode;
use atelier::protocol::frame::{self, Message};
use atelier::protocol::lint;
use atelier::room::Now;
use atelier::room::committer::{Ask, Committer, Told};
use atelier::room::core::{Control, Edit, Effect, Input, RequestId, Room};
use atelier::room::document::Awake;
use atelier::room::feed::Feed;
use atelier::room::lifecycle::Slot;
use atelier::room::load::Loaded;
use atelier::room::outbox::{Outbox, Outgoing};
use atelier::room::session::{Incoming, Role};
use atelier::store::log::{Row, Snapshot};
use atelier::store::memory::MemoryLog;
use bytes::Bytes;

use super::world::Happened;
use atelier::id::{Seq, UserId};

/// Work that ends later: the log's answers and decoding.
#[derive(Debug)]
enum Later {
    Committed(Vec<(DiagramId, Told)>),
    Control(DiagramId, u64, Control),
    Loaded(DiagramId, u64, Result<Box<Loaded>, atelier::room::load::LoadError>),
}

/// A hint on its way to another node.
#[derive(Debug)]
pub(super) struct Hint {
    pub(super) room: DiagramId,
    pub(super) head: Seq,
    pub(super) row: Option<Row>,
}

#[derive(Debug)]
struct Live {
    life: u64,
    core: Option<Room>,
    /// Over, and waiting until nothing of it can reach the log any more.
    dying: bool,
    slot: Slot,
    feed: Feed,
    outboxes: BTreeMap<SessionId, Outbox>,
    mailbox: VecDeque<Input>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: NodeId,
    committer: Committer,
    committing: bool,
    rooms: BTreeMap<DiagramId, Live>,
    later: Vec<(u64, Later)>,
    lives: u64,
    pub(super) hints: Vec<Hint>,
    /// Sessions that the rooms closed, for their clients.
    pub(super) ended: Vec<SessionId>,
}

/// What a node may use while it acts.
pub(super) struct Around<'a> {
    pub(super) time: u64,
    pub(super) now: Now,
    pub(super) log: &'a mut MemoryLog,
    pub(super) rng: &'a mut fastrand::Rng,
    pub(super) happened: &'a mut Happened,
}

impl Around<'_> {
    fn soon(&mut self) -> u64 {
        self.time + self.rng.u64(0..12)
    }

    fn writer(&mut self) -> ClientId {
        ClientId::server(self.rng.u64(..))
    }
}

impl Node {
    pub(super) fn new(id: NodeId) -> Self {
        Self {
            id,
            committer: Committer::default(),
            committing: false,
            rooms: BTreeMap::new(),
            later: Vec::new(),
            lives: 0,
            hints: Vec::new(),
            ended: Vec::new(),
        }
    }

    pub(super) fn live_rooms(&self) -> Vec<DiagramId> {
        self.rooms.keys().cloned().collect()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.committer.is_idle() && self.later.is_empty()
    }

    // ---- what sockets and REST do ----

    pub(super) fn join(
        &mut self,
        room: &DiagramId,
        session: SessionId,
        user: UserId,
        role: Role,
        around: &mut Around<'_>,
    ) {
        let live = self.enter(room, around);
        live.outboxes.insert(session, Outbox::default());
        live.mailbox.push_back(Input::Join { session, user, role });
    }

    pub(super) fn leave(&mut self, room: &DiagramId, session: SessionId) {
        if let Some(live) = self.rooms.get_mut(room)
            && live.outboxes.remove(&session).is_some()
        {
            live.mailbox.push_back(Input::Leave { session });
            live.slot.leave();
        }
    }

    pub(super) fn edit(
        &mut self,
        room: &DiagramId,
        request: RequestId,
        edit: Edit,
        around: &mut Around<'_>,
    ) {
        let live = self.enter(room, around);
        live.mailbox.push_back(Input::Edit { request, edit });
        // The asker is played by the simulator, which does not wait: it holds on only until the room retires.
        live.slot.leave();
    }

    /// What a socket's reader does with a frame; `false` when the mailbox is full and the reader waits.
    pub(super) fn receive(
        &mut self,
        room: &DiagramId,
        session: SessionId,
        bytes: &Bytes,
        around: &mut Around<'_>,
    ) -> bool {
        let Some(live) = self.rooms.get_mut(room) else { return true };
        if live.mailbox.len() >= ROOM_MAILBOX {
            return false;
        }
        let messages = frame::decode(bytes).map_err(|_| ()).and_then(|messages| {
            messages.into_iter().map(lint_message).collect::<Result<Vec<_>, _>>()
        });
        match messages {
            Ok(messages) => {
                for incoming in messages {
                    live.mailbox.push_back(Input::From { session, incoming });
                }
            }
            Err(()) => {
                around.happened.malformed += 1;
                self.leave(room, session);
                self.ended.push(session);
            }
        }
        true
    }

    /// What a socket's writer sends next.
    pub(super) fn pull(
        &mut self,
        room: &DiagramId,
        session: SessionId,
        around: &mut Around<'_>,
    ) -> Option<Result<Vec<Bytes>, CloseCode>> {
        let live = self.rooms.get_mut(room)?;
        let outbox = live.outboxes.get_mut(&session)?;
        match outbox.pull(session, &live.feed)? {
            Outgoing::Frames(frames) => Some(Ok(frames)),
            Outgoing::Close(code) => {
                live.outboxes.remove(&session);
                live.mailbox.push_back(Input::Leave { session });
                live.slot.leave();
                Some(Err(code))
            }
            Outgoing::Behind(reached) => {
                around.happened.catch_ups += 1;
                let incoming = Incoming::Behind(reached);
                live.mailbox.push_back(Input::From { session, incoming });
                outbox.told();
                None
            }
        }
    }

    pub(super) fn hint(&mut self, hint: Hint, around: &mut Around<'_>) {
        let control = Control::Hint { head: hint.head, row: hint.row };
        self.control(&hint.room, control, around);
    }

    // ---- what the task and the registry do ----

    pub(super) fn turn(&mut self, around: &mut Around<'_>) {
        self.finish_later(around);
        self.commit(around);
        self.bury();
        for room in self.live_rooms() {
            self.turn_room(&room, around);
        }
    }

    fn turn_room(&mut self, room: &DiagramId, around: &mut Around<'_>) {
        let Some(live) = self.rooms.get_mut(room) else { return };
        let Some(core) = &mut live.core else { return };
        let due = core.deadline().is_some_and(|at| at <= around.now.mono);
        let mut effects = Vec::new();
        if core.is_ready() && !live.mailbox.is_empty() {
            for _ in 0..ROOM_DRAIN {
                let Some(input) = live.mailbox.pop_front() else { break };
                core.put(input);
            }
            core.run(around.now, &mut effects);
        } else if due {
            core.run(around.now, &mut effects);
        }
        self.execute(room, effects, around);
    }

    fn enter(&mut self, room: &DiagramId, around: &mut Around<'_>) -> &mut Live {
        let alive = self.rooms.get_mut(room).is_some_and(|live| live.slot.enter());
        if !alive {
            self.lives += 1;
            let mut slot = Slot::default();
            slot.enter();
            let live = Live {
                life: self.lives,
                core: None,
                dying: false,
                slot,
                feed: Feed::default(),
                outboxes: BTreeMap::new(),
                mailbox: VecDeque::new(),
            };
            self.rooms.insert(room.clone(), live);
            self.load(room, Vec::new(), around);
        }
        self.rooms.get_mut(room).unwrap()
    }

    fn load(&mut self, room: &DiagramId, uncommitted: Vec<Bytes>, around: &mut Around<'_>) {
        let writer = around.writer();
        let history = around.log.read(room, Seq(0)).map_err(Into::into);
        let loaded = history.and_then(|h| Loaded::build(h, writer, &uncommitted)).map(Box::new);
        let at = around.soon();
        self.later.push((at, Later::Loaded(room.clone(), self.lives_of(room), loaded)));
    }

    fn lives_of(&self, room: &DiagramId) -> u64 {
        self.rooms.get(room).map_or(0, |live| live.life)
    }

    fn control(&mut self, room: &DiagramId, control: Control, around: &mut Around<'_>) {
        let Some(live) = self.rooms.get_mut(room) else { return };
        let Some(core) = &mut live.core else { return };
        let mut effects = Vec::new();
        core.control(control, around.now, &mut effects);
        self.execute(room, effects, around);
    }

    fn finish_later(&mut self, around: &mut Around<'_>) {
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.later).into_iter().partition(|(at, _)| *at <= around.time);
        self.later = later;
        for (_, work) in due {
            match work {
                Later::Committed(told) => {
                    self.committing = false;
                    for (room, told) in told {
                        let control = match told {
                            Told::Stored(stored) => Control::Stored(stored),
                            Told::Failed(refusal) => {
                                around.happened.failed_rooms += 1;
                                Control::Failed(refusal)
                            }
                        };
                        self.control(&room, control, around);
                    }
                }
                Later::Control(room, life, control) if self.lives_of(&room) == life => {
                    self.control(&room, control, around);
                }
                Later::Loaded(room, life, loaded) if self.lives_of(&room) == life => {
                    self.loaded(&room, loaded, around);
                }
                Later::Control(..) | Later::Loaded(..) => {}
            }
        }
    }

    fn loaded(
        &mut self,
        room: &DiagramId,
        loaded: Result<Box<Loaded>, atelier::room::load::LoadError>,
        around: &mut Around<'_>,
    ) {
        let Some(live) = self.rooms.get_mut(room) else { return };
        if live.core.is_some() {
            return self.control(room, Control::Reloaded(loaded), around);
        }
        match loaded {
            Ok(loaded) => {
                around.happened.loads += 1;
                live.core = Some(Room::new(room.clone(), self.id, *loaded, around.now));
            }
            Err(_) => self.over(room, around),
        }
    }

    fn commit(&mut self, around: &mut Around<'_>) {
        if self.committing {
            return;
        }
        let rng = &mut *around.rng;
        let ask = self.committer.next(around.now.mono, || BatchId(rng.u128(..)));
        let told = match ask {
            Ask::Append(batches) => {
                let outcomes = around.log.append(self.id, batches);
                around.happened.count_outcomes(&outcomes);
                self.committer.appended(outcomes, around.now.mono)
            }
            Ask::Find(room, batch) => {
                around.happened.looked_up += 1;
                let answer = around.log.find(&room, batch);
                self.committer.found(&answer, around.now.mono).into_iter().collect()
            }
            Ask::Wait(_) | Ask::Idle => return,
        };
        self.committing = true;
        let at = around.soon();
        self.later.push((at, Later::Committed(told)));
    }

    fn execute(&mut self, room: &DiagramId, effects: Vec<Effect>, around: &mut Around<'_>) {
        for effect in effects {
            let Some(live) = self.rooms.get_mut(room) else { return };
            let life = live.life;
            match effect {
                Effect::Direct { session, frames } => {
                    if let Some(outbox) = live.outboxes.get_mut(&session) {
                        outbox.send(live.feed.end(), frames);
                    }
                }
                Effect::Attach { session, from, reached } => {
                    if let Some(outbox) = live.outboxes.get_mut(&session) {
                        outbox.attach(from, reached);
                    }
                }
                Effect::Feed(entry) => live.feed.push(entry),
                Effect::Close { session, code } => {
                    if let Some(outbox) = live.outboxes.get_mut(&session) {
                        outbox.close(code);
                    }
                }
                Effect::Answer { request, result } => {
                    around.happened.answers.insert(request, result.is_ok());
                }
                Effect::Accepted { index, update, user: _, bindings } => {
                    self.committer.accept(room, index, update, bindings);
                }
                Effect::Publish { head, row } => {
                    let (node, batch) = (self.id, BatchId(0));
                    let row = row.map(|updates| Row { seq: head, node, batch, updates });
                    self.hints.push(Hint { room: room.clone(), head, row });
                }
                Effect::ReadLog { after } => {
                    let history = around.log.read(room, after);
                    self.after_a_while(room, life, Control::History(history), around);
                }
                Effect::Wake { state } => {
                    around.happened.wakes += 1;
                    let woken = Awake::build(around.writer(), [&state]).map(|(awake, _)| awake);
                    self.after_a_while(room, life, Control::Woken(woken), around);
                }
                Effect::Reload { uncommitted } => {
                    around.happened.reloads += 1;
                    self.load(room, uncommitted, around);
                }
                Effect::Quarantine(_) => around.happened.quarantined += 1,
                Effect::Snapshot(snapshot) => self.snapshot(room, life, snapshot, around),
                Effect::Retire => {
                    if live.slot.retire() {
                        around.happened.retired += 1;
                        self.rooms.remove(room);
                    } else {
                        self.control(room, Control::Stay, around);
                    }
                }
                Effect::End { .. } => self.over(room, around),
            }
        }
    }

    fn snapshot(
        &mut self,
        room: &DiagramId,
        life: u64,
        snapshot: Snapshot,
        around: &mut Around<'_>,
    ) {
        let seq = snapshot.seq;
        let stored = around.log.snapshot(room, snapshot);
        around.happened.snapshots += u64::from(stored == Ok(true));
        let control = Control::Snapshotted { seq, stored: stored.is_ok() };
        self.after_a_while(room, life, control, around);
    }

    fn after_a_while(
        &mut self,
        room: &DiagramId,
        life: u64,
        control: Control,
        around: &mut Around<'_>,
    ) {
        let at = around.soon();
        self.later.push((at, Later::Control(room.clone(), life, control)));
    }

    /// As the task's `over`: nothing of the room may reach the log afterwards.
    fn over(&mut self, room: &DiagramId, around: &mut Around<'_>) {
        around.happened.ended_rooms += 1;
        self.committer.forget(room);
        if let Some(live) = self.rooms.get_mut(room) {
            live.core = None;
            live.dying = true;
        }
    }

    fn bury(&mut self) {
        let committer = &self.committer;
        let ended = &mut self.ended;
        self.rooms.retain(|room, live| {
            let stays = !live.dying || committer.holds(room);
            if !stays {
                ended.extend(live.outboxes.keys());
            }
            stays
        });
    }
}

fn lint_message(message: Message) -> Result<Incoming, ()> {
    let answer = matches!(message, Message::Step2(_));
    match message {
        Message::Step2(update) | Message::Update(update) => {
            let outline = lint::outline(&update).map_err(|_| ())?;
            Ok(Incoming::Update { answer, update, outline })
        }
        other => Ok(Incoming::Message(other)),
    }
}

/// The time as the room sees it: `jump` is what an operator did to the wall clock.
pub(super) fn now(time: u64, jump: i64) -> Now {
    let unix = 1_790_000_000_000_i64.saturating_add(jump).saturating_add_unsigned(time);
    Now {
        mono: Duration::from_millis(time),
        unix: Duration::from_millis(u64::try_from(unix).unwrap_or(0)),
    }
}
