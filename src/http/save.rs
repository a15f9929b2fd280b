//! What a save, a restore and a milestone have in common: operations in the room, then the state that came of
//! them as a version.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use serde::Serialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::current::{self, current};
use super::problem::{Kind, Problem};
use super::version::{Base, tag};
use super::{Api, names};
use crate::auth::Identity;
use crate::bpmn::merge::{self, Applied, Conflict, Op};
use crate::bpmn::{Records, materialise};
use crate::diagram::{self, NoDiagram, read, save};
use crate::editors::Making;
use crate::id::{DiagramId, Version};
use crate::limits;
use crate::room::registry::Edit;
use crate::store::StoreError;
use crate::store::catalog::{Added, Diagram, Revision};

/// What became of a save.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Saved {
    /// The version that holds the diagram as it is now.
    pub version: Version,
    /// Whether this save changed the diagram.
    pub changed: bool,
    /// What live edits had changed as well.
    pub conflicts: Vec<Conflict>,
}

/// The operations in the room, then the state that came of them as a version. What changes nothing makes none.
///
/// # Errors
/// As the room or the store fails.
pub async fn carry_out(
    api: Arc<Api>,
    who: Identity,
    id: DiagramId,
    ops: Vec<Op>,
    making: Making,
) -> Result<Saved, Problem> {
    names::note(&api, &who).await;
    let kind = making.kind;
    let applied = apply(&api, &who, &id, ops, kind.as_str()).await?;
    let version = if applied.ops == 0 {
        current(&api, &who, &id).await?.version
    } else {
        keep(&api, &who, &id, making).await?.version()
    };
    let (ops, conflicts) = (applied.ops, applied.conflicts.len());
    let (user, v, how) = (&who.user, version.0, kind.as_str());
    tracing::info!(room.id = %id, user.id = %user, version = v, how, ops, conflicts, "saved");
    Ok(Saved { version, changed: ops > 0, conflicts: applied.conflicts })
}

/// Stores the live text as a version.
///
/// # Errors
/// As the room or the store fails.
pub async fn keep(
    api: &Api,
    who: &Identity,
    id: &DiagramId,
    making: Making,
) -> Result<Added, Problem> {
    let text = current::text(api, id);
    api.editors.store_version(&api.catalog, (&who.org, id), making, text).await
}

/// A save as it came: what to do with which text.
#[derive(Debug)]
pub struct Wish {
    /// What it builds on.
    pub base: Base,
    /// How a stale base is told.
    pub told: Told,
    /// Whether a stale base is merged instead.
    pub merge: bool,
    /// The tool's own export right after loading, for tools that lose what they don't know.
    pub exported: Option<Bytes>,
    /// How the saved text was written.
    pub writer: save::Writer,
    /// The saved text.
    pub xml: Bytes,
}

/// Where a save names its base, and so how a stale one is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// `If-Match`: 412.
    Header,
    /// `expectedVersion`: 409.
    Body,
}

/// The operations that a save means.
///
/// # Errors
/// `Stale` or `VersionConflict` when somebody saved since the base, with what both changed; `BaseGone`; the text
/// can't be read.
pub async fn plan(
    api: &Api,
    who: &Identity,
    diagram: &Diagram,
    wish: Wish,
) -> Result<Vec<Op>, Problem> {
    let Wish { base, told, merge, exported, writer, xml } = wish;
    let version = match base {
        Base::Current => None,
        Base::Version(version) if version > diagram.version => {
            return Err(stale(diagram, version, told)
                .detail("the version that it builds on is not stored yet"));
        }
        Base::Version(version) => Some(version),
    };
    let refused = version.filter(|version| *version < diagram.saved && !merge);
    let base = match version {
        Some(version) => match base_of(api, who, &diagram.id, version).await {
            Err(_) if refused.is_some() => return Err(stale(diagram, version, told)),
            base => Some(base?),
        },
        None => None,
    };
    // What was read and not changed means nothing: it need not even be parsed.
    let compare = refused.is_none() && exported.is_none();
    if compare && base.as_ref().is_some_and(|base| base.bytes == xml) {
        return Ok(Vec::new());
    }
    let hash = match &base {
        _ if !compare => None,
        Some(base) => Some(base.hash),
        None => Some(current::text(api, &diagram.id).await?.hash),
    };
    let Some(saved) = api.heavy.run(move || wished(&xml, hash)).await?? else {
        return Ok(Vec::new());
    };
    let live = current::records(api, &diagram.id).await?;
    let work = move || -> Result<_, NoDiagram> {
        let base = match (&base, &exported) {
            (None, _) => save::Base::Live,
            (Some(base), None) => save::Base::Text(&base.bytes),
            (Some(base), Some(exported)) => save::Base::Exported(&base.bytes, exported),
        };
        let ops = save::operations(&live, base, &saved, writer)?;
        let conflicts = refused.map(|_| save::conflicts(&live, &ops)).unwrap_or_default();
        Ok((ops, conflicts))
    };
    let (ops, conflicts) = api.heavy.run(work).await??;
    match refused {
        None => Ok(ops),
        Some(version) => {
            let conflicts = serde_json::to_value(conflicts).unwrap_or_default();
            Err(stale(diagram, version, told).with("conflicts", conflicts))
        }
    }
}

/// The saved records; `None` when they say what this text said, however they are written: then nothing is to be
/// compared.
fn wished(xml: &[u8], hash: Option<[u8; 32]>) -> Result<Option<Records>, NoDiagram> {
    let records = read(xml)?;
    let unchanged = hash.is_some_and(|hash| diagram::hash(&materialise(&records)) == hash);
    Ok((!unchanged).then_some(records))
}

/// Somebody has saved over the base on purpose.
fn stale(diagram: &Diagram, base: Version, told: Told) -> Problem {
    let kind = match told {
        Told::Header => Kind::Stale,
        Told::Body => Kind::VersionConflict,
    };
    Problem::new(kind)
        .detail(
            "somebody saved since that version: load it again, or send Prefer: merge to merge both",
        )
        .with("currentVersion", diagram.version.0)
        .with("expectedVersion", base.0)
        .header(header::ETAG, &tag(diagram.version))
}

/// Whether the caller prefers a merge to a refusal.
pub fn wants_merge(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("merge"))
}

/// A message that is not longer than it may be.
///
/// # Errors
/// `InvalidValue`.
pub fn checked_message(message: Option<String>) -> Result<Option<String>, Problem> {
    if message.as_ref().is_some_and(|message| message.len() > limits::MAX_MESSAGE_BYTES) {
        return Err(Problem::new(Kind::InvalidValue)
            .detail(format!("message is longer than {} bytes", limits::MAX_MESSAGE_BYTES))
            .with("field", "message"));
    }
    Ok(message)
}

/// The version that a save builds on.
///
/// # Errors
/// `BaseGone`, else as the store fails.
async fn base_of(
    api: &Api,
    who: &Identity,
    id: &DiagramId,
    version: Version,
) -> Result<Revision, Problem> {
    match api.catalog.revision(&who.org, id, version).await {
        Ok(revision) => Ok(revision),
        Err(StoreError::NotFound) => Err(Problem::new(Kind::BaseGone)
            .detail("load the diagram again, or send ?mode=replace to replace whatever is there")
            .with("expectedVersion", version.0)),
        Err(error) => Err(error.into()),
    }
}

/// A stored version with its bytes.
///
/// # Errors
/// `NotFound` that names it, else as the store fails.
pub async fn revision(
    api: &Api,
    who: &Identity,
    id: &DiagramId,
    version: Version,
) -> Result<Revision, Problem> {
    match api.catalog.revision(&who.org, id, version).await {
        Err(StoreError::NotFound) => {
            // Only whoever sees the diagram learns about its versions.
            api.catalog.diagram(&who.org, id).await?;
            Err(no_version(version))
        }
        found => Ok(found?),
    }
}

/// The diagram is there and this version of it is not.
pub fn no_version(version: Version) -> Problem {
    Problem::new(Kind::NotFound).detail(format!("version {} is not kept", version.0))
}

/// Runs the operations in the room; durable when this returns.
async fn apply(
    api: &Api,
    who: &Identity,
    id: &DiagramId,
    ops: Vec<Op>,
    origin: &'static str,
) -> Result<Applied, Problem> {
    if ops.is_empty() {
        return Ok(Applied::default());
    }
    let seed = getrandom::u64().map_err(|error| Problem::from(Kind::Internal).because(error))?;
    let (report, reported) = oneshot::channel();
    let change = move |txn: &mut yrs::TransactionMut<'_>| {
        let applied = merge::apply(&ops, txn, &mut fastrand::Rng::with_seed(seed));
        // Nobody listens any more when the caller has hung up; the save stands.
        drop(report.send(applied));
    };
    let edit = Edit { author: who.user.clone(), origin, change: Box::new(change) };
    api.registry.edit(id, edit).await?;
    reported.await.map_err(|error| Problem::from(Kind::Internal).because(error))
}
