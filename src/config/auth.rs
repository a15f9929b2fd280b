//! Settings of tokens and of who belongs to which organisation.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{ConfigError, Server, refuse, value};
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
        self.orgs_by_domain().map(|_| ())
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
