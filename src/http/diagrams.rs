//! Diagrams: create, list, show, delete.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer::{bytes_under, header_value, json_bytes, tagged};
use super::current::current;
use super::entry::checked_metadata;
use super::extract::{Caller, DiagramPath, Query, Whole, json, media_type};
use super::openapi::refusals::{InvalidBpmn, InvalidValue, QuotaExceeded};
use super::problem::{Kind, Problem};
use super::version::tag_of_entry;
use crate::bpmn;
use crate::diagram::{Birth, Draft, EMPTY, Fresh, shown_title, text};
use crate::id::{DiagramId, ProjectId, UserId, Version};
use crate::limits;
use crate::protocol::close::CloseCode;
use crate::store::catalog;

/// A diagram without its XML.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DiagramSummary)]
pub struct Summary {
    id: DiagramId,
    #[schema(max_length = 512, example = "Order to cash")]
    title: String,
    /// The newest version
    version: Version,
    created_by: UserId,
    #[serde(with = "rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "rfc3339")]
    updated_at: OffsetDateTime,
    /// What it contains, as of the newest version
    #[schema(value_type = bpmn::summary::Summary)]
    summary: serde_json::Value,
    /// Whatever its users keep with it
    #[schema(value_type = Object)]
    metadata: serde_json::Value,
    project_id: Option<ProjectId>,
    #[serde(with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
    deleted_at: Option<OffsetDateTime>,
    xml_url: String,
}

impl From<catalog::Diagram> for Summary {
    fn from(diagram: catalog::Diagram) -> Self {
        Self {
            xml_url: format!("/api/diagrams/{}/xml", diagram.id),
            id: diagram.id,
            title: diagram.title,
            version: diagram.version,
            created_by: diagram.created_by,
            created_at: diagram.created_at,
            updated_at: diagram.updated_at,
            summary: diagram.summary,
            metadata: diagram.metadata,
            project_id: diagram.project,
            deleted_at: diagram.deleted_at,
        }
    }
}

/// A diagram with its XML.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Diagram)]
struct Full {
    #[serde(flatten)]
    summary: Summary,
    bpmn_xml: String,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DiagramList)]
struct List {
    diagrams: Vec<Summary>,
    /// Where the next page begins; none after the last one
    next_cursor: Option<String>,
}

/// What a diagram is created from; nothing of it must be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewDiagram, example = json!({ "title": "Order to cash", "metadata": { "owner": "finance" } }))]
struct NewBody {
    /// Without one, the XML's
    #[schema(max_length = 512, pattern = r"[^\s\x00-\x1F\x7F-\x9F]")]
    title: Option<String>,
    /// Without one, an empty template
    #[schema(format = "bpmn")]
    bpmn_xml: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<serde_json::Value>,
    project_id: Option<ProjectId>,
}

/// The query of a creation from a raw body.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NewQuery {
    /// For a body without one
    #[param(max_length = 512, pattern = r"[^\s\x00-\x1F\x7F-\x9F]")]
    title: Option<String>,
    /// For a body without one
    #[serde(rename = "projectId")]
    project_id: Option<ProjectId>,
}

/// The query of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Texts that all occur in the title, in any case
    #[param(max_length = 512, example = "order cash")]
    q: Option<String>,
    /// Only those of this project
    project_id: Option<ProjectId>,
    /// Only those that this user created
    created_by: Option<UserId>,
    /// Those that can still be brought back, instead
    deleted: Option<bool>,
    /// By what; a `-` before it turns the order round
    #[param(pattern = "^-?(updated|created|title)$", example = "-updated")]
    sort: Option<String>,
    /// How many at most; 50 unless told
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before
    cursor: Option<String>,
}

/// Create a diagram
///
/// From JSON whose members are all optional, or from the XML as it is.
#[utoipa::path(
    post,
    path = "/api/diagrams",
    operation_id = "createDiagram",
    tag = "Diagrams",
    params(NewQuery),
    request_body(content(
        (NewBody = "application/json"),
        (String = "application/xml"),
        (String = "text/xml"),
        (String = "application/bpmn+xml")
    )),
    responses(
        (status = 201, description = "Created", body = Summary,
            headers(("Location" = String), ("ETag" = String))),
        InvalidBpmn, QuotaExceeded
    )
)]
pub async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(query): Query<NewQuery>,
    headers: HeaderMap,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    caller.may_write()?;
    let mut project = query.project_id;
    let (title, xml, metadata) = match media_type(&headers).as_str() {
        "application/json" => {
            let body: NewBody = json(&body)?;
            project = body.project_id.or(project);
            let xml = body.bpmn_xml.map_or(EMPTY.into(), text::to_bytes);
            (body.title.or(query.title), xml, body.metadata)
        }
        "application/xml" | "text/xml" | "application/bpmn+xml" => (query.title, body, None),
        _ => {
            return Err(Problem::new(Kind::MediaType)
                .detail("send application/json with title and bpmnXml, or application/xml"));
        }
    };
    let title = title.as_deref().map(checked_title).transpose()?;

    let metadata = metadata.map(checked_metadata).transpose()?;

    let fresh = Fresh::draw().map_err(|error| Problem::new(Kind::Internal).because(error))?;
    let draft = api.heavy.run(move || Draft::read(xml, fresh)).await??;
    let new = draft.into_new(Birth {
        user: caller.0.user.clone(),
        title,
        metadata,
        project,
        node: api.node,
        now: OffsetDateTime::now_utc(),
    });
    let (catalog, org) = (api.catalog.clone(), caller.0.org.clone());
    let create = async move { Ok(catalog.create_diagram(&org, new).await?) };
    let diagram = api.to_the_end(create).await?;
    tracing::info!(room.id = %diagram.id, user.id = %caller.0.user, "diagram created");

    let location = format!("/api/diagrams/{}", diagram.id);
    let tag = tag_of_entry(diagram.version, diagram.change);
    let headers = [(header::LOCATION, header_value(&location)), (header::ETAG, header_value(&tag))];
    Ok((StatusCode::CREATED, headers, Json(Summary::from(diagram))).into_response())
}

/// List diagrams
///
/// Those of the caller's organisation, without XML, the latest updated first unless asked otherwise. A page ends
/// where the next one begins, whatever is created, renamed or deleted between two pages.
#[utoipa::path(
    get,
    path = "/api/diagrams",
    operation_id = "listDiagrams",
    tag = "Diagrams",
    params(ListQuery),
    responses(
        (status = 200, description = "A page of the list", body = List, headers(("X-Cache" = String))),
        InvalidValue
    )
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = page_size(query.limit)?;
    if let Some(guest) = &caller.guest {
        let only = api.catalog.diagram(&caller.org, &guest.diagram).await?;
        return Ok(bytes_under(&headers, list_body(vec![only], None)?));
    }
    let query = wanted(query, limit)?;
    // Asked before the list is read: what changes meanwhile makes it old at once.
    let change = api.catalog.org(&caller.org).await?.change;
    if let Some(body) = api.lists.get(&caller.org, &query, change) {
        return Ok(with_cache(bytes_under(&headers, body), "HIT"));
    }
    let page = api.catalog.list(&caller.org, &query).await?;
    let body = list_body(page.diagrams, page.next)?;
    api.lists.put(&caller.org, query, change, &body);
    Ok(with_cache(bytes_under(&headers, body), "MISS"))
}

/// The query of a list in the store's words.
fn wanted(query: ListQuery, limit: u32) -> Result<catalog::Query, Problem> {
    if query.q.as_ref().is_some_and(|q| q.len() > limits::MAX_SEARCH_BYTES) {
        let detail = format!("q is longer than {} bytes", limits::MAX_SEARCH_BYTES);
        return Err(Problem::new(Kind::InvalidValue).detail(detail).with("field", "q"));
    }
    let sort = query.sort.as_deref().map(str::parse).transpose();
    let sort = sort.map_err(|why: String| {
        Problem::new(Kind::InvalidValue).detail(why).with("field", "sort")
    })?;
    Ok(catalog::Query {
        words: query.q,
        project: query.project_id,
        created_by: query.created_by,
        deleted: query.deleted.unwrap_or_default(),
        sort: sort.unwrap_or_default(),
        limit,
        cursor: query.cursor,
    })
}

fn list_body(
    diagrams: Vec<catalog::Diagram>,
    next_cursor: Option<String>,
) -> Result<Bytes, Problem> {
    json_bytes(&List { diagrams: diagrams.into_iter().map(Summary::from).collect(), next_cursor })
}

/// Whether the list was at hand.
fn with_cache(mut response: Response, cache: &'static str) -> Response {
    response.headers_mut().insert("x-cache", HeaderValue::from_static(cache));
    response
}

/// Load a diagram with its XML
///
/// The XML is that of the live room; its `ETag` names the version that a save can build on.
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}",
    operation_id = "loadDiagram",
    tag = "Diagrams",
    responses((status = 200, description = "The diagram", body = Full))
)]
pub async fn show(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let current = current(&api, &caller, &id).await?;
    let mut diagram = api.catalog.diagram(&caller.org, &id).await?;
    // Somebody may have saved between the two: the version told is that of the text told.
    diagram.version = current.version;
    let tag = tag_of_entry(current.version, diagram.change);
    let xml = text::of_bytes(&current.xml).or_else(|| text::of_bytes(&current.text));
    let full = Full { summary: diagram.into(), bpmn_xml: xml.unwrap_or_default().to_owned() };
    tagged(&headers, &tag, &full)
}

/// Delete a diagram
///
/// Softly: it can be brought back for a while. Whoever is in its room is sent away.
#[utoipa::path(
    delete,
    path = "/api/diagrams/{id}",
    operation_id = "deleteDiagram",
    tag = "Diagrams",
    responses((status = 204, description = "Deleted"))
)]
pub async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
) -> Result<StatusCode, Problem> {
    // Existence first: a viewer of another tenant learns nothing from a 403.
    api.catalog.diagram(&caller.0.org, &id).await?;
    caller.may_write()?;
    let (catalog, registry) = (api.catalog.clone(), Arc::clone(&api.registry));
    let delete = async move {
        let (who, now) = (caller.0, OffsetDateTime::now_utc());
        catalog.delete(&who.org, &id, &who.user, now).await?;
        registry.close(&id, CloseCode::Gone).await;
        tracing::info!(room.id = %id, user.id = %who.user, "diagram deleted");
        Ok(StatusCode::NO_CONTENT)
    };
    api.to_the_end(delete).await
}

/// A given title, refused instead of cut.
///
/// # Errors
/// `InvalidValue`.
pub(super) fn checked_title(title: &str) -> Result<String, Problem> {
    checked_line("title", title)
}

/// A line that people read, given as this member, refused instead of cut.
///
/// # Errors
/// `InvalidValue`.
pub(super) fn checked_line(field: &str, line: &str) -> Result<String, Problem> {
    let refuse = |why: String| Problem::new(Kind::InvalidValue).detail(why).with("field", field);
    if line.trim().len() > limits::MAX_TITLE_BYTES {
        return Err(refuse(format!(
            "the {field} is longer than {} bytes",
            limits::MAX_TITLE_BYTES
        )));
    }
    shown_title(line).ok_or_else(|| refuse(format!("the {field} has no visible character")))
}

/// How many a page of a list holds.
///
/// # Errors
/// `InvalidValue`.
pub(super) fn page_size(wanted: Option<u32>) -> Result<u32, Problem> {
    let limit = wanted.unwrap_or(limits::DEFAULT_PAGE);
    if (1..=limits::MAX_PAGE).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(Kind::InvalidValue)
        .detail(format!("limit must be 1 to {}", limits::MAX_PAGE))
        .with("field", "limit"))
}
