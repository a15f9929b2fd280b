//! The linter that stands before yrs: structure (bytes only) and context (against what a room has).
//!
//! PURE. yrs 0.28.1 can be killed, poisoned or made to diverge by small updates; nothing reaches a
//! document, a log or another client that did not pass here. Rules S1 and C1–C6 of
//! client-protocol/PROTOCOL.md. Must not apply anything: it only reads bytes and keeps clocks.

mod content;
mod cost;
mod have;
mod judge;
mod place;
mod ranges;
mod reframe;
mod slot;
mod split;
mod walk;

use bytes::Bytes;

pub use self::have::Have;
pub use self::ranges::Ranges;
pub use self::split::split;
pub use super::lib0::Malformed;
use crate::id::ClientId;

/// Walks an update of a client (ROOM S1). Whatever it refuses, no honest client sends.
///
/// Structs under server ids pass the walk, because a client that loads its own stored copy sends
/// them again; [`Have::judge`] lets only those through that the room has already.
pub fn outline(update: &Bytes) -> Result<Outline, Malformed> {
    walk::walk(update, walk::Bounds::CLIENT)
}

/// Walks an update that this server or its log made: the same rules, without bounds on counts.
pub fn outline_trusted(update: &Bytes) -> Result<Outline, Malformed> {
    walk::walk(update, walk::Bounds::TRUSTED)
}

/// What an update contains, found by one total walk over its bytes (ROOM S1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// The client ids that anything in here names; [`Id::client`] indexes it.
    clients: Vec<ClientId>,
    /// By client: its place in `sections`.
    section_of: Vec<Option<u32>>,
    /// By client: its place in `deletes`.
    deletes_of: Vec<Option<u32>>,
    /// Names of root types; [`Parent::Root`] indexes it.
    names: Vec<Box<str>>,
    /// One per client with structs, as they stand in the update.
    sections: Vec<Section>,
    /// All structs, section by section.
    structs: Vec<Struct>,
    /// Deleted ranges, by client, sorted and merged.
    deletes: Vec<(ClientId, Ranges)>,
    /// Whether the bytes hold the delete ranges just so, and no Skip.
    canonical: bool,
}

impl Outline {
    /// Whether it adds nothing at all.
    pub fn is_empty(&self) -> bool {
        self.structs.is_empty() && self.deletes.iter().all(|(_, ranges)| ranges.is_empty())
    }

    /// Clients with structs in here, with the clocks they start and end at.
    pub fn writers(&self) -> impl Iterator<Item = (ClientId, u32, u32)> + '_ {
        self.sections.iter().map(|section| (section.client, section.start, section.end))
    }

    /// Deleted ranges by client.
    pub fn deletes(&self) -> impl Iterator<Item = (ClientId, &Ranges)> + '_ {
        self.deletes.iter().map(|(client, ranges)| (*client, ranges))
    }

    /// Structs in here.
    pub fn len(&self) -> usize {
        self.structs.len()
    }

    /// The section of a client, by its index.
    fn section_of(&self, client: u32) -> Option<usize> {
        self.section_of.get(client as usize).copied().flatten().map(|at| at as usize)
    }

    /// What is deleted of a client, by its index.
    fn deletes_of(&self, client: u32) -> Option<&Ranges> {
        let at = self.deletes_of.get(client as usize).copied().flatten()?;
        self.deletes.get(at as usize).map(|(_, ranges)| ranges)
    }

    fn structs_of(&self, section: &Section) -> &[Struct] {
        self.structs.get(section.first..section.last).unwrap_or_default()
    }
}

/// The structs of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Section {
    client: ClientId,
    /// Its index in [`Outline::clients`].
    index: u32,
    /// Indices into [`Outline::structs`].
    first: usize,
    last: usize,
    /// Clocks, the end exclusive.
    start: u32,
    end: u32,
    /// Where the last struct ends in the bytes.
    bytes_end: u32,
}

/// A position in a client's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Id {
    /// Index into [`Outline::clients`].
    client: u32,
    clock: u32,
}

/// One struct. What it inserts is of no interest, only how long it is and what it hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Struct {
    clock: u32,
    len: u32,
    /// Where it starts in the bytes.
    at: u32,
    kind: Kind,
    origin: Option<Id>,
    right: Option<Id>,
    parent: Parent,
    /// A hash of the key, for an entry that names its parent.
    key: u64,
}

impl Struct {
    fn end(&self) -> u32 {
        self.clock + self.len
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Collected: only its length is left.
    Gc,
    /// A hole in the update.
    Skip,
    /// A deleted item whose content is gone.
    Deleted,
    /// A shared type.
    Type(Shape),
    /// What only text holds: characters, embeds, formats.
    Text,
    /// What only arrays hold, and entries under a key: plain values and bytes.
    Value,
}

/// What a shared type holds one after the other, besides its entries under keys. yrs never comes
/// back from reading characters beyond U+FFFF as elements of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Nothing: a map.
    Map,
    /// Values and shared types: an array.
    Array,
    /// Characters, embeds, formats and shared types: a text.
    Text,
    /// Shared types: XML.
    Xml,
    /// A root type that nobody declared and that holds nothing yet.
    Open,
}

/// Where an item says it hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Parent {
    /// Where its origins hang.
    Inherited,
    /// In a root type, an index into [`Outline::names`]; `true` for an entry under a key.
    Root(u32, bool),
    /// In the type that this item holds; `true` for an entry under a key.
    Item(Id, bool),
}

/// How an update stands to what the room has (ROOM C1, C2, C5).
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "taken apart at once; a box would cost each edit an allocation"
)]
pub enum Verdict {
    /// Everything is there already: nothing is logged or fed.
    Covered,
    /// It fits; this is what adds something.
    Fits(Fit),
    /// Something it builds on is missing.
    Gap,
    /// No honest client sends this.
    Refused(Malformed),
}

/// The part of an update that adds something.
#[derive(Debug)]
pub struct Fit {
    /// The received bytes, or the trimmed and re-framed update (ROOM C6).
    pub update: Bytes,
    /// Its outline.
    pub outline: Outline,
    /// Client ids that get new structs by it.
    pub writers: Vec<ClientId>,
}

#[cfg(test)]
mod tests;
