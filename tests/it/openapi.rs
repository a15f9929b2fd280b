//! The description of the REST API: it is what is checked in, complete, and what the server gives.

use std::collections::BTreeSet;
use std::path::PathBuf;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::harness::Server;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

pub(crate) fn document() -> Value {
    serde_json::from_str(&atelier::http::openapi::text().unwrap()).unwrap()
}

/// Method, path and operation of everything that is documented.
pub(crate) fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(METHODS.contains(&&method[..]), "{path} has {method}");
            let method = method.to_uppercase().parse().unwrap();
            found.push((method, path.clone(), operation.clone()));
        }
    }
    found
}

/// `docs/openapi.json` is what a reviewer sees of a change of the API: run with UPDATE=1 to write it anew.
#[test]
fn the_checked_in_document_is_the_one_of_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let now = atelier::http::openapi::text().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differ = kept.lines().zip(now.lines()).enumerate().find(|(_, (kept, now))| kept != now);
    assert!(
        kept == now,
        "docs/openapi.json differs, first at {differ:?}: UPDATE=1 cargo test --test it openapi"
    );
}

#[test]
fn every_operation_says_what_it_is_for_and_every_reference_leads_somewhere() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let text = |member: &str| operation[member].as_str().unwrap_or_default().to_owned();
        assert!(names.insert(text("operationId")), "{method} {path} has the name of another");
        assert!(!text("summary").is_empty(), "{method} {path}");
        assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{method} {path}");
        let given = operation["parameters"].as_array().cloned().unwrap_or_default();
        for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let has = given.iter().map(|one| resolved(&document, one));
            assert!(has.into_iter().any(|one| one["name"] == name), "{method} {path}: {name}");
        }
    }
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in references {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
    }
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str();
    reference.map_or(value, |reference| document.pointer(&reference[1..]).unwrap())
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str().filter(|_| name == "$ref") {
                    Some(reference) => drop(references.insert(reference.to_owned())),
                    None => collect(member, references),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

/// What the router holds beside what `routes!` documents are pages, never the API.
#[test]
fn no_route_of_the_api_is_undocumented() {
    let router = include_str!("../../src/http/mod.rs");
    let plain: Vec<&str> = router.split(".route(\"").skip(1).collect();
    assert!(!plain.is_empty());
    for route in plain {
        assert!(!route.starts_with("/api"), "{}", route.lines().next().unwrap_or_default());
    }
}

#[tokio::test]
async fn the_server_gives_its_document_to_anybody_and_only_once() {
    let server = Server::start().await;
    let response = server.bare(Method::GET, "/openapi.json").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "public, no-cache");
    let tag = response.headers()["etag"].clone();
    assert_eq!(response.json::<Value>().await.unwrap(), document());
    let again = server.bare(Method::GET, "/openapi.json").header("if-none-match", tag);
    assert_eq!(again.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
}
