//! Which elements a picture of a difference marks.
//!
//! PURE.

use std::collections::BTreeMap;

use super::Mark;
use crate::bpmn::merge::Report;

/// The marks of a difference, for a picture of either version: each shows those of its elements.
#[must_use]
pub fn marks(report: &Report) -> BTreeMap<String, Mark> {
    let changed = report.changed.iter().map(|change| &change.element);
    let changed = changed
        .chain(report.renamed.iter().map(|rename| &rename.element))
        .chain(report.reconnected.iter().map(|flow| &flow.element))
        .chain(report.moved.iter().map(|moved| &moved.element))
        .chain(report.layout.iter().map(|layout| &layout.element))
        .map(|element| (element, Mark::Changed));
    let added = report.added.iter().map(|added| (&added.element, Mark::Added));
    let removed = report.removed.iter().map(|removed| (&removed.element, Mark::Removed));
    changed.chain(removed).chain(added).map(|(element, mark)| (element.key.clone(), mark)).collect()
}
