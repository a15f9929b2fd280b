//! The room's vocabulary: every input, every effect.
//!
//! PURE. Closed enums, matched without `_`, so that a new one is noticed everywhere.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::id::{ClientId, Seq, SessionId, UserId};
use crate::protocol::close::CloseCode;
use crate::protocol::lib0::StateVector;
use crate::room::document::{Awake, Broken};
use crate::room::feed::Entry;
use crate::room::load::{LoadError, Loaded};
use crate::room::replica::Stored;
use crate::room::session::{Incoming, Role};
use crate::store::log::{History, ReadError, Refusal, Row, Snapshot};

/// One edit or read that somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// The operations of one server edit, run inside the room's transaction.
pub type Change = Box<dyn FnOnce(&mut yrs::TransactionMut<'_>) + Send>;

/// A look at the document; it keeps what it saw for whoever asked.
pub type Look = Box<dyn FnOnce(&yrs::Transaction<'_>) + Send>;

/// A server edit (E1).
pub struct Edit {
    /// Who is behind it.
    pub author: UserId,
    /// `rest`, `miro`, `janitor` …: for logs.
    pub origin: &'static str,
    /// Only the operations; parsing and diffing happen outside.
    pub change: Change,
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit").field("author", &self.author).field("origin", &self.origin).finish()
    }
}

/// Why an edit or a read was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// No such diagram.
    #[error("no such diagram")]
    Gone,
    /// The room is being reloaded, is full or is stopping: try again.
    #[error("the room is unavailable")]
    Unavailable,
    /// The store is away: try again later.
    #[error("the store is away: {0}")]
    Away(String),
    /// The diagram has reached its size limit.
    #[error("the diagram has reached its size limit")]
    TooLarge,
    /// The change or the look itself failed; nothing was changed.
    #[error("the edit failed: {0}")]
    Failed(String),
}

/// What comes through the mailbox, in order.
pub enum Input {
    /// A session comes.
    Join {
        /// Its id, unique in this node.
        session: SessionId,
        /// Its user.
        user: UserId,
        /// What it may do.
        role: Role,
    },
    /// A session's socket has ended.
    Leave {
        /// Which.
        session: SessionId,
    },
    /// A session says something.
    From {
        /// Which.
        session: SessionId,
        /// What.
        incoming: Incoming,
    },
    /// A server edit.
    Edit {
        /// For the answer.
        request: RequestId,
        /// What to do.
        edit: Edit,
    },
    /// A gated look at the document.
    Read {
        /// For the answer.
        request: RequestId,
        /// What looks.
        look: Look,
    },
    /// Everybody out, with this code; then the room goes.
    Close(CloseCode),
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Join { .. } => "Join",
            Self::Leave { .. } => "Leave",
            Self::From { .. } => "From",
            Self::Edit { .. } => "Edit",
            Self::Read { .. } => "Read",
            Self::Close(_) => "Close",
        })
    }
}

/// What comes around the mailbox (K1): results and hints, handled even while the mailbox waits.
#[derive(Debug)]
pub enum Control {
    /// The committer stored rows of ours.
    Stored(Stored),
    /// The committer can't store a row of ours (K3).
    Failed(Refusal),
    /// Another node says how far the log is (L5).
    Hint {
        /// The log's head, as it says.
        head: Seq,
        /// The newest row, if it fitted into the hint.
        row: Option<Row>,
    },
    /// The answer to [`Effect::ReadLog`].
    History(Result<History, ReadError>),
    /// The answer to [`Effect::Wake`].
    Woken(Result<Awake, Broken>),
    /// The answer to [`Effect::Reload`].
    Reloaded(Result<Box<Loaded>, LoadError>),
    /// The answer to [`Effect::Snapshot`].
    Snapshotted {
        /// Which.
        seq: Seq,
        /// Whether the store has it, or a newer one.
        stored: bool,
    },
    /// The registry did not let the room go: somebody came.
    Stay,
}

/// An update that broke the document, with what an operator needs to replay it.
#[derive(Debug, Clone)]
pub struct Quarantined {
    /// Who sent it; `None` for a server edit or a row of the log.
    pub user: Option<UserId>,
    /// The bytes; empty for a server edit that never became an update.
    pub update: Bytes,
    /// The row after which it was applied.
    pub applied: Seq,
    /// What yrs said.
    pub why: String,
}

/// What the room wants done, in this order.
#[derive(Debug)]
pub enum Effect {
    /// Send these to one session, behind what the feed has so far.
    Direct {
        /// Which.
        session: SessionId,
        /// One message each.
        frames: Arc<[Bytes]>,
    },
    /// The session reads the feed from here on.
    Attach {
        /// Which.
        session: SessionId,
        /// The position of its first entry.
        from: u64,
        /// The state that it has then.
        reached: Arc<StateVector>,
    },
    /// Append to the feed.
    Feed(Entry),
    /// Close a session; the room has forgotten it.
    Close {
        /// Which.
        session: SessionId,
        /// Why.
        code: CloseCode,
    },
    /// Answer an edit or a read.
    Answer {
        /// Which.
        request: RequestId,
        /// The sequence number up to which everything is durable.
        result: Result<Seq, RoomError>,
    },
    /// Hand an accepted update to the committer.
    Accepted {
        /// Its index in this room, from 1 without a gap.
        index: u64,
        /// What to log.
        update: Bytes,
        /// Who is behind it.
        user: UserId,
        /// Client ids that it binds (C3).
        bindings: Vec<(ClientId, UserId)>,
    },
    /// Tell the other nodes how far the log is (L5).
    Publish {
        /// A row of ours.
        head: Seq,
        /// What exactly this row holds, where that is known: a receiver takes it as the row itself.
        row: Option<Vec<Bytes>>,
    },
    /// Read the log behind this row; answer with [`Control::History`].
    ReadLog {
        /// Where to begin.
        after: Seq,
    },
    /// Decode this state off the async workers; answer with [`Control::Woken`].
    Wake {
        /// The encoded document.
        state: Bytes,
    },
    /// Load the room anew, keeping these accepted updates; answer with [`Control::Reloaded`].
    Reload {
        /// What is accepted and not known to be committed.
        uncommitted: Vec<Bytes>,
    },
    /// Keep this for the operator.
    Quarantine(Quarantined),
    /// Store this snapshot; answer with [`Control::Snapshotted`].
    Snapshot(Snapshot),
    /// Let the room go, or answer with [`Control::Stay`].
    Retire,
    /// The room is over, whoever holds on to it; nothing of it may be used any more.
    End {
        /// What those who still wait are told.
        code: CloseCode,
    },
}
