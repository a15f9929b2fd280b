//! Finds out where each new struct of an update hangs, in an order in which it can be integrated.
//!
//! PURE. The order is the one of yrs and Yjs: client by client, and where a struct needs another
//! client's, that one first. A struct that waits for something behind itself is a cycle.

use std::collections::{HashMap, HashSet};

use super::have::{Have, Node, Track};
use super::slot::Place;
use super::{Id, Kind, Malformed, Outline, Parent, Ranges, Shape, Struct};
use crate::id::ClientId;
use crate::limits::{MAX_SCAN_COST, MAX_TYPE_DEPTH};

/// The structs of one section that the room does not have yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Indices into the outline's structs; a Skip at the end is left out.
    pub(super) first: usize,
    pub(super) last: usize,
    /// The clock that the room has for this client.
    pub(super) known: u32,
}

/// What is new of each section.
pub(super) fn spans(have: &Have, outline: &Outline) -> Vec<Span> {
    let span = |section: &super::Section| {
        let known = have.clock(section.client);
        let structs = outline.structs_of(section);
        let skipped = structs.iter().rev().take_while(|one| one.kind == Kind::Skip).count();
        let last = section.last - skipped;
        let covered = structs.partition_point(|one| one.end() <= known);
        Span { first: (section.first + covered).min(last), last, known }
    };
    outline.sections.iter().map(span).collect()
}

/// Where the new structs hang, and the shared types they bring.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// By struct of the outline; only those within spans say anything.
    pub(super) places: Vec<Place>,
    /// New types; their indices follow those that the room has.
    pub(super) nodes: Vec<Node>,
    /// Root types that became what their first content makes them.
    pub(super) shapes: HashMap<u32, Shape>,
    /// New root types: index of the name, index of the type.
    pub(super) roots: Vec<(u32, u32)>,
    /// New items of sequences, by the type they hang in.
    pub(super) items: HashMap<u32, u32>,
    /// New types by section: clock, index of the type.
    pub(super) types: Vec<Vec<(u32, u32)>>,
}

/// Why the structs can't be placed.
#[derive(Debug)]
pub(super) enum Fault {
    /// Something they refer to is neither here nor there.
    Missing,
    /// No honest client sends this.
    Refused(Malformed),
}

/// What a parent's id leads to.
enum Found {
    Node(u32),
    Tomb,
    Other,
}

/// Where an item goes in: its client, its origins, and without those its parent and key.
type Spot = (usize, Option<Id>, Option<Id>, Parent, u64);

/// A struct that waits until another section has come to a clock.
#[derive(Clone, Copy)]
struct Waiting {
    section: usize,
    until: u32,
}

pub(super) struct Resolver<'a> {
    have: &'a Have,
    outline: &'a Outline,
    spans: &'a [Span],
    /// By client of the outline: its track, and its section.
    tracks: Vec<Option<&'a Track>>,
    sections: Vec<Option<usize>>,
    /// What the update deletes.
    deletes: HashMap<ClientId, &'a Ranges>,
    /// By section: the next struct to place.
    cursors: Vec<usize>,
    /// By name of the outline: its type.
    names: Vec<Option<u32>>,
    /// Where clients have inserted something.
    spots: HashSet<Spot>,
    /// New items of sequences that do not follow the one that their client made before, by type.
    moves: HashMap<u32, u32>,
    /// Whether anything goes: the update was accepted before.
    lenient: bool,
    out: Placed,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(have: &'a Have, outline: &'a Outline, spans: &'a [Span]) -> Self {
        let mut sections = vec![None; outline.clients.len()];
        let positions = outline.sections.iter().enumerate();
        let by_client: HashMap<_, _> =
            positions.map(|(at, section)| (section.client, at)).collect();
        for (client, slot) in outline.clients.iter().zip(&mut sections) {
            *slot = by_client.get(client).copied();
        }
        Self {
            have,
            outline,
            spans,
            tracks: outline.clients.iter().map(|client| have.track(*client)).collect(),
            sections,
            deletes: outline.deletes.iter().map(|(client, ranges)| (*client, ranges)).collect(),
            cursors: spans.iter().map(|span| span.first).collect(),
            names: outline.names.iter().map(|name| have.roots.get(name).copied()).collect(),
            spots: HashSet::new(),
            moves: HashMap::new(),
            lenient: false,
            out: Placed {
                places: vec![Place::OPAQUE; outline.structs.len()],
                types: vec![Vec::new(); outline.sections.len()],
                ..Placed::default()
            },
        }
    }

    /// Places what was accepted before; whatever can't be placed is opaque.
    pub(super) fn lenient(mut self) -> Placed {
        self.lenient = true;
        // A lenient run has no faults.
        self.run().unwrap_or_default()
    }

    /// Places the structs of a client's update, or says why not.
    pub(super) fn run(mut self) -> Result<Placed, Fault> {
        let mut stack: Vec<Waiting> = Vec::new();
        let mut on_stack = vec![false; self.spans.len()];
        for section in 0..self.spans.len() {
            stack.push(Waiting { section, until: u32::MAX });
            while let Some(top) = stack.last().copied() {
                let Some((at, one)) = self.next_of(top) else {
                    stack.pop();
                    set(&mut on_stack, top.section, false);
                    continue;
                };
                set(&mut on_stack, top.section, true);
                match self.missing(one)? {
                    Some(wanted) if on_stack.get(wanted.section) == Some(&true) => {
                        if !self.lenient {
                            return Err(Fault::Refused(Malformed("circular reference")));
                        }
                        self.place(top.section, at, one)?;
                    }
                    Some(wanted) => stack.push(wanted),
                    None => self.place(top.section, at, one)?,
                }
            }
        }
        if self.scan_cost() > MAX_SCAN_COST {
            self.fault(Malformed("too many edits of a long sequence"))?;
        }
        Ok(self.out)
    }

    /// The next struct of a section, unless it has come as far as is waited for.
    fn next_of(&self, waiting: Waiting) -> Option<(usize, Struct)> {
        let at = *self.cursors.get(waiting.section)?;
        let one = *self.outline.structs.get(at)?;
        let open = at < self.spans.get(waiting.section)?.last && one.clock <= waiting.until;
        open.then_some((at, one))
    }

    /// The first thing that a struct refers to and that is not placed yet.
    fn missing(&self, one: Struct) -> Result<Option<Waiting>, Fault> {
        let parent = match one.parent {
            Parent::Item(id, _) => Some(id),
            Parent::Root(..) | Parent::Inherited => None,
        };
        for id in [one.origin, one.right, parent].into_iter().flatten() {
            if id.clock < self.known(id) {
                continue;
            }
            let section = self.sections.get(id.client as usize).copied().flatten();
            match section.and_then(|section| Some((section, self.spans.get(section)?))) {
                Some((section, span)) if id.clock < self.end(span) => {
                    let next =
                        self.cursors.get(section).and_then(|at| self.outline.structs.get(*at));
                    let done = self.cursors.get(section) == Some(&span.last)
                        || next.is_some_and(|next| id.clock < next.clock);
                    if !done {
                        return Ok(Some(Waiting { section, until: id.clock }));
                    }
                }
                _ if self.lenient => {}
                _ => return Err(Fault::Missing),
            }
        }
        Ok(None)
    }

    /// The clock where what a span brings ends.
    fn end(&self, span: &Span) -> u32 {
        let last = span.last.checked_sub(1).filter(|last| *last >= span.first);
        last.and_then(|last| self.outline.structs.get(last)).map_or(span.known, Struct::end)
    }

    /// The clock that the room has of an id's client.
    fn known(&self, id: Id) -> u32 {
        self.tracks.get(id.client as usize).copied().flatten().map_or(0, |track| track.clock)
    }

    fn place(&mut self, section: usize, at: usize, one: Struct) -> Result<(), Fault> {
        if let Some(cursor) = self.cursors.get_mut(section) {
            *cursor = at + 1;
        }
        let mut place = match one.kind {
            Kind::Gc | Kind::Skip => Place::OPAQUE,
            _ => {
                self.spot(section, one)?;
                self.place_of_item(section, one)?
            }
        };
        if one.kind == Kind::Deleted {
            place = place.tomb();
        } else if place.is_keyed() && one.len > 1 && !self.is_deleted(section, one) {
            // Only collected values of one key are ever joined. Were one of them deleted, replicas
            // would no longer agree on which is the current one.
            self.fault(Malformed("map entry with several values"))?;
        }
        if place != Place::OPAQUE && !place.is_keyed() {
            self.shape(place.node(), one.kind)?;
            *self.out.items.entry(place.node()).or_default() += 1;
            if !self.continues(section, one) {
                *self.moves.entry(place.node()).or_default() += 1;
            }
        }
        if let Kind::Type(shape) = one.kind
            && place != Place::OPAQUE
        {
            let depth = self.node(place.node()).depth.saturating_add(1);
            let node = self.new_node(Node { depth, shape, items: 0 })?;
            if let Some(types) = self.out.types.get_mut(section) {
                types.push((one.clock, node));
            }
        }
        if let Some(slot) = self.out.places.get_mut(at) {
            *slot = place;
        }
        Ok(())
    }

    /// Refuses a second item in the same spot by the same client: the first one is in its way. Each
    /// copy costs yrs a scan over all others, which by the ten thousand takes minutes.
    fn spot(&mut self, section: usize, one: Struct) -> Result<(), Fault> {
        let spot = (section, one.origin, one.right, one.parent, one.key);
        if !self.lenient && !self.continues(section, one) && !self.spots.insert(spot) {
            return Err(Fault::Refused(Malformed("two items in the same spot")));
        }
        Ok(())
    }

    /// Whether an item follows the one that its client made before.
    fn continues(&self, section: usize, one: Struct) -> bool {
        one.origin.is_some_and(|origin| {
            origin.clock + 1 == one.clock
                && self.sections.get(origin.client as usize) == Some(&Some(section))
        })
    }

    /// How many items yrs may look at to find where each new one of a sequence belongs, at most: for
    /// each that follows nothing of its own, all of its sequence.
    fn scan_cost(&self) -> u64 {
        let cost = |(node, moves): (&u32, &u32)| {
            let new = self.out.items.get(node).copied().unwrap_or(0);
            u64::from(*moves) * (u64::from(self.node(*node).items) + u64::from(new))
        };
        self.moves.iter().map(cost).sum()
    }

    /// Whether all of a struct is deleted, by this update or before.
    fn is_deleted(&self, section: usize, one: Struct) -> bool {
        let Some(client) = self.outline.sections.get(section).map(|section| section.client) else {
            return false;
        };
        let known = self.have.track(client).map(|track| &track.deleted);
        let here = self.deletes.get(&client).copied();
        [known, here].into_iter().flatten().any(|ranges| ranges.covers(one.clock, one.end()))
    }

    fn place_of_item(&mut self, section: usize, one: Struct) -> Result<Place, Fault> {
        let known = self.spans.get(section).map_or(0, |span| span.known);
        // A struct that the room has in part continues what it has.
        let left = if one.clock < known {
            let track = self.outline.sections.get(section).and_then(|s| self.have.track(s.client));
            track.map(|track| track.place(known - 1))
        } else {
            one.origin.map(|id| self.place_at(id))
        };
        let right = one.right.map(|id| self.place_at(id));
        let (left_known, right_known) = (left.and_then(Place::known), right.and_then(Place::known));
        if let (Some(left), Some(right)) = (left_known, right_known)
            && left != right
        {
            self.fault(Malformed("origins in different places"))?;
        }
        if let Some(place) = left_known.or(right_known) {
            if place.is_keyed() && one.right.is_some() {
                self.fault(Malformed("map entry with a right origin"))?;
            }
            return Ok(place);
        }
        match one.parent {
            _ if left.is_some() || right.is_some() => Ok(Place::OPAQUE),
            Parent::Inherited => Ok(Place::OPAQUE),
            Parent::Root(name, keyed) => Ok(Place::new(self.root(name)?, keyed)),
            Parent::Item(id, keyed) => match self.find(id) {
                Found::Node(node) => Ok(Place::new(node, keyed)),
                Found::Tomb => Ok(Place::OPAQUE),
                Found::Other => {
                    self.fault(Malformed("parent is no shared type"))?;
                    Ok(Place::OPAQUE)
                }
            },
        }
    }

    /// Where the item at an id hangs.
    fn place_at(&self, id: Id) -> Place {
        if id.clock < self.known(id) {
            let track = self.tracks.get(id.client as usize).copied().flatten();
            return track.map_or(Place::OPAQUE, |track| track.place(id.clock));
        }
        self.struct_at(id).and_then(|at| self.out.places.get(at)).copied().unwrap_or(Place::OPAQUE)
    }

    /// The struct of this update that holds an id.
    fn struct_at(&self, id: Id) -> Option<usize> {
        let section =
            self.outline.sections.get(self.sections.get(id.client as usize).copied()??)?;
        let behind = self.outline.structs_of(section).partition_point(|one| one.clock <= id.clock);
        Some(section.first + behind.checked_sub(1)?)
    }

    /// What an id leads to as a parent.
    fn find(&self, id: Id) -> Found {
        let node = if id.clock < self.known(id) {
            let track = self.tracks.get(id.client as usize).copied().flatten();
            track.and_then(|track| track.node(id.clock))
        } else {
            let section = self.sections.get(id.client as usize).copied().flatten();
            section.and_then(|section| self.out.types.get(section)).and_then(|types| {
                let at = types.binary_search_by_key(&id.clock, |(clock, _)| *clock).ok()?;
                types.get(at).map(|(_, node)| *node)
            })
        };
        match node {
            Some(node) => Found::Node(node),
            None if self.place_at(id).is_tomb() => Found::Tomb,
            None => Found::Other,
        }
    }

    fn root(&mut self, name: u32) -> Result<u32, Fault> {
        if let Some(node) = self.names.get(name as usize).copied().flatten() {
            return Ok(node);
        }
        let node = self.new_node(Node { depth: 1, shape: Shape::Open, items: 0 })?;
        self.out.roots.push((name, node));
        if let Some(slot) = self.names.get_mut(name as usize) {
            *slot = Some(node);
        }
        Ok(node)
    }

    /// Holds what stands in a sequence against what its type may hold.
    fn shape(&mut self, node: u32, kind: Kind) -> Result<(), Fault> {
        let wanted = match kind {
            Kind::Text => Shape::Text,
            Kind::Value => Shape::Array,
            Kind::Type(_) => Shape::Xml,
            Kind::Gc | Kind::Skip | Kind::Deleted => return Ok(()),
        };
        match self.node(node).shape {
            shape if shape == wanted => Ok(()),
            // Arrays and texts hold shared types as well.
            Shape::Array | Shape::Text | Shape::Open if wanted == Shape::Xml => Ok(()),
            Shape::Open => {
                self.out.shapes.insert(node, wanted);
                Ok(())
            }
            _ => self.fault(Malformed("content in a type that can't hold it")),
        }
    }

    fn new_node(&mut self, new: Node) -> Result<u32, Fault> {
        if new.depth > MAX_TYPE_DEPTH {
            self.fault(Malformed("shared types nested too deep"))?;
        }
        let node = self.have.nodes.len() + self.out.nodes.len();
        self.out.nodes.push(new);
        u32::try_from(node).map_err(|_| Fault::Refused(Malformed("too many shared types")))
    }

    fn node(&self, at: u32) -> Node {
        let known = self.have.nodes.len();
        let node = match (at as usize).checked_sub(known) {
            None => self.have.nodes.get(at as usize),
            Some(new) => self.out.nodes.get(new),
        };
        let mut node = node.copied().unwrap_or(Node { depth: 0, shape: Shape::Open, items: 0 });
        if let Some(shape) = self.out.shapes.get(&at) {
            node.shape = *shape;
        }
        node
    }

    /// Refuses, unless the update was accepted before.
    fn fault(&self, why: Malformed) -> Result<(), Fault> {
        if self.lenient { Ok(()) } else { Err(Fault::Refused(why)) }
    }
}

fn set(flags: &mut [bool], at: usize, value: bool) {
    if let Some(flag) = flags.get_mut(at) {
        *flag = value;
    }
}
