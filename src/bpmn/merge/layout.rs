//! Changes of the picture: what a report says about diagram interchange.
//!
//! PURE. Numbers are compared as numbers: `828.0` is `828`.

use std::collections::BTreeMap;

use super::conflict::is_style;
use super::index::{Class, Index, Node};
use super::matcher::Matching;
use super::op::ElementRef;
use super::report::{LayoutChange, LayoutKind, element_ref, shown_element};

/// All changes of pictures, in the new version's order; those that went come last.
pub(super) fn changes(old: &Index<'_>, new: &Index<'_>, matching: &Matching) -> Vec<LayoutChange> {
    let mut changes = Vec::new();
    let partner = |table: &[Option<usize>], at: usize| table.get(at).copied().flatten();
    for (at, node) in new.nodes.iter().enumerate().filter(|(_, node)| is_picture(node)) {
        match partner(&matching.to_base, at) {
            Some(old_at) => {
                let element = of(new, at, node);
                let planes = (old.enclosing(old_at, "BPMNPlane"), new.enclosing(at, "BPMNPlane"));
                if let (Some(from), Some(to)) = planes
                    && partner(&matching.to_new, from) != Some(to)
                {
                    changes.push(change(element.clone(), LayoutKind::OtherDiagram, None, None));
                }
                compare((old, old_at), (new, at), &element, &mut changes);
            }
            None => {
                // The picture of an added element says nothing new.
                let shown = shown_element(new, node);
                if shown.is_none_or(|at| partner(&matching.to_base, at).is_some()) {
                    changes.push(change(of(new, at, node), LayoutKind::Shown, None, None));
                }
            }
        }
    }
    for (at, node) in old.nodes.iter().enumerate().filter(|(_, node)| is_picture(node)) {
        if partner(&matching.to_new, at).is_none() {
            let shown = shown_element(old, node);
            if shown.is_none_or(|at| partner(&matching.to_new, at).is_some()) {
                changes.push(change(of(old, at, node), LayoutKind::Hidden, None, None));
            }
        }
    }
    changes
}

fn is_picture(node: &Node<'_>) -> bool {
    node.class == Class::Interchange
        && matches!(node.local, "BPMNShape" | "BPMNEdge" | "BPMNPlane" | "BPMNDiagram")
}

fn of(index: &Index<'_>, at: usize, node: &Node<'_>) -> ElementRef {
    let shown = matches!(node.local, "BPMNShape" | "BPMNEdge");
    let target = shown.then(|| shown_element(index, node)).flatten();
    element_ref(index, target.unwrap_or(at))
}

fn change(
    element: ElementRef,
    change: LayoutKind,
    from: Option<String>,
    to: Option<String>,
) -> LayoutChange {
    LayoutChange { element, change, from, to }
}

/// Two versions of one picture.
fn compare(
    old: (&Index<'_>, usize),
    new: (&Index<'_>, usize),
    element: &ElementRef,
    changes: &mut Vec<LayoutChange>,
) {
    let (old_picture, new_picture) = (picture(old.0, old.1), picture(new.0, new.1));
    let mut push = |kind, from: Option<&String>, to: Option<&String>| {
        changes.push(change(element.clone(), kind, from.cloned(), to.cloned()));
    };
    let (from, to) = (old_picture.get("bounds"), new_picture.get("bounds"));
    if !same_numbers(from, to) {
        let resized = size(from).is_none() || !same_numbers(size(from).as_ref(), size(to).as_ref());
        push(if resized { LayoutKind::Resized } else { LayoutKind::Moved }, from, to);
    }
    for (part, kind) in [("waypoints", LayoutKind::Rerouted), ("label", LayoutKind::Label)] {
        let (from, to) = (old_picture.get(part), new_picture.get(part));
        if !same_numbers(from, to) {
            push(kind, from, to);
        }
    }
    let (from, to) = (old_picture.get("style"), new_picture.get("style"));
    if from != to {
        push(LayoutKind::Style, from, to);
    }
}

/// Bounds, waypoints, label and style of a shape or an edge, inlined or as children.
fn picture(index: &Index<'_>, at: usize) -> BTreeMap<&'static str, String> {
    let mut parts: BTreeMap<&'static str, String> = BTreeMap::new();
    let Some(node) = index.get(at) else { return parts };
    for (field, part) in [("#b", "bounds"), ("#w", "waypoints"), ("#lb", "label")] {
        if let Some(text) = node.record.text(field) {
            parts.insert(part, text.trim_start_matches('+').to_owned());
        }
    }
    let style = style(node);
    if !style.is_empty() {
        parts.insert("style", style);
    }
    for child in node.children.iter().filter_map(|child| index.get(*child)) {
        let number = |name: &str| child.record.text(name).unwrap_or("").to_owned();
        let bounds = || ["x", "y", "width", "height"].map(number).join(" ");
        match child.local {
            "Bounds" => {
                parts.entry("bounds").or_insert_with(bounds);
            }
            "waypoint" => {
                let point = format!("{},{}", number("x"), number("y"));
                let way = parts.entry("waypoints").or_default();
                if !way.is_empty() {
                    way.push(' ');
                }
                way.push_str(&point);
            }
            "BPMNLabel" => {
                let mut inner = child.children.iter().filter_map(|at| index.get(*at));
                let bounds = inner.find(|n| n.local == "Bounds").map(|n| {
                    let number = |name: &str| n.record.text(name).unwrap_or("").to_owned();
                    ["x", "y", "width", "height"].map(number).join(" ")
                });
                let own = child.record.text("#b").map(str::to_owned);
                parts.insert("label", own.or(bounds).unwrap_or_default());
            }
            _ => {}
        }
    }
    parts
}

/// Attributes of the picture itself. Its id says nothing to anybody.
fn style(node: &Node<'_>) -> String {
    let says = |field: &&String| {
        !field.starts_with('#')
            && !is_style(field)
            && !matches!(field.as_str(), "id" | "bpmnElement")
    };
    let fields: Vec<String> = node
        .record
        .0
        .keys()
        .filter(says)
        .filter_map(|field| Some(format!("{field}={}", node.record.text(field)?)))
        .collect();
    fields.join(" ")
}

fn size(bounds: Option<&String>) -> Option<String> {
    let numbers: Vec<&str> = bounds?.split(' ').collect();
    match numbers.as_slice() {
        [_, _, width, height] => Some(format!("{width} {height}")),
        _ => None,
    }
}

fn same_numbers(one: Option<&String>, other: Option<&String>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return one == other };
    if one == other {
        return true;
    }
    let numbers = |text: &str| -> Option<Vec<f64>> {
        text.split([' ', ',']).map(|number| number.parse::<f64>().ok()).collect()
    };
    matches!((numbers(one), numbers(other)), (Some(a), Some(b)) if a == b)
}
