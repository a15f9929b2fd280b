//! The structure walk over an update (ROOM S1): total, iterative, trusting no length.
//!
//! PURE. It reads byte for byte what yrs and Yjs read; where those two differ, it refuses.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;

use super::{Id, Kind, Outline, Parent, Ranges, Section, Struct, content};
use crate::id::ClientId;
use crate::limits::{
    MAX_CLIENTS_PER_UPDATE, MAX_CLOCK, MAX_DELETE_RANGES_PER_UPDATE, MAX_STRUCTS_PER_UPDATE,
};
use crate::protocol::lib0::{Malformed, Reader};

/// The struct has a left origin.
pub(super) const HAS_ORIGIN: u8 = 0x80;
/// The struct has a right origin.
pub(super) const HAS_RIGHT_ORIGIN: u8 = 0x40;
/// The struct is an entry under a key.
pub(super) const HAS_KEY: u8 = 0x20;
/// The content or struct number.
pub(super) const CONTENT: u8 = 0x1f;
/// Struct number of collected items.
pub(super) const GC: u8 = 0;
/// Struct number of a hole.
pub(super) const SKIP: u8 = 10;

/// How many things an update may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    clients: usize,
    structs: usize,
    ranges: usize,
}

impl Bounds {
    /// For what a client sends.
    pub(super) const CLIENT: Self = Self {
        clients: MAX_CLIENTS_PER_UPDATE,
        structs: MAX_STRUCTS_PER_UPDATE,
        ranges: MAX_DELETE_RANGES_PER_UPDATE,
    };
    /// For what the log holds: it was bounded on its way in, and must load.
    pub(super) const TRUSTED: Self =
        Self { clients: usize::MAX, structs: usize::MAX, ranges: usize::MAX };
}

/// Walks one update.
pub(super) fn walk(update: &Bytes, bounds: Bounds) -> Result<Outline, Malformed> {
    if u32::try_from(update.len()).is_err() {
        return Err(Malformed("update too large"));
    }
    let mut walk = Walk {
        reader: Reader::new(update),
        bounds,
        out: Outline { canonical: true, ..Outline::default() },
        clients: HashMap::new(),
        names: HashMap::new(),
    };
    walk.sections()?;
    walk.delete_set()?;
    walk.reader.finish()?;
    Ok(walk.out)
}

struct Walk<'a> {
    reader: Reader<'a>,
    bounds: Bounds,
    out: Outline,
    /// Client id to its index in the outline, and whether it has a section.
    clients: HashMap<ClientId, u32>,
    names: HashMap<&'a str, u32>,
}

impl<'a> Walk<'a> {
    fn at(&self) -> u32 {
        // The whole update fits, see `walk`.
        u32::try_from(self.reader.position()).unwrap_or(u32::MAX)
    }

    fn client_index(&mut self, client: ClientId) -> u32 {
        let next = self.out.clients.len();
        *self.clients.entry(client).or_insert_with(|| {
            self.out.clients.push(client);
            // There are fewer clients than bytes.
            u32::try_from(next).unwrap_or(u32::MAX)
        })
    }

    fn sections(&mut self) -> Result<(), Malformed> {
        // A section is at least a count, a client, a clock and a struct of two bytes.
        let count = self.reader.count(5, self.bounds.clients)?;
        let mut seen = HashSet::with_capacity(count);
        for _ in 0..count {
            let structs = self.reader.count(2, self.bounds.structs - self.out.structs.len())?;
            let client = self.reader.client()?;
            if !seen.insert(client) {
                return Err(Malformed("client with two sections"));
            }
            if structs == 0 {
                return Err(Malformed("empty section"));
            }
            self.section(client, structs)?;
        }
        Ok(())
    }

    fn section(&mut self, client: ClientId, structs: usize) -> Result<(), Malformed> {
        let index = self.client_index(client);
        let start = self.reader.var_u32()?;
        let first = self.out.structs.len();
        let mut clock = start;
        for _ in 0..structs {
            let one = self.one_struct(Id { client: index, clock })?;
            if one.len == 0 {
                return Err(Malformed("empty struct"));
            }
            clock = match clock.checked_add(one.len) {
                Some(end) if end < MAX_CLOCK => end,
                _ => return Err(Malformed("clock above the limit")),
            };
            self.out.canonical &= one.kind != Kind::Skip;
            self.out.structs.push(one);
        }
        let last = self.out.structs.len();
        let bytes_end = self.at();
        self.out.sections.push(Section { client, first, last, start, end: clock, bytes_end });
        Ok(())
    }

    fn one_struct(&mut self, id: Id) -> Result<Struct, Malformed> {
        let at = self.at();
        let info = self.reader.u8()?;
        let mut one = Struct {
            clock: id.clock,
            len: 0,
            at,
            kind: Kind::Gc,
            origin: None,
            right: None,
            parent: Parent::Inherited,
            key: 0,
        };
        match info & CONTENT {
            GC | SKIP if info & !CONTENT != 0 => return Err(Malformed("flags on a GC or Skip")),
            GC => one.len = self.reader.var_u32()?,
            SKIP => {
                one.kind = Kind::Skip;
                one.len = self.reader.var_u32()?;
            }
            number => {
                if info & HAS_ORIGIN != 0 {
                    one.origin = Some(self.reference(id)?);
                }
                if info & HAS_RIGHT_ORIGIN != 0 {
                    one.right = Some(self.reference(id)?);
                }
                if one.origin.is_some() && one.origin == one.right {
                    return Err(Malformed("the same origin left and right"));
                }
                if one.origin.is_none() && one.right.is_none() {
                    (one.parent, one.key) = self.parent(id, info & HAS_KEY != 0)?;
                }
                (one.kind, one.len) = content::walk(&mut self.reader, number)?;
            }
        }
        Ok(one)
    }

    /// Reads a parent, and the hash of the key in it.
    fn parent(&mut self, id: Id, keyed: bool) -> Result<(Parent, u64), Malformed> {
        let parent = match self.reader.var_uint()? {
            0 => Parent::Item(self.reference(id)?, keyed),
            1 => {
                let name = content::name(&mut self.reader)?;
                Parent::Root(self.name_index(name), keyed)
            }
            _ => return Err(Malformed("unknown parent kind")),
        };
        let mut hash = DefaultHasher::new();
        if keyed {
            content::name(&mut self.reader)?.hash(&mut hash);
        }
        Ok((parent, hash.finish()))
    }

    fn name_index(&mut self, name: &'a str) -> u32 {
        // There are fewer names than bytes.
        let next = u32::try_from(self.out.names.len()).unwrap_or(u32::MAX);
        *self.names.entry(name).or_insert_with(|| {
            self.out.names.push(name.into());
            next
        })
    }

    /// An id that the struct `from` refers to: its own past, or anybody else's.
    fn reference(&mut self, from: Id) -> Result<Id, Malformed> {
        let client = self.reader.client()?;
        let clock = self.reader.var_u32()?;
        if clock >= MAX_CLOCK {
            return Err(Malformed("clock above the limit"));
        }
        let client = self.client_index(client);
        if client == from.client && clock >= from.clock {
            return Err(Malformed("reference to its own future"));
        }
        Ok(Id { client, clock })
    }

    fn delete_set(&mut self) -> Result<(), Malformed> {
        // A client is at least an id, a count and a range of two bytes.
        let count = self.reader.count(2, self.bounds.clients)?;
        let mut seen = HashSet::with_capacity(count);
        let mut total = 0;
        for _ in 0..count {
            let client = self.reader.client()?;
            if !seen.insert(client) {
                return Err(Malformed("client with two delete lists"));
            }
            let ranges = self.reader.count(2, self.bounds.ranges - total)?;
            total += ranges;
            let mut list = Vec::with_capacity(ranges);
            for _ in 0..ranges {
                let (start, len) = (self.reader.var_u32()?, self.reader.var_u32()?);
                match start.checked_add(len) {
                    Some(end) if len > 0 && end < MAX_CLOCK => list.push((start, end)),
                    Some(_) if len == 0 => return Err(Malformed("empty delete range")),
                    _ => return Err(Malformed("clock above the limit")),
                }
            }
            let merged = Ranges::from_unsorted(list.clone());
            self.out.canonical &= ranges > 0 && merged.iter().eq(list);
            if !merged.is_empty() {
                self.out.deletes.push((client, merged));
            }
        }
        Ok(())
    }
}
