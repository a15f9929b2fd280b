//! XML to records (rules D3–D14 of client-protocol/DOCUMENT.md).
//!
//! PURE and deterministic: the same text always gives the same records, keys included. Nothing of
//! the infoset is lost; what the source has broken is marked, so that it comes out as it came in.

mod aliases;
mod inline;
mod keys;
mod profiles;
mod references;
mod style;

use std::collections::BTreeMap;

use super::materialise::repairs;
use super::model::{DOCUMENT, Record, Records, Value};
use super::order;
use super::tables::{Vocabulary, is_reference_attribute, is_reference_element};
use super::xml::{Element, Kind, NO_BINDING, ReadError, Tree, only_space, with_tree};
use aliases::Aliases;
use inline::Inlined;
use profiles::Profiles;
use references::References;

/// Reads a BPMN text into records.
///
/// # Errors
/// What is not well-formed XML with namespaces, holds a document type declaration or passes a
/// limit is refused with its place. The text need not be BPMN: ask
/// [`is_definitions`](super::is_definitions).
pub fn import(bytes: &[u8]) -> Result<Records, ReadError> {
    let mut records = with_tree(bytes, |tree| Source::new(&tree).records())?;
    mark_repairs(&mut records);
    Ok(records)
}

/// A parsed text and what was found out about it.
struct Source<'t, 's> {
    tree: &'t Tree<'s>,
    aliases: Aliases,
    /// By node: index of the parent, [`usize::MAX`] at document level.
    parents: Vec<usize>,
    /// By node: how its text children count.
    layouts: Vec<Layout>,
    /// By node: whether it stands inside diagram interchange.
    in_diagrams: Vec<bool>,
}

/// How the text in an element counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// No children at all, or not an element.
    Empty,
    /// One run of text or one CDATA section and nothing else.
    TextOnly,
    /// White space between its children is layout.
    Block,
    /// Every character counts.
    Mixed,
}

impl<'t, 's> Source<'t, 's> {
    fn new(tree: &'t Tree<'s>) -> Self {
        let aliases = Aliases::new(tree);
        let mut parents = vec![usize::MAX; tree.nodes.len()];
        let mut in_diagrams = vec![false; tree.nodes.len()];
        let mut layouts = Vec::with_capacity(tree.nodes.len());
        for index in 0..tree.nodes.len() {
            let diagram = in_diagrams.get(index) == Some(&true)
                || tree
                    .element(index)
                    .is_some_and(|e| aliases.vocabulary(e.name.binding).is_diagram());
            for (child, _) in tree.children(index) {
                if let Some(parent) = parents.get_mut(child) {
                    *parent = index;
                }
                if let Some(inside) = in_diagrams.get_mut(child) {
                    *inside = diagram;
                }
            }
            layouts.push(layout(tree, index));
        }
        Self { tree, aliases, parents, layouts, in_diagrams }
    }

    fn layout(&self, index: usize) -> Layout {
        self.layouts.get(index).copied().unwrap_or(Layout::Empty)
    }

    fn parent(&self, index: usize) -> Option<usize> {
        self.parents.get(index).copied().filter(|p| *p != usize::MAX)
    }

    fn vocabulary(&self, element: &Element<'_>) -> Vocabulary {
        self.aliases.vocabulary(element.name.binding)
    }

    /// Whether a node stands inside diagram interchange.
    fn in_diagram(&self, index: usize) -> bool {
        self.in_diagrams.get(index) == Some(&true)
    }

    /// The value of an unprefixed attribute.
    fn attribute(&self, element: &Element<'s>, name: &str) -> Option<&'t str> {
        let found = self.tree.attributes.get(element.attributes.clone())?.iter();
        let mut found = found.filter(|a| a.name.binding == NO_BINDING && a.name.local == name);
        found.next().map(|a| a.value.as_ref())
    }

    /// The children that become nodes or fields: all but layout.
    fn content(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let block = self.layout(index) == Layout::Block;
        let children = self.tree.children(index);
        children.filter(move |(_, n)| !block || !matches!(n.kind, Kind::Text(_))).map(|(i, _)| i)
    }

    fn records(&self) -> Records {
        let profiles = Profiles::learn(self);
        let references = References::new(self);
        let inlined = Inlined::find(self, &profiles, &references);
        let keys = keys::assign(self, &inlined);
        let mut records = Records {
            meta: self.meta(&inlined),
            ns: self.aliases.namespaces(),
            ao: profiles.orders(),
            nodes: BTreeMap::new(),
        };
        let mut nodes: Vec<(&str, Record)> = Vec::with_capacity(self.tree.nodes.len());
        let mut counts = vec![0_usize; self.tree.nodes.len() + 1];
        for (index, key) in keys.iter().enumerate() {
            let Some(key) = key else { continue };
            let parent = self.parent(index);
            let parent_key = match parent {
                None => DOCUMENT,
                Some(parent) => keys.get(parent).and_then(Option::as_deref).unwrap_or(DOCUMENT),
            };
            let count = counts.get_mut(parent.unwrap_or(self.tree.nodes.len()));
            let place = count.map_or(0, |c| {
                *c += 1;
                *c - 1
            });
            let mut record = Record::default();
            record.set("#p", format!("{} {parent_key}", order::nth(place)));
            self.fill(index, &mut record, &profiles, &references, &keys);
            inlined.add_fields(index, &mut record, &keys);
            nodes.push((key, record));
        }
        nodes.sort_unstable_by(|a, b| a.0.cmp(b.0));
        records.nodes = nodes.into_iter().map(|(k, r)| (k.to_owned(), r)).collect();
        self.mark_odd_ids(&keys, &references, &mut records);
        records
    }

    /// The node's own fields.
    fn fill(
        &self,
        index: usize,
        record: &mut Record,
        profiles: &Profiles,
        references: &References<'_>,
        keys: &[Option<String>],
    ) {
        let Some(node) = self.tree.nodes.get(index) else { return };
        let (tag, text) = match &node.kind {
            Kind::Text(text) => ("#text", text.as_ref()),
            Kind::CData(text) => ("#cdata", *text),
            Kind::Comment(text) => ("#comment", *text),
            Kind::Pi { target, data } => {
                record.set("#pn", *target);
                ("#pi", *data)
            }
            Kind::Element(element) => {
                self.fill_element(index, element, record, profiles, references, keys);
                return;
            }
        };
        record.set("#t", tag);
        record.set("#x", text);
    }

    fn fill_element(
        &self,
        index: usize,
        element: &Element<'s>,
        record: &mut Record,
        profiles: &Profiles,
        references: &References<'_>,
        keys: &[Option<String>],
    ) {
        let vocabulary = self.vocabulary(element);
        record.set("#t", self.aliases.tag(element.name));
        for attribute in self.tree.attributes(element) {
            let name = self.aliases.tag(attribute.name);
            let refers = vocabulary.has_references() && is_reference_attribute(&name);
            let value = refers
                .then(|| references.resolve(self, index, &name, &attribute.value, keys))
                .flatten()
                .unwrap_or_else(|| Value::from(attribute.value.as_ref()));
            record.set(&name, value);
        }
        if index != self.tree.root {
            let declared = self.tree.declarations(element).iter();
            let names: Vec<&str> = declared.map(|d| self.aliases.name(d.binding)).collect();
            if !names.is_empty() {
                record.set("#n", names.join(" "));
            }
        }
        if let Some(order) = profiles.own_order(index) {
            record.set("#o", order);
        }
        if self.layout(index) == Layout::TextOnly {
            self.fill_text(index, element, vocabulary, record, references, keys);
        }
    }

    fn fill_text(
        &self,
        index: usize,
        element: &Element<'s>,
        vocabulary: Vocabulary,
        record: &mut Record,
        references: &References<'_>,
        keys: &[Option<String>],
    ) {
        match self.tree.children(index).next().map(|(_, n)| &n.kind) {
            Some(Kind::Text(text)) => {
                let refers =
                    vocabulary == Vocabulary::Bpmn && is_reference_element(element.name.local);
                let value = refers
                    .then(|| references.resolve(self, index, "#x", text, keys))
                    .flatten()
                    .unwrap_or_else(|| Value::from(text.as_ref()));
                record.set("#x", value);
            }
            Some(Kind::CData(text)) => {
                record.set("#x", *text);
                record.set("#cd", "1");
            }
            _ => {}
        }
    }

    fn meta(&self, inlined: &Inlined) -> BTreeMap<String, String> {
        let mut meta = BTreeMap::from([("v".to_owned(), super::SCHEMA_VERSION.to_owned())]);
        let optional = [
            ("title", self.title()),
            ("decl", style::declaration(self.tree)),
            ("style", style::style(self)),
            ("geo", inlined.geometry_names()),
            ("nso", self.aliases.root_order(self.tree)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                meta.insert(name.to_owned(), value);
            }
        }
        meta
    }

    /// The name of the definitions, else of the first process that has one.
    fn title(&self) -> Option<String> {
        let root = self.tree.element(self.tree.root)?;
        let named = |e: &Element<'s>| self.attribute(e, "name").filter(|n| !only_space(n));
        let process = || {
            self.tree.children(self.tree.root).find_map(|(child, _)| {
                let element = self.tree.element(child)?;
                let fits =
                    self.vocabulary(element) == Vocabulary::Bpmn && element.name.local == "process";
                fits.then(|| named(element)).flatten()
            })
        };
        named(root).or_else(process).map(str::to_owned)
    }

    /// `#dup`: an id that the source doubled, or wrote with white space around it.
    fn mark_odd_ids(
        &self,
        keys: &[Option<String>],
        references: &References<'_>,
        records: &mut Records,
    ) {
        for index in references.odd_ids() {
            let Some(Some(key)) = keys.get(*index) else { continue };
            let Some(record) = records.nodes.get_mut(key) else { continue };
            if let Some(id) = record.text("id").map(str::to_owned) {
                record.set("#dup", id);
            }
        }
    }
}

fn layout(tree: &Tree<'_>, index: usize) -> Layout {
    let Some(element) = tree.element(index) else { return Layout::Empty };
    let (mut texts, mut others, mut real_text) = (0, 0, false);
    for (_, node) in tree.children(index) {
        match &node.kind {
            Kind::Text(text) => {
                texts += 1;
                real_text |= !only_space(text);
            }
            Kind::CData(_) => {
                texts += 1;
                real_text = true;
            }
            _ => others += 1,
        }
    }
    match (texts, others) {
        (0, 0) => Layout::Empty,
        (1, 0) => Layout::TextOnly,
        (_, 0) => Layout::Mixed,
        _ if real_text || element.preserve => Layout::Mixed,
        _ => Layout::Block,
    }
}

/// `#raw`: the rules that would drop or alter a node although it is as the source has it.
fn mark_repairs(records: &mut Records) {
    // A node can break each of the five rules, and one is found at a time.
    for _ in 0..5 {
        let repairs = repairs(records);
        if repairs.is_empty() {
            return;
        }
        for (key, reason) in repairs {
            let Some(record) = records.nodes.get_mut(&key) else { continue };
            let raw = match record.text("#raw") {
                Some(raw) => format!("{raw} {}", reason.name()),
                None => reason.name().to_owned(),
            };
            record.set("#raw", raw);
        }
    }
}

#[cfg(test)]
mod tests;
