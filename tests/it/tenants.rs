//! Lists, projects and plans over REST: search, order, filters, pages under change, the cache, quotas.

use std::collections::BTreeSet;

use atelier::auth::OrgRole;
use atelier::config::Config;
use atelier::diagram::EMPTY;
use atelier::store::catalog::Plan;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::harness::{Server, User, problem};

async fn create(server: &Server, user: &User, body: Value) -> Response {
    server.request(user, Method::POST, "/api/diagrams").json(&body).send().await.unwrap()
}

async fn titled(server: &Server, user: &User, title: &str) -> String {
    let made = create(server, user, json!({ "title": title })).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn titles(server: &Server, user: &User, query: &str) -> Vec<String> {
    let page: Value =
        server.get(user, &format!("/api/diagrams?{query}")).await.json().await.unwrap();
    let diagrams = page["diagrams"].as_array().unwrap_or_else(|| panic!("{query}: {page}"));
    diagrams.iter().map(|d| d["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_searched_sorted_and_filtered() {
    let server = Server::start().await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    for (user, title) in [(&ana, "banana \"split\""), (&bob, "Äpfel 100%"), (&ana, "apple pie")] {
        titled(&server, user, title).await;
    }
    for (query, found) in [
        ("sort=title", vec!["apple pie", "banana \"split\"", "Äpfel 100%"]),
        ("sort=-title", vec!["Äpfel 100%", "banana \"split\"", "apple pie"]),
        ("sort=created", vec!["banana \"split\"", "Äpfel 100%", "apple pie"]),
        ("sort=-created", vec!["apple pie", "Äpfel 100%", "banana \"split\""]),
        ("createdBy=bob", vec!["Äpfel 100%"]),
        ("q=ÄPFEL", vec!["Äpfel 100%"]),
        ("q=pp%20PIE", vec!["apple pie"]),
        ("q=%22split%22", vec!["banana \"split\""]),
        ("q=nan%20OR%20apple", vec![]),
        ("q=100%25&sort=title", vec!["Äpfel 100%"]),
        ("q=titl*", vec![]),
        ("q=a&sort=title", vec!["apple pie", "banana \"split\""]),
    ] {
        assert_eq!(titles(&server, &ana, query).await, found, "{query}");
    }
    let found = titles(&server, &ana, "q=banana").await;
    assert_eq!(found.len(), 1);
    let list = server.list(&ana).await;
    let id = list.iter().find(|d| d["title"] == found[0].as_str()).unwrap()["id"].as_str().unwrap();
    let path = format!("/api/diagrams/{id}");
    let renamed = server.request(&ana, Method::PATCH, &path).json(&json!({ "title": "Cherry" }));
    assert_eq!(renamed.send().await.unwrap().status(), StatusCode::OK);
    assert!(titles(&server, &ana, "q=banana").await.is_empty(), "the index follows");
    assert_eq!(titles(&server, &ana, "q=cherry").await, ["Cherry"]);
    server.request(&ana, Method::DELETE, &path).send().await.unwrap();
    assert!(titles(&server, &ana, "q=cherry").await.is_empty());
    assert_eq!(titles(&server, &ana, "deleted=true").await, ["Cherry"]);
    for (field, bad) in [("sort", "sort=size".to_owned()), ("q", format!("q={}", "x".repeat(513)))]
    {
        let body =
            problem(server.get(&ana, &format!("/api/diagrams?{bad}")).await, 422, "invalid-value")
                .await;
        assert_eq!(body["field"], field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_in_order_while_the_list_changes() {
    let server = Server::start().await;
    let ana = server.member();
    for n in 0..9 {
        titled(&server, &ana, &format!("Process {n}")).await;
    }
    for sort in ["title", "-created", "-updated"] {
        let mut seen = Vec::new();
        let mut path = format!("/api/diagrams?q=process&limit=2&sort={sort}");
        for round in 0.. {
            let page: Value = server.get(&ana, &path).await.json().await.unwrap();
            seen.extend(
                page["diagrams"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|d| d["id"].as_str().unwrap().to_owned()),
            );
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            path = format!("/api/diagrams?q=process&limit=2&sort={sort}&cursor={cursor}");
            // Between the pages one that was seen moves to the front, and a new one comes.
            let first = format!("/api/diagrams/{}", seen[0]);
            let body = json!({ "metadata": { "round": format!("{sort} {round}") } });
            server.request(&ana, Method::PATCH, &first).json(&body).send().await.unwrap();
            titled(&server, &ana, &format!("Another {sort} {round}")).await;
        }
        let unique: BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), unique.len()), (9, 9), "{sort}");
    }
    let first: Value = server.get(&ana, "/api/diagrams?limit=1").await.json().await.unwrap();
    let cursor = first["nextCursor"].as_str().unwrap();
    let other = format!("/api/diagrams?limit=1&sort=title&cursor={cursor}");
    problem(server.get(&ana, &other).await, 400, "bad-request").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_kept_until_exactly_something_in_it_may_have_changed() {
    let server = Server::start().await;
    let (ana, eve) = (server.member(), server.user("evil", "eve", OrgRole::Admin));
    let id = titled(&server, &ana, "One").await;
    let x_cache = async |user: &User, path: &str| {
        server.get(user, path).await.headers()["x-cache"].to_str().unwrap().to_owned()
    };
    assert_eq!(x_cache(&ana, "/api/diagrams").await, "MISS");
    assert_eq!(x_cache(&ana, "/api/diagrams").await, "HIT");
    assert_eq!(x_cache(&ana, "/api/diagrams?q=one").await, "MISS", "another list");
    assert_eq!(x_cache(&eve, "/api/diagrams").await, "MISS", "another tenant's");
    titled(&server, &eve, "Hers").await;
    assert_eq!(x_cache(&ana, "/api/diagrams").await, "HIT", "others change nothing here");
    let path = format!("/api/diagrams/{id}");
    let changes = [
        server.request(&ana, Method::PATCH, &path).json(&json!({ "title": "Two" })),
        server.request(&ana, Method::POST, "/api/diagrams").json(&json!({})),
        server
            .request(&ana, Method::POST, &format!("{path}/versions"))
            .json(&json!({ "name": "N" })),
        server.request(&ana, Method::DELETE, &path),
        server.request(&ana, Method::POST, &format!("{path}/undelete")),
    ];
    for change in changes {
        let what = format!("{change:?}");
        assert!(change.send().await.unwrap().status().is_success());
        assert_eq!(x_cache(&ana, "/api/diagrams").await, "MISS", "{what}");
        assert_eq!(x_cache(&ana, "/api/diagrams").await, "HIT", "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_hold_diagrams_and_go_only_when_they_are_empty() {
    let server = Server::start().await;
    let (ana, eve) = (server.member(), server.user("evil", "eve", OrgRole::Admin));
    let vic = server.user("acme", "vic", OrgRole::Viewer);
    let post = |user: &User| {
        server.request(user, Method::POST, "/api/projects").json(&json!({ "name": "Sales" })).send()
    };
    problem(post(&vic).await.unwrap(), 403, "forbidden").await;
    let made = post(&ana).await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    let project: Value = made.json().await.unwrap();
    let id = project["id"].as_str().unwrap();
    let shown = server.get(&ana, &path).await;
    let tag = shown.headers()["etag"].clone();
    assert_eq!(shown.json::<Value>().await.unwrap(), project);
    let known = server.request(&ana, Method::GET, &path).header("if-none-match", &tag);
    assert_eq!(known.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);

    let made = create(&server, &ana, json!({ "title": "In", "projectId": id })).await;
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["projectId"], id);
    titled(&server, &ana, "Out").await;
    assert_eq!(titles(&server, &ana, &format!("projectId={id}")).await, ["In"]);
    let full = server.request(&ana, Method::DELETE, &path).send().await.unwrap();
    problem(full, 409, "not-empty").await;
    // A project of another tenant is none.
    for (user, foreign) in [(&ana, "nix"), (&eve, id)] {
        let answer = create(&server, user, json!({ "projectId": foreign })).await;
        let body = problem(answer, 422, "invalid-value").await;
        assert_eq!(body["field"], "projectId");
    }
    problem(server.get(&eve, &path).await, 404, "not-found").await;

    let diagram = format!("/api/diagrams/{}", made["id"].as_str().unwrap());
    let out = server.request(&ana, Method::PATCH, &diagram).json(&json!({ "projectId": null }));
    assert_eq!(out.send().await.unwrap().json::<Value>().await.unwrap()["projectId"], Value::Null);
    let renamed = server.request(&ana, Method::PATCH, &path).json(&json!({ "name": "Sales EU" }));
    assert_eq!(renamed.send().await.unwrap().json::<Value>().await.unwrap()["name"], "Sales EU");
    let gone = server.request(&ana, Method::DELETE, &path).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let list: Value = server.get(&ana, "/api/projects").await.json().await.unwrap();
    assert_eq!(list["projects"], json!([]));
}

fn free(config: &mut Config) {
    config.plans.default = Plan::Free;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_allows_so_many_diagrams_however_many_are_created_at_once() {
    let server = Server::start_with(free).await;
    let (ana, eve) = (server.member(), server.user("evil", "eve", OrgRole::Admin));
    let creating = (0..20).map(|_| create(&server, &ana, json!({})));
    let mut made = 0;
    for answer in futures_util::future::join_all(creating).await {
        if answer.status() == StatusCode::CREATED {
            made += 1;
            continue;
        }
        let body = problem(answer, 403, "quota-exceeded").await;
        assert_eq!((&body["plan"], &body["limit"]), (&json!("free"), &json!(5)));
    }
    assert_eq!(made, 5);
    let me: Value = server.get(&ana, "/api/orgs/me").await.json().await.unwrap();
    let usage = json!({ "used": 5, "limit": 5 });
    assert_eq!(me, json!({ "id": "acme", "plan": "free", "diagrams": usage }));
    titled(&server, &eve, "Hers").await;

    // A deleted one makes room, and does not come back into a full house.
    let id = server.list(&ana).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/diagrams/{id}");
    server.request(&ana, Method::DELETE, &path).send().await.unwrap();
    titled(&server, &ana, "Instead").await;
    let back =
        server.request(&ana, Method::POST, &format!("{path}/undelete")).send().await.unwrap();
    problem(back, 403, "quota-exceeded").await;
    assert_eq!(titles(&server, &ana, "deleted=true").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_can_be_given_another_plan() {
    let server = Server::start_with(free).await;
    let ana = server.member();
    for _ in 0..5 {
        server.create_empty(&ana).await;
    }
    let dir = server.stop().await;
    let store = atelier::store::sqlite::Store::open(dir.path()).await.unwrap();
    let (acme, by) = ("acme".parse().unwrap(), "op".parse().unwrap());
    let org = store.catalog().set_plan(&acme, &by, Plan::Pro, OffsetDateTime::now_utc()).await;
    let org = org.unwrap();
    assert_eq!((org.diagrams, org.allowed), (5, Some(100)));
    store.close().await;
    let server = Server::start_in_with(dir, free).await;
    server.create_empty(&server.member()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_asks_too_often_waits_and_others_do_not() {
    let server = Server::start_with(|config| {
        config.rates.writes_per_minute = 1;
        config.rates.writes_burst = 2;
    })
    .await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Member));
    for left in ["1", "0"] {
        let made = create(&server, &ana, json!({})).await;
        assert_eq!(made.status(), StatusCode::CREATED);
        assert_eq!(made.headers()["ratelimit-remaining"], left);
        assert_eq!(made.headers()["ratelimit-limit"], "2");
    }
    let refused = create(&server, &ana, json!({})).await;
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((30..=60).contains(&wait), "{wait}");
    problem(refused, 429, "too-many-requests").await;
    assert_eq!(server.list(&ana).await.len(), 2, "reading has a bucket of its own");
    assert_eq!(create(&server, &bob, json!({})).await.status(), StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_asks_too_often_waits_whoever_it_says_it_is() {
    let server = Server::start_with(|config| {
        config.rates.address_per_second = 1;
        config.rates.address_burst = 3;
    })
    .await;
    let mut refused = None;
    for _ in 0..60 {
        let nobody =
            server.bare(Method::GET, "/api/diagrams").bearer_auth("x").send().await.unwrap();
        if nobody.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(nobody);
            break;
        }
        problem(nobody, 401, "unauthorized").await;
    }
    problem(refused.expect("never refused"), 429, "too-many-requests").await;
    let alive = server.bare(Method::GET, "/healthz").send().await.unwrap();
    assert_eq!(alive.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_did_stands_in_the_audit_log_of_their_organisation() {
    let server = Server::start().await;
    let ana = server.named_user("acme", "ana", "Ana", OrgRole::Member);
    let (boss, eve) =
        (server.user("acme", "boss", OrgRole::Admin), server.user("evil", "eve", OrgRole::Admin));
    let id = titled(&server, &ana, "One").await;
    let path = format!("/api/diagrams/{id}");
    let project =
        server.request(&boss, Method::POST, "/api/projects").json(&json!({ "name": "P" }));
    let project: Value = project.send().await.unwrap().json().await.unwrap();
    let body = json!({ "title": "Two", "projectId": project["id"] });
    server.request(&ana, Method::PATCH, &path).json(&body).send().await.unwrap();
    let save = EMPTY.replace("Process_1", "Process_2");
    assert_eq!(server.put_xml(&ana, &id, "\"v1\"", save).await.status(), StatusCode::OK);
    let name = json!({ "name": "N" });
    server
        .request(&boss, Method::POST, &format!("{path}/versions"))
        .json(&name)
        .send()
        .await
        .unwrap();
    server.request(&ana, Method::POST, &format!("{path}/versions/1/restore")).send().await.unwrap();
    server.request(&ana, Method::DELETE, &path).send().await.unwrap();
    problem(server.get(&ana, &format!("{path}/activity")).await, 404, "not-found").await;
    server.request(&boss, Method::POST, &format!("{path}/undelete")).send().await.unwrap();

    let said = |list: &Value| -> Vec<String> {
        let entries = list["entries"].as_array().unwrap().iter();
        entries
            .map(|e| format!("{} {}", e["user"].as_str().unwrap(), e["action"].as_str().unwrap()))
            .collect()
    };
    let activity: Value = server.get(&ana, &format!("{path}/activity")).await.json().await.unwrap();
    let of_diagram = [
        "boss diagram.undeleted",
        "ana diagram.deleted",
        "ana diagram.restored",
        "boss version.named",
        "ana diagram.saved",
        "ana diagram.changed",
        "ana diagram.created",
    ];
    assert_eq!(said(&activity), of_diagram);
    let changed = &activity["entries"][5];
    assert_eq!(changed["detail"], json!({ "title": "Two", "projectId": project["id"] }));
    assert_eq!(
        (&changed["name"], &activity["entries"][4]["detail"]),
        (&json!("Ana"), &json!({ "version": 2 }))
    );

    let mut seen = Vec::new();
    let mut page = "/api/audit?limit=3".to_owned();
    loop {
        let list: Value = server.get(&boss, &page).await.json().await.unwrap();
        seen.extend(said(&list));
        let Some(cursor) = list["nextCursor"].as_str() else { break };
        page = format!("/api/audit?limit=3&cursor={cursor}");
    }
    assert_eq!(seen.len(), 10);
    assert_eq!(
        seen[6..],
        ["boss project.created", "boss member.added", "ana diagram.created", "ana member.added"]
    );
    let of_boss: Value = server.get(&boss, "/api/audit?user=boss").await.json().await.unwrap();
    assert_eq!(of_boss["entries"].as_array().unwrap().len(), 4);
    let foreign: Value = server.get(&eve, "/api/audit").await.json().await.unwrap();
    assert_eq!(said(&foreign), ["eve member.added"]);
    problem(server.get(&ana, "/api/audit").await, 403, "forbidden").await;
    problem(server.get(&boss, "/api/audit?cursor=x").await, 400, "bad-request").await;
}
