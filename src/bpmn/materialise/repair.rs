//! Lost references, misplaced types and flows between containers: rules N4, N6 and N11, and stale list entries of N8.
//!
//! PURE. A rule only ever drops nodes, and dropping more never saves one, so the result does not
//! depend on the order of work: it is the one fixpoint. Work is linear in nodes and references.

use super::Rules;
use super::graph::{Graph, Id, Kind, NONE, Role};
use crate::bpmn::model::Value;
use crate::bpmn::tables::{self, Vocabulary};
use crate::bpmn::xml::trim_space;
use crate::limits::MAX_XML_NAME_BYTES;

/// Why a node was dropped or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// A lost reference.
    N4,
    /// Planes and diagram interchange.
    N5,
    /// A type in the wrong place.
    N6,
    /// A list entry that its flow does not confirm.
    N8,
    /// Elsewhere than its ends.
    N11,
}

impl Reason {
    /// How `#raw` names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::N4 => "N4",
            Self::N5 => "N5",
            Self::N6 => "N6",
            Self::N8 => "N8",
            Self::N11 => "N11",
        }
    }
}

/// One end of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A live element.
    Node(Id),
    /// A string that was never resolved: shown as it is.
    Raw,
    /// Gone, or never there.
    Missing,
}

/// The state of the repair.
pub(super) struct Repair<'g, 'r> {
    pub(super) graph: &'g mut Graph<'r>,
    pub(super) rules: &'g Rules,
    /// What was dropped as a whole, in the order of work.
    pub(super) drops: Vec<(Id, Reason)>,
    /// Only note what would be dropped, and go on as if it were sound.
    pub(super) dry: bool,
    /// (target, referrer), sorted.
    referrers: Vec<(Id, Id)>,
    queue: Vec<Id>,
}

impl<'g, 'r> Repair<'g, 'r> {
    pub(super) fn new(graph: &'g mut Graph<'r>, rules: &'g Rules) -> Self {
        let mut referrers = Vec::new();
        for id in &graph.sequence {
            let Some(node) = graph.node(*id) else { continue };
            for (field, value) in &node.record.0 {
                let Value::List(list) = value else { continue };
                if field != "#l" {
                    referrers.extend(list.first().and_then(|k| graph.find(k)).map(|t| (t, *id)));
                }
            }
        }
        referrers.sort_unstable();
        Self { graph, rules, drops: Vec::new(), dry: false, referrers, queue: Vec::new() }
    }

    /// Applies N4, N6, N11 and the stale entries of N8 to every node.
    pub(super) fn run(&mut self) {
        // Backwards, because the queue is a stack: the first node is looked at first.
        self.queue = self.graph.sequence.iter().rev().copied().collect();
        self.settle();
    }

    /// Drops a node with all below it, and whatever then has lost its reference.
    pub(super) fn drop_node(&mut self, id: Id, reason: Reason) {
        if !self.graph.is_live(id) {
            return;
        }
        self.drops.push((id, reason));
        if self.dry {
            return;
        }
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let Some(node) = self.graph.nodes.get_mut(id as usize).filter(|n| n.live) else {
                continue;
            };
            node.live = false;
            self.queue.push(node.parent);
            let first = self.referrers.partition_point(|(target, _)| *target < id);
            let referrers = self.referrers.get(first..).unwrap_or(&[]);
            let own = referrers.iter().take_while(|(target, _)| *target == id);
            self.queue.extend(own.map(|(_, referrer)| *referrer));
            open.extend_from_slice(self.graph.children(id));
        }
    }

    /// Looks at the queued nodes until nothing more is dropped.
    pub(super) fn settle(&mut self) {
        while let Some(id) = self.queue.pop() {
            // The root stays whatever it is: a text without an element is no XML.
            if !self.graph.is_live(id) || id == self.graph.root {
                continue;
            }
            if let Some(reason) = self.verdict(id) {
                self.drop_node(id, reason);
            }
        }
    }

    fn verdict(&self, id: Id) -> Option<Reason> {
        let n4 = || (self.rules.n4 && !self.graph.is_raw(id, Reason::N4)).then_some(Reason::N4);
        let n6 = || (self.rules.n6 && !self.graph.is_raw(id, Reason::N6)).then_some(Reason::N6);
        if self.is_misplaced(id)
            && let Some(reason) = n6()
        {
            return Some(reason);
        }
        match self.graph.role(id) {
            Role::SequenceFlow => self
                .flow(id, |g, end| g.role(end).is_flow_node())
                .or_else(|| self.is_torn(id).then_some(Reason::N11)),
            Role::MessageFlow => self.flow(id, takes_messages),
            Role::Association | Role::ConversationLink => self.flow(id, |_, _| true),
            Role::BoundaryEvent => match self.graph.end(id, "attachedToRef") {
                End::Missing => n4(),
                End::Node(host) if !is_a(self.graph, host, "Activity") => n6(),
                End::Node(_) | End::Raw => None,
            },
            Role::Shape | Role::Edge if self.graph.end(id, "bpmnElement") == End::Missing => n4(),
            Role::Reference => self.reference(id).and_then(|reason| match reason {
                Reason::N8 => self.rules.n8.then_some(Reason::N8),
                _ => n4(),
            }),
            Role::DataInputAssociation if self.lost_all(id, "sourceRef") => n4(),
            Role::DataOutputAssociation if self.lost_all(id, "targetRef") => n4(),
            _ => None,
        }
    }

    /// A flow needs both ends, of a type that it may join.
    fn flow(&self, id: Id, admissible: impl Fn(&Graph<'r>, Id) -> bool) -> Option<Reason> {
        let ends = ["sourceRef", "targetRef"].map(|field| self.graph.end(id, field));
        if ends.contains(&End::Missing) && self.rules.n4 && !self.graph.is_raw(id, Reason::N4) {
            return Some(Reason::N4);
        }
        let fits = |end: &End| !matches!(end, End::Node(n) if !admissible(self.graph, *n));
        let misfit = !ends.iter().all(fits);
        (misfit && self.rules.n6 && !self.graph.is_raw(id, Reason::N6)).then_some(Reason::N6)
    }

    /// N11: a sequence flow whose ends stand in different containers.
    fn is_torn(&self, id: Id) -> bool {
        let container = |field| match self.graph.end(id, field) {
            End::Node(end) => self.graph.node(end).map(|n| n.parent),
            End::Raw | End::Missing => None,
        };
        let torn = match (container("sourceRef"), container("targetRef")) {
            (Some(source), Some(target)) => source != target,
            _ => false,
        };
        torn && self.rules.n11 && !self.graph.is_raw(id, Reason::N11)
    }

    /// A text reference whose target is gone (N4), or a list entry that its flow denies (N8).
    fn reference(&self, id: Id) -> Option<Reason> {
        let End::Node(target) = self.graph.end(id, "#x") else {
            let lost = self.graph.node(id)?.record.list("#x").is_some();
            return lost.then_some(Reason::N4);
        };
        let side = match self.graph.tag(id)?.local {
            "incoming" => "targetRef",
            "outgoing" => "sourceRef",
            _ => return None,
        };
        let parent = self.graph.node(id)?.parent;
        if !self.graph.role(parent).is_flow_node() || self.graph.is_raw(id, Reason::N8) {
            return None;
        }
        let confirmed = self.graph.role(target) == Role::SequenceFlow
            && self.graph.end(target, side) == End::Node(parent);
        (!confirmed).then_some(Reason::N8)
    }

    /// Whether a data association had references of this name and none is left.
    fn lost_all(&self, id: Id, local: &str) -> bool {
        let mut lost = false;
        for child in self.graph.children(id) {
            let Some(tag) = self.graph.tag(*child) else { continue };
            if tag.role == Role::Reference && tag.local == local {
                if self.graph.is_live(*child) {
                    return false;
                }
                lost |= self.graph.node(*child).is_some_and(|n| n.record.list("#x").is_some());
            }
        }
        lost
    }

    /// N6: a BPMN element below one that does not admit it. What a source itself has so is marked by
    /// the import; otherwise a type or a parent changed, or two editors created different types
    /// under one key and one of them added children.
    fn is_misplaced(&self, id: Id) -> bool {
        let Some(node) = self.graph.node(id) else { return false };
        let Some(parent) = self.graph.node(node.parent) else { return false };
        // Without N3 orphans hang on the root, which admits none of them: they must show.
        if !self.rules.n3 && !node.changed && !parent.changed {
            return false;
        }
        let (Some(tag), Some(parent)) = (self.graph.tag(id), self.graph.tag(node.parent)) else {
            return false;
        };
        tag.kind == Kind::Element
            && tag.vocabulary == Vocabulary::Bpmn
            && parent.vocabulary == Vocabulary::Bpmn
            && !tables::admits_child(parent.local, tag.local)
    }
}

fn takes_messages(graph: &Graph<'_>, id: Id) -> bool {
    ["InteractionNode", "Activity", "ConversationNode"].iter().any(|t| is_a(graph, id, t))
}

fn is_a(graph: &Graph<'_>, id: Id, ancestor: &str) -> bool {
    graph.tag(id).is_some_and(|t| tables::is_a(t.local, ancestor))
}

impl Graph<'_> {
    /// Whether the source itself broke this rule here, so that it comes out as it came in.
    pub(super) fn is_raw(&self, id: Id, reason: Reason) -> bool {
        let raw = self.node(id).and_then(|n| n.record.text("#raw"));
        raw.is_some_and(|raw| raw.split(' ').any(|name| name == reason.name()))
    }

    /// The id of an element: XML sees no white space around it.
    pub(super) fn xml_id(&self, id: Id) -> Option<&str> {
        self.node(id)?.record.text("id").map(trim_space).filter(|id| !id.is_empty())
    }

    /// Whether the id is as the source had it, although it is doubled or no name.
    pub(super) fn has_raw_id(&self, id: Id) -> bool {
        let record = self.node(id).map(|n| n.record);
        record.is_some_and(|r| r.text("id").is_some() && r.text("id") == r.text("#dup"))
    }

    /// The live element that a `[key…]` reference in a field means.
    pub(super) fn target(&self, from: Id, field: &str, list: &[String]) -> Option<Id> {
        let id = self.find(list.first()?)?;
        let from = self.tag(from)?;
        // The model never refers to its diagrams, and what is drawn is of the model: so diagrams
        // can be repaired after it.
        let model_only = from.vocabulary == Vocabulary::Bpmn || field == "bpmnElement";
        let fits = !model_only || self.is_model(id);
        (fits && self.is_live(id) && self.is_referable(id)).then_some(id)
    }

    /// Whether references may name it: an element with an id of reasonable length, and if it is of the model, not
    /// one that hides inside diagram interchange.
    pub(super) fn is_referable(&self, id: Id) -> bool {
        let (Some(node), Some(tag)) = (self.node(id), self.tag(id)) else { return false };
        tag.kind == Kind::Element
            && tag.vocabulary.has_ids()
            && !(tag.vocabulary == Vocabulary::Bpmn && node.in_diagram)
            && self.xml_id(id).is_some_and(|id| id.len() <= MAX_XML_NAME_BYTES)
    }

    /// What a reference field leads to.
    pub(super) fn end(&self, id: Id, field: &str) -> End {
        match self.node(id).and_then(|n| n.record.0.get(field)) {
            Some(Value::Text(text)) if !text.is_empty() => End::Raw,
            Some(Value::List(list)) => self.target(id, field, list).map_or(End::Missing, End::Node),
            _ => End::Missing,
        }
    }

    /// The live element that a field refers to, or [`NONE`].
    pub(super) fn end_node(&self, id: Id, field: &str) -> Id {
        match self.end(id, field) {
            End::Node(node) => node,
            End::Raw | End::Missing => NONE,
        }
    }
}
