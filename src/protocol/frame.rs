//! Messages of the y-websocket dialect: decode (total) and encode.
//!
//! PURE. Knows nothing of rooms or rights. A frame is consumed whole or refused; bodies are slices
//! of the received bytes, never copies.

use bytes::Bytes;

use super::lib0::{Malformed, Reader, StateVector, Writer, var_uint_len};
use crate::id::ClientId;
use crate::limits::{
    MAX_AWARENESS_BYTES, MAX_AWARENESS_DEPTH, MAX_AWARENESS_ENTRIES, MAX_BARRIER_BYTES,
    MAX_MESSAGES_PER_FRAME, MAX_TOKEN_BYTES,
};
use crate::protocol::json;

/// Outer type: sync (0), with a sub-type behind it.
const SYNC: u64 = 0;
/// Outer type: awareness.
const AWARENESS: u64 = 1;
/// Outer type: please send all awareness states.
const QUERY_AWARENESS: u64 = 3;
/// Outer type, ours: a token, or the answer to one.
const TOKEN: u64 = 101;
/// Outer type: y-sweet's SyncStatus, our barrier (ROOM A1).
const BARRIER: u64 = 102;
/// Outer type, ours: a barrier before which something was refused.
const REFUSED: u64 = 103;
const ROLE: u64 = 104;

/// An empty awareness frame: resets the silence timers of every stock client and changes nothing.
pub const KEEPALIVE: Bytes = Bytes::from_static(&[1, 1, 0]);

/// One message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Sync 0: what the client has.
    Step1(StateVector),
    /// Sync 1: the answer to our Step1; carries the client's whole delete set.
    Step2(Bytes),
    /// Sync 2: an edit.
    Update(Bytes),
    /// Awareness body (1), well framed but still undecoded: see `awareness_entries`.
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

/// Why a barrier comes back as refused (103): not everything before it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The session may only read.
    ReadOnly,
    /// An update built on something that the room does not have; a Step1 follows or went out.
    Gap,
    /// The document would become too large.
    TooLarge,
    /// Too much waits for the store, which is away: send it again later.
    Busy,
}

impl Refusal {
    /// The code on the wire.
    pub fn code(self) -> u64 {
        match self {
            Self::ReadOnly => 1,
            Self::Gap => 2,
            Self::TooLarge => 3,
            Self::Busy => 4,
        }
    }

    /// The text that goes along, for logs and consoles.
    pub fn reason(self) -> &'static str {
        match self {
            Self::ReadOnly => "read only",
            Self::Gap => "builds on something missing",
            Self::TooLarge => "document too large",
            Self::Busy => "not stored yet: send again",
        }
    }
}

/// Reads one frame, whole.
///
/// Behind an unknown type nothing can be told apart, so it ends the frame. y-sweet's client answers
/// type 3 with a body that has no place there; a frame that is exactly that is read as a bare type 3.
pub fn decode(frame: &Bytes) -> Result<Vec<Message>, Malformed> {
    let mut reader = Reader::new(frame);
    if reader.is_empty() {
        return Err(Malformed("empty frame"));
    }
    if has_query_body(frame) {
        return Ok(vec![Message::QueryAwareness]);
    }
    let mut messages = Vec::with_capacity(1);
    while !reader.is_empty() {
        if messages.len() == MAX_MESSAGES_PER_FRAME {
            return Err(Malformed("too many messages in one frame"));
        }
        let message = decode_message(frame, &mut reader)?;
        let ends = matches!(message, Message::Unknown(_));
        messages.push(message);
        if ends {
            break;
        }
    }
    Ok(messages)
}

fn decode_message(frame: &Bytes, reader: &mut Reader<'_>) -> Result<Message, Malformed> {
    Ok(match reader.var_uint()? {
        SYNC => {
            let kind = reader.var_uint()?;
            let body = frame.slice_ref(reader.buffer()?);
            match kind {
                0 => Message::Step1(StateVector::decode(&body)?),
                1 => Message::Step2(body),
                2 => Message::Update(body),
                _ => return Err(Malformed("unknown sync message")),
            }
        }
        AWARENESS => {
            let body = frame.slice_ref(reader.buffer()?);
            for_each_entry(&body, |_| ())?;
            Message::Awareness(body)
        }
        QUERY_AWARENESS => Message::QueryAwareness,
        TOKEN => {
            let token = reader.string()?;
            if token.len() > MAX_TOKEN_BYTES {
                return Err(Malformed("token too long"));
            }
            Message::Token(token.to_owned())
        }
        BARRIER => {
            let opaque = reader.buffer()?;
            if opaque.len() > MAX_BARRIER_BYTES {
                return Err(Malformed("barrier too long"));
            }
            Message::Barrier(frame.slice_ref(opaque))
        }
        unknown => Message::Unknown(unknown),
    })
}

/// Whether a frame is a type 3 with nothing but an awareness body behind it.
fn has_query_body(frame: &Bytes) -> bool {
    let mut reader = Reader::new(frame);
    reader.var_uint() == Ok(QUERY_AWARENESS)
        && reader.buffer().is_ok_and(|body| {
            reader.is_empty() && awareness_entries(&frame.slice_ref(body)).is_ok()
        })
}

/// Sync 0: what this side has.
pub fn step1(have: &StateVector) -> Bytes {
    sync(0, &have.encode())
}

/// Sync 1: the answer to a Step1.
pub fn step2(update: &[u8]) -> Bytes {
    sync(1, update)
}

/// Sync 2: an edit.
pub fn update(update: &[u8]) -> Bytes {
    sync(2, update)
}

fn sync(kind: u8, body: &[u8]) -> Bytes {
    let mut out = Writer::with_capacity(2 + var_uint_len(body.len() as u64) + body.len());
    out.u8(0);
    out.u8(kind);
    out.buffer(body);
    out.finish().into()
}

/// An awareness frame of `count` entries, given as slices of entries that
/// [`write_awareness_entry`] wrote: a receiver's own entry is left out by giving the two slices
/// around it (ROOM W2).
pub fn awareness(count: usize, entries: &[&[u8]]) -> Bytes {
    let count = count as u64;
    let body = var_uint_len(count) + entries.iter().map(|slice| slice.len()).sum::<usize>();
    let mut out = Writer::with_capacity(1 + var_uint_len(body as u64) + body);
    out.var_uint(AWARENESS);
    out.var_uint(body as u64);
    out.var_uint(count);
    for slice in entries {
        out.raw(slice);
    }
    out.finish().into()
}

/// Appends one awareness entry: `state` is JSON, `null` for "left".
pub fn write_awareness_entry(out: &mut Vec<u8>, client: ClientId, clock: u64, state: &[u8]) {
    let mut writer = Writer::with_capacity(20 + state.len());
    writer.var_uint(client.0);
    writer.var_uint(clock);
    writer.buffer(state);
    out.extend_from_slice(&writer.finish());
}

/// 102: everything before the client's barrier is durable (ROOM A1).
pub fn barrier(opaque: &[u8]) -> Bytes {
    let mut out = Writer::with_capacity(3 + opaque.len());
    out.var_uint(BARRIER);
    out.buffer(opaque);
    out.finish().into()
}

/// 103: something before the client's barrier was refused.
pub fn refused(opaque: &[u8], why: Refusal) -> Bytes {
    let mut out = Writer::with_capacity(48 + opaque.len());
    out.var_uint(REFUSED);
    out.buffer(opaque);
    out.var_uint(why.code());
    out.string(why.reason());
    out.finish().into()
}

/// 101, server to client: the connection is good until then (RFC 3339, UTC).
pub fn token_taken(expires_at: &str) -> Bytes {
    let mut out = Writer::with_capacity(2 + expires_at.len());
    out.var_uint(TOKEN);
    out.string(expires_at);
    out.finish().into()
}

/// 104, server to client: from now on this is what the session may do; a fresh token may give more (R4).
pub fn role(role: &str) -> Bytes {
    let mut out = Writer::with_capacity(2 + role.len());
    out.var_uint(ROLE);
    out.string(role);
    out.finish().into()
}

/// One client's state in an awareness frame. Its JSON is not looked at before [`Self::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwarenessEntry {
    /// Whose state it is.
    pub client: ClientId,
    /// Its version: a higher one replaces a lower one. Above 2^32 it stands at the end of the range.
    pub clock: u32,
    /// JSON, unchecked.
    pub state: Bytes,
}

/// Why one awareness state is dropped, and counted; its frame is otherwise fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BadState {
    /// Above `MAX_AWARENESS_BYTES`.
    #[error("awareness state too large")]
    TooLarge,
    /// Nested deeper than `MAX_AWARENESS_DEPTH`.
    #[error("awareness state nested too deep")]
    TooDeep,
    /// Not JSON that every client reads.
    #[error("awareness state is not JSON")]
    NotJson,
}

impl AwarenessEntry {
    /// Whether the client left.
    pub fn is_null(&self) -> bool {
        &self.state[..] == b"null"
    }

    /// Whether the state may be shown to others. Linear, without building values.
    pub fn check(&self) -> Result<(), BadState> {
        if self.state.len() > MAX_AWARENESS_BYTES {
            return Err(BadState::TooLarge);
        }
        let text = std::str::from_utf8(&self.state).map_err(|_| BadState::NotJson)?;
        json::check(text, MAX_AWARENESS_DEPTH).map_err(|bad| match bad {
            json::BadJson::TooDeep => BadState::TooDeep,
            json::BadJson::Syntax => BadState::NotJson,
        })
    }
}

/// Splits an awareness body into its entries, at most `MAX_AWARENESS_ENTRIES` of them; what stands
/// behind those is ignored. Ids and clocks are read, states are only sliced.
pub fn awareness_entries(body: &Bytes) -> Result<Vec<AwarenessEntry>, Malformed> {
    let mut entries = Vec::new();
    for_each_entry(body, |entry| entries.push(entry))?;
    Ok(entries)
}

fn for_each_entry(body: &Bytes, mut f: impl FnMut(AwarenessEntry)) -> Result<(), Malformed> {
    let mut reader = Reader::new(body);
    let count = reader.count(3, usize::MAX)?;
    for _ in 0..count.min(MAX_AWARENESS_ENTRIES) {
        let (client, clock) = (reader.client()?, reader.var_uint()?);
        // A client counts its own states; only relayed ones come with our outbound clocks (W3).
        let clock = u32::try_from(clock).unwrap_or(u32::MAX);
        f(AwarenessEntry { client, clock, state: body.slice_ref(reader.buffer()?) });
    }
    if count > MAX_AWARENESS_ENTRIES { Ok(()) } else { reader.finish() }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
