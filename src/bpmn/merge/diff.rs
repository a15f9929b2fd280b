//! Two versions to operations (facts/bpmn.md 5.3).
//!
//! PURE. Fields that are equal in both versions give no operation, whatever the current document
//! holds. Of siblings only those outside a longest common order move.

use std::collections::BTreeMap;

use super::aliases::Aliases;
use super::index::{Index, ListKind, Node, lanes, reference};
use super::matcher::{Matching, match_nodes};
use super::op::{List, Op, Placed};
use super::sequence::stable;
use crate::bpmn::import;
use crate::bpmn::materialise::materialise;
use crate::bpmn::model::{DOCUMENT, Namespace, Record, Records, Value};
use crate::bpmn::tables::{Vocabulary, singleton_role};

/// Neighbours named on each side of a run. Others may be deleted or moved away meanwhile; after so
/// many the order is a guess anyway.
const NEIGHBOURS: usize = 8;

/// Prefix of the provisional key of a node that has neither an id nor a role.
pub(super) const ANONYMOUS: &str = "~+";

/// What leads from `base` to `new`, in the keys and aliases of `base`.
///
/// Both must come from the same kind of source: two imported texts, or two reads of a document. For
/// a text that a client saved against a document's records use [`diff_seen`].
#[must_use]
pub fn diff(base: &Records, new: &Records) -> Vec<Op> {
    let index = Index::new(base);
    let to_base = (0..index.nodes.len()).map(Some).collect();
    Diff::new(base, &index, &index, to_base, &Index::new(new)).run()
}

/// What leads from `seen` to `new`, as operations on `base`.
///
/// `base` holds the records of a stored version; `seen` is that version as its client saw it: the
/// import of the text that was sent, or of the client's own export right after loading. What the
/// text never showed (repairs, hidden nodes) or the client's writer always loses is no difference.
#[must_use]
pub fn diff_seen(base: &Records, seen: &Records, new: &Records) -> Vec<Op> {
    let (base_index, seen_index) = (Index::new(base), Index::new(seen));
    let to_base = match_nodes(&base_index, &seen_index).to_base;
    Diff::new(base, &base_index, &seen_index, to_base, &Index::new(new)).run()
}

/// What a save of `new` means for a client that read `base` as this server exports it.
#[must_use]
pub fn save(base: &Records, new: &Records) -> Vec<Op> {
    match import(materialise(base).as_bytes()) {
        Ok(seen) => diff_seen(base, &seen, new),
        // Our own export always reads; were it not so, the records are the next best.
        Err(_) => diff(base, new),
    }
}

/// Fields that hold what other documents have as child elements, and the names of those.
const INLINED: [(&str, &[&str]); 4] = [
    ("#b", &["Bounds"]),
    ("#w", &["waypoint"]),
    ("#lb", &["BPMNLabel"]),
    ("#x", &["#text", "#cdata"]),
];

struct Diff<'d, 'r> {
    base: &'d Records,
    base_index: &'d Index<'r>,
    seen: &'d Index<'r>,
    new: &'d Index<'r>,
    /// Seen position to base position, and back.
    seen_to_base: Vec<Option<usize>>,
    base_to_seen: BTreeMap<usize, usize>,
    /// Between seen and new.
    matching: Matching,
    seen_aliases: Aliases,
    new_aliases: Aliases,
    /// Op key of each seen and each new node; `None` where the base never had it.
    seen_keys: Vec<Option<String>>,
    new_keys: Vec<Option<String>>,
    ops: Vec<Op>,
}

impl<'d, 'r> Diff<'d, 'r> {
    fn new(
        base: &'d Records,
        base_index: &'d Index<'r>,
        seen: &'d Index<'r>,
        seen_to_base: Vec<Option<usize>>,
        new: &'d Index<'r>,
    ) -> Self {
        let matching = match_nodes(seen, new);
        let seen_aliases = Aliases::between(base, seen.records);
        let to_seen = Aliases::between(seen.records, new.records);
        let new_aliases =
            Aliases::through(base, &seen_aliases, &to_seen, seen.records, new.records);
        let key_of = |at: &Option<usize>| Some(base_index.get((*at)?)?.key.to_owned());
        let seen_keys: Vec<_> = seen_to_base.iter().map(key_of).collect();
        let back = (0..).zip(&seen_to_base).filter_map(|(seen, base)| Some(((*base)?, seen)));
        Self {
            base_to_seen: back.collect(),
            base,
            base_index,
            seen,
            new,
            seen_to_base,
            matching,
            seen_aliases,
            new_aliases,
            seen_keys,
            new_keys: Vec::with_capacity(new.nodes.len()),
            ops: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Op> {
        self.name_nodes();
        self.document();
        for at in 0..self.new.nodes.len() {
            self.node(at);
        }
        self.children();
        self.lists();
        self.deletes();
        self.ops
    }

    fn seen_of(&self, new: usize) -> Option<usize> {
        self.matching.to_base.get(new).copied().flatten()
    }

    fn base_of(&self, seen: usize) -> Option<usize> {
        self.seen_to_base.get(seen).copied().flatten()
    }

    fn new_key(&self, at: usize) -> Option<&String> {
        self.new_keys.get(at)?.as_ref()
    }

    /// Matched nodes keep the key of the base; the others take the importer's choice (facts/bpmn.md
    /// 4.3): their id, a role below their parent, or none.
    fn name_nodes(&mut self) {
        let mut used = std::collections::BTreeSet::new();
        for (at, node) in self.new.nodes.iter().enumerate() {
            let key = match self.seen_of(at) {
                Some(seen) => self.seen_keys.get(seen).cloned().flatten(),
                None => {
                    let key = self.provisional(node, &used);
                    used.insert(key.clone());
                    Some(key)
                }
            };
            self.new_keys.push(key);
        }
    }

    fn provisional(&self, node: &Node<'_>, used: &std::collections::BTreeSet<String>) -> String {
        let parent = node.parent.and_then(|p| self.new.get(p)).filter(|_| node.id().is_none());
        let own = Vocabulary::of(node.uri);
        let role = parent.filter(|p| own == Vocabulary::Foreign || own == Vocabulary::of(p.uri));
        let role = role.and_then(|p| singleton_role(p.local, node.uri, node.local));
        let wish = match (role, node.parent.and_then(|at| self.new_key(at))) {
            (Some(role), Some(parent)) => Some(format!("{parent}~{role}")),
            _ => (!node.key.contains('~')).then(|| node.key.to_owned()),
        };
        let free = |key: &String| !self.base.nodes.contains_key(key) && !used.contains(key);
        wish.filter(free).unwrap_or_else(|| format!("{ANONYMOUS}{}", self.new_keys.len()))
    }

    // ---- fields ----

    /// A record in the base's aliases and keys.
    fn translated(
        &self,
        record: &Record,
        aliases: &Aliases,
        index: &Index<'_>,
        keys: &[Option<String>],
    ) -> Record {
        let mut record = aliases.record(record);
        for (field, value) in &mut record.0 {
            let Value::List(list) = value else { continue };
            let step = if field == "#l" { 2 } else { usize::MAX };
            for entry in list.iter_mut().step_by(step) {
                let key = index.position(entry).and_then(|at| keys.get(at)).cloned().flatten();
                if let Some(key) = key {
                    *entry = key;
                }
            }
        }
        record
    }

    fn node(&mut self, at: usize) {
        let (Some(node), Some(key)) = (self.new.get(at), self.new_key(at).cloned()) else { return };
        let mut new = self.translated(node.record, &self.new_aliases, self.new, &self.new_keys);
        self.drop_places(&mut new, node, self.new);
        let Some(seen_at) = self.seen_of(at) else {
            self.ops.push(Op::Create { key, fields: new });
            return;
        };
        let Some(seen_node) = self.seen.get(seen_at) else { return };
        let mut seen =
            self.translated(seen_node.record, &self.seen_aliases, self.seen, &self.seen_keys);
        self.drop_places(&mut seen, seen_node, self.seen);
        let base_at = self.base_of(seen_at);
        let base = base_at.and_then(|at| self.base_index.get(at)).map(|node| node.record);
        let first = self.ops.len();
        let mut set = |field: &String, new: Option<&Value>| {
            let base = base.and_then(|record| record.0.get(field));
            if base != new {
                let (key, field) = (key.clone(), field.clone());
                self.ops.push(Op::Set { key, field, base: base.cloned(), new: new.cloned() });
            }
        };
        for (field, value) in &new.0 {
            if seen.0.get(field) != Some(value) {
                set(field, Some(value));
            }
        }
        for field in seen.0.keys().filter(|field| !new.0.contains_key(*field)) {
            set(field, None);
        }
        if let Some(base_at) = base_at {
            self.replace_children(base_at, first);
        }
    }

    /// Some client may have written bounds, waypoints, labels or texts as child nodes, which no text
    /// shows. A field that now takes their place takes them out.
    fn replace_children(&mut self, base_at: usize, first: usize) {
        let mut replaced: Vec<&str> = Vec::new();
        for op in self.ops.iter().skip(first) {
            let Op::Set { field, base: None, new: Some(_), .. } = op else { continue };
            let inlined = INLINED.iter().find(|(name, _)| name == field);
            replaced.extend(inlined.map_or(&[][..], |(_, children)| children));
        }
        if replaced.is_empty() {
            return;
        }
        let mut open: Vec<usize> = self.base_index.children(Some(base_at)).to_vec();
        open.retain(|at| self.base_index.get(*at).is_some_and(|n| replaced.contains(&n.local)));
        while let Some(at) = open.pop() {
            open.extend_from_slice(self.base_index.children(Some(at)));
            if let Some(node) = self.base_index.get(at) {
                let (key, base) = (node.key.to_owned(), node.record.clone());
                self.ops.push(Op::Delete { key, base });
            }
        }
    }

    /// Places are compared as lists, not as values.
    fn drop_places(&self, record: &mut Record, node: &Node<'_>, index: &Index<'_>) {
        for field in ["#p", "#l", "#t0", "#p0"] {
            record.0.remove(field);
        }
        for kind in [ListKind::Incoming, ListKind::Outgoing] {
            if owner(node, kind, index).is_some() {
                record.0.remove(kind.field());
            }
        }
    }

    // ---- the document's own maps ----

    fn document(&mut self) {
        let mut ops = Vec::new();
        let (seen, new) = (self.seen.records, self.new.records);
        // The title, the schema version and the epoch are not in the text.
        for key in ["decl", "style", "nso", "geo"] {
            let before = seen.meta.get(key).map(|v| self.seen_aliases.meta(key, v));
            let after = new.meta.get(key).map(|v| self.new_aliases.meta(key, v));
            let keep = after.is_none() && key == "geo";
            if before != after && !keep && self.base.meta.get(key) != after.as_ref() {
                ops.push(Op::Meta { key: key.to_owned(), new: after });
            }
        }
        let declared = |records: &Records, aliases: &Aliases| -> BTreeMap<String, Namespace> {
            let entry = |(alias, ns): (&String, &Namespace)| {
                let mapped = aliases.alias(alias).to_owned();
                let shown = ns.prefix(alias).to_owned();
                let prefix = (shown != mapped).then_some(shown);
                (mapped, Namespace { uri: ns.uri.clone(), at_root: ns.at_root, prefix })
            };
            records.ns.iter().map(entry).collect()
        };
        let before = declared(seen, &self.seen_aliases);
        let after = declared(new, &self.new_aliases);
        for (alias, ns) in &after {
            if before.get(alias) != Some(ns) && self.base.ns.get(alias) != Some(ns) {
                ops.push(Op::Ns { alias: alias.clone(), new: ns.clone() });
            }
        }
        for (alias, ns) in before {
            // The alias itself stays: somebody may be using it right now, and N9 declares it there.
            if ns.at_root && !after.contains_key(&alias) && self.base.ns.contains_key(&alias) {
                ops.push(Op::Ns { alias, new: Namespace { at_root: false, ..ns } });
            }
        }
        let profile = |records: &Records, aliases: &Aliases| -> BTreeMap<String, String> {
            let entry = |(tag, names): (&String, &String)| {
                (aliases.name(tag).into_owned(), aliases.names(names))
            };
            records.ao.iter().map(entry).collect()
        };
        let before = profile(seen, &self.seen_aliases);
        for (tag, names) in profile(new, &self.new_aliases) {
            if before.get(&tag) != Some(&names) && self.base.ao.get(&tag) != Some(&names) {
                ops.push(Op::Ao { tag, new: names });
            }
        }
        self.ops.append(&mut ops);
    }

    // ---- places ----

    fn children(&mut self) {
        let parents = std::iter::once(None).chain((0..self.new.nodes.len()).map(Some));
        for parent in parents {
            let members = self.new.children(parent);
            let list = match parent {
                None => DOCUMENT.to_owned(),
                Some(at) => match self.new_key(at) {
                    Some(key) => key.clone(),
                    None => continue,
                },
            };
            let seen_parent = match parent {
                None => Some(None),
                Some(at) => self.seen_of(at).map(Some),
            };
            let siblings = seen_parent.map_or(&[][..], |parent| self.seen.children(parent));
            let mut moved = self.moved(members, siblings);
            for (at, moved) in members.iter().zip(&mut moved) {
                *moved |= self.loses_parent(*at);
            }
            self.arrange(&List::Children(list), members, &moved);
        }
    }

    /// Whether what the base's record hangs it on goes, though the text shows it elsewhere (N2, N11) and keeps it.
    fn loses_parent(&self, at: usize) -> bool {
        let base = self.seen_of(at).and_then(|seen| self.base_of(seen));
        let record = base.and_then(|at| self.base_index.get(at)).map(|node| node.record);
        let parent = record.and_then(Record::place).map_or("", |(_, parent)| parent);
        let seen = self.base_index.position(parent).and_then(|at| self.base_to_seen.get(&at));
        seen.is_some_and(|seen| self.matching.to_new.get(*seen).is_some_and(Option::is_none))
    }

    fn lists(&mut self) {
        let seen_lists = self.seen.lists();
        let mut touched = BTreeMap::new();
        for ((kind, owner), members) in self.new.lists() {
            let Some(key) = self.new_key(owner).cloned() else { continue };
            let seen_members = self.seen_of(owner).and_then(|at| seen_lists.get(&(kind, at)));
            let moved = self.moved(&members, seen_members.map_or(&[], Vec::as_slice));
            let list = match kind {
                ListKind::Incoming => List::Incoming(key),
                ListKind::Outgoing => List::Outgoing(key),
                ListKind::Lane => List::Lane(key),
            };
            self.arrange(&list, &members, &moved);
            if kind == ListKind::Lane {
                let placed = members.iter().zip(&moved).filter(|(_, moved)| **moved);
                touched.extend(placed.map(|(at, _)| (*at, ())));
            }
        }
        self.unlisted();
        self.lanes(&touched);
    }

    /// Flows that lost their entry in a list.
    fn unlisted(&mut self) {
        for at in 0..self.new.nodes.len() {
            let Some(seen_at) = self.seen_of(at) else { continue };
            let (Some(node), Some(seen)) = (self.new.get(at), self.seen.get(seen_at)) else {
                continue;
            };
            let Some(base) = self.base_of(seen_at).and_then(|at| self.base_index.get(at)) else {
                continue;
            };
            for kind in [ListKind::Incoming, ListKind::Outgoing] {
                let field = kind.field();
                let was =
                    owner(seen, kind, self.seen).is_some() && seen.record.0.contains_key(field);
                if was && !node.record.0.contains_key(field) && base.record.0.contains_key(field) {
                    self.ops.push(Op::Set {
                        key: base.key.to_owned(),
                        field: field.to_owned(),
                        base: base.record.0.get(field).cloned(),
                        new: None,
                    });
                }
            }
        }
    }

    fn lanes(&mut self, touched: &BTreeMap<usize, ()>) {
        let lanes_of = |index: &Index<'_>, keys: &[Option<String>], record: &Record| {
            let key = |lane: &str| keys.get(index.position(lane)?).cloned().flatten();
            lanes(record).filter_map(|(lane, _)| key(lane)).collect::<Vec<_>>()
        };
        for (at, node) in self.new.nodes.iter().enumerate() {
            let Some(key) = self.new_key(at).cloned() else { continue };
            let after = lanes_of(self.new, &self.new_keys, node.record);
            let seen = self.seen_of(at).and_then(|s| self.seen.get(s));
            let before =
                seen.map(|s| lanes_of(self.seen, &self.seen_keys, s.record)).unwrap_or_default();
            if before != after || touched.contains_key(&at) {
                self.ops.push(Op::Lanes { key, base: before, new: after });
            }
        }
    }

    /// Which members can't keep their place among those that the seen version had in this list.
    fn moved(&self, members: &[usize], seen_members: &[usize]) -> Vec<bool> {
        let positions: BTreeMap<usize, usize> =
            seen_members.iter().enumerate().map(|(position, at)| (*at, position)).collect();
        let old: Vec<Option<usize>> = members
            .iter()
            .map(|at| self.seen_of(*at).and_then(|seen| positions.get(&seen)).copied())
            .collect();
        stable(&old).into_iter().map(|keep| !keep).collect()
    }

    /// One operation for each run of moved members.
    fn arrange(&mut self, list: &List, members: &[usize], moved: &[bool]) {
        let mut start = 0;
        while let Some(offset) = moved.iter().skip(start).position(|moved| *moved) {
            let from = start.saturating_add(offset);
            let length = moved.iter().skip(from).take_while(|moved| **moved).count();
            let to = from.saturating_add(length);
            let run: Vec<Placed> =
                members.iter().skip(from).take(length).filter_map(|at| self.placed(*at)).collect();
            let after = members.iter().take(from).rev();
            let after = after.filter_map(|at| self.new_key(*at)).take(NEIGHBOURS);
            let before = members.iter().zip(moved).skip(to).filter(|(_, moved)| !**moved);
            let before = before.filter_map(|(at, _)| self.new_key(*at)).take(NEIGHBOURS);
            if !run.is_empty() {
                let (after, before) = (after.cloned().collect(), before.cloned().collect());
                self.ops.push(Op::Arrange { list: list.clone(), run, after, before });
            }
            start = to;
        }
    }

    fn placed(&self, at: usize) -> Option<Placed> {
        let key = self.new_key(at)?.clone();
        let seen = self.seen_of(at);
        let base = seen.and_then(|seen| self.base_of(seen)).and_then(|at| self.base_index.get(at));
        let base_parent = base.and_then(|n| n.record.place()).map(|(_, parent)| parent.to_owned());
        let now = self.new.get(at)?.parent.map(|parent| self.seen_of(parent));
        let before = seen.and_then(|at| self.seen.get(at)).map(|node| node.parent.map(Some));
        let moves = before != Some(now);
        Some(Placed { key, base_parent, moves })
    }

    fn deletes(&mut self) {
        for (seen_at, new_at) in self.matching.to_new.iter().enumerate() {
            if new_at.is_some() {
                continue;
            }
            let base = self.base_of(seen_at).and_then(|at| self.base_index.get(at));
            if let Some(node) = base {
                let (key, base) = (node.key.to_owned(), node.record.clone());
                self.ops.push(Op::Delete { key, base });
            }
        }
    }
}

/// The node whose list a flow stands in.
fn owner(node: &Node<'_>, kind: ListKind, index: &Index<'_>) -> Option<usize> {
    reference(node.record, kind.end()).and_then(|key| index.position(key))
}
