//! Records to XML: the normaliser, rules N1–N11 of client-protocol/DOCUMENT.md.
//!
//! PURE. One deterministic function of the records: every replica, in every language, writes the
//! same bytes. It holds all repair, so nothing has to be written into a document for its XML to be
//! valid; it never changes a record. Iterative, linear in the records, total.

mod attributes;
mod content;
mod diagram;
mod graph;
mod housing;
mod ids;
mod names;
mod repair;
mod scope;
mod shapes;
mod sheets;
mod style;
mod tags;
pub(crate) mod view;
mod write;

use std::collections::BTreeMap;

pub(crate) use repair::Reason;

use super::model::Records;
use graph::Graph;
use ids::Lists;
use repair::Repair;

/// Which rules are on. All of them, except in tests that show what each is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// One root element.
    pub n1: bool,
    /// Cycles are cut.
    pub n2: bool,
    /// What does not hang on the document is hidden.
    pub n3: bool,
    /// Lost references.
    pub n4: bool,
    /// Planes, doubled and loose diagram interchange.
    pub n5: bool,
    /// Types in the wrong place.
    pub n6: bool,
    /// Unique ids.
    pub n7: bool,
    /// Derived lists.
    pub n8: bool,
    /// Namespaces in scope.
    pub n9: bool,
    /// Escapes and attribute order.
    pub n10: bool,
    /// Flows and boundary events stand where their ends stand.
    pub n11: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            n1: true,
            n2: true,
            n3: true,
            n4: true,
            n5: true,
            n6: true,
            n7: true,
            n8: true,
            n9: true,
            n10: true,
            n11: true,
        }
    }
}

impl Rules {
    /// All rules but the `n`-th.
    #[must_use]
    pub fn without(n: usize) -> Self {
        let mut rules = Self::default();
        let all = [
            &mut rules.n1,
            &mut rules.n2,
            &mut rules.n3,
            &mut rules.n4,
            &mut rules.n5,
            &mut rules.n6,
            &mut rules.n7,
            &mut rules.n8,
            &mut rules.n9,
            &mut rules.n10,
            &mut rules.n11,
        ];
        if let Some(rule) = n.checked_sub(1).and_then(|i| all.into_iter().nth(i)) {
            *rule = false;
        }
        rules
    }
}

/// The XML of a diagram, UTF-8.
///
/// Records without any element give an empty document.
#[must_use]
pub fn materialise(records: &Records) -> String {
    materialise_with(records, &Rules::default())
}

/// The same with some rules off.
#[must_use]
pub fn materialise_with(records: &Records, rules: &Rules) -> String {
    let (mut graph, rehomed, _) = repaired(records, rules, false);
    let new_ids = if rules.n7 { ids::unique_ids(&graph) } else { BTreeMap::new() };
    let names = std::mem::take(&mut graph.names);
    let lists = if rules.n8 { Lists::derive(&graph) } else { Lists::none() };
    let views = write::Views { rehomed, new_ids, lists };
    write::write(records, rules, &graph, &shapes::Geo::of(records), names, &views)
}

/// What the normaliser would drop or alter of these records: node keys and the rules.
///
/// The import marks it, so that what the source itself had broken comes out as it came in.
pub(crate) fn repairs(records: &Records) -> Vec<(String, Reason)> {
    let (graph, rehomed, drops) = repaired(records, &Rules::default(), true);
    let altered = rehomed.keys().map(|plane| (*plane, Reason::N5));
    let altered = altered.chain(graph.moved.iter().map(|id| (*id, Reason::N11)));
    drops
        .into_iter()
        .chain(altered)
        .filter_map(|(id, reason)| Some((graph.node(id)?.key.to_owned(), reason)))
        .collect()
}

fn repaired<'r>(
    records: &'r Records,
    rules: &Rules,
    dry: bool,
) -> (Graph<'r>, diagram::Rehomed, Vec<(graph::Id, Reason)>) {
    let mut graph = Graph::new(records, rules, dry);
    let mut repair = Repair::new(&mut graph, rules);
    repair.dry = dry;
    repair.run();
    let rehomed = if rules.n5 { diagram::repair_diagrams(&mut repair) } else { BTreeMap::new() };
    let drops = repair.drops;
    (graph, rehomed, drops)
}

#[cfg(test)]
mod tests;
