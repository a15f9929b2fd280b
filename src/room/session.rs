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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[schema(as = RoomRole)]
pub enum Role {
    /// Reads and writes.
    Editor,
    /// Reads; its awareness is shown.
    Viewer,
}

impl Role {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Editor => "editor",
            Self::Viewer => "viewer",
        }
    }
}

/// A message of a session, as its reader passes it on.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// Anything but an update.
    Message(Message),
    /// Step2 or Update, with the outline that the structure lint made of it.
    Update {
        /// Whether it answers our Step1 (Step2), and so should fit.
        answer: bool,
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
    /// Why something that it sent was not taken: told at every barrier until an answer of it to our
    /// Step1, which carries everything, was taken (A1).
    pub refused: Option<Refusal>,
    /// A Step1 of ours that it has not answered yet.
    asked: bool,
    gaps: u8,
}

/// What follows from an update that does not fit (C2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Its answer to our Step1 is on the way: nothing to do.
    Asked,
    /// Ask for what is missing, by a Step1.
    Ask,
    /// Asked often enough: it has another history.
    GiveUp,
}

impl Session {
    /// A session that has just joined, and was sent our Step1.
    pub fn new(user: UserId, role: Role) -> Self {
        Self {
            user,
            role,
            synced: false,
            held: VecDeque::new(),
            refused: None,
            asked: true,
            gaps: 0,
        }
    }

    /// It answered our Step1.
    pub fn answered(&mut self) {
        self.asked = false;
    }

    /// It was sent our Step1 once more.
    pub fn ask(&mut self) {
        self.asked = true;
    }

    /// Something fitted, or was there already; an answer to our Step1 makes good what was not taken before.
    pub fn progress(&mut self, answer: bool) {
        self.gaps = 0;
        if answer {
            self.refused = None;
        }
    }

    /// Whether its answer to our Step1 is on the way: what does not fit before is no news.
    pub fn is_asked(&self) -> bool {
        self.asked
    }

    /// Something did not fit, and the log does not help. What an honest client had in flight when a
    /// frame of it was dropped does not count, only answers that fail.
    pub fn gap(&mut self) -> Gap {
        self.refused = Some(Refusal::Gap);
        if self.asked {
            return Gap::Asked;
        }
        self.gaps += 1;
        if self.gaps >= MAX_GAPS {
            return Gap::GiveUp;
        }
        self.asked = true;
        Gap::Ask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session::new("ana".parse().unwrap(), Role::Editor)
    }

    #[test]
    fn c2_three_answers_that_do_not_fit_are_another_history() {
        let mut s = session();
        let mut gaps = Vec::new();
        for _ in 0..3 {
            s.answered();
            gaps.push(s.gap());
        }
        assert_eq!(gaps, [Gap::Ask, Gap::Ask, Gap::GiveUp]);
    }

    #[test]
    fn c2_edits_in_flight_behind_a_dropped_one_are_not_held_against_the_client() {
        let mut s = session();
        s.answered();
        assert_eq!(s.gap(), Gap::Ask);
        for _ in 0..10 {
            assert_eq!(s.gap(), Gap::Asked);
        }
        assert_eq!(s.refused, Some(Refusal::Gap));
        s.answered();
        s.progress(true);
        assert_eq!(s.refused, None);
        assert_eq!(s.gap(), Gap::Ask);
    }

    #[test]
    fn a1_a_refusal_is_not_forgotten_because_later_edits_fit() {
        let mut s = session();
        s.answered();
        s.gap();
        s.progress(false);
        assert_eq!(s.refused, Some(Refusal::Gap));
    }
}
