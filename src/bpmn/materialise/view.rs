//! A repaired diagram to look at: its planes, what they show and where, without any XML.
//!
//! PURE. Shows exactly what [`materialise`](super::materialise()) would write; judges and draws nothing.

use super::Rules;
use super::diagram::Rehomed;
use super::graph::{Graph, Id, Kind, NONE, Role};
use super::names::Names;
use super::repair::End;
use crate::bpmn::model::{Record, Records};
use crate::bpmn::tables::Vocabulary;
use crate::bpmn::xml::trim_space;

/// A node of a [`View`]. Later in key order means greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct At(Id);

/// A diagram after all repair.
#[derive(Debug)]
pub(crate) struct View<'r> {
    graph: Graph<'r>,
    rehomed: Rehomed,
}

/// What a plane holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A `BPMNShape`.
    Shape,
    /// A `BPMNEdge`.
    Edge,
}

impl<'r> View<'r> {
    /// Repairs the records.
    pub(crate) fn new(records: &'r Records) -> Self {
        let (graph, rehomed, _) = super::repaired(records, &Rules::default(), false);
        Self { graph, rehomed }
    }

    /// The root element.
    pub(crate) fn root(&self) -> Option<At> {
        (self.graph.root != NONE).then_some(At(self.graph.root))
    }

    /// All planes, in document order.
    pub(crate) fn planes(&self) -> impl Iterator<Item = At> + '_ {
        let diagrams = self.graph.live_children(self.graph.root);
        let diagrams = diagrams.filter(|id| self.graph.role(*id) == Role::Diagram);
        let children = diagrams.flat_map(|id| self.graph.live_children(id));
        children.filter(|id| self.graph.role(*id) == Role::Plane).map(At)
    }

    /// The shapes and edges of a plane, in document order.
    pub(crate) fn shown(&self, plane: At) -> impl Iterator<Item = (At, Shown)> + '_ {
        self.children(plane).filter_map(|at| match self.graph.role(at.0) {
            Role::Shape => Some((at, Shown::Shape)),
            Role::Edge => Some((at, Shown::Edge)),
            _ => None,
        })
    }

    /// The element that a plane, a shape or an edge shows.
    pub(crate) fn element(&self, at: At) -> Option<At> {
        self.rehomed.get(&at.0).copied().map(At).or_else(|| self.target(at, "bpmnElement"))
    }

    /// The live element that a field refers to.
    pub(crate) fn target(&self, at: At, field: &str) -> Option<At> {
        match self.graph.end(at.0, field) {
            End::Node(id) => Some(At(id)),
            End::Raw | End::Missing => None,
        }
    }

    /// The live children, in order.
    pub(crate) fn children(&self, at: At) -> impl Iterator<Item = At> + '_ {
        self.graph.live_children(at.0).map(At)
    }

    /// The children that are BPMN elements of the model with this name.
    pub(crate) fn named<'v>(
        &'v self,
        at: At,
        local: &'v str,
    ) -> impl Iterator<Item = At> + use<'v, 'r> {
        self.graph.live_children(at.0).map(At).filter(move |child| self.model(*child) == local)
    }

    /// The element around a node.
    pub(crate) fn parent(&self, at: At) -> Option<At> {
        let parent = self.graph.node(at.0)?.parent;
        self.graph.node(parent).map(|_| At(parent))
    }

    /// The name for ever.
    pub(crate) fn key(&self, at: At) -> &'r str {
        self.graph.node(at.0).map_or("", |n| n.key)
    }

    /// The type of a model element; empty for anything else.
    pub(crate) fn model(&self, at: At) -> &'r str {
        self.local_in(at, &[Vocabulary::Bpmn])
    }

    /// The local name of a drawing element; empty for anything else.
    pub(crate) fn drawing(&self, at: At) -> &'r str {
        self.local_in(at, &[Vocabulary::BpmnDi, Vocabulary::Di, Vocabulary::Dc])
    }

    fn local_in(&self, at: At, vocabularies: &[Vocabulary]) -> &'r str {
        let tag = self.graph.tag(at.0).filter(|t| vocabularies.contains(&t.vocabulary));
        tag.map_or("", |t| t.local)
    }

    /// All fields.
    pub(crate) fn record(&self, at: At) -> Option<&'r Record> {
        self.graph.node(at.0).map(|n| n.record)
    }

    /// An attribute in no namespace, or a field.
    pub(crate) fn text(&self, at: At, field: &str) -> Option<&'r str> {
        self.record(at)?.text(field)
    }

    /// An attribute of a namespace that the document declares.
    pub(crate) fn foreign(&self, at: At, uri: &str, local: &str) -> Option<&'r str> {
        let names: &Names<'r> = &self.graph.names;
        self.record(at)?.0.iter().find_map(|(field, value)| {
            let (alias, name) = field.split_once(':').filter(|(_, name)| *name == local)?;
            (names.uris.get(names.declared(alias)?.uri) == uri && name == local).then_some(())?;
            value.as_text()
        })
    }

    /// All text in an element: its own and that of its text and CDATA children.
    pub(crate) fn content(&self, at: At) -> String {
        let mut content = self.text(at, "#x").unwrap_or_default().to_owned();
        for child in self.children(at) {
            let kind = self.graph.tag(child.0).map(|t| t.kind);
            if matches!(kind, Some(Kind::Text | Kind::CData)) {
                content.push_str(self.text(child, "#x").unwrap_or_default());
            }
        }
        trim_space(&content).to_owned()
    }
}
