//! Saves by modelers that lose what they don't know (facts/bpmn.md 5.6).
//!
//! PURE. bpmn-moddle drops comments, processing instructions, unknown attributes and unused
//! namespaces. Their absence in such a modeler's text is no wish to delete them.

use super::index::{Class, Index};
use super::op::Op;
use crate::bpmn::model::Records;
use crate::bpmn::tables::{Vocabulary, well_known_uri};

/// Takes from a save what only the modeler's writer lost. For clients that are known to be lossy
/// and can't send their own export from right after loading; with that, use `diff_seen`.
#[must_use]
pub fn spare_what_modelers_lose(mut ops: Vec<Op>, base: &Records) -> Vec<Op> {
    let index = Index::new(base);
    ops.retain(|op| match op {
        Op::Delete { key, .. } => index
            .position(key)
            .and_then(|at| index.get(at))
            .is_none_or(|node| !matches!(node.local, "#comment" | "#pi")),
        Op::Set { key, field, new: None, .. } => !is_unknown(&index, key, field),
        Op::Ns { alias, new } => new.at_root || !base.ns.get(alias).is_some_and(|n| n.at_root),
        Op::Meta { key, .. } => !matches!(key.as_str(), "decl" | "style" | "nso"),
        Op::Ao { .. } => false,
        _ => true,
    });
    ops
}

/// An attribute in a namespace that BPMN does not define, on an element that it does.
fn is_unknown(index: &Index<'_>, key: &str, field: &str) -> bool {
    let node = index.position(key).and_then(|at| index.get(at));
    let Some((alias, _)) = field.split_once(':') else { return false };
    let declared = index.records.ns.get(alias).map(|ns| ns.uri.as_str());
    let uri = declared.or_else(|| well_known_uri(alias)).unwrap_or(alias);
    Vocabulary::of(uri) == Vocabulary::Foreign
        && node.is_some_and(|node| node.class != Class::Other)
}
