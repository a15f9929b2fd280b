//! The public keys of an identity provider: fetched, kept, asked for again when a token names an unknown one.
//!
//! Each key is pinned to one algorithm when it is read; a token's header only names a key. Old keys stay while
//! no set can be had, and go as soon as one without them is. Whatever comes over the wire is bounded. Must not
//! read claims.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use parking_lot::RwLock;
use serde::Deserialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::limits;
use crate::outbound::{Outbound, OutboundError, Outgoing, Target};

/// A key with the one algorithm that it is for.
pub(super) struct Pinned {
    pub(super) key: DecodingKey,
    pub(super) algorithm: Algorithm,
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pinned").field(&self.algorithm).finish()
    }
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The provider has none of this name: it was asked.
    Unknown,
    /// Nobody knows: the provider did not answer, or was asked just before. It may be asked after this time.
    Away(Duration),
}

/// Why keys could not be had; for the log.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the answer was {0}")]
    Status(u16),
    #[error("the answer is no set of keys: {0}")]
    Shape(#[from] serde_json::Error),
}

/// The keys of a provider by their `kid`.
#[derive(Debug)]
pub struct KeySet {
    outbound: Outbound,
    target: Target,
    algorithms: Vec<Algorithm>,
    keys: RwLock<HashMap<String, Arc<Pinned>>>,
    /// Held while they are asked for: whoever waits takes what came.
    asked: tokio::sync::Mutex<Asked>,
}

/// What came of asking so far.
#[derive(Debug, Default)]
struct Asked {
    /// When the provider was last asked for an unknown key, and whether it answered.
    for_unknown: Option<(Instant, bool)>,
    /// When the asking began that it answered last.
    answered: Option<Instant>,
    /// Whether its last answer had no key that can be used.
    in_vain: bool,
}

impl Asked {
    /// How long it may not be asked for an unknown key.
    fn pause(&self, now: Instant) -> Duration {
        self.for_unknown.map_or(Duration::ZERO, |(at, answered)| {
            let pause = if answered { limits::JWKS_COOL_DOWN } else { limits::JWKS_RETRY };
            (at + pause).saturating_duration_since(now)
        })
    }

    /// Whether the provider has told which keys it has after this time.
    fn knows(&self, since: Instant) -> bool {
        self.answered.is_some_and(|began| began >= since)
    }
}

impl KeySet {
    /// None yet, of those algorithms that are accepted.
    pub fn new(outbound: Outbound, target: Target, algorithms: Vec<Algorithm>) -> Arc<Self> {
        let (keys, asked) = (RwLock::default(), tokio::sync::Mutex::default());
        Arc::new(Self { outbound, target, algorithms, keys, asked })
    }

    /// The key of this name. An unknown one is asked for, once for all who wait and not too often.
    pub(super) async fn find(self: &Arc<Self>, kid: &str) -> Result<Arc<Pinned>, NoKey> {
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let (set, wanted, begun) = (Arc::clone(self), kid.to_owned(), Instant::now());
        // In a task of its own: a caller that hangs up must not use up the one attempt.
        let asking = tokio::spawn(async move {
            let mut asked = set.asked.lock().await;
            let is_open = set.known(&wanted).is_none() && !asked.knows(begun);
            if is_open && asked.pause(Instant::now()).is_zero() {
                let answered = set.ask(&mut asked).await;
                asked.for_unknown = Some((Instant::now(), answered));
            }
            // Anybody can use up the look with names that don't exist: a new key must not be called wrong for it.
            if asked.knows(begun) {
                NoKey::Unknown
            } else {
                NoKey::Away(asked.pause(Instant::now()))
            }
        });
        let why = asking.await.unwrap_or(NoKey::Away(limits::JWKS_RETRY));
        self.known(kid).ok_or(why)
    }

    /// Asks at once and then now and then, until `stop`: keys that the provider gave up go, too.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let asking = async {
            loop {
                let mut asked = self.asked.lock().await;
                let answered = self.ask(&mut asked).await;
                drop(asked);
                let pause = if answered { limits::JWKS_EVERY } else { limits::JWKS_RETRY };
                tokio::time::sleep(pause).await;
            }
        };
        stop.run_until_cancelled(asking).await;
    }

    fn known(&self, kid: &str) -> Option<Arc<Pinned>> {
        self.keys.read().get(kid).cloned()
    }

    /// Whether the provider answered.
    async fn ask(&self, asked: &mut Asked) -> bool {
        let begun = Instant::now();
        match self.fetch().await {
            Ok(keys) => {
                tracing::debug!(keys = keys.len(), "the provider's keys were read");
                let in_vain = keys.is_empty();
                if in_vain && !asked.in_vain {
                    tracing::warn!(
                        "the provider publishes no key that can be used: its tokens count no more"
                    );
                }
                *self.keys.write() = keys;
                (asked.answered, asked.in_vain) = (Some(begun), in_vain);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the provider's keys can't be read; those that are known stay");
                false
            }
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Arc<Pinned>>, FetchError> {
        let answer = self.outbound.send(&self.target, Outgoing::get(limits::JWKS_TIMEOUT)).await?;
        if answer.status() != 200 {
            return Err(FetchError::Status(answer.status().as_u16()));
        }
        let body = answer.body(limits::JWKS_BYTES).await?;
        let set: Set = serde_json::from_slice(&body)?;
        let first = set.keys.into_iter().take(limits::JWKS_KEYS);
        Ok(first.filter_map(|key| pinned(key, &self.algorithms)).collect())
    }
}

/// What a provider publishes. A key that can't be read is none of ours, and hinders no other.
#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// A key that may verify tokens, under its name. Never a symmetric one: whoever can read it could sign.
fn pinned(key: serde_json::Value, accepted: &[Algorithm]) -> Option<(String, Arc<Pinned>)> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return None;
    }
    let algorithm = algorithm_of(&jwk).filter(|algorithm| accepted.contains(algorithm))?;
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    let kid = jwk.common.key_id.filter(|kid| kid.len() <= limits::JWKS_KID_BYTES)?;
    Some((kid, Arc::new(Pinned { key, algorithm })))
}

/// The algorithm that a key names, if it is one of its kind; the common one of its kind where it names none.
fn algorithm_of(jwk: &Jwk) -> Option<Algorithm> {
    use Algorithm as A;
    let fit: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => {
            &[A::RS256, A::RS384, A::RS512, A::PS256, A::PS384, A::PS512]
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => &[A::ES256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => &[A::ES384],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            &[A::EdDSA]
        }
        _ => return None,
    };
    match jwk.common.key_algorithm {
        None => fit.first().copied(),
        Some(named) => {
            let named: Algorithm = named.to_string().parse().ok()?;
            fit.contains(&named).then_some(named)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_asked_for_again_after_a_pause_and_sooner_after_a_failure() {
        let now = Instant::now();
        assert!(Asked::default().pause(now).is_zero());
        for (answered, pause) in [(true, limits::JWKS_COOL_DOWN), (false, limits::JWKS_RETRY)] {
            let asked = Asked { for_unknown: Some((now, answered)), ..Asked::default() };
            assert_eq!(asked.pause(now + pause / 2), pause / 2);
            assert!(asked.pause(now + pause).is_zero());
        }
    }
}
