//! The raw BPMN of a diagram, in and out: the simplest interface for scripts.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Api;
use super::current::current;
use super::diagrams::header_value;
use super::extract::{Caller, DiagramPath};
use super::problem::Problem;
use super::version::{is_known, tag};

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
