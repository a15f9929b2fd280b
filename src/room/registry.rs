//! All rooms of this node: loads each once, hands it out, lets it go; and drives the one committer.
//!
//! Shell. What decides is pure: `lifecycle::Slot` (load once, retire only when nobody holds on) and
//! `committer::Committer`. Must not look into rooms.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::Now;
use super::committer::{Ask, Committer, Told};
pub use super::core::{Change, Edit, RoomError};
use super::core::{Control, Input, Look, Quarantined, RequestId};
use super::lifecycle::Slot;
use super::member::SharedFeed;
pub use super::member::{Inbox, Left, Member, Outbox, Outgoing};
pub use super::session::{Incoming, Role};
use super::task::{ControlCell, From, LONG, Mail, Task};
use super::watch::{Editing, Place, Watch, Watcher};
use crate::id::{BatchId, ClientId, DiagramId, NodeId, Seq, SessionId, UserId};
use crate::limits::ROOM_MAILBOX;
use crate::protocol::close::CloseCode;
use crate::store::log::Log;

/// Who wants to join.
#[derive(Debug, Clone)]
pub struct Joining {
    /// The user, by whom client ids are owned (C3).
    pub user: UserId,
    /// What it may do.
    pub role: Role,
}

/// What to do with an update that broke a document: keep it where an operator finds it.
pub type QuarantineSink = Box<dyn Fn(&DiagramId, Quarantined) + Send + Sync>;

/// All rooms of this node.
pub struct Registry {
    node: NodeId,
    log: Arc<dyn Log>,
    rooms: DashMap<DiagramId, Arc<Handle>>,
    committer: Mutex<Committer>,
    accepted: Notify,
    /// Woken whenever the committer has learnt something.
    settled: Notify,
    ids: AtomicU64,
    draining: AtomicBool,
    tasks: TaskTracker,
    started: Instant,
    sink: QuarantineSink,
    pub(super) watch: Watch,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("node", &self.node)
            .field("rooms", &self.rooms.len())
            .finish()
    }
}

/// One room, as the registry knows it.
#[derive(Debug)]
struct Handle {
    slot: Mutex<Slot>,
    mailbox: mpsc::Sender<Mail>,
    control: Arc<ControlCell>,
    feed: Arc<SharedFeed>,
    editing: Editing,
}

/// Somebody holds on to a room.
#[derive(Debug)]
pub(super) struct Lease(Arc<Handle>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.slot.lock().leave();
    }
}

impl Registry {
    /// A registry that keeps its rooms in this log. Call it inside a tokio runtime.
    pub fn new(node: NodeId, log: Arc<dyn Log>, sink: QuarantineSink) -> Arc<Self> {
        let registry = Arc::new(Self {
            node,
            log,
            rooms: DashMap::new(),
            committer: Mutex::default(),
            accepted: Notify::new(),
            settled: Notify::new(),
            ids: AtomicU64::new(1),
            draining: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            started: Instant::now(),
            sink,
            watch: Watch::default(),
        });
        let committer = Arc::clone(&registry);
        tokio::spawn(async move { committer.commit_for_ever().await });
        registry
    }

    /// Tells this watcher of all edits from now on.
    pub fn watch(&self, watcher: Arc<dyn Watcher>) {
        self.watch.set(watcher);
    }

    /// Joins a room, loading it if needed. Refusals that need the room come through the outbox.
    ///
    /// # Errors
    /// The code to close with, while the node is stopping.
    pub async fn join(
        self: &Arc<Self>,
        diagram: &DiagramId,
        who: Joining,
    ) -> Result<Member, CloseCode> {
        let lease = self.enter(diagram).ok_or(CloseCode::Restart)?;
        let room = Arc::clone(&lease.0);
        let session = SessionId(self.fresh_id());
        let editor = who.role == Role::Editor;
        let place = editor.then(|| Place::take(&self.watch, diagram, &room.editing)).flatten();
        let (member, channel) = Member::new(session, &room.mailbox, &room.feed, (lease, place));
        let input = Input::Join { session, user: who.user, role: who.role };
        let mail = Mail { input, from: From::Session(session, channel) };
        room.mailbox.send(mail).await.map_err(|_| CloseCode::RoomUnavailable)?;
        Ok(member)
    }

    /// Runs a server edit (E1); answers the sequence number up to which it is durable.
    ///
    /// # Errors
    /// See [`RoomError`]. Dropping the future does not undo an edit that was already taken.
    pub async fn edit(self: &Arc<Self>, diagram: &DiagramId, edit: Edit) -> Result<Seq, RoomError> {
        self.request(diagram, |request| Input::Edit { request, edit }).await
    }

    /// Looks at the document; answers when everything in the answer is durable (G1).
    ///
    /// # Errors
    /// See [`RoomError`].
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        diagram: &DiagramId,
        look: impl FnOnce(&yrs::Transaction<'_>) -> T + Send + 'static,
    ) -> Result<T, RoomError> {
        let seen = Arc::new(Mutex::new(None));
        let keep = Arc::clone(&seen);
        let look: Look = Box::new(move |txn| *keep.lock() = Some(look(txn)));
        self.request(diagram, |request| Input::Read { request, look }).await?;
        let seen = seen.lock().take();
        seen.ok_or(RoomError::Unavailable)
    }

    /// Closes all sessions of a room, if it is live, and lets it go (deleted, moved).
    pub async fn close(self: &Arc<Self>, diagram: &DiagramId, code: CloseCode) {
        let Some(room) = self.rooms.get(diagram).map(|room| Arc::clone(&room)) else { return };
        let mail = Mail { input: Input::Close(code), from: From::Nobody };
        // A room that has just ended has closed its sessions already.
        drop(room.mailbox.send(mail).await);
    }

    /// Stops: takes nobody any more, closes all sessions with 1012, stores everything (P12).
    /// Answers whether everything was stored within the time.
    pub async fn drain(self: &Arc<Self>, limit: Duration) -> bool {
        self.draining.store(true, Ordering::SeqCst);
        let rooms: Vec<_> = self.rooms.iter().map(|room| room.key().clone()).collect();
        for room in rooms {
            self.close(&room, CloseCode::Restart).await;
        }
        self.tasks.close();
        let in_time = tokio::time::timeout(limit, self.tasks.wait()).await.is_ok();
        in_time && self.committer.lock().is_idle()
    }

    /// Live rooms.
    pub fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Whether no room is live.
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    async fn request(
        self: &Arc<Self>,
        diagram: &DiagramId,
        input: impl FnOnce(RequestId) -> Input,
    ) -> Result<Seq, RoomError> {
        let lease = self.enter(diagram).ok_or(RoomError::Unavailable)?;
        let request = RequestId(self.fresh_id());
        let (reply, answer) = oneshot::channel();
        let mail = Mail { input: input(request), from: From::Request(request, reply) };
        lease.0.mailbox.send(mail).await.map_err(|_| RoomError::Unavailable)?;
        answer.await.unwrap_or(Err(RoomError::Unavailable))
    }

    /// A lease on a room, live or loading from now on; `None` while the node is stopping.
    fn enter(self: &Arc<Self>, diagram: &DiagramId) -> Option<Lease> {
        if self.draining.load(Ordering::SeqCst) {
            return None;
        }
        match self.rooms.entry(diagram.clone()) {
            Entry::Occupied(mut entry) => {
                if !entry.get().slot.lock().enter() {
                    entry.insert(self.open(diagram));
                }
                Some(Lease(Arc::clone(entry.get())))
            }
            Entry::Vacant(entry) => Some(Lease(Arc::clone(&entry.insert(self.open(diagram))))),
        }
    }

    /// Starts a room's task; the handle has one lease already.
    fn open(self: &Arc<Self>, diagram: &DiagramId) -> Arc<Handle> {
        let (mailbox, receiver) = mpsc::channel(ROOM_MAILBOX);
        let mut slot = Slot::default();
        slot.enter();
        let handle = Arc::new(Handle {
            slot: Mutex::new(slot),
            mailbox,
            control: Arc::default(),
            feed: Arc::new(SharedFeed::new()),
            editing: Editing::default(),
        });
        let task = Task {
            id: diagram.clone(),
            registry: Arc::clone(self),
            mailbox: receiver,
            control: Arc::clone(&handle.control),
            feed: Arc::clone(&handle.feed),
            channels: HashMap::new(),
            requests: HashMap::new(),
        };
        self.tasks.spawn(task.run());
        handle
    }

    // ---- for the room's task ----

    pub(super) fn node(&self) -> NodeId {
        self.node
    }

    pub(super) fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    pub(super) fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono: self.started.elapsed(), unix }
    }

    pub(super) async fn sleep_until(&self, deadline: Option<Duration>) {
        let limit = Instant::now() + LONG;
        let until = deadline.map_or(limit, |deadline| self.started + deadline);
        tokio::time::sleep_until(until.min(limit)).await;
    }

    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    pub(super) fn spawn_blocking(&self, work: impl FnOnce() + Send + 'static) {
        self.tasks.spawn_blocking(work);
    }

    pub(super) fn quarantine(&self, room: &DiagramId, quarantined: Quarantined) {
        (self.sink)(room, quarantined);
    }

    pub(super) fn accept(
        &self,
        room: &DiagramId,
        index: u64,
        update: Bytes,
        bindings: Vec<(ClientId, UserId)>,
    ) {
        self.committer.lock().accept(room, index, update, bindings);
        self.accepted.notify_one();
    }

    /// Lets a room go unless somebody holds on.
    pub(super) fn retire(&self, room: &DiagramId) -> bool {
        self.rooms.remove_if(room, |_, handle| handle.slot.lock().retire()).is_some()
    }

    /// Takes a broken room out, once nothing of it can reach the log any more.
    pub(super) async fn abandon(&self, room: &DiagramId) {
        loop {
            let settled = self.settled.notified();
            if !self.still_writes(room) {
                break;
            }
            settled.await;
        }
        self.rooms.remove_if(room, |_, handle| {
            handle.slot.lock().abandon();
            true
        });
    }

    fn still_writes(&self, room: &DiagramId) -> bool {
        let mut committer = self.committer.lock();
        committer.forget(room);
        committer.holds(room)
    }

    // ---- the committer's driver ----

    async fn commit_for_ever(self: Arc<Self>) {
        loop {
            let accepted = self.accepted.notified();
            let ask = self.committer.lock().next(self.started.elapsed(), fresh_batch);
            let told = match ask {
                Ask::Append(batches) => {
                    let outcomes = self.log.append(self.node, batches).await;
                    self.committer.lock().appended(outcomes, self.started.elapsed())
                }
                Ask::Find(room, batch) => {
                    let answer = self.log.find(&room, batch).await;
                    let told = self.committer.lock().found(&answer, self.started.elapsed());
                    told.into_iter().collect()
                }
                Ask::Wait(until) => {
                    tokio::time::sleep_until(self.started + until).await;
                    Vec::new()
                }
                Ask::Idle => {
                    accepted.await;
                    continue;
                }
            };
            self.tell(told);
        }
    }

    fn tell(&self, told: Vec<(DiagramId, Told)>) {
        for (room, told) in told {
            let control = match told {
                Told::Stored(stored) => Control::Stored(stored),
                Told::Failed(refusal) => {
                    tracing::error!(room.id = %room, error = %refusal, "a row can't be stored");
                    Control::Failed(refusal)
                }
            };
            if let Some(handle) = self.rooms.get(&room) {
                handle.control.put(control);
            }
        }
        self.settled.notify_waiters();
    }

    fn fresh_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }
}

fn fresh_batch() -> BatchId {
    BatchId(u128::from_le_bytes(random()))
}

/// Random bytes from the operating system; a machine without any cannot run this server at all.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "no id can be made, and nothing be promised, without it"
    )]
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
