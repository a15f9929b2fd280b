//! What stands inside an element: geometry, children, derived lists, text (N8 and N10).
//!
//! PURE.

use std::borrow::Cow;

use super::graph::{Graph, Id, Kind, Node, Role, Tag};
use super::ids::List;
use super::names::AliasId;
use super::style::is_blank;
use super::write::Context;
use crate::bpmn::geometry;
use crate::bpmn::model::Value;
use crate::bpmn::tables::{self, Vocabulary};
use crate::limits::MAX_XML_DEPTH;

/// A piece of content.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// A child node.
    Node(Id),
    /// An entry of a derived list, with the alias of its holder.
    Entry(List, AliasId, Id),
    /// Bounds.
    Bounds([&'a str; 4]),
    /// A waypoint; whether it carries `geo.wx`.
    Waypoint(bool, &'a str, &'a str),
    /// A label with or without bounds.
    Label(Option<[&'a str; 4]>),
    /// Text of the element's own, and whether it is one CDATA section.
    Text(Cow<'a, str>, bool),
}

/// The content of an element.
#[derive(Debug, Default)]
pub(super) struct Content<'a> {
    pub(super) items: Vec<Item<'a>>,
    /// Whether each item has a line of its own.
    pub(super) block: bool,
}

/// Collects the content of an element with `depth` ancestors; `preserve`: white space in it is
/// significant.
pub(super) fn collect<'a>(
    context: &Context<'a>,
    id: Id,
    depth: usize,
    preserve: bool,
) -> Content<'a> {
    let graph = context.graph;
    let (Some(node), Some(tag)) = (graph.node(id), graph.tag(id)) else {
        return Content::default();
    };
    // As deep as the reader goes there is room for text only.
    let levels = MAX_XML_DEPTH.saturating_sub(depth + 1);
    let mut items = geometry_items(node, tag, levels);
    let hidden = hidden_children(&items);
    let own = own_text(context, id, node, tag);
    let geometry = items.len();
    let mut real_text = own.as_ref().is_some_and(|(text, cdata)| *cdata || !is_blank(text));
    let mut any_text = own.is_some();
    for child in graph.live_children(id) {
        let Some(child_tag) = graph.tag(child) else { continue };
        let text = || graph.node(child).and_then(|n| n.record.text("#x")).unwrap_or("");
        match child_tag.kind {
            Kind::Text if text().is_empty() => continue,
            Kind::Text => {
                any_text = true;
                real_text |= !is_blank(text());
            }
            Kind::CData => {
                any_text = true;
                real_text = true;
            }
            Kind::Element
                if hidden.contains(&child_tag.local) && child_tag.vocabulary.is_diagram() =>
            {
                continue;
            }
            Kind::Element | Kind::Comment | Kind::Instruction => {}
        }
        items.push(Item::Node(child));
    }
    if levels > 0 {
        insert_entries(context, graph, id, tag, geometry, &mut items);
    }
    let beside = items.iter().any(|item| !is_text(graph, item));
    let block = beside && !real_text && !preserve;
    if block && any_text {
        items.retain(|item| !is_text(graph, item));
    } else if let Some((text, cdata)) = own {
        items.insert(0, Item::Text(text, cdata));
    }
    Content { items, block }
}

/// The text of the element's own: `#x`, which on reference elements may be a reference.
fn own_text<'a>(
    context: &Context<'a>,
    id: Id,
    node: &Node<'a>,
    tag: &Tag<'a>,
) -> Option<(Cow<'a, str>, bool)> {
    let cdata = node.record.text("#cd") == Some("1");
    let text = match node.record.0.get("#x")? {
        Value::Text(text) => Cow::Borrowed(text.as_str()),
        Value::List(list) if tag.role == Role::Reference => {
            Cow::Owned(context.reference(id, "#x", list)?)
        }
        Value::List(_) => return None,
    };
    (cdata || !text.is_empty()).then_some((text, cdata))
}

fn geometry_items<'a>(node: &Node<'a>, tag: &Tag<'a>, levels: usize) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    if levels == 0 {
        return items;
    }
    let field = |name: &str| node.record.text(name);
    if matches!(tag.role, Role::Shape | Role::Label) {
        items.extend(field("#b").and_then(geometry::parse_bounds).map(Item::Bounds));
    }
    if tag.role == Role::Edge
        && let Some((typed, points)) = field("#w").and_then(geometry::parse_waypoints)
    {
        items.extend(points.into_iter().map(|(x, y)| Item::Waypoint(typed, x, y)));
    }
    if matches!(tag.role, Role::Shape | Role::Edge) {
        let label = field("#lb").and_then(geometry::parse_label);
        items.extend(label.map(|bounds| Item::Label(bounds.filter(|_| levels > 1))));
    }
    items
}

/// The atomic fields win over ordinary children that say the same.
fn hidden_children(items: &[Item<'_>]) -> Vec<&'static str> {
    let mut hidden = Vec::new();
    for item in items {
        hidden.push(match item {
            Item::Bounds(_) => "Bounds",
            Item::Waypoint(..) => "waypoint",
            Item::Label(_) => "BPMNLabel",
            _ => continue,
        });
    }
    hidden.dedup();
    hidden
}

/// N8: the derived entries stand behind the run of leading children that the schema puts first.
fn insert_entries(
    context: &Context<'_>,
    graph: &Graph<'_>,
    id: Id,
    tag: &Tag<'_>,
    first: usize,
    items: &mut Vec<Item<'_>>,
) {
    let entries = context.views.lists.of(id);
    if entries.is_empty() {
        return;
    }
    let lane = tag.role == Role::Lane;
    let leads = |item: &Item<'_>| match item {
        Item::Node(child) => graph.tag(*child).is_some_and(|t| {
            t.vocabulary == Vocabulary::Bpmn && tables::stands_before_lists(t.local, lane)
        }),
        _ => false,
    };
    let run = items.iter().skip(first).take_while(|item| leads(item)).count();
    let at = first + run;
    let entries = entries.iter().map(|(_, list, _, target)| Item::Entry(*list, tag.alias, *target));
    items.splice(at..at, entries);
}

fn is_text(graph: &Graph<'_>, item: &Item<'_>) -> bool {
    match item {
        Item::Text(..) => true,
        Item::Node(id) => {
            graph.tag(*id).is_some_and(|t| matches!(t.kind, Kind::Text | Kind::CData))
        }
        _ => false,
    }
}
