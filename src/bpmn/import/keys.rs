//! The keys of a text's nodes (rule D6): ids, roles, or a number in document order.
//!
//! PURE. The same text gets the same keys.

use std::collections::HashSet;

use super::inline::Inlined;
use super::{Layout, Source};
use crate::bpmn::tables::{Vocabulary, singleton_role};
use crate::bpmn::xml::{NO_BINDING, trim_space};
use crate::limits::MAX_NAME_BYTES;

/// Longest id that serves as a key: role keys of children are longer still.
const MAX_ID_KEY: usize = 512;

/// Whether an id can be a key: `~` marks the keys that are no ids, `#` the document.
pub(crate) fn is_free_form(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID_KEY
        && id == trim_space(id)
        && !id.contains('~')
        && !id.starts_with('#')
}

/// The key of every node that becomes a record; none for layout and inlined nodes.
pub(super) fn assign(source: &Source<'_, '_>, inlined: &Inlined) -> Vec<Option<String>> {
    let count = source.tree.nodes.len();
    let mut keys: Vec<Option<String>> = vec![None; count];
    let mut taken: HashSet<String> = HashSet::with_capacity(count);
    let mut number = 0_usize;
    for index in nodes_in_order(source, inlined) {
        let key = id_key(source, index)
            .filter(|id| !taken.contains(*id))
            .map(str::to_owned)
            .or_else(|| role_key(source, index, &keys).filter(|key| !taken.contains(key)));
        let key = key.unwrap_or_else(|| {
            number += 1;
            numbered(number - 1)
        });
        taken.insert(key.clone());
        if let Some(slot) = keys.get_mut(index) {
            *slot = Some(key);
        }
    }
    keys
}

/// Every node that becomes a record, in document order.
fn nodes_in_order(source: &Source<'_, '_>, inlined: &Inlined) -> Vec<usize> {
    let mut open: Vec<usize> = source.tree.top().map(|(index, _)| index).collect();
    open.reverse();
    let mut nodes = Vec::with_capacity(source.tree.nodes.len());
    while let Some(index) = open.pop() {
        nodes.push(index);
        if source.layout(index) != Layout::TextOnly {
            let first = open.len();
            open.extend(source.content(index).filter(|c| !inlined.contains(*c)));
            if let Some(children) = open.get_mut(first..) {
                children.reverse();
            }
        }
    }
    nodes
}

fn id_key<'t>(source: &Source<'t, '_>, index: usize) -> Option<&'t str> {
    let element = source.tree.element(index)?;
    let id = source.attribute(element, "id")?;
    (source.vocabulary(element).has_ids() && is_free_form(id)).then_some(id)
}

fn role_key(source: &Source<'_, '_>, index: usize, keys: &[Option<String>]) -> Option<String> {
    let element = source.tree.element(index)?;
    let parent_index = source.parent(index)?;
    let parent = source.tree.element(parent_index)?;
    let same_vocabulary = source.vocabulary(parent) == source.vocabulary(element);
    if element.name.binding == NO_BINDING {
        return None;
    }
    let uri = source.tree.uri(element.name.binding);
    let role = singleton_role(parent.name.local, uri, element.name.local)?;
    let vendor = Vocabulary::of(uri) == Vocabulary::Foreign;
    if !same_vocabulary && !vendor {
        return None;
    }
    let key = format!("{}~{role}", keys.get(parent_index)?.as_deref()?);
    (key.len() <= MAX_NAME_BYTES).then_some(key)
}

/// `~` and the number in base 36.
fn numbered(number: usize) -> String {
    let mut digits: Vec<char> = Vec::new();
    let mut rest = number;
    loop {
        let digit = u32::try_from(rest % 36).ok().and_then(|d| char::from_digit(d, 36));
        digits.push(digit.unwrap_or('0'));
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    std::iter::once('~').chain(digits.into_iter().rev()).collect()
}
