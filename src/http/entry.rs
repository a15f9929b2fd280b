//! A diagram's entry: saved as JSON, changed, brought back, looked at without its XML.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer::{header_value, tagged};
use super::diagrams::{Summary, checked_title};
use super::extract::{Caller, DiagramPath, Query, Whole, json};
use super::openapi::conditions::{Builds, Unchanged};
use super::openapi::refusals::{
    BaseGone, EditRefused, InvalidBpmn, PreconditionRequired, QuotaExceeded, Stale, VersionConflict,
};
use super::problem::{self, Problem};
use super::save::{Told, Wish, carry_out, checked_message, plan, wants_merge};
use super::version::{self, Base, expected_change, tag_of_entry};
use super::xml::wanted_base;
use crate::bpmn::merge::Conflict;
use crate::diagram::save::Writer;
use crate::diagram::text;
use crate::editors::Making;
use crate::id::{ProjectId, Version};
use crate::limits;
use crate::store::StoreError;
use crate::store::catalog::{Diagram, EntryChange, Kind};

/// A save as JSON; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SaveDiagram, example = json!({ "title": "Order to cash, new", "expectedVersion": 7 }))]
struct SaveBody {
    #[schema(max_length = 512, pattern = r"[^\s\x00-\x1F\x7F-\x9F]")]
    title: Option<String>,
    /// Replaces all of it
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    #[schema(format = "bpmn")]
    bpmn_xml: Option<String>,
    /// What the save is about
    #[schema(max_length = 2000)]
    message: Option<String>,
    /// What the save builds on, instead of `If-Match`
    expected_version: Option<Version>,
}

/// The query of a save.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SaveQuery {
    /// `replace`: the XML becomes the whole diagram, whatever is there
    #[param(pattern = "^(merge|replace)$")]
    mode: Option<String>,
}

/// A diagram after a save.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SavedDiagram)]
struct SavedEntry {
    #[serde(flatten)]
    summary: Summary,
    /// Whether this save changed the diagram's XML.
    changed: bool,
    /// What live edits had changed as well
    conflicts: Vec<Conflict>,
}

/// A change of the entry: a JSON merge patch (RFC 7396) of what may be changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DiagramPatch, example = json!({ "title": "Order to cash", "metadata": { "owner": null } }))]
struct PatchBody {
    #[schema(max_length = 512, pattern = r"[^\s\x00-\x1F\x7F-\x9F]")]
    title: Option<String>,
    /// Laid over what is there; `null` removes
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// `null` takes it out of its project.
    #[serde(default, rename = "projectId", deserialize_with = "given")]
    #[schema(value_type = Option<ProjectId>)]
    project: Option<Option<ProjectId>>,
}

/// A member that is there, be it `null`.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<ProjectId>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Look at a diagram without its XML
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/summary",
    operation_id = "summary",
    tag = "Diagrams",
    responses((status = 200, description = "The summary", body = Summary))
)]
pub async fn summary(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let diagram = api.catalog.diagram(&caller.org, &id).await?;
    let tag = tag_of_entry(diagram.version, diagram.change);
    tagged(&headers, &tag, &Summary::from(diagram))
}

/// Save a diagram as JSON
///
/// Title, metadata and XML in one go; what is absent stays. The XML is merged into the live diagram against the
/// version that `expectedVersion` or `If-Match` names: what others edit elsewhere survives.
#[utoipa::path(
    put,
    path = "/api/diagrams/{id}",
    operation_id = "saveDiagram",
    tag = "Diagrams",
    params(SaveQuery, Builds),
    request_body = SaveBody,
    responses(
        (status = 200, description = "Saved", body = SavedEntry, headers(("ETag" = String))),
        BaseGone, EditRefused, InvalidBpmn, PreconditionRequired, Stale, VersionConflict
    )
)]
pub async fn save(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
    Query(query): Query<SaveQuery>,
    headers: HeaderMap,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    let diagram = api.catalog.diagram(&caller.0.org, &id).await?;
    caller.may_write()?;
    let body: SaveBody = json(&body)?;
    let (base, told) = base(&body, &query, &headers)?;
    let change = EntryChange {
        title: body.title.as_deref().map(checked_title).transpose()?,
        metadata: body.metadata.map(checked_metadata).transpose()?,
        project: None,
    };
    let making = Making {
        message: checked_message(body.message)?,
        ..Making::new(Kind::Save, Some(caller.0.user.clone()))
    };
    let merge = wants_merge(&headers);
    let ops = match body.bpmn_xml {
        Some(xml) => {
            let xml = text::to_bytes(xml);
            let writer = Writer::Faithful;
            let wish = Wish { base, told, merge, exported: None, writer, xml };
            Some(plan(&api, &caller.0, &diagram, wish).await?)
        }
        None => None,
    };
    let work = Arc::clone(&api);
    let save = async move {
        let (who, now) = (caller.0, OffsetDateTime::now_utc());
        // The entry first: sent again after a failure in between, the request still means the same.
        work.catalog.change_entry(&who.org, &id, &who.user, change, None, now).await?;
        let saved = match ops {
            Some(ops) => {
                Some(carry_out(Arc::clone(&work), who.clone(), id.clone(), ops, making).await?)
            }
            None => None,
        };
        let mut diagram = work.catalog.diagram(&who.org, &id).await?;
        let (changed, conflicts) = match saved {
            Some(saved) => {
                diagram.version = saved.version;
                (saved.changed, saved.conflicts)
            }
            None => (false, Vec::new()),
        };
        Ok((diagram, changed, conflicts))
    };
    let (diagram, changed, conflicts) = api.to_the_end(save).await?;
    let tag = tag_of_entry(diagram.version, diagram.change);
    let body = SavedEntry { summary: diagram.into(), changed, conflicts };
    Ok(([(header::ETAG, header_value(&tag))], Json(body)).into_response())
}

/// What the save builds on, and where it says so.
fn base(body: &SaveBody, query: &SaveQuery, headers: &HeaderMap) -> Result<(Base, Told), Problem> {
    let Some(expected) = body.expected_version else {
        let base = wanted_base(query.mode.as_deref(), || version::base(headers))?;
        return Ok((base, Told::Header));
    };
    let base = wanted_base(query.mode.as_deref(), || Ok(Base::Version(expected)))?;
    if headers.contains_key(header::IF_MATCH) && version::base(headers)? != base {
        return Err(Problem::new(problem::Kind::InvalidValue)
            .detail("expectedVersion and If-Match name different versions: send one of them")
            .with("field", "expectedVersion"));
    }
    Ok((base, Told::Body))
}

/// Change title, metadata or project
#[utoipa::path(
    patch,
    path = "/api/diagrams/{id}",
    operation_id = "changeDiagram",
    tag = "Diagrams",
    params(Unchanged),
    request_body = PatchBody,
    responses(
        (status = 200, description = "Changed", body = Summary, headers(("ETag" = String))),
        Stale
    )
)]
pub async fn patch(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
    headers: HeaderMap,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    api.catalog.diagram(&caller.0.org, &id).await?;
    caller.may_write()?;
    let body: PatchBody = json(&body)?;
    let wanted = expected_change(&headers)?;
    let title = body.title.as_deref().map(checked_title).transpose()?;
    let (catalog, who) = (api.catalog.clone(), caller.0);
    let work = async move {
        let mut tries = limits::PATCH_TRIES;
        loop {
            let before = catalog.diagram(&who.org, &id).await?;
            let metadata = body.metadata.as_ref().map(|patch| patched(&before, patch));
            // Metadata is laid over what was read: if somebody else patches meanwhile, it is read again.
            let expected = wanted.or(metadata.is_some().then_some(before.change));
            let change = EntryChange {
                title: title.clone(),
                metadata: metadata.map(checked_metadata).transpose()?,
                project: body.project.clone(),
            };
            let now = OffsetDateTime::now_utc();
            match catalog.change_entry(&who.org, &id, &who.user, change, expected, now).await {
                Err(StoreError::Changed) if wanted.is_none() && tries > 1 => tries -= 1,
                done => return Ok(done?),
            }
        }
    };
    Ok(entry(api.to_the_end(work).await?))
}

/// Bring a deleted diagram back
///
/// With its history and its room, for as long as `store.keep_deleted_for` says.
#[utoipa::path(
    post,
    path = "/api/diagrams/{id}/undelete",
    operation_id = "undeleteDiagram",
    tag = "Diagrams",
    responses(
        (status = 200, description = "It is back", body = Summary, headers(("ETag" = String))),
        QuotaExceeded
    )
)]
pub async fn undelete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
) -> Result<Response, Problem> {
    // A viewer learns nothing about what is deleted.
    caller.may_write()?;
    let (catalog, who) = (api.catalog.clone(), caller.0);
    let work = async move {
        let diagram = catalog.undelete(&who.org, &id, &who.user, OffsetDateTime::now_utc()).await?;
        tracing::info!(room.id = %id, user.id = %who.user, "diagram brought back");
        Ok(diagram)
    };
    Ok(entry(api.to_the_end(work).await?))
}

/// The entry after a change.
fn entry(diagram: Diagram) -> Response {
    let tag = tag_of_entry(diagram.version, diagram.change);
    ([(header::ETAG, header_value(&tag))], Json(Summary::from(diagram))).into_response()
}

/// The metadata with a patch laid over it: null removes (RFC 7396, one level deep).
fn patched(before: &Diagram, patch: &Map<String, Value>) -> Value {
    let mut metadata = before.metadata.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        match value {
            Value::Null => drop(metadata.remove(name)),
            value => drop(metadata.insert(name.clone(), value.clone())),
        }
    }
    Value::Object(metadata)
}

/// Metadata: an object that is not larger than it may be.
///
/// # Errors
/// `InvalidValue`.
pub(super) fn checked_metadata(metadata: Value) -> Result<Value, Problem> {
    let refuse = |why: String| {
        Problem::new(problem::Kind::InvalidValue).detail(why).with("field", "metadata")
    };
    if !metadata.is_object() {
        return Err(refuse("metadata is no JSON object".to_owned()));
    }
    if metadata.to_string().len() > limits::MAX_METADATA_BYTES {
        let most = limits::MAX_METADATA_BYTES;
        return Err(refuse(format!("metadata is longer than {most} bytes of JSON")));
    }
    Ok(metadata)
}
