//! Webhooks: who is told of events. For admins alone; a secret is shown once, when it is made.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::answer::{hashed, header_value};
use super::extract::{Caller, Whole, json};
use super::openapi::refusals::SwitchedOff;
use super::problem::{Kind, Problem};
use crate::auth::Identity;
use crate::id::{DiagramId, EventId, ProjectId, UserId, WebhookId};
use crate::limits::MAX_DESCRIPTION_BYTES;
use crate::seal::SealError;
use crate::store::StoreError;
use crate::store::catalog::{self, EventKind, NewWebhook, WebhookChange};
use crate::webhooks::secret::Secret;

/// The caller, who is an admin.
#[derive(Debug)]
pub struct Admin(pub Identity);

impl FromRequestParts<Arc<Api>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        caller.is_admin("works with webhooks")?;
        Ok(Self(caller.0))
    }
}

/// The webhook of the path. What can't be an id names none.
#[derive(Debug)]
pub struct WebhookPath(pub WebhookId);

impl<S: Send + Sync> FromRequestParts<S> for WebhookPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::RawPathParams::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|path| path.iter().next()?.1.parse().ok());
        id.map(Self).ok_or_else(|| Kind::NotFound.into())
    }
}

/// A webhook as admins see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    id: WebhookId,
    url: String,
    description: String,
    /// None: all
    #[schema(example = json!(["version.created"]))]
    events: Vec<&'static str>,
    diagram_id: Option<DiagramId>,
    project_id: Option<ProjectId>,
    enabled: bool,
    /// Why it is not.
    disabled_reason: Option<&'static str>,
    #[serde(with = "rfc3339::option")]
    failing_since: Option<OffsetDateTime>,
    #[serde(with = "rfc3339::option")]
    previous_secret_until: Option<OffsetDateTime>,
    created_by: UserId,
    #[serde(with = "rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "rfc3339")]
    updated_at: OffsetDateTime,
}

impl From<catalog::Webhook> for Webhook {
    fn from(webhook: catalog::Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            description: webhook.description,
            events: webhook.kinds.into_iter().map(EventKind::as_str).collect(),
            diagram_id: webhook.diagram,
            project_id: webhook.project,
            enabled: webhook.off.is_none(),
            disabled_reason: webhook.off.map(catalog::Off::as_str),
            failing_since: webhook.failing_since,
            previous_secret_until: webhook.old_until,
            created_by: webhook.created_by,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

/// A webhook with its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
struct WithSecret {
    #[serde(flatten)]
    webhook: Webhook,
    /// Shown this once
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]{43}=$")]
    secret: String,
}

/// The webhooks, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookList)]
struct List {
    webhooks: Vec<Webhook>,
}

/// The event by which a webhook is tested.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pinged {
    event_id: EventId,
}

/// A webhook to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewWebhook, example = json!({ "url": "https://example.com/atelier" }))]
struct NewBody {
    /// https, and to a public address
    #[schema(max_length = 2048, format = "uri")]
    url: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    events: Vec<String>,
    diagram_id: Option<DiagramId>,
    project_id: Option<ProjectId>,
}

/// What to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookChange, example = json!({ "enabled": true }))]
struct PatchBody {
    url: Option<String>,
    description: Option<String>,
    events: Option<Vec<String>>,
    enabled: Option<bool>,
}

/// List webhooks
///
/// The oldest first; for admins.
#[utoipa::path(
    get,
    path = "/api/webhooks",
    operation_id = "listWebhooks",
    tag = "Webhooks",
    responses((status = 200, description = "The webhooks", body = List))
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let webhooks = api.catalog.webhooks(&who.org).await?;
    hashed(&headers, &List { webhooks: webhooks.into_iter().map(Webhook::from).collect() })
}

/// Make a webhook
///
/// For admins. The answer alone holds its secret.
#[utoipa::path(
    post,
    path = "/api/webhooks",
    operation_id = "createWebhook",
    tag = "Webhooks",
    request_body = NewBody,
    responses((status = 201, description = "Made", body = WithSecret, headers(("Location" = String))))
)]
pub async fn create(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    let body: NewBody = json(&body)?;
    if let Some(diagram) = &body.diagram_id {
        api.catalog.diagram(&who.org, diagram).await.map_err(no_diagram)?;
    }
    let id: WebhookId = Uuid::new_v4().to_string().parse().map_err(internal)?;
    let (secret, sealed) = new_secret(&api, &id)?;
    let new = NewWebhook {
        id,
        url: checked_url(&api, &body.url)?,
        description: checked_description(body.description)?,
        kinds: checked_events(&body.events)?,
        diagram: body.diagram_id,
        project: body.project_id,
        secret: sealed,
        allowed: api.webhooks.per_organisation,
    };
    let catalog = api.catalog.clone();
    let create = async move {
        Ok(catalog.create_webhook(&who.org, &who.user, new, OffsetDateTime::now_utc()).await?)
    };
    let webhook = api.to_the_end(create).await?;
    let location = header_value(&format!("/api/webhooks/{}", webhook.id));
    let answer = with_secret(webhook, &secret);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response())
}

/// Look at a webhook
#[utoipa::path(
    get,
    path = "/api/webhooks/{id}",
    operation_id = "showWebhook",
    tag = "Webhooks",
    responses((status = 200, description = "The webhook", body = Webhook))
)]
pub async fn show(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    WebhookPath(id): WebhookPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let webhook = api.catalog.webhook(&who.org, &id).await?;
    hashed(&headers, &Webhook::from(webhook))
}

/// Change a webhook, or switch it on or off
///
/// What waits for one that is switched off is given up.
#[utoipa::path(
    patch,
    path = "/api/webhooks/{id}",
    operation_id = "changeWebhook",
    tag = "Webhooks",
    request_body = PatchBody,
    responses((status = 200, description = "Changed", body = Webhook))
)]
pub async fn patch(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    WebhookPath(id): WebhookPath,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    api.catalog.webhook(&who.org, &id).await?;
    let body: PatchBody = json(&body)?;
    let new = WebhookChange {
        url: body.url.map(|url| checked_url(&api, &url)).transpose()?,
        description: body.description.map(checked_description).transpose()?,
        kinds: body.events.map(|events| checked_events(&events)).transpose()?,
        enabled: body.enabled,
    };
    let (catalog, now) = (api.catalog.clone(), OffsetDateTime::now_utc());
    let change =
        async move { Ok(catalog.change_webhook(&who.org, &id, &who.user, new, now).await?) };
    Ok(Json(Webhook::from(api.to_the_end(change).await?)).into_response())
}

/// Remove a webhook
#[utoipa::path(
    delete,
    path = "/api/webhooks/{id}",
    operation_id = "removeWebhook",
    tag = "Webhooks",
    responses((status = 204, description = "Removed"))
)]
pub async fn delete(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    WebhookPath(id): WebhookPath,
) -> Result<StatusCode, Problem> {
    let (catalog, now) = (api.catalog.clone(), OffsetDateTime::now_utc());
    let delete = async move {
        catalog.remove_webhook(&who.org, &id, &who.user, now).await?;
        Ok(StatusCode::NO_CONTENT)
    };
    api.to_the_end(delete).await
}

/// Give a webhook another secret
///
/// The one before signs too for a day.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/rotate-secret",
    operation_id = "rotateWebhookSecret",
    tag = "Webhooks",
    responses((status = 200, description = "Another secret", body = WithSecret))
)]
pub async fn rotate_secret(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    WebhookPath(id): WebhookPath,
) -> Result<Response, Problem> {
    let (secret, sealed) = new_secret(&api, &id)?;
    let (catalog, now) = (api.catalog.clone(), OffsetDateTime::now_utc());
    let rotate = async move {
        Ok(catalog.rotate_webhook_secret(&who.org, &id, &who.user, sealed, now).await?)
    };
    let webhook = api.to_the_end(rotate).await?;
    Ok(with_secret(webhook, &secret).into_response())
}

/// Test a webhook
///
/// Sends it a `webhook.ping`.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/test",
    operation_id = "testWebhook",
    tag = "Webhooks",
    responses((status = 202, description = "On its way", body = Pinged), SwitchedOff)
)]
pub async fn test(
    State(api): State<Arc<Api>>,
    Admin(who): Admin,
    WebhookPath(id): WebhookPath,
) -> Result<Response, Problem> {
    let (catalog, now) = (api.catalog.clone(), OffsetDateTime::now_utc());
    let ping = async move { Ok(catalog.ping_webhook(&who.org, &id, &who.user, now).await?) };
    let event_id = api.to_the_end(ping).await?;
    Ok((StatusCode::ACCEPTED, Json(Pinged { event_id })).into_response())
}

/// No cache keeps a secret.
fn with_secret(webhook: catalog::Webhook, secret: &Secret) -> impl IntoResponse + use<> {
    let body = WithSecret { webhook: webhook.into(), secret: secret.text() };
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(body))
}

fn new_secret(api: &Api, id: &WebhookId) -> Result<(Secret, Vec<u8>), Problem> {
    let secret = Secret::draw().map_err(internal)?;
    let sealed = secret.seal(&api.sealer, id).map_err(|error: SealError| internal(error))?;
    Ok((secret, sealed))
}

fn checked_url(api: &Api, url: &str) -> Result<String, Problem> {
    let target = api.outbound.user(url);
    let target = target.map_err(|why| invalid("url", format!("the url {why}")))?;
    Ok(target.url().to_owned())
}

fn checked_description(text: String) -> Result<String, Problem> {
    if text.len() > MAX_DESCRIPTION_BYTES {
        let why = format!("the description is longer than {MAX_DESCRIPTION_BYTES} bytes");
        return Err(invalid("description", why));
    }
    Ok(text)
}

/// Each once, in the order of the documentation.
fn checked_events(words: &[String]) -> Result<Vec<EventKind>, Problem> {
    let known = |word: &String| EventKind::ALL.iter().any(|kind| kind.as_str() == word);
    if let Some(word) = words.iter().find(|word| !known(word)) {
        let all: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let shown: String = word.chars().take(40).collect();
        let why = format!("{shown:?} is no event; there are {}", all.join(", "));
        return Err(invalid("events", why));
    }
    let wanted = |kind: &EventKind| words.iter().any(|word| word == kind.as_str());
    Ok(EventKind::ALL.into_iter().filter(wanted).collect())
}

fn no_diagram(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound => invalid("diagramId", "there is no such diagram"),
        error => error.into(),
    }
}

fn invalid(field: &str, why: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidValue).detail(why).with("field", field)
}

fn internal(error: impl std::fmt::Display) -> Problem {
    Problem::new(Kind::Internal).because(error)
}
