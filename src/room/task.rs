//! One tokio task per live room: feeds the core, executes its effects, decides nothing.
//!
//! Must not look into updates or sessions beyond handing them on.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, oneshot};

use super::core::{Control, Effect, Input, RequestId, Room, RoomError};
use super::document::Awake;
use super::load::{LoadError, Loaded};
use super::member::{Channel, SharedFeed};
use super::registry::Registry;
use super::replica::Stored;
use crate::id::{ClientId, DiagramId, Seq, SessionId};
use crate::limits::ROOM_DRAIN;
use crate::protocol::close::CloseCode;
use crate::store::log::ReadError;

/// An input with whoever waits for its outcome.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) input: Input,
    pub(super) from: From,
}

/// Who waits.
#[derive(Debug)]
pub(super) enum From {
    /// Nobody.
    Nobody,
    /// A session that joins: what goes out to it.
    Session(SessionId, Arc<Channel>),
    /// An edit or a read.
    Request(RequestId, oneshot::Sender<Result<Seq, RoomError>>),
}

/// Results and hints on their way around the mailbox (K1): latest wins where a later one says it all.
#[derive(Debug, Default)]
pub(super) struct ControlCell {
    pending: Mutex<(Option<Stored>, Vec<Control>)>,
    wake: Notify,
}

impl ControlCell {
    pub(super) fn put(&self, control: Control) {
        let mut pending = self.pending.lock();
        match control {
            Control::Stored(later) => {
                let joined = pending.0.map_or(later, |earlier| earlier.followed_by(later));
                pending.0 = Some(joined);
            }
            Control::Hint { .. } => {
                pending.1.retain(|c| !matches!(c, Control::Hint { .. }));
                pending.1.push(control);
            }
            other => pending.1.push(other),
        }
        drop(pending);
        self.wake.notify_one();
    }

    fn take(&self) -> Vec<Control> {
        let mut pending = self.pending.lock();
        let stored = pending.0.take().map(Control::Stored);
        stored.into_iter().chain(std::mem::take(&mut pending.1)).collect()
    }
}

/// What a room's task owns.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) id: DiagramId,
    pub(super) registry: Arc<Registry>,
    pub(super) mailbox: mpsc::Receiver<Mail>,
    pub(super) control: Arc<ControlCell>,
    pub(super) feed: Arc<SharedFeed>,
    pub(super) channels: HashMap<SessionId, Arc<Channel>>,
    pub(super) requests: HashMap<RequestId, oneshot::Sender<Result<Seq, RoomError>>>,
}

impl Task {
    /// Loads the room and runs it to its end.
    pub(super) async fn run(mut self) {
        match load(&self.registry, &self.id, Vec::new()).await {
            Ok(loaded) => self.live(loaded).await,
            Err(error) => {
                let code = load_code(&error);
                if code == CloseCode::RoomUnavailable {
                    tracing::error!(room.id = %self.id, %error, "the room does not open");
                }
                self.over(code).await;
            }
        }
    }

    async fn live(&mut self, loaded: Loaded) {
        let now = self.registry.now();
        let mut room = Room::new(self.id.clone(), self.registry.node(), loaded, now);
        let mut effects = Vec::new();
        room.run(now, &mut effects);
        loop {
            match self.execute(&mut room, &mut effects) {
                Some(Ended::Retired) => return,
                Some(Ended::Over(code)) => return self.over(code).await,
                None => {}
            }
            let deadline = room.deadline();
            tokio::select! {
                biased;
                () = self.control.wake.notified() => {
                    for control in self.control.take() {
                        room.control(control, self.registry.now(), &mut effects);
                    }
                }
                mail = self.mailbox.recv(), if room.is_ready() => {
                    let Some(mail) = mail else { return };
                    self.put(&mut room, mail);
                    for _ in 1..ROOM_DRAIN {
                        let Ok(mail) = self.mailbox.try_recv() else { break };
                        self.put(&mut room, mail);
                    }
                    room.run(self.registry.now(), &mut effects);
                }
                () = self.registry.sleep_until(deadline) => {
                    room.run(self.registry.now(), &mut effects);
                }
            }
        }
    }

    fn put(&mut self, room: &mut Room, mail: Mail) {
        self.meet(mail.from);
        room.put(mail.input);
    }

    fn meet(&mut self, from: From) {
        match from {
            From::Nobody => {}
            From::Session(id, channel) => {
                self.channels.insert(id, channel);
            }
            From::Request(id, reply) => {
                self.requests.insert(id, reply);
            }
        }
    }

    /// Executes effects in order; answers how the room ended, if it did.
    fn execute(&mut self, room: &mut Room, effects: &mut Vec<Effect>) -> Option<Ended> {
        let fed = self.feed.end();
        let mut ended = None;
        while !effects.is_empty() && ended.is_none() {
            for effect in std::mem::take(effects) {
                match effect {
                    Effect::Retire if self.registry.retire(&self.id) => {
                        ended = Some(Ended::Retired);
                    }
                    Effect::Retire => {
                        room.control(Control::Stay, self.registry.now(), effects);
                    }
                    Effect::End { code } => ended = Some(Ended::Over(code)),
                    other => self.carry_out(other),
                }
            }
        }
        if self.feed.end() > fed {
            self.feed.wake();
        }
        ended
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Direct { session, frames } => {
                if let Some(channel) = self.channels.get(&session) {
                    channel.send(self.feed.end(), frames);
                }
            }
            Effect::Attach { session, from, reached } => {
                if let Some(channel) = self.channels.get(&session) {
                    channel.attach(from, reached);
                }
            }
            Effect::Feed(entry) => self.feed.push(entry),
            Effect::Close { session, code } => {
                if let Some(channel) = self.channels.remove(&session) {
                    channel.close(code);
                }
            }
            Effect::Answer { request, result } => {
                if let Some(reply) = self.requests.remove(&request) {
                    // Whoever asked may have gone; the edit stands all the same.
                    drop(reply.send(result));
                }
            }
            Effect::Accepted { index, update, user, bindings } => {
                self.registry.watch.edited(&self.id, &user);
                self.registry.accept(&self.id, index, update, bindings);
            }
            // Nobody to tell: the embedded mode is one node.
            Effect::Publish { .. } | Effect::Retire | Effect::End { .. } => {}
            Effect::ReadLog { after } => self.read_log(after),
            Effect::Wake { state } => self.wake(state),
            Effect::Reload { uncommitted } => self.reload(uncommitted),
            Effect::Quarantine(quarantined) => self.registry.quarantine(&self.id, quarantined),
            Effect::Snapshot(snapshot) => self.snapshot(snapshot),
        }
    }

    fn read_log(&self, after: Seq) {
        let (registry, id, control) = self.handles();
        self.registry.spawn(async move {
            control.put(Control::History(registry.log().read(&id, after).await));
        });
    }

    fn wake(&self, state: Bytes) {
        let control = Arc::clone(&self.control);
        let writer = fresh_writer();
        self.registry.spawn_blocking(move || {
            let woken = Awake::build(writer, [&state]).map(|(document, _)| document);
            control.put(Control::Woken(woken));
        });
    }

    fn reload(&self, uncommitted: Vec<Bytes>) {
        let (registry, id, control) = self.handles();
        tracing::warn!(room.id = %id, "the document broke: loading the room anew");
        self.registry.spawn(async move {
            let loaded = load(&registry, &id, uncommitted).await;
            if let Err(error) = &loaded {
                tracing::error!(room.id = %id, %error, "the room does not open again");
            }
            control.put(Control::Reloaded(loaded.map(Box::new)));
        });
    }

    fn snapshot(&self, snapshot: crate::store::log::Snapshot) {
        let (registry, id, control) = self.handles();
        self.registry.spawn(async move {
            let seq = snapshot.seq;
            let stored = registry.log().snapshot(&id, snapshot).await;
            if let Err(error) = &stored {
                tracing::warn!(room.id = %id, %error, "the snapshot was not stored");
            }
            control.put(Control::Snapshotted { seq, stored: stored.is_ok() });
        });
    }

    fn handles(&self) -> (Arc<Registry>, DiagramId, Arc<ControlCell>) {
        (Arc::clone(&self.registry), self.id.clone(), Arc::clone(&self.control))
    }

    /// Everybody who still waits is told, and the room leaves the registry.
    async fn over(&mut self, code: CloseCode) {
        self.registry.abandon(&self.id).await;
        self.mailbox.close();
        while let Some(mail) = self.mailbox.recv().await {
            self.meet(mail.from);
        }
        for (_, channel) in self.channels.drain() {
            channel.close(code);
        }
        let error = if code == CloseCode::Gone { RoomError::Gone } else { RoomError::Unavailable };
        for (_, reply) in self.requests.drain() {
            drop(reply.send(Err(error.clone())));
        }
    }
}

/// How a room ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Nobody wanted it any more.
    Retired,
    /// Whoever is left is told this.
    Over(CloseCode),
}

async fn load(
    registry: &Registry,
    id: &DiagramId,
    uncommitted: Vec<Bytes>,
) -> Result<Loaded, LoadError> {
    let history = registry.log().read(id, Seq(0)).await?;
    let writer = fresh_writer();
    tokio::task::spawn_blocking(move || Loaded::build(history, writer, &uncommitted))
        .await
        .unwrap_or_else(|_| Err(ReadError::Away("the node is stopping".to_owned()).into()))
}

fn load_code(error: &LoadError) -> CloseCode {
    match error {
        LoadError::Read(ReadError::Gone) => CloseCode::Gone,
        LoadError::Read(ReadError::Away(_)) => CloseCode::TryAgain,
        LoadError::Read(ReadError::Corrupt(_))
        | LoadError::Broken(_)
        | LoadError::Malformed(_)
        | LoadError::Empty => CloseCode::RoomUnavailable,
    }
}

/// A client id of the server's own, new at each load, so that no clock of a lost life is used again (E2).
fn fresh_writer() -> ClientId {
    ClientId::server(u64::from_le_bytes(super::registry::random()))
}

/// How long a sleep without a deadline lasts at most.
pub(super) const LONG: Duration = Duration::from_secs(3600);
