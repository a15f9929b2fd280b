//! The words for webhooks: who is told of events, and how each telling went.
//!
//! PURE. Secrets are sealed before they come here.

use std::time::Duration;

use time::OffsetDateTime;

use super::{Event, EventKind};
use crate::id::{DiagramId, EventId, OrgId, ProjectId, UserId, WebhookId};

/// Why nothing is delivered to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Off {
    /// An admin switched it off.
    SwitchedOff,
    /// Nothing has arrived there for days.
    Failing,
    /// The other side said that it wants no more (410).
    Gone,
    /// Too much waits for it ([`crate::limits::WAITING_PER_WEBHOOK`]).
    Overflowing,
}

impl Off {
    const ALL: [Self; 4] = [Self::SwitchedOff, Self::Failing, Self::Gone, Self::Overflowing];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SwitchedOff => "switched-off",
            Self::Failing => "failing",
            Self::Gone => "gone",
            Self::Overflowing => "overflowing",
        }
    }

    /// The reason of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|off| off.as_str() == word)
    }
}

/// An address that is told of events.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where events go.
    pub url: String,
    /// What people say about it.
    pub description: String,
    /// What it wants; nothing: everything.
    pub kinds: Vec<EventKind>,
    /// Only of this diagram.
    pub diagram: Option<DiagramId>,
    /// Only of this project and its diagrams.
    pub project: Option<ProjectId>,
    /// Until when the secret before the last rotation signs too.
    pub old_until: Option<OffsetDateTime>,
    /// Why nothing is delivered, if nothing is.
    pub off: Option<Off>,
    /// Since when nothing has arrived there.
    pub failing_since: Option<OffsetDateTime>,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
    /// Grows with every change.
    pub change: u64,
}

/// A webhook to make.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Random.
    pub id: WebhookId,
    /// See [`Webhook`], as the others.
    pub url: String,
    /// What people say about it.
    pub description: String,
    /// What it wants.
    pub kinds: Vec<EventKind>,
    /// Only of this diagram.
    pub diagram: Option<DiagramId>,
    /// Only of this project.
    pub project: Option<ProjectId>,
    /// Its sealed secret.
    pub secret: Vec<u8>,
    /// Webhooks that an organisation may have.
    pub allowed: u32,
}

/// What to change of a webhook; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WebhookChange {
    /// Where events go.
    pub url: Option<String>,
    /// What people say about it.
    pub description: Option<String>,
    /// What it wants.
    pub kinds: Option<Vec<EventKind>>,
    /// Whether anything is delivered. Switching on forgets why it was off.
    pub enabled: Option<bool>,
}

/// What became of telling one webhook of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// To be tried, for the first time or again.
    Pending,
    /// The other side said that it has it.
    Delivered,
    /// Given up; an admin may have it delivered again.
    Dead,
}

impl DeliveryState {
    const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Dead];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// One event on its way to one webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The event.
    pub event: Event,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried since it was asked for.
    pub attempts: u32,
    /// The next try, for a pending one that is the first in its line.
    pub due_at: Option<OffsetDateTime>,
    /// The last try.
    pub tried_at: Option<OffsetDateTime>,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// What was wrong with the last try.
    pub error: Option<String>,
}

/// What to read of a webhook's deliveries.
#[derive(Debug, Clone, Default)]
pub struct DeliveryQuery {
    /// Only those of this state.
    pub state: Option<DeliveryState>,
    /// Deliveries per page: 1 to [`crate::limits::MAX_PAGE`].
    pub limit: u32,
    /// Where the last page ended: older events than this.
    pub before: Option<i64>,
}

/// One page of deliveries, the newest event first.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<i64>,
}

/// From where events are delivered once more.
#[derive(Debug, Clone, PartialEq)]
pub enum Since {
    /// From this time.
    Time(OffsetDateTime),
    /// Behind this event.
    Event(EventId),
}

/// What is delivered once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// So many events.
    pub events: u32,
    /// The last of them, where there are more behind it.
    pub next: Option<EventId>,
}

/// A delivery that this process has taken on.
#[derive(Debug, Clone)]
pub struct Due {
    /// Of which organisation.
    pub org: OrgId,
    /// To which webhook.
    pub webhook: WebhookId,
    /// What to tell.
    pub event: Event,
    /// Its address.
    pub url: String,
    /// Its sealed secret.
    pub secret: Vec<u8>,
    /// The sealed secret before, for as long as it signs too.
    pub old_secret: Option<Vec<u8>>,
    /// This try, the first is 1: tells this claim from a later one.
    pub attempt: u32,
    /// When the delivery was asked for.
    pub since: OffsetDateTime,
}

/// How one try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What was wrong; nothing: it is delivered.
    pub error: Option<String>,
    /// What follows a failure.
    pub next: Next,
}

/// What follows a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is delivered.
    Done,
    /// Another try, then.
    Retry(OffsetDateTime),
    /// Nothing: it is given up.
    GiveUp,
    /// Nothing: the webhook wants no more, and is switched off.
    Gone,
}

/// What a worker can take on.
#[derive(Debug, Clone)]
pub struct Claiming {
    /// As many at most.
    pub most: u32,
    /// Time after which one that was taken on counts as lost.
    pub lease: Duration,
    /// To whom something is on its way already, once for each delivery.
    pub under_way: Vec<(OrgId, WebhookId)>,
}
