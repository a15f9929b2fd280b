//! The words for members: who belongs to an organisation, with which role.
//!
//! PURE.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::id::{BadId, OrgId, UserId};
use crate::limits::MAX_EMAIL_BYTES;

/// What a caller may do in its organisation; the least first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[schema(as = Role)]
pub enum OrgRole {
    /// Reads diagrams.
    Viewer,
    /// Reads and writes diagrams.
    Member,
    /// Everything.
    Admin,
}

impl OrgRole {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }
}

impl FromStr for OrgRole {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Admin, Self::Member, Self::Viewer]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| "must be admin, member or viewer".to_owned())
    }
}

/// An e-mail address in lower case: what people are awaited by who have no id here yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Email(String);

/// Why a text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address is name@domain in ASCII, of at most {MAX_EMAIL_BYTES} bytes")]
pub struct BadEmail;

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for Email {
    type Err = BadEmail;

    /// Strict where it decides: one `@`, and a domain of labels. What stands before it is the issuer's matter.
    fn from_str(text: &str) -> Result<Self, BadEmail> {
        let (name, domain) = text.split_once('@').ok_or(BadEmail)?;
        let in_name = |b: u8| b.is_ascii_graphic() && !b"@\"(),:;<>[]\\/".contains(&b);
        let fits = text.len() <= MAX_EMAIL_BYTES
            && !name.is_empty()
            && name.bytes().all(in_name)
            && is_domain(domain);
        if fits { Ok(Self(text.to_ascii_lowercase())) } else { Err(BadEmail) }
    }
}

/// Labels with dots between them.
pub fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

/// Whom a membership is for: a user, or whoever comes with an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ToSchema)]
#[schema(min_length = 1, max_length = 254, pattern = "^[!-~]+$")]
pub struct MemberId(String);

impl MemberId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MemberId {
    type Err = BadId;

    /// Whatever is a user id, as it stands; else an e-mail address.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let user = text.parse::<UserId>().map(Self::from);
        user.or_else(|bad| text.parse::<Email>().map(Self::from).map_err(|_| bad))
    }
}

impl From<UserId> for MemberId {
    fn from(user: UserId) -> Self {
        Self(user.as_str().to_owned())
    }
}

impl From<Email> for MemberId {
    fn from(email: Email) -> Self {
        Self(email.0)
    }
}

/// A member of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its organisation.
    pub org: OrgId,
    /// The user, or the address that is awaited.
    pub id: String,
    /// What it may do.
    pub role: OrgRole,
    /// As others saw it at its cursor last.
    pub name: Option<String>,
    /// As an issuer has verified it, or an admin gave it.
    pub email: Option<String>,
    /// When it was added, by an admin or by coming.
    pub added_at: OffsetDateTime,
    /// When it came; none while it is awaited.
    pub joined_at: Option<OffsetDateTime>,
    /// When it was removed, and is a member no more.
    pub removed_at: Option<OffsetDateTime>,
    /// The place of its last change among the changes of all members.
    pub change: u64,
}

impl Member {
    /// Whether it is awaited by its address: only whoever has verified that takes the place.
    pub fn awaits_address(&self) -> bool {
        self.joined_at.is_none() && self.email.as_ref() == Some(&self.id)
    }
}

/// A member that an admin adds.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// The user, or the address that is awaited.
    pub id: MemberId,
    /// What it may do.
    pub role: OrgRole,
    /// Its address, as far as it is known.
    pub email: Option<Email>,
}

/// Somebody who comes with a token.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// Who.
    pub user: UserId,
    /// An address that its issuer has verified.
    pub email: Option<Email>,
    /// The role with which it becomes a member if nobody has added it; none: it does not.
    pub role: Option<OrgRole>,
}

/// Which members to list.
#[derive(Debug, Clone, Default)]
pub struct MemberQuery {
    /// Those who were removed, instead of those who are members.
    pub removed: bool,
    /// Also those who are awaited by an address, and have no other id yet.
    pub addresses: bool,
    /// Members per page: 1 to [`crate::limits::MAX_PAGE`].
    pub limit: u32,
    /// Where the last page ended: behind this id.
    pub after: Option<String>,
}

/// One page of members, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPage {
    /// The members.
    pub members: Vec<Member>,
    /// The id that the next page begins behind; absent on the last one.
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case_and_nonsense_is_none() {
        let email: Email = "Ana.B+x@Example.COM".parse().unwrap();
        assert_eq!((email.as_str(), email.domain()), ("ana.b+x@example.com", "example.com"));
        let long = format!("{}@example.com", "x".repeat(MAX_EMAIL_BYTES));
        for bad in ["", "a", "@b.c", "a@", "a@b", "a@b..c", "a@b@c.d", "a b@c.d", "ä@b.c", &long] {
            assert_eq!(bad.parse::<Email>(), Err(BadEmail), "{bad}");
        }
        // What a mail program may read as another address.
        for trick in ["a@evil.com(@acme.com", "<a@acme.com>", "a@acme.com,b@evil.com"] {
            assert_eq!(trick.parse::<Email>(), Err(BadEmail), "{trick}");
        }
    }

    #[test]
    fn roles_are_ordered_by_what_they_allow() {
        assert!(OrgRole::Viewer < OrgRole::Member && OrgRole::Member < OrgRole::Admin);
        for role in [OrgRole::Viewer, OrgRole::Member, OrgRole::Admin] {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("owner".parse::<OrgRole>().is_err());
    }
}
