//! The one place where an error becomes a status: `application/problem+json` (RFC 9457) for every error.
//!
//! A problem has two messages: what the client may know (`detail`), and what only the log says
//! ([`Problem::because`]). Must not be bypassed: handlers return `Problem`, never a bare status.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::auth::TokenError;
use crate::bpmn::merge::Conflict;
use crate::room::registry::RoomError;
use crate::store::catalog::Plan;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Every kind of error that a client can meet.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

kinds! {
    /// A head, a path, a query or a header that can't be read.
    BadRequest,
    /// A body that is no JSON, or JSON of another shape.
    InvalidBody,
    /// No token, or one that is not accepted.
    Unauthorized,
    /// A token that does not give this right.
    Forbidden,
    /// The user was removed from the organisation.
    Removed,
    /// The user is no member of the organisation, and is not let in by itself.
    NotAMember,
    /// The organisation has as many diagrams as its plan allows.
    QuotaExceeded,
    /// A page of an origin that is not on the list.
    ForeignOrigin,
    /// No such diagram, version or project for this caller: missing, deleted and somebody else's look the same.
    NotFound,
    /// No such route.
    NoRoute,
    /// The route has other methods.
    MethodNotAllowed,
    /// The request took too long to arrive or to be answered.
    Timeout,
    /// The id is taken.
    Exists,
    /// What is to be removed still holds something.
    NotEmpty,
    /// The organisation would have no admin any more.
    LastAdmin,
    /// Nothing is delivered to the webhook.
    SwitchedOff,
    /// Somebody saved since the version that a save expects.
    VersionConflict,
    /// The same request is being carried out.
    InProgress,
    /// The revision that a save builds on is no longer kept.
    BaseGone,
    /// Somebody saved since the revision that a save builds on.
    Stale,
    /// The body is above the limit.
    TooLarge,
    /// A body of a media type that the route does not read.
    MediaType,
    /// The body is no BPMN diagram that can be held.
    InvalidBpmn,
    /// A value that can be read and is not allowed.
    InvalidValue,
    /// An idempotency key that was used for another request.
    KeyReused,
    /// The room said no for good.
    EditRefused,
    /// A plain request to the WebSocket endpoint.
    UpgradeRequired,
    /// A save without the revision that it builds on.
    PreconditionRequired,
    /// Too many requests.
    TooMany,
    /// A head above the limit.
    HeadTooLarge,
    /// Our fault.
    Internal,
    /// The store or the room is away, or the server is stopping.
    Unavailable,
}

impl Kind {
    /// The status of its answers.
    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// What programs know it by; never changes.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// The same for every problem of this kind.
    pub fn title(self) -> &'static str {
        self.row().2
    }

    /// The `type` of RFC 9457.
    pub fn uri(self) -> String {
        format!("urn:atelier:problem:{}", self.code())
    }

    /// Status, code and title: the table.
    fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::BadRequest => (S::BAD_REQUEST, "bad-request", "The request can't be read"),
            Self::InvalidBody => (S::BAD_REQUEST, "invalid-body", "The body can't be read"),
            Self::Unauthorized => (S::UNAUTHORIZED, "unauthorized", "A valid token is needed"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "The token does not give this right"),
            Self::Removed => (S::FORBIDDEN, "removed", "You were removed from the organisation"),
            Self::NotAMember => {
                (S::FORBIDDEN, "not-a-member", "You are no member of the organisation")
            }
            Self::QuotaExceeded => (S::FORBIDDEN, "quota-exceeded", "The plan allows no more"),
            Self::ForeignOrigin => (S::FORBIDDEN, "foreign-origin", "This origin is not allowed"),
            Self::NotFound => (S::NOT_FOUND, "not-found", "There is nothing of this name for you"),
            Self::NoRoute => (S::NOT_FOUND, "no-such-route", "There is no such route"),
            Self::MethodNotAllowed => {
                (S::METHOD_NOT_ALLOWED, "method-not-allowed", "The route has other methods")
            }
            Self::Timeout => (S::REQUEST_TIMEOUT, "timeout", "The request took too long"),
            Self::Exists => (S::CONFLICT, "exists", "The id is taken"),
            Self::NotEmpty => (S::CONFLICT, "not-empty", "It still holds something"),
            Self::LastAdmin => {
                (S::CONFLICT, "last-admin", "The organisation would have no admin any more")
            }
            Self::SwitchedOff => (S::CONFLICT, "switched-off", "The webhook is switched off"),
            Self::VersionConflict => {
                (S::CONFLICT, "version-conflict", "Somebody saved since your version")
            }
            Self::InProgress => {
                (S::CONFLICT, "in-progress", "The same request is being carried out")
            }
            Self::BaseGone => (S::CONFLICT, "base-gone", "The base revision is no longer kept"),
            Self::Stale => (S::PRECONDITION_FAILED, "stale", "Somebody saved since your version"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::MediaType => {
                (S::UNSUPPORTED_MEDIA_TYPE, "media-type", "This media type is not read here")
            }
            Self::InvalidBpmn => {
                (S::UNPROCESSABLE_ENTITY, "invalid-bpmn", "The body is not usable BPMN 2.0 XML")
            }
            Self::InvalidValue => {
                (S::UNPROCESSABLE_ENTITY, "invalid-value", "A value is not allowed")
            }
            Self::KeyReused => {
                (S::UNPROCESSABLE_ENTITY, "key-reused", "The key was used for another request")
            }
            Self::EditRefused => {
                (S::UNPROCESSABLE_ENTITY, "edit-refused", "The diagram can't take this edit")
            }
            Self::UpgradeRequired => {
                (S::UPGRADE_REQUIRED, "upgrade-required", "A WebSocket upgrade is needed")
            }
            Self::PreconditionRequired => {
                (S::PRECONDITION_REQUIRED, "precondition-required", "A base version is needed")
            }
            Self::TooMany => (S::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
            Self::HeadTooLarge => (
                S::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "head-too-large",
                "The request's head is too large",
            ),
            Self::Internal => {
                (S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side")
            }
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "Not available right now"),
        }
    }

    /// The kind of an error that some layer answered with a bare status.
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NoRoute,
            405 => Self::MethodNotAllowed,
            408 => Self::Timeout,
            413 => Self::TooLarge,
            415 => Self::MediaType,
            426 => Self::UpgradeRequired,
            429 => Self::TooMany,
            431 => Self::HeadTooLarge,
            400..=499 => Self::BadRequest,
            503 => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

/// What a client gets of a problem (RFC 9457). Some have members of their own.
#[derive(Debug, ToSchema)]
#[schema(as = Problem, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "a problem's members are gathered as they come; this is what they look like"
)]
pub struct ProblemBody {
    /// `urn:atelier:problem:` and the code
    #[schema(rename = "type", format = "uri", example = "urn:atelier:problem:not-found")]
    uri: String,
    /// What programs know it by; never changes
    #[schema(example = "not-found")]
    code: String,
    /// The same for every problem of this code
    title: String,
    /// The HTTP status
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What was wrong here and what to do
    #[schema(required = false, nullable = false)]
    detail: Option<String>,
    /// The parameter or member of the body that is meant
    #[schema(required = false, nullable = false)]
    field: Option<String>,
    /// Where in the body, from 1
    #[schema(required = false, nullable = false)]
    line: Option<u32>,
    /// Where in the line, from 1
    #[schema(required = false, nullable = false)]
    column: Option<u32>,
    /// The version that a stale save would have to build on
    #[schema(required = false, nullable = false)]
    current_version: Option<u32>,
    /// The version that it builds on
    #[schema(required = false, nullable = false)]
    expected_version: Option<u32>,
    /// What both changed
    #[schema(required = false, nullable = false)]
    conflicts: Option<Vec<Conflict>>,
    /// The plan whose limit is reached
    #[schema(required = false, nullable = false)]
    plan: Option<Plan>,
    /// What it allows
    #[schema(required = false, nullable = false)]
    limit: Option<u32>,
}

/// An error on its way to the client.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: Option<String>,
    members: Map<String, Value>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
    cause: Option<String>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: Kind) -> Self {
        Self { kind, detail: None, members: Map::new(), headers: Vec::new(), cause: None }
    }

    /// What the client may know: what was wrong and what to do.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// A member of its own, such as `line` or `currentVersion`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// A header of the answer; a value that is no header value is left out.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// When to come back.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs().max(1).to_string();
        self.header(header::RETRY_AFTER, &seconds)
    }

    /// What only the log says.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        if let TokenError::KeysAway(wait) = error {
            // Rounded up: whoever comes back then is worth a look.
            return Self::new(Kind::Unavailable)
                .detail(error.to_string())
                .retry_after(Duration::from_secs(wait.as_secs() + 1));
        }
        let challenge = match error {
            TokenError::Missing => "Bearer realm=\"atelier\"",
            _ => "Bearer realm=\"atelier\", error=\"invalid_token\"",
        };
        Self::new(Kind::Unauthorized)
            .detail(format!("{error}: send \"Authorization: Bearer <access token>\""))
            .header(header::WWW_AUTHENTICATE, challenge)
    }
}

impl From<RoomError> for Problem {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::Gone => Kind::NotFound.into(),
            RoomError::TooLarge => Self::new(Kind::EditRefused).detail(error.to_string()),
            RoomError::Failed(_) => Self::new(Kind::Internal).because(error),
            RoomError::Unavailable => {
                Self::new(Kind::Unavailable).retry_after(Duration::from_secs(1)).because(error)
            }
            RoomError::Away(_) => {
                Self::new(Kind::Unavailable).retry_after(Duration::from_secs(2)).because(error)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title) = self.kind.row();
        if let Some(cause) = &self.cause {
            if status.is_server_error() {
                tracing::error!(code, cause, "request failed");
            } else {
                tracing::info!(code, cause, "request refused");
            }
        }
        let mut body = self.members;
        body.insert("type".to_owned(), json!(self.kind.uri()));
        body.insert("code".to_owned(), json!(code));
        body.insert("title".to_owned(), json!(title));
        body.insert("status".to_owned(), json!(status.as_u16()));
        if let Some(detail) = self.detail {
            body.insert("detail".to_owned(), json!(detail));
        }
        let mut response = (
            status,
            [
                (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ],
            Value::Object(body).to_string(),
        )
            .into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/problems.md lists every code with its status, and no other.
    #[test]
    fn every_problem_is_documented() {
        let docs = include_str!("../../docs/problems.md");
        let rows: Vec<&str> = docs.lines().filter_map(|line| line.strip_prefix("| `")).collect();
        let all = Kind::ALL
            .iter()
            .map(|kind| (*kind, format!("{}` | {} |", kind.code(), kind.status().as_u16())));
        for (kind, begins) in all {
            assert!(rows.iter().any(|row| row.starts_with(&begins)), "{kind:?}: | `{begins}");
        }
        assert_eq!(rows.len(), Kind::ALL.len());
    }
}
