//! How often a caller may ask: by user, by user for writes, and by address, each with its own bucket.
//!
//! Around all routes that take an access token. The verified identity goes along with the request, so that it is
//! verified once. Must not decide rights.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock, QuantaInstant};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{NotUntil, Quota, RateLimiter};

use super::Api;
use super::extract::claimed;
use super::listener::Peer;
use super::problem::{Kind, Problem};
use crate::auth::{Identity, TokenError};
use crate::config;
use crate::id::{OrgId, UserId};
use crate::limits;
use crate::members::NotAdmitted;

/// Requests of a bucket when it is full.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
/// Requests that are left at once.
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
/// Seconds until the bucket is full again.
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

type Buckets<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The buckets; none where the settings switch one off.
#[derive(Debug)]
pub struct Rates {
    addresses: Option<Buckets<IpAddr>>,
    users: Option<Buckets<(OrgId, UserId)>>,
    writes: Option<Buckets<(OrgId, UserId)>>,
}

/// What came of a request's token on the way in: its holder, admitted, or why it is not accepted. Once: asked
/// again, a provider's keys might not be there to tell.
#[derive(Debug, Clone)]
pub struct Verified(pub Result<Identity, TokenError>);

impl Rates {
    /// Buckets by the settings.
    pub fn new(settings: &config::Rates) -> Self {
        let second = Duration::from_secs(1);
        let minute = Duration::from_secs(60);
        Self {
            addresses: buckets(settings.address_per_second, second, settings.address_burst),
            users: buckets(settings.requests_per_second, second, settings.requests_burst),
            writes: buckets(settings.writes_per_minute, minute, settings.writes_burst),
        }
    }
}

fn buckets<K: Hash + Eq + Clone>(count: u32, per: Duration, burst: u32) -> Option<Buckets<K>> {
    // No count or no burst: nothing is limited.
    let (count, burst) = (NonZeroU32::new(count)?, NonZeroU32::new(burst)?);
    let quota = Quota::with_period(per / count.get())?.allow_burst(burst);
    Some(RateLimiter::keyed(quota).with_middleware())
}

/// Asks the buckets, and tells the caller how it stands with its own.
pub async fn limit(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let rates = &api.rates;
    let address = request.extensions().get::<Peer>().map(|peer| peer.addr.ip());
    if let (Some(buckets), Some(address)) = (&rates.addresses, address)
        && let Err(problem) = take(buckets, &address)
    {
        return problem.into_response();
    }
    // Whoever has no valid token is told so by its handler.
    let who = match claimed(&api, request.headers()).await {
        Ok(who) => who,
        Err(error) => {
            request.extensions_mut().insert(Verified(Err(error)));
            return next.run(request).await;
        }
    };
    let Some(org) = api.members.org_of(&who) else {
        return Problem::from(NotAdmitted::NoOrg).into_response();
    };
    let key = (org, who.user.clone());
    let mut standing = None;
    let writes = rates.writes.as_ref().filter(|_| is_write(&request));
    for buckets in rates.users.iter().chain(writes) {
        match take(buckets, &key) {
            Ok(snapshot) => standing = Some(snapshot),
            Err(problem) => return problem.into_response(),
        }
    }
    match api.members.admit(who).await {
        Ok(identity) => request.extensions_mut().insert(Verified(Ok(identity))),
        Err(error) => return Problem::from(error).into_response(),
    };
    let mut response = next.run(request).await;
    if let Some(snapshot) = standing {
        response.headers_mut().extend(told(&snapshot));
    }
    response
}

/// Whether it changes something; a way into a room is asked for at each reconnect and changes nothing.
fn is_write(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    !request.method().is_safe() && !route.ends_with("/collaborate")
}

/// One request out of a bucket.
fn take<K: Hash + Eq + Clone>(buckets: &Buckets<K>, key: &K) -> Result<StateSnapshot, Problem> {
    if buckets.len() > limits::RATE_BUCKETS {
        // A full bucket says nothing that a new one would not.
        buckets.retain_recent();
    }
    buckets.check_key(key).map_err(|not_yet| refused(&not_yet))
}

fn refused(not_yet: &NotUntil<QuantaInstant>) -> Problem {
    let wait = not_yet.wait_time_from(DefaultClock::default().now());
    // Rounded up: whoever comes back then is let in.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let quota = not_yet.quota();
    let refill = quota.burst_size_replenished_in().as_secs();
    Problem::new(Kind::TooMany)
        .retry_after(Duration::from_secs(seconds))
        .header(LIMIT, &quota.burst_size().to_string())
        .header(REMAINING, "0")
        .header(RESET, &refill.to_string())
}

fn told(snapshot: &StateSnapshot) -> HeaderMap {
    let quota = snapshot.quota();
    let (full, left) = (quota.burst_size().get(), snapshot.remaining_burst_capacity());
    let refill = quota.replenish_interval() * full.saturating_sub(left);
    let number = |n: u64| HeaderValue::from(n);
    HeaderMap::from_iter([
        (LIMIT, number(full.into())),
        (REMAINING, number(left.into())),
        (RESET, number(refill.as_secs())),
    ])
}
