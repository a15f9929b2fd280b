//! Diagrams as JSON: saves that name their base, changes of the entry, deletion and return, answers given twice.

use std::time::Duration;

use atelier::auth::OrgRole;
use atelier::limits;
use atelier::store::sqlite::{DATABASE, Store};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::editor::{Editor, named, xml_of};
use crate::harness::{Server, User, eventually, problem};

fn at(server: &Server, user: &User, method: Method, id: &str, below: &str) -> RequestBuilder {
    server.request(user, method, &format!("/api/diagrams/{id}{below}"))
}

async fn put(server: &Server, user: &User, id: &str, body: &Value) -> Response {
    at(server, user, Method::PUT, id, "").json(body).send().await.unwrap()
}

/// Whether the database still knows the diagram, deleted or not.
async fn is_stored(server: &Server, id: &str) -> bool {
    let path = server.dir.path().join(DATABASE);
    let mut conn =
        SqliteConnectOptions::new().filename(path).read_only(true).connect().await.unwrap();
    let sql = "SELECT count(*) FROM diagrams WHERE id = ?1";
    sqlx::query_scalar::<_, i64>(sql).bind(id).fetch_one(&mut conn).await.unwrap() > 0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_as_json_takes_title_metadata_and_xml_in_one_go() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "live end").await;
    let body = json!({
        "title": "Order", "metadata": { "owner": "sales" }, "message": "from the plan",
        "bpmnXml": named("P", "Begin", "E"), "expectedVersion": 1,
    });
    let answer = put(&server, &ana, &id, &body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
    let saved: Value = answer.json().await.unwrap();
    assert_eq!((&saved["title"], &saved["metadata"]["owner"]), (&json!("Order"), &json!("sales")));
    assert_eq!((&saved["version"], &saved["changed"]), (&json!(2), &json!(true)));
    assert_eq!(saved["conflicts"], json!([]));
    assert!(tag.starts_with("\"v2."), "{tag}");
    let (_, xml) = xml_of(&server, &ana, &id).await;
    assert!(xml.contains("name=\"Begin\"") && xml.contains("name=\"live end\""), "{xml}");

    // What is absent stays; If-Match is as good as expectedVersion.
    let answer = at(&server, &ana, Method::PUT, &id, "")
        .header("if-match", &tag)
        .json(&json!({ "title": "Order to cash" }))
        .send()
        .await
        .unwrap();
    let saved: Value = answer.json().await.unwrap();
    assert_eq!(
        (&saved["title"], &saved["metadata"]["owner"]),
        (&json!("Order to cash"), &json!("sales"))
    );
    assert_eq!((&saved["version"], &saved["changed"]), (&json!(2), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_save_is_refused_with_what_both_changed_or_merged_if_wanted() {
    let server = Server::start().await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    let id = server.create(&ana, &named("P", "S", "E")).await;
    server.put_xml(&ana, &id, "\"v1\"", named("P", "Begin", "Done")).await;
    let mine = json!({ "bpmnXml": named("Q", "Start", "E"), "expectedVersion": 1 });
    for (by_header, status, code) in [(false, 409, "version-conflict"), (true, 412, "stale")] {
        let answer = if by_header {
            server.put_xml(&bob, &id, "\"v1\"", named("Q", "Start", "E")).await
        } else {
            put(&server, &bob, &id, &mine).await
        };
        assert_eq!(answer.headers()["etag"], "\"v2\"");
        let body = problem(answer, status, code).await;
        assert_eq!((&body["currentVersion"], &body["expectedVersion"]), (&json!(2), &json!(1)));
        let conflicts = body["conflicts"].as_array().unwrap();
        assert_eq!(conflicts.len(), 1, "{body}");
        assert_eq!(conflicts[0]["element"]["id"], "StartEvent_1");
        assert_eq!(
            (&conflicts[0]["current"], &conflicts[0]["saved"]),
            (&json!("Begin"), &json!("Start"))
        );
    }
    assert!(!xml_of(&server, &ana, &id).await.1.contains("name=\"Q\""));

    let merged = at(&server, &bob, Method::PUT, &id, "").header("prefer", "merge").json(&mine);
    let merged: Value = merged.send().await.unwrap().json().await.unwrap();
    assert_eq!((&merged["version"], &merged["conflicts"][0]["kept"]), (&json!(3), &json!("saved")));
    let (_, xml) = xml_of(&server, &ana, &id).await;
    for name in ["Q", "Start", "Done"] {
        assert!(xml.contains(&format!("name=\"{name}\"")), "{name}: {xml}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_as_json_says_what_it_builds_on_and_nothing_that_contradicts_itself() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let xml = named("Q", "S", "E");
    problem(
        put(&server, &ana, &id, &json!({ "bpmnXml": xml })).await,
        428,
        "precondition-required",
    )
    .await;
    let far = json!({ "bpmnXml": xml, "expectedVersion": 7 });
    problem(put(&server, &ana, &id, &far).await, 409, "version-conflict").await;
    let two = at(&server, &ana, Method::PUT, &id, "")
        .header("if-match", "\"v2\"")
        .json(&json!({ "bpmnXml": xml, "expectedVersion": 1 }));
    problem(two.send().await.unwrap(), 422, "invalid-value").await;
    for (field, bad) in [
        ("title", json!({ "title": " ", "expectedVersion": 1 })),
        ("metadata", json!({ "metadata": [], "expectedVersion": 1 })),
        (
            "metadata",
            json!({ "metadata": { "x": "y".repeat(limits::MAX_METADATA_BYTES) }, "expectedVersion": 1 }),
        ),
        (
            "message",
            json!({ "message": "x".repeat(limits::MAX_MESSAGE_BYTES + 1), "expectedVersion": 1 }),
        ),
    ] {
        let body = problem(put(&server, &ana, &id, &bad).await, 422, "invalid-value").await;
        assert_eq!(body["field"], field);
    }
    let broken = json!({ "title": "New", "bpmnXml": "<a>", "expectedVersion": 1 });
    problem(put(&server, &ana, &id, &broken).await, 422, "invalid-bpmn").await;
    let summary: Value =
        at(&server, &ana, Method::GET, &id, "/summary").send().await.unwrap().json().await.unwrap();
    assert_ne!(summary["title"], "New", "refused as a whole");
    let replaced =
        at(&server, &ana, Method::PUT, &id, "?mode=replace").json(&json!({ "bpmnXml": xml }));
    assert_eq!(replaced.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_always_loses_is_no_wish_to_delete_it() {
    let server = Server::start().await;
    let ana = server.member();
    let full =
        named("P", "S", "E").replace("<bpmn:process", "<!-- keep me --><bpmn:process").replace(
            "<bpmn:endEvent id=\"End\"",
            "<bpmn:endEvent x:cost=\"7\" xmlns:x=\"http://x.example\" id=\"End\"",
        );
    let id = server.create(&ana, &full).await;
    let exported = named("P", "S", "E");
    let changed = named("P", "S", "Done");
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"exported\"\r\n\r\n{exported}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"xml\"\r\n\r\n{changed}\r\n--b--\r\n"
    );
    let send = |form: String| {
        at(&server, &ana, Method::PUT, &id, "/xml")
            .header("if-match", "\"v1\"")
            .header("content-type", "multipart/form-data; boundary=b")
            .body(form)
            .send()
    };
    let answer = send(form.clone()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let (_, xml) = xml_of(&server, &ana, &id).await;
    for kept in ["<!-- keep me -->", "x:cost=\"7\"", "name=\"Done\""] {
        assert!(xml.contains(kept), "{kept}: {xml}");
    }
    for bad in
        ["--b--\r\n".to_owned(), form.replace("name=\"xml\"", "name=\"nix\""), "x".to_owned()]
    {
        problem(send(bad).await.unwrap(), 400, "invalid-body").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_says_that_it_is_lossy_deletes_nothing_that_it_cannot_know() {
    let server = Server::start().await;
    let ana = server.member();
    let full = named("P", "S", "E").replace(
        "<bpmn:endEvent id=\"End\"",
        "<!-- keep me --><bpmn:endEvent x:cost=\"7\" xmlns:x=\"http://x.example\" id=\"End\"",
    );
    let id = server.create(&ana, &full).await;
    let save = |query: &'static str, version: &'static str| {
        at(&server, &ana, Method::PUT, &id, query)
            .header("if-match", version)
            .header("content-type", "application/xml")
            .body(named("P", "S", "Done"))
            .send()
    };
    assert_eq!(save("/xml?lossy=true", "\"v1\"").await.unwrap().status(), StatusCode::OK);
    let (tag, xml) = xml_of(&server, &ana, &id).await;
    for kept in ["<!-- keep me -->", "x:cost=\"7\"", "name=\"Done\""] {
        assert!(xml.contains(kept), "{kept}: {xml}");
    }
    assert_eq!(tag, "\"v2\"");
    assert_eq!(save("/xml", "\"v2\"").await.unwrap().status(), StatusCode::OK);
    let (_, xml) = xml_of(&server, &ana, &id).await;
    assert!(!xml.contains("keep me") && !xml.contains("x:cost"), "meant as it stands: {xml}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_changes_what_it_names_and_its_tag_guards_it() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let summary = at(&server, &ana, Method::GET, &id, "/summary").send().await.unwrap();
    let tag = summary.headers()["etag"].clone();
    let patch = |body: Value| at(&server, &ana, Method::PATCH, &id, "").json(&body);
    let answer = patch(json!({ "metadata": { "a": 1, "b": 2 } }))
        .header("if-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let stale = patch(json!({ "title": "Mine" })).header("if-match", &tag).send().await.unwrap();
    problem(stale, 412, "stale").await;
    let answer =
        patch(json!({ "title": "New", "metadata": { "a": null, "c": 3 } })).send().await.unwrap();
    let tag = answer.headers()["etag"].clone();
    let entry: Value = answer.json().await.unwrap();
    assert_eq!((&entry["title"], &entry["metadata"]), (&json!("New"), &json!({ "b": 2, "c": 3 })));
    assert_eq!(entry["version"], 1, "no version of the text");
    let nothing = patch(json!({ "title": "New" })).send().await.unwrap();
    assert_eq!(nothing.headers()["etag"], tag, "nothing changed, nothing is told");
    let same = at(&server, &ana, Method::GET, &id, "/summary").header("if-none-match", &tag);
    assert_eq!(same.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
    problem(patch(json!({ "id": "x" })).send().await.unwrap(), 400, "invalid-body").await;
    let odd = patch(json!({})).header("if-match", "\"v1\"").send().await.unwrap();
    problem(odd, 400, "bad-request").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_that_come_at_once_all_count() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let patches = (0..6).map(|n| {
        let body = json!({ "metadata": { format!("k{n}"): n } });
        at(&server, &ana, Method::PATCH, &id, "").json(&body).send()
    });
    for answer in futures_util::future::join_all(patches).await {
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
    let summary = at(&server, &ana, Method::GET, &id, "/summary").send().await.unwrap();
    let summary: Value = summary.json().await.unwrap();
    assert_eq!(summary["metadata"].as_object().unwrap().len(), 6, "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_diagram_comes_back_with_its_history_and_its_room() {
    let server = Server::start().await;
    let (ana, vic) = (server.member(), server.user("acme", "vic", OrgRole::Viewer));
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "live end").await;
    let deleted = at(&server, &ana, Method::DELETE, &id, "").send().await.unwrap();
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    let undelete = |user: &User| at(&server, user, Method::POST, &id, "/undelete").send();
    problem(undelete(&vic).await.unwrap(), 403, "forbidden").await;
    let eve = server.user("evil", "eve", OrgRole::Admin);
    problem(undelete(&eve).await.unwrap(), 404, "not-found").await;
    let back = undelete(&ana).await.unwrap();
    assert_eq!(back.status(), StatusCode::OK);
    assert!(xml_of(&server, &ana, &id).await.1.contains("live end"));
    let mut again = Editor::join(&server, &ana, &id, 12).await;
    again.rename("End", "after").await;
    assert!(xml_of(&server, &ana, &id).await.1.contains("after"));
    assert_eq!(undelete(&ana).await.unwrap().status(), StatusCode::OK, "once more is no fault");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_long_ago_is_gone_for_good() {
    let server = Server::start().await;
    let ana = server.member();
    let kept = server.create(&ana, &named("P", "S", "E")).await;
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let mut live = Editor::join(&server, &ana, &id, 11).await;
    live.rename("End", "x").await;
    at(&server, &ana, Method::DELETE, &id, "").send().await.unwrap();
    let dir = server.stop().await;
    let server = Server::start_in_with(dir, |config| {
        config.store.keep_deleted_for = Duration::ZERO;
    })
    .await;
    let ana = server.member();
    let undelete = || at(&server, &ana, Method::POST, &id, "/undelete").send();
    // A deleted one that is still there would come back, so it is asked for only once it is gone.
    eventually("it is removed", async || (!is_stored(&server, &id).await).then_some(())).await;
    problem(undelete().await.unwrap(), 404, "not-found").await;
    assert!(xml_of(&server, &ana, &kept).await.1.contains("name=\"S\""));
    let dir = server.stop().await;
    let store = Store::open(dir.path()).await.unwrap();
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_under_its_key_is_carried_out_once() {
    let server = Server::start().await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    let create = |user: &User, key: &'static str, title: &str| {
        server
            .request(user, Method::POST, "/api/diagrams")
            .header("idempotency-key", key)
            .json(&json!({ "title": title }))
            .send()
    };
    let (one, two) = tokio::join!(create(&ana, "k1", "A"), create(&ana, "k1", "A"));
    let mut made = 0;
    for answer in [one.unwrap(), two.unwrap()] {
        // Together, the second may find the first on its way.
        if answer.status() == StatusCode::CREATED {
            made += 1;
        } else {
            problem(answer, 409, "in-progress").await;
        }
    }
    assert!(made >= 1);
    let first = create(&ana, "k1", "A").await.unwrap();
    assert_eq!(first.headers()["idempotency-replayed"], "true");
    assert_eq!(first.status(), StatusCode::CREATED);
    let (location, tag) = (first.headers()["location"].clone(), first.headers()["etag"].clone());
    assert_eq!(first.headers()["content-type"], "application/json");
    let body: Value = first.json().await.unwrap();
    assert!(location.to_str().unwrap().ends_with(body["id"].as_str().unwrap()));
    assert_eq!(tag, "\"v1.1\"");
    assert_eq!(server.list(&ana).await.len(), 1);

    problem(create(&ana, "k1", "B").await.unwrap(), 422, "key-reused").await;
    create(&ana, "k2", "B").await.unwrap();
    create(&bob, "k1", "C").await.unwrap();
    assert_eq!(server.list(&ana).await.len(), 3, "another key and another user's key are new");

    let id = body["id"].as_str().unwrap();
    let save = || {
        at(&server, &ana, Method::PUT, id, "/xml")
            .header("if-match", "\"v1\"")
            .header("idempotency-key", "save")
            .body(named("P", "S", "E"))
            .send()
    };
    let first: Value = save().await.unwrap().json().await.unwrap();
    assert_eq!(first["version"], 2);
    let again = save().await.unwrap();
    assert_eq!(
        (again.status(), &again.headers()["etag"]),
        (StatusCode::OK, &"\"v2\"".parse().unwrap())
    );
    assert_eq!(again.json::<Value>().await.unwrap(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_may_pass_is_not_kept_and_a_bad_key_is_told() {
    let server = Server::start().await;
    let (ana, vic) = (server.member(), server.user("acme", "vic", OrgRole::Viewer));
    let id = server.create(&ana, &named("P", "S", "E")).await;
    let save = |user: &User, key: &str| {
        at(&server, user, Method::PUT, &id, "/xml")
            .header("idempotency-key", key.to_owned())
            .header("if-match", "\"v1\"")
            .body(named("Q", "S", "E"))
            .send()
    };
    for _ in 0..2 {
        let answer = save(&vic, "k").await.unwrap();
        assert!(!answer.headers().contains_key("idempotency-replayed"));
        problem(answer, 403, "forbidden").await;
    }
    for bad in ["", &"x".repeat(256)] {
        problem(save(&ana, bad).await.unwrap(), 400, "bad-request").await;
    }
    let nobody = server.bare(Method::POST, "/api/diagrams").header("idempotency-key", "k").send();
    problem(nobody.await.unwrap(), 401, "unauthorized").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_names_its_authors_as_they_were_called() {
    let server = Server::start().await;
    let ana = server.named_user("acme", "ana", "Ana Müller", OrgRole::Member);
    let id = server.create(&ana, &named("P", "S", "E")).await;
    server.put_xml(&ana, &id, "\"v1\"", named("Q", "S", "E")).await;
    let list: Value = at(&server, &ana, Method::GET, &id, "/versions")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["versions"][0]["authors"], json!([{ "id": "ana", "name": "Ana Müller" }]));
}
