//! The golden cases of client-protocol/vectors/document, which every implementation runs.
//!
//! A case holds a text or updates, the records that they give and the XML of these records.
//! Updates are never compared: two libraries encode the same document differently. `UPDATE=1`
//! writes the files anew; then the difference is for a person to judge.

mod cases;
mod histories;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use atelier::bpmn::model::{Namespace, Record, Value};
use atelier::bpmn::{self, Records, crdt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value as Json, json};
use yrs::updates::decoder::Decode;
use yrs::{ReadTxn, StateVector, Transact, Update};

use cases::{Case, Source};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("client-protocol/vectors/document")
}

fn updating() -> bool {
    std::env::var_os("UPDATE").is_some_and(|v| v == "1")
}

#[test]
fn every_golden_case_of_the_document_model_holds() {
    if updating() {
        write_all();
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    let names: Vec<String> = cases::all().iter().map(|case| case.name.to_owned()).collect();
    let found: Vec<String> =
        files.iter().map(|f| f.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let mut sorted = names;
    sorted.sort();
    assert_eq!(found, sorted, "every case has its file; UPDATE=1 writes them");
    for file in files {
        let case: Json = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        check(&file.display().to_string(), &case);
    }
}

/// The files hold what the cases in this test say today: no stale golden file.
#[test]
fn the_golden_files_are_those_of_the_cases() {
    if updating() {
        return;
    }
    for case in cases::all() {
        let path = folder().join(format!("{}.json", case.name));
        let mut file: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut fresh = to_json(&case);
        for json in [&mut file, &mut fresh] {
            json.as_object_mut().unwrap().remove("updates");
        }
        assert_eq!(file, fresh, "{}", case.name);
    }
}

fn check(name: &str, case: &Json) {
    let text = case.get("input").map(|t| t.as_str().unwrap().as_bytes().to_vec());
    let bytes = case.get("inputBase64").map(|b| BASE64.decode(b.as_str().unwrap()).unwrap());
    let input = text.or(bytes);
    if let Some(error) = case.get("error") {
        let refused = bpmn::import(&input.unwrap()).unwrap_err();
        let place = json!({ "line": refused.line, "column": refused.column });
        assert_eq!(&place, error, "{name}");
        return;
    }
    let records = records_from_json(&case["records"]);
    if let Some(input) = input {
        assert_eq!(bpmn::import(&input).unwrap(), records, "{name}: the text gives the records");
    }
    let updates: Vec<Vec<u8>> = case["updates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|update| BASE64.decode(update.as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(merged(updates.iter()), records, "{name}: the updates give the records");
    assert_eq!(merged(updates.iter().rev()), records, "{name}: in any order");
    let xml = case["xml"].as_str().unwrap();
    assert_eq!(bpmn::materialise(&records), xml, "{name}: the records give the XML");
}

fn merged<'u>(updates: impl Iterator<Item = &'u Vec<u8>>) -> Records {
    let doc = bpmn::new_doc(99);
    let mut txn = doc.transact_mut();
    for update in updates {
        txn.apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }
    crdt::read(&txn)
}

fn write_all() {
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "json") {
            std::fs::remove_file(path).unwrap();
        }
    }
    for case in cases::all() {
        let mut text = serde_json::to_string_pretty(&to_json(&case)).unwrap();
        text.push('\n');
        std::fs::write(folder.join(format!("{}.json", case.name)), text).unwrap();
    }
}

fn to_json(case: &Case) -> Json {
    let mut json = Map::new();
    json.insert("rules".into(), json!(case.rules));
    json.insert("about".into(), json!(case.about));
    let (records, updates) = match &case.source {
        Source::Text(text) => {
            json.insert("input".into(), json!(text));
            from_text(text.as_bytes(), &mut json)
        }
        Source::Bytes(bytes) => {
            json.insert("inputBase64".into(), json!(BASE64.encode(bytes)));
            from_text(bytes, &mut json)
        }
        Source::Docs(docs) => {
            let updates: Vec<Vec<u8>> = docs
                .iter()
                .map(|d| d.transact().encode_state_as_update_v1(&StateVector::default()))
                .collect();
            (Some(merged(updates.iter())), updates)
        }
    };
    if let Some(records) = records {
        let updates: Vec<String> = updates.iter().map(|u| BASE64.encode(u)).collect();
        json.insert("updates".into(), json!(updates));
        json.insert("xml".into(), json!(bpmn::materialise(&records)));
        json.insert("records".into(), records_to_json(&records));
    }
    Json::Object(json)
}

fn from_text(bytes: &[u8], json: &mut Map<String, Json>) -> (Option<Records>, Vec<Vec<u8>>) {
    match bpmn::import(bytes) {
        Ok(records) => {
            let update = bpmn::seed_update(&records, 1 << 40);
            (Some(records), vec![update])
        }
        Err(error) => {
            let place = json!({ "line": error.line, "column": error.column });
            json.insert("error".into(), place);
            (None, Vec::new())
        }
    }
}

fn records_to_json(records: &Records) -> Json {
    let nodes = records.nodes.iter().map(|(key, record)| {
        let fields = record.0.iter().map(|(field, value)| {
            let value = match value {
                Value::Text(text) => json!(text),
                Value::List(list) => json!(list),
            };
            (field.clone(), value)
        });
        (key.clone(), Json::Object(fields.collect()))
    });
    let ns = records.ns.iter().map(|(alias, namespace)| {
        let mut entry = vec![namespace.uri.clone(), u8::from(namespace.at_root).to_string()];
        entry.extend(namespace.prefix.clone());
        (alias.clone(), json!(entry))
    });
    json!({
        "meta": records.meta,
        "ns": Json::Object(ns.collect()),
        "ao": records.ao,
        "nodes": Json::Object(nodes.collect()),
    })
}

fn records_from_json(json: &Json) -> Records {
    let strings = |json: &Json| -> BTreeMap<String, String> {
        let entries = json.as_object().unwrap().iter();
        entries.map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())).collect()
    };
    let list = |json: &Json| -> Vec<String> {
        json.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let ns = json["ns"].as_object().unwrap().iter().map(|(alias, entry)| {
        let entry = list(entry);
        let namespace = Namespace {
            uri: entry[0].clone(),
            at_root: entry[1] == "1",
            prefix: entry.get(2).cloned(),
        };
        (alias.clone(), namespace)
    });
    let nodes = json["nodes"].as_object().unwrap().iter().map(|(key, fields)| {
        let mut record = Record::default();
        for (field, value) in fields.as_object().unwrap() {
            let value = match value {
                Json::String(text) => Value::Text(text.clone()),
                other => Value::List(list(other)),
            };
            record.0.insert(field.clone(), value);
        }
        (key.clone(), record)
    });
    Records {
        meta: strings(&json["meta"]),
        ns: ns.collect(),
        ao: strings(&json["ao"]),
        nodes: nodes.collect(),
    }
}
