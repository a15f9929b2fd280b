//! Tokens to identities: who calls the API, and who may join which room.
//!
//! Own tokens are HS256 only, pinned: the algorithm is never taken from a token. An access token is no room token
//! and the other way round (`aud` and `use` differ). A provider's tokens are access tokens alone: `verifier.rs`.
//! Must not read the environment, and never logs a token or a secret.

mod claims;
mod invite;
mod jwks;
mod secret;
mod verifier;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::id::{DiagramId, OrgId, UserId};
use crate::limits;
use crate::room::session::Role;
use crate::store::catalog::Email;
pub use crate::store::catalog::OrgRole;
pub use invite::{Guest, Invite};
pub use jwks::KeySet;
pub use secret::{SecretError, load_secret};
pub use verifier::Verifier;

impl OrgRole {
    /// The role in a room (ROOM R2).
    pub fn in_room(self) -> Role {
        match self {
            Self::Admin | Self::Member => Role::Editor,
            Self::Viewer => Role::Viewer,
        }
    }

    /// Whether it may create, save and delete diagrams.
    pub fn may_write(self) -> bool {
        self.in_room() == Role::Editor
    }
}

/// What a verified access token says of its holder. What that one may do is its membership's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its tenant, if the token names one.
    pub org: Option<OrgId>,
    /// Who acts.
    pub user: UserId,
    /// The most that this token gives; without one, all that the membership does.
    pub role: Option<OrgRole>,
    /// What others see at its cursor.
    pub name: Option<String>,
    /// An address that its issuer has verified.
    pub email: Option<Email>,
    /// Set for a guest: the one diagram that it can reach.
    pub guest: Option<Guest>,
}

impl From<Identity> for Claimed {
    fn from(who: Identity) -> Self {
        let Identity { org, user, role, name, guest } = who;
        Self { org: Some(org), user, role: Some(role), name, email: None, guest }
    }
}

/// A verified caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its tenant: nothing outside of it is visible.
    pub org: OrgId,
    /// Who acts.
    pub user: UserId,
    /// What it may do.
    pub role: OrgRole,
    /// What others see at its cursor.
    pub name: Option<String>,
    /// Set for a guest: the one diagram that it can reach.
    pub guest: Option<Guest>,
}

/// A verified right to join one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomGrant {
    /// The tenant that owns the diagram.
    pub org: OrgId,
    /// The one diagram that this opens.
    pub diagram: DiagramId,
    /// Who joins.
    pub user: UserId,
    /// Who invited it, if it is a guest: as that one goes, it goes.
    pub by: Option<UserId>,
    /// What it may do there.
    pub role: Role,
    /// What others see at its cursor.
    pub name: String,
    /// `#rrggbb`, steady for a user.
    pub color: String,
    /// When the socket has to have a fresher one, or is closed with 4401.
    pub expires: SystemTime,
}

/// Why a token was not accepted. What a client may know; never holds the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No token where one is needed.
    #[error("a token is needed")]
    Missing,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Signed with another key, or changed.
    #[error("the token's signature is wrong")]
    Signature,
    /// Made for another purpose: an access token at a room, or a room token at the API.
    #[error("the token is for another purpose")]
    Purpose,
    /// No token of ours: wrong shape, algorithm, issuer or claims.
    #[error("the token is malformed")]
    Malformed,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    Early,
    /// Of an issuer that is not trusted.
    #[error("the token's issuer is not trusted here")]
    Issuer,
    /// The provider has no key of the name that it gives.
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// Nobody knows: the provider's keys can't be had, or were read just before. They may be asked for again after
    /// this time.
    #[error("whether the token's key is one of its issuer can't be told at the moment")]
    KeysAway(Duration),
    /// It names an organisation that can be none.
    #[error("the token's organisation is no id")]
    Org,
    /// It names a role that is none here.
    #[error("the token's role is none of admin, member and viewer")]
    Role,
}

const ACCESS: Purpose = Purpose { audience: "atelier", usage: "access" };
const ROOM: Purpose = Purpose { audience: "atelier-room", usage: "room" };

/// What a kind of token carries in `aud` and `use`.
#[derive(Debug, Clone, Copy)]
struct Purpose {
    audience: &'static str,
    usage: &'static str,
}

/// Makes and verifies tokens.
pub struct Keys {
    signing: EncodingKey,
    verifying: DecodingKey,
    issuer: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Keys {
    /// Keys of one secret. The issuer is written into each token and demanded of each.
    pub fn new(secret: &SecretString, issuer: &str) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        Self {
            signing: EncodingKey::from_secret(bytes),
            verifying: DecodingKey::from_secret(bytes),
            issuer: issuer.to_owned(),
        }
    }

    /// An access token for the API.
    ///
    /// # Errors
    /// `Malformed` when it can't be signed.
    pub fn mint_access(
        &self,
        who: &Identity,
        now: SystemTime,
        life: Duration,
    ) -> Result<String, TokenError> {
        self.sign(&AccessClaims {
            common: self.common(ACCESS, &who.user, &who.org, now, now + life),
            role: who.role,
            name: who.name.clone(),
            guest: who.guest.as_ref().map(|guest| GuestClaims {
                diagram: guest.diagram.clone(),
                by: guest.by.clone(),
                until: seconds(guest.until),
            }),
        })
    }

    /// Who holds this access token.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub fn access(&self, token: &str) -> Result<Identity, TokenError> {
        let claims: AccessClaims = self.verify(token, ACCESS)?;
        check_usage(&claims.common, ACCESS)?;
        Ok(Identity {
            org: claims.common.org,
            user: claims.common.sub,
            role: claims.role,
            name: claims.name.as_deref().map(shown_name).filter(|n| !n.is_empty()),
            guest: claims.guest.map(|guest| Guest {
                diagram: guest.diagram,
                by: guest.by,
                until: UNIX_EPOCH + Duration::from_secs(guest.until),
            }),
        })
    }

    /// A room token; `grant.expires` is when it ends.
    ///
    /// # Errors
    /// `Malformed` when it can't be signed.
    pub fn mint_room(&self, grant: &RoomGrant, now: SystemTime) -> Result<String, TokenError> {
        self.sign(&RoomClaims {
            common: self.common(ROOM, &grant.user, &grant.org, now, grant.expires),
            diagram: grant.diagram.clone(),
            by: grant.by.clone(),
            role: grant.role,
            name: grant.name.clone(),
            color: grant.color.clone(),
        })
    }

    /// The right that this room token gives.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub fn room(&self, token: &str) -> Result<RoomGrant, TokenError> {
        let claims: RoomClaims = self.verify(token, ROOM)?;
        check_usage(&claims.common, ROOM)?;
        Ok(RoomGrant {
            org: claims.common.org,
            diagram: claims.diagram,
            by: claims.by,
            name: shown_name(&claims.name),
            color: if is_color(&claims.color) {
                claims.color
            } else {
                color_of(&claims.common.sub).to_owned()
            },
            user: claims.common.sub,
            role: claims.role,
            expires: UNIX_EPOCH + Duration::from_secs(claims.common.exp),
        })
    }

    fn common(
        &self,
        purpose: Purpose,
        user: &UserId,
        org: &OrgId,
        now: SystemTime,
        expires: SystemTime,
    ) -> Common {
        Common {
            iss: self.issuer.clone(),
            aud: purpose.audience.to_owned(),
            usage: purpose.usage.to_owned(),
            sub: user.clone(),
            org: org.clone(),
            iat: seconds(now),
            exp: seconds(expires),
            jti: uuid::Uuid::new_v4().simple().to_string(),
        }
    }

    fn sign(&self, claims: &impl Serialize) -> Result<String, TokenError> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.signing)
            .map_err(|_| TokenError::Malformed)
    }

    /// Signature and registered claims first, so that a token for another purpose is told from a broken one.
    fn verify<C: DeserializeOwned>(&self, token: &str, purpose: Purpose) -> Result<C, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > limits::MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = limits::TOKEN_LEEWAY.as_secs();
        rules.validate_nbf = true;
        rules.set_audience(&[purpose.audience]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        match jsonwebtoken::decode::<serde_json::Value>(token, &self.verifying, &rules) {
            Ok(data) => serde_json::from_value(data.claims).map_err(|_| TokenError::Malformed),
            Err(error) => Err(match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                ErrorKind::InvalidSignature => TokenError::Signature,
                ErrorKind::InvalidAudience => TokenError::Purpose,
                _ => TokenError::Malformed,
            }),
        }
    }
}

/// A colour for a user's cursor: the same on every node, readable on white.
pub fn color_of(user: &UserId) -> &'static str {
    const PALETTE: [&str; 12] = [
        "#c62828", "#ad1457", "#6a1b9a", "#4527a0", "#283593", "#1565c0", "#00695c", "#2e7d32",
        "#9e9d24", "#ef6c00", "#d84315", "#4e342e",
    ];
    let hash = crc32fast::hash(user.as_str().as_bytes());
    let index = usize::try_from(hash).unwrap_or(0) % PALETTE.len();
    PALETTE.get(index).copied().unwrap_or("#1565c0")
}

/// A name fit to be shown: no control characters, no line breaks, bounded.
pub fn shown_name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(limits::MAX_NAME_CHARS).collect()
}

/// `#rrggbb`.
pub fn is_color(text: &str) -> bool {
    text.len() == 7
        && text.strip_prefix('#').is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The claims that every token of ours carries.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Common {
    iss: String,
    aud: String,
    #[serde(rename = "use")]
    usage: String,
    sub: UserId,
    org: OrgId,
    #[serde(default)]
    iat: u64,
    exp: u64,
    #[serde(default)]
    jti: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct AccessClaims {
    #[serde(flatten)]
    common: Common,
    role: OrgRole,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guest: Option<GuestClaims>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct GuestClaims {
    diagram: DiagramId,
    by: UserId,
    until: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RoomClaims {
    #[serde(flatten)]
    common: Common,
    diagram: DiagramId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<UserId>,
    role: Role,
    #[serde(default)]
    name: String,
    #[serde(default)]
    color: String,
}

fn check_usage(common: &Common, purpose: Purpose) -> Result<(), TokenError> {
    if common.usage == purpose.usage { Ok(()) } else { Err(TokenError::Purpose) }
}

#[cfg(test)]
mod tests;
