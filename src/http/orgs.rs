//! The caller's organisation: its plan and what it uses.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::answer::hashed;
use super::extract::Caller;
use super::problem::Problem;
use crate::id::OrgId;
use crate::store::catalog::Plan;

/// An organisation, its plan and what it uses.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organisation)]
struct Org {
    id: OrgId,
    plan: Plan,
    diagrams: Usage,
}

/// How much of what the plan allows is used.
#[derive(Debug, Serialize, ToSchema)]
struct Usage {
    used: u32,
    /// None: any number.
    limit: Option<u32>,
}

/// The caller's organisation
#[utoipa::path(
    get,
    path = "/api/orgs/me",
    operation_id = "organisation",
    tag = "Organisation",
    responses((status = 200, description = "Its plan and what it uses", body = Org))
)]
pub async fn me(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let org = api.catalog.org(&caller.org).await?;
    let diagrams = Usage { used: org.diagrams, limit: org.allowed };
    hashed(&headers, &Org { id: org.id, plan: org.plan, diagrams })
}
