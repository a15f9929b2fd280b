//! One connection of one user, as its room sees it.
//!
//! PURE. Rights, what it still waits for, and how often it came with something that does not fit.
//! Knows no dialect's bytes beyond frames that are handed to it, and no socket.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use crate::id::UserId;
use crate::limits::MAX_GAPS;
use crate::protocol::frame::{Message, Refusal};
use crate::protocol::lib0::StateVector;
use crate::protocol::lint::Outline;

/// What a session may do in its room (R2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and writes.
    Editor,
    /// Reads; its awareness is shown.
    Viewer,
}

/// A message of a session, as its reader passes it on.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// Anything but an update.
    Message(Message),
    /// Step2 or Update, with the outline that the structure lint made of it.
    Update {
        /// The received bytes.
        update: Bytes,
        /// What they contain.
        outline: Outline,
    },
    /// The session's right changed (a refreshed token, a revoked right).
    Role(Role),
    /// Its writer fell out of the feed: it has reached this state (G3).
    Behind(Arc<StateVector>),
}

/// Something computed from the document or promised about it, waiting for a commit (G1, A1).
#[derive(Debug)]
pub enum Held {
    /// The answer to a barrier.
    Barrier(Bytes),
    /// A join reply or a catch-up: then the session reads the feed from `from`.
    State {
        /// The frames of the diff, shared with all that join at this state.
        frames: Arc<[Bytes]>,
        /// The feed position that the diff includes.
        from: u64,
        /// The state that the session is known to have after it.
        reached: Arc<StateVector>,
    },
}

/// The session's state in its room.
#[derive(Debug)]
pub struct Session {
    /// Who it is: owns client ids (C3).
    pub user: UserId,
    /// What it may do.
    pub role: Role,
    /// Whether its Step1 was answered (C4).
    pub synced: bool,
    /// What waits for a commit, with the accepted index it waits for; oldest first.
    pub held: VecDeque<(u64, Held)>,
    /// Why its last edits were not taken, until a barrier has told it.
    pub refused: Option<Refusal>,
    gaps: u8,
}

impl Session {
    /// A session that has just joined.
    pub fn new(user: UserId, role: Role) -> Self {
        Self { user, role, synced: false, held: VecDeque::new(), refused: None, gaps: 0 }
    }

    /// Something fitted, or was there already.
    pub fn progress(&mut self) {
        self.gaps = 0;
    }

    /// Something did not fit; answers whether it was once too often (C2).
    pub fn gap(&mut self) -> bool {
        self.refused = Some(Refusal::Gap);
        self.gaps += 1;
        self.gaps >= MAX_GAPS
    }
}
