//! Liveness and readiness, for orchestrators. No token needed, nothing told but yes or no.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::problem::{Kind, Problem};
use crate::store::StoreError;

/// That it is so.
#[derive(Debug, Serialize, ToSchema)]
struct Status {
    #[schema(pattern = "^(ok|ready)$")]
    status: &'static str,
}

/// Alive
///
/// The process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "alive",
    tag = "Operations",
    responses((status = 200, description = "It is", body = Status, headers(("Cache-Control" = String))))
)]
pub async fn alive() -> Response {
    said("ok")
}

/// Ready
///
/// The process can do its work: the store answers, and it is not stopping.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "ready",
    tag = "Operations",
    responses((status = 200, description = "It is", body = Status, headers(("Cache-Control" = String))))
)]
pub async fn ready(State(api): State<Arc<Api>>) -> Result<Response, Problem> {
    if api.stopping.is_cancelled() {
        return Err(Problem::new(Kind::Unavailable).detail("the server is stopping"));
    }
    let (Ok(org), Ok(id)) = ("readyz".parse(), "readyz".parse()) else {
        return Err(Kind::Internal.into());
    };
    match api.catalog.diagram(&org, &id).await {
        Ok(_) | Err(StoreError::NotFound) => Ok(said("ready")),
        Err(error) => {
            Err(Problem::new(Kind::Unavailable).detail("the store is away").because(error))
        }
    }
}

fn said(status: &'static str) -> Response {
    let now = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (now, Json(Status { status })).into_response()
}
