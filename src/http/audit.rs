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

use super::Api;
use super::answer::hashed;
use super::diagrams::page_size;
use super::extract::{Caller, DiagramPath, Query};
use super::problem::Problem;
use crate::auth::Identity;
use crate::id::UserId;
use crate::store::StoreError;
use crate::store::catalog::{AuditEntry, AuditQuery};

#[derive(Debug, Serialize)]
struct Entry {
    #[serde(with = "rfc3339")]
    at: OffsetDateTime,
    user: UserId,
    /// As others saw it at its cursor last.
    name: Option<String>,
    action: &'static str,
    subject: String,
    detail: Value,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    entries: Vec<Entry>,
    next_cursor: Option<String>,
}

/// The query of the audit log.
#[derive(Debug, Deserialize)]
pub struct LogQuery {
    subject: Option<String>,
    user: Option<UserId>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The query of a diagram's activity.
#[derive(Debug, Deserialize)]
pub struct ActivityQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

/// `GET /api/audit`
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

/// `GET /api/diagrams/{id}/activity`
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
