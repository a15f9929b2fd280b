//! Messages of the y-websocket dialect: decode (total) and encode.
//!
//! PURE. Knows nothing of rooms or rights. Contract stub.
use bytes::Bytes;

use super::lib0::StateVector;

/// One message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Sync 0: what the client has.
    Step1(StateVector),
    /// Sync 1: the answer to our Step1; carries the client's whole delete set.
    Step2(Bytes),
    /// Sync 2: an edit.
    Update(Bytes),
    /// Awareness body (1), still undecoded: see `awareness_entries`.
    Awareness(Bytes),
    /// 3: please send all awareness states.
    QueryAwareness,
    /// 101: a fresh token for this connection.
    Token(String),
    /// 102: return these bytes once everything before is durable (ROOM A1).
    Barrier(Bytes),
    /// A type number that this dialect does not know: counted and ignored.
    Unknown(u64),
}
