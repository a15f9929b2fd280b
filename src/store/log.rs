//! The contract of a room's log: what it means to have appended, and what a read returns.
//!
//! Implementations: `sqlite.rs` and `memory.rs` (with faults, for the simulator); both pass the one
//! suite in `tests/it/store_contract.rs`. The trait knows rooms and opaque bytes; it must not know
//! organisations, diagrams' titles or BPMN (ROOM L7).

use async_trait::async_trait;
use bytes::Bytes;

use crate::id::{BatchId, ClientId, DiagramId, NodeId, Seq, UserId};

/// What one room wants appended: becomes one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The room.
    pub room: DiagramId,
    /// The attempt, by which an unknown outcome is looked up (ROOM K3).
    pub batch: BatchId,
    /// Updates in the order in which the room accepted them; never empty.
    pub updates: Vec<Bytes>,
    /// Client ids that these updates bind to a user (ROOM C3), in the same transaction.
    pub bindings: Vec<(ClientId, UserId)>,
}

/// One committed batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place in the room's log.
    pub seq: Seq,
    /// The node that appended it.
    pub node: NodeId,
    /// The attempt that appended it.
    pub batch: BatchId,
    /// Its updates, in order.
    pub updates: Vec<Bytes>,
}

/// A room's state as one update, complete up to `seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Every row up to this one is contained.
    pub seq: Seq,
    /// A Yjs update, encoding v1.
    pub state: Bytes,
}

/// How an append ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// On disk, under this sequence number.
    Committed(Seq),
    /// Certainly not stored.
    Refused(Refusal),
    /// Nobody knows: look the batch up before anything else (ROOM K3).
    Unknown(String),
}

/// Why an append was certainly not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such room, or its diagram was deleted.
    #[error("the room is gone")]
    Gone,
    /// A client id of this batch belongs to somebody else (ROOM C3).
    #[error("client id {} belongs to another user", .0.0)]
    Bound(ClientId),
    /// The store said no, for now or for ever.
    #[error("the store refused: {0}")]
    Store(String),
}

/// What a read returns: one consistent view (ROOM L2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Present when rows right behind `after` were compacted away, or on a first load where one exists.
    pub snapshot: Option<Snapshot>,
    /// Contiguous: from `after + 1`, or from `snapshot.seq + 1`.
    pub rows: Vec<Row>,
    /// All bindings of the room.
    pub bindings: Vec<(ClientId, UserId)>,
}

impl History {
    /// The highest sequence number in it, or `after` where it is empty.
    pub fn head(&self, after: Seq) -> Seq {
        let snapshot = self.snapshot.as_ref().map_or(after, |s| s.seq);
        self.rows.last().map_or(snapshot, |r| r.seq)
    }
}

/// Why a read failed. A room never opens on any of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No such room, or its diagram was deleted.
    #[error("the room is gone")]
    Gone,
    /// A hole, a wrong checksum, a missing blob: for an operator, not for a retry.
    #[error("the log is corrupt: {0}")]
    Corrupt(String),
    /// The store is away: try again.
    #[error("the store is away: {0}")]
    Away(String),
}

/// The durable, per-room gapless log (ROOM L1–L4).
///
/// Contract, for every implementation:
/// - `Committed` means that it survives a kill -9 and a power cut from now on.
/// - Sequence numbers of one room are 1, 2, 3 … in commit order without a hole.
/// - A room exists from the transaction that creates its diagram, which also writes row 1 (ROOM L6).
/// - A batch id is unique within a room: appending a node's newest batch again stores nothing and
///   answers `Committed` with the place that it has. Older ones never come again: a node has one batch
///   in flight per room (ROOM K2).
/// - A binding that exists for the same user is no conflict; a refused batch binds nothing.
/// - A batch without updates is refused.
#[async_trait]
pub trait Log: Send + Sync + std::fmt::Debug + 'static {
    /// Appends each batch to its room, all in one transaction; outcomes in the same order. A batch that
    /// is refused does not touch the others. An implementation carries it out to the end even when this
    /// future is dropped; the caller then doesn't know the outcome.
    async fn append(&self, node: NodeId, batches: Vec<Append>) -> Vec<Outcome>;

    /// Where a batch ended up; `None` when it is certainly not in the log and never will be (ROOM K3):
    /// the look-up waits for, or fences off, whatever an earlier append may still be doing. Every node's
    /// newest batch is known, compacted or not (ROOM K2).
    ///
    /// # Errors
    /// `Away` while nobody can tell.
    async fn find(&self, room: &DiagramId, batch: BatchId) -> Result<Option<Seq>, ReadError>;

    /// Everything behind `after`, in one consistent read (ROOM L2). `after` = 0 loads the room. A log
    /// that ends before `after` is `Corrupt`: it has lost what somebody has seen.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn read(&self, room: &DiagramId, after: Seq) -> Result<History, ReadError>;

    /// Stores the snapshot iff the stored one is older, and drops the rows it covers in the same
    /// transaction (ROOM L4). Answers whether it was stored. One of a row that the log does not have
    /// is `Corrupt`.
    ///
    /// # Errors
    /// See [`ReadError`]. After `Away` it may have been stored all the same: offering it again is harmless.
    async fn snapshot(&self, room: &DiagramId, snapshot: Snapshot) -> Result<bool, ReadError>;

    /// The heads of these rooms, each once, by id; a room that is gone is left out (ROOM L5).
    ///
    /// # Errors
    /// `Away` while nobody can tell.
    async fn heads(&self, rooms: &[DiagramId]) -> Result<Vec<(DiagramId, Seq)>, ReadError>;
}
