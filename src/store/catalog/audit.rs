//! The words for the audit log: who did what to which diagram, project, member or webhook.
//!
//! PURE.

use time::OffsetDateTime;

use crate::id::UserId;

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Created a diagram.
    Created,
    /// Changed its entry: title, metadata or project.
    Changed,
    /// Saved it.
    Saved,
    /// Brought an older version back.
    Restored,
    /// Gave its present state a name.
    Named,
    /// Deleted it.
    Deleted,
    /// Brought it back.
    Undeleted,
    /// Created a project.
    ProjectCreated,
    /// Renamed a project.
    ProjectRenamed,
    /// Removed a project.
    ProjectRemoved,
    /// Added a member, or became one by coming.
    MemberAdded,
    /// Came after having been added.
    MemberJoined,
    /// Gave a member another role.
    MemberRoleChanged,
    /// Removed a member.
    MemberRemoved,
    /// Created the organisation.
    OrgCreated,
    /// Gave the organisation another plan.
    PlanChanged,
    /// Made a webhook.
    WebhookCreated,
    /// Changed one, or switched it on or off.
    WebhookChanged,
    /// Gave one another secret.
    WebhookSecretRotated,
    /// Removed one.
    WebhookRemoved,
    /// Of the server: nothing arrived at one for days, or it wanted no more.
    WebhookSwitchedOff,
}

impl Action {
    const ALL: [Self; 21] = [
        Self::Created,
        Self::Changed,
        Self::Saved,
        Self::Restored,
        Self::Named,
        Self::Deleted,
        Self::Undeleted,
        Self::ProjectCreated,
        Self::ProjectRenamed,
        Self::ProjectRemoved,
        Self::MemberAdded,
        Self::MemberJoined,
        Self::MemberRoleChanged,
        Self::MemberRemoved,
        Self::OrgCreated,
        Self::PlanChanged,
        Self::WebhookCreated,
        Self::WebhookChanged,
        Self::WebhookSecretRotated,
        Self::WebhookRemoved,
        Self::WebhookSwitchedOff,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "diagram.created",
            Self::Changed => "diagram.changed",
            Self::Saved => "diagram.saved",
            Self::Restored => "diagram.restored",
            Self::Named => "version.named",
            Self::Deleted => "diagram.deleted",
            Self::Undeleted => "diagram.undeleted",
            Self::ProjectCreated => "project.created",
            Self::ProjectRenamed => "project.renamed",
            Self::ProjectRemoved => "project.removed",
            Self::MemberAdded => "member.added",
            Self::MemberJoined => "member.joined",
            Self::MemberRoleChanged => "member.role-changed",
            Self::MemberRemoved => "member.removed",
            Self::OrgCreated => "org.created",
            Self::PlanChanged => "org.plan-changed",
            Self::WebhookCreated => "webhook.created",
            Self::WebhookChanged => "webhook.changed",
            Self::WebhookSecretRotated => "webhook.secret-rotated",
            Self::WebhookRemoved => "webhook.removed",
            Self::WebhookSwitchedOff => "webhook.switched-off",
        }
    }

    /// The action of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Its place: later ones are larger.
    pub id: i64,
    /// When.
    pub at: OffsetDateTime,
    /// Who.
    pub user: UserId,
    /// What.
    pub action: Action,
    /// To which diagram, project, member, organisation or webhook.
    pub subject: String,
    /// What else is worth knowing, such as the version: a JSON object.
    pub detail: serde_json::Value,
}

/// What to read of the log.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// What was done to this diagram or project.
    pub subject: Option<String>,
    /// What this user did.
    pub user: Option<UserId>,
    /// Entries per page: 1 to [`crate::limits::MAX_PAGE`].
    pub limit: u32,
    /// Where the last page ended: older entries than this.
    pub before: Option<i64>,
}

/// One page of the log, the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<i64>,
}
