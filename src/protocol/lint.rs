//! Contract stub of the linter: structure (bytes only) and context (against `Have`).
use bytes::Bytes;

use super::lib0::StateVector;
use crate::id::ClientId;

/// Why an update is malformed (ROOM S1): close 4400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// What an update contains, found by one total walk over its bytes (ROOM S1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {}

/// Walks an update of a client.
pub fn outline(update: &Bytes) -> Result<Outline, Malformed> {
    let _ = update;
    Err(Malformed("stub"))
}

/// Walks an update that this server or its log made: server ids are fine.
pub fn outline_trusted(update: &Bytes) -> Result<Outline, Malformed> {
    let _ = update;
    Err(Malformed("stub"))
}

/// What a room has: clocks, delete ranges and the depth of types, including what is accepted and not yet committed.
#[derive(Debug, Clone, Default)]
pub struct Have {}

/// How an update stands to what the room has (ROOM C1, C2, C5).
#[derive(Debug)]
pub enum Verdict {
    /// Everything is there already: nothing is logged or fed.
    Covered,
    /// It fits; this is what adds something.
    Fits(Fit),
    /// Something it builds on is missing.
    Gap,
    /// No honest client sends this.
    Refused(Malformed),
}

/// The part of an update that adds something.
#[derive(Debug)]
pub struct Fit {
    /// The received bytes, or the trimmed and re-framed update (ROOM C6).
    pub update: Bytes,
    /// Its outline.
    pub outline: Outline,
    /// Client ids that get new structs by it.
    pub writers: Vec<ClientId>,
}

impl Have {
    /// Judges an update against this state, without changing it.
    pub fn judge(&self, update: &Bytes, outline: &Outline) -> Verdict {
        let _ = (update, outline);
        Verdict::Covered
    }
    /// Takes an update in: accepted by `judge`, a row of the log, or the server's own edit.
    pub fn absorb(&mut self, outline: &Outline) {
        let _ = outline;
    }
    /// The clocks.
    pub fn state_vector(&self) -> StateVector {
        StateVector::default()
    }
    /// The clock of one client, 0 where unknown.
    pub fn clock(&self, client: ClientId) -> u32 {
        let _ = client;
        0
    }
}
