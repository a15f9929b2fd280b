//! Unique ids (N7) and the lists that flows and nodes imply (N8).
//!
//! PURE.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::graph::{Graph, Id, Kind, Role};
use super::repair::End;

/// Ids that differ from the record's: node to id.
pub(super) type NewIds = BTreeMap<Id, String>;

/// N7: of the elements with one id the one whose key it is keeps it, else the least key; the
/// others get `_2`, `_3` … in key order. Ids that the source itself doubled stay.
pub(super) fn unique_ids(graph: &Graph<'_>) -> NewIds {
    let mut owners: HashMap<&str, Id> = HashMap::with_capacity(graph.sequence.len());
    let mut losers: Vec<Id> = Vec::new();
    let mut exempt: HashSet<&str> = HashSet::new();
    for (id, node) in (0..).zip(&graph.nodes).filter(|(_, n)| n.live) {
        let Some(tag) = graph.tag(id) else { continue };
        let Some(xml_id) = graph.xml_id(id).filter(|_| tag.vocabulary.has_ids()) else { continue };
        if tag.kind != Kind::Element {
            continue;
        }
        if graph.has_raw_id(id) {
            exempt.insert(xml_id);
            continue;
        }
        match owners.get(xml_id).copied() {
            None => {
                owners.insert(xml_id, id);
            }
            Some(owner) if node.key == xml_id => {
                owners.insert(xml_id, id);
                losers.push(owner);
            }
            Some(_) => losers.push(id),
        }
    }
    if losers.is_empty() {
        return NewIds::new();
    }
    losers.sort_unstable();
    exempt.extend(owners.keys());
    rename(graph, &losers, &exempt)
}

fn rename(graph: &Graph<'_>, losers: &[Id], owned: &HashSet<&str>) -> NewIds {
    let mut new_ids = NewIds::new();
    let mut given: HashSet<String> = HashSet::new();
    let mut next: HashMap<&str, usize> = HashMap::new();
    for loser in losers {
        let Some(base) = graph.xml_id(*loser) else { continue };
        let n = next.entry(base).or_insert(2);
        let fresh = loop {
            let candidate = format!("{base}_{n}");
            *n += 1;
            if !owned.contains(candidate.as_str()) && !given.contains(&candidate) {
                break candidate;
            }
        };
        given.insert(fresh.clone());
        new_ids.insert(*loser, fresh);
    }
    new_ids
}

/// Which list of a node an entry belongs to, in the order in which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum List {
    Incoming,
    Outgoing,
    FlowNodes,
}

impl List {
    /// The element name of its entries.
    pub(super) fn local(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
            Self::FlowNodes => "flowNodeRef",
        }
    }
}

/// Derived entries: (holder, list, order, target), sorted.
pub(super) struct Lists<'r>(Vec<(Id, List, &'r str, Id)>);

impl<'r> Lists<'r> {
    /// No entries at all.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// N8: `incoming` and `outgoing` from `#i` and `#u` of the flows, `flowNodeRef` from `#l` of
    /// the nodes. What an ordinary child lists already is not listed again.
    pub(super) fn derive(graph: &Graph<'r>) -> Self {
        let mut entries = Vec::new();
        for id in graph.sequence.iter().copied().filter(|id| graph.is_live(*id)) {
            let Some(node) = graph.node(id).filter(|_| graph.is_referable(id)) else {
                continue;
            };
            if graph.role(id) == Role::SequenceFlow {
                let sides =
                    [("#i", "targetRef", List::Incoming), ("#u", "sourceRef", List::Outgoing)];
                for (field, end, list) in sides {
                    let Some(order) = node.record.text(field) else { continue };
                    if let End::Node(holder) = graph.end(id, end)
                        && graph.role(holder).is_flow_node()
                    {
                        entries.push((holder, list, order, id));
                    }
                }
            }
            let lanes = node.record.list("#l").unwrap_or(&[]);
            let mut seen: HashSet<Id> = HashSet::new();
            for (key, order) in lanes.iter().zip(lanes.iter().skip(1)).step_by(2) {
                let Some(lane) = graph.find(key).filter(|lane| graph.is_live(*lane)) else {
                    continue;
                };
                let fits = graph.role(lane) == Role::Lane && graph.is_model(id);
                if fits && seen.insert(lane) {
                    entries.push((lane, List::FlowNodes, order.as_str(), id));
                }
            }
        }
        let listed = listed_by_children(graph);
        entries.retain(|(holder, list, _, target)| !listed.contains(&(*holder, *list, *target)));
        entries.sort_unstable();
        Self(entries)
    }

    /// The entries of one node.
    pub(super) fn of(&self, holder: Id) -> &[(Id, List, &'r str, Id)] {
        let start = self.0.partition_point(|entry| entry.0 < holder);
        let rest = self.0.get(start..).unwrap_or(&[]);
        let length = rest.partition_point(|entry| entry.0 == holder);
        rest.get(..length).unwrap_or(&[])
    }
}

fn listed_by_children(graph: &Graph<'_>) -> HashSet<(Id, List, Id)> {
    let mut listed = HashSet::new();
    for id in graph.sequence.iter().copied().filter(|id| graph.is_live(*id)) {
        let Some(tag) = graph.tag(id).filter(|t| t.role == Role::Reference) else { continue };
        let list = match tag.local {
            "incoming" => List::Incoming,
            "outgoing" => List::Outgoing,
            "flowNodeRef" => List::FlowNodes,
            _ => continue,
        };
        if let (End::Node(target), Some(node)) = (graph.end(id, "#x"), graph.node(id)) {
            listed.insert((node.parent, list, target));
        }
    }
    listed
}
