//! What changed between two versions, or between a version and now, element by element.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer::{tag_of, tagged, unchanged};
use super::current;
use super::extract::{Caller, DiagramPath, Query};
use super::openapi::refusals::InvalidBpmn;
use super::problem::Problem;
use super::save::revision;
use crate::bpmn::merge::{Report, report};
use crate::bpmn::{Records, materialise};
use crate::diagram::{NoDiagram, hash, read};
use crate::id::Version;

/// The query.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DiffQuery {
    /// The version before
    from: Version,
    /// The version after; without it, the diagram as it is now
    to: Option<Version>,
}

/// What changed, element by element; layout stands apart.
#[derive(Debug, Serialize, ToSchema)]
struct Diff {
    from: Version,
    /// None: the diagram as it is now
    to: Option<Version>,
    #[serde(flatten)]
    report: Report,
}

/// Compare two versions
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/diff",
    operation_id = "diff",
    tag = "Versions",
    params(DiffQuery),
    responses((status = 200, description = "What changed", body = Diff), InvalidBpmn)
)]
pub async fn show(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    Query(query): Query<DiffQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    api.catalog.diagram(&caller.org, &id).await?;
    let DiffQuery { from, to } = query;
    let old = revision(&api, &caller, &id, from).await?;
    let new = match to {
        Some(version) => Side::Stored(revision(&api, &caller, &id, version).await?.bytes),
        None => Side::Live(current::records(&api, &id).await?),
    };
    let (tag, new) = match new {
        // Neither text ever changes.
        Side::Stored(bytes) => {
            (format!("\"d{}-{}\"", from.0, to.unwrap_or(from).0), Side::Stored(bytes))
        }
        Side::Live(records) => {
            let (hash, records) =
                api.heavy.run(move || (hash(&materialise(&records)), records)).await?;
            (tag_of(&[&hash[..], &from.0.to_be_bytes()].concat()), Side::Live(records))
        }
    };
    if let Some(response) = unchanged(&headers, &tag) {
        return Ok(response);
    }
    let compare = move || -> Result<Report, NoDiagram> {
        let old = read(&old.bytes)?;
        Ok(match new {
            Side::Stored(bytes) => report(&old, &read(&bytes)?),
            Side::Live(records) => report(&old, &records),
        })
    };
    let report = api.heavy.run(compare).await??;
    tagged(&headers, &tag, &Diff { from, to, report })
}

enum Side {
    Stored(bytes::Bytes),
    Live(Records),
}
