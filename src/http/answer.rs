//! Answers with an entity tag: sent once, then told by 304 for as long as nothing changed.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::{Kind, Problem};
use super::version::is_known;

/// A browser keeps the answer and asks each time whether it still holds; no cache in between keeps it.
pub const ASK_AGAIN: HeaderValue = HeaderValue::from_static("private, no-cache");

/// A header value out of our own plain text.
pub fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// 304, if the client knows this tag.
pub fn unchanged(headers: &HeaderMap, tag: &str) -> Option<Response> {
    let same = || {
        let headers = [(header::ETAG, header_value(tag)), (header::CACHE_CONTROL, ASK_AGAIN)];
        (StatusCode::NOT_MODIFIED, headers).into_response()
    };
    is_known(headers, tag).then(same)
}

/// JSON under this tag, or 304.
///
/// # Errors
/// `Internal` when it is no JSON.
pub fn tagged(headers: &HeaderMap, tag: &str, body: &impl Serialize) -> Result<Response, Problem> {
    match unchanged(headers, tag) {
        Some(response) => Ok(response),
        None => Ok(under(tag, json_bytes(body)?)),
    }
}

/// JSON under a tag of its own content, or 304.
///
/// # Errors
/// `Internal` when it is no JSON.
pub fn hashed(headers: &HeaderMap, body: &impl Serialize) -> Result<Response, Problem> {
    Ok(bytes_under(headers, json_bytes(body)?))
}

/// JSON that was made before under a tag of its own content, or 304.
pub fn bytes_under(headers: &HeaderMap, body: Bytes) -> Response {
    let tag = tag_of(&body);
    unchanged(headers, &tag).unwrap_or_else(|| under(&tag, body))
}

/// The tag of a content.
pub fn tag_of(content: &[u8]) -> String {
    let hash: String = Sha256::digest(content)
        .iter()
        .take(12)
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!("\"{hash}\"")
}

/// JSON as bytes.
///
/// # Errors
/// `Internal` when it is no JSON.
pub fn json_bytes(body: &impl Serialize) -> Result<Bytes, Problem> {
    let bytes = serde_json::to_vec(body);
    bytes.map(Bytes::from).map_err(|error| Problem::new(Kind::Internal).because(error))
}

fn under(tag: &str, body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::ETAG, header_value(tag)),
        (header::CACHE_CONTROL, ASK_AGAIN),
    ];
    (headers, body).into_response()
}
