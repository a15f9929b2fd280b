//! The words for events: what others may be told of.
//!
//! PURE. An event is thin: who did what to which diagram, project or member, never its content.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Action;
use crate::id::{EventId, OrgId, UserId};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// A diagram was created, with its version 1.
    DiagramCreated,
    /// Its title, its metadata, its project or its newest version is another.
    DiagramUpdated,
    /// It was deleted, and can be brought back for a while.
    DiagramDeleted,
    /// It was brought back.
    DiagramUndeleted,
    /// It has gone for good.
    DiagramPurged,
    /// A version can be seen.
    VersionCreated,
    /// A version got a name.
    VersionNamed,
    /// A project was created.
    ProjectCreated,
    /// It has another name.
    ProjectRenamed,
    /// It was removed.
    ProjectRemoved,
    /// A member was added, or came by itself.
    MemberAdded,
    /// One who had been added came.
    MemberJoined,
    /// A member has another role.
    MemberRoleChanged,
    /// A member was removed.
    MemberRemoved,
    /// Nothing: somebody wants to see whether a webhook works.
    Ping,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A diagram, which may belong to a project.
    Diagram,
    /// A project.
    Project,
    /// A member of the organisation.
    Member,
    /// One webhook, which alone is told.
    Webhook,
}

impl EventKind {
    /// All that a webhook may ask for.
    pub const ALL: [Self; 14] = [
        Self::DiagramCreated,
        Self::DiagramUpdated,
        Self::DiagramDeleted,
        Self::DiagramUndeleted,
        Self::DiagramPurged,
        Self::VersionCreated,
        Self::VersionNamed,
        Self::ProjectCreated,
        Self::ProjectRenamed,
        Self::ProjectRemoved,
        Self::MemberAdded,
        Self::MemberJoined,
        Self::MemberRoleChanged,
        Self::MemberRemoved,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DiagramCreated => "diagram.created",
            Self::DiagramUpdated => "diagram.updated",
            Self::DiagramDeleted => "diagram.deleted",
            Self::DiagramUndeleted => "diagram.undeleted",
            Self::DiagramPurged => "diagram.purged",
            Self::VersionCreated => "version.created",
            Self::VersionNamed => "version.named",
            Self::ProjectCreated => "project.created",
            Self::ProjectRenamed => "project.renamed",
            Self::ProjectRemoved => "project.removed",
            Self::MemberAdded => "member.added",
            Self::MemberJoined => "member.joined",
            Self::MemberRoleChanged => "member.role-changed",
            Self::MemberRemoved => "member.removed",
            Self::Ping => "webhook.ping",
        }
    }

    /// The kind of a word, of all there are.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Ping]).find(|kind| kind.as_str() == word)
    }

    /// What it is about.
    pub fn about(self) -> About {
        match self {
            Self::DiagramCreated
            | Self::DiagramUpdated
            | Self::DiagramDeleted
            | Self::DiagramUndeleted
            | Self::DiagramPurged
            | Self::VersionCreated
            | Self::VersionNamed => About::Diagram,
            Self::ProjectCreated | Self::ProjectRenamed | Self::ProjectRemoved => About::Project,
            Self::MemberAdded
            | Self::MemberJoined
            | Self::MemberRoleChanged
            | Self::MemberRemoved => About::Member,
            Self::Ping => About::Webhook,
        }
    }
}

impl Action {
    /// What others are told of it, and what besides the thing itself. What stores a version is told by the
    /// version; what concerns webhooks or the plan is told to nobody.
    pub fn told(self, detail: &Value) -> Option<(EventKind, Value)> {
        let kind = match self {
            Self::Created => EventKind::DiagramCreated,
            Self::Changed => {
                let changed: Vec<&String> =
                    detail.as_object().into_iter().flat_map(|detail| detail.keys()).collect();
                return Some((EventKind::DiagramUpdated, json!({ "changed": changed })));
            }
            Self::Deleted => EventKind::DiagramDeleted,
            Self::Undeleted => EventKind::DiagramUndeleted,
            Self::ProjectCreated => EventKind::ProjectCreated,
            Self::ProjectRenamed => EventKind::ProjectRenamed,
            Self::ProjectRemoved => EventKind::ProjectRemoved,
            Self::MemberAdded => EventKind::MemberAdded,
            Self::MemberJoined => EventKind::MemberJoined,
            Self::MemberRoleChanged => EventKind::MemberRoleChanged,
            Self::MemberRemoved => EventKind::MemberRemoved,
            Self::Saved
            | Self::Restored
            | Self::Named
            | Self::OrgCreated
            | Self::PlanChanged
            | Self::WebhookCreated
            | Self::WebhookChanged
            | Self::WebhookSecretRotated
            | Self::WebhookRemoved
            | Self::WebhookSwitchedOff => return None,
        };
        Some((kind, json!({})))
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place: later ones are larger.
    pub seq: i64,
    /// By which receivers tell it from others, however often it comes.
    pub id: EventId,
    /// Where it happened.
    pub org: OrgId,
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub user: UserId,
    /// When.
    pub at: OffsetDateTime,
    /// The thing and what is to be said of it: a JSON object.
    pub data: Value,
}
