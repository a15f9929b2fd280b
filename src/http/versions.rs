//! The history of a diagram: list, look at, name and restore versions.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer::{ASK_AGAIN, hashed, header_value, unchanged};
use super::current;
use super::diagrams::page_size;
use super::extract::{Caller, DiagramPath, Query, VersionPath, Whole, json};
use super::openapi::refusals::{EditRefused, InvalidBpmn, InvalidValue};
use super::problem::{self, Problem};
use super::save::{Saved, carry_out, checked_message, keep, no_version, revision};
use super::version::tag;
use super::xml::disposition;
use crate::auth::Identity;
use crate::diagram::{read, save, shown_title};
use crate::editors::Making;
use crate::id::{DiagramId, UserId, Version};
use crate::limits;
use crate::store::StoreError;
use crate::store::catalog::{Kind, VersionEntry};

/// A version without its XML.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Version)]
struct Entry {
    version: Version,
    /// What made it: `uploaded`, `saved`, `restored`, `named`, `automatic`, or `hidden` (a reader needed it)
    #[schema(pattern = "^(uploaded|saved|restored|named|automatic|hidden)$")]
    kind: &'static str,
    /// As somebody named it; it is then kept for ever
    name: Option<String>,
    /// What its maker said about it
    message: Option<String>,
    /// Who edited since the version before; whoever saved, named or restored it comes first.
    authors: Vec<Author>,
    restored_from: Option<Version>,
    /// Elements by type.
    #[schema(value_type = std::collections::BTreeMap<String, u32>)]
    counts: serde_json::Value,
    /// The size of its XML
    bytes: u64,
    #[serde(with = "rfc3339")]
    created_at: OffsetDateTime,
    xml_url: String,
}

/// Who edited.
#[derive(Debug, Serialize, ToSchema)]
struct Author {
    id: UserId,
    /// As others saw it at its cursor last.
    name: Option<String>,
}

/// A page of a history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VersionList)]
struct List {
    versions: Vec<Entry>,
    /// Where the next page begins; none after the last one
    next_cursor: Option<String>,
}

/// The query of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many at most; 50 unless told
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before
    #[param(pattern = "^[0-9]{1,9}$")]
    cursor: Option<String>,
}

/// A name for the present state.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewVersion, example = json!({ "name": "As agreed with finance" }))]
struct NewBody {
    #[schema(max_length = 200, pattern = r"[^\s\x00-\x1F\x7F-\x9F]")]
    name: String,
    #[schema(max_length = 2000)]
    message: Option<String>,
}

/// What a restore is about.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Restore, example = json!({ "message": "Back to what was agreed" }))]
struct RestoreBody {
    #[schema(max_length = 2000)]
    message: Option<String>,
}

impl Entry {
    fn new(id: &DiagramId, entry: VersionEntry, names: &HashMap<String, String>) -> Self {
        let counts = entry.summary.get("counts").cloned().unwrap_or_else(|| serde_json::json!({}));
        Self {
            xml_url: format!("/api/diagrams/{id}/versions/{}/xml", entry.version.0),
            version: entry.version,
            kind: entry.kind.shown(),
            name: entry.name,
            message: entry.message,
            authors: entry
                .authors
                .into_iter()
                .map(|id| Author { name: names.get(id.as_str()).cloned(), id })
                .collect(),
            restored_from: entry.source,
            counts,
            bytes: entry.size,
            created_at: entry.created_at,
        }
    }
}

/// Entries with the names of their authors.
async fn entries(
    api: &Api,
    who: &Identity,
    id: &DiagramId,
    entries: Vec<VersionEntry>,
) -> Result<Vec<Entry>, Problem> {
    let users = entries.iter().flat_map(|entry| entry.authors.iter().cloned()).collect();
    let names = api.catalog.names(&who.org, users).await?;
    Ok(entries.into_iter().map(|entry| Entry::new(id, entry, &names)).collect())
}

/// One entry with the names of its authors.
async fn entry(
    api: &Api,
    who: &Identity,
    id: &DiagramId,
    entry: VersionEntry,
) -> Result<Entry, Problem> {
    let names = api.catalog.names(&who.org, entry.authors.clone()).await?;
    Ok(Entry::new(id, entry, &names))
}

/// List versions
///
/// The newest first. Numbers may have gaps: hidden versions count as well.
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/versions",
    operation_id = "listVersions",
    tag = "Versions",
    params(ListQuery),
    responses(
        (status = 200, description = "A page of the history", body = List),
        InvalidValue
    )
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = page_size(query.limit)?;
    let below = query.cursor.as_deref().map(str::parse).transpose();
    let below = below.map_err(|_| Problem::from(StoreError::BadCursor))?.map(Version);
    let page = api.catalog.versions(&caller.org, &id, below, limit).await?;
    let list = List {
        versions: entries(&api, &caller, &id, page.entries).await?,
        next_cursor: page.next.map(|version| version.0.to_string()),
    };
    hashed(&headers, &list)
}

/// Look at a version without its XML
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/versions/{version}",
    operation_id = "showVersion",
    tag = "Versions",
    responses((status = 200, description = "The version", body = Entry))
)]
pub async fn show(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    VersionPath(version): VersionPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    api.catalog.diagram(&caller.org, &id).await?;
    let found = match api.catalog.version(&caller.org, &id, version).await {
        Err(StoreError::NotFound) => return Err(no_version(version)),
        found => found?,
    };
    hashed(&headers, &entry(&api, &caller, &id, found).await?)
}

/// Load the BPMN file of a version
///
/// Under the tag that a save can build on.
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/versions/{version}/xml",
    operation_id = "loadVersionXml",
    tag = "Versions",
    responses(
        (status = 200, description = "BPMN 2.0 XML", body = String, content_type = "application/xml",
            headers(("Content-Disposition" = String)))
    )
)]
pub async fn xml(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    VersionPath(version): VersionPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let title = api.catalog.diagram(&caller.org, &id).await?.title;
    let stored = revision(&api, &caller, &id, version).await?;
    let tag = tag(version);
    if let Some(response) = unchanged(&headers, &tag) {
        return Ok(response);
    }
    let file = format!("{title} v{}", version.0);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/xml")),
        (header::CONTENT_DISPOSITION, header_value(&disposition(&file))),
        (header::ETAG, header_value(&tag)),
        (header::CACHE_CONTROL, ASK_AGAIN),
    ];
    Ok((headers, stored.bytes).into_response())
}

/// Name the present state
///
/// It is then kept for ever.
#[utoipa::path(
    post,
    path = "/api/diagrams/{id}/versions",
    operation_id = "nameVersion",
    tag = "Versions",
    request_body = NewBody,
    responses(
        (status = 201, description = "Named", body = Entry,
            headers(("Location" = String), ("ETag" = String)))
    )
)]
pub async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    // Existence first: a viewer of another tenant learns nothing from a 403.
    api.catalog.diagram(&caller.0.org, &id).await?;
    caller.may_write()?;
    let body: NewBody = json(&body)?;
    let making = Making {
        name: Some(checked_name(&body.name)?),
        message: checked_message(body.message)?,
        ..Making::new(Kind::Milestone, Some(caller.0.user.clone()))
    };
    let (work, who, diagram) = (Arc::clone(&api), caller.0.clone(), id.clone());
    let keep = async move { keep(&work, &who, &diagram, making).await };
    let version = api.to_the_end(keep).await?.version();
    let made = api.catalog.version(&caller.0.org, &id, version).await?;
    let body = entry(&api, &caller.0, &id, made).await?;
    let v = version.0;
    tracing::info!(room.id = %id, user.id = %caller.0.user, version = v, "version named");
    let location = format!("/api/diagrams/{id}/versions/{v}");
    let headers =
        [(header::LOCATION, header_value(&location)), (header::ETAG, header_value(&tag(version)))];
    Ok((StatusCode::CREATED, headers, Json(body)).into_response())
}

/// Bring a version back
///
/// By one edit that live clients see and may undo; what is there now is kept as a version before.
#[utoipa::path(
    post,
    path = "/api/diagrams/{id}/versions/{version}/restore",
    operation_id = "restoreVersion",
    tag = "Versions",
    request_body = Option<RestoreBody>,
    responses(
        (status = 200, description = "Restored", body = Saved, headers(("ETag" = String))),
        EditRefused, InvalidBpmn
    )
)]
pub async fn restore(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
    VersionPath(version): VersionPath,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    api.catalog.diagram(&caller.0.org, &id).await?;
    caller.may_write()?;
    let body: Option<RestoreBody> = if body.is_empty() { None } else { json(&body)? };
    let body = body.unwrap_or_default();
    let making = Making {
        message: checked_message(body.message)?,
        source: Some(version),
        ..Making::new(Kind::Restore, Some(caller.0.user.clone()))
    };
    let old = revision(&api, &caller.0, &id, version).await?.bytes;
    let (work, who) = (Arc::clone(&api), caller.0);
    let restore = async move {
        keep(&work, &who, &id, Making::new(Kind::Checkpoint, None)).await?;
        let live = current::records(&work, &id).await?;
        let plan =
            move || save::operations(&live, save::Base::Live, &read(&old)?, save::Writer::Faithful);
        let ops = work.heavy.run(plan).await??;
        carry_out(Arc::clone(&work), who, id, ops, making).await
    };
    let saved: Saved = api.to_the_end(restore).await?;
    Ok(([(header::ETAG, header_value(&tag(saved.version)))], Json(saved)).into_response())
}

/// A given name of a version, refused instead of cut.
fn checked_name(name: &str) -> Result<String, Problem> {
    let refuse =
        |why: String| Problem::new(problem::Kind::InvalidValue).detail(why).with("field", "name");
    if name.trim().len() > limits::MAX_VERSION_NAME_BYTES {
        let most = limits::MAX_VERSION_NAME_BYTES;
        return Err(refuse(format!("the name is longer than {most} bytes")));
    }
    shown_title(name).ok_or_else(|| refuse("the name has no visible character".to_owned()))
}
