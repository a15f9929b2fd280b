//! Invitations: a link that lets people without an account into one diagram.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use super::Api;
use super::extract::{Caller, DiagramPath, Whole, json};
use super::origin::public_base;
use super::problem::{Kind, Problem};
use crate::auth::Invite;
use crate::config::parse_duration;
use crate::limits;
use crate::room::session::Role;

/// Whom an invitation lets in, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "role": "viewer", "ttl": "7d" }))]
struct NewInvite {
    role: Role,
    /// `1m` to `30d`; `7d` unless told
    #[schema(pattern = "^[1-9][0-9]?[mhd]$")]
    ttl: Option<String>,
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Invitation)]
struct Invited {
    /// The token stands behind `#`: a browser sends that to no server.
    url: String,
    role: Role,
    #[serde(with = "rfc3339")]
    expires_at: OffsetDateTime,
}

/// Invite people without an account
///
/// Makes a link that lets whoever opens it into this one diagram. A viewer can invite viewers only.
#[utoipa::path(
    post,
    path = "/api/diagrams/{id}/invites",
    operation_id = "invite",
    tag = "Collaboration",
    request_body = NewInvite,
    responses((status = 201, description = "The link", body = Invited, headers(("Cache-Control" = String))))
)]
pub async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    DiagramPath(id): DiagramPath,
    headers: HeaderMap,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    // Existence first: a viewer of another tenant learns nothing from a 403.
    api.catalog.diagram(&caller.0.org, &id).await?;
    let new: NewInvite = json(&body)?;
    if new.role == Role::Editor && !caller.0.role.may_write() {
        return Err(Problem::new(Kind::Forbidden).detail("a viewer can invite viewers only"));
    }
    let life = new.ttl.as_deref().map_or(Ok(limits::INVITE_TTL), checked_life)?;
    let now = SystemTime::now();
    let invite = Invite {
        org: caller.0.org,
        diagram: id,
        role: new.role,
        by: caller.0.user,
        expires: now + life,
    };
    let token = api.keys.mint_invite(&invite, now)?;
    tracing::info!(room.id = %invite.diagram, user.id = %invite.by, role = ?invite.role, "invited");
    let base = public_base(&api.server, &headers)?;
    let expires_at = OffsetDateTime::from(invite.expires);
    let invited = Invited {
        url: format!("{base}/studio/d/{}#invite={token}", invite.diagram),
        role: invite.role,
        expires_at: expires_at.replace_nanosecond(0).unwrap_or(expires_at),
    };
    let private = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, private, Json(invited)).into_response())
}

fn checked_life(text: &str) -> Result<Duration, Problem> {
    let wrong = |why: String| {
        Problem::new(Kind::InvalidValue).detail(format!("ttl: {why}")).with("field", "ttl")
    };
    let life = parse_duration(text).map_err(|error| wrong(error.to_string()))?;
    if !(limits::INVITE_TTL_MIN..=limits::INVITE_TTL_MAX).contains(&life) {
        return Err(wrong("must be between 1m and 30d".to_owned()));
    }
    Ok(life)
}
