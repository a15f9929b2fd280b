//! On which sheet something is drawn (N5): what a collapsed sub-process holds is not drawn beside it, even where no
//! plane of its own shows it.
//!
//! PURE. Only looks. A sheet does not depend on what N5 drops: doubles and loose drawings never are the first shape
//! of a sub-process.

use std::collections::HashMap;

use super::diagram::Rehomed;
use super::graph::{Graph, Id, NONE, Role};
use crate::bpmn::tables;

/// The parent of the drawings and, where they stand in one without a plane for them, the collapsed sub-process.
pub(super) type Sheet = (Id, Id);

/// The sheets of a graph whose planes are repaired.
pub(super) struct Sheets {
    /// The plane that shows an element, the first if several do.
    planes: HashMap<Id, Id>,
    /// Where the shapes of collapsed sub-processes stand.
    collapsed: HashMap<Id, Id>,
}

impl Sheets {
    pub(super) fn new(graph: &Graph<'_>, rehomed: &Rehomed) -> Self {
        let mut planes = HashMap::new();
        let mut first_shapes = HashMap::new();
        for id in graph.sequence.iter().copied().filter(|id| graph.is_live(*id)) {
            let element = rehomed.get(&id).copied().unwrap_or(graph.end_node(id, "bpmnElement"));
            match graph.role(id) {
                Role::Plane => _ = planes.entry(element).or_insert(id),
                Role::Shape => _ = first_shapes.entry(element).or_insert(id),
                _ => {}
            }
        }
        let collapsed = first_shapes.into_iter().filter_map(|(element, shape)| {
            let is_sub_process = tables::is_a(graph.tag(element)?.local, "SubProcess");
            let shape = graph.node(shape)?;
            let is_expanded = shape.record.text("isExpanded") == Some("true");
            (is_sub_process && !is_expanded).then_some((element, shape.parent))
        });
        Self { planes, collapsed: collapsed.collect() }
    }

    /// Where a shape or an edge shows what, if it shows a live element.
    pub(super) fn place(&self, graph: &Graph<'_>, drawing: Id) -> Option<(Sheet, Id)> {
        let parent = |id| graph.node(id).map_or(NONE, |n| n.parent);
        let element = graph.end_node(drawing, "bpmnElement");
        let beside = parent(drawing);
        // Data associations are drawn beside their activity, wherever that is.
        let mut around = match graph.role(element) {
            Role::DataInputAssociation | Role::DataOutputAssociation => NONE,
            _ => parent(element),
        };
        while around != NONE && !self.collapsed.contains_key(&around) {
            around = parent(around);
        }
        let own = self.planes.get(&around).copied();
        let moves = own == Some(beside) || self.collapsed.get(&around) == Some(&beside);
        let sheet = own.filter(|_| moves).map_or((beside, around), |plane| (plane, NONE));
        (element != NONE).then_some((sheet, element))
    }
}
