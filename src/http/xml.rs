//! The raw BPMN of a diagram, in and out: the simplest interface for scripts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use super::Api;
use super::current::{self, current};
use super::diagrams::header_value;
use super::extract::{Caller, DiagramPath, Query, Whole};
use super::problem::{self, Problem};
use super::version::{self, Base, is_known, tag};
use crate::auth::Identity;
use crate::bpmn::merge::{self, Applied, Conflict, Op};
use crate::diagram::save;
use crate::id::{DiagramId, Version};
use crate::limits;
use crate::room::registry::Edit;
use crate::store::StoreError;
use crate::store::catalog::{Diagram, Kind, NewRevision};

/// `GET /api/diagrams/{id}/xml`
pub async fn load(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let current = current(&api, &caller, &id).await?;
    let tag = tag(current.version);
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, header_value(&tag))]).into_response());
    }
    let title = api.catalog.diagram(&caller.org, &id).await?.title;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/xml")),
        (header::CONTENT_DISPOSITION, header_value(&disposition(&title))),
        (header::ETAG, header_value(&tag)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    Ok((headers, current.xml).into_response())
}

/// The query of a save.
#[derive(Debug, Deserialize)]
pub struct SaveQuery {
    mode: Option<String>,
    message: Option<String>,
}

/// What became of a save.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    version: Version,
    /// Whether this save changed the diagram.
    changed: bool,
    /// What live edits had changed as well.
    conflicts: Vec<Conflict>,
}

/// `PUT /api/diagrams/{id}/xml`: merged into the live diagram against the version that `If-Match` names, or with
/// `?mode=replace` made the whole of it.
pub async fn save(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
    Query(query): Query<SaveQuery>,
    headers: HeaderMap,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    // Existence first: a viewer of another tenant learns nothing from a 403.
    let diagram = api.catalog.diagram(&caller.0.org, &id).await?;
    caller.may_write()?;
    let base = wanted_base(&query, &headers)?;
    if query.message.as_ref().is_some_and(|message| message.len() > limits::MAX_MESSAGE_BYTES) {
        return Err(Problem::new(problem::Kind::InvalidValue)
            .detail(format!("message is longer than {} bytes", limits::MAX_MESSAGE_BYTES)));
    }
    let base_text = match base {
        Base::Current => None,
        Base::Version(version) => {
            check_fresh(&diagram, version, &headers)?;
            Some(base_text(&api, &caller, &id, version).await?)
        }
    };

    let live = current::records(&api, &id).await?;
    let plan = move || {
        let base = base_text.as_deref().map_or(save::Base::Live, save::Base::Text);
        save::operations(&live, base, &body)
    };
    let ops = api.heavy.run(plan).await??;
    let work = Arc::clone(&api);
    let (version, saved) =
        api.to_the_end(carry_out(work, caller.0, id, ops, query.message)).await?;
    Ok(([(header::ETAG, header_value(&tag(version)))], Json(saved)).into_response())
}

/// The operations in the room, then the state that came of them as a version.
async fn carry_out(
    api: Arc<Api>,
    who: Identity,
    id: DiagramId,
    ops: Vec<Op>,
    message: Option<String>,
) -> Result<(Version, Saved), Problem> {
    let applied = apply(&api, &who, &id, ops).await?;
    let text = current::text(&api, &id).await?;
    let new = NewRevision {
        kind: Kind::Save,
        bytes: text.xml,
        hash: text.hash,
        summary: text.summary,
        author: who.user.clone(),
        message,
        now: OffsetDateTime::now_utc(),
    };
    let version = api.catalog.add_revision(&who.org, &id, new).await?.version();
    let (ops, conflicts) = (applied.ops, applied.conflicts.len());
    let v = version.0;
    tracing::info!(room.id = %id, user.id = %who.user, version = v, ops, conflicts, "diagram saved");
    Ok((version, Saved { version, changed: ops > 0, conflicts: applied.conflicts }))
}

fn wanted_base(query: &SaveQuery, headers: &HeaderMap) -> Result<Base, Problem> {
    match query.mode.as_deref() {
        None | Some("merge") => version::base(headers),
        Some("replace") => Ok(Base::Current),
        Some(_) => Err(Problem::new(problem::Kind::InvalidValue)
            .detail("mode must be merge (with If-Match) or replace")),
    }
}

/// Refuses a base that somebody has saved over on purpose, unless the caller wants that merged too.
fn check_fresh(diagram: &Diagram, base: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let merge = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("merge"));
    let why = if base > diagram.version {
        "If-Match names a version that is not stored yet"
    } else if base < diagram.saved && !merge {
        "somebody saved since that version: load it again, or send Prefer: merge to merge both"
    } else {
        return Ok(());
    };
    Err(Problem::new(problem::Kind::Stale)
        .detail(why)
        .with("currentVersion", diagram.version.0)
        .with("expectedVersion", base.0)
        .header(header::ETAG, &tag(diagram.version)))
}

async fn base_text(
    api: &Api,
    caller: &Caller,
    id: &DiagramId,
    version: Version,
) -> Result<Bytes, Problem> {
    match api.catalog.revision(&caller.0.org, id, version).await {
        Ok(revision) => Ok(revision.bytes),
        Err(StoreError::NotFound) => Err(Problem::new(problem::Kind::BaseGone)
            .detail("load the diagram again, or send ?mode=replace to replace whatever is there")
            .with("expectedVersion", version.0)),
        Err(error) => Err(error.into()),
    }
}

/// Runs the operations in the room; durable when this returns.
async fn apply(
    api: &Api,
    who: &Identity,
    id: &DiagramId,
    ops: Vec<Op>,
) -> Result<Applied, Problem> {
    if ops.is_empty() {
        return Ok(Applied::default());
    }
    let seed =
        getrandom::u64().map_err(|error| Problem::from(problem::Kind::Internal).because(error))?;
    let (report, reported) = oneshot::channel();
    let change = move |txn: &mut yrs::TransactionMut<'_>| {
        let applied = merge::apply(&ops, txn, &mut fastrand::Rng::with_seed(seed));
        // Nobody listens any more when the caller has hung up; the save stands.
        drop(report.send(applied));
    };
    let edit = Edit { author: who.user.clone(), origin: "rest", change: Box::new(change) };
    api.registry.edit(id, edit).await?;
    reported.await.map_err(|error| Problem::from(problem::Kind::Internal).because(error))
}

/// A file name out of a title: plain characters for old clients, the whole title for others (RFC 6266).
fn disposition(title: &str) -> String {
    let plain: String = title
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_. ()".contains(c) { c } else { '_' })
        .take(80)
        .collect();
    let plain = plain.trim_matches(['.', ' ']);
    let plain = if plain.is_empty() { "diagram" } else { plain };
    let mut encoded = String::new();
    for byte in title.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}.bpmn\"; filename*=UTF-8''{encoded}.bpmn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_harmless_file_name() {
        assert_eq!(
            disposition("Über\"../../x"),
            "attachment; filename=\"_ber_.._.._x.bpmn\"; filename*=UTF-8''%C3%9Cber%22..%2F..%2Fx.bpmn"
        );
        assert!(disposition("...").starts_with("attachment; filename=\"diagram.bpmn\""));
    }
}
