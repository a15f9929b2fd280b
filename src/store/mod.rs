//! What is durable: the rooms' log, the catalog of diagrams, and blobs.
//!
//! Must not know rooms' memory, sockets or BPMN.

pub mod blobs;
pub mod catalog;
pub mod log;
pub mod memory;

mod plan;
pub mod row;
pub mod sqlite;

use blobs::BlobError;

/// Why the store could not do what was asked. Nothing was changed, except after `Unknown`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No such diagram or revision in this organisation, or it was deleted: the same answer for all three.
    #[error("not found")]
    NotFound,
    /// The id is taken.
    #[error("the id is taken")]
    Exists,
    /// It is no longer as the caller expected.
    #[error("it was changed meanwhile")]
    Changed,
    /// The organisation has as many diagrams as its plan allows.
    #[error("the plan {} allows {allowed} diagrams", plan.as_str())]
    QuotaExceeded {
        /// Its plan.
        plan: catalog::Plan,
        /// What that allows.
        allowed: u32,
    },
    /// No such project in this organisation.
    #[error("there is no such project")]
    NoProject,
    /// No such event in this organisation, or it is no longer kept.
    #[error("there is no such event")]
    NoEvent,
    /// Nothing is delivered to the webhook.
    #[error("the webhook is switched off")]
    SwitchedOff,
    /// It still holds something.
    #[error("it is not empty")]
    NotEmpty,
    /// There are as many as there may be.
    #[error("an organisation has at most {allowed} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// As many.
        allowed: u32,
    },
    /// The organisation would have no admin any more.
    #[error("the organisation would have no admin any more")]
    LastAdmin,
    /// Not a cursor that a list gave out.
    #[error("the cursor is not one of this list's")]
    BadCursor,
    /// A wrong checksum, a missing blob, a damaged file: for an operator, not for a retry.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// The store is away: try again.
    #[error("the store is away: {0}")]
    Away(String),
    /// The write may have happened or not: read before trying again.
    #[error("nobody knows whether it was stored: {0}")]
    Unknown(String),
}

impl From<BlobError> for StoreError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Io(text) => Self::Away(text),
            corrupt => Self::Corrupt(corrupt.to_string()),
        }
    }
}

/// What an integrity check found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether something is lost or unreadable; else it only takes up space.
    pub severe: bool,
    /// Where and what, in one sentence.
    pub text: String,
}
