//! The words for answers that are kept under idempotency keys.
//!
//! PURE.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::id::{OrgId, UserId};

/// A key as its user chose it. Another user's same key is another key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnswerKey {
    /// The tenant.
    pub org: OrgId,
    /// Whose it is.
    pub user: UserId,
    /// The text of the header.
    pub key: String,
}

/// An answer to give again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The headers that belong to its content.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Bytes,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: the request is to be carried out.
    New,
    /// The same request is being carried out.
    InProgress,
    /// The same request was answered.
    Answered(Answer),
    /// The key was used for another request.
    OtherRequest,
}
