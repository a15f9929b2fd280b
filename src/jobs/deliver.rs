//! Deliveries: what happened, told to those who asked for it, until they say that they have it.
//!
//! What is due stands in the store and is taken on for a while: a process that ends in between is told again by
//! the next one (at least once; receivers know an event by its id). Woken by changes and by the next due time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use time::OffsetDateTime;
use tokio::task::{Id, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::config;
use crate::id::{OrgId, WebhookId};
use crate::limits::{
    DELIVERIES_AT_ONCE, DELIVERY_ATTEMPTS, DELIVERY_DRAIN, DELIVERY_LEASE, DELIVERY_LOOK,
    DELIVERY_STORE_RETRY, DISCARDED_ANSWER_BYTES,
};
use crate::outbound::{Outbound, OutboundError, Outgoing};
use crate::seal::{SealError, Sealer};
use crate::store::StoreError;
use crate::store::catalog::{Claiming, Due, Next, Tried};
use crate::store::sqlite::Catalog;
use crate::webhooks::message::body;
use crate::webhooks::pause::pause;
use crate::webhooks::secret::Secret;

/// The headers of the Standard Webhooks specification.
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The job.
#[derive(Debug)]
pub struct Deliveries {
    /// Where events come from, and what became of them goes.
    pub catalog: Catalog,
    /// By which receivers are asked.
    pub outbound: Outbound,
    /// Opens their secrets.
    pub sealer: Arc<Sealer>,
    /// How often, how long.
    pub settings: config::Webhooks,
    /// What links begin with.
    pub public_url: String,
}

/// What is on its way, and to whom.
#[derive(Debug, Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    to: HashMap<Id, (OrgId, WebhookId)>,
}

/// Why a receiver does not have an event.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("its secret can't be opened ({0}): rotate it")]
    Secret(#[from] SealError),
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the answer was {status}")]
    Answer { status: StatusCode, wait: Option<Duration> },
}

impl Deliveries {
    /// Works until `stop`; what is on its way then has a moment to arrive.
    pub async fn run(self, stop: CancellationToken) {
        let job = Arc::new(self);
        let mut wake = job.catalog.deliveries_wake();
        let mut under_way = UnderWay::default();
        while !stop.is_cancelled() {
            let pause = job.take_on(&mut under_way).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "deliveries wait");
                DELIVERY_STORE_RETRY
            });
            tokio::select! {
                () = stop.cancelled() => {}
                _ = wake.changed() => {}
                () = under_way.one_ends() => {}
                () = sleep(pause) => {}
            }
        }
        let all = async { while under_way.tasks.join_next().await.is_some() {} };
        if timeout(DELIVERY_DRAIN, all).await.is_err() {
            tracing::info!("events that had not arrived at the stop are told again");
        }
    }

    /// Begins what is due and has a place; when to look again.
    async fn take_on(self: &Arc<Self>, under_way: &mut UnderWay) -> Result<Duration, StoreError> {
        let lease = self.settings.timeout + DELIVERY_LEASE;
        loop {
            let now = OffsetDateTime::now_utc();
            let (due, next) = self.catalog.deliveries_due(now).await?;
            let most = under_way.free();
            let mut begun = 0;
            if due && most > 0 {
                let claiming = Claiming { most, lease, under_way: under_way.to() };
                for due in self.catalog.claim_deliveries(claiming, now).await? {
                    let to = (due.org.clone(), due.webhook.clone());
                    under_way.begin(to, Arc::clone(self).deliver(due));
                    begun += 1;
                }
            }
            if begun == 0 {
                let until = next.map(|next| Duration::try_from(next - now).unwrap_or_default());
                return Ok(until.unwrap_or(DELIVERY_LOOK).min(DELIVERY_LOOK));
            }
        }
    }

    async fn deliver(self: Arc<Self>, due: Due) {
        let tried = match self.send(&due).await {
            Ok(status) => Tried { status: Some(status.as_u16()), error: None, next: Next::Done },
            Err(failed) => self.after(&due, &failed),
        };
        let (webhook, event) = (&due.webhook, &due.event.id);
        match &tried.error {
            None => tracing::debug!(webhook.id = %webhook, event.id = %event, "delivered"),
            Some(error) => {
                tracing::info!(webhook.id = %webhook, event.id = %event, attempt = due.attempt, error, "not delivered");
            }
        }
        let now = OffsetDateTime::now_utc();
        let noted = self.catalog.note_delivery(&due, tried, self.settings.switch_off_after, now);
        if let Err(error) = noted.await {
            tracing::warn!(webhook.id = %webhook, event.id = %event, %error, "it is told again");
        }
    }

    /// Tells the receiver; the status with which it says that it has it.
    async fn send(&self, due: &Due) -> Result<StatusCode, Failed> {
        let body = body(&due.event, &self.public_url);
        let headers = self.headers(due, &body)?;
        let to = self.outbound.user(&due.url).map_err(OutboundError::from)?;
        let outgoing = Outgoing {
            method: Method::POST,
            headers,
            body: Bytes::from(body),
            timeout: self.settings.timeout,
        };
        let answer = self.outbound.send(&to, outgoing).await?;
        let (status, wait) = (answer.status(), retry_after(answer.headers()));
        // What it says does not matter; read to its end, the connection serves the next event.
        drop(answer.body(DISCARDED_ANSWER_BYTES).await);
        if status.is_success() { Ok(status) } else { Err(Failed::Answer { status, wait }) }
    }

    fn headers(&self, due: &Due, body: &str) -> Result<HeaderMap, Failed> {
        let (id, timestamp) = (&due.event.id, OffsetDateTime::now_utc().unix_timestamp());
        let mut signatures = Vec::new();
        for sealed in [Some(&due.secret), due.old_secret.as_ref()].into_iter().flatten() {
            match Secret::open(&self.sealer, &due.webhook, sealed) {
                Ok(secret) => signatures.push(secret.sign(id.as_str(), timestamp, body.as_bytes())),
                // The one before the rotation may well be of a time with another secret of the server.
                Err(error) if signatures.is_empty() => return Err(error.into()),
                Err(_) => {}
            }
        }
        let fields = [
            (ID, id.to_string()),
            (TIMESTAMP, timestamp.to_string()),
            (SIGNATURE, signatures.join(" ")),
        ];
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in fields {
            // An id, a number and Base64: always a header.
            headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)));
        }
        Ok(headers)
    }

    /// What follows a failure.
    fn after(&self, due: &Due, failed: &Failed) -> Tried {
        let (status, asked) = match failed {
            Failed::Answer { status, wait } => (Some(*status), *wait),
            Failed::Secret(_) | Failed::Outbound(_) => (None, None),
        };
        let pause = pause(self.settings.retry_after, due.attempt, fastrand::f64(), asked);
        let at = OffsetDateTime::now_utc() + pause;
        let next = if status == Some(StatusCode::GONE) {
            Next::Gone
        } else if due.attempt >= DELIVERY_ATTEMPTS || at - due.since > self.settings.give_up_after {
            Next::GiveUp
        } else {
            Next::Retry(at)
        };
        let status = status.map(|status| status.as_u16());
        Tried { status, error: Some(failed.to_string()), next }
    }
}

impl UnderWay {
    fn begin(&mut self, to: (OrgId, WebhookId), work: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(work).id();
        self.to.insert(id, to);
    }

    /// Places for more.
    fn free(&self) -> u32 {
        let taken = u32::try_from(self.to.len()).unwrap_or(u32::MAX);
        DELIVERIES_AT_ONCE.saturating_sub(taken)
    }

    /// To whom something is on its way, once for each delivery.
    fn to(&self) -> Vec<(OrgId, WebhookId)> {
        self.to.values().cloned().collect()
    }

    /// Waits until one has ended; for ever, where nothing is on its way.
    async fn one_ends(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => drop(self.to.remove(&id)),
            Some(Err(error)) => {
                // A panic: its lease ends, and it is told again.
                tracing::error!(%error, "a delivery ended badly");
                self.to.remove(&error.id());
            }
            None => std::future::pending().await,
        }
    }
}

/// The seconds that a receiver asks for; a date is not understood, and our own pause holds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
