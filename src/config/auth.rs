//! Settings of tokens and of who belongs to which organisation.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{ConfigError, Server, is_url, refuse, value};
use crate::id::OrgId;
use crate::limits;
use crate::store::catalog::{OrgRole, is_domain};

/// Tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// The HS256 secret; without it one is made on first start and kept in the data folder.
    #[serde(deserialize_with = "value::secret", serialize_with = "value::redacted")]
    pub jwt_secret: Option<SecretString>,
    /// A file that holds the secret, for orchestrators that mount secrets as files.
    pub jwt_secret_file: Option<PathBuf>,
    /// The `iss` that tokens carry and must carry.
    pub issuer: String,
    /// Life of a room token.
    #[serde(with = "value::duration")]
    pub room_token_ttl: Duration,
    /// Whether the Studio signs people in who come from this machine.
    pub local_sign_in: LocalSignIn,
    /// Who becomes a member by coming with a valid token.
    pub provisioning: Provisioning,
    /// Domains of e-mail addresses and the organisation of each, as `example.com=acme`.
    #[serde(deserialize_with = "value::list")]
    pub domains: Vec<String>,
    /// The organisation of tokens that name none.
    pub default_org: Option<OrgId>,
    /// The role of who comes first with a token that names none.
    pub default_role: OrgRole,
    /// Where an identity provider publishes its public keys.
    pub jwks_url: Option<String>,
    /// Algorithms that its keys may be for.
    #[serde(deserialize_with = "value::list")]
    pub jwks_algorithms: Vec<String>,
    /// The `iss` of its tokens: one of these.
    #[serde(deserialize_with = "value::list")]
    pub issuers: Vec<String>,
    /// The `aud` of its tokens: at least one of these.
    #[serde(deserialize_with = "value::list")]
    pub audience: Vec<String>,
    /// The claim of its tokens that names the organisation.
    pub org_claim: String,
    /// The claim of its tokens that names the role.
    pub role_claim: String,
    /// Which e-mail addresses of its tokens count as their users'.
    pub emails: Emails,
}

/// Which e-mail addresses of a provider's tokens count as their users'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Emails {
    /// Those of tokens that say `email_verified`.
    Verified,
    /// All: the provider lets nobody in before.
    All,
}

/// Who becomes a member by coming with a valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provisioning {
    /// Everybody, of the organisation that the token names.
    Open,
    /// Whoever has a verified e-mail address in a domain of that organisation.
    Domain,
    /// Nobody: only whom an admin has added.
    Invite,
}

/// Whether the Studio signs people in who come from this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LocalSignIn {
    /// Exactly when nobody else reaches the server: it listens on a loopback address and has no public URL.
    Auto,
    /// Whatever the address: for a container whose port is published on loopback only.
    On,
    /// Never.
    Off,
}

impl Auth {
    /// Whether a page of this server may sign in a person at this machine.
    pub fn signs_in_locally(&self, server: &Server) -> bool {
        match self.local_sign_in {
            LocalSignIn::Auto => server.listen.ip().is_loopback() && server.public_url.is_none(),
            LocalSignIn::On => true,
            LocalSignIn::Off => false,
        }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            jwt_secret: None,
            jwt_secret_file: None,
            issuer: "atelier".to_owned(),
            room_token_ttl: limits::ROOM_TOKEN_TTL,
            local_sign_in: LocalSignIn::Auto,
            provisioning: Provisioning::Open,
            domains: Vec::new(),
            default_org: None,
            default_role: OrgRole::Member,
            jwks_url: None,
            jwks_algorithms: ["RS256", "ES256", "EdDSA"].map(str::to_owned).to_vec(),
            issuers: Vec::new(),
            audience: Vec::new(),
            org_claim: "app_metadata.org".to_owned(),
            role_claim: "app_metadata.role".to_owned(),
            emails: Emails::Verified,
        }
    }
}

impl Auth {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.jwt_secret.is_some() && self.jwt_secret_file.is_some() {
            return refuse(
                "auth.jwt_secret",
                "and auth.jwt_secret_file are both given: keep one of them",
            );
        }
        if let Some(secret) = &self.jwt_secret {
            check_secret("auth.jwt_secret (ATELIER_JWT_SECRET)", secret.expose_secret())?;
        }
        if self.issuer.is_empty() {
            return refuse("auth.issuer", "is empty: name who issues tokens, such as \"atelier\"");
        }
        if self.room_token_ttl < limits::ROOM_TOKEN_TTL_MIN
            || self.room_token_ttl > limits::ROOM_TOKEN_TTL_MAX
        {
            return refuse("auth.room_token_ttl", "must be between 1m and 24h");
        }
        if self.provisioning == Provisioning::Domain && self.domains.is_empty() {
            return refuse(
                "auth.provisioning",
                "is \"domain\" without any auth.domains: nobody new could come; list some, such as \
                 \"example.com=acme\"",
            );
        }
        self.check_provider()?;
        self.orgs_by_domain().map(|_| ())
    }

    /// A provider that is trusted by half is refused.
    fn check_provider(&self) -> Result<(), ConfigError> {
        self.algorithms()?;
        if let Some(url) = &self.jwks_url {
            if !is_url(url) {
                return refuse("auth.jwks_url", "must be an http(s) URL");
            }
            if self.issuers.is_empty() {
                return refuse(
                    "auth.issuers",
                    "is empty: name the `iss` of the tokens that the keys of \
                    auth.jwks_url sign",
                );
            }
        }
        if self.issuers.is_empty() {
            return Ok(());
        }
        if self.audience.is_empty() {
            return refuse(
                "auth.audience",
                "is empty: name the `aud` of the provider's tokens that are meant for this server, such as \
                 \"authenticated\"",
            );
        }
        if self.issuers.contains(&self.issuer) {
            return refuse(
                "auth.issuers",
                "names auth.issuer, which is this server itself: leave it out",
            );
        }
        let has_secret = self.jwt_secret.is_some() || self.jwt_secret_file.is_some();
        if self.jwks_url.is_none() && !has_secret {
            return refuse(
                "auth.issuers",
                "are trusted without a key: give auth.jwks_url, or the secret that they share with this \
                 server as auth.jwt_secret",
            );
        }
        Ok(())
    }

    /// `auth.jwks_algorithms`, none of them symmetric.
    ///
    /// # Errors
    /// The one at fault.
    pub fn algorithms(&self) -> Result<Vec<Algorithm>, ConfigError> {
        let parse = |name: &String| {
            let known = name.parse::<Algorithm>().ok();
            known.filter(|known| known.family() != AlgorithmFamily::Hmac).ok_or_else(|| {
                let why =
                    format!("holds {name:?}; public keys are for RS256, ES256, EdDSA and the like");
                ConfigError::Refused { key: "auth.jwks_algorithms", why }
            })
        };
        self.jwks_algorithms.iter().map(parse).collect()
    }

    /// `auth.domains` as a table.
    ///
    /// # Errors
    /// The entry at fault.
    pub fn orgs_by_domain(&self) -> Result<HashMap<String, OrgId>, ConfigError> {
        let mut orgs = HashMap::new();
        for entry in &self.domains {
            let parts = entry.split_once('=').map(|(domain, org)| (domain.trim(), org.trim()));
            let parsed = parts.filter(|(domain, _)| is_domain(domain));
            let Some((domain, Ok(org))) = parsed.map(|(d, org)| (d, org.parse::<OrgId>())) else {
                return refuse(
                    "auth.domains",
                    format!(
                        "holds {entry:?}; an entry is a domain and its organisation, such as \
                             \"example.com=acme\""
                    ),
                );
            };
            if orgs.insert(domain.to_ascii_lowercase(), org).is_some() {
                return refuse("auth.domains", format!("names {domain:?} twice: keep one"));
            }
        }
        Ok(orgs)
    }
}

/// Refuses a secret that can be guessed. Never shows it.
///
/// # Errors
/// Names the setting and how to make a good one.
pub fn check_secret(key: &'static str, secret: &str) -> Result<(), ConfigError> {
    const MAKE: &str = "make one with `openssl rand -hex 32`";
    if secret.len() < limits::MIN_SECRET_BYTES {
        return refuse(
            key,
            format!(
                "has {} bytes, an HS256 secret needs at least {}: {MAKE}",
                secret.len(),
                limits::MIN_SECRET_BYTES
            ),
        );
    }
    let mut seen = [false; 256];
    secret.bytes().for_each(|b| seen[usize::from(b)] = true);
    if seen.iter().filter(|s| **s).count() < limits::MIN_SECRET_DISTINCT {
        return refuse(key, format!("repeats a few characters and can be guessed: {MAKE}"));
    }
    Ok(())
}
