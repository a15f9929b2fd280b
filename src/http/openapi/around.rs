//! What layers and extractors do for every operation, as the document tells it.
//!
//! Must say what `shell.rs`, `rate.rs`, `idempotency.rs`, `answer.rs` and `extract.rs` do, and nothing else.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Header, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Schema, Type,
};

use super::refusals;
use crate::http::problem::Kind;
use crate::limits;

/// The name of the security scheme.
pub const BEARER: &str = "accessToken";

/// What stands around a part of the router.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// An access token is asked for, and its user's rate is limited.
    pub token: bool,
    /// Answers are kept under idempotency keys.
    pub keys: bool,
}

/// Completes the operations of one part of the router.
pub fn complete(document: &mut OpenApi, around: Around) {
    for (path, item) in &mut document.paths.paths {
        item.get.iter_mut().for_each(read);
        if around.keys {
            item.put.iter_mut().chain(&mut item.post).for_each(keyed);
        }
        for operation in operations(item) {
            every(path, operation);
            if around.token {
                with_token(operation);
            }
        }
    }
}

/// Puts what operations refer to into the document.
pub fn share(document: &mut OpenApi) {
    refusals::regroup(document);
    document.paths.paths.values_mut().flat_map(operations).for_each(explained);
    link(document);
    let components = document.components.get_or_insert_default();
    for (name, description, schema) in headers() {
        let header =
            HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
        components.headers.insert(name.to_owned(), RefOr::T(header));
    }
    for (name, parameter) in parameters() {
        components.parameters.insert(name.to_owned(), parameter.into());
    }
}

/// What a creation answers names what the routes below it are about.
fn link(document: &mut OpenApi) {
    let mut routes = Vec::new();
    for (path, item) in &mut document.paths.paths {
        let names = operations(item).filter_map(|operation| operation.operation_id.clone());
        routes.extend(names.map(|name| (path.clone(), name)));
    }
    for (path, item) in &mut document.paths.paths {
        let created = item.post.as_mut().and_then(|post| post.responses.responses.get_mut("201"));
        let Some(RefOr::T(created)) = created else { continue };
        let given = |name: &str| (name.to_owned(), format!("$request.path.{name}").into());
        for (below, operation) in &routes {
            let Some(rest) = below.strip_prefix(&format!("{path}/{{")) else { continue };
            let made = rest.split('}').next().unwrap_or_default();
            let mut link = Link::builder().operation_id(operation.clone()).build();
            link.parameters = path_names(path).map(given).collect();
            link.parameters.insert(made.to_owned(), format!("$response.body#/{made}").into());
            created.links.insert(operation.clone(), link.into());
        }
    }
}

/// The parameters of a path.
fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Every request has an id, can come too late and can fail; what its path names can be missing.
fn every(path: &str, operation: &mut Operation) {
    for kind in [Kind::BadRequest, Kind::Timeout, Kind::Internal, Kind::Unavailable] {
        refusals::add(&mut operation.responses, kind);
    }
    if path.contains('{') {
        refusals::add(&mut operation.responses, Kind::NotFound);
    }
    for name in path_names(path) {
        let known = operation.parameters.iter().flatten().any(|given| match given {
            RefOr::T(given) => given.name == name && given.parameter_in == ParameterIn::Path,
            RefOr::Ref(_) => false,
        });
        if let Some(shared) = path_parameter(path, name).filter(|_| !known) {
            refer(operation, shared);
        }
    }
    if operation.request_body.is_some() {
        body(operation);
    }
    told(operation, "X-Request-Id");
}

/// A body has at most so many bytes, comes as it is, and is read as what it says it is.
fn body(operation: &mut Operation) {
    for kind in [Kind::TooLarge, Kind::MediaType, Kind::InvalidBody, Kind::InvalidValue] {
        refusals::add(&mut operation.responses, kind);
    }
}

/// `rate.rs` and the token: who it is, that it is not too often, and that a guest stays in its diagram.
fn with_token(operation: &mut Operation) {
    operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    for kind in
        [Kind::Unauthorized, Kind::Forbidden, Kind::Removed, Kind::NotAMember, Kind::TooMany]
    {
        refusals::add(&mut operation.responses, kind);
    }
    for name in RATE_HEADERS {
        told(operation, name);
    }
}

/// `answer.rs`: an answer has a tag, and what is known is not sent again.
fn read(operation: &mut Operation) {
    let answers = operation.responses.responses.get("200");
    let tagged =
        matches!(answers, Some(RefOr::T(answer)) if !answer.headers.contains_key("Cache-Control"));
    if !tagged {
        return;
    }
    refer(operation, "If-None-Match");
    let same =
        ResponseBuilder::new().description("The one with this `If-None-Match` still holds").build();
    operation.responses.responses.insert("304".to_owned(), same.into());
    for name in ["ETag", "Cache-Control"] {
        told(operation, name);
    }
}

/// `idempotency.rs`.
fn keyed(operation: &mut Operation) {
    refer(operation, "Idempotency-Key");
    for kind in [Kind::InProgress, Kind::KeyReused, Kind::TooLarge, Kind::MediaType] {
        refusals::add(&mut operation.responses, kind);
    }
    told(operation, "Idempotency-Replayed");
}

/// Adds a shared header to the answers that the annotation gave.
fn told(operation: &mut Operation, name: &str) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(Response { headers, .. }) = response else { continue };
        if status.len() == 3 {
            headers.insert(name.to_owned(), header_ref(name));
        }
    }
}

/// Annotations name a shared header only: what it means stands here.
fn explained(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(Response { headers, .. }) = response else { continue };
        for (name, header) in headers {
            *header = header_ref(name);
        }
    }
}

/// Adds a shared parameter.
fn refer(operation: &mut Operation, name: &str) {
    let reference = Ref::new(format!("#/components/parameters/{name}"));
    operation.parameters.get_or_insert_default().push(RefOr::Ref(reference));
}

/// What names a shared parameter for what a path holds.
fn path_parameter(path: &str, name: &str) -> Option<&'static str> {
    match name {
        "id" if path.starts_with("/api/diagrams/") => Some("diagramId"),
        "id" if path.starts_with("/api/projects/") => Some("projectId"),
        "id" if path.starts_with("/api/orgs/me/members/") => Some("memberId"),
        "id" if path.starts_with("/api/webhooks/") => Some("webhookId"),
        "version" => Some("version"),
        _ => None,
    }
}

/// The headers of an answer with a problem.
pub(super) fn problem_headers(status: u16) -> impl Iterator<Item = &'static str> {
    let more: &[&str] = match status {
        401 => &["WWW-Authenticate"],
        429 => &["Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"],
        409 | 503 => &["Retry-After"],
        412 => &["ETag"],
        _ => &[],
    };
    ["X-Request-Id"].into_iter().chain(more.iter().copied())
}

/// A reference to a shared header.
pub(super) fn header_ref(name: &str) -> RefOr<Header> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{name}")))
}

const RATE_HEADERS: [&str; 3] = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

fn headers() -> [(&'static str, &'static str, Schema); 12] {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let number = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).build().into();
    [
        (
            "X-Request-Id",
            "The request's id, which the server's log has as well",
            text().build().into(),
        ),
        (
            "ETag",
            "Changes exactly when the content does",
            text().pattern(Some("^\"[^\"]+\"$")).build().into(),
        ),
        (
            "Cache-Control",
            "Whoever keeps it asks each time whether it still holds",
            text().build().into(),
        ),
        ("Location", "Where the new one is", text().build().into()),
        ("Content-Disposition", "A file name out of the title", text().build().into()),
        (
            "WWW-Authenticate",
            "What kind of token is asked for, and what was wrong with it",
            text().build().into(),
        ),
        ("Retry-After", "Seconds until asking again makes sense", number()),
        ("RateLimit-Limit", "So many requests (for a write: writes) at once", number()),
        ("RateLimit-Remaining", "So many of them are left", number()),
        ("RateLimit-Reset", "Seconds until all are there again", number()),
        (
            "Idempotency-Replayed",
            "`true`: the answer of the first request under this key",
            text().build().into(),
        ),
        (
            "X-Cache",
            "`HIT`: the list was at hand; `MISS`: it was read",
            text().enum_values(Some(["HIT", "MISS"])).build().into(),
        ),
    ]
}

fn parameters() -> [(&'static str, Parameter); 7] {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let optional = |name: &str, description: &str, schema: ObjectBuilder| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema))
            .build()
    };
    let path = |name: &str, description: &str, schema: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(description))
            .schema(Some(Ref::from_schema_name(schema)))
            .build()
    };
    [
        ("diagramId", path("id", "The diagram", "DiagramId")),
        ("projectId", path("id", "The project", "ProjectId")),
        ("memberId", path("id", "The user, or the e-mail address that is awaited", "MemberId")),
        ("webhookId", path("id", "The webhook", "WebhookId")),
        ("version", path("version", "The version", "VersionNumber")),
        (
            "If-None-Match",
            optional("If-None-Match", "The `ETag` that is known: 304 if it still holds", text()),
        ),
        (
            "Idempotency-Key",
            optional(
                "Idempotency-Key",
                "Any text: the same request again under the same key is not carried out again, and answered alike",
                text()
                    .min_length(Some(1))
                    .max_length(Some(limits::MAX_IDEMPOTENCY_KEY_BYTES))
                    .pattern(Some("^[!-~]+$")),
            ),
        ),
    ]
}
