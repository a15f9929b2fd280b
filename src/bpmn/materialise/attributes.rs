//! The attributes of one element: which, in what order, with what value (N4, N6, N7, N10).
//!
//! PURE.

use std::borrow::Cow;
use std::collections::HashMap;

use super::graph::{Id, Node, Tag};
use super::names::{AliasId, NO_ALIAS, Names};
use super::write::Context;
use crate::bpmn::model::Value;
use crate::bpmn::tables;
use crate::bpmn::xml::is_ncname;
use crate::limits::MAX_XML_ATTRIBUTES;

/// An attribute that will be written.
#[derive(Debug, Clone)]
pub(super) struct Attribute<'a> {
    pub(super) field: &'a str,
    pub(super) alias: AliasId,
    pub(super) local: &'a str,
    pub(super) value: Cow<'a, str>,
}

/// The order of a tag's attributes where nothing else says one.
const DEFAULT_ORDER: &str = "id name";

/// Attribute order profiles by tag, parsed once.
#[derive(Debug, Default)]
pub(super) struct Profiles<'r>(HashMap<&'r str, Vec<&'r str>>);

impl<'r> Profiles<'r> {
    /// The profile of a tag.
    pub(super) fn of(&mut self, context: &Context<'r>, tag: &'r str) -> &[&'r str] {
        let profile = || context.records.ao.get(tag).map_or(DEFAULT_ORDER, String::as_str);
        self.0.entry(tag).or_insert_with(|| parse_order(profile()))
    }
}

/// Takes an order apart: field names separated by spaces, each once.
pub(super) fn parse_order(order: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in order.split(' ').filter(|n| !n.is_empty()).take(MAX_XML_ATTRIBUTES) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Collects the attributes of a node in the order in which they are written.
pub(super) fn collect<'a>(
    context: &Context<'a>,
    names: &mut Names<'a>,
    id: Id,
    node: &Node<'a>,
    tag: &Tag<'a>,
    order: &[&'a str],
) -> Vec<Attribute<'a>> {
    let mut attributes: Vec<Attribute<'a>> = Vec::with_capacity(node.record.0.len());
    let fields = &node.record.0;
    let gains_element =
        context.views.rehomed.contains_key(&id) && !fields.contains_key("bpmnElement");
    let new_element = gains_element.then_some("bpmnElement");
    let rest = fields.keys().map(String::as_str).chain(new_element);
    let mut add = |field: &'a str| {
        let Some(value) = value(context, id, node, tag, field) else { return };
        let Some((alias, local)) = name(names, field) else { return };
        if !twice(names, &attributes, alias, local) {
            attributes.push(Attribute { field, alias, local, value });
        }
    };
    if !context.rules.n10 {
        rest.for_each(add);
        return attributes;
    }
    for field in order {
        add(field);
    }
    for field in rest {
        if !order.contains(&field) {
            add(field);
        }
    }
    attributes
}

/// The name that a field shows; none for system fields and for what is no name.
pub(super) fn name<'a>(names: &mut Names<'a>, field: &'a str) -> Option<(AliasId, &'a str)> {
    let (alias, local) = match field.split_once(':') {
        None => (NO_ALIAS, field),
        Some((alias, local)) => {
            let alias = names.alias(alias)?;
            if names.uri_of(alias).is_empty() {
                return None;
            }
            (alias, local)
        }
    };
    (is_ncname(local) && field != "xmlns").then_some((alias, local))
}

fn value<'a>(
    context: &Context<'a>,
    id: Id,
    node: &Node<'a>,
    tag: &Tag<'a>,
    field: &str,
) -> Option<Cow<'a, str>> {
    if field.starts_with('#') {
        return None;
    }
    if field == "bpmnElement"
        && let Some(element) = context.views.rehomed.get(&id)
    {
        return context.shown_id(*element).map(Cow::Borrowed);
    }
    let value = node.record.0.get(field)?;
    let model = tag.vocabulary == tables::Vocabulary::Bpmn;
    if context.rules.n6 && node.changed && model && !tables::admits_attribute(tag.local, field) {
        return None;
    }
    match value {
        Value::Text(text) => {
            let is_id = field == "id" && tag.vocabulary.has_ids() && !context.graph.has_raw_id(id);
            let shown = if is_id { context.shown_id(id) } else { None };
            Some(Cow::Borrowed(shown.unwrap_or(text)))
        }
        Value::List(list) => {
            let refers = tag.vocabulary.has_references() && tables::is_reference_attribute(field);
            context.reference(id, field, list).filter(|_| refers).map(Cow::Owned)
        }
    }
}

/// Two aliases may mean one namespace: the first attribute of an expanded name stays.
fn twice(names: &Names<'_>, attributes: &[Attribute<'_>], alias: AliasId, local: &str) -> bool {
    alias != NO_ALIAS
        && attributes.iter().any(|a| {
            a.alias != NO_ALIAS && a.local == local && names.uri_of(a.alias) == names.uri_of(alias)
        })
}
