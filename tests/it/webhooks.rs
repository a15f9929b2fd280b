//! Webhooks over REST and real sockets: who is told of what, in which order, how often, and who may know.

use std::collections::HashMap;
use std::time::Duration;

use atelier::auth::OrgRole;
use atelier::config::{Config, UserUrls};
use atelier::diagram::EMPTY;
use atelier::store::catalog::{About, EventKind};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::editor::{Editor, named};
use crate::harness::{Server, User, eventually, problem};
use crate::receiver::{Got, Receiver};

/// Receivers on this machine, and no long waits.
fn quick(config: &mut Config) {
    config.outbound.user_urls = UserUrls::Any;
    config.webhooks.timeout = Duration::from_secs(1);
    config.webhooks.retry_after = Duration::from_millis(20);
}

/// What happens to diagrams, without those who join by coming.
fn of_diagrams() -> Value {
    let kinds = EventKind::ALL.iter().filter(|kind| kind.about() == About::Diagram);
    json!({ "events": kinds.map(|kind| kind.as_str()).collect::<Vec<_>>() })
}

async fn start() -> (Server, User) {
    let server = Server::start_with(quick).await;
    let admin = server.user("acme", "ada", OrgRole::Admin);
    (server, admin)
}

/// A webhook that is told of what `wants` says; its path and its secret.
async fn hook(server: &Server, admin: &User, url: &str, wants: Value) -> (String, String) {
    let mut body = json!({ "url": url });
    body.as_object_mut().unwrap().extend(wants.as_object().unwrap().clone());
    let made =
        server.request(admin, Method::POST, "/api/webhooks").json(&body).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    assert_eq!(made.headers()["cache-control"], "no-store");
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    let secret = made.json::<Value>().await.unwrap()["secret"].as_str().unwrap().to_owned();
    (path, secret)
}

async fn send(server: &Server, user: &User, method: Method, path: &str, body: Value) -> Value {
    let answer = server.request(user, method, path).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    answer.json().await.unwrap_or_default()
}

async fn deliveries(server: &Server, admin: &User, path: &str) -> Vec<Value> {
    let page: Value = server.get(admin, &format!("{path}/deliveries")).await.json().await.unwrap();
    page["deliveries"].as_array().unwrap().clone()
}

/// The deliveries, as soon as all of them stand like this.
async fn all_are(server: &Server, admin: &User, path: &str, status: &str) -> Vec<Value> {
    eventually(status, async || {
        let all = deliveries(server, admin, path).await;
        (!all.is_empty() && all.iter().all(|one| one["status"] == status)).then_some(all)
    })
    .await
}

fn kinds(got: &[Got]) -> Vec<&str> {
    got.iter().map(Got::kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_diagram_is_told_in_order_signed_and_without_its_content() {
    let (server, admin) = start().await;
    let receiver = Receiver::start().await;
    let (path, secret) = hook(&server, &admin, &receiver.url, of_diagrams()).await;
    let ana = server.member();
    let id = server.create(&ana, EMPTY).await;
    let diagram = format!("/api/diagrams/{id}");
    send(&server, &ana, Method::PATCH, &diagram, json!({ "title": "Order" })).await;
    let saved = server.put_xml(&ana, &id, "\"v1\"", named("P", "Go", "Over")).await;
    assert_eq!(saved.status(), StatusCode::OK);
    let named = json!({ "name": "Approved" });
    send(&server, &ana, Method::POST, &format!("{diagram}/versions"), named).await;
    send(&server, &ana, Method::POST, &format!("{diagram}/versions/1/restore"), json!({})).await;
    server.request(&ana, Method::DELETE, &diagram).send().await.unwrap();
    send(&server, &ana, Method::POST, &format!("{diagram}/undelete"), json!({})).await;

    let got = receiver.has(9).await;
    let expected = [
        "diagram.created",
        "diagram.updated",
        "version.created",
        "diagram.updated",
        "version.named",
        "version.created",
        "diagram.updated",
        "diagram.deleted",
        "diagram.undeleted",
    ];
    assert_eq!(kinds(&got), expected);
    for one in &got {
        assert!(one.is_signed_with(&secret), "{one:?}");
        assert!(!one.raw.contains("<bpmn") && one.agent.starts_with("Atelier/"), "{one:?}");
        let data = &one.body["data"];
        assert_eq!((&data["org"], &data["user"]), (&json!("acme"), &json!("ana")));
        assert_eq!(data["diagram"]["id"], id.as_str());
    }
    assert_eq!(got[1].body["data"]["changed"], json!(["title"]));
    assert_eq!(got[1].body["data"]["diagram"]["title"], "Order");
    assert_eq!(got[1].body["data"]["diagram"]["url"], diagram);
    assert_eq!(got[3].body["data"]["changed"], json!(["content"]));
    let version = &got[2].body["data"]["version"];
    assert_eq!((&version["version"], &version["kind"]), (&json!(2), &json!("saved")));
    assert_eq!(version["xmlUrl"], format!("{diagram}/versions/2/xml"));
    assert_eq!(got[4].body["data"]["version"]["name"], "Approved");
    assert_eq!(got[5].body["data"]["version"]["restoredFrom"], 1);
    let ids: std::collections::BTreeSet<_> = got.iter().map(|one| &one.id).collect();
    assert_eq!(ids.len(), got.len());
    let listed = all_are(&server, &admin, &path, "delivered").await;
    assert_eq!(listed[0]["event"], "diagram.undeleted");
    assert_eq!((&listed[0]["attempts"], &listed[0]["lastAnswer"]), (&json!(1), &json!(204)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_edit_is_told_when_it_has_become_a_version_by_itself() {
    let server = Server::start_with(|config| {
        quick(config);
        config.versions.every = Duration::from_secs(1);
    })
    .await;
    let admin = server.user("acme", "ada", OrgRole::Admin);
    let ana = server.member();
    let id = server.create(&ana, &named("P", "Go", "Over")).await;
    let receiver = Receiver::start().await;
    hook(&server, &admin, &receiver.url, json!({ "events": ["version.created"] })).await;
    let mut editor = Editor::join(&server, &ana, &id, 7).await;
    editor.rename("End", "Done").await;
    let got = receiver.has(1).await;
    let version = &got[0].body["data"]["version"];
    assert_eq!((&version["kind"], &version["authors"]), (&json!("automatic"), &json!(["ana"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_told_of_what_it_asked_for_and_never_of_another_tenant() {
    let (server, admin) = start().await;
    let ana = server.member();
    let eve = server.user("evil", "eve", OrgRole::Admin);
    let project =
        send(&server, &ana, Method::POST, "/api/projects", json!({ "name": "Sales" })).await;
    let project = project["id"].as_str().unwrap();
    let one = server.create_empty(&ana).await;
    let (by_kind, by_diagram, by_project) =
        (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    let (theirs, of_members) = (Receiver::start().await, Receiver::start().await);
    let members = json!({ "events": ["member.role-changed", "member.added"] });
    hook(&server, &admin, &of_members.url, members).await;
    hook(&server, &admin, &by_kind.url, json!({ "events": ["diagram.deleted"] })).await;
    hook(&server, &admin, &by_diagram.url, json!({ "diagramId": one })).await;
    hook(&server, &admin, &by_project.url, json!({ "projectId": project })).await;
    hook(&server, &eve, &theirs.url, json!({})).await;

    let two = json!({ "title": "Two", "projectId": project });
    let two = send(&server, &ana, Method::POST, "/api/diagrams", two).await;
    let rename = json!({ "name": "Sales EU" });
    send(&server, &ana, Method::PATCH, &format!("/api/projects/{project}"), rename).await;
    let path = |id: &str| format!("/api/diagrams/{id}");
    send(&server, &ana, Method::PATCH, &path(&one), json!({ "title": "One" })).await;
    server.request(&ana, Method::DELETE, &path(two["id"].as_str().unwrap())).send().await.unwrap();
    let hers = server.create_empty(&eve).await;
    let bob = json!({ "user": "bob", "role": "viewer" });
    send(&server, &admin, Method::POST, "/api/orgs/me/members", bob).await;
    let role = json!({ "role": "member" });
    send(&server, &admin, Method::PATCH, "/api/orgs/me/members/bob", role).await;

    assert_eq!(kinds(&by_diagram.has(1).await), ["diagram.updated"]);
    assert_eq!(kinds(&by_kind.has(1).await), ["diagram.deleted"]);
    let mut of_project = by_project.has(3).await;
    of_project.sort_by(|a, b| a.kind().cmp(b.kind()));
    assert_eq!(kinds(&of_project), ["diagram.created", "diagram.deleted", "project.renamed"]);
    assert_eq!(of_project[2].body["data"]["project"], json!({ "id": project, "name": "Sales EU" }));
    let of_bob = eventually("of bob", async || {
        let got = of_members.got();
        let of_bob = got.iter().filter(|one| one.body["data"]["member"]["id"] == "bob");
        let roles: Vec<_> = of_bob.map(|one| one.body["data"]["member"]["role"].clone()).collect();
        (roles.len() == 2).then_some(roles)
    })
    .await;
    assert_eq!(of_bob, ["viewer", "member"]);
    let told = theirs.has(1).await;
    assert_eq!(told[0].body["data"]["diagram"]["id"], hers.as_str());
    // Whatever was written is on its way by now: a later event has arrived at each.
    for (receiver, count) in [(&by_kind, 1), (&by_diagram, 1), (&by_project, 3), (&theirs, 1)] {
        assert_eq!(receiver.got().len(), count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_again_and_holds_up_only_what_happened_to_the_same_diagram() {
    let (server, admin) = start().await;
    let ana = server.member();
    let (slow, quick) = (server.create_empty(&ana).await, server.create_empty(&ana).await);
    let failing = slow.clone();
    let receiver = Receiver::answering(move |got, number| {
        // The first diagram's first event fails until another diagram's has come.
        let fails = got.body["data"]["diagram"]["id"] == failing.as_str() && number < 5;
        Some(if fails { 500 } else { 200 })
    })
    .await;
    let (path, secret) = hook(&server, &admin, &receiver.url, json!({})).await;
    for (id, title) in [(&slow, "a"), (&slow, "b"), (&slow, "c"), (&quick, "d")] {
        let path = format!("/api/diagrams/{id}");
        send(&server, &ana, Method::PATCH, &path, json!({ "title": title })).await;
    }
    let listed = all_are(&server, &admin, &path, "delivered").await;
    let got = receiver.got();
    let titles = |id: &str| {
        let of = got.iter().filter(|one| one.body["data"]["diagram"]["id"] == id);
        let titles: Vec<_> = of.map(|one| one.body["data"]["diagram"]["title"].clone()).collect();
        titles
    };
    assert_eq!(titles(&quick), ["d"]);
    let of_slow = titles(&slow);
    let (again, rest) = of_slow.split_at(of_slow.len() - 2);
    assert!(again.len() > 2 && again.iter().all(|title| title == "a"), "{of_slow:?}");
    assert_eq!(rest, ["b", "c"]);
    assert!(got.iter().all(|one| one.is_signed_with(&secret)));
    // The same event has the same id each time.
    let first = got.iter().filter(|one| one.body["data"]["diagram"]["title"] == "a");
    assert_eq!(first.map(|one| &one.id).collect::<std::collections::BTreeSet<_>>().len(), 1);
    let attempts: Vec<_> = listed.iter().map(|one| one["attempts"].as_u64().unwrap()).collect();
    assert_eq!(attempts[..3], [1, 1, 1]);
    assert_eq!(attempts[3], again.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_closed_ports_end_as_dead_letters_that_can_be_sent_again() {
    let server = Server::start_with(|config| {
        quick(config);
        config.webhooks.give_up_after = Duration::from_millis(150);
    })
    .await;
    let admin = server.user("acme", "ada", OrgRole::Admin);
    let silent = Receiver::answering(|_, _| None).await;
    let gone = Receiver::start().await.url.clone();
    let recovers = Receiver::answering(|_, number| Some(if number < 4 { 503 } else { 200 })).await;
    let mut paths = Vec::new();
    for url in [&silent.url, &gone, &recovers.url] {
        paths.push(hook(&server, &admin, url, json!({ "events": ["diagram.created"] })).await.0);
    }
    server.create_empty(&server.member()).await;
    let mut events = Vec::new();
    for (path, says) in paths.iter().zip(["no answer in time", "no connection", "503"]) {
        let dead = all_are(&server, &admin, path, "dead").await;
        assert!(dead[0]["error"].as_str().unwrap().contains(says), "{dead:?}");
        assert_eq!(dead[0]["nextAttemptAt"], Value::Null);
        let webhook: Value = server.get(&admin, path).await.json().await.unwrap();
        assert_eq!(webhook["enabled"], true);
        assert!(webhook["failingSince"].is_string(), "{webhook}");
        events.push(dead[0]["id"].as_str().unwrap().to_owned());
    }
    let letters: Value = server
        .get(&admin, &format!("{}/deliveries?status=dead", paths[2]))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(letters["deliveries"][0]["lastAnswer"], 503);
    let pending = format!("{}/deliveries?status=pending", paths[2]);
    let none: Value = server.get(&admin, &pending).await.json().await.unwrap();
    assert_eq!(none, json!({ "deliveries": [], "nextCursor": null }));

    let tries = recovers.got().len();
    let again = format!("{}/deliveries/{}/redeliver", paths[2], events[2]);
    eventually("it has recovered", async || {
        let answer = server.request(&admin, Method::POST, &again).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        all_settled(&server, &admin, &paths[2]).await
    })
    .await;
    assert!(recovers.got().len() > tries);
    let webhook: Value = server.get(&admin, &paths[2]).await.json().await.unwrap();
    assert_eq!(webhook["failingSince"], Value::Null);
}

/// Whether the one delivery has arrived, as soon as that is decided.
async fn all_settled(server: &Server, admin: &User, path: &str) -> Option<()> {
    let status = eventually("it is decided", async || {
        let status = deliveries(server, admin, path).await[0]["status"].clone();
        (status != "pending").then_some(status)
    })
    .await;
    (status == "delivered").then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_says_gone_is_asked_no_more_until_an_admin_switches_it_on() {
    let (server, admin) = start().await;
    let receiver = Receiver::answering(|_, number| Some(if number == 1 { 410 } else { 200 })).await;
    let (path, _) = hook(&server, &admin, &receiver.url, of_diagrams()).await;
    let id = server.create_empty(&server.member()).await;
    let diagram = format!("/api/diagrams/{id}");
    let off = eventually("it is switched off", async || {
        let webhook: Value = server.get(&admin, &path).await.json().await.unwrap();
        (webhook["enabled"] == false).then_some(webhook)
    })
    .await;
    assert_eq!(off["disabledReason"], "gone");
    send(&server, &admin, Method::PATCH, &diagram, json!({ "title": "unheard" })).await;
    assert_eq!(deliveries(&server, &admin, &path).await.len(), 1);
    let since = json!({ "since": "2020-01-01T00:00:00Z" });
    for (action, body) in [("test", json!({})), ("replay", since.clone())] {
        let answer = server.request(&admin, Method::POST, &format!("{path}/{action}")).json(&body);
        problem(answer.send().await.unwrap(), 409, "switched-off").await;
    }
    let audit: Value = server.get(&admin, "/api/audit").await.json().await.unwrap();
    let entry = audit["entries"].as_array().unwrap().iter();
    let entry = { entry }.find(|entry| entry["action"] == "webhook.switched-off").unwrap();
    assert_eq!(
        (&entry["user"], &entry["detail"]["reason"]),
        (&json!("atelier:server"), &json!("gone"))
    );

    let on = send(&server, &admin, Method::PATCH, &path, json!({ "enabled": true })).await;
    assert_eq!((&on["enabled"], &on["disabledReason"]), (&json!(true), &Value::Null));
    let replayed = send(&server, &admin, Method::POST, &format!("{path}/replay"), since).await;
    assert_eq!(replayed, json!({ "events": 2, "nextAfterEvent": null }));
    let got = receiver.has(3).await;
    assert_eq!(kinds(&got[1..]), ["diagram.created", "diagram.updated"]);
    assert_eq!(got[0].id, got[1].id, "the same event once more");

    let after = json!({ "afterEvent": got[1].id });
    let replayed = send(&server, &admin, Method::POST, &format!("{path}/replay"), after).await;
    assert_eq!(replayed["events"], 1);
    assert_eq!(receiver.has(4).await[3].id, got[2].id);
    for (field, bad) in [
        ("afterEvent", json!({ "afterEvent": "nix" })),
        ("since", json!({})),
        ("since", json!({ "since": "2020-01-01T00:00:00Z", "afterEvent": got[1].id })),
    ] {
        let answer = server.request(&admin, Method::POST, &format!("{path}/replay")).json(&bad);
        let body = problem(answer.send().await.unwrap(), 422, "invalid-value").await;
        assert_eq!(body["field"], field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_at_which_nothing_arrives_for_long_is_switched_off() {
    let server = Server::start_with(|config| {
        quick(config);
        config.webhooks.give_up_after = Duration::from_millis(50);
        config.webhooks.switch_off_after = Duration::from_millis(1);
    })
    .await;
    let admin = server.user("acme", "ada", OrgRole::Admin);
    let receiver = Receiver::answering(|_, _| Some(500)).await;
    let (path, _) = hook(&server, &admin, &receiver.url, of_diagrams()).await;
    server.create_empty(&server.member()).await;
    let off = eventually("it is switched off", async || {
        let webhook: Value = server.get(&admin, &path).await.json().await.unwrap();
        (webhook["enabled"] == false).then_some(webhook)
    })
    .await;
    assert_eq!(off["disabledReason"], "failing");
    let dead = all_are(&server, &admin, &path, "dead").await;
    assert_eq!(dead[0]["lastAnswer"], 500);
    let tries = receiver.got().len();
    server.create_empty(&server.member()).await;
    assert_eq!(deliveries(&server, &admin, &path).await.len(), 1);
    assert_eq!(receiver.got().len(), tries);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_once_signs_for_a_while_behind_its_rotation_and_is_stored_sealed() {
    let (server, admin) = start().await;
    let receiver = Receiver::start().await;
    let (path, old) = hook(&server, &admin, &receiver.url, json!({})).await;
    let pinged = send(&server, &admin, Method::POST, &format!("{path}/test"), json!({})).await;
    let got = receiver.has(1).await;
    assert_eq!((got[0].kind(), &json!(got[0].id)), ("webhook.ping", &pinged["eventId"]));
    assert!(got[0].is_signed_with(&old));
    let rotated =
        send(&server, &admin, Method::POST, &format!("{path}/rotate-secret"), json!({})).await;
    let new = rotated["secret"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    assert!(rotated["previousSecretUntil"].is_string());
    send(&server, &admin, Method::POST, &format!("{path}/test"), json!({})).await;
    let both = receiver.has(2).await;
    assert!(both[1].is_signed_with(&old) && both[1].is_signed_with(&new));
    assert!(!both[0].is_signed_with(&new));
    all_are(&server, &admin, &path, "delivered").await;

    for shown in ["/api/webhooks", &path, &format!("{path}/deliveries"), "/api/audit"] {
        let text = server.get(&admin, shown).await.text().await.unwrap();
        assert!(!text.contains("whsec_") && text.len() > 20, "{shown}: {text}");
    }
    // A server with another secret of its own can't read it, and says so.
    let dir = server.stop().await;
    for file in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        for secret in [&old, &new] {
            let key = base64_of(secret);
            assert!(!bytes.windows(key.len()).any(|part| part == key), "{:?}", file.path());
        }
    }
    let other = |config: &mut Config| {
        quick(config);
        config.auth.jwt_secret = Some("another-secret-0123456789abcdefghijk".to_owned().into());
    };
    let server = Server::start_in_with(dir, other).await;
    let admin = server.user("acme", "ada", OrgRole::Admin);
    send(&server, &admin, Method::POST, &format!("{path}/test"), json!({})).await;
    eventually("it is told why", async || {
        let newest = deliveries(&server, &admin, &path).await.swap_remove(0);
        newest["error"].as_str().filter(|why| why.contains("rotate it")).map(drop)
    })
    .await;
    let rotated =
        send(&server, &admin, Method::POST, &format!("{path}/rotate-secret"), json!({})).await;
    let got = receiver.has(3).await;
    assert!(got[2].is_signed_with(rotated["secret"].as_str().unwrap()));
    assert_eq!(got[2].signatures.split(' ').count(), 1);
}

fn base64_of(secret: &str) -> Vec<u8> {
    use base64::Engine as _;
    let text = secret.strip_prefix("whsec_").unwrap();
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_leads_to_a_public_address_also_when_it_was_made_before_that_was_demanded() {
    let (server, admin) = start().await;
    let receiver = Receiver::start().await;
    let (path, _) = hook(&server, &admin, &receiver.url, json!({})).await;
    let public = |config: &mut Config| {
        quick(config);
        config.outbound.user_urls = UserUrls::Public;
    };
    let server = Server::start_in_with(server.stop().await, public).await;
    let admin = server.user("acme", "ada", OrgRole::Admin);
    send(&server, &admin, Method::POST, &format!("{path}/test"), json!({})).await;
    eventually("it is refused", async || {
        let one = deliveries(&server, &admin, &path).await.swap_remove(0);
        one["error"].as_str().filter(|why| why.contains("must lead to a public address")).map(drop)
    })
    .await;
    assert!(receiver.got().is_empty());
    for bad in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://0x7f000001/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "https://ana:secret@example.com/",
        "ftp://example.com/",
        "nonsense",
    ] {
        for (method, path) in [(Method::POST, "/api/webhooks"), (Method::PATCH, path.as_str())] {
            let answer = server.request(&admin, method, path).json(&json!({ "url": bad }));
            let body = problem(answer.send().await.unwrap(), 422, "invalid-value").await;
            assert_eq!(body["field"], "url", "{bad}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_of_its_organisation_know_a_webhook() {
    let server = Server::start_with(|config| {
        quick(config);
        config.webhooks.per_organisation = 2;
    })
    .await;
    let admin = server.user("acme", "ada", OrgRole::Admin);
    let (path, _) = hook(&server, &admin, "http://127.0.0.1:9/", json!({})).await;
    let id = server.create_empty(&admin).await;
    let event = eventually("the event is there", async || {
        deliveries(&server, &admin, &path).await.pop().map(|one| one["id"].clone())
    })
    .await;
    let redeliver = format!("{path}/deliveries/{}/redeliver", event.as_str().unwrap());
    let (list, deliveries) = ("/api/webhooks".to_owned(), format!("{path}/deliveries"));
    let routes = [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/rotate-secret")),
        (Method::POST, format!("{path}/test")),
        (Method::POST, format!("{path}/replay")),
        (Method::GET, deliveries),
        (Method::POST, redeliver),
    ];
    let ask = async |user: &User, method: &Method, path: &str| {
        let body = json!({ "since": "2020-01-01T00:00:00Z" });
        server.request(user, method.clone(), path).json(&body).send().await.unwrap()
    };
    let eve = server.user("evil", "eve", OrgRole::Admin);
    for (method, path) in &routes {
        problem(ask(&eve, method, path).await, 404, "not-found").await;
    }
    for user in [server.member(), server.user("acme", "vic", OrgRole::Viewer)] {
        for (method, path) in
            routes.iter().chain([&(Method::GET, list.clone()), &(Method::POST, list.clone())])
        {
            problem(ask(&user, method, path).await, 403, "forbidden").await;
        }
    }
    let none: Value = server.get(&eve, &list).await.json().await.unwrap();
    assert_eq!(none, json!({ "webhooks": [] }));
    // Neither another tenant's diagram nor its project can be asked for.
    for (field, wants) in
        [("diagramId", json!({ "diagramId": id })), ("projectId", json!({ "projectId": "nix" }))]
    {
        let mut body = json!({ "url": "http://127.0.0.1:9/" });
        body.as_object_mut().unwrap().extend(wants.as_object().unwrap().clone());
        let answer = server.request(&eve, Method::POST, &list).json(&body).send().await.unwrap();
        assert_eq!(problem(answer, 422, "invalid-value").await["field"], field);
    }
    let bad = server
        .request(&admin, Method::POST, &list)
        .json(&json!({ "url": "http://127.0.0.1:9/", "events": ["diagram.exploded"] }));
    assert_eq!(problem(bad.send().await.unwrap(), 422, "invalid-value").await["field"], "events");
    hook(&server, &admin, "http://127.0.0.1:9/", json!({})).await;
    let third =
        server.request(&admin, Method::POST, &list).json(&json!({ "url": "http://127.0.0.1:9/" }));
    let body = problem(third.send().await.unwrap(), 422, "invalid-value").await;
    assert!(body["detail"].as_str().unwrap().contains("at most 2 webhooks"), "{body}");
    let gone = server.request(&admin, Method::DELETE, &path).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    problem(server.get(&admin, &path).await, 404, "not-found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_slow_receiver_holds_up_no_other_and_all_of_many_events_arrive_once() {
    let (server, admin) = start().await;
    let slow = Receiver::answering(|_, _| None).await;
    let swift = Receiver::start().await;
    hook(&server, &admin, &slow.url, json!({ "events": ["diagram.created"] })).await;
    let (path, _) = hook(&server, &admin, &swift.url, of_diagrams()).await;
    let ana = server.member();
    let creating = (0..60).map(|_| server.create_empty(&ana));
    let ids = futures_util::future::join_all(creating).await;
    let got = swift.has(60).await;
    all_are(&server, &admin, &path, "delivered").await;
    let mut told: HashMap<String, usize> = HashMap::new();
    for one in &got {
        *told.entry(one.body["data"]["diagram"]["id"].as_str().unwrap().to_owned()).or_default() +=
            1;
    }
    assert!(ids.iter().all(|id| told.get(id) == Some(&1)), "{told:?}");
    // The slow one had no more at once than one webhook may have.
    assert!(slow.got().len() <= 8 * 4, "{}", slow.got().len());

    let mut seen = Vec::new();
    let mut page = format!("{path}/deliveries?limit=25");
    loop {
        let list: Value = server.get(&admin, &page).await.json().await.unwrap();
        seen.extend(list["deliveries"].as_array().unwrap().iter().map(|one| one["id"].clone()));
        let Some(cursor) = list["nextCursor"].as_str() else { break };
        page = format!("{path}/deliveries?limit=25&cursor={cursor}");
    }
    assert_eq!(seen.len(), 60);
}
