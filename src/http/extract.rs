//! What handlers take from a request: the caller, the diagram, the query, the body.
//!
//! Every rejection is a [`Problem`] that says what was wrong.

use std::sync::Arc;

use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Api;
use super::problem::{Kind, Problem};
use super::rate::Verified;
use crate::auth::{Claimed, Guest, Identity, OrgRole, TokenError};
use crate::bpmn::ReadErrorKind;
use crate::diagram::NoDiagram;
use crate::id::{DiagramId, ProjectId, Version};
use crate::limits;
use crate::members::NotAdmitted;
use crate::store::StoreError;
use crate::store::catalog::MemberId;

/// The verified caller.
#[derive(Debug)]
pub struct Caller(pub Identity);

impl Caller {
    /// Refuses a viewer.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn may_write(&self) -> Result<(), Problem> {
        if self.0.role.may_write() {
            return Ok(());
        }
        Err(Problem::new(Kind::Forbidden).detail("a viewer can't change diagrams"))
    }

    /// Refuses whoever is no admin.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn is_admin(&self, what: &str) -> Result<(), Problem> {
        if self.0.role == OrgRole::Admin {
            return Ok(());
        }
        Err(Problem::new(Kind::Forbidden).detail(format!("only an admin {what}")))
    }
}

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let identity = match parts.extensions.get::<Verified>() {
            Some(Verified(verified)) => verified.clone()?,
            None => api.members.admit(claimed(api, &parts.headers).await?).await?,
        };
        if let Some(guest) = &identity.guest {
            let path = RawPathParams::from_request_parts(parts, api).await;
            let path = path.map_err(|error| Problem::from(Kind::BadRequest).because(error))?;
            let id = path.iter().find(|(name, _)| *name == "id").map(|(_, id)| id);
            check_guest(guest, id, parts)?;
        }
        Ok(Self(identity))
    }
}

/// A guest reaches its one diagram, the list of just this, and its own session: whatever route comes later is
/// closed to it. It can't delete, nor let others in: that stays with the organisation.
fn check_guest(guest: &Guest, id: Option<&str>, parts: &Parts) -> Result<(), Problem> {
    let refused = |why: &str| Err(Problem::new(Kind::Forbidden).detail(why));
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    match route.strip_prefix("/api/diagrams/{id}") {
        Some(_) if id != Some(guest.diagram.as_str()) => Err(Kind::NotFound.into()),
        Some("/invites") => refused("a guest can't invite others"),
        Some("/undelete") => refused("a guest can't bring the diagram back"),
        Some(_) if parts.method == Method::DELETE => refused("a guest can't delete the diagram"),
        Some(_) => Ok(()),
        None if parts.method.is_safe() && ["/api/diagrams", "/api/session"].contains(&route) => {
            Ok(())
        }
        None => refused("an invitation opens its one diagram and nothing else"),
    }
}

/// What the request's token says of its holder.
///
/// # Errors
/// Why it is not accepted.
pub(super) async fn claimed(api: &Api, headers: &HeaderMap) -> Result<Claimed, TokenError> {
    api.tokens.access(bearer(headers)?).await
}

/// The token of `Authorization: Bearer …`; the scheme in any case (RFC 7235).
///
/// # Errors
/// `Missing` or `Malformed`.
fn bearer(headers: &HeaderMap) -> Result<&str, TokenError> {
    let value = headers.get(header::AUTHORIZATION).ok_or(TokenError::Missing)?;
    let value = value.to_str().map_err(|_| TokenError::Malformed)?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(TokenError::Malformed),
    }
}

/// The diagram of the path. What can't be an id names no diagram.
#[derive(Debug)]
pub struct DiagramPath(pub DiagramId);

impl<S: Send + Sync> FromRequestParts<S> for DiagramPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::RawPathParams::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|path| path.iter().next()?.1.parse().ok());
        id.map(Self).ok_or_else(|| Kind::NotFound.into())
    }
}

/// The project of the path. What can't be an id names no project.
#[derive(Debug)]
pub struct ProjectPath(pub ProjectId);

impl<S: Send + Sync> FromRequestParts<S> for ProjectPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|path| path.0.parse().ok());
        id.map(Self).ok_or_else(|| Kind::NotFound.into())
    }
}

/// The member of the path. What can be neither a user nor an address names no member.
#[derive(Debug)]
pub struct MemberPath(pub MemberId);

impl<S: Send + Sync> FromRequestParts<S> for MemberPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|path| path.0.parse().ok());
        id.map(Self).ok_or_else(|| Kind::NotFound.into())
    }
}

/// The version of the path. What can't be a number of one is not found, like the diagram of another tenant.
#[derive(Debug)]
pub struct VersionPath(pub Version);

impl<S: Send + Sync> FromRequestParts<S> for VersionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await;
        let version = path.ok().and_then(|path| path.0.1.parse().ok()).filter(|n| *n > 0);
        version.map(|n| Self(Version(n))).ok_or_else(|| Kind::NotFound.into())
    }
}

/// The query of the URL.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let text = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
        serde_path_to_error::deserialize(pairs)
            .map(Self)
            .map_err(|error| named(Problem::new(Kind::BadRequest), &error))
    }
}

/// The memory that request bodies may take together: without it, each connection could hold a largest body.
#[derive(Debug, Clone)]
pub struct BodySpace(Arc<Semaphore>);

/// Bytes that are counted as one.
const BODY_UNIT: usize = 1024;

impl Default for BodySpace {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(limits::BODIES_BYTES / BODY_UNIT)))
    }
}

impl BodySpace {
    /// Waits for space: the sender of a big body waits, small ones hardly ever do.
    async fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let units = bytes.min(limits::BODIES_BYTES).div_ceil(BODY_UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.0).acquire_many_owned(units).await;
        taken.map_err(|error| Problem::new(Kind::Unavailable).because(error))
    }
}

/// The whole body, at most `server.max_body_bytes`, and the space it takes.
#[derive(Debug)]
pub struct Whole {
    /// The body.
    pub bytes: Bytes,
    /// Kept for as long as the body is.
    pub space: OwnedSemaphorePermit,
}

impl FromRequest<Arc<Api>> for Whole {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Problem> {
        unpacked(request.headers())?;
        let limit = api.server.max_body_bytes;
        let too_large =
            || Problem::new(Kind::TooLarge).detail(format!("a body has at most {limit} bytes"));
        // What says its size is refused before it is read.
        let size = request.body().size_hint();
        if size.lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(too_large());
        }
        let most = size.upper().and_then(|most| usize::try_from(most).ok());
        let space = api.bodies.take(most.map_or(limit, |most| most.min(limit))).await?;
        match Bytes::from_request(request, api).await {
            Ok(bytes) => Ok(Self { bytes, space }),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
            Err(error) => Err(Problem::new(Kind::BadRequest).detail(error.body_text())),
        }
    }
}

/// Reads a JSON body, with the place of a fault.
///
/// # Errors
/// `InvalidBody`.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let placed = |problem: Problem, error: &serde_json::Error| match error.line() {
        0 => problem,
        line => problem.with("line", line).with("column", error.column()),
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| placed(named(Problem::new(Kind::InvalidBody), &error), error.inner()))?;
    reader.end().map_err(|error| {
        placed(Problem::new(Kind::InvalidBody).detail(error.to_string()), &error)
    })?;
    Ok(read)
}

/// What was wrong, and with which member or parameter.
fn named<E: std::error::Error>(problem: Problem, error: &serde_path_to_error::Error<E>) -> Problem {
    let problem = problem.detail(error.inner().to_string());
    match error.path().to_string() {
        path if path == "." => problem,
        path => problem.with("field", path),
    }
}

/// Refuses a body that is packed: what it unpacks to has no bound before it is unpacked.
///
/// # Errors
/// `MediaType`.
pub fn unpacked(headers: &HeaderMap) -> Result<(), Problem> {
    let packed = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"));
    if packed {
        // RFC 9110, 12.5.3: which codings the next request may use.
        return Err(Problem::new(Kind::MediaType)
            .detail("a body with Content-Encoding is not read: send it as it is")
            .header(header::ACCEPT_ENCODING, "identity"));
    }
    Ok(())
}

/// The media type of the body, lower case and without parameters; empty when there is none.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Kind::NotFound.into(),
            StoreError::Exists => Kind::Exists.into(),
            StoreError::Changed => {
                Self::new(Kind::Stale).detail("somebody changed it since: load it again")
            }
            StoreError::QuotaExceeded { plan, allowed } => Self::new(Kind::QuotaExceeded)
                .detail(format!("{error}: delete some, or take a larger plan"))
                .with("plan", plan.as_str())
                .with("limit", allowed),
            StoreError::NoProject => {
                Self::new(Kind::InvalidValue).detail(error.to_string()).with("field", "projectId")
            }
            StoreError::NotEmpty => {
                Self::new(Kind::NotEmpty).detail("move or delete what is in it first")
            }
            StoreError::TooMany { .. } => Self::new(Kind::InvalidValue).detail(error.to_string()),
            StoreError::LastAdmin => {
                Self::new(Kind::LastAdmin).detail("make somebody else an admin first")
            }
            StoreError::NoEvent => {
                Self::new(Kind::InvalidValue).detail(error.to_string()).with("field", "afterEvent")
            }
            StoreError::SwitchedOff => Self::new(Kind::SwitchedOff).detail("switch it on first"),
            StoreError::BadCursor => Self::new(Kind::BadRequest).detail(error.to_string()),
            StoreError::Corrupt(_) => Self::new(Kind::Internal).because(error),
            StoreError::Away(_) | StoreError::Unknown(_) => Self::new(Kind::Unavailable)
                .retry_after(std::time::Duration::from_secs(2))
                .because(error),
        }
    }
}

impl From<NotAdmitted> for Problem {
    fn from(error: NotAdmitted) -> Self {
        let detail = error.to_string();
        match error {
            NotAdmitted::InviterRemoved => Self::new(Kind::Unauthorized).detail(detail),
            NotAdmitted::Removed => Self::new(Kind::Removed).detail(detail),
            NotAdmitted::NoMember | NotAdmitted::NoOrg => {
                Self::new(Kind::NotAMember).detail(detail)
            }
            NotAdmitted::Store(StoreError::TooMany { .. }) => {
                Self::new(Kind::NotAMember).detail(detail)
            }
            NotAdmitted::Store(error) => error.into(),
        }
    }
}

impl From<NoDiagram> for Problem {
    fn from(error: NoDiagram) -> Self {
        let detail = error.to_string();
        match error {
            NoDiagram::NotBpmn => Self::new(Kind::InvalidBpmn).detail(detail),
            NoDiagram::Unreadable(at) if at.kind == ReadErrorKind::TooManyBytes => {
                Self::new(Kind::TooLarge).detail(at.kind.to_string())
            }
            NoDiagram::Unreadable(at) => Self::new(Kind::InvalidBpmn)
                .detail(detail)
                .with("line", at.line)
                .with("column", at.column),
        }
    }
}
