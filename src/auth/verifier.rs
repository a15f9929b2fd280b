//! Access tokens of all who may issue them: our own, and those of an identity provider.
//!
//! A token's header names a key and nothing else; with which algorithm a key verifies is the key's own. Own
//! tokens and a provider's are told apart by their issuer, which both must name. Never logs a token.

use std::sync::Arc;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use super::claims::Reading;
use super::jwks::{KeySet, NoKey};
use super::{Claimed, Keys, TokenError};
use crate::config::Auth;
use crate::limits;

/// Verifies access tokens.
#[derive(Debug)]
pub struct Verifier {
    own: Arc<Keys>,
    provider: Option<Provider>,
}

/// Somebody else who issues tokens.
#[derive(Debug)]
struct Provider {
    issuers: Vec<String>,
    audience: Vec<String>,
    /// None: it signs with our secret alone.
    keys: Option<Arc<KeySet>>,
    reading: Reading,
}

impl Verifier {
    /// By these settings; `keys` are those of `auth.jwks_url`.
    pub fn new(own: Arc<Keys>, settings: &Auth, keys: Option<Arc<KeySet>>) -> Self {
        let provider = (!settings.issuers.is_empty()).then(|| Provider {
            issuers: settings.issuers.clone(),
            audience: settings.audience.clone(),
            keys,
            reading: Reading::new(settings),
        });
        Self { own, provider }
    }

    /// What this access token says of its holder.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub async fn access(&self, token: &str) -> Result<Claimed, TokenError> {
        let Some(provider) = &self.provider else {
            return self.own.access(token).map(Claimed::from);
        };
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > limits::MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        match (&provider.keys, header.kid) {
            // A name that stands in no set of keys may come with our secret (Supabase gives it one).
            (Some(keys), Some(kid)) if header.alg != Algorithm::HS256 => {
                let pinned = keys.find(&kid).await.map_err(|why| match why {
                    NoKey::Unknown => TokenError::UnknownKey,
                    NoKey::Away(wait) => TokenError::KeysAway(wait),
                })?;
                provider.read(token, &pinned.key, pinned.algorithm)
            }
            _ => match self.own.access(token) {
                Err(TokenError::Malformed | TokenError::Purpose) => {
                    provider.read(token, &self.own.verifying, Algorithm::HS256)
                }
                verified => verified.map(Claimed::from),
            },
        }
    }
}

impl Provider {
    fn read(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<Claimed, TokenError> {
        let mut rules = Validation::new(algorithm);
        rules.leeway = limits::TOKEN_LEEWAY.as_secs();
        rules.validate_nbf = true;
        rules.set_audience(&self.audience);
        rules.set_issuer(&self.issuers);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        match jsonwebtoken::decode::<Value>(token, key, &rules) {
            // An extension that we don't know changes what a token means (RFC 7515 4.1.11).
            Ok(data) if data.header.crit.is_some() => Err(TokenError::Malformed),
            Ok(data) => self.reading.read(&data.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                ErrorKind::ImmatureSignature => TokenError::Early,
                ErrorKind::InvalidSignature => TokenError::Signature,
                ErrorKind::InvalidAudience => TokenError::Purpose,
                ErrorKind::InvalidIssuer => TokenError::Issuer,
                _ => TokenError::Malformed,
            }),
        }
    }
}
