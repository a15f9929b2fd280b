//! The records as a tree: which nodes count (N1), where cycles are cut (N2), what is live (N3).
//!
//! PURE. Nodes are numbered in key order, so comparing numbers compares keys by code point.

use std::collections::HashMap;

use super::Rules;
use super::names::{AliasId, NO_ALIAS, Names};
use crate::bpmn::model::{DOCUMENT, Record, Records};
use crate::bpmn::tables::{self, Vocabulary};
use crate::bpmn::xml::is_ncname;
use crate::limits::MAX_XML_DEPTH;

/// A node's number.
pub(super) type Id = u32;
/// No node.
pub(super) const NONE: Id = u32::MAX;
/// The document itself, as a parent.
pub(super) const TOP: Id = u32::MAX - 1;

/// What the rules need to know of a BPMN element type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    SequenceFlow,
    MessageFlow,
    Association,
    ConversationLink,
    BoundaryEvent,
    DataInputAssociation,
    DataOutputAssociation,
    FlowNode,
    Lane,
    Process,
    Collaboration,
    Definitions,
    /// An element whose text is a reference.
    Reference,
    Diagram,
    Plane,
    Shape,
    Edge,
    Label,
    Other,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Element,
    Text,
    CData,
    Comment,
    Instruction,
}

/// A tag, shared by all nodes that carry it.
#[derive(Debug)]
pub(super) struct Tag<'r> {
    pub(super) name: &'r str,
    pub(super) kind: Kind,
    pub(super) alias: AliasId,
    pub(super) local: &'r str,
    pub(super) vocabulary: Vocabulary,
    pub(super) role: Role,
}

/// A node.
#[derive(Debug)]
pub(super) struct Node<'r> {
    pub(super) key: &'r str,
    pub(super) record: &'r Record,
    pub(super) tag: u32,
    pub(super) order: &'r str,
    pub(super) parent: Id,
    /// Whether its tag or its parent is not the one it was created with (N6).
    pub(super) changed: bool,
    pub(super) live: bool,
    /// Whether it stands inside diagram interchange.
    pub(super) in_diagram: bool,
}

/// The tree.
#[derive(Debug)]
pub(super) struct Graph<'r> {
    pub(super) names: Names<'r>,
    pub(super) tags: Vec<Tag<'r>>,
    pub(super) nodes: Vec<Node<'r>>,
    pub(super) root: Id,
    /// Live nodes in document order: a parent stands before its children.
    pub(super) sequence: Vec<Id>,
    /// Top-level nodes in order: prolog, root element, epilog.
    pub(super) top: Vec<Id>,
    /// What N11 hangs elsewhere than the records say.
    pub(super) moved: Vec<Id>,
    by_key: HashMap<&'r str, Id>,
    children: Vec<Id>,
    child_ends: Vec<u32>,
}

impl<'r> Graph<'r> {
    pub(super) fn new(records: &'r Records, rules: &Rules, dry: bool) -> Self {
        let mut graph = Self {
            names: Names::new(records),
            tags: Vec::new(),
            nodes: Vec::with_capacity(records.nodes.len()),
            root: NONE,
            sequence: Vec::new(),
            top: Vec::new(),
            moved: Vec::new(),
            by_key: HashMap::with_capacity(records.nodes.len()),
            children: Vec::new(),
            child_ends: Vec::new(),
        };
        graph.collect(records);
        graph.find_root();
        if rules.n2 {
            graph.cut_cycles();
        }
        if rules.n11 {
            graph.moved = graph.house(dry);
        }
        if !rules.n3 {
            graph.adopt_orphans(records);
        }
        graph.link_children(rules);
        graph.find_live();
        graph
    }

    pub(super) fn node(&self, id: Id) -> Option<&Node<'r>> {
        self.nodes.get(id as usize)
    }

    /// The tag of a node. A number that names no node gives none.
    pub(super) fn tag(&self, id: Id) -> Option<&Tag<'r>> {
        self.tags.get(self.node(id)?.tag as usize)
    }

    pub(super) fn role(&self, id: Id) -> Role {
        self.tag(id).map_or(Role::Other, |t| t.role)
    }

    pub(super) fn is_live(&self, id: Id) -> bool {
        self.node(id).is_some_and(|n| n.live)
    }

    /// Whether it is an element of the BPMN model.
    pub(super) fn is_model(&self, id: Id) -> bool {
        self.tag(id).is_some_and(|t| t.vocabulary == Vocabulary::Bpmn)
    }

    pub(super) fn find(&self, key: &str) -> Option<Id> {
        self.by_key.get(key).copied()
    }

    /// All children that could be live, in order.
    pub(super) fn children(&self, id: Id) -> &[Id] {
        let end = |i: usize| self.child_ends.get(i).map_or(0, |e| *e as usize);
        let index = id as usize;
        let start = index.checked_sub(1).map_or(0, end);
        self.children.get(start..end(index)).unwrap_or(&[])
    }

    /// The live children, in order.
    pub(super) fn live_children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        self.children(id).iter().copied().filter(|c| self.is_live(*c))
    }

    /// N1: nodes whose tag and place can be read, numbered in key order.
    fn collect(&mut self, records: &'r Records) {
        let mut by_tag: HashMap<&str, Option<u32>> = HashMap::new();
        let mut parents: Vec<&str> = Vec::with_capacity(records.nodes.len());
        for (key, record) in &records.nodes {
            let (Some(name), Some((order, parent))) = (record.tag(), record.place()) else {
                continue;
            };
            let tag = match by_tag.get(name) {
                Some(tag) => *tag,
                None => {
                    let tag = self.new_tag(name);
                    by_tag.insert(name, tag);
                    tag
                }
            };
            let Some(tag) = tag.filter(|_| name != "#pi" || has_target(record)) else { continue };
            let id = u32::try_from(self.nodes.len()).unwrap_or(NONE);
            let changed = record.0.contains_key("#t0")
                || record.text("#p0").is_some_and(|first| first != parent);
            self.by_key.insert(key, id);
            self.nodes.push(Node {
                key,
                record,
                tag,
                order,
                parent: NONE,
                changed,
                live: false,
                in_diagram: false,
            });
            parents.push(parent);
        }
        for (i, parent) in parents.into_iter().enumerate() {
            let id = if parent == DOCUMENT { TOP } else { self.find(parent).unwrap_or(NONE) };
            let holds = id == TOP || self.tag(id).is_some_and(|t| t.kind == Kind::Element);
            if let Some(node) = self.nodes.get_mut(i) {
                node.parent = if holds { id } else { NONE };
            }
        }
    }

    /// A tag that XML can show; none hides its nodes (N0).
    fn new_tag(&mut self, name: &'r str) -> Option<u32> {
        let kind = match name {
            "#text" => Kind::Text,
            "#cdata" => Kind::CData,
            "#comment" => Kind::Comment,
            "#pi" => Kind::Instruction,
            _ => Kind::Element,
        };
        let (mut alias, mut local) = (NO_ALIAS, name);
        if kind == Kind::Element {
            if let Some((alias_name, rest)) = name.split_once(':') {
                alias =
                    self.names.alias(alias_name).filter(|a| !self.names.uri_of(*a).is_empty())?;
                local = rest;
            }
            if !is_ncname(local) {
                return None;
            }
        }
        let vocabulary = self.names.vocabulary(alias);
        let role = if kind == Kind::Element { role(vocabulary, local) } else { Role::Other };
        self.tags.push(Tag { name, kind, alias, local, vocabulary, role });
        u32::try_from(self.tags.len() - 1).ok()
    }

    /// N1: of the elements at document level, `definitions` before others, the least by (order,
    /// key) is the root.
    fn find_root(&mut self) {
        let tops = (0..).zip(&self.nodes).filter(|(_, n)| n.parent == TOP);
        let elements = tops.filter_map(|(id, node)| {
            let tag = self.tag(id).filter(|t| t.kind == Kind::Element)?;
            Some((tag.role != Role::Definitions, node.order, id))
        });
        self.root = elements.min().map_or(NONE, |(_, _, id)| id);
    }

    /// N2: on each cycle of parents the node with the least key goes below the first process.
    fn cut_cycles(&mut self) {
        let processes = (0..).zip(&self.nodes).filter(|(_, n)| n.parent == self.root);
        let process = processes
            .filter(|(id, _)| self.role(*id) == Role::Process)
            .min_by_key(|(id, n)| (n.order, *id))
            .map_or(NONE, |(id, _)| id);
        // 0: not seen; n: seen on the n-th walk.
        let mut seen = vec![0_u32; self.nodes.len()];
        for start in 0..self.nodes.len() {
            let walk = u32::try_from(start + 1).unwrap_or(u32::MAX);
            let mut at = start;
            while let Some(mark) = seen.get_mut(at) {
                if *mark != 0 {
                    if *mark == walk {
                        self.cut_cycle_through(at, process);
                    }
                    break;
                }
                *mark = walk;
                at = self.nodes.get(at).map_or(usize::MAX, |n| n.parent as usize);
            }
        }
    }

    fn cut_cycle_through(&mut self, start: usize, process: Id) {
        let mut least = start;
        let mut at = self.nodes.get(start).map_or(start, |n| n.parent as usize);
        while at != start {
            least = least.min(at);
            at = self.nodes.get(at).map_or(start, |n| n.parent as usize);
        }
        if let Some(node) = self.nodes.get_mut(least) {
            node.parent = process;
            node.changed = true;
        }
    }

    /// Without N3, a node whose parent is gone would be shown below the root.
    fn adopt_orphans(&mut self, records: &Records) {
        for node in &mut self.nodes {
            let orphan = node.parent == NONE
                && node.record.place().is_some_and(|(_, p)| !records.nodes.contains_key(p));
            if orphan {
                node.parent = self.root;
            }
        }
    }

    /// Sorts siblings by (order, key).
    fn link_children(&mut self, rules: &Rules) {
        let mut all: Vec<(Id, &str, Id)> = Vec::with_capacity(self.nodes.len());
        for (id, node) in (0..).zip(&self.nodes) {
            match node.parent {
                NONE => {}
                TOP => self.top.push(id),
                parent => all.push((parent, node.order, id)),
            }
        }
        all.sort_unstable();
        self.child_ends = vec![0; self.nodes.len()];
        for (parent, _, id) in all {
            self.children.push(id);
            if let Some(end) = self.child_ends.get_mut(parent as usize) {
                *end = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
            }
        }
        let mut last = 0;
        for end in &mut self.child_ends {
            last = last.max(*end);
            *end = last;
        }
        let root = self.root;
        let mut top = std::mem::take(&mut self.top);
        top.retain(|id| {
            let kind = self.tag(*id).map(|t| t.kind);
            *id == root
                || matches!(kind, Some(Kind::Comment | Kind::Instruction))
                || (!rules.n1 && kind == Some(Kind::Element))
        });
        top.sort_by_key(|id| (self.node(*id).map_or("", |n| n.order), *id));
        self.top = top;
    }

    /// N3: live is what hangs on the document, not deeper than the reader goes.
    fn find_live(&mut self) {
        if self.root == NONE {
            // Comments alone are no document.
            self.top.clear();
        }
        let mut open: Vec<(Id, usize, bool)> =
            self.top.iter().rev().map(|id| (*id, 1, false)).collect();
        while let Some((id, depth, in_diagram)) = open.pop() {
            let inside = in_diagram || self.tag(id).is_some_and(|t| t.vocabulary.is_diagram());
            if let Some(node) = self.nodes.get_mut(id as usize) {
                node.live = true;
                node.in_diagram = in_diagram;
                self.sequence.push(id);
            }
            if depth < MAX_XML_DEPTH {
                let children = self.children(id).iter().rev();
                open.extend(children.map(|child| (*child, depth + 1, inside)));
            }
        }
    }
}

/// Whether a processing instruction has a target that XML allows.
fn has_target(record: &Record) -> bool {
    record.text("#pn").is_some_and(|t| is_ncname(t) && !t.eq_ignore_ascii_case("xml"))
}

fn role(vocabulary: Vocabulary, local: &str) -> Role {
    match (vocabulary, local) {
        (Vocabulary::Bpmn, "sequenceFlow") => Role::SequenceFlow,
        (Vocabulary::Bpmn, "messageFlow") => Role::MessageFlow,
        (Vocabulary::Bpmn, "association") => Role::Association,
        (Vocabulary::Bpmn, "conversationLink") => Role::ConversationLink,
        (Vocabulary::Bpmn, "boundaryEvent") => Role::BoundaryEvent,
        (Vocabulary::Bpmn, "dataInputAssociation") => Role::DataInputAssociation,
        (Vocabulary::Bpmn, "dataOutputAssociation") => Role::DataOutputAssociation,
        (Vocabulary::Bpmn, "lane") => Role::Lane,
        (Vocabulary::Bpmn, "process") => Role::Process,
        (Vocabulary::Bpmn, "collaboration") => Role::Collaboration,
        (Vocabulary::Bpmn, "definitions") => Role::Definitions,
        (Vocabulary::Bpmn, local) if tables::is_a(local, "FlowNode") => Role::FlowNode,
        (Vocabulary::Bpmn, local) if tables::is_reference_element(local) => Role::Reference,
        (Vocabulary::BpmnDi, "BPMNDiagram") => Role::Diagram,
        (Vocabulary::BpmnDi, "BPMNPlane") => Role::Plane,
        (Vocabulary::BpmnDi, "BPMNShape") => Role::Shape,
        (Vocabulary::BpmnDi, "BPMNEdge") => Role::Edge,
        (Vocabulary::BpmnDi, "BPMNLabel") => Role::Label,
        _ => Role::Other,
    }
}

impl Role {
    /// Whether sequence flows may start and end there.
    pub(super) fn is_flow_node(self) -> bool {
        matches!(self, Self::FlowNode | Self::BoundaryEvent)
    }
}
