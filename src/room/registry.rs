//! Contract stub of what the edges (ws, http, jobs) see of rooms.
use std::sync::Arc;

use bytes::Bytes;

use super::session::Role;
use crate::id::{ClientId, DiagramId, NodeId, Seq, UserId};
use crate::protocol::close::CloseCode;
use crate::protocol::frame::Message;
use crate::protocol::lint::Outline;
use crate::store::log::Log;

/// All rooms of this node.
#[derive(Debug)]
pub struct Registry {}

/// Who wants to join.
#[derive(Debug, Clone)]
pub struct Joining {
    /// The user, by whom client ids are owned.
    pub user: UserId,
    /// What it may do.
    pub role: Role,
}

/// One connected session: what comes in, what goes out.
#[derive(Debug)]
pub struct Member {
    /// To the room.
    pub inbox: Inbox,
    /// From the room.
    pub outbox: Outbox,
}

/// The way into a room for one session. Dropping it leaves the room.
#[derive(Debug)]
pub struct Inbox {}

/// A message of a session, linted.
#[derive(Debug)]
pub enum Incoming {
    /// Anything but an update.
    Message(Message),
    /// Step2 or Update, with the outline that the structure lint made of it.
    Update { update: Bytes, outline: Outline },
    /// The session's right changed (a refreshed token, a revoked right).
    Role(Role),
}

/// The room is gone or closed this session: the outbox says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left;

impl Inbox {
    /// Waits while the room is behind (back-pressure on this socket alone).
    pub async fn send(&self, incoming: Incoming) -> Result<(), Left> {
        let _ = incoming;
        Err(Left)
    }
}

/// What goes out to one session, in order.
#[derive(Debug)]
pub struct Outbox {}

/// What the writer does next.
#[derive(Debug)]
pub enum Outgoing {
    /// Send these frames, all in one write.
    Frames(Vec<Bytes>),
    /// Say good-bye and close.
    Close(CloseCode),
}

impl Outbox {
    /// Waits for the next thing to send. Cancel-safe.
    pub async fn next(&mut self) -> Outgoing {
        Outgoing::Close(CloseCode::Gone)
    }
}

/// The changes of one server edit, run inside the room's transaction.
pub type Change = Box<dyn FnOnce(&mut yrs::TransactionMut<'_>) + Send>;

/// A server edit (ROOM E1).
pub struct Edit {
    /// Who is behind it.
    pub author: UserId,
    /// `rest`, `miro`, `janitor` …: for logs and undo managers.
    pub origin: &'static str,
    /// Only the operations; parsing and diffing happen outside.
    pub change: Change,
}

/// Why an edit or a read was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// No such diagram.
    #[error("no such diagram")]
    Gone,
    /// The room is full, reloading or stopping: try again.
    #[error("the room is unavailable")]
    Unavailable,
    /// The store is away.
    #[error("the store is away: {0}")]
    Away(String),
    /// Refused for good: too large, or the change panicked.
    #[error("the edit was refused: {0}")]
    Refused(String),
}

impl Registry {
    /// A registry that keeps its rooms in this log.
    pub fn new(node: NodeId, log: Arc<dyn Log>) -> Arc<Self> {
        let _ = (node, log);
        Arc::new(Self {})
    }
    /// Joins a room, loading it if needed (single flight).
    pub async fn join(
        self: &Arc<Self>,
        diagram: &DiagramId,
        who: Joining,
    ) -> Result<Member, CloseCode> {
        let _ = (diagram, who);
        Err(CloseCode::Gone)
    }
    /// Runs an edit; returns when it is durable.
    pub async fn edit(self: &Arc<Self>, diagram: &DiagramId, edit: Edit) -> Result<Seq, RoomError> {
        let _ = (diagram, edit);
        Err(RoomError::Gone)
    }
    /// Reads the document; returns when everything in the answer is durable.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        diagram: &DiagramId,
        f: impl FnOnce(&yrs::Transaction<'_>) -> T + Send + 'static,
    ) -> Result<T, RoomError> {
        let _ = (diagram, f);
        Err(RoomError::Gone)
    }
    /// Closes all sessions of a room (deleted, revoked) and drops it.
    pub async fn close(&self, diagram: &DiagramId, code: CloseCode) {
        let _ = (diagram, code);
    }
    /// Stops: closes all sessions with 1012, stores everything. Answers whether all was stored.
    pub async fn drain(&self) -> bool {
        true
    }
    /// Unused stub helper.
    pub fn client_id(&self) -> ClientId {
        ClientId(0)
    }
}
