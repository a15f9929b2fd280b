//! Attribute order profiles (rule D9): one order per tag, learnt from the text.
//!
//! PURE.

use std::collections::{BTreeMap, HashMap};

use super::Source;
use crate::limits::MAX_XML_ATTRIBUTES;

/// The orders of a text.
pub(super) struct Profiles {
    orders: BTreeMap<String, Vec<String>>,
    /// Elements whose order contradicts their tag's: node to order.
    own: HashMap<usize, String>,
}

impl Profiles {
    pub(super) fn learn(source: &Source<'_, '_>) -> Self {
        let mut profiles = Self { orders: BTreeMap::new(), own: HashMap::new() };
        for index in 0..source.tree.nodes.len() {
            let Some(element) = source.tree.element(index) else { continue };
            let attributes = source.tree.attributes(element);
            if attributes.len() < 2 {
                continue;
            }
            let fields: Vec<String> =
                attributes.iter().map(|a| source.aliases.tag(a.name)).collect();
            let order = profiles.orders.entry(source.aliases.tag(element.name)).or_default();
            if !extend(order, &fields) {
                profiles.own.insert(index, fields.join(" "));
            }
        }
        profiles.orders.retain(|_, order| order.len() > 1);
        profiles
    }

    /// The order of an element that contradicts its tag's.
    pub(super) fn own_order(&self, index: usize) -> Option<&str> {
        self.own.get(&index).map(String::as_str)
    }

    /// The `ao` map.
    pub(super) fn orders(&self) -> BTreeMap<String, String> {
        self.orders.iter().map(|(tag, order)| (tag.clone(), order.join(" "))).collect()
    }
}

/// Takes the fields into the order, each unknown one behind its predecessor. False, and nothing
/// changes, if the known ones stand otherwise or the order would grow too long.
fn extend(order: &mut Vec<String>, fields: &[String]) -> bool {
    let places: Vec<Option<usize>> =
        fields.iter().map(|field| order.iter().position(|o| o == field)).collect();
    let known: Vec<usize> = places.iter().copied().flatten().collect();
    let new = fields.len() - known.len();
    if !known.is_sorted() || order.len() + new > MAX_XML_ATTRIBUTES {
        return false;
    }
    let mut at = 0;
    let mut inserted = 0;
    for (field, place) in fields.iter().zip(places) {
        match place {
            Some(place) => at = place + inserted + 1,
            None => {
                order.insert(at, field.clone());
                at += 1;
                inserted += 1;
            }
        }
    }
    true
}
