//! Pictures of diagrams: the stored thumbnail, and any version drawn when it is asked for.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer::{ASK_AGAIN, header_value, tag_of, unchanged};
use super::extract::{Caller, DiagramPath, Query, VersionPath};
use super::openapi::refusals::InvalidBpmn;
use super::problem::{Kind, Problem};
use super::save::revision;
use crate::bpmn::{merge, picture};
use crate::diagram::{NoDiagram, read};
use crate::id::{DiagramId, Version};
use crate::store::catalog::Thumbnail;

const SVG: &str = "image/svg+xml";
/// A picture that is opened by itself needs its style sheet, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/// The thumbnail as SVG
///
/// The newest version as small as a card, at most 480 × 320; for a moment a new diagram has none.
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/thumbnail.svg",
    operation_id = "thumbnailSvg",
    tag = "Pictures",
    responses((status = 200, description = "The picture", body = String, content_type = "image/svg+xml"))
)]
pub async fn thumbnail_svg(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let thumbnail = thumbnail(&api, &caller, &id).await?;
    let tag = tag_of(&thumbnail.svg);
    Ok(unchanged(&headers, &tag).unwrap_or_else(|| answer(SVG, &tag, thumbnail.svg)))
}

/// The thumbnail as PNG
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/thumbnail.png",
    operation_id = "thumbnailPng",
    tag = "Pictures",
    responses((status = 200, description = "The picture", body = Vec<u8>, content_type = "image/png"))
)]
pub async fn thumbnail_png(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let thumbnail = thumbnail(&api, &caller, &id).await?;
    let tag = tag_of(&thumbnail.png);
    Ok(unchanged(&headers, &tag).unwrap_or_else(|| answer("image/png", &tag, thumbnail.png)))
}

async fn thumbnail(api: &Api, caller: &Caller, id: &DiagramId) -> Result<Thumbnail, Problem> {
    let thumbnail = api.catalog.thumbnail(&caller.0.org, id).await?;
    thumbnail.ok_or_else(|| Problem::new(Kind::NotFound).detail("its picture is not made yet"))
}

/// The query of a version's picture.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PictureQuery {
    /// Marks what differs between the two; whichever is older counts as before
    since: Option<Version>,
    /// `light` unless told; `auto` follows whoever looks at it
    #[param(inline)]
    theme: Option<Theme>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Theme {
    Light,
    Dark,
    Auto,
}

/// A version drawn
///
/// With `since`, new elements are green, changed ones amber, and in the older of the two those that are gone red.
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/versions/{version}/picture.svg",
    operation_id = "versionPicture",
    tag = "Pictures",
    params(PictureQuery),
    responses(
        (status = 200, description = "The picture", body = String, content_type = "image/svg+xml"),
        InvalidBpmn
    )
)]
pub async fn version(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    VersionPath(version): VersionPath,
    Query(query): Query<PictureQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stored = revision(&api, &caller, &id, version).await?.bytes;
    let other = match query.since {
        Some(since) => Some((since, revision(&api, &caller, &id, since).await?.bytes)),
        None => None,
    };
    let theme = match query.theme {
        None | Some(Theme::Light) => picture::Theme::Light,
        Some(Theme::Dark) => picture::Theme::Dark,
        Some(Theme::Auto) => picture::Theme::Auto,
    };
    let draw = move || -> Result<String, NoDiagram> {
        let records = read(&stored)?;
        let mut marks = None;
        if let Some((since, other)) = other {
            let other = read(&other)?;
            let (old, new) = if since < version { (&other, &records) } else { (&records, &other) };
            marks = Some(picture::marks(&merge::report(old, new)));
        }
        let options =
            picture::Options { theme, marks: marks.as_ref(), ..picture::Options::default() };
        Ok(picture::svg(&records, &options))
    };
    let svg = Bytes::from(api.heavy.run(draw).await??);
    let tag = tag_of(&svg);
    Ok(unchanged(&headers, &tag).unwrap_or_else(|| answer(SVG, &tag, svg)))
}

fn answer(kind: &'static str, tag: &str, body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::ETAG, header_value(tag)),
        (header::CACHE_CONTROL, ASK_AGAIN),
    ];
    (headers, body).into_response()
}
