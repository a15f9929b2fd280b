//! From a log's history to what a room needs: the document, what it has, and who owns which client id.
//!
//! PURE, and slow for big rooms: call it off the async workers. Loading never seeds and never judges (L6, C4).

use std::collections::BTreeMap;

use bytes::Bytes;

use super::document::{Awake, Broken, Document};
use crate::id::{ClientId, Seq, UserId};
use crate::protocol::lib0::StateVector;
use crate::protocol::lint::{Have, Malformed, outline_trusted};
use crate::store::log::{History, ReadError};

/// A room's memory, built from its log.
#[derive(Debug)]
pub struct Loaded {
    /// The history it was built from, for the sequence gate.
    pub history: History,
    /// The document; asleep where the log holds nothing but a snapshot.
    pub document: Document,
    /// Clocks, deletions and depths (C1).
    pub have: Have,
    /// The clocks of what is committed: of the log alone.
    pub committed: StateVector,
    /// Who owns which client id (C3).
    pub bindings: BTreeMap<ClientId, UserId>,
    /// The highest row contained.
    pub applied: Seq,
    /// The newest snapshot.
    pub snapshot: Seq,
    /// Bytes of the rows behind it.
    pub bytes_behind: usize,
    /// Bytes of everything.
    pub bytes: usize,
}

/// Why a room could not be loaded. It never opens empty instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The document could not be built.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The log holds what is no update.
    #[error("the log holds what is no update: {0}")]
    Malformed(#[from] Malformed),
    /// A room without even its seed.
    #[error("the log is empty")]
    Empty,
}

impl Loaded {
    /// Builds a room. `writer` is the client id that the server's own edits will use (E2); `uncommitted`
    /// is what this node has accepted and must keep over a reload (U1).
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn build(
        history: History,
        writer: ClientId,
        uncommitted: &[Bytes],
    ) -> Result<Self, LoadError> {
        let state = history.snapshot.as_ref().map(|s| &s.state);
        let rows = history.rows.iter().flat_map(|row| &row.updates);
        let mut updates: Vec<&Bytes> = state.into_iter().chain(rows).collect();
        let mut have = Have::default();
        for update in &updates {
            have.absorb(&outline_trusted(update)?);
        }
        let committed = have.state_vector();
        for update in uncommitted {
            have.absorb(&outline_trusted(update)?);
            updates.push(update);
        }
        let document = match updates.as_slice() {
            [] => return Err(LoadError::Empty),
            [only] if state.is_some() => Document::Asleep((*only).clone()),
            all => {
                let (document, deleted) = Awake::build(writer, all.iter().copied())?;
                have.absorb_deleted(&deleted);
                Document::Awake(document)
            }
        };
        let snapshot = history.snapshot.as_ref().map_or(Seq(0), |s| s.seq);
        let bytes_behind = history.rows.iter().flat_map(|row| &row.updates).map(Bytes::len).sum();
        Ok(Self {
            bytes: updates.iter().map(|u| u.len()).sum(),
            applied: history.head(Seq(0)),
            bindings: history.bindings.iter().cloned().collect(),
            history,
            document,
            have,
            committed,
            snapshot,
            bytes_behind,
        })
    }
}
