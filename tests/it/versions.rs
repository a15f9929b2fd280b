//! History over REST: automatic, named and restored versions, their authors, and what changed between them.

use std::time::Duration;

use atelier::auth::OrgRole;
use atelier::config::Config;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::editor::{Editor, named, xml_of};
use crate::harness::{Server, User, eventually, problem};

/// Versions as soon as the last editor has gone.
fn soon(config: &mut Config) {
    config.versions.after_leaving = Duration::ZERO;
}

async fn versions(server: &Server, user: &User, id: &str) -> Vec<Value> {
    let answer = server.get(user, &format!("/api/diagrams/{id}/versions")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let list: Value = answer.json().await.unwrap();
    list["versions"].as_array().unwrap().clone()
}

/// The list, once it has so many versions.
async fn versions_become(server: &Server, user: &User, id: &str, count: usize) -> Vec<Value> {
    eventually("the version is made", async || {
        Some(versions(server, user, id).await).filter(|list| list.len() >= count)
    })
    .await
}

async fn name_it(server: &Server, user: &User, id: &str, body: Value) -> reqwest::Response {
    let path = format!("/api/diagrams/{id}/versions");
    server.request(user, Method::POST, &path).json(&body).send().await.unwrap()
}

async fn restore(server: &Server, user: &User, id: &str, version: u32) -> reqwest::Response {
    let path = format!("/api/diagrams/{id}/versions/{version}/restore");
    server.request(user, Method::POST, &path).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_edited_becomes_a_version_of_its_authors_when_the_last_editor_leaves() {
    let server = Server::start_with(soon).await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    let vic = server.user("acme", "vic", OrgRole::Viewer);
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let viewer = Editor::join(&server, &vic, &id, 9).await;
    let mut first = Editor::join(&server, &bob, &id, 11).await;
    let mut second = Editor::join(&server, &ana, &id, 12).await;
    first.rename("End", "done").await;
    second.rename("StartEvent_1", "go").await;
    drop(first);
    drop(second);
    let list = versions_become(&server, &ana, &id, 2).await;
    assert_eq!((&list[0]["version"], &list[0]["kind"]), (&json!(2), &json!("automatic")));
    assert_eq!(
        list[0]["authors"],
        json!([{ "id": "ana", "name": null }, { "id": "bob", "name": null }])
    );
    assert_eq!(list[0]["counts"]["endEvent"], 1, "{}", list[0]);
    assert_eq!((&list[1]["version"], &list[1]["kind"]), (&json!(1), &json!("uploaded")));
    let xml = server.get(&ana, list[0]["xmlUrl"].as_str().unwrap()).await;
    assert_eq!(xml.headers()["etag"], "\"v2\"");
    let xml = xml.text().await.unwrap();
    assert!(xml.contains("name=\"done\"") && xml.contains("name=\"go\""), "{xml}");
    drop(viewer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_made_on_the_timer_while_somebody_edits() {
    let server = Server::start_with(|config| {
        config.versions.every = Duration::from_secs(1);
    })
    .await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "one").await;
    let list = versions_become(&server, &ana, &id, 2).await;
    assert_eq!(list[0]["kind"], "automatic");
    live.rename("End", "two").await;
    let list = versions_become(&server, &ana, &id, 3).await;
    assert_eq!(list[0]["authors"], json!([{ "id": "ana", "name": null }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_server_could_not_keep_the_next_one_does_with_its_authors() {
    let server = Server::start().await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &bob, &id, 11).await;
    live.rename("End", "done").await;
    assert_eq!(versions(&server, &ana, &id).await.len(), 1);
    let dir = server.stop().await;
    let server = Server::start_in_with(dir, soon).await;
    let ana = server.member();
    let list = versions_become(&server, &ana, &id, 2).await;
    assert_eq!(list[0]["authors"], json!([{ "id": "bob", "name": null }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_milestone_names_the_present_state() {
    let server = Server::start().await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &bob, &id, 11).await;
    live.rename("End", "done").await;
    let answer =
        name_it(&server, &ana, &id, json!({ "name": " Approved ", "message": "by Eve" })).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let made: Value = answer.json().await.unwrap();
    assert_eq!((&made["kind"], &made["name"]), (&json!("named"), &json!("Approved")));
    assert_eq!(
        made["authors"],
        json!([{ "id": "ana", "name": null }, { "id": "bob", "name": null }])
    );
    assert_eq!(made["message"], "by Eve");
    let shown: Value = server.get(&ana, &location).await.json().await.unwrap();
    assert_eq!(shown, made);

    // The same state again: the same name is the same version, another name another one.
    let again: Value =
        name_it(&server, &ana, &id, json!({ "name": "Approved" })).await.json().await.unwrap();
    assert_eq!(again["version"], 2);
    let other: Value =
        name_it(&server, &ana, &id, json!({ "name": "Final" })).await.json().await.unwrap();
    assert_eq!((&other["version"], &other["name"]), (&json!(3), &json!("Final")));
    // It is no save: whoever works on version 1 is not stale.
    let saved = server.put_xml(&ana, &id, "\"v1\"", named("P", "Begin", "E")).await;
    assert_eq!(saved.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_on_an_unchanged_diagram_goes_to_its_newest_version() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let made: Value =
        name_it(&server, &ana, &id, json!({ "name": "Start" })).await.json().await.unwrap();
    assert_eq!((&made["version"], &made["kind"]), (&json!(1), &json!("uploaded")));
    assert_eq!(made["name"], "Start");
    // A hidden version that holds the state comes into sight.
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "done").await;
    assert_eq!(xml_of(&server, &ana, &id).await.0, "\"v2\"");
    assert_eq!(versions(&server, &ana, &id).await.len(), 1);
    let made: Value =
        name_it(&server, &ana, &id, json!({ "name": "Done" })).await.json().await.unwrap();
    assert_eq!((&made["version"], &made["kind"]), (&json!(2), &json!("named")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_is_an_edit_that_live_clients_see_and_loses_nothing() {
    let server = Server::start().await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    let upload = named("P", "S", "E").replace('\n', "\r\n");
    let id = server.create(&ana, &upload).await;
    let mut live = Editor::join(&server, &bob, &id, 11).await;
    live.rename("End", "live end").await;
    live.delete("StartEvent_1").await;

    let answer = restore(&server, &ana, &id, 1).await;
    assert_eq!(answer.headers()["etag"], "\"v3\"");
    let saved: Value = answer.json().await.unwrap();
    assert_eq!(saved, json!({ "version": 3, "changed": true, "conflicts": [] }));
    live.take_update().await;
    assert_eq!(live.name_of("End").as_deref(), Some("E"));
    assert_eq!(live.name_of("StartEvent_1").as_deref(), Some("S"));
    // Edited back to what was uploaded, it comes out as it was uploaded.
    assert_eq!(xml_of(&server, &ana, &id).await, ("\"v3\"".to_owned(), upload));

    let list = versions(&server, &ana, &id).await;
    let kinds: Vec<_> = list.iter().map(|v| v["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["restored", "automatic", "uploaded"]);
    assert_eq!(
        (&list[0]["restoredFrom"], &list[1]["authors"]),
        (&json!(1), &json!([{ "id": "bob", "name": null }]))
    );
    // What was there before the restore comes back the same way.
    assert_eq!(restore(&server, &ana, &id, 2).await.status(), StatusCode::OK);
    let (_, xml) = xml_of(&server, &ana, &id).await;
    assert!(xml.contains("live end") && !xml.contains("startEvent"), "{xml}");
    // Restoring what is there makes no version.
    let same: Value = restore(&server, &ana, &id, 2).await.json().await.unwrap();
    assert_eq!(same, json!({ "version": 4, "changed": false, "conflicts": [] }));
    // A restore is a save: whoever works on an older version is stale.
    let stale = server.put_xml(&ana, &id, "\"v2\"", named("P", "S", "Stop")).await;
    problem(stale, 412, "stale").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_of_unchanged_text_makes_no_version_however_far_the_live_diagram_is() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "live end").await;
    let answer = server.put_xml(&ana, &id, "\"v1\"", named("P", "S", "E")).await;
    let saved: Value = answer.json().await.unwrap();
    assert_eq!((&saved["changed"], &saved["conflicts"]), (&json!(false), &json!([])));
    assert_eq!(versions(&server, &ana, &id).await.len(), 1);
    let (tag, xml) = xml_of(&server, &ana, &id).await;
    assert_eq!(tag, format!("\"v{}\"", saved["version"]));
    assert!(xml.contains("live end"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_paged_and_its_tag_changes_with_it() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    for n in 2..=5_u32 {
        let text = named("P", &format!("S{n}"), "E");
        server.put_xml(&ana, &id, &format!("\"v{}\"", n - 1), text).await;
    }
    let path = format!("/api/diagrams/{id}/versions");
    let mut seen = Vec::new();
    let mut page = format!("{path}?limit=2");
    loop {
        let list: Value = server.get(&ana, &page).await.json().await.unwrap();
        seen.extend(
            list["versions"].as_array().unwrap().iter().map(|v| v["version"].as_u64().unwrap()),
        );
        let Some(cursor) = list["nextCursor"].as_str() else { break };
        page = format!("{path}?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    problem(server.get(&ana, &format!("{path}?cursor=x")).await, 400, "bad-request").await;
    problem(server.get(&ana, &format!("{path}?limit=0")).await, 422, "invalid-value").await;

    let tag = server.get(&ana, &path).await.headers()["etag"].clone();
    let get = || server.request(&ana, Method::GET, &path).header("if-none-match", &tag).send();
    assert_eq!(get().await.unwrap().status(), StatusCode::NOT_MODIFIED);
    name_it(&server, &ana, &id, json!({ "name": "Five" })).await;
    assert_eq!(get().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_automatic_versions_go_and_named_ones_stay() {
    let server = Server::start_with(|config| {
        soon(config);
        config.versions.keep_automatic = 2;
        config.versions.keep_saved = 1;
        config.versions.keep_all_for = Duration::ZERO;
    })
    .await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    for n in 2..=5_u32 {
        let mut live = Editor::join(&server, &ana, &id, u64::from(10 + n)).await;
        live.rename("End", &format!("edit {n}")).await;
        drop(live);
        eventually("the version is made", async || {
            (versions(&server, &ana, &id).await[0]["version"] == json!(n)).then_some(())
        })
        .await;
        if n == 2 {
            name_it(&server, &ana, &id, json!({ "name": "Keep me" })).await;
        }
    }
    let numbers = |list: Vec<Value>| -> Vec<u64> {
        list.iter().map(|v| v["version"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(versions(&server, &ana, &id).await), [5, 4, 2, 1]);
    for n in 6..=7_u32 {
        let text = named("P", &format!("S{n}"), "E");
        server.put_xml(&ana, &id, &format!("\"v{}\"", n - 1), text).await;
    }
    assert_eq!(numbers(versions(&server, &ana, &id).await), [7, 5, 4, 2, 1]);
    let gone = server.put_xml(&ana, &id, "\"v3\"", named("P", "S", "E")).await;
    problem(gone, 412, "stale").await;
    let gone = server
        .request(&ana, Method::PUT, &format!("/api/diagrams/{id}/xml"))
        .header("if-match", "\"v3\"")
        .header("prefer", "merge")
        .body(named("P", "S", "E"))
        .send()
        .await
        .unwrap();
    problem(gone, 409, "base-gone").await;
    problem(restore(&server, &ana, &id, 3).await, 404, "not-found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_tells_meaning_and_layout_apart() {
    let server = Server::start().await;
    let ana = server.member();
    let flow = |target: &str, x: u32, extra: &str| {
        let elements = format!(
            "<bpmn:startEvent id=\"S\" name=\"Go\" /><bpmn:task id=\"A\" name=\"Pay\" />\
             <bpmn:task id=\"B\" />{extra}\
             <bpmn:sequenceFlow id=\"F\" sourceRef=\"S\" targetRef=\"{target}\" />"
        );
        let shape = format!(
            "<bpmndi:BPMNShape id=\"A_di\" bpmnElement=\"A\">\
             <dc:Bounds x=\"{x}\" y=\"10\" width=\"100\" height=\"80\" /></bpmndi:BPMNShape>"
        );
        atelier::diagram::EMPTY
            .replace("<bpmn:startEvent id=\"StartEvent_1\" />", &elements)
            .split("<bpmndi:BPMNShape")
            .next()
            .map(|head| {
                format!("{head}{shape}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>")
            })
            .unwrap()
    };
    let id = server.create(&ana, &flow("A", 10, "")).await;
    let second = flow("B", 20, "<bpmn:userTask id=\"C\" />").replace("Pay", "Pay now");
    assert_eq!(server.put_xml(&ana, &id, "\"v1\"", second).await.status(), StatusCode::OK);
    let path = format!("/api/diagrams/{id}/diff?from=1&to=2");
    let answer = server.get(&ana, &path).await;
    let tag = answer.headers()["etag"].clone();
    let diff: Value = answer.json().await.unwrap();
    assert_eq!(diff["added"][0]["element"]["id"], "C", "{diff}");
    assert_eq!(
        (&diff["renamed"][0]["from"], &diff["renamed"][0]["to"]),
        (&json!("Pay"), &json!("Pay now"))
    );
    let ends = json!([{ "field": "targetRef", "from": "A", "to": "B" }]);
    assert_eq!(
        (&diff["reconnected"][0]["element"]["id"], &diff["reconnected"][0]["changes"]),
        (&json!("F"), &ends)
    );
    assert_eq!(
        (&diff["layout"][0]["element"]["id"], &diff["layout"][0]["change"]),
        (&json!("A"), &json!("moved"))
    );
    assert_eq!(
        (&diff["removed"], &diff["changed"], &diff["moved"]),
        (&json!([]), &json!([]), &json!([]))
    );
    let again =
        server.request(&ana, Method::GET, &path).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    // Up to now, live edits included.
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("S", "Begin").await;
    let now: Value =
        server.get(&ana, &format!("/api/diagrams/{id}/diff?from=2")).await.json().await.unwrap();
    assert_eq!((&now["to"], &now["renamed"][0]["to"]), (&Value::Null, &json!("Begin")));
    assert_eq!((&now["added"], &now["layout"]), (&json!([]), &json!([])));
    problem(server.get(&ana, &format!("/api/diagrams/{id}/diff")).await, 400, "bad-request").await;
    problem(server.get(&ana, &format!("/api/diagrams/{id}/diff?from=9")).await, 404, "not-found")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_closed_to_other_tenants_and_viewers_only_read_it() {
    let server = Server::start().await;
    let (ana, eve) = (server.member(), server.user("evil", "eve", OrgRole::Admin));
    let vic = server.user("acme", "vic", OrgRole::Viewer);
    let id = server.create(&ana, &named("P", "S", "E")).await;
    for (method, path) in [
        (Method::GET, "/versions"),
        (Method::GET, "/versions/1"),
        (Method::GET, "/versions/1/xml"),
        (Method::GET, "/diff?from=1"),
        (Method::POST, "/versions"),
        (Method::POST, "/versions/1/restore"),
    ] {
        let path = format!("/api/diagrams/{id}{path}");
        let body = json!({ "name": "x" });
        let send = |user: &User| server.request(user, method.clone(), &path).json(&body).send();
        problem(send(&eve).await.unwrap(), 404, "not-found").await;
        let answer = send(&vic).await.unwrap();
        if method == Method::GET {
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
        } else {
            problem(answer, 403, "forbidden").await;
        }
    }
    for bad in [json!({}), json!({ "name": 3 }), json!({ "name": "x", "nix": 1 })] {
        problem(name_it(&server, &ana, &id, bad).await, 400, "invalid-body").await;
    }
    for bad in [" ".to_owned(), "x".repeat(201)] {
        let body = problem(
            name_it(&server, &ana, &id, json!({ "name": bad })).await,
            422,
            "invalid-value",
        )
        .await;
        assert_eq!(body["field"], "name");
    }
    for path in ["/versions/0", "/versions/x", "/versions/9", "/versions/9/xml"] {
        problem(server.get(&ana, &format!("/api/diagrams/{id}{path}")).await, 404, "not-found")
            .await;
    }
}
