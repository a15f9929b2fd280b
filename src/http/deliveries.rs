//! What became of telling a webhook, and telling it once more. For admins alone.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer::hashed;
use super::diagrams::page_size;
use super::extract::{Query, Whole, json};
use super::openapi::refusals::{InvalidValue, SwitchedOff};
use super::problem::{Kind, Problem};
use super::webhooks::{Admin, WebhookPath};
use crate::id::EventId;
use crate::store::StoreError;
use crate::store::catalog::{self, DeliveryQuery, DeliveryState, Since};

/// One event on its way to one webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    /// Of the event, and so of its delivery to this webhook.
    id: EventId,
    event: &'static str,
    #[serde(with = "rfc3339")]
    happened_at: OffsetDateTime,
    status: &'static str,
    attempts: u32,
    #[serde(with = "rfc3339::option")]
    last_attempt_at: Option<OffsetDateTime>,
    /// The status of the last answer.
    last_answer: Option<u16>,
    error: Option<String>,
    #[serde(with = "rfc3339::option")]
    next_attempt_at: Option<OffsetDateTime>,
}

impl From<catalog::Delivery> for Delivery {
    fn from(delivery: catalog::Delivery) -> Self {
        let pending = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.event.id,
            event: delivery.event.kind.as_str(),
            happened_at: delivery.event.at,
            status: delivery.state.as_str(),
            attempts: delivery.attempts,
            last_attempt_at: delivery.tried_at,
            last_answer: delivery.status,
            error: delivery.error,
            next_attempt_at: delivery.due_at.filter(|_| pending),
        }
    }
}

/// A page of deliveries, the newest event first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeliveryList)]
struct List {
    deliveries: Vec<Delivery>,
    next_cursor: Option<String>,
}

/// What is delivered once more.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Replayed {
    events: u32,
    /// To go on behind: there are more.
    next_after_event: Option<EventId>,
}

/// The query of a list of deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only those: `pending`, `delivered` or `dead`
    #[param(pattern = "^(pending|delivered|dead)$")]
    status: Option<String>,
    /// How many at most; 50 unless told
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
}

/// From where: a time or an event, one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Replay, example = json!({ "since": "2026-11-25T13:20:07Z" }))]
struct ReplayBody {
    #[serde(default, with = "rfc3339::option")]
    since: Option<OffsetDateTime>,
    after_event: Option<EventId>,
}

/// What became of telling a webhook
///
/// The newest events first.
#[utoipa::path(
    get,
    path = "/api/webhooks/{id}/deliveries",
    operation_id = "listDeliveries",
    tag = "Webhooks",
    params(ListQuery),
    responses((status = 200, description = "A page of deliveries", body = List), InvalidValue)
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    WebhookPath(id): WebhookPath,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let state = query.status.map(|word| DeliveryState::parse(&word).ok_or(word)).transpose();
    let state = state.map_err(|_| {
        let why = "status must be pending, delivered or dead";
        Problem::new(Kind::InvalidValue).detail(why).with("field", "status")
    })?;
    let before = query.cursor.map(|cursor| cursor.parse()).transpose();
    let before = before.map_err(|_| StoreError::BadCursor)?;
    let query = DeliveryQuery { state, limit: page_size(query.limit)?, before };
    let page = api.catalog.deliveries(&who.org, &id, &query).await?;
    let deliveries = page.deliveries.into_iter().map(Delivery::from).collect();
    hashed(&headers, &List { deliveries, next_cursor: page.next.map(|place| place.to_string()) })
}

/// Deliver an event once more
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/deliveries/{event}/redeliver",
    operation_id = "redeliver",
    tag = "Webhooks",
    params(("event" = EventId, Path, description = "The event")),
    responses((status = 202, description = "On its way", body = Delivery), SwitchedOff)
)]
pub async fn redeliver(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    WebhookPath(id): WebhookPath,
    Path((_, event)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let event: EventId = event.parse().map_err(|_| Problem::from(Kind::NotFound))?;
    let (catalog, now) = (api.catalog.clone(), OffsetDateTime::now_utc());
    let again = async move { Ok(catalog.redeliver(&who.org, &id, &event, now).await?) };
    let delivery = api.to_the_end(again).await?;
    Ok((StatusCode::ACCEPTED, Json(Delivery::from(delivery))).into_response())
}

/// Deliver everything once more
///
/// All that it wants since a time or behind an event, 1000 at a time.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/replay",
    operation_id = "replay",
    tag = "Webhooks",
    request_body = ReplayBody,
    responses((status = 202, description = "On its way", body = Replayed), SwitchedOff)
)]
pub async fn replay(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    WebhookPath(id): WebhookPath,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    api.catalog.webhook(&who.org, &id).await?;
    let since = match json(&body)? {
        ReplayBody { since: Some(time), after_event: None } => Since::Time(time),
        ReplayBody { since: None, after_event: Some(event) } => Since::Event(event),
        _ => {
            let why = "give either since or afterEvent";
            return Err(Problem::new(Kind::InvalidValue).detail(why).with("field", "since"));
        }
    };
    let (catalog, now) = (api.catalog.clone(), OffsetDateTime::now_utc());
    let replay = async move { Ok(catalog.replay(&who.org, &id, since, now).await?) };
    let replayed = api.to_the_end(replay).await?;
    let body = Replayed { events: replayed.events, next_after_event: replayed.next };
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}
