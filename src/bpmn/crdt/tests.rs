//! What a document says, whoever wrote into it.

use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::{
    ArrayPrelim, Doc, Map, MapPrelim, ReadTxn, StateVector, TextPrelim, Transact, Update, any,
};

use super::*;
use crate::bpmn::{import, materialise, new_doc, read_update, seed_update};

const XML: &str = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" id=\"d\">\n  \
    <process id=\"p\">\n    <task id=\"t\" name=\"a\"/>\n    <subProcess id=\"s\"/>\n  </process>\n\
    </definitions>\n";

fn seeded() -> Doc {
    let doc = new_doc(1 << 40);
    let records = import(XML.as_bytes()).unwrap();
    write(&records, &mut doc.transact_mut());
    doc
}

/// A document that writes raw values into the node `t`.
fn tampered(tamper: impl FnOnce(&MapRef, &mut TransactionMut<'_>)) -> Record {
    let doc = seeded();
    let mut txn = doc.transact_mut();
    let node = node_map(&mut txn, "t").unwrap();
    tamper(&node, &mut txn);
    read_node(&txn, "t").unwrap()
}

fn sync(from: &Doc, to: &Doc) {
    let update = from.transact().encode_state_as_update_v1(&StateVector::default());
    to.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
}

#[test]
fn what_is_written_reads_back() {
    let records = import(XML.as_bytes()).unwrap();
    assert_eq!(read_update(&seed_update(&records, 1 << 40)), Some(records));
}

#[test]
fn an_empty_document_has_no_records() {
    assert_eq!(read(&new_doc(1).transact()), Records::default());
}

#[test]
fn a_later_write_overrides_one_field_and_null_removes_it() {
    let record = tampered(|node, txn| {
        node.insert(txn, "name", "b");
        node.insert(txn, "id", Any::Null);
        node.insert(txn, "default", any!(["s"]));
    });
    assert_eq!(record.text("name"), Some("b"));
    assert_eq!(record.text("id"), None);
    assert_eq!(record.list("default"), Some(&["s".to_owned()][..]));
}

#[test]
fn n0_a_value_of_another_kind_counts_as_absent() {
    let record = tampered(|node, txn| {
        node.insert(txn, "name", 5);
        node.insert(txn, "id", any!(["a", 1]));
        node.insert(txn, "a", any!({ "b": "c" }));
        node.insert(txn, "b", true);
        node.insert(txn, "c", MapPrelim::from([("d", "e")]));
        node.insert(txn, "d", ArrayPrelim::from(["x"]));
        node.insert(txn, "e", TextPrelim::new("x"));
    });
    let fields: Vec<&str> = record.0.keys().map(String::as_str).collect();
    assert_eq!(fields, ["#p", "#t"]);
}

#[test]
fn n0_a_creation_that_is_no_json_object_of_strings_counts_for_nothing() {
    for (json, fields) in [
        ("not json", 0),
        ("[]", 0),
        ("{\"#t\":\"bpmn:task\",\"x\":1,\"y\":{\"z\":[[]]},\"w\":[\"k\"]}", 2),
        ("{\"#t\":\"a\",\"#t\":\"b\"} trailing", 0),
    ] {
        let record = tampered(|node, txn| {
            node.insert(txn, CREATION, json);
        });
        assert_eq!(record.0.len(), fields, "{json}");
    }
    let record = tampered(|node, txn| {
        node.insert(txn, CREATION, any!({ "#t": "bpmn:task" }));
        node.insert(txn, "name", "still");
    });
    assert_eq!(record.text("name"), Some("still"));
    assert_eq!(record.0.len(), 1);
}

#[test]
fn n0_characters_that_xml_lacks_become_the_replacement_character() {
    let record = tampered(|node, txn| {
        node.insert(txn, "name", "a\u{0}\u{FFFF}b\n");
        node.insert(txn, CREATION, "{\"id\":\"\\ud800\\u0001\"}");
    });
    assert_eq!(record.text("name"), Some("a\u{FFFD}\u{FFFD}b\n"));
    assert_eq!(record.text("id"), Some("\u{FFFD}\u{FFFD}"));
}

#[test]
fn n0_a_changed_tag_stays_known_and_a_changed_parent_until_it_changes_back() {
    let doc = seeded();
    let mut txn = doc.transact_mut();
    set_field(&mut txn, "t", "#t", &Value::from("bpmn:userTask"));
    set_field(&mut txn, "t", "#p", &Value::from("a0 s"));
    let record = read_node(&txn, "t").unwrap();
    assert_eq!((record.text("#t0"), record.text("#p0")), (Some("bpmn:task"), Some("p")));
    set_field(&mut txn, "t", "#t", &Value::from("bpmn:task"));
    set_field(&mut txn, "t", "#p", &Value::from("zz p"));
    let record = read_node(&txn, "t").unwrap();
    // What the other type had may still be there; a node moved back is where it was.
    assert_eq!((record.text("#t0"), record.text("#p0")), (Some("bpmn:task"), None));
    let forged = tampered(|node, txn| {
        node.insert(txn, "#t0", "bpmn:lane");
    });
    assert_eq!(forged.text("#t0"), None, "nobody writes it over a record");
}

#[test]
fn n0_a_changed_tag_stays_known_in_a_rebuilt_document() {
    let doc = seeded();
    let mut txn = doc.transact_mut();
    set_field(&mut txn, "t", "#t", &Value::from("bpmn:userTask"));
    let records = read(&txn);
    assert_eq!(read_update(&seed_update(&records, 2)), Some(records));
}

#[test]
fn n0_roots_and_entries_of_another_kind_count_as_absent() {
    let doc = new_doc(7);
    let mut txn = doc.transact_mut();
    let nodes = txn.get_or_insert_map("nodes");
    nodes.insert(&mut txn, "a", "no map");
    nodes.insert(&mut txn, "b", ArrayPrelim::from(["x"]));
    let meta = txn.get_or_insert_map("meta");
    meta.insert(&mut txn, "title", 5);
    meta.insert(&mut txn, "v", "1");
    let ns = txn.get_or_insert_map("ns");
    ns.insert(&mut txn, "ok", any!(["urn:x", "1", ""]));
    for (alias, value) in [
        ("flag", any!(["urn:x", "2"])),
        ("number", any!(["urn:x", 1])),
        ("short", any!(["urn:x"])),
        ("long", any!(["urn:x", "1", "p", "q"])),
        ("text", any!("urn:x")),
    ] {
        ns.insert(&mut txn, alias, value);
    }
    txn.get_or_insert_array("ao");
    let records = read(&txn);
    assert!(records.nodes.is_empty() && records.ao.is_empty());
    assert_eq!(records.meta.keys().collect::<Vec<_>>(), ["v"]);
    assert_eq!(records.ns.keys().collect::<Vec<_>>(), ["ok"]);
    assert_eq!(records.ns["ok"].prefix.as_deref(), Some(""));
}

#[test]
fn edits_that_change_nothing_write_nothing() {
    let doc = seeded();
    let before = doc.transact().state_vector();
    let mut txn = doc.transact_mut();
    assert!(!set_field(&mut txn, "t", "name", &Value::from("a")));
    assert!(!set_field(&mut txn, "gone", "name", &Value::from("a")));
    assert!(!remove_field(&mut txn, "t", "default"));
    assert!(!create_node(&mut txn, "t", &Record::default()));
    assert!(!delete_node(&mut txn, "gone"));
    assert!(!set_meta(&mut txn, "v", "1"));
    let namespace = read(&txn).ns["bpmn"].clone();
    assert!(!set_namespace(&mut txn, "bpmn", &namespace));
    drop(txn);
    assert_eq!(doc.transact().state_vector(), before);
}

#[test]
fn edits_do_what_they_say() {
    let doc = seeded();
    let mut txn = doc.transact_mut();
    let mut record = Record::default();
    record.set("#t", "bpmn:task");
    record.set("#p", "b0 p");
    assert!(create_node(&mut txn, "n", &record));
    assert!(set_field(&mut txn, "n", "id", &Value::from("n")));
    assert!(set_field(&mut txn, "n", "name", &Value::from("x")));
    assert!(remove_field(&mut txn, "n", "name"));
    assert!(delete_node(&mut txn, "t"));
    assert!(set_meta(&mut txn, "title", "T"));
    assert!(set_attribute_order(&mut txn, "bpmn:task", "name id"));
    let records = read(&txn);
    assert_eq!(records.nodes["n"].0.len(), 3);
    assert!(!records.nodes.contains_key("t"));
    assert!(materialise(&records).contains("<task id=\"n\"/>"));
    assert_eq!(records.meta["title"], "T");
}

#[test]
fn concurrent_edits_of_two_fields_both_stay() {
    let (a, b) = (seeded(), new_doc(2));
    sync(&a, &b);
    set_field(&mut a.transact_mut(), "t", "name", &Value::from("from a"));
    set_field(&mut b.transact_mut(), "t", "#p", &Value::from("a0 s"));
    create_node(&mut b.transact_mut(), "n", &Record::default());
    sync(&a, &b);
    sync(&b, &a);
    assert_eq!(read(&a.transact()), read(&b.transact()));
    let record = read_node(&a.transact(), "t").unwrap();
    assert_eq!(record.text("name"), Some("from a"));
    assert_eq!(record.place(), Some(("a0", "s")));
}

#[test]
fn a_key_that_two_create_at_once_holds_one_of_them_whole() {
    let (a, b) = (new_doc(1), new_doc(2));
    for (doc, name) in [(&a, "from a"), (&b, "from b")] {
        let mut record = Record::default();
        record.set("name", name);
        record.set("other", name);
        create_node(&mut doc.transact_mut(), "n", &record);
    }
    sync(&a, &b);
    sync(&b, &a);
    let record = read_node(&a.transact(), "n").unwrap();
    assert_eq!(Some(&record), read_node(&b.transact(), "n").as_ref());
    assert_eq!(record.text("name"), record.text("other"));
}

#[test]
fn a_node_costs_one_struct_for_its_map_and_one_for_its_record() {
    let doc = seeded();
    let txn = doc.transact();
    let nodes = txn.get_map("nodes").unwrap();
    let records = read(&txn);
    assert_eq!(usize::try_from(nodes.len(&txn)).unwrap(), records.nodes.len());
    let any = nodes.to_json(&txn);
    assert!(any.to_string().contains("#0"));
}
