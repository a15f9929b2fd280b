//! The raw BPMN of a diagram, in and out: the simplest interface for scripts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Api;
use super::answer::{ASK_AGAIN, header_value, unchanged};
use super::current::{self, current};
use super::extract::{Caller, DiagramPath, Query, Whole};
use super::problem::{self, Problem};
use super::save::{base_text, carry_out, check_fresh, checked_message};
use super::version::{self, Base, tag};
use crate::diagram::save;
use crate::editors::Making;
use crate::store::catalog::Kind;

/// `GET /api/diagrams/{id}/xml`
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
#[derive(Debug, Deserialize)]
pub struct SaveQuery {
    mode: Option<String>,
    message: Option<String>,
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
    let making = Making {
        message: checked_message(query.message)?,
        ..Making::new(Kind::Save, Some(caller.0.user.clone()))
    };
    let base_text = match base {
        Base::Current => None,
        Base::Version(version) => {
            check_fresh(&diagram, version, &headers)?;
            Some(base_text(&api, &caller.0, &id, version).await?)
        }
    };

    let live = current::records(&api, &id).await?;
    let plan = move || {
        let base = base_text.as_deref().map_or(save::Base::Live, save::Base::Text);
        save::operations(&live, base, &body)
    };
    let ops = api.heavy.run(plan).await??;
    let work = Arc::clone(&api);
    let saved = api.to_the_end(carry_out(work, caller.0, id, ops, making)).await?;
    Ok(([(header::ETAG, header_value(&tag(saved.version)))], Json(saved)).into_response())
}

fn wanted_base(query: &SaveQuery, headers: &HeaderMap) -> Result<Base, Problem> {
    match query.mode.as_deref() {
        None | Some("merge") => version::base(headers),
        Some("replace") => Ok(Base::Current),
        Some(_) => Err(Problem::new(problem::Kind::InvalidValue)
            .detail("mode must be merge (with If-Match) or replace")),
    }
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
