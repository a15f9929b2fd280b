//! The current text of a diagram and the stored version that holds it.
//!
//! A live diagram moves on without versions; a reader who may want to save later gets its text only together
//! with a version that can be the base of that save: if none holds it, a hidden one is stored. At most one per
//! diagram and [`limits::BASE_EVERY`] in the long run; readers who come together share it.

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use dashmap::DashMap;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Api;
use super::problem::Problem;
use super::texts::{Mark, Marked};
use crate::auth::Identity;
use crate::bpmn;
use crate::diagram::Text;
use crate::id::{DiagramId, Version};
use crate::limits;
use crate::store::catalog::{Kind, NewRevision};

/// A text and the version that holds it.
#[derive(Debug, Clone)]
pub struct Current {
    /// The stored version with this content.
    pub version: Version,
    /// As it was uploaded where nothing has changed since (any encoding), else as it was materialised.
    pub xml: Bytes,
    /// As it was materialised, UTF-8.
    pub text: Bytes,
}

/// The current text, from the live room if there is one; stores a hidden version where none holds it.
///
/// # Errors
/// `NotFound`, or the store or the room is away.
pub async fn current(api: &Api, who: &Identity, id: &DiagramId) -> Result<Current, Problem> {
    api.catalog.diagram(&who.org, id).await?;
    match look(api, who, id).await? {
        Look::Stored(current) => Ok(current),
        Look::Ahead(_) => shared(api, who, id).await,
    }
}

/// The records of the live document.
///
/// # Errors
/// As the room fails.
pub async fn records(api: &Api, id: &DiagramId) -> Result<bpmn::Records, Problem> {
    Ok(api.registry.read(id, |txn| bpmn::crdt::read(txn)).await?)
}

/// The live text.
///
/// # Errors
/// As the room fails.
pub async fn text(api: &Api, id: &DiagramId) -> Result<Arc<Text>, Problem> {
    let known = api.texts.get(id);
    let look = move |txn: &yrs::Transaction<'_>| {
        let mark = Mark::of(txn);
        match known {
            Some(known) if known.mark == mark => Ok(known.text),
            _ => Err(Box::new((mark, bpmn::crdt::read(txn)))),
        }
    };
    let (mark, records) = match api.registry.read(id, look).await? {
        Ok(text) => return Ok(text),
        Err(other) => *other,
    };
    let text = Arc::new(api.heavy.run(move || Text::of(&records)).await?);
    api.texts.put(id, Marked { mark, text: Arc::clone(&text) });
    Ok(text)
}

/// How the live text stands to the newest version.
enum Look {
    Stored(Current),
    Ahead(Arc<Text>),
}

async fn look(api: &Api, who: &Identity, id: &DiagramId) -> Result<Look, Problem> {
    let live = text(api, id).await?;
    let (version, hash) = api.catalog.newest_hash(&who.org, id).await?;
    if hash != live.hash {
        return Ok(Look::Ahead(live));
    }
    Ok(Look::Stored(present(api, who, id, version, live.hash, live.xml.clone()).await?))
}

/// The text with the uploaded bytes in its place if it is still theirs (L2).
async fn present(
    api: &Api,
    who: &Identity,
    id: &DiagramId,
    version: Version,
    hash: [u8; 32],
    text: Bytes,
) -> Result<Current, Problem> {
    let known = api.bases.firsts.get(id).map(|hash| *hash);
    let xml = if known.is_some_and(|known| known != hash) {
        text.clone()
    } else {
        let first = api.catalog.revision(&who.org, id, Version(1)).await?;
        api.bases.note_first(id, first.hash);
        if first.hash == hash { first.bytes } else { text.clone() }
    };
    Ok(Current { version, xml, text })
}

/// One reader stores a version, those who came before it began to read share it.
async fn shared(api: &Api, who: &Identity, id: &DiagramId) -> Result<Current, Problem> {
    let arrived = Instant::now();
    let slot = api.bases.slot(id);
    let mut last = slot.last.lock().await;
    if let Some((begun, version)) = *last
        && begun >= arrived
    {
        let revision = api.catalog.revision(&who.org, id, version).await?;
        let (hash, text) = (revision.hash, revision.bytes);
        return present(api, who, id, version, hash, text).await;
    }
    let (begun, live) = loop {
        let begun = Instant::now();
        // Only who has to store one waits for its turn: a stored version costs nothing.
        match look(api, who, id).await? {
            Look::Stored(current) => return Ok(current),
            Look::Ahead(live) => match slot.limiter.check() {
                Ok(()) => break (begun, live),
                Err(not_yet) => {
                    let wait = not_yet.wait_time_from(DefaultClock::default().now());
                    tokio::time::sleep(wait).await;
                }
            },
        }
    };
    let new = NewRevision {
        kind: Kind::Base,
        bytes: live.xml.clone(),
        hash: live.hash,
        summary: live.summary.clone(),
        author: who.user.clone(),
        editors: Vec::new(),
        still_editing: Vec::new(),
        name: None,
        message: None,
        source: None,
        now: OffsetDateTime::now_utc(),
    };
    let version = api.catalog.add_revision(&who.org, id, new).await?.version();
    *last = Some((begun, version));
    present(api, who, id, version, live.hash, live.xml.clone()).await
}

/// What is remembered of the diagrams that were read lately.
#[derive(Debug, Default)]
pub struct Bases {
    slots: DashMap<DiagramId, Arc<Slot>>,
    /// Hash of version 1, which never changes: whether the uploaded bytes can be what is wanted.
    firsts: DashMap<DiagramId, [u8; 32]>,
}

#[derive(Debug)]
struct Slot {
    /// When the read began that the last hidden version came from, and that version.
    last: Mutex<Option<(Instant, Version)>>,
    limiter: DefaultDirectRateLimiter,
}

impl Bases {
    fn note_first(&self, id: &DiagramId, hash: [u8; 32]) {
        if self.firsts.len() >= limits::BASE_SLOTS {
            self.firsts.clear();
        }
        self.firsts.insert(id.clone(), hash);
    }

    fn slot(&self, id: &DiagramId) -> Arc<Slot> {
        if self.slots.len() >= limits::BASE_SLOTS {
            // Whoever is in use stays; the others only forget when they last stored.
            self.slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(&self.slots.entry(id.clone()).or_insert_with(|| {
            let quota = Quota::with_period(limits::BASE_EVERY)
                .unwrap_or(Quota::per_second(NonZeroU32::MIN))
                .allow_burst(limits::BASE_BURST);
            Arc::new(Slot { last: Mutex::new(None), limiter: RateLimiter::direct(quota) })
        }))
    }
}
