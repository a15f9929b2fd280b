//! What one plane of a diagram shows: forms, places, lines and labels, in the order of drawing.
//!
//! PURE. Leaves out what has no place that could be drawn; writes no SVG.

use std::collections::{HashMap, HashSet};

use super::area::{Area, Point};
use super::colour::Colours;
use super::kinds::{self, Form};
use super::text::legible;
use crate::bpmn::geometry::{parse_bounds, parse_label, parse_waypoints};
use crate::bpmn::materialise::view::{At, Shown, View};
use crate::bpmn::tables::is_a;
use crate::limits::{MAX_XML_DEPTH, PICTURE_WAYPOINTS};

/// All of a picture.
#[derive(Debug, Default)]
pub(super) struct Scene<'r> {
    /// Back to front.
    pub(super) shapes: Vec<Shape<'r>>,
    pub(super) edges: Vec<Edge<'r>>,
}

#[derive(Debug, Clone)]
pub(super) struct Shape<'r> {
    /// Of the element.
    pub(super) key: &'r str,
    pub(super) form: Form,
    pub(super) area: Area,
    pub(super) name: String,
    /// Where a label beside the shape stands.
    pub(super) label: Option<Area>,
    pub(super) colours: Colours,
}

#[derive(Debug, Clone)]
pub(super) struct Edge<'r> {
    /// Of the element.
    pub(super) key: &'r str,
    pub(super) line: Line,
    /// At least two.
    pub(super) points: Vec<Point>,
    pub(super) name: String,
    pub(super) label: Option<Area>,
    pub(super) colours: Colours,
}

/// The form of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Sequence {
        default: bool,
        conditional: bool,
    },
    /// With the envelope of its message: filled or not.
    Message {
        envelope: Option<bool>,
    },
    Association {
        from: bool,
        to: bool,
    },
    Data,
    Conversation,
}

impl<'r> Scene<'r> {
    /// Reads a plane.
    pub(super) fn of(view: &View<'r>, plane: At) -> Self {
        let mut scene = Self::default();
        let hiding = Hiding::of(view, plane);
        let mut layered: Vec<((u8, usize), Shape<'r>)> = Vec::new();
        for (at, shown) in view.shown(plane) {
            let Some(element) = view.element(at).filter(|e| !hiding.hides(view, *e)) else {
                continue;
            };
            match shown {
                Shown::Edge => scene.edges.extend(edge(view, at, element)),
                Shown::Shape => {
                    let full = hiding.full.contains(&element);
                    let shape = shape(view, at, element, full);
                    let depth = ancestors(view, element).count();
                    layered.extend(
                        shape.map(|shape| ((layer(view, element, &shape.form), depth), shape)),
                    );
                }
            }
        }
        layered.sort_by_key(|(layer, _)| *layer);
        scene.shapes = layered.into_iter().map(|(_, shape)| shape).collect();
        scene
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shapes.is_empty() && self.edges.is_empty()
    }
}

/// What stands in front of what.
fn layer(view: &View<'_>, element: At, form: &Form) -> u8 {
    match form {
        Form::Pool { .. } => 0,
        Form::Lane { .. } => 1,
        Form::Band { .. } => 3,
        Form::Event(_) if view.model(element) == "boundaryEvent" => 3,
        _ => 2,
    }
}

/// Which elements are inside of closed ones.
struct Hiding {
    /// Elements that contain something the plane shows.
    full: HashSet<At>,
    closed: HashSet<At>,
}

impl Hiding {
    fn of(view: &View<'_>, plane: At) -> Self {
        let mut full = HashSet::new();
        let mut compounds: HashMap<At, At> = HashMap::new();
        for (at, shown) in view.shown(plane).filter(|(_, shown)| *shown == Shown::Shape) {
            let Some(element) = view.element(at) else { continue };
            full.extend(view.parent(element));
            let local = view.model(element);
            if shown == Shown::Shape && (is_a(local, "SubProcess") || local == "subChoreography") {
                compounds.insert(element, at);
            }
        }
        let closed = compounds
            .into_iter()
            .filter(|(element, at)| !kinds::is_expanded(view, *at, full.contains(element)))
            .map(|(element, _)| element)
            .collect();
        Self { full, closed }
    }

    fn hides(&self, view: &View<'_>, element: At) -> bool {
        !self.closed.is_empty() && ancestors(view, element).any(|at| self.closed.contains(&at))
    }
}

/// The elements around an element, the nearest first.
fn ancestors<'v>(view: &'v View<'_>, element: At) -> impl Iterator<Item = At> + use<'v> {
    std::iter::successors(view.parent(element), |at| view.parent(*at)).take(MAX_XML_DEPTH)
}

fn shape<'r>(view: &View<'r>, at: At, element: At, full: bool) -> Option<Shape<'r>> {
    let area = Area::parse(bounds(view, at)?)?;
    Some(Shape {
        key: view.key(element),
        form: kinds::form(view, at, element, full),
        area,
        name: name(view, element),
        label: label(view, at),
        colours: Colours::of(view, at),
    })
}

fn edge<'r>(view: &View<'r>, at: At, element: At) -> Option<Edge<'r>> {
    let points = waypoints(view, at);
    (points.len() > 1).then(|| Edge {
        key: view.key(element),
        line: line(view, at, element),
        points,
        name: name(view, element),
        label: label(view, at),
        colours: Colours::of(view, at),
    })
}

pub(super) fn name(view: &View<'_>, element: At) -> String {
    let name = match view.model(element) {
        "textAnnotation" => {
            let text = view.named(element, "text").next();
            return legible(&text.map(|text| view.content(text)).unwrap_or_default());
        }
        "group" => view.target(element, "categoryValueRef").and_then(|at| view.text(at, "value")),
        _ => view.text(element, "name"),
    };
    legible(name.unwrap_or_default())
}

pub(super) fn line(view: &View<'_>, at: At, element: At) -> Line {
    let direction = view.text(element, "associationDirection").unwrap_or_default();
    match view.model(element) {
        "messageFlow" => Line::Message {
            envelope: view.text(at, "messageVisibleKind").map(|kind| kind == "non_initiating"),
        },
        "association" => {
            Line::Association { from: direction == "Both", to: matches!(direction, "One" | "Both") }
        }
        "dataInputAssociation" | "dataOutputAssociation" => Line::Data,
        "conversationLink" => Line::Conversation,
        _ => {
            let source = view.target(element, "sourceRef");
            let default = source.and_then(|source| view.target(source, "default"));
            let by_activity = source.is_some_and(|source| is_a(view.model(source), "Activity"));
            let condition = view.named(element, "conditionExpression").next();
            Line::Sequence {
                default: default == Some(element),
                conditional: by_activity && condition.is_some(),
            }
        }
    }
}

// ---- geometry ----

fn bounds<'r>(view: &View<'r>, at: At) -> Option<[&'r str; 4]> {
    if let Some(bounds) = view.text(at, "#b") {
        return parse_bounds(bounds);
    }
    let child = view.children(at).find(|child| view.drawing(*child) == "Bounds")?;
    let side = |name| view.text(child, name).map(str::trim);
    Some([side("x")?, side("y")?, side("width")?, side("height")?])
}

/// Where the label of a shape or edge stands, if the diagram says so.
fn label(view: &View<'_>, at: At) -> Option<Area> {
    if let Some(label) = view.text(at, "#lb") {
        return parse_label(label)?.and_then(Area::parse);
    }
    let label = view.children(at).find(|child| view.drawing(*child) == "BPMNLabel")?;
    Area::parse(bounds(view, label)?)
}

fn waypoints(view: &View<'_>, at: At) -> Vec<Point> {
    let mut points: Vec<Point> = match view.text(at, "#w") {
        Some(text) => {
            let (_, points) = parse_waypoints(text).unwrap_or_default();
            points.into_iter().filter_map(|(x, y)| Point::parse(x, y)).collect()
        }
        None => {
            let children = view.children(at).filter(|c| view.drawing(*c) == "waypoint");
            let side = |child, name| view.text(child, name).map(str::trim);
            children.filter_map(|c| Point::parse(side(c, "x")?, side(c, "y")?)).collect()
        }
    };
    points.dedup();
    points.truncate(PICTURE_WAYPOINTS);
    points
}
