//! Who did what: the organisation's audit log for admins, a diagram's activity for everybody who sees it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer::hashed;
use super::diagrams::page_size;
use super::extract::{Caller, DiagramPath, Query};
use super::openapi::refusals::InvalidValue;
use super::problem::Problem;
use crate::auth::Identity;
use crate::id::UserId;
use crate::store::StoreError;
use crate::store::catalog::{AuditEntry, AuditQuery};

/// Who did what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct Entry {
    #[serde(with = "rfc3339")]
    at: OffsetDateTime,
    user: UserId,
    /// As others saw it at its cursor last.
    name: Option<String>,
    #[schema(example = "diagram.created")]
    action: &'static str,
    /// The diagram or project
    subject: String,
    /// What else is to be said
    #[schema(value_type = Object)]
    detail: Value,
}

/// A page of a log, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditList)]
struct List {
    entries: Vec<Entry>,
    /// Where the next page begins; none after the last one
    next_cursor: Option<String>,
}

/// The query of the audit log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Only of this diagram or project
    subject: Option<String>,
    /// Only of this user
    user: Option<UserId>,
    /// How many at most; 50 unless told
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
}

/// The query of a diagram's activity.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// How many at most; 50 unless told
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
}

/// Read the audit log
///
/// Of the whole organisation, for its admins, the newest first.
#[utoipa::path(
    get,
    path = "/api/audit",
    operation_id = "auditLog",
    tag = "Organisation",
    params(LogQuery),
    responses((status = 200, description = "A page of the log", body = List), InvalidValue)
)]
pub async fn log(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(query): Query<LogQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.is_admin("reads the audit log")?;
    let LogQuery { subject, user, limit, cursor } = query;
    let (limit, before) = (page_size(limit)?, place(cursor)?);
    answer(&api, &caller.0, AuditQuery { subject, user, limit, before }, &headers).await
}

/// Who did what to a diagram
///
/// The newest first: created, changed, saved, restored, named, deleted, brought back.
#[utoipa::path(
    get,
    path = "/api/diagrams/{id}/activity",
    operation_id = "activity",
    tag = "Diagrams",
    params(ActivityQuery),
    responses((status = 200, description = "A page of the log", body = List), InvalidValue)
)]
pub async fn activity(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    Query(query): Query<ActivityQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    api.catalog.diagram(&caller.org, &id).await?;
    let (limit, before) = (page_size(query.limit)?, place(query.cursor)?);
    let query = AuditQuery { subject: Some(id.to_string()), user: None, limit, before };
    answer(&api, &caller, query, &headers).await
}

async fn answer(
    api: &Api,
    who: &Identity,
    query: AuditQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let page = api.catalog.audit(&who.org, &query).await?;
    let users = page.entries.iter().map(|entry| entry.user.clone()).collect();
    let names = api.catalog.names(&who.org, users).await?;
    let entries = page.entries.into_iter().map(|entry| shown(entry, &names)).collect();
    hashed(headers, &List { entries, next_cursor: page.next.map(|id| id.to_string()) })
}

fn shown(entry: AuditEntry, names: &HashMap<String, String>) -> Entry {
    Entry {
        at: entry.at,
        name: names.get(entry.user.as_str()).cloned(),
        user: entry.user,
        action: entry.action.as_str(),
        subject: entry.subject,
        detail: entry.detail,
    }
}

fn place(cursor: Option<String>) -> Result<Option<i64>, Problem> {
    let place = cursor.map(|cursor| cursor.parse()).transpose();
    place.map_err(|_| StoreError::BadCursor.into())
}
