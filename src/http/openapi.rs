//! The OpenAPI document: what the handlers' annotations say, completed by what surrounds every request.
//!
//! An annotation beside a handler names what only that handler knows: its path, its answer, the problems of its
//! own. What layers and extractors do for all is written down in `openapi/around.rs`, once. Must not describe a
//! route that is not in the router: routes and document come from the same `routes!`.

pub mod around;
pub mod conditions;
pub mod refusals;

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::answer::{header_value, tag_of};
use super::problem::ProblemBody;
use super::version::is_known;
use crate::id::WebhookId;
use crate::store::catalog::MemberId;

/// The head of the document.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Atelier",
        description = "Real-time collaboration on BPMN diagrams: diagrams, their versions and pictures, projects, \
                       and the way into live rooms. Every error is `application/problem+json` (RFC 9457) with a \
                       stable `code`; times are ISO 8601 in UTC; another tenant's ids answer exactly like missing \
                       ones.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "This server")),
    components(schemas(ProblemBody, MemberId, WebhookId)),
    tags(
        (name = "Diagrams", description = "Create, find, load, save and delete diagrams"),
        (name = "Versions", description = "The history of a diagram: look at, compare, name and restore"),
        (name = "Pictures", description = "Diagrams drawn by the server"),
        (name = "Collaboration", description = "Ways into the live room of a diagram"),
        (name = "Organisation", description = "Projects, plan and audit log of the caller's organisation"),
        (name = "Webhooks", description = "Who is told when something happens, for admins"),
        (name = "Sessions", description = "Access tokens for the Studio"),
        (name = "Operations", description = "For those who run the server")
    )
)]
struct Head;

/// The head, to which routers add their paths.
pub fn head() -> OpenApi {
    let mut document = Head::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "An access token: of `atelier token`, of `POST /api/session`, or of your identity provider",
        ))
        .build();
    let components = document.components.get_or_insert_default();
    components
        .security_schemes
        .insert(around::BEARER.to_owned(), SecurityScheme::Http(bearer).into());
    document
}

/// The document as it is printed and served.
///
/// # Errors
/// Of the serialiser.
pub fn text() -> Result<String, serde_json::Error> {
    super::documented().to_pretty_json().map(|text| text + "\n")
}

/// The document, made once: its bytes and their tag.
static DOCUMENT: LazyLock<Option<(Bytes, String)>> = LazyLock::new(|| {
    let bytes = Bytes::from(serde_json::to_vec(&super::documented()).ok()?);
    let tag = tag_of(&bytes);
    Some((bytes, tag))
});

/// This description of the API
///
/// OpenAPI 3.1, the same that `atelier openapi` prints.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "Operations",
    responses((status = 200, description = "The document", body = Object, content_type = "application/json"))
)]
pub async fn show(headers: HeaderMap) -> Result<Response, super::problem::Problem> {
    let Some((bytes, tag)) = &*DOCUMENT else {
        return Err(super::problem::Kind::Internal.into());
    };
    // It says nothing about anybody, so anybody's cache may keep it.
    let shared = [
        (header::ETAG, header_value(tag)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache")),
    ];
    if is_known(&headers, tag) {
        return Ok((StatusCode::NOT_MODIFIED, shared).into_response());
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((shared, kind, bytes.clone()).into_response())
}
