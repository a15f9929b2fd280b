//! What a room has, as the linter needs it: clocks, deletions, and what hangs where.
//!
//! PURE. Built from the log (snapshot, then rows) and kept up with every accepted update. It holds
//! no content: eight bytes per run of items that hang in one place, and per shared type.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use super::place::{Placed, Resolver, spans};
use super::slot::Place;
use super::{Malformed, Outline, Ranges, Shape, Verdict, judge, outline_trusted};
use crate::id::ClientId;
use crate::protocol::lib0::StateVector;

/// What a room has: clocks, delete ranges and the depth of types, including what is accepted and not yet committed.
#[derive(Debug, Clone, Default)]
pub struct Have {
    tracks: BTreeMap<ClientId, Track>,
    /// Each shared type; its index names it.
    pub(super) nodes: Vec<Node>,
    /// Root types by name.
    pub(super) roots: HashMap<Box<str>, u32>,
}

/// A shared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// 1 for a root type.
    pub(super) depth: u8,
    pub(super) shape: Shape,
    /// Items that came for its sequence, deleted or not.
    pub(super) items: u32,
}

/// What is known of one client's structs.
#[derive(Debug, Clone, Default)]
pub(super) struct Track {
    /// The end of what it has written.
    pub(super) clock: u32,
    /// Where its items hang, as runs from a clock to the next run's.
    runs: Vec<(u32, Place)>,
    /// Shared types, by clock.
    types: Vec<(u32, u32)>,
    /// What is deleted, as far as updates said so.
    pub(super) deleted: Ranges,
}

impl Have {
    /// What an encoded document has.
    pub fn of(state: &Bytes) -> Result<Self, Malformed> {
        let mut have = Self::default();
        have.absorb(&outline_trusted(state)?);
        Ok(have)
    }

    /// Says what a root type is, before anything is in it: updates do not name the shape of root
    /// types. One that nobody declares is what its first content makes it.
    pub fn declare_root(&mut self, name: &str, shape: Shape) {
        let node = Node { depth: 1, shape, items: 0 };
        match self.roots.get(name).and_then(|at| self.nodes.get_mut(*at as usize)) {
            Some(known) => known.shape = shape,
            None => {
                if let Ok(at) = u32::try_from(self.nodes.len()) {
                    self.nodes.push(node);
                    self.roots.insert(name.into(), at);
                }
            }
        }
    }

    /// Judges an update against this state, without changing it.
    pub fn judge(&self, update: &Bytes, outline: &Outline) -> Verdict {
        judge::judge(self, update, outline)
    }

    /// Takes an update in: accepted by `judge`, a row of the log, or the server's own edit.
    pub fn absorb(&mut self, outline: &Outline) {
        let spans = spans(self, outline);
        let placed = Resolver::new(self, outline, &spans).lenient();
        self.take_types(outline, &placed);
        for (section, span) in outline.sections.iter().zip(&spans) {
            let track = self.tracks.entry(section.client).or_default();
            for at in span.first..span.last {
                let (Some(one), Some(place)) = (outline.structs.get(at), placed.places.get(at))
                else {
                    continue;
                };
                if one.clock > track.clock {
                    track.push_run(track.clock, Place::OPAQUE);
                }
                track.push_run(one.clock.max(track.clock), *place);
                if place.is_tomb() {
                    track.deleted.insert(one.clock, one.end());
                }
                track.clock = one.end();
            }
        }
        for (client, ranges) in &outline.deletes {
            self.tracks.entry(*client).or_default().deleted.merge(ranges);
        }
    }

    /// Takes in what the document deleted by itself while it applied updates: entries that lost
    /// against a concurrent one, and what was put into a deleted type. Without it, the next Step2
    /// seems to add these deletions, and a row is logged that adds nothing.
    pub fn absorb_deleted(&mut self, deleted: &yrs::IdSet) {
        for (client, ranges) in deleted.iter() {
            let track = self.tracks.entry(ClientId(client.get())).or_default();
            for range in ranges.iter() {
                track.deleted.insert(range.start, range.end);
            }
        }
    }

    /// The clocks.
    pub fn state_vector(&self) -> StateVector {
        let written = self.tracks.iter().filter(|(_, track)| track.clock > 0);
        StateVector(written.map(|(client, track)| (*client, track.clock)).collect())
    }

    /// The clock of one client, 0 where unknown.
    pub fn clock(&self, client: ClientId) -> u32 {
        self.track(client).map_or(0, |track| track.clock)
    }

    /// Bytes on the heap, roughly: what a quiet room saves by building this anew when it wakes.
    pub fn heap_bytes(&self) -> usize {
        let tracks = self.tracks.values().map(|track| {
            96 + track.runs.capacity() * 8 + track.types.capacity() * 8 + track.deleted.len() * 8
        });
        let roots = self.roots.keys().map(|name| 64 + name.len());
        tracks.sum::<usize>() + roots.sum::<usize>() + self.nodes.capacity() * 8
    }

    pub(super) fn track(&self, client: ClientId) -> Option<&Track> {
        self.tracks.get(&client)
    }

    /// Keeps the new root types and the types that items of an update hold.
    fn take_types(&mut self, outline: &Outline, placed: &Placed) {
        self.nodes.extend_from_slice(&placed.nodes);
        for (node, shape) in &placed.shapes {
            if let Some(node) = self.nodes.get_mut(*node as usize) {
                node.shape = *shape;
            }
        }
        for (node, new) in &placed.items {
            if let Some(node) = self.nodes.get_mut(*node as usize) {
                node.items = node.items.saturating_add(*new);
            }
        }
        for (name, node) in &placed.roots {
            if let Some(name) = outline.names.get(*name as usize) {
                self.roots.insert(name.clone(), *node);
            }
        }
        for (section, types) in outline.sections.iter().zip(&placed.types) {
            if !types.is_empty() {
                let track = self.tracks.entry(section.client).or_default();
                track.types.extend_from_slice(types);
            }
        }
    }
}

impl Track {
    /// Where the item at a clock below [`Self::clock`] hangs.
    pub(super) fn place(&self, clock: u32) -> Place {
        let next = self.runs.partition_point(|(start, _)| *start <= clock);
        next.checked_sub(1).and_then(|at| self.runs.get(at)).map_or(Place::OPAQUE, |(_, p)| *p)
    }

    /// How many clocks of the same sequence follow one another behind a clock, at most: where the
    /// items hang under keys or are collected, none.
    pub(super) fn sequence_behind(&self, clock: u32) -> u64 {
        let next = self.runs.partition_point(|(start, _)| *start <= clock);
        match next.checked_sub(1).and_then(|at| self.runs.get(at)) {
            Some((start, place)) if *start < clock && place.is_live_sequence() => {
                let end = self.runs.get(next).map_or(self.clock, |(start, _)| *start);
                u64::from(end.saturating_sub(clock))
            }
            _ => 0,
        }
    }

    /// The shared type that the item at a clock holds.
    pub(super) fn node(&self, clock: u32) -> Option<u32> {
        let at = self.types.binary_search_by_key(&clock, |(clock, _)| *clock).ok()?;
        self.types.get(at).map(|(_, node)| *node)
    }

    fn push_run(&mut self, start: u32, place: Place) {
        if self.runs.last().is_none_or(|(_, last)| *last != place) {
            self.runs.push((start, place));
        }
    }
}
