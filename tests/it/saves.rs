//! Saves over REST: merged into the live diagram, refused when stale, and what readers are given.

use atelier::auth::OrgRole;
use atelier::diagram::EMPTY;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::editor::{Editor, named, xml_of};
use crate::harness::{Server, problem};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_text_again_changes_nothing() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let answer = server.put_xml(&ana, &id, "\"v1\"", named("P", "S", "E")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["etag"], "\"v1\"");
    let saved: Value = answer.json().await.unwrap();
    assert_eq!(saved, json!({ "version": 1, "changed": false, "conflicts": [] }));
    assert_eq!(xml_of(&server, &ana, &id).await, ("\"v1\"".to_owned(), named("P", "S", "E")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_becomes_a_version_and_reaches_the_live_room() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    let answer = server.put_xml(&ana, &id, "\"v1\"", named("P", "Begin", "E")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let saved: Value = answer.json().await.unwrap();
    assert_eq!(saved, json!({ "version": 2, "changed": true, "conflicts": [] }));

    live.take_update().await;
    assert_eq!(live.name_of("StartEvent_1").as_deref(), Some("Begin"));
    let (tag, xml) = xml_of(&server, &ana, &id).await;
    assert_eq!(tag, "\"v2\"");
    assert!(xml.contains("name=\"Begin\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_keeps_live_edits_elsewhere_and_wins_where_both_changed() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "live end").await;
    live.rename("Process_1", "live process").await;

    let answer = server.put_xml(&ana, &id, "\"v1\"", named("saved process", "Begin", "E")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let saved: Value = answer.json().await.unwrap();
    let conflicts = saved["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1, "{saved}");
    assert_eq!(conflicts[0]["element"]["id"], "Process_1");
    assert_eq!(conflicts[0]["current"], "live process");
    assert_eq!(conflicts[0]["saved"], "saved process");

    let (_, xml) = xml_of(&server, &ana, &id).await;
    for name in ["saved process", "Begin", "live end"] {
        assert!(xml.contains(&format!("name=\"{name}\"")), "{name}: {xml}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_a_live_diagram_gets_a_version_to_save_on() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "live end").await;

    let (tag, xml) = xml_of(&server, &ana, &id).await;
    assert_eq!(tag, "\"v2\"");
    assert!(xml.contains("name=\"live end\""));
    assert_eq!(xml_of(&server, &ana, &id).await.0, "\"v2\"", "nothing changed, nothing stored");

    live.rename("StartEvent_1", "live start").await;
    let saved = xml.replace("name=\"live end\"", "name=\"saved end\"");
    let answer = server.put_xml(&ana, &id, &tag, saved).await;
    let report: Value = answer.json().await.unwrap();
    assert_eq!(report["conflicts"], json!([]));
    let (_, xml) = xml_of(&server, &ana, &id).await;
    assert!(xml.contains("name=\"saved end\"") && xml.contains("name=\"live start\""), "{xml}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_edited_back_comes_out_as_it_was_uploaded() {
    let server = Server::start().await;
    let ana = server.member();
    let upload = named("P", "S", "E").replace('\n', "\r\n").replace("<?xml", "\u{FEFF}<?xml");
    let id = server.create(&ana, &upload).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "other").await;
    assert!(xml_of(&server, &ana, &id).await.1.contains("name=\"other\""));
    live.rename("End", "E").await;
    let path = format!("/api/diagrams/{id}/xml");
    let answer = server.get(&ana, &path).await;
    assert_eq!(answer.headers()["etag"], "\"v3\"");
    assert_eq!(&answer.bytes().await.unwrap()[..], upload.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_on_what_somebody_saved_over_is_stale_unless_a_merge_is_wanted() {
    let server = Server::start().await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    let id = server.create(&ana, &named("P", "S", "E")).await;
    server.put_xml(&ana, &id, "\"v1\"", named("P", "Begin", "E")).await;

    let stale = server.put_xml(&bob, &id, "\"v1\"", named("P", "S", "Stop")).await;
    assert_eq!(stale.headers()["etag"], "\"v2\"");
    let body = problem(stale, 412, "stale").await;
    assert_eq!((&body["currentVersion"], &body["expectedVersion"]), (&json!(2), &json!(1)));
    assert!(!xml_of(&server, &ana, &id).await.1.contains("Stop"));

    let merged = server
        .request(&bob, Method::PUT, &format!("/api/diagrams/{id}/xml"))
        .header("if-match", "\"v1\"")
        .header("prefer", "merge")
        .body(named("P", "S", "Stop"))
        .send()
        .await
        .unwrap();
    assert_eq!(merged.status(), StatusCode::OK);
    let (tag, xml) = xml_of(&server, &ana, &id).await;
    assert_eq!(tag, "\"v3\"");
    assert!(xml.contains("Begin") && xml.contains("Stop"), "{xml}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_names_its_base_or_says_replace() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let path = format!("/api/diagrams/{id}/xml");
    let put = |query: &str| {
        server
            .request(&ana, Method::PUT, &format!("{path}{query}"))
            .body(named("Q", "S", "E"))
            .send()
    };
    problem(put("").await.unwrap(), 428, "precondition-required").await;
    problem(put("?mode=nix").await.unwrap(), 422, "invalid-value").await;
    let far = server.put_xml(&ana, &id, "\"v9\"", EMPTY).await;
    problem(far, 412, "stale").await;

    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "live end").await;
    let replaced = put("?mode=replace").await.unwrap();
    assert_eq!(replaced.status(), StatusCode::OK);
    let report: Value = replaced.json().await.unwrap();
    assert_eq!((&report["changed"], &report["conflicts"]), (&json!(true), &json!([])));
    let (_, xml) = xml_of(&server, &ana, &id).await;
    assert!(xml.contains("name=\"Q\"") && !xml.contains("live end"), "{xml}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_that_a_live_edit_deleted_stays_deleted_and_is_reported() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.delete("End").await;
    let answer = server.put_xml(&ana, &id, "\"v1\"", named("P", "S", "Stop")).await;
    let report: Value = answer.json().await.unwrap();
    assert_eq!(report["conflicts"][0]["kind"], "deleted-meanwhile", "{report}");
    assert!(!xml_of(&server, &ana, &id).await.1.contains("Stop"));
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_who_come_together_share_one_hidden_version() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "live end").await;
    // Many more than may store one at once: whoever finds it stored does not wait for a turn.
    let readers: Vec<_> = (0..300).map(|_| xml_of(&server, &ana, &id)).collect();
    for (tag, xml) in futures_util::future::join_all(readers).await {
        assert_eq!(tag, "\"v2\"");
        assert!(xml.contains("live end"));
    }
}

/// A works in a session, B saves a file from a stale version, C works live: the story.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_anybody_did_is_lost_and_the_history_tells_and_brings_back() {
    let server = Server::start().await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    let cyd = server.user("acme", "cyd", OrgRole::Member);
    let id = server.create(&ana, include_str!("../fixtures/order-to-delivery.bpmn")).await;
    let (_, first) = xml_of(&server, &bob, &id).await;
    let name = |xml: &str, id: &str, name: &str| {
        let at = xml.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {xml}"));
        let (start, end) = (xml[..at].rfind('<').unwrap(), at + xml[at..].find('>').unwrap());
        let tag = &xml[start..end];
        let was = tag.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let renamed = tag.replace(&format!("name=\"{was}\""), &format!("name=\"{name}\""));
        format!("{}{renamed}{}", &xml[..start], &xml[end..])
    };
    let tasks: Vec<String> = first
        .split("ask id=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    let [one, two, three, ..] = tasks.as_slice() else { panic!("three tasks: {tasks:?}") };

    let mut a = Editor::join(&server, &ana, &id, 11).await;
    let mut c = Editor::join(&server, &cyd, &id, 12).await;
    a.rename(one, "by A").await;
    let saved = server.put_xml(&ana, &id, "\"v1\"", name(&first, three, "saved by A")).await;
    assert_eq!(saved.status(), StatusCode::OK);
    c.rename(two, "by C").await;

    // B still has version 1, and changed what A saved as well as something of its own.
    let stale = name(&name(&first, three, "by B"), two, "also by B");
    let refused = server.put_xml(&bob, &id, "\"v1\"", stale.clone()).await;
    let body = problem(refused, 412, "stale").await;
    let clashes: Vec<_> =
        body["conflicts"].as_array().unwrap().iter().map(|c| c["element"]["id"].clone()).collect();
    assert_eq!(clashes.len(), 2, "{body}");
    assert!(clashes.contains(&json!(two)) && clashes.contains(&json!(three)));
    let (_, before) = xml_of(&server, &bob, &id).await;
    for there in ["by A", "by C", "saved by A"] {
        assert!(before.contains(&format!("name=\"{there}\"")), "{there}");
    }
    let merged = server
        .request(&bob, Method::PUT, &format!("/api/diagrams/{id}/xml"))
        .header("if-match", "\"v1\"")
        .header("prefer", "merge")
        .body(stale)
        .send()
        .await
        .unwrap();
    let merged: Value = merged.json().await.unwrap();
    let lost: Vec<_> =
        merged["conflicts"].as_array().unwrap().iter().map(|c| c["current"].clone()).collect();
    assert!(lost.contains(&json!("by C")) && lost.contains(&json!("saved by A")), "{merged}");

    let path = format!("/api/diagrams/{id}/versions");
    let list: Value = server.get(&ana, &path).await.json().await.unwrap();
    let of_a = list["versions"].as_array().unwrap().iter().find(|v| v["authors"][0]["id"] == "ana");
    let version = &of_a.unwrap()["version"];
    let back =
        server.request(&ana, Method::POST, &format!("{path}/{version}/restore")).send().await;
    assert_eq!(back.unwrap().status(), StatusCode::OK);
    let (_, xml) = xml_of(&server, &ana, &id).await;
    assert!(xml.contains("name=\"saved by A\"") && !xml.contains("by B"), "{xml}");
    atelier::diagram::read(xml.as_bytes()).unwrap();
}
