//! Records as a tree: document order, parents, children, names by URI.
//!
//! PURE. What hangs on the document is seen, what hangs in a cycle, which rule N2 shows, and flows and
//! boundary events that rule N11 shows. Other orphans are hidden in the text that a client saved, so a
//! difference must not touch them.

use std::collections::{BTreeMap, HashMap};

use crate::bpmn::model::{DOCUMENT, Record, Records};
use crate::bpmn::tables::{BPMN_URI, BPMNDI_URI, DC_URI, DI_URI, well_known_uri};

/// What an element belongs to; identity is found differently in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// BPMN elements: by id.
    Model,
    /// Diagram interchange: by plane and element.
    Interchange,
    /// Vendor elements, text, comments, processing instructions: by place.
    Other,
}

/// What rule N11 hangs beside what it joins.
const JOINING: [(&str, &[&str]); 2] =
    [("boundaryEvent", &["attachedToRef"]), ("sequenceFlow", &["sourceRef", "targetRef"])];

/// One visible node.
#[derive(Debug)]
pub(crate) struct Node<'r> {
    pub(crate) key: &'r str,
    pub(crate) record: &'r Record,
    /// Position of the parent; `None` under the document.
    pub(crate) parent: Option<usize>,
    /// In document order.
    pub(crate) children: Vec<usize>,
    pub(crate) class: Class,
    /// Namespace URI, or the alias where it is not declared.
    pub(crate) uri: &'r str,
    pub(crate) local: &'r str,
}

/// The visible nodes of a diagram, in document order.
#[derive(Debug)]
pub(crate) struct Index<'r> {
    pub(crate) records: &'r Records,
    pub(crate) nodes: Vec<Node<'r>>,
    /// Children of the document.
    pub(crate) top: Vec<usize>,
    by_key: HashMap<&'r str, usize>,
}

impl<'r> Index<'r> {
    pub(crate) fn new(records: &'r Records) -> Self {
        let mut children: BTreeMap<&str, Vec<(&str, &str, &Record)>> = BTreeMap::new();
        for (key, record) in &records.nodes {
            if let (Some((order, parent)), Some(_)) = (record.place(), record.tag()) {
                children.entry(parent).or_default().push((order, key, record));
            }
        }
        for list in children.values_mut() {
            list.sort_unstable_by_key(|(order, key, _)| (*order, *key));
        }
        let mut index =
            Self { records, nodes: Vec::new(), top: Vec::new(), by_key: HashMap::new() };
        for (_, key, record) in children.get(DOCUMENT).into_iter().flatten() {
            let at = index.grow(key, record, &children);
            index.top.push(at);
        }
        for key in cycle_heads(records, &index.by_key) {
            if let Some((key, record)) = records.nodes.get_key_value(key) {
                index.grow(key, record, &children);
            }
        }
        // Flows may end at boundary events.
        for (local, ends) in JOINING {
            for (key, record) in &records.nodes {
                if index.is_housed(key, record, local, ends) {
                    index.grow(key, record, &children);
                }
            }
        }
        index
    }

    /// Whether rule N11 shows it, although what it hangs on is gone: what it joins is seen.
    fn is_housed(&self, key: &str, record: &Record, local: &str, ends: &[&str]) -> bool {
        let seen = |key: &str| self.by_key.contains_key(key);
        record.tag().is_some_and(|tag| split(tag).1 == local)
            && record.place().is_some()
            && !seen(key)
            && ends.iter().all(|end| reference(record, end).is_some_and(seen))
    }

    /// Adds a node and all below it; gives its position.
    fn grow(
        &mut self,
        key: &'r str,
        record: &'r Record,
        children: &BTreeMap<&'r str, Vec<(&'r str, &'r str, &'r Record)>>,
    ) -> usize {
        let first = self.nodes.len();
        let mut stack = vec![(None, key, record)];
        while let Some((parent, key, record)) = stack.pop() {
            if self.by_key.contains_key(key) {
                continue;
            }
            let at = self.push(parent, key, record);
            let below = children.get(key).into_iter().flatten().rev();
            stack.extend(below.map(|(_, key, record)| (Some(at), *key, *record)));
        }
        first
    }

    fn push(&mut self, parent: Option<usize>, key: &'r str, record: &'r Record) -> usize {
        let at = self.nodes.len();
        let (alias, local) = split(record.tag().unwrap_or(""));
        let declared = self.records.ns.get(alias).map(|n| n.uri.as_str());
        let uri = declared.or_else(|| well_known_uri(alias)).unwrap_or(alias);
        let class = if local.starts_with('#') {
            Class::Other
        } else if uri == BPMN_URI {
            Class::Model
        } else if [BPMNDI_URI, DI_URI, DC_URI].contains(&uri) {
            Class::Interchange
        } else {
            Class::Other
        };
        self.nodes.push(Node { key, record, parent, children: Vec::new(), class, uri, local });
        self.by_key.insert(key, at);
        if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
            parent.children.push(at);
        }
        at
    }

    pub(crate) fn position(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Node<'r>> {
        self.nodes.get(at)
    }

    pub(crate) fn children(&self, of: Option<usize>) -> &[usize] {
        match of {
            None => &self.top,
            Some(at) => self.nodes.get(at).map_or(&[], |n| &n.children),
        }
    }

    pub(crate) fn root(&self) -> Option<usize> {
        self.top.iter().copied().find(|at| self.get(*at).is_some_and(Node::is_element))
    }

    /// The nearest enclosing node with this local name.
    pub(crate) fn enclosing(&self, at: usize, local: &str) -> Option<usize> {
        let mut walk = self.get(at)?.parent;
        while let Some(up) = walk {
            let node = self.get(up)?;
            if node.local == local {
                return Some(up);
            }
            walk = node.parent;
        }
        None
    }

    /// Members of each derived list, in order.
    pub(crate) fn lists(&self) -> BTreeMap<(ListKind, usize), Vec<usize>> {
        let mut lists: BTreeMap<(ListKind, usize), Vec<(&str, usize)>> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            for (kind, owner, order) in self.memberships(node) {
                lists.entry((kind, owner)).or_default().push((order, at));
            }
        }
        let sorted = |mut members: Vec<(&str, usize)>| {
            members.sort_by_key(|(order, at)| (*order, self.get(*at).map_or("", |n| n.key)));
            members.into_iter().map(|(_, at)| at).collect()
        };
        lists.into_iter().map(|(list, members)| (list, sorted(members))).collect()
    }

    fn memberships(&self, node: &Node<'r>) -> Vec<(ListKind, usize, &'r str)> {
        let mut found = Vec::new();
        for kind in [ListKind::Incoming, ListKind::Outgoing] {
            let order = node.record.text(kind.field());
            let owner = reference(node.record, kind.end()).and_then(|key| self.position(key));
            if let (Some(order), Some(owner)) = (order, owner) {
                found.push((kind, owner, order));
            }
        }
        for (lane, order) in lanes(node.record) {
            if let Some(owner) = self.position(lane) {
                found.push((ListKind::Lane, owner, order));
            }
        }
        found
    }
}

impl Node<'_> {
    pub(crate) fn is_element(&self) -> bool {
        !self.local.starts_with('#')
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.record.text("id").filter(|id| !id.is_empty())
    }
}

/// The node with the least key of every cycle of parents, where rule N2 cuts.
fn cycle_heads<'r>(records: &'r Records, seen: &HashMap<&str, usize>) -> Vec<&'r str> {
    let mut heads = Vec::new();
    let mut walked: HashMap<&str, &str> = HashMap::new();
    for start in records.nodes.keys().filter(|key| !seen.contains_key(key.as_str())) {
        let mut path: Vec<&str> = Vec::new();
        let mut walk = Some(start.as_str());
        while let Some(key) = walk.filter(|key| !walked.contains_key(key)) {
            walked.insert(key, start);
            path.push(key);
            let record = records.nodes.get(key).filter(|record| record.tag().is_some());
            walk = record.and_then(Record::place).map(|(_, parent)| parent);
        }
        // Back on its own path: the part of it from there on is a cycle.
        let own = walk.filter(|key| walked.get(key) == Some(&start.as_str()));
        let cycle = path.iter().skip_while(|key| Some(**key) != own).min();
        heads.extend(cycle.filter(|_| own.is_some()));
    }
    heads
}

/// The derived lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListKind {
    Incoming,
    Outgoing,
    Lane,
}

impl ListKind {
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Incoming => "#i",
            Self::Outgoing => "#u",
            Self::Lane => "#l",
        }
    }

    /// The attribute of a flow that names the list's owner.
    pub(crate) fn end(self) -> &'static str {
        match self {
            Self::Incoming => "targetRef",
            Self::Outgoing => "sourceRef",
            Self::Lane => "",
        }
    }
}

/// The key that a reference field holds.
pub(crate) fn reference<'r>(record: &'r Record, field: &str) -> Option<&'r str> {
    record.list(field)?.first().map(String::as_str)
}

/// The pairs of lane key and order of `#l`.
pub(crate) fn lanes(record: &Record) -> impl Iterator<Item = (&str, &str)> {
    record.list("#l").unwrap_or(&[]).chunks_exact(2).filter_map(|pair| match pair {
        [lane, order] => Some((lane.as_str(), order.as_str())),
        _ => None,
    })
}

/// Alias and local name of a tag or attribute; the alias is empty where there is none.
pub(crate) fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}
