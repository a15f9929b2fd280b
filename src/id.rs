//! Newtypes for everything that identifies or counts, so that none is mistaken for another.
//!
//! PURE. Must not make ids: whoever needs a new one passes in its random bytes or its clock.

use std::fmt;
use std::str::FromStr;

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be 1 to {max} characters of A-Z, a-z, 0-9, '-', '_', '.', ':', '@' or '|'")]
pub struct BadId {
    what: &'static str,
    max: usize,
}

/// The longest organisation, user or node id, in bytes: room for a UUID, an e-mail address or an `auth0|…` subject.
pub const MAX_ID_BYTES: usize = 128;

fn check(what: &'static str, text: &str) -> Result<(), BadId> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-_.:@|".contains(&b);
    if text.is_empty() || text.len() > MAX_ID_BYTES || !text.bytes().all(good) {
        return Err(BadId { what, max: MAX_ID_BYTES });
    }
    Ok(())
}

/// The rule of [`check`] as a schema.
fn id_schema(description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description.trim()))
        .pattern(Some("^[A-Za-z0-9_.:@|-]+$"))
        .min_length(Some(1))
        .max_length(Some(MAX_ID_BYTES))
        .into()
}

macro_rules! text_id {
    (#[doc = $doc:literal] $name:ident, $what:literal) => {
        #[doc = $doc]
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                check($what, text)?;
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                id_schema($doc)
            }
        }

        impl ToSchema for $name {}
    };
}

text_id!(
    /// A diagram, and so the room that holds it while people edit.
    DiagramId,
    "a diagram id"
);
text_id!(
    /// A tenant.
    OrgId,
    "an organisation id"
);
text_id!(
    /// Diagrams of a tenant that belong together.
    ProjectId,
    "a project id"
);
text_id!(
    /// An event that others are told of.
    EventId,
    "an event id"
);
text_id!(
    /// An address that is told of events.
    WebhookId,
    "a webhook id"
);
text_id!(
    /// A person or a program that acts: the subject of a token.
    UserId,
    "a user id"
);

/// One process that serves rooms. Random at each start: two lives of a process are two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u64);

/// One connection of one user to one room, unique within its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// A position in a room's log: gapless, in commit order, 1 for the seed, 0 for "before everything" (ROOM L1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Seq(pub u64);

impl Seq {
    /// The position right behind this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// One attempt to append to one room's log; random, so that an unknown outcome can be looked up (ROOM K3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(pub u128);

/// A Yjs client id: below 2^32 a client's, from 2^32 to 2^53 a server's own (ROOM E2, S1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u64);

impl ClientId {
    /// The first id that servers write under.
    pub const FIRST_SERVER: u64 = 1 << 32;
    /// The first number that is no client id at all: JavaScript's integers end here.
    pub const END: u64 = 1 << 53;

    /// Whether only servers may write under this id.
    pub fn is_server(self) -> bool {
        self.0 >= Self::FIRST_SERVER
    }

    /// A server's id out of 64 random bits.
    #[must_use]
    pub fn server(random: u64) -> Self {
        Self(Self::FIRST_SERVER + random % (Self::END - Self::FIRST_SERVER))
    }
}

/// A stored revision of a diagram: 1 is what was uploaded, each later one counts one up.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    ToSchema,
)]
#[schema(as = VersionNumber, minimum = 1, maximum = 4_294_967_295u32)]
pub struct Version(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_take_common_subjects_and_refuse_paths() {
        assert!("auth0|5f7c8ec7c33c6c004bbafe82".parse::<UserId>().is_ok());
        assert!("ana@example.com".parse::<UserId>().is_ok());
        for bad in ["", "../etc", "a b", "a/b", "ä", &"x".repeat(129)] {
            assert!(bad.parse::<DiagramId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn server_ids_never_meet_client_ids() {
        for random in [0, 1, u64::MAX, 1 << 53] {
            let id = ClientId::server(random);
            assert!(id.is_server() && id.0 < ClientId::END);
        }
    }
}
