//! The way into a live room: a URL and a token that opens this one diagram.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use super::extract::{Caller, DiagramPath};
use super::origin::public_base;
use super::problem::{Kind, Problem};
use super::{Api, names};
use crate::auth::{RoomGrant, color_of};
use crate::room::session::Role;

/// What a provider needs: `url?token=…`, or the URL up to the id as server and the id as room name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomAccess)]
pub struct Invitation {
    url: String,
    token: String,
    role: Role,
    #[serde(with = "rfc3339")]
    expires_at: OffsetDateTime,
}

/// Enter the live room
///
/// `url?token=…` is its WebSocket. For a Yjs provider, the URL up to the id is the server and the id the room name.
#[utoipa::path(
    post,
    path = "/api/diagrams/{id}/collaborate",
    operation_id = "collaborate",
    tag = "Collaboration",
    responses((status = 200, description = "The way into the room", body = Invitation,
        headers(("Cache-Control" = String))))
)]
pub async fn collaborate(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    DiagramPath(id): DiagramPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    api.catalog.diagram(&caller.org, &id).await?;
    names::note(&api, &caller).await;
    // http -> ws, https -> wss: a base is nothing else.
    let base = public_base(&api.server, &headers)?.replacen("http", "ws", 1);
    let url = format!("{base}/collab/{id}");
    let now = SystemTime::now();
    let expires = now + api.auth.room_token_ttl;
    let grant = RoomGrant {
        org: caller.org,
        diagram: id,
        role: caller.role.in_room(),
        name: caller.name.unwrap_or_else(|| caller.user.to_string()),
        color: color_of(&caller.user).to_owned(),
        user: caller.user,
        by: caller.guest.as_ref().map(|guest| guest.by.clone()),
        expires: caller.guest.map_or(expires, |guest| guest.until.min(expires)),
    };
    let token = api
        .keys
        .mint_room(&grant, now)
        .map_err(|error| Problem::new(Kind::Internal).because(error))?;
    let expires_at = OffsetDateTime::from(grant.expires).replace_nanosecond(0);
    let invitation = Invitation {
        url,
        token,
        role: grant.role,
        expires_at: expires_at.unwrap_or(OffsetDateTime::UNIX_EPOCH),
    };
    let private = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((private, Json(invitation)).into_response())
}
