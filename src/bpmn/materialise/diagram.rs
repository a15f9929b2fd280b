//! Planes and diagram interchange: rule N5.
//!
//! PURE. Runs on the repaired model; nothing in the model refers to a diagram, so what is dropped
//! here changes nothing there.

use std::collections::{BTreeMap, HashMap};

use super::graph::{Graph, Id, NONE, Role};
use super::repair::{End, Reason, Repair};
use super::sheets::{Sheet, Sheets};
use crate::bpmn::tables;

/// Planes whose element was replaced: plane to new element.
pub(super) type Rehomed = BTreeMap<Id, Id>;

/// Applies N5 to a repaired graph.
pub(super) fn repair_diagrams(repair: &mut Repair<'_, '_>) -> Rehomed {
    let rehomed = rehome_planes(repair);
    let sheets = Sheets::new(repair.graph, &rehomed);
    let mut shown = drop_doubles(repair, &sheets);
    drop_loose(repair, &sheets, &mut shown);
    rehomed
}

/// The first diagram whose plane lost its element shows the collaboration, else the process,
/// unless another plane does; the other diagrams in that state go.
fn rehome_planes(repair: &mut Repair<'_, '_>) -> Rehomed {
    let graph = &*repair.graph;
    let mut lost = Vec::new();
    let mut taken = Vec::new();
    for diagram in graph.live_children(graph.root).filter(|d| graph.role(*d) == Role::Diagram) {
        for plane in graph.live_children(diagram).filter(|p| graph.role(*p) == Role::Plane) {
            match graph.end(plane, "bpmnElement") {
                End::Node(element) if can_be_drawn_in(graph, element) => taken.push(element),
                End::Node(_) | End::Missing
                    if [diagram, plane].iter().any(|id| graph.is_raw(*id, Reason::N5)) => {}
                End::Node(_) | End::Missing => lost.push((diagram, plane)),
                End::Raw => {}
            }
        }
    }
    let new_element = first_of(graph, Role::Collaboration)
        .or_else(|| first_of(graph, Role::Process))
        .filter(|element| !taken.contains(element));
    let mut rehomed = Rehomed::new();
    for (diagram, plane) in lost {
        match new_element {
            Some(element) if rehomed.is_empty() => {
                rehomed.insert(plane, element);
            }
            _ => repair.drop_node(diagram, Reason::N5),
        }
    }
    repair.settle();
    rehomed
}

/// Whether a plane can show what an element holds: not once a sub-process became a task.
fn can_be_drawn_in(graph: &Graph<'_>, element: Id) -> bool {
    let Some(tag) = graph.tag(element) else { return false };
    let holds = |ancestor| tables::is_a(tag.local, ancestor);
    !tables::is_type(tag.local) || holds("FlowElementsContainer") || holds("Collaboration")
}

/// The first live child of the root in that role which can be referred to.
fn first_of(graph: &Graph<'_>, role: Role) -> Option<Id> {
    let fits = |id: &Id| graph.role(*id) == role && graph.is_referable(*id);
    graph.live_children(graph.root).find(fits)
}

/// What shows an element on a sheet.
type Shown = HashMap<(Sheet, Id), Id>;

/// The node that shows an element on a sheet; of several the least by (order, key) stays.
fn drop_doubles(repair: &mut Repair<'_, '_>, sheets: &Sheets) -> Shown {
    let mut shown = Shown::new();
    let mut doubles = Vec::new();
    let graph = &*repair.graph;
    for id in drawings(graph) {
        let Some(place) = sheets.place(graph, id) else { continue };
        let first = *shown.entry(place).or_insert(id);
        if first != id && !graph.is_raw(id, Reason::N5) {
            doubles.push(id);
        }
    }
    for id in doubles {
        repair.drop_node(id, Reason::N5);
    }
    repair.settle();
    shown
}

/// An edge needs both ends of its element on its sheet, a boundary event its host; edges may end at edges.
fn drop_loose(repair: &mut Repair<'_, '_>, sheets: &Sheets, shown: &mut Shown) {
    let graph = &*repair.graph;
    let mut queue: Vec<Id> = Vec::new();
    let mut waiting: HashMap<(Sheet, Id), Vec<Id>> = HashMap::new();
    for id in drawings(graph).filter(|id| !graph.is_raw(*id, Reason::N5)) {
        let Some((sheet, element)) = sheets.place(graph, id) else { continue };
        for end in ends(graph, element) {
            waiting.entry((sheet, end)).or_default().push(id);
        }
        queue.push(id);
    }
    while let Some(id) = queue.pop() {
        let graph = &*repair.graph;
        let place = sheets.place(graph, id).filter(|_| graph.is_live(id));
        let Some((sheet, element)) = place else { continue };
        if ends(graph, element).iter().all(|end| shown.contains_key(&(sheet, *end))) {
            continue;
        }
        if !repair.dry && shown.get(&(sheet, element)) == Some(&id) {
            shown.remove(&(sheet, element));
            queue.extend(waiting.get(&(sheet, element)).into_iter().flatten());
        }
        repair.drop_node(id, Reason::N5);
    }
    repair.settle();
}

/// The live shapes and edges, in document order.
fn drawings<'g>(graph: &'g Graph<'_>) -> impl Iterator<Item = Id> + 'g {
    let is_drawing = |id: &Id| matches!(graph.role(*id), Role::Shape | Role::Edge);
    graph.sequence.iter().copied().filter(|id| graph.is_live(*id)).filter(is_drawing)
}

/// The live elements beside which this one is drawn.
fn ends(graph: &Graph<'_>, element: Id) -> Vec<Id> {
    let parent = graph.node(element).map_or(NONE, |n| n.parent);
    let mut ends = match graph.role(element) {
        Role::SequenceFlow | Role::MessageFlow | Role::Association | Role::ConversationLink => {
            vec![graph.end_node(element, "sourceRef"), graph.end_node(element, "targetRef")]
        }
        Role::BoundaryEvent => vec![graph.end_node(element, "attachedToRef")],
        Role::DataInputAssociation => vec![first_reference(graph, element, "sourceRef"), parent],
        Role::DataOutputAssociation => vec![parent, first_reference(graph, element, "targetRef")],
        _ => Vec::new(),
    };
    ends.retain(|end| *end != NONE);
    ends
}

fn first_reference(graph: &Graph<'_>, id: Id, local: &str) -> Id {
    let named =
        |c: &Id| graph.tag(*c).is_some_and(|t| t.role == Role::Reference && t.local == local);
    graph.live_children(id).find(named).map_or(NONE, |c| graph.end_node(c, "#x"))
}
