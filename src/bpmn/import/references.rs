//! From ids in a text to the nodes they mean (rule D7).
//!
//! PURE.

use std::collections::{HashMap, HashSet};

use super::Source;
use crate::bpmn::model::Value;
use crate::bpmn::tables::Vocabulary;
use crate::bpmn::xml::{is_ncname, is_xml_space, trim_space};
use crate::limits::MAX_XML_NAME_BYTES;

/// The elements of a text by id.
pub(super) struct References<'t> {
    by_id: HashMap<&'t str, usize>,
    odd_ids: Vec<usize>,
    target_namespace: &'t str,
}

/// A reference taken apart: the node, and what stands before and behind its id.
pub(super) struct Reference<'v> {
    pub(super) target: usize,
    pub(super) before: &'v str,
    pub(super) behind: &'v str,
}

impl<'t> References<'t> {
    pub(super) fn new(source: &Source<'t, '_>) -> Self {
        let mut by_id = HashMap::with_capacity(source.tree.nodes.len());
        let mut odd_ids = Vec::new();
        let mut seen = HashSet::with_capacity(source.tree.nodes.len());
        for index in 0..source.tree.nodes.len() {
            let Some(element) = source.tree.element(index) else { continue };
            if !source.vocabulary(element).has_ids() {
                continue;
            }
            let Some(raw) = source.attribute(element, "id") else { continue };
            let id = trim_space(raw);
            if id.is_empty() {
                continue;
            }
            if !seen.insert(id) || id != raw {
                odd_ids.push(index);
            }
            // As the normaliser has it: nothing refers to the model inside a diagram.
            let hidden = source.vocabulary(element) == Vocabulary::Bpmn && source.in_diagram(index);
            if !hidden && id.len() <= MAX_XML_NAME_BYTES {
                by_id.entry(id).or_insert(index);
            }
        }
        let root = source.tree.element(source.tree.root);
        let target_namespace = root.and_then(|r| source.attribute(r, "targetNamespace"));
        Self { by_id, odd_ids, target_namespace: target_namespace.unwrap_or("") }
    }

    /// The elements whose id an earlier one has, or which has white space around it.
    pub(super) fn odd_ids(&self) -> &[usize] {
        &self.odd_ids
    }

    /// What a reference in a field of the element `from` means.
    pub(super) fn find<'v>(
        &self,
        source: &Source<'_, '_>,
        from: usize,
        field: &str,
        value: &'v str,
    ) -> Option<Reference<'v>> {
        let id = trim_space(value);
        let start = value.len() - value.trim_start_matches(is_xml_space).len();
        let behind = value.get(start + id.len()..)?;
        let (target, before) = match self.by_id.get(id) {
            Some(target) => (*target, value.get(..start)?),
            None => {
                let (prefix, local) = id.split_once(':')?;
                let target = *self.by_id.get(local)?;
                if !is_ncname(prefix) || !self.is_own_prefix(source, from, prefix) {
                    return None;
                }
                (target, value.get(..start + prefix.len() + 1)?)
            }
        };
        let vocabulary = |i: usize| source.tree.element(i).map(|e| source.vocabulary(e));
        // The model never refers to its diagrams, and what is drawn is of the model.
        let model_only = vocabulary(from) == Some(Vocabulary::Bpmn) || field == "bpmnElement";
        let fits = !model_only || vocabulary(target) == Some(Vocabulary::Bpmn);
        fits.then_some(Reference { target, before, behind })
    }

    /// The value of a reference field; none if it does not resolve.
    pub(super) fn resolve(
        &self,
        source: &Source<'_, '_>,
        from: usize,
        field: &str,
        value: &str,
        keys: &[Option<String>],
    ) -> Option<Value> {
        let found = self.find(source, from, field, value)?;
        let mut list = vec![keys.get(found.target)?.clone()?];
        if !found.before.is_empty() || !found.behind.is_empty() {
            list.push(found.before.to_owned());
        }
        if !found.behind.is_empty() {
            list.push(found.behind.to_owned());
        }
        Some(Value::List(list))
    }

    /// Whether a prefix means the document's own target namespace at that element.
    fn is_own_prefix(&self, source: &Source<'_, '_>, from: usize, prefix: &str) -> bool {
        let mut at = Some(from);
        while let Some(index) = at {
            let Some(element) = source.tree.element(index) else { return false };
            for declaration in source.tree.declarations(element) {
                let Some(binding) = source.tree.bindings.get(declaration.binding as usize) else {
                    continue;
                };
                if binding.prefix == prefix {
                    return !binding.uri.is_empty() && binding.uri == self.target_namespace;
                }
            }
            at = source.parent(index);
        }
        false
    }
}
