//! The caller's organisation: its plan and what it uses.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use super::Api;
use super::answer::hashed;
use super::extract::Caller;
use super::problem::Problem;
use crate::id::OrgId;
use crate::store::catalog::Plan;

#[derive(Debug, Serialize)]
struct Org {
    id: OrgId,
    plan: Plan,
    diagrams: Usage,
}

#[derive(Debug, Serialize)]
struct Usage {
    used: u32,
    /// None: any number.
    limit: Option<u32>,
}

/// `GET /api/orgs/me`
pub async fn me(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let org = api.catalog.org(&caller.org).await?;
    let diagrams = Usage { used: org.diagrams, limit: org.allowed };
    hashed(&headers, &Org { id: org.id, plan: org.plan, diagrams })
}
