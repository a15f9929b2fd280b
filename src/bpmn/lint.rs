//! What is odd in a diagram that could be read: findings for people, none of which stops anything.
//!
//! PURE. The import marks what its source had broken and keeps it; this tells what that is.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::merge::ElementRef;
use super::merge::index::{Class, Index};
use super::model::{Records, Value};
use super::tables::{is_reference_attribute, is_reference_element};

/// One oddity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The element.
    pub element: ElementRef,
    /// What is odd about it.
    #[serde(flatten)]
    pub oddity: Oddity,
}

/// What can be odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Oddity {
    /// Other elements have the same id.
    DuplicateId {
        /// How many elements have it.
        count: usize,
    },
    /// A reference to nothing in the file.
    DanglingReference {
        /// The attribute, or the name of the element that refers.
        field: String,
        /// What it refers to, as written.
        target: String,
    },
    /// What the normaliser would drop or alter, were it not in the source already.
    Repair {
        /// `N4`, `N5` …: the rules of client-protocol/DOCUMENT.md.
        rules: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.element)?;
        match &self.oddity {
            Oddity::DuplicateId { count } => write!(f, "the id is used {count} times"),
            Oddity::DanglingReference { field, target } => {
                write!(f, "{field} {target:?} leads nowhere")
            }
            Oddity::Repair { rules } => {
                write!(f, "kept as imported, against rule {}", rules.replace(' ', " and "))
            }
        }
    }
}

/// All findings, in document order.
#[must_use]
pub fn lint(records: &Records) -> Vec<Finding> {
    let index = Index::new(records);
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for node in index.nodes.iter().filter(|node| node.class != Class::Other) {
        if let Some(id) = node.record.text("id") {
            let count = ids.entry(id).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut findings = Vec::new();
    for (at, node) in index.nodes.iter().enumerate().filter(|(_, n)| n.class != Class::Other) {
        let mut push = |oddity| findings.push(Finding { element: named(&index, at), oddity });
        if let Some(count) = node.id().and_then(|id| ids.get(id)).filter(|count| **count > 1) {
            push(Oddity::DuplicateId { count: *count });
        }
        for (field, value) in &node.record.0 {
            let Value::Text(target) = value else { continue };
            let refers = is_reference_attribute(field)
                || (field == "#x" && is_reference_element(node.local));
            if refers && node.class != Class::Other {
                let field = if field == "#x" { node.local } else { field };
                let (field, target) = (field.to_owned(), target.clone());
                push(Oddity::DanglingReference { field, target });
            }
        }
        if let Some(rules) = node.record.text("#raw") {
            push(Oddity::Repair { rules: rules.to_owned() });
        }
    }
    findings
}

/// The element, or the nearest one around it that has an id.
fn named(index: &Index<'_>, at: usize) -> ElementRef {
    let mut walk = Some(at);
    let own = index.get(at);
    while let Some(node) = walk.and_then(|at| index.get(at)) {
        if let Some(id) = node.id() {
            return ElementRef {
                key: own.map_or("", |n| n.key).to_owned(),
                id: Some(id.to_owned()),
                kind: node.local.to_owned(),
                name: node.record.text("name").filter(|n| !n.is_empty()).map(str::to_owned),
            };
        }
        walk = node.parent;
    }
    ElementRef {
        key: own.map_or("", |n| n.key).to_owned(),
        kind: own.map_or("", |n| n.local).to_owned(),
        ..ElementRef::default()
    }
}
