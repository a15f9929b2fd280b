//! The domain's words for what tenants see: diagrams, revisions, pages of a list.
//!
//! PURE types; the verbs are in `sqlite/catalog.rs`, `sqlite/revisions.rs` and `sqlite/versions.rs`. Every
//! verb takes the organisation first: another tenant's diagram answers like one that does not exist.

mod answer;
mod audit;
mod event;
mod list;
mod member;
mod tenant;
mod thumbnail;
mod versions;
mod webhook;

use bytes::Bytes;
use time::OffsetDateTime;

use super::StoreError;
use crate::id::{BatchId, DiagramId, NodeId, ProjectId, UserId, Version};
pub use answer::{Answer, AnswerKey, Claim};
pub use audit::{Action, AuditEntry, AuditPage, AuditQuery};
pub use event::{About, Event, EventKind};
pub use list::{By, Page, Query, Sort};
pub(super) use list::{Cursor, Key};
pub use member::{
    BadEmail, Email, Member, MemberId, MemberPage, MemberQuery, NewMember, Newcomer, OrgRole,
    is_domain,
};
pub use tenant::{Org, Plan, Plans, Project};
pub use thumbnail::Thumbnail;
pub use versions::{Added, Keep, Kind, NewRevision, Revision, VersionEntry, Versions};
pub use webhook::{
    Claiming, Delivery, DeliveryPage, DeliveryQuery, DeliveryState, Due, NewWebhook, Next, Off,
    Replayed, Since, Tried, Webhook, WebhookChange,
};

/// A diagram as the catalog knows it: never its XML.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagram {
    /// Its id, and its room's.
    pub id: DiagramId,
    /// What people call it.
    pub title: String,
    /// Who created it.
    pub created_by: UserId,
    /// When it was created (whole milliseconds, UTC).
    pub created_at: OffsetDateTime,
    /// When its catalog entry or its newest revision last changed.
    pub updated_at: OffsetDateTime,
    /// Its newest stored revision.
    pub version: Version,
    /// The newest revision that somebody stored on purpose (an upload or a save).
    pub saved: Version,
    /// Grows with every change of this entry: fit for an entity tag.
    pub change: u64,
    /// What the newest revision contains, as JSON (counts, participants).
    pub summary: serde_json::Value,
    /// What its users keep with it: a JSON object.
    pub metadata: serde_json::Value,
    /// What it belongs to.
    pub project: Option<ProjectId>,
    /// When it was deleted, for those that can still be brought back.
    pub deleted_at: Option<OffsetDateTime>,
}

/// What to change of a diagram's entry; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EntryChange {
    /// What people call it.
    pub title: Option<String>,
    /// See [`Diagram::metadata`]; replaces all of it.
    pub metadata: Option<serde_json::Value>,
    /// The project that it is put into, or out of all.
    pub project: Option<Option<ProjectId>>,
}

/// What creates a diagram, its first revision, its room and its room's first row: all or nothing (ROOM L6).
#[derive(Debug, Clone)]
pub struct NewDiagram {
    /// Random, and so unique over all organisations.
    pub id: DiagramId,
    /// Who creates it.
    pub user: UserId,
    /// What people call it.
    pub title: String,
    /// The uploaded bytes as they came, in whatever encoding.
    pub bytes: Bytes,
    /// SHA-256 of the materialised text.
    pub hash: [u8; 32],
    /// See [`Diagram::summary`].
    pub summary: serde_json::Value,
    /// See [`Diagram::metadata`].
    pub metadata: serde_json::Value,
    /// See [`Diagram::project`].
    pub project: Option<ProjectId>,
    /// The Yjs update that makes the document out of nothing: row 1 of the log.
    pub seed: Bytes,
    /// The node that writes row 1.
    pub node: NodeId,
    /// Row 1's batch id.
    pub batch: BatchId,
    /// The time.
    pub now: OffsetDateTime,
}

/// Milliseconds since 1970, as stored.
pub(super) fn to_ms(time: OffsetDateTime) -> i64 {
    time.unix_timestamp() * 1000 + i64::from(time.millisecond())
}

/// A stored time.
pub(super) fn from_ms(ms: i64) -> Result<OffsetDateTime, StoreError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .map_err(|e| StoreError::Corrupt(format!("{ms}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_milliseconds() {
        for ms in [0, 999, 1_790_000_000_123, 253_402_300_799_999] {
            assert_eq!(to_ms(from_ms(ms).unwrap()), ms);
        }
        assert!(from_ms(i64::MAX).is_err());
    }
}
