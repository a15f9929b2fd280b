//! Liveness and readiness, for orchestrators. No token needed, nothing told but yes or no.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Api;
use super::problem::{Kind, Problem};
use crate::store::StoreError;

/// The process answers.
pub async fn alive() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The process can do its work: the store answers, and it is not stopping.
pub async fn ready(State(api): State<Arc<Api>>) -> Result<Json<Value>, Problem> {
    if api.stopping.is_cancelled() {
        return Err(Problem::new(Kind::Unavailable).detail("the server is stopping"));
    }
    let (Ok(org), Ok(id)) = ("readyz".parse(), "readyz".parse()) else {
        return Err(Kind::Internal.into());
    };
    match api.catalog.diagram(&org, &id).await {
        Ok(_) | Err(StoreError::NotFound) => Ok(Json(json!({ "status": "ready" }))),
        Err(error) => {
            Err(Problem::new(Kind::Unavailable).detail("the store is away").because(error))
        }
    }
}
