//! Which node of one version is which node of another (facts/bpmn.md 5.2).
//!
//! PURE. BPMN elements by id, first with the same name, then with any (a replaced type); shapes and
//! edges by plane and element; everything else per parent: equal content first, then the same name
//! in order. Ids that changed are found by content, so that a renamed id is not a delete and a create.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use super::conflict::is_style;
use super::index::{Class, Index, Node, split};
use crate::bpmn::model::Value;
use crate::bpmn::tables::singleton_role;

/// A one-to-one relation between nodes of a base and of a new version.
#[derive(Debug)]
pub(super) struct Matching {
    /// New position to base position.
    pub(super) to_base: Vec<Option<usize>>,
    /// Base position to new position.
    pub(super) to_new: Vec<Option<usize>>,
}

/// Matches all visible nodes.
pub(super) fn match_nodes(base: &Index<'_>, new: &Index<'_>) -> Matching {
    let matching =
        Matching { to_base: vec![None; new.nodes.len()], to_new: vec![None; base.nodes.len()] };
    let mut matcher = Matcher { base, new, matching };
    matcher.root();
    matcher.by_id(true);
    matcher.by_id(false);
    matcher.per_parent(|class| class != Class::Interchange);
    matcher.planes();
    matcher.shapes();
    matcher.per_parent(|_| true);
    matcher.matching
}

/// Which side a node belongs to.
#[derive(Clone, Copy)]
enum Side {
    Base,
    New,
}

struct Matcher<'m, 'r> {
    base: &'m Index<'r>,
    new: &'m Index<'r>,
    matching: Matching,
}

/// Nodes waiting for a partner, by a key; each list in document order.
type Waiting<K> = BTreeMap<K, Vec<usize>>;

impl<'r> Matcher<'_, 'r> {
    fn pair(&mut self, base: usize, new: usize) {
        if let (Some(to_new), Some(to_base)) =
            (self.matching.to_new.get_mut(base), self.matching.to_base.get_mut(new))
            && to_new.is_none()
            && to_base.is_none()
        {
            *to_new = Some(new);
            *to_base = Some(base);
        }
    }

    fn index(&self, side: Side) -> &Index<'r> {
        match side {
            Side::Base => self.base,
            Side::New => self.new,
        }
    }

    fn partner(&self, side: Side, at: usize) -> Option<usize> {
        let table = match side {
            Side::Base => &self.matching.to_new,
            Side::New => &self.matching.to_base,
        };
        table.get(at).copied().flatten()
    }

    /// Unmatched nodes of a side that have a key, in document order.
    fn waiting<K: Ord>(
        &self,
        side: Side,
        nodes: impl Iterator<Item = usize>,
        key: impl Fn(&Self, usize, &Node<'r>) -> Option<K>,
    ) -> Waiting<K> {
        let mut waiting: Waiting<K> = BTreeMap::new();
        for at in nodes.filter(|at| self.partner(side, *at).is_none()) {
            if let Some(key) = self.index(side).get(at).and_then(|node| key(self, at, node)) {
                waiting.entry(key).or_default().push(at);
            }
        }
        waiting
    }

    /// Pairs the n-th with the n-th of each key. With `unique`, only where there is one of each.
    fn pair_waiting<K: Ord>(&mut self, base: &Waiting<K>, new: &Waiting<K>, unique: bool) {
        for (key, there) in new {
            let Some(here) = base.get(key) else { continue };
            if unique && (here.len() != 1 || there.len() != 1) {
                continue;
            }
            for (b, n) in here.iter().zip(there) {
                self.pair(*b, *n);
            }
        }
    }

    /// One pass over all nodes of both sides.
    fn pass<K: Ord>(
        &mut self,
        unique: bool,
        key: impl Fn(&Self, Side, usize, &Node<'r>) -> Option<K>,
    ) {
        let base = self
            .waiting(Side::Base, 0..self.base.nodes.len(), |m, at, n| key(m, Side::Base, at, n));
        let new =
            self.waiting(Side::New, 0..self.new.nodes.len(), |m, at, n| key(m, Side::New, at, n));
        self.pair_waiting(&base, &new, unique);
    }

    /// The root elements, unless they are of different types: then nothing is as it was.
    fn root(&mut self) {
        let name = |index: &Index<'r>, at| index.get(at).map(|node| (node.uri, node.local));
        if let (Some(base), Some(new)) = (self.base.root(), self.new.root())
            && name(self.base, base) == name(self.new, new)
        {
            self.pair(base, new);
        }
    }

    fn by_id(&mut self, same_name: bool) {
        self.pass(false, |_, _, _, node| {
            let id = (node.class == Class::Model).then(|| node.id()).flatten()?;
            Some((id.to_owned(), same_name.then(|| node.local.to_owned())))
        });
    }

    // ---- diagram interchange ----

    /// Planes by the element they show, then by id, then in order; diagrams by their plane.
    fn planes(&mut self) {
        let is_plane =
            |node: &Node<'_>| node.class == Class::Interchange && node.local == "BPMNPlane";
        self.pass(false, |m, side, _, node| {
            let id = node.id().map(str::to_owned);
            is_plane(node).then(|| (m.token(side, node.record.0.get("bpmnElement")), id))
        });
        self.pass(false, |m, side, _, node| {
            is_plane(node).then(|| m.token(side, node.record.0.get("bpmnElement")))
        });
        self.pass(false, |_, _, _, node| {
            is_plane(node).then(|| node.id().map(str::to_owned)).flatten()
        });
        self.pass(false, |_, _, _, node| is_plane(node).then_some(()));
        for new in 0..self.new.nodes.len() {
            let Some(plane) = self.new.get(new).filter(|node| is_plane(node)) else { continue };
            let base = self.partner(Side::New, new).and_then(|at| self.base.get(at));
            if let (Some(here), Some(there)) = (base.and_then(|n| n.parent), plane.parent) {
                self.pair(here, there);
            }
        }
    }

    /// Shapes and edges by (plane, element): with the same id first, then any; then over planes.
    fn shapes(&mut self) {
        let is_shown = |node: &Node<'_>| {
            node.class == Class::Interchange
                && matches!(node.local, "BPMNShape" | "BPMNEdge")
                && node.record.0.contains_key("bpmnElement")
        };
        for with_id in [true, false] {
            self.pass(false, |m, side, at, node| {
                if !is_shown(node) {
                    return None;
                }
                let id = with_id.then(|| node.id().unwrap_or("").to_owned());
                let element = m.token(side, node.record.0.get("bpmnElement"));
                Some((m.plane(side, at)?, element, node.local.to_owned(), id))
            });
        }
        self.pass(false, |m, side, _, node| {
            let element = || m.token(side, node.record.0.get("bpmnElement"));
            is_shown(node).then(|| (element(), node.local.to_owned(), node.id().map(str::to_owned)))
        });
        self.pass(true, |m, side, _, node| {
            let element = || m.token(side, node.record.0.get("bpmnElement"));
            is_shown(node).then(|| (element(), node.local.to_owned()))
        });
        self.pass(false, |_, _, _, node| {
            let id = (node.class == Class::Interchange).then(|| node.id()).flatten()?;
            Some((id.to_owned(), node.local.to_owned()))
        });
    }

    /// The base position of the plane around a node.
    fn plane(&self, side: Side, at: usize) -> Option<usize> {
        let plane = self.index(side).enclosing(at, "BPMNPlane")?;
        match side {
            Side::Base => Some(plane),
            Side::New => self.partner(Side::New, plane),
        }
    }

    /// What a reference means: the base key of its target where that is known.
    fn token(&self, side: Side, value: Option<&Value>) -> Option<String> {
        let text = match value? {
            Value::Text(text) => return Some(format!("t{text}")),
            Value::List(list) => list.first()?,
        };
        let known = match side {
            Side::Base => Some(text.as_str()),
            Side::New => self
                .new
                .position(text)
                .and_then(|at| self.partner(Side::New, at))
                .and_then(|at| self.base.get(at))
                .map(|node| node.key),
        };
        Some(known.map_or_else(|| format!("n{text}"), |key| format!("k{key}")))
    }

    // ---- by place ----

    /// Top down: the unmatched children of each matched parent.
    fn per_parent(&mut self, admit: impl Fn(Class) -> bool) {
        let base_hashes = self.hashes(Side::Base);
        let new_hashes = self.hashes(Side::New);
        self.siblings(None, None, &admit, &base_hashes, &new_hashes);
        for new in 0..self.new.nodes.len() {
            if let Some(base) = self.partner(Side::New, new) {
                self.siblings(Some(base), Some(new), &admit, &base_hashes, &new_hashes);
            }
        }
    }

    fn siblings(
        &mut self,
        base: Option<usize>,
        new: Option<usize>,
        admit: &impl Fn(Class) -> bool,
        base_hashes: &[Content],
        new_hashes: &[Content],
    ) {
        let left = |m: &Self, side: Side, parent: Option<usize>| -> Vec<usize> {
            let wanted = |at: &usize| {
                m.partner(side, *at).is_none()
                    && m.index(side).get(*at).is_some_and(|node| admit(node.class))
            };
            m.index(side).children(parent).iter().copied().filter(wanted).collect()
        };
        let (here, there) = (left(self, Side::Base, base), left(self, Side::New, new));
        if here.is_empty() || there.is_empty() {
            return;
        }
        let full = |hashes: &[Content], at: usize| hashes.get(at).map(|c| c.full);
        self.among(&here, &there, false, |side, at, _| match side {
            Side::Base => full(base_hashes, at),
            Side::New => full(new_hashes, at),
        });
        let without_id = |hashes: &[Content], at: usize| hashes.get(at).map(|c| c.without_id);
        self.among(&here, &there, true, |side, at, node| {
            node.id()?;
            match side {
                Side::Base => without_id(base_hashes, at),
                Side::New => without_id(new_hashes, at),
            }
        });
        self.among(&here, &there, false, |_, _, node| {
            let id = (node.class == Class::Other).then(|| node.id()).flatten()?;
            Some((node.uri.to_owned(), node.local.to_owned(), id.to_owned()))
        });
        self.among(&here, &there, false, |_, _, node| {
            let by_name = node.id().is_none();
            by_name.then(|| (node.uri.to_owned(), node.local.to_owned()))
        });
        let parent = new.and_then(|at| self.new.get(at)).map_or("", |node| node.local).to_owned();
        self.among(&here, &there, true, |_, _, node| {
            let role = singleton_role(&parent, node.uri, node.local)?;
            Some((node.uri.to_owned(), role.to_owned()))
        });
        self.among(&here, &there, true, |_, _, node| {
            let definition = node.class == Class::Model && node.local.ends_with("EventDefinition");
            definition.then(|| node.local.to_owned())
        });
    }

    fn among<K: Ord>(
        &mut self,
        base: &[usize],
        new: &[usize],
        unique: bool,
        key: impl Fn(Side, usize, &Node<'r>) -> Option<K>,
    ) {
        let here =
            self.waiting(Side::Base, base.iter().copied(), |_, at, n| key(Side::Base, at, n));
        let there = self.waiting(Side::New, new.iter().copied(), |_, at, n| key(Side::New, at, n));
        self.pair_waiting(&here, &there, unique);
    }

    /// Content of every subtree, children before parents.
    fn hashes(&self, side: Side) -> Vec<Content> {
        let index = self.index(side);
        let mut hashes = vec![Content::default(); index.nodes.len()];
        // Names by URI, computed once per distinct field name.
        let mut names: HashMap<&str, (&str, &str)> = HashMap::new();
        for (at, node) in index.nodes.iter().enumerate().rev() {
            let mut full = DefaultHasher::new();
            (node.uri, node.local).hash(&mut full);
            let mut fields: Vec<((&str, &str), &Value)> = Vec::with_capacity(node.record.0.len());
            for (field, value) in node.record.0.iter().filter(|(field, _)| is_content(field)) {
                let name = *names.entry(field).or_insert_with(|| {
                    let (alias, local) = split(field);
                    (index.records.ns.get(alias).map_or(alias, |n| n.uri.as_str()), local)
                });
                fields.push((name, value));
            }
            fields.sort_unstable_by_key(|(name, _)| *name);
            let mut without_id = full.clone();
            for (name, value) in fields {
                let mut one = DefaultHasher::new();
                name.hash(&mut one);
                match value {
                    Value::Text(text) => text.hash(&mut one),
                    Value::List(list) => {
                        self.token(side, Some(value)).hash(&mut one);
                        list.get(1..).hash(&mut one);
                    }
                }
                let one = one.finish();
                one.hash(&mut full);
                if name != ("", "id") {
                    one.hash(&mut without_id);
                }
            }
            for child in &node.children {
                let child = hashes.get(*child).copied().unwrap_or_default();
                child.full.hash(&mut full);
                child.full.hash(&mut without_id);
            }
            if let Some(slot) = hashes.get_mut(at) {
                *slot = Content { full: full.finish(), without_id: without_id.finish() };
            }
        }
        hashes
    }
}

/// What a subtree says, as hashes that are equal for equal content under any prefixes.
#[derive(Debug, Clone, Copy, Default)]
struct Content {
    full: u64,
    /// The same without the element's own id.
    without_id: u64,
}

/// Fields that say something, unlike those that hold places and style.
fn is_content(field: &str) -> bool {
    !matches!(field, "#t" | "#p" | "#i" | "#u" | "#l") && !is_style(field)
}
