//! Idempotency keys: whoever sends the same request again under its key gets the answer of the first time, and
//! nothing happens twice.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::Api;
use super::extract::{Caller, Whole};
use super::problem::{Kind, Problem};
use crate::limits;
use crate::store::catalog::{Answer, AnswerKey, Claim};

/// The key, as its user chose it.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Tells that an answer is that of an earlier request.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Headers of a request that its meaning depends on, beside method, path and body.
const MEANT: [HeaderName; 3] =
    [header::CONTENT_TYPE, header::IF_MATCH, HeaderName::from_static("prefer")];
/// Headers of an answer that are kept with it.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// Around every route: what carries a key is carried out once.
pub async fn once(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let writes = [Method::POST, Method::PUT].contains(request.method());
    match request.headers().get(IDEMPOTENCY_KEY).filter(|_| writes).cloned() {
        None => next.run(request).await,
        Some(key) => keyed(api, key, request, next).await.unwrap_or_else(Problem::into_response),
    }
}

async fn keyed(
    api: Arc<Api>,
    key: HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &api).await?.0;
    let key = AnswerKey { org: caller.org, user: caller.user, key: checked(&key)? };
    let request = Request::from_parts(parts.clone(), body);
    // The space is given back before the handler asks for its own: two at once could wait for each other.
    let Whole { bytes, space: _ } = Whole::from_request(request, &api).await?;
    let mut digest = Sha256::new();
    digest.update(parts.method.as_str());
    digest.update([0]);
    digest.update(parts.uri.path_and_query().map_or("", |path| path.as_str()));
    for name in MEANT {
        digest.update([0]);
        for value in parts.headers.get_all(name) {
            digest.update(value.as_bytes());
            digest.update(b",");
        }
    }
    digest.update([0]);
    digest.update(&bytes);
    let now = OffsetDateTime::now_utc();
    match api.catalog.claim_answer(&key, digest.finalize().into(), api.node, now).await? {
        Claim::Answered(answer) => return replay(answer),
        Claim::OtherRequest => {
            return Err(Problem::new(Kind::KeyReused)
                .detail("this Idempotency-Key came with another request before: take a new one"));
        }
        Claim::InProgress => {
            return Err(Problem::new(Kind::InProgress).retry_after(Duration::from_secs(1)));
        }
        Claim::New => {}
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    let work = Arc::clone(&api);
    // To its end, also when the caller hangs up or the handler panics: the key would stay claimed.
    let carried_out = async move {
        match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => keep(&work, &key, response).await,
            Err(panic) => {
                give_back(&work, &key, None).await;
                resume_unwind(panic)
            }
        }
    };
    api.to_the_end(carried_out).await
}

/// Keeps the answer, unless the same request may be answered otherwise next time.
async fn keep(api: &Api, key: &AnswerKey, response: Response) -> Result<Response, Problem> {
    let status = response.status();
    let passing = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    if status.is_server_error() || passing.contains(&status) {
        give_back(api, key, None).await;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|error| Problem::new(Kind::Internal).because(error))?;
    let text = |name: &HeaderName| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    };
    let headers: BTreeMap<String, String> = KEPT.iter().filter_map(text).collect();
    let answer = Answer { status: status.as_u16(), headers, body: body.clone() };
    give_back(api, key, Some(answer).filter(|a| a.body.len() <= limits::ANSWER_BYTES)).await;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// The work is done: that its answer is not kept is no reason to tell the caller that it failed.
async fn give_back(api: &Api, key: &AnswerKey, answer: Option<Answer>) {
    if let Err(error) = api.catalog.keep_answer(key, answer).await {
        tracing::warn!(%error, "an answer is not kept under its idempotency key");
    }
}

fn replay(answer: Answer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status);
    let status = status.map_err(|error| Problem::new(Kind::Internal).because(error))?;
    let mut response = (status, answer.body).into_response();
    // A body alone would be called a stream of bytes.
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn checked(key: &HeaderValue) -> Result<String, Problem> {
    let most = limits::MAX_IDEMPOTENCY_KEY_BYTES;
    let plain = key.as_bytes().iter().all(u8::is_ascii_graphic);
    match key.to_str() {
        Ok(text) if plain && (1..=most).contains(&text.len()) => Ok(text.to_owned()),
        _ => Err(Problem::new(Kind::BadRequest)
            .detail(format!(
                "Idempotency-Key must be 1 to {most} visible ASCII characters without blanks"
            ))
            .with("field", "Idempotency-Key")),
    }
}
