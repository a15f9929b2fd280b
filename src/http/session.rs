//! Sessions of the Studio: an access token for who opens it on this machine, or comes by an invitation.
//!
//! No session is stored: a user is as lasting as the random text by which its browser profile names itself, and
//! its token is renewed by asking again. The person at this machine becomes a member, a guest does not.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use super::answer::hashed;
use super::extract::{Caller, json, unpacked};
use super::listener::Peer;
use super::openapi::refusals::{Forbidden, NotFound, TooMany, Unauthorized};
use super::problem::{Kind, Problem};
use super::{Api, local};
use crate::auth::{Claimed, Guest, Identity, OrgRole, color_of, shown_name};
use crate::id::{DiagramId, OrgId, UserId};
use crate::limits;
use crate::room::session::Role;

/// The organisation of those who are signed in on this machine.
const LOCAL_ORG: &str = "local";

/// What begins a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "profile": "f3b0c44298fc1c149afb", "name": "Ana" }))]
struct NewSession {
    /// The token of an invitation; without one, the person at this machine is meant.
    invite: Option<String>,
    /// A random text that the browser profile keeps: the same one is the same user.
    #[schema(max_length = 128)]
    profile: Option<String>,
    /// What others see at the cursor.
    name: Option<String>,
}

/// Who a token is for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Who {
    org: OrgId,
    user: UserId,
    name: String,
    #[schema(pattern = "^#[0-9a-f]{6}$")]
    color: &'static str,
    role: OrgRole,
    /// The one diagram of a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    diagram_id: Option<DiagramId>,
}

impl From<Identity> for Who {
    fn from(who: Identity) -> Self {
        Self {
            color: color_of(&who.user),
            name: who.name.unwrap_or_else(|| who.user.to_string()),
            org: who.org,
            user: who.user,
            role: who.role,
            diagram_id: who.guest.map(|guest| guest.diagram),
        }
    }
}

/// An access token and who it is for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Session {
    token: String,
    #[serde(with = "rfc3339")]
    expires_at: OffsetDateTime,
    #[serde(flatten)]
    who: Who,
}

/// How often each address may begin a session: it costs a signature and no credentials.
#[derive(Debug)]
pub struct SessionRate(DefaultKeyedRateLimiter<IpAddr>);

impl Default for SessionRate {
    fn default() -> Self {
        let quota = Quota::per_second(limits::SESSIONS_PER_SECOND);
        Self(RateLimiter::keyed(quota.allow_burst(limits::SESSIONS_BURST)))
    }
}

impl SessionRate {
    fn check(&self, address: IpAddr) -> Result<(), Problem> {
        if self.0.len() > limits::SESSION_ADDRESSES {
            self.0.retain_recent();
        }
        self.0.check_key(&address).map_err(|not_yet| {
            let wait = not_yet.wait_time_from(DefaultClock::default().now());
            Problem::new(Kind::TooMany).retry_after(wait)
        })
    }
}

/// Begin a session
///
/// With an invitation for its guest, else for the person at the server's own machine, where that is allowed.
#[utoipa::path(
    post,
    path = "/api/session",
    operation_id = "beginSession",
    tag = "Sessions",
    request_body = NewSession,
    responses(
        (status = 200, description = "An access token", body = Session, headers(("Cache-Control" = String))),
        Forbidden, NotFound, TooMany, Unauthorized
    )
)]
pub async fn begin(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    api.sessions.check(peer.addr.ip())?;
    unpacked(&headers)?;
    let new: NewSession = json(&body)?;
    if new.profile.as_ref().is_some_and(|profile| profile.len() > limits::MAX_PROFILE_BYTES) {
        return Err(Problem::new(Kind::InvalidValue)
            .detail(format!("profile is longer than {} bytes", limits::MAX_PROFILE_BYTES))
            .with("field", "profile"));
    }
    let who = match &new.invite {
        Some(invite) => guest(&api, invite, &new).await?,
        None => {
            let (org, person) = person_here(&api, &headers, &new)?;
            api.members.admit_at_home(org, person).await?
        }
    };
    let now = SystemTime::now();
    let longest = now + limits::SESSION_TTL;
    let expires = who.guest.as_ref().map_or(longest, |guest| guest.until.min(longest));
    let life = expires.duration_since(now).unwrap_or(Duration::ZERO);
    let token = api.keys.mint_access(&who, now, life)?;
    tracing::info!(user.id = %who.user, guest = who.guest.is_some(), "a session began");
    let expires_at = OffsetDateTime::from(expires);
    let session = Session {
        token,
        expires_at: expires_at.replace_nanosecond(0).unwrap_or(expires_at),
        who: who.into(),
    };
    let private = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((private, Json(session)).into_response())
}

/// Who the token is for
#[utoipa::path(
    get,
    path = "/api/session",
    operation_id = "session",
    tag = "Sessions",
    responses((status = 200, description = "Its user", body = Who))
)]
pub async fn show(Caller(caller): Caller, headers: HeaderMap) -> Result<Response, Problem> {
    hashed(&headers, &Who::from(caller))
}

/// The organisation and the person; what it may do there is its membership's to say.
fn person_here(
    api: &Api,
    headers: &HeaderMap,
    new: &NewSession,
) -> Result<(OrgId, Claimed), Problem> {
    let refused = |why: &str| Problem::new(Kind::Forbidden).detail(why);
    if !api.auth.signs_in_locally(&api.server) {
        return Err(refused("nobody is signed in without a token here (auth.local_sign_in)"));
    }
    if let Some(why) = local::objection(headers) {
        return Err(refused(why));
    }
    let org: OrgId =
        LOCAL_ORG.parse().map_err(|error| Problem::new(Kind::Internal).because(error))?;
    let user = user_of("local", org.as_str(), new)?;
    let (name, named) = (name_of(new), Some(org.clone()));
    Ok((org, Claimed { org: named, user, role: None, name, email: None, guest: None }))
}

async fn guest(api: &Api, invite: &str, new: &NewSession) -> Result<Identity, Problem> {
    let invite = api.keys.invite(invite).map_err(|error| {
        Problem::new(Kind::Unauthorized)
            .detail(format!("the invitation is not valid ({error}): ask for a new one"))
    })?;
    // The leeway for clocks does not lengthen what ends by our own clock.
    if invite.expires <= SystemTime::now() {
        return Err(Problem::new(Kind::Unauthorized)
            .detail("the invitation has expired: ask for a new one"));
    }
    api.catalog.diagram(&invite.org, &invite.diagram).await?;
    let user = user_of("guest", invite.org.as_str(), new)?;
    let role = match invite.role {
        Role::Editor => OrgRole::Member,
        Role::Viewer => OrgRole::Viewer,
    };
    let guest = Guest { diagram: invite.diagram, by: invite.by, until: invite.expires };
    let (org, name) = (Some(invite.org), name_of(new));
    let claimed = Claimed { org, user, role: Some(role), name, email: None, guest: Some(guest) };
    Ok(api.members.admit(claimed).await?)
}

/// The user of a browser profile in an organisation: nobody can be it without knowing the profile's text, and
/// two organisations can't tell that it is the same profile.
fn user_of(kind: &str, org: &str, new: &NewSession) -> Result<UserId, Problem> {
    let internal = |error: String| Problem::new(Kind::Internal).because(error);
    let random = match &new.profile {
        Some(profile) => {
            Sha256::digest(format!("{kind} {org} {profile}")).iter().take(12).copied().collect()
        }
        None => {
            let mut bytes = vec![0; 12];
            getrandom::fill(&mut bytes).map_err(|error| internal(error.to_string()))?;
            bytes
        }
    };
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}-{hex}").parse().map_err(|error: crate::id::BadId| internal(error.to_string()))
}

fn name_of(new: &NewSession) -> Option<String> {
    new.name.as_deref().map(|name| shown_name(name.trim())).filter(|name| !name.is_empty())
}
