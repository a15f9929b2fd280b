//! What surrounds every request: its id, its log line, headers that protect a browser, and the promise that
//! every error is a problem, whichever layer made it.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument;

use super::idempotency::{IDEMPOTENCY_KEY, REPLAYED};
use super::linger::linger;
use super::problem::{Kind, MEDIA_TYPE, Problem};
use crate::config::Server;
use crate::limits;

/// The header that carries a request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps the routes, outermost last.
pub fn wrap(routes: Router, settings: &Server) -> Router {
    routes
        .fallback(|| async { Problem::new(Kind::NoRoute) })
        .method_not_allowed_fallback(|| async { Problem::new(Kind::MethodNotAllowed) })
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            settings.request_timeout,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(every_error_is_a_problem))
        .layer(gzip())
        .layer(cors(settings))
        .layer(middleware::from_fn(linger))
        .layer(middleware::from_fn_with_state(Tls::new(settings), identified))
}

/// Answers packed for those who accept it. What is small fits one packet anyway.
fn gzip() -> CompressionLayer<impl Predicate> {
    let worth = SizeAbove::new(limits::GZIP_ABOVE).and(NotForContentType::IMAGES);
    CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(worth)
}

/// Whether clients come by TLS, which a proxy ends.
#[derive(Debug, Clone, Copy)]
struct Tls(bool);

impl Tls {
    fn new(settings: &Server) -> Self {
        Self(settings.public_url.as_ref().is_some_and(|url| url.starts_with("https://")))
    }
}

/// Gives the request an id, logs its end, and adds the headers that every answer has.
async fn identified(State(tls): State<Tls>, request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .filter(|id| is_request_id(id))
        .cloned()
        .unwrap_or_else(new_request_id);
    let method = request.method().clone();
    // The pattern, not the path with its query: a query may hold a token.
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let begun = Instant::now();

    let mut response = next.run(request).instrument(span.clone()).await;

    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (route, status) = (route.as_deref().unwrap_or("-"), response.status().as_u16());
    span.in_scope(|| tracing::debug!(%method, route, status, ms, "answered"));

    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        // What may be kept says so itself.
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if tls.0 {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// Turns what a layer or an extractor answered as a bare status into a problem of that status.
async fn every_error_is_a_problem(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes() == MEDIA_TYPE.as_bytes());
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mut problem = Problem::new(Kind::of_status(status)).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow.clone());
    }
    problem
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that CatchPanicLayer asks for")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Problem::new(Kind::Internal).because(format_args!("panic: {text}")).into_response()
}

/// The pages that may read our answers; the API takes no cookies, so none are allowed along.
fn cors(settings: &Server) -> CorsLayer {
    let origins = if settings.origins.iter().any(|o| o == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(settings.origins.iter().filter_map(|o| o.parse().ok()))
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("prefer"),
            IDEMPOTENCY_KEY,
            REQUEST_ID,
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::CONTENT_DISPOSITION,
            header::RETRY_AFTER,
            REPLAYED,
            HeaderName::from_static("ratelimit-limit"),
            HeaderName::from_static("ratelimit-remaining"),
            HeaderName::from_static("ratelimit-reset"),
            HeaderName::from_static("x-cache"),
            REQUEST_ID,
        ])
        .max_age(Duration::from_secs(3600))
}

/// What may come in as an id: it goes into logs, so it must be short and plain.
fn is_request_id(id: &HeaderValue) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    (1..=64).contains(&id.len()) && id.as_bytes().iter().all(plain)
}

fn new_request_id() -> HeaderValue {
    HeaderValue::from_str(&uuid::Uuid::now_v7().simple().to_string())
        .unwrap_or(HeaderValue::from_static("none"))
}
