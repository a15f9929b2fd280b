//! What is in a diagram, in numbers and names: for lists, search and thumbnails' captions.
//!
//! PURE. Counts what is visible in the records as given; repairs are the caller's business.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::merge::index::{Class, Index, Node, reference};
use super::model::Records;
use super::tables::is_a;

/// A diagram in a few lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Contents)]
pub struct Summary {
    /// `meta.title`, else the name of the definitions, else of the first process or pool with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Elements by type (`userTask`, `sequenceFlow`, `timerEventDefinition` …).
    pub counts: BTreeMap<String, usize>,
    /// Tasks, sub-processes and call activities.
    pub activities: usize,
    /// Events of all kinds.
    pub events: usize,
    /// Gateways of all kinds.
    pub gateways: usize,
    /// Sequence and message flows.
    pub flows: usize,
    /// Pools, in document order.
    pub participants: Vec<Participant>,
    /// Processes, in document order.
    pub processes: Vec<Process>,
    /// Diagrams (pages).
    pub diagrams: usize,
    /// Shapes and edges on all diagrams.
    pub shapes: usize,
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// BPMN id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Id of its process; none for a black box.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// BPMN id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether an engine may run it, where the file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executable: Option<bool>,
    /// Flow nodes in it, at any depth.
    pub flow_nodes: usize,
}

/// Element types that are counted beside flow elements, artifacts and root elements.
const COUNTED: [&str; 6] = [
    "lane",
    "participant",
    "messageFlow",
    "conversationLink",
    "dataInputAssociation",
    "dataOutputAssociation",
];

/// The summary of a diagram as JSON, as the store keeps it and the API shows it.
#[must_use]
pub fn of(records: &Records) -> serde_json::Value {
    serde_json::to_value(summary(records)).unwrap_or_default()
}

/// Counts a diagram.
#[must_use]
pub fn summary(records: &Records) -> Summary {
    let index = Index::new(records);
    let mut summary = Summary::default();
    // Position of the process around each node, found parents first.
    let mut process_of: Vec<Option<usize>> = Vec::with_capacity(index.nodes.len());
    for node in &index.nodes {
        let above = node.parent.and_then(|at| process_of.get(at).copied().flatten());
        match node.class {
            Class::Model => {
                let own = count(&mut summary, node, above, &index);
                process_of.push(own.or(above));
            }
            Class::Interchange => {
                process_of.push(None);
                match node.local {
                    "BPMNDiagram" => summary.diagrams = summary.diagrams.saturating_add(1),
                    "BPMNShape" | "BPMNEdge" => summary.shapes = summary.shapes.saturating_add(1),
                    _ => {}
                }
            }
            Class::Other => process_of.push(above),
        }
    }
    let stated = |title: &String| (!title.trim().is_empty()).then(|| title.clone());
    let root_name = index.root().and_then(|at| named(index.get(at)?));
    summary.title = records
        .meta
        .get("title")
        .and_then(stated)
        .or(root_name)
        .or_else(|| summary.processes.iter().find_map(|process| process.name.clone()))
        .or_else(|| summary.participants.iter().find_map(|pool| pool.name.clone()));
    summary
}

/// Counts one BPMN element; gives the index of its entry in `processes` if it is a process.
fn count(
    summary: &mut Summary,
    node: &Node<'_>,
    process: Option<usize>,
    index: &Index<'_>,
) -> Option<usize> {
    let local = node.local;
    let known = ["FlowElement", "Artifact", "RootElement", "ConversationNode"];
    if known.iter().any(|base| is_a(local, base)) || COUNTED.contains(&local) {
        let entry = summary.counts.entry(local.to_owned()).or_default();
        *entry = entry.saturating_add(1);
    }
    let slot = match local {
        _ if is_a(local, "Activity") => Some(&mut summary.activities),
        _ if is_a(local, "Event") => Some(&mut summary.events),
        _ if is_a(local, "Gateway") => Some(&mut summary.gateways),
        "sequenceFlow" | "messageFlow" => Some(&mut summary.flows),
        _ => None,
    };
    if let Some(slot) = slot {
        *slot = slot.saturating_add(1);
    }
    if is_a(local, "FlowNode")
        && let Some(process) = process.and_then(|at| summary.processes.get_mut(at))
    {
        process.flow_nodes = process.flow_nodes.saturating_add(1);
    }
    let id = node.id().map(str::to_owned);
    match local {
        "participant" => {
            let target = reference(node.record, "processRef").and_then(|key| index.position(key));
            let process = target.and_then(|at| index.get(at)?.id()).map(str::to_owned);
            summary.participants.push(Participant { id, name: named(node), process });
            None
        }
        "process" => {
            let executable = match node.record.text("isExecutable") {
                Some("true" | "1") => Some(true),
                Some("false" | "0") => Some(false),
                _ => None,
            };
            let process = Process { id, name: named(node), executable, flow_nodes: 0 };
            summary.processes.push(process);
            summary.processes.len().checked_sub(1)
        }
        _ => None,
    }
}

fn named(node: &Node<'_>) -> Option<String> {
    node.record.text("name").filter(|name| !name.trim().is_empty()).map(str::to_owned)
}
