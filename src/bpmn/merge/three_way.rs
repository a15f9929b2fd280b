//! Three texts to one, without a document: what a merge tool needs.
//!
//! PURE. Where both sides changed the same, `ours` stands and the clash is reported.

use std::collections::BTreeMap;

use super::aliases::Aliases;
use super::diff::diff;
use super::index::Index;
use super::matcher::match_nodes;
use super::op::{Conflict, Kept, Write};
use super::resolve::resolve;
use crate::bpmn::model::{DOCUMENT, Namespace, Record, Records, Value};

/// The result of a three-way merge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// `ours` with the changes from base to `theirs`.
    pub records: Records,
    /// What both sides had changed.
    pub conflicts: Vec<Conflict>,
}

/// Applies what leads from `base` to `theirs` to `ours`.
///
/// All three are imported texts; their keys need not agree. `rng` makes keys of new nodes.
#[must_use]
pub fn three_way(
    base: &Records,
    ours: &Records,
    theirs: &Records,
    rng: &mut fastrand::Rng,
) -> Merged {
    let ops = diff(base, theirs);
    let mut records = rekeyed(base, ours);
    let resolved = resolve(&ops, &records, Kept::Current, rng);
    write_records(&mut records, &resolved.writes);
    Merged { records, conflicts: resolved.conflicts }
}

/// A base for two versions that have no common ancestor: nothing but the root element, without
/// attributes, and the namespaces that both declare.
#[must_use]
pub fn common_root(ours: &Records, theirs: &Records) -> Records {
    let mut base = Records::default();
    for (alias, ns) in &ours.ns {
        if theirs.ns.values().any(|other| other.uri == ns.uri) {
            base.ns.insert(alias.clone(), ns.clone());
        }
    }
    let index = Index::new(ours);
    if let Some(root) = index.root().and_then(|at| index.get(at)) {
        let part = |field: &str| Some((field.to_owned(), root.record.0.get(field)?.clone()));
        let record = Record(["#t", "#p"].into_iter().filter_map(part).collect());
        base.nodes.insert(root.key.to_owned(), record);
    }
    base
}

/// Executes writes on plain records.
pub fn write_records(records: &mut Records, writes: &[Write]) {
    for write in writes {
        match write {
            Write::Meta(key, Some(value)) => {
                records.meta.insert(key.clone(), value.clone());
            }
            Write::Meta(key, None) => {
                records.meta.remove(key);
            }
            Write::Ns(alias, namespace) => {
                records.ns.insert(alias.clone(), namespace.clone());
            }
            Write::Ao(tag, names) => {
                records.ao.insert(tag.clone(), names.clone());
            }
            Write::Create(key, record) => {
                records.nodes.insert(key.clone(), record.clone());
            }
            Write::Set(key, field, value) => {
                let Some(record) = records.nodes.get_mut(key) else { continue };
                note_origin(record, field, value.as_ref());
                match value {
                    Some(value) => record.0.insert(field.clone(), value.clone()),
                    None => record.0.remove(field),
                };
            }
            Write::Delete(key) => {
                records.nodes.remove(key);
            }
        }
    }
}

/// Keeps the tag and the parent that a node was created with, as reading a document does: the
/// normaliser filters what a changed type does not admit.
fn note_origin(record: &mut Record, field: &str, new: Option<&Value>) {
    let parent = |place: &str| place.split_once(' ').map(|(_, parent)| parent.to_owned());
    let Some(Value::Text(new)) = new else { return };
    match field {
        "#t" => {
            let old = record.tag().filter(|old| old != new).map(str::to_owned);
            if let Some(old) = old.filter(|_| !record.0.contains_key("#t0")) {
                record.set("#t0", old);
            }
        }
        "#p" => {
            let old =
                record.text("#p").and_then(parent).filter(|old| parent(new).as_ref() != Some(old));
            if let Some(old) = old.filter(|_| !record.0.contains_key("#p0")) {
                record.set("#p0", old);
            }
        }
        _ => {}
    }
}

/// `side` in the keys and aliases of `base`; what only `side` has keeps its key where the base
/// doesn't use it.
#[must_use]
pub fn rekeyed(base: &Records, side: &Records) -> Records {
    let (base_index, side_index) = (Index::new(base), Index::new(side));
    let matching = match_nodes(&base_index, &side_index);
    let aliases = Aliases::between(base, side);
    let mut keys: BTreeMap<&str, String> = BTreeMap::new();
    for (node, at) in side_index.nodes.iter().zip(&matching.to_base) {
        let key = match at.and_then(|at| base_index.get(at)) {
            Some(twin) => twin.key.to_owned(),
            None if !base.nodes.contains_key(node.key) => node.key.to_owned(),
            None => free_key(node.key, base, side),
        };
        keys.insert(node.key, key);
    }
    let renamed = |key: &str| keys.get(key).cloned().unwrap_or_else(|| key.to_owned());
    let record = |record: &Record| {
        let mut record = aliases.record(record);
        let parent = record.place().map(|(order, parent)| (order.to_owned(), parent.to_owned()));
        if let Some((order, parent)) = parent.filter(|(_, parent)| parent != DOCUMENT) {
            let place = Value::Text(format!("{order} {}", renamed(&parent)));
            record.0.insert("#p".to_owned(), place);
        }
        for (field, value) in &mut record.0 {
            let Value::List(list) = value else { continue };
            let step = if field == "#l" { 2 } else { usize::MAX };
            for entry in list.iter_mut().step_by(step) {
                *entry = renamed(entry);
            }
        }
        record
    };
    let namespace = |(alias, ns): (&String, &Namespace)| {
        let mapped = aliases.alias(alias).to_owned();
        let shown = ns.prefix(alias).to_owned();
        let prefix = (shown != mapped).then_some(shown);
        (mapped, Namespace { uri: ns.uri.clone(), at_root: ns.at_root, prefix })
    };
    let profile =
        |(tag, names): (&String, &String)| (aliases.name(tag).into_owned(), aliases.names(names));
    Records {
        meta: side.meta.iter().map(|(k, v)| (k.clone(), aliases.meta(k, v))).collect(),
        ns: side.ns.iter().map(namespace).collect(),
        ao: side.ao.iter().map(profile).collect(),
        nodes: side
            .nodes
            .iter()
            .filter_map(|(key, node)| Some((keys.get(key.as_str())?.clone(), record(node))))
            .collect(),
    }
}

fn free_key(key: &str, base: &Records, side: &Records) -> String {
    let mut n = 1_usize;
    loop {
        let candidate = format!("~{n}~{key}");
        if !base.nodes.contains_key(&candidate) && !side.nodes.contains_key(&candidate) {
            return candidate;
        }
        n = n.saturating_add(1);
    }
}
