//! What BPMN 2.0 says about element types: admission, order, references, singletons.
//!
//! PURE. The facts stand in client-protocol/tables.json (derived from the bpmn-moddle
//! descriptors, MIT licence), which every implementation reads; this file only answers questions.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

/// Namespace of the BPMN 2.0 model.
pub const BPMN_URI: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
/// Namespace of BPMN diagram interchange.
pub const BPMNDI_URI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";
/// Namespace of diagram interchange.
pub const DI_URI: &str = "http://www.omg.org/spec/DD/20100524/DI";
/// Namespace of diagram common (bounds, points).
pub const DC_URI: &str = "http://www.omg.org/spec/DD/20100524/DC";
/// Namespace of XML Schema instances (`xsi:type`).
pub const XSI_URI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Which vocabulary an element or attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// The BPMN model.
    Bpmn,
    /// BPMN diagram interchange.
    BpmnDi,
    /// Diagram interchange.
    Di,
    /// Diagram common.
    Dc,
    /// Anything else, and no namespace.
    Foreign,
}

impl Vocabulary {
    /// The vocabulary of a namespace.
    #[must_use]
    pub fn of(uri: &str) -> Self {
        match uri {
            BPMN_URI => Self::Bpmn,
            BPMNDI_URI => Self::BpmnDi,
            DI_URI => Self::Di,
            DC_URI => Self::Dc,
            _ => Self::Foreign,
        }
    }

    /// Whether it describes the drawing, not the model.
    #[must_use]
    pub fn is_diagram(self) -> bool {
        matches!(self, Self::BpmnDi | Self::Di | Self::Dc)
    }

    /// Whether its elements carry XML ids that references may name.
    #[must_use]
    pub fn has_ids(self) -> bool {
        matches!(self, Self::Bpmn | Self::BpmnDi | Self::Di)
    }

    /// Whether attributes of the reference table are references on its elements.
    #[must_use]
    pub fn has_references(self) -> bool {
        matches!(self, Self::Bpmn | Self::BpmnDi)
    }
}

/// The aliases that mean something where the document does not say, sorted.
pub const WELL_KNOWN_ALIASES: [&str; 5] = ["bpmn", "bpmndi", "dc", "di", "xsi"];

/// The namespace that an alias means where the document does not say.
#[must_use]
pub fn well_known_uri(alias: &str) -> Option<&'static str> {
    Some(match alias {
        "bpmn" => BPMN_URI,
        "bpmndi" => BPMNDI_URI,
        "di" => DI_URI,
        "dc" => DC_URI,
        "xsi" => XSI_URI,
        _ => return None,
    })
}

/// The alias that a default namespace gets at import (rule D4).
#[must_use]
pub fn default_alias(uri: &str) -> &'static str {
    match uri {
        "" => "none",
        BPMN_URI => "bpmn",
        BPMNDI_URI => "bpmndi",
        DI_URI => "di",
        DC_URI => "dc",
        _ => "ns",
    }
}

/// Whether an unprefixed attribute of this name refers to elements by id.
#[must_use]
pub fn is_reference_attribute(name: &str) -> bool {
    TABLES.reference_attributes.contains(name)
}

/// Whether a BPMN element of this name holds the id of another as its text.
#[must_use]
pub fn is_reference_element(local: &str) -> bool {
    TABLES.reference_elements.contains(local)
}

/// Whether the BPMN element type `local` is, or derives from, the type `ancestor` (`FlowNode` …).
#[must_use]
pub fn is_a(local: &str, ancestor: &str) -> bool {
    type_of(local).is_some_and(|t| t.ancestors.contains(ancestor))
}

/// Whether BPMN knows an element type of this name.
#[must_use]
pub fn is_type(local: &str) -> bool {
    type_of(local).is_some()
}

/// Whether a BPMN element may carry an unprefixed attribute (rule N6).
///
/// What no type at all declares is admitted: it is the author's own.
#[must_use]
pub fn admits_attribute(local: &str, attribute: &str) -> bool {
    match type_of(local) {
        None => true,
        Some(t) => t.attributes.contains(attribute) || !TABLES.attributes.contains(attribute),
    }
}

/// Whether a BPMN element may hold a BPMN child element (rule N6).
///
/// Children that no type at all declares are admitted: they are the author's own.
#[must_use]
pub fn admits_child(parent: &str, child: &str) -> bool {
    let Some(parent) = type_of(parent) else { return true };
    child_place(parent, child).is_some() || !(TABLES.children.contains(child) || is_type(child))
}

/// Where a child element stands among its siblings by the schema, least first.
#[must_use]
pub fn schema_place(parent: &str, child: &str) -> Option<usize> {
    child_place(type_of(parent)?, child)
}

/// The role of a child that its parent can hold once only: the schema's property, or the local
/// name of a vendor singleton. Two writers that add it concurrently must mean one node.
#[must_use]
pub fn singleton_role<'a>(parent: &'a str, uri: &str, child: &'a str) -> Option<&'a str> {
    if Vocabulary::of(uri) != Vocabulary::Bpmn {
        let known = TABLES.vendor_singletons.get(uri)?;
        return known.contains(child).then_some(child);
    }
    let parent = type_of(parent)?;
    let child = parent.children.get(child_place(parent, child)?)?;
    child.single.then_some(child.property.as_str())
}

/// Whether a BPMN child stands before the derived lists of its parent (rule N8): `incoming` and
/// `outgoing` of a flow node, `flowNodeRef` of a lane.
#[must_use]
pub fn stands_before_lists(child: &str, parent_is_lane: bool) -> bool {
    match child {
        "documentation" | "extensionElements" => true,
        "partitionElement" => parent_is_lane,
        "auditing" | "monitoring" | "categoryValueRef" => !parent_is_lane,
        _ => false,
    }
}

struct Tables {
    reference_attributes: HashSet<String>,
    reference_elements: HashSet<String>,
    vendor_singletons: HashMap<String, HashSet<String>>,
    /// By element name, that is with a small first letter.
    types: HashMap<String, Type>,
    /// Every attribute that some type declares.
    attributes: HashSet<String>,
    /// Every child property that some type declares.
    children: HashSet<String>,
}

#[derive(Default)]
struct Type {
    /// Itself and everything it derives from.
    ancestors: HashSet<String>,
    attributes: HashSet<String>,
    /// Inherited ones first: the order of the schema.
    children: Vec<Child>,
}

#[derive(Clone)]
struct Child {
    property: String,
    of: String,
    single: bool,
    owned: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    reference_attributes: HashSet<String>,
    reference_elements: HashSet<String>,
    vendor_singletons: HashMap<String, HashSet<String>>,
    types: HashMap<String, FileType>,
}

#[derive(Deserialize)]
struct FileType {
    is: Vec<String>,
    attributes: Vec<String>,
    children: Vec<(String, String, String, String)>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let text = include_str!("../../client-protocol/tables.json");
    // A unit test holds that the built-in file parses; without it nothing would be admitted.
    #[allow(clippy::expect_used)]
    let file: File = serde_json::from_str(text).expect("the built-in tables parse");
    flatten(file)
});

fn type_of(local: &str) -> Option<&'static Type> {
    TABLES.types.get(local)
}

fn child_place(parent: &Type, child: &str) -> Option<usize> {
    let named = parent.children.iter().position(|c| c.property == child);
    named.or_else(|| {
        let ancestors = &type_of(child)?.ancestors;
        parent.children.iter().position(|c| c.owned && ancestors.contains(&c.of))
    })
}

fn flatten(file: File) -> Tables {
    let mut types = HashMap::with_capacity(file.types.len());
    for name in file.types.keys() {
        types.insert(element_name(name), flatten_type(&file.types, name));
    }
    let declared = file.types.values();
    Tables {
        attributes: declared.clone().flat_map(|t| t.attributes.iter().cloned()).collect(),
        children: declared.flat_map(|t| t.children.iter().map(|c| c.0.clone())).collect(),
        reference_attributes: file.reference_attributes,
        reference_elements: file.reference_elements,
        vendor_singletons: file.vendor_singletons,
        types,
    }
}

/// Collects a type's own and inherited properties, bases before the type itself.
fn flatten_type(all: &HashMap<String, FileType>, name: &str) -> Type {
    let mut lineage: Vec<&str> = vec![name];
    let mut next = 0;
    while let Some(current) = lineage.get(next).copied() {
        next += 1;
        for base in all.get(current).map_or(&[][..], |t| &t.is) {
            if !lineage.contains(&base.as_str()) {
                lineage.push(base);
            }
        }
    }
    let mut flat = Type::default();
    for base in lineage.iter().rev() {
        flat.ancestors.insert((*base).to_owned());
        let Some(own) = all.get(*base) else { continue };
        flat.attributes.extend(own.attributes.iter().cloned());
        for (property, of, many, kind) in &own.children {
            // `Process` repeats two inherited properties: the later place is the schema's.
            flat.children.retain(|c| c.property != *property);
            flat.children.push(Child {
                property: property.clone(),
                of: of.clone(),
                single: many == "one" && kind != "ref",
                // `BaseElement` would let a lane hold anything: only the property's own name counts.
                owned: kind == "own" && of != "BaseElement",
            });
        }
    }
    flat
}

/// `UserTask` -> `userTask`: how an element of a type is called.
fn element_name(type_name: &str) -> String {
    let mut chars = type_name.chars();
    chars.next().map_or_else(String::new, |c| c.to_ascii_lowercase().to_string() + chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_admit_what_they_and_their_bases_declare() {
        assert!(admits_attribute("userTask", "implementation"));
        assert!(!admits_attribute("task", "implementation"));
        assert!(admits_attribute("task", "isForCompensation"));
        assert!(admits_attribute("task", "frobnicate"), "the author's own");
        assert!(admits_child("subProcess", "task"));
        assert!(!admits_child("task", "userTask"));
        assert!(admits_child("sequenceFlow", "conditionExpression"));
        assert!(admits_child("process", "laneSet"));
        assert!(!admits_child("process", "lane"));
        assert!(admits_child("task", "extensionElements"));
    }

    #[test]
    fn reference_properties_admit_no_children_of_their_type() {
        assert!(!admits_child("task", "boundaryEvent"));
        assert!(admits_child("task", "boundaryEventRefs"));
        assert!(!admits_child("lane", "flowNode"));
    }

    #[test]
    fn ancestry_is_transitive() {
        assert!(is_a("adHocSubProcess", "FlowNode"));
        assert!(is_a("boundaryEvent", "CatchEvent"));
        assert!(!is_a("sequenceFlow", "FlowNode"));
        assert!(!is_a("unheardOf", "FlowNode"));
    }

    #[test]
    fn only_what_can_stand_once_has_a_role() {
        assert_eq!(
            singleton_role("task", BPMN_URI, "extensionElements"),
            Some("extensionElements")
        );
        assert_eq!(
            singleton_role("task", BPMN_URI, "standardLoopCharacteristics"),
            Some("loopCharacteristics")
        );
        assert_eq!(singleton_role("task", BPMN_URI, "documentation"), None);
        assert_eq!(singleton_role("task", BPMN_URI, "incoming"), None);
        let zeebe = "http://camunda.org/schema/zeebe/1.0";
        assert_eq!(
            singleton_role("extensionElements", zeebe, "taskDefinition"),
            Some("taskDefinition")
        );
        assert_eq!(singleton_role("extensionElements", zeebe, "header"), None);
    }

    #[test]
    fn the_schema_puts_documentation_first() {
        let place = |child| schema_place("userTask", child).unwrap();
        assert!(place("documentation") < place("extensionElements"));
        assert!(place("extensionElements") < place("incoming"));
        assert!(place("incoming") < place("outgoing"));
        assert!(place("outgoing") < place("ioSpecification"));
    }
}
