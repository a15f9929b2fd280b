//! The raw BPMN of a diagram, in and out: the simplest interface for scripts.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer::{ASK_AGAIN, header_value, unchanged};
use super::current::current;
use super::extract::{Caller, DiagramPath, Query, Whole, media_type};
use super::openapi::conditions::Builds;
use super::openapi::refusals::{BaseGone, EditRefused, InvalidBpmn, PreconditionRequired, Stale};
use super::problem::{self, Problem};
use super::save::{Saved, Told, Wish, carry_out, checked_message, plan, wants_merge};
use super::version::{self, Base, tag};
use crate::diagram::save::Writer;
use crate::editors::Making;
use crate::store::catalog::Kind;

/// Load the BPMN file
///
/// What nobody changed comes out byte for byte as it was uploaded.
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/xml",
    operation_id = "loadXml",
    tag = "Diagrams",
    responses(
        (status = 200, description = "BPMN 2.0 XML", body = String, content_type = "application/xml",
            headers(("Content-Disposition" = String)))
    )
)]
pub async fn load(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let current = current(&api, &caller, &id).await?;
    let tag = tag(current.version);
    if let Some(response) = unchanged(&headers, &tag) {
        return Ok(response);
    }
    let title = api.catalog.diagram(&caller.org, &id).await?.title;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/xml")),
        (header::CONTENT_DISPOSITION, header_value(&disposition(&title))),
        (header::ETAG, header_value(&tag)),
        (header::CACHE_CONTROL, ASK_AGAIN),
    ];
    Ok((headers, current.xml).into_response())
}

/// The query of a save.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SaveQuery {
    /// `replace`: the file becomes the whole diagram, whatever is there
    #[param(pattern = "^(merge|replace)$")]
    mode: Option<String>,
    /// What the save is about
    #[param(max_length = 2000)]
    message: Option<String>,
    /// The file comes from a modeler that loses what it does not know
    #[serde(default)]
    lossy: bool,
}

/// A save of a tool that loses what it does not know: only what differs between the two is applied.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the parts are read as they come; this is what they look like")]
struct XmlForm {
    /// What the tool itself wrote right after loading
    #[schema(format = "bpmn", nullable = false)]
    exported: Option<String>,
    /// What it writes now
    #[schema(format = "bpmn")]
    xml: String,
}

/// Save a BPMN file
///
/// Merged into the live diagram against the version that `If-Match` names, or with `?mode=replace` made the whole
/// of it: `curl -T order.bpmn -H 'If-Match: "v7"'`.
#[utoipa::path(
    put,
    path = "/api/diagrams/{id}/xml",
    operation_id = "saveXml",
    tag = "Diagrams",
    params(SaveQuery, Builds),
    request_body(content((String = "application/xml"), (XmlForm = "multipart/form-data"))),
    responses(
        (status = 200, description = "Saved", body = Saved, headers(("ETag" = String))),
        BaseGone, EditRefused, InvalidBpmn, PreconditionRequired, Stale
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
    // Existence first: a viewer of another tenant learns nothing from a 403.
    let diagram = api.catalog.diagram(&caller.0.org, &id).await?;
    caller.may_write()?;
    let making = Making {
        message: checked_message(query.message)?,
        ..Making::new(Kind::Save, Some(caller.0.user.clone()))
    };
    let base = wanted_base(query.mode.as_deref(), || version::base(&headers))?;
    let (exported, xml) = if media_type(&headers) == "multipart/form-data" {
        parts(&headers, body).await?
    } else {
        (None, body)
    };
    let writer = if query.lossy { Writer::Lossy } else { Writer::Faithful };
    let merge = wants_merge(&headers);
    let wish = Wish { base, told: Told::Header, merge, exported, writer, xml };
    let ops = plan(&api, &caller.0, &diagram, wish).await?;
    let work = Arc::clone(&api);
    let saved = api.to_the_end(carry_out(work, caller.0, id, ops, making)).await?;
    Ok(([(header::ETAG, header_value(&tag(saved.version)))], Json(saved)).into_response())
}

/// What `?mode=` says, else what the request names.
///
/// # Errors
/// `InvalidValue` for an unknown mode, else those of `named`.
pub(super) fn wanted_base(
    mode: Option<&str>,
    named: impl FnOnce() -> Result<Base, Problem>,
) -> Result<Base, Problem> {
    match mode {
        None | Some("merge") => named(),
        Some("replace") => Ok(Base::Current),
        Some(_) => Err(Problem::new(problem::Kind::InvalidValue)
            .detail("mode must be merge (with If-Match) or replace")
            .with("field", "mode")),
    }
}

/// The two texts of a form.
async fn parts(headers: &HeaderMap, body: Bytes) -> Result<(Option<Bytes>, Bytes), Problem> {
    let unreadable = |why: String| Problem::new(problem::Kind::InvalidBody).detail(why);
    let mut request = Request::new(Body::from(body));
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        request.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    }
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|error| unreadable(error.body_text()))?;
    let (mut exported, mut xml) = (None, None);
    while let Some(part) = form.next_field().await.map_err(|error| unreadable(error.body_text()))? {
        let slot = match part.name() {
            Some("exported") => &mut exported,
            Some("xml") => &mut xml,
            other => {
                let name = other.unwrap_or_default();
                return Err(unreadable(format!(
                    "the form has a part {name:?}: exported and xml are read"
                )));
            }
        };
        if slot.is_some() {
            return Err(unreadable("a part of the form comes twice".to_owned()));
        }
        *slot = Some(part.bytes().await.map_err(|error| unreadable(error.body_text()))?);
    }
    let xml = xml.ok_or_else(|| unreadable("the form has no part \"xml\"".to_owned()))?;
    Ok((exported, xml))
}

/// A file name out of a title: plain characters for old clients, the whole title for others (RFC 6266).
pub(super) fn disposition(title: &str) -> String {
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
