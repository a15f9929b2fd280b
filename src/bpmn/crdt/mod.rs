//! Records in a shared document: seeding one, reading one, and the few primitive edits.
//!
//! PURE. Reading is total (rule N0): whatever peers wrote, it gives records, and the same ones on
//! every replica. Nothing here repairs: that is `materialise`. Every function works inside the
//! caller's transaction; root types are taken through it, never through the document.

use std::collections::BTreeMap;
use std::sync::Arc;

use yrs::{Any, Map, MapPrelim, MapRef, Out, ReadTxn, TransactionMut, WriteTxn};

use super::json;
use super::model::{CREATION, Namespace, Record, Records, Value};
use super::xml::sanitise;

/// The `meta`, `ns`, `ao`, `nodes`, `threads` and `miro` roots, all maps (rule D2).
pub const ROOTS: [&str; 6] = ["meta", "ns", "ao", "nodes", "threads", "miro"];

/// Writes a whole diagram into a document that holds none.
pub fn write(records: &Records, txn: &mut TransactionMut<'_>) {
    let [meta, ns, ao, nodes, _, _] = ROOTS.map(|root| txn.get_or_insert_map(root));
    for (name, value) in &records.meta {
        meta.insert(txn, name.as_str(), value.as_str());
    }
    for (alias, namespace) in &records.ns {
        ns.insert(txn, alias.as_str(), namespace_to_any(namespace));
    }
    for (tag, order) in &records.ao {
        ao.insert(txn, tag.as_str(), order.as_str());
    }
    for (key, record) in &records.nodes {
        nodes.insert(txn, key.as_str(), creation(record));
    }
}

/// Reads a document: the total reading N0.
#[must_use]
pub fn read<T: ReadTxn>(txn: &T) -> Records {
    let mut records =
        Records { meta: strings(txn, "meta"), ao: strings(txn, "ao"), ..Records::default() };
    if let Some(ns) = txn.get_map("ns") {
        for alias in ns.keys(txn) {
            if let Some(Out::Any(value)) = ns.get(txn, alias)
                && let Some(namespace) = namespace_from_any(&value)
            {
                records.ns.insert(alias.to_owned(), namespace);
            }
        }
    }
    if let Some(nodes) = txn.get_map("nodes") {
        for key in nodes.keys(txn) {
            if let Some(Out::YMap(node)) = nodes.get(txn, key) {
                records.nodes.insert(key.to_owned(), read_record(txn, &node));
            }
        }
    }
    records
}

/// The effective record of one node; none if there is no such node.
#[must_use]
pub fn read_node<T: ReadTxn>(txn: &T, key: &str) -> Option<Record> {
    match txn.get_map("nodes")?.get(txn, key) {
        Some(Out::YMap(node)) => Some(read_record(txn, &node)),
        _ => None,
    }
}

/// Sets one field of a node. Writes nothing, and says so, if it already has this value or the
/// node does not exist.
pub fn set_field(txn: &mut TransactionMut<'_>, key: &str, field: &str, value: &Value) -> bool {
    let Some(node) = node_map(txn, key) else { return false };
    if read_record(txn, &node).0.get(field) == Some(value) {
        return false;
    }
    node.insert(txn, field, to_any(value));
    true
}

/// Removes one field of a node, that is writes `null` over it. Writes nothing, and says so, if it
/// is absent anyway.
pub fn remove_field(txn: &mut TransactionMut<'_>, key: &str, field: &str) -> bool {
    let Some(node) = node_map(txn, key) else { return false };
    if !read_record(txn, &node).0.contains_key(field) {
        return false;
    }
    node.insert(txn, field, Any::Null);
    true
}

/// Creates a node. Writes nothing, and says so, if the key is taken.
///
/// A key must not be deleted and created again in one transaction: that loses concurrent edits.
pub fn create_node(txn: &mut TransactionMut<'_>, key: &str, record: &Record) -> bool {
    let nodes = txn.get_or_insert_map("nodes");
    if nodes.contains_key(txn, key) {
        return false;
    }
    nodes.insert(txn, key, creation(record));
    true
}

/// Deletes a node, but not what hangs below it: the caller deletes the descendants that it knows.
pub fn delete_node(txn: &mut TransactionMut<'_>, key: &str) -> bool {
    let nodes = txn.get_or_insert_map("nodes");
    nodes.remove(txn, key).is_some()
}

/// Sets an entry of `meta`; writes nothing if it is already so.
pub fn set_meta(txn: &mut TransactionMut<'_>, name: &str, value: &str) -> bool {
    let meta = txn.get_or_insert_map("meta");
    if string_at(txn, &meta, name).as_deref() == Some(value) {
        return false;
    }
    meta.insert(txn, name, value);
    true
}

/// Sets an entry of `ns`; writes nothing if it is already so.
pub fn set_namespace(txn: &mut TransactionMut<'_>, alias: &str, namespace: &Namespace) -> bool {
    let ns = txn.get_or_insert_map("ns");
    let value = namespace_to_any(namespace);
    if let Some(Out::Any(current)) = ns.get(txn, alias)
        && current == value
    {
        return false;
    }
    ns.insert(txn, alias, value);
    true
}

/// Sets an entry of `ao`; writes nothing if it is already so.
pub fn set_attribute_order(txn: &mut TransactionMut<'_>, tag: &str, order: &str) -> bool {
    let ao = txn.get_or_insert_map("ao");
    if string_at(txn, &ao, tag).as_deref() == Some(order) {
        return false;
    }
    ao.insert(txn, tag, order);
    true
}

fn node_map(txn: &mut TransactionMut<'_>, key: &str) -> Option<MapRef> {
    let nodes = txn.get_or_insert_map("nodes");
    match nodes.get(txn, key) {
        Some(Out::YMap(node)) => Some(node),
        _ => None,
    }
}

fn creation(record: &Record) -> MapPrelim {
    MapPrelim::from([(CREATION, json::write(&record.0))])
}

fn strings<T: ReadTxn>(txn: &T, root: &str) -> BTreeMap<String, String> {
    let Some(map) = txn.get_map(root) else { return BTreeMap::new() };
    map.keys(txn).filter_map(|k| Some((k.to_owned(), string_at(txn, &map, k)?))).collect()
}

fn string_at<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> Option<String> {
    match map.get(txn, key) {
        Some(Out::Any(Any::String(text))) => Some(sanitise(&text).into_owned()),
        _ => None,
    }
}

/// The record at creation with the later writes over it.
///
/// `#t0` and `#p0` tell the original tag and parent where those were overwritten: rule N6 asks.
/// Nobody writes them over a record; only a record at creation may hold them (a rebuilt document).
fn read_record<T: ReadTxn>(txn: &T, node: &MapRef) -> Record {
    let mut fields = match node.get(txn, CREATION) {
        Some(Out::Any(Any::String(text))) => json::parse(&text).unwrap_or_default(),
        _ => BTreeMap::new(),
    };
    fields.values_mut().for_each(sanitise_value);
    fields.remove(CREATION);
    let mut record = Record(fields);
    let tag = record.tag().map(str::to_owned);
    let parent = record.place().map(|(_, parent)| parent.to_owned());
    for field in node.keys(txn).filter(|f| !matches!(*f, CREATION | "#t0" | "#p0")) {
        match node.get(txn, field).and_then(from_out) {
            Some(value) => record.0.insert(field.to_owned(), value),
            None => record.0.remove(field),
        };
    }
    // A type that was changed and changed back left behind what the other type had.
    // A rebuilt document holds it in the record at creation.
    let retyped = node.contains_key(txn, "#t") || record.text("#t0").is_some();
    note_origin(&mut record, "#t0", tag, |_, _| retyped);
    note_origin(&mut record, "#p0", parent, |r, first| {
        r.place().is_some_and(|(_, parent)| parent != first)
    });
    record
}

/// Keeps the first value of a field that was changed since the creation.
fn note_origin(
    record: &mut Record,
    field: &str,
    created: Option<String>,
    changed: impl Fn(&Record, &str) -> bool,
) {
    let first = record.text(field).map(str::to_owned).or(created);
    match first {
        Some(first) if changed(record, &first) => record.set(field, first),
        _ => {
            record.0.remove(field);
        }
    }
}

fn from_out(out: Out) -> Option<Value> {
    let mut value = match out {
        Out::Any(Any::String(text)) => Value::Text(text.as_ref().to_owned()),
        Out::Any(Any::Array(items)) => {
            let list: Option<Vec<String>> = items.iter().map(string_of).collect();
            Value::List(list?)
        }
        _ => return None,
    };
    sanitise_value(&mut value);
    Some(value)
}

fn string_of(any: &Any) -> Option<String> {
    match any {
        Any::String(text) => Some(text.as_ref().to_owned()),
        _ => None,
    }
}

/// Only texts are sanitised: lists hold keys, which never stand in the XML.
fn sanitise_value(value: &mut Value) {
    if let Value::Text(text) = value
        && let std::borrow::Cow::Owned(clean) = sanitise(text)
    {
        *text = clean;
    }
}

fn to_any(value: &Value) -> Any {
    match value {
        Value::Text(text) => Any::from(text.as_str()),
        Value::List(list) => list_to_any(list.iter().map(String::as_str)),
    }
}

fn list_to_any<'a>(items: impl Iterator<Item = &'a str>) -> Any {
    Any::Array(items.map(|s| Any::String(Arc::from(s))).collect())
}

/// `[uri, "1" (declared at the root) or "0"]`, and the prefix where it is not the alias.
fn namespace_to_any(namespace: &Namespace) -> Any {
    let at_root = if namespace.at_root { "1" } else { "0" };
    let items = [namespace.uri.as_str(), at_root].into_iter();
    list_to_any(items.chain(namespace.prefix.as_deref()))
}

pub(super) fn namespace_from_any(value: &Any) -> Option<Namespace> {
    let Any::Array(items) = value else { return None };
    let items: Option<Vec<String>> = items.iter().map(string_of).collect();
    let mut items = items?.into_iter();
    let (uri, flag, prefix) = (items.next()?, items.next()?, items.next());
    let at_root = match flag.as_str() {
        "1" => true,
        "0" => false,
        _ => return None,
    };
    let uri = sanitise(&uri).into_owned();
    items.next().is_none().then_some(Namespace { uri, at_root, prefix })
}

#[cfg(test)]
mod tests;
