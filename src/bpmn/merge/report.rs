//! What changed between two versions, element by element, as people speak of it.
//!
//! PURE. Layout stands apart from meaning: moving a shape is no change of the process. The order of
//! elements in the file is neither and is left out.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::aliases::Aliases;
use super::conflict::{field_name, is_style};
use super::index::{Class, Index, Node, lanes, reference};
use super::layout;
use super::matcher::{Matching, match_nodes};
use super::op::ElementRef;
use crate::bpmn::model::{Record, Records, Value};
use crate::bpmn::tables::is_a;

/// The difference of two versions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Differences)]
pub struct Report {
    /// Elements that only the new version has, in document order.
    pub added: Vec<Placement>,
    /// Elements that only the old version has, in document order.
    pub removed: Vec<Placement>,
    /// Elements in another container.
    pub moved: Vec<Move>,
    /// Elements with another name.
    pub renamed: Vec<Rename>,
    /// Flows with other ends, and boundary events on other activities.
    pub reconnected: Vec<Changed>,
    /// Elements with other properties, types, documentation, extensions …
    pub changed: Vec<Changed>,
    /// Positions, sizes, routes, labels, colours.
    pub layout: Vec<LayoutChange>,
    /// The definitions element, namespaces, and everything outside the elements.
    pub document: Vec<FieldChange>,
}

/// An element and its container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// The element.
    pub element: ElementRef,
    /// What it stands in.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub container: Option<ElementRef>,
}

/// A change of the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Move {
    /// The element.
    pub element: ElementRef,
    /// The container before.
    pub from: ElementRef,
    /// The container now.
    pub to: ElementRef,
}

/// A change of the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rename {
    /// The element.
    pub element: ElementRef,
    /// The name before.
    pub from: Option<String>,
    /// The name now.
    pub to: Option<String>,
}

/// Changed properties of one element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// The element, as it is now.
    pub element: ElementRef,
    /// Its changes.
    pub changes: Vec<FieldChange>,
}

/// One changed value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// Attribute, or path to it below the element, such as `conditionExpression` or
    /// `extensionElements/zeebe:taskDefinition/retries`.
    pub field: String,
    /// The value before; none where there was none.
    pub from: Option<String>,
    /// The value now; none where there is none.
    pub to: Option<String>,
}

/// A change of the picture alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LayoutChange {
    /// The element that is shown, or the diagram or plane itself.
    pub element: ElementRef,
    /// What happened.
    pub change: LayoutKind,
    /// Before, as in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Now, as in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Kinds of change of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LayoutKind {
    /// Another position.
    Moved,
    /// Another size, with or without another position.
    Resized,
    /// Other waypoints.
    Rerouted,
    /// The label moved, came or went.
    Label,
    /// Colours, expansion, orientation and other attributes.
    Style,
    /// A picture of an element that was there came.
    Shown,
    /// A picture of an element that is still there went.
    Hidden,
    /// On another diagram.
    OtherDiagram,
}

impl Report {
    /// Whether the versions say and show the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What an element is connected to.
const ENDS: [&str; 3] = ["sourceRef", "targetRef", "attachedToRef"];

/// Compares two versions. Both may come from any source: keys need not agree.
#[must_use]
pub fn report(old: &Records, new: &Records) -> Report {
    let (old_index, new_index) = (Index::new(old), Index::new(new));
    let matching = match_nodes(&old_index, &new_index);
    let aliases = Aliases::between(old, new);
    let (old, new) = (&old_index, &new_index);
    let mut comparison = Comparison {
        old,
        new,
        matching: &matching,
        aliases,
        changes: BTreeMap::new(),
        report: Report::default(),
    };
    comparison.run();
    comparison.report.layout = layout::changes(old, new, &matching);
    comparison.report
}

/// What an element is called in a report.
pub(super) fn element_ref(index: &Index<'_>, at: usize) -> ElementRef {
    index.get(at).map_or_else(ElementRef::default, |node| ElementRef {
        key: node.key.to_owned(),
        id: node.id().map(str::to_owned),
        kind: node.local.to_owned(),
        name: node.record.text("name").filter(|name| !name.is_empty()).map(str::to_owned),
    })
}

struct Comparison<'c, 'r> {
    old: &'c Index<'r>,
    new: &'c Index<'r>,
    matching: &'c Matching,
    /// New aliases to old ones.
    aliases: Aliases,
    /// Changes by the new position of the element they belong to; none: the document.
    changes: BTreeMap<Option<usize>, BTreeSet<FieldChange>>,
    report: Report,
}

impl<'r> Comparison<'_, 'r> {
    fn run(&mut self) {
        self.namespaces();
        for at in 0..self.new.nodes.len() {
            match self.matching.to_base.get(at).copied().flatten() {
                Some(old) => self.both(old, at),
                None => self.added(at),
            }
        }
        for at in 0..self.old.nodes.len() {
            if self.matching.to_new.get(at).copied().flatten().is_none() {
                self.removed(at);
            }
        }
        for (owner, changes) in std::mem::take(&mut self.changes) {
            let changes: Vec<FieldChange> = changes.into_iter().collect();
            match owner {
                None => self.report.document.extend(changes),
                Some(at) => {
                    let (ends, changes): (Vec<_>, Vec<_>) =
                        changes.into_iter().partition(|c| ENDS.contains(&c.field.as_str()));
                    let element = element_ref(self.new, at);
                    let of = |changes| Changed { element: element.clone(), changes };
                    self.report.reconnected.extend((!ends.is_empty()).then(|| of(ends)));
                    self.report.changed.extend((!changes.is_empty()).then(|| of(changes)));
                }
            }
        }
    }

    fn note(
        &mut self,
        owner: Option<usize>,
        field: String,
        from: Option<String>,
        to: Option<String>,
    ) {
        if from != to {
            let change = FieldChange { field, from, to };
            self.changes.entry(owner).or_default().insert(change);
        }
    }

    fn namespaces(&mut self) {
        let shown = |records: &Records, aliases: Option<&Aliases>| -> BTreeMap<String, String> {
            let entry = |(alias, ns): (&String, &crate::bpmn::model::Namespace)| {
                let mapped = aliases.map_or(alias.as_str(), |a| a.alias(alias)).to_owned();
                (mapped, format!("{}={}", ns.prefix(alias), ns.uri))
            };
            records.ns.iter().filter(|(_, ns)| ns.at_root).map(entry).collect()
        };
        let old = shown(self.old.records, None);
        let new = shown(self.new.records, Some(&self.aliases));
        let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for alias in all {
            let (from, to) = (old.get(alias).cloned(), new.get(alias).cloned());
            self.note(None, "xmlns".to_owned(), from, to);
        }
    }

    /// The element that a node belongs to, in its own index, and the path from there.
    fn owner(index: &Index<'r>, at: usize) -> (Option<usize>, String) {
        let mut path = Vec::new();
        let mut walk = Some(at);
        while let Some(here) = walk {
            let Some(node) = index.get(here) else { break };
            if is_major(index, node) {
                path.reverse();
                return (Some(here), path.join("/"));
            }
            if node.parent.is_some() {
                path.push(node.record.tag().map_or("", |tag| step(node, tag)));
            }
            walk = node.parent;
        }
        path.reverse();
        (None, path.join("/"))
    }

    fn old_to_new(&self, old: Option<usize>) -> Option<usize> {
        old.and_then(|at| self.matching.to_new.get(at).copied().flatten())
    }

    fn both(&mut self, old_at: usize, new_at: usize) {
        let (Some(old), Some(new)) = (self.old.get(old_at), self.new.get(new_at)) else { return };
        if new.class == Class::Interchange {
            return;
        }
        let (owner, path) = Self::owner(self.new, new_at);
        let major = owner == Some(new_at);
        if major {
            self.moved(old, new, new_at);
        }
        let translated = self.aliases.record(new.record);
        let fields: BTreeSet<&String> = old.record.0.keys().chain(translated.0.keys()).collect();
        for field in fields {
            if is_style(field) || matches!(field.as_str(), "#p" | "#i" | "#u") {
                continue;
            }
            let from = self.value(self.old, old.record, field);
            let to = if field == "#l" {
                self.value(self.new, new.record, field)
            } else {
                self.value(self.new, &translated, field)
            };
            if major && field == "name" {
                if from != to {
                    let element = element_ref(self.new, new_at);
                    self.report.renamed.push(Rename { element, from, to });
                }
                continue;
            }
            let field = match (path.is_empty(), field.as_str()) {
                (false, "#x") => path.clone(),
                (false, _) => format!("{path}/{}", field_name(field)),
                (true, _) => field_name(field),
            };
            self.note(owner, field, from, to);
        }
    }

    fn moved(&mut self, old: &Node<'_>, new: &Node<'_>, new_at: usize) {
        let from = old.parent.map(|at| Self::owner(self.old, at).0.unwrap_or(at));
        let to = new.parent.map(|at| Self::owner(self.new, at).0.unwrap_or(at));
        if let (Some(from), Some(to)) = (from, to)
            && self.old_to_new(Some(from)) != Some(to)
        {
            self.report.moved.push(Move {
                element: element_ref(self.new, new_at),
                from: element_ref(self.old, from),
                to: element_ref(self.new, to),
            });
        }
    }

    fn added(&mut self, at: usize) {
        let Some(node) = self.new.get(at).filter(|n| n.class != Class::Interchange) else { return };
        let (owner, path) = Self::owner(self.new, at);
        if owner == Some(at) {
            let container = node.parent.map(|up| Self::owner(self.new, up).0.unwrap_or(up));
            let container = container.map(|at| element_ref(self.new, at));
            self.report.added.push(Placement { element: element_ref(self.new, at), container });
            return;
        }
        // Parts of an added element, and parts of an added part, are no changes of their own.
        let whole =
            owner.is_some_and(|o| self.matching.to_base.get(o).copied().flatten().is_none());
        let part = node.parent.filter(|up| Some(*up) != owner);
        let part =
            part.is_some_and(|up| self.matching.to_base.get(up).copied().flatten().is_none());
        if !whole && !part {
            let to = Some(self.gist(self.new, at));
            self.note(owner, path, None, to);
        }
    }

    fn removed(&mut self, at: usize) {
        let Some(node) = self.old.get(at).filter(|n| n.class != Class::Interchange) else { return };
        let (owner, path) = Self::owner(self.old, at);
        if owner == Some(at) {
            let container = node.parent.map(|up| Self::owner(self.old, up).0.unwrap_or(up));
            let container = container.map(|at| element_ref(self.old, at));
            self.report.removed.push(Placement { element: element_ref(self.old, at), container });
            return;
        }
        let new_owner = self.old_to_new(owner);
        let whole = owner.is_some() && new_owner.is_none();
        let part = node.parent.filter(|up| Some(*up) != owner);
        let part = part.is_some() && self.old_to_new(part).is_none();
        if !whole && !part {
            let from = Some(self.gist(self.old, at));
            self.note(new_owner, path, from, None);
        }
    }

    /// A value for people: references as ids, lanes by name.
    fn value(&self, index: &Index<'_>, record: &Record, field: &str) -> Option<String> {
        let id = |key: &str| {
            let node = index.position(key).and_then(|at| index.get(at));
            node.and_then(Node::id).unwrap_or(key).to_owned()
        };
        if field == "#l" {
            let names: Vec<String> = lanes(record).map(|(lane, _)| id(lane)).collect();
            return (!names.is_empty()).then(|| names.join(" "));
        }
        match record.0.get(field)? {
            Value::Text(text) => Some(text.clone()),
            Value::List(list) => list.first().map(|key| id(key)),
        }
    }

    /// A part in a word: its text, its attributes, else its name.
    fn gist(&self, index: &Index<'_>, at: usize) -> String {
        let Some(node) = index.get(at) else { return String::new() };
        if let Some(text) = self.value(index, node.record, "#x") {
            return text;
        }
        let attributes: Vec<String> = node
            .record
            .0
            .keys()
            .filter(|field| !field.starts_with('#'))
            .filter_map(|field| Some(format!("{field}={}", self.value(index, node.record, field)?)))
            .collect();
        if attributes.is_empty() { node.local.to_owned() } else { attributes.join(" ") }
    }
}

/// Elements that people count and name; everything else is a part of one.
fn is_major(index: &Index<'_>, node: &Node<'_>) -> bool {
    let kinds = ["FlowElement", "Artifact", "RootElement", "ConversationNode"];
    let named = ["lane", "participant", "messageFlow", "conversationLink", "categoryValue"];
    let parent = node.parent.and_then(|at| index.get(at)).map_or("", |node| node.local);
    node.class == Class::Model
        && node.id().is_some()
        && (kinds.iter().any(|kind| is_a(node.local, kind)) || named.contains(&node.local))
        && !is_a(parent, "Event")
}

/// A node's step in a path: its tag, BPMN's own without the alias.
fn step<'n>(node: &Node<'n>, tag: &'n str) -> &'n str {
    match (node.class, tag) {
        (_, "#comment") => "comment",
        (_, "#text" | "#cdata") => "text",
        (_, "#pi") => "processing instruction",
        (Class::Model, _) => node.local,
        _ => tag,
    }
}

/// The element that a picture shows.
pub(super) fn shown_element(index: &Index<'_>, node: &Node<'_>) -> Option<usize> {
    reference(node.record, "bpmnElement").and_then(|key| index.position(key))
}
