//! Close codes: the number alone says whether to come back (4500–4599, 1012, 1013) or to stop (4400–4499).
//!
//! PURE. The table stands in client-protocol/PROTOCOL.md; a code is never reused for another meaning.

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// A frame that no honest client sends. Permanent.
    Malformed,
    /// The token is missing, wrong, or at its end. Permanent for this token.
    Token,
    /// The token does not give this right. Permanent.
    Forbidden,
    /// The diagram does not exist, or does not exist any more. Permanent.
    Gone,
    /// The client holds another history of this diagram: reload, never merge. Permanent.
    OtherHistory,
    /// A message above the size limit. Permanent: it would be too big again.
    TooBig,
    /// The room could not be loaded or had to be reloaded. Come back.
    RoomUnavailable,
    /// The room or the node is full. Come back later.
    Full,
    /// The node is stopping. Come back at once, to another one.
    Restart,
    /// The store is away. Come back later.
    TryAgain,
}

impl CloseCode {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::Malformed => 4400,
            Self::Token => 4401,
            Self::Forbidden => 4403,
            Self::Gone => 4404,
            Self::OtherHistory => 4409,
            Self::TooBig => 1009,
            Self::RoomUnavailable => 4500,
            Self::Full => 4503,
            Self::Restart => 1012,
            Self::TryAgain => 1013,
        }
    }

    /// The short reason that goes along, at most 123 bytes by RFC 6455.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed frame",
            Self::Token => "token missing, wrong or expired",
            Self::Forbidden => "no right to this diagram",
            Self::Gone => "no such diagram",
            Self::OtherHistory => "other history: reload",
            Self::TooBig => "message too big",
            Self::RoomUnavailable => "room unavailable: come back",
            Self::Full => "full: come back later",
            Self::Restart => "restarting: come back",
            Self::TryAgain => "store away: come back later",
        }
    }

    /// Whether coming back with the same token and state can work.
    pub fn is_permanent(self) -> bool {
        matches!(self.number(), 1009 | 4400..=4499)
    }
}
