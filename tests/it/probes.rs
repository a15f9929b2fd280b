//! The classic probes against every route, made from the description of the API: a route that comes later is
//! probed without anybody thinking of it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use atelier::auth::{Identity, Keys, OrgRole};
use atelier::room::session::Role;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Server, User, eventually, problem};
use crate::openapi::{document, operations};

/// What a request of an operation needs to get past the reading of its parts.
struct Probe {
    name: String,
    method: Method,
    path: String,
    body: Option<(&'static str, String)>,
    is_secured: bool,
}

impl Probe {
    /// With these ids in its path.
    fn at(&self, ids: &BTreeMap<&str, String>) -> String {
        let mut path = self.path.clone();
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            let kind = match &path[from + 1..to] {
                "id" if path.starts_with("/api/projects/") => "project",
                "id" if path.starts_with("/api/orgs/me/members/") => "member",
                "id" if path.starts_with("/api/webhooks/") => "webhook",
                "event" => "event",
                "id" => "diagram",
                _ => "version",
            };
            path.replace_range(from..=to, &ids[kind]);
        }
        match self.name.as_str() {
            "diff" => path + "?from=1",
            _ => path,
        }
    }

    fn request(
        &self,
        server: &Server,
        user: &User,
        ids: &BTreeMap<&str, String>,
    ) -> RequestBuilder {
        let request =
            server.request(user, self.method.clone(), &self.at(ids)).header("if-match", "*");
        match &self.body {
            Some((kind, body)) => request.header("content-type", *kind).body(body.clone()),
            None => request,
        }
    }

    /// Whether its path names something of a tenant.
    fn names_something(&self) -> bool {
        self.path.contains('{')
    }
}

fn probes() -> Vec<Probe> {
    let document = document();
    let probe = |(method, path, operation): (Method, String, Value)| Probe {
        name: operation["operationId"].as_str().unwrap().to_owned(),
        is_secured: operation.get("security").is_some(),
        body: body_of(&document, &operation),
        method,
        path,
    };
    let probes: Vec<Probe> = operations(&document).into_iter().map(probe).collect();
    assert!(probes.len() > 30, "{}", probes.len());
    probes
}

/// The example of a JSON body; else a diagram.
fn body_of(document: &Value, operation: &Value) -> Option<(&'static str, String)> {
    let content = operation["requestBody"]["content"].as_object()?;
    let Some(json) = content.get("application/json") else {
        return Some(("application/xml", atelier::diagram::EMPTY.to_owned()));
    };
    let mut schema = &json["schema"];
    if let Some(one_of) = schema["oneOf"].as_array() {
        schema = one_of.iter().find(|one| one.get("$ref").is_some()).unwrap();
    }
    let schema = schema["$ref"].as_str().map_or(schema, |at| document.pointer(&at[1..]).unwrap());
    let example = schema.get("example");
    let name = &operation["operationId"];
    Some((
        "application/json",
        example.unwrap_or_else(|| panic!("{name} lacks an example")).to_string(),
    ))
}

/// A diagram and a project of this user.
async fn belongings(server: &Server, user: &User) -> BTreeMap<&'static str, String> {
    let name = json!({ "name": "Purchasing" });
    let project = server.request(user, Method::POST, "/api/projects").json(&name).send().await;
    let project: Value = project.unwrap().json().await.unwrap();
    BTreeMap::from([
        ("diagram", server.create_empty(user).await),
        ("project", project["id"].as_str().unwrap().to_owned()),
        ("version", "1".to_owned()),
        ("member", "ana".to_owned()),
        ("webhook", webhook(server).await),
        ("event", "2b5c4d8e-1111-4222-8333-944445555666".to_owned()),
    ])
}

/// One that is switched off at once: nobody is asked.
async fn webhook(server: &Server) -> String {
    let admin = server.user("acme", "ada", OrgRole::Admin);
    let hook = json!({ "url": "https://example.com/" });
    let made = server.request(&admin, Method::POST, "/api/webhooks").json(&hook).send().await;
    let made: Value = made.unwrap().json().await.unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    let off = json!({ "enabled": false });
    let path = format!("/api/webhooks/{id}");
    let off = server.request(&admin, Method::PATCH, &path).json(&off).send().await.unwrap();
    assert_eq!(off.status(), StatusCode::OK);
    id
}

/// All that can be seen of what [`belongings`] made, tags included.
async fn state(server: &Server, user: &User, ids: &BTreeMap<&str, String>) -> String {
    let mut state = String::new();
    for path in [
        format!("/api/diagrams/{}", ids["diagram"]),
        format!("/api/diagrams/{}/versions", ids["diagram"]),
        "/api/projects".to_owned(),
        "/api/orgs/me".to_owned(),
        "/api/diagrams".to_owned(),
    ] {
        let answer = server.get(user, &path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        state += &format!("{:?} ", answer.headers()["etag"]);
        state += &answer.text().await.unwrap();
    }
    state
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_tells_another_tenant_what_exists() {
    let server = Server::start().await;
    let ana = server.member();
    let eve = server.user("evil", "eve", OrgRole::Admin);
    let theirs = belongings(&server, &ana).await;
    let none: BTreeMap<_, _> = theirs
        .keys()
        .map(|kind| {
            (*kind, if *kind == "version" { "1" } else { "0b5c4d8e-1111-4222-8333-944445555666" })
        })
        .map(|(kind, id)| (kind, id.to_owned()))
        .collect();
    let before = state(&server, &ana, &theirs).await;
    let mut probed = 0;
    for probe in probes().iter().filter(|probe| probe.is_secured) {
        let answer = probe.request(&server, &eve, &theirs).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        for id in [&theirs["diagram"], &theirs["project"]] {
            assert!(!text.contains(id.as_str()), "{} tells {id}: {text}", probe.name);
        }
        if probe.names_something() {
            let missing = probe.request(&server, &eve, &none).send().await.unwrap();
            assert_eq!(status, missing.status(), "{}", probe.name);
            assert_eq!(status, StatusCode::NOT_FOUND, "{}: {text}", probe.name);
            assert_eq!(text, missing.text().await.unwrap(), "{}", probe.name);
            probed += 1;
        }
    }
    assert!(probed > 20, "{probed}");
    assert_eq!(before, state(&server, &ana, &theirs).await);
}

/// Operations that write nothing of the tenant's, though they are no GET.
const FOR_VIEWERS: [&str; 2] = ["collaborate", "invite"];

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_changes_nothing_by_any_route() {
    let server = Server::start().await;
    let ana = server.member();
    let vic = server.user("acme", "vic", OrgRole::Viewer);
    let ids = belongings(&server, &ana).await;
    let before = state(&server, &ana, &ids).await;
    let probes = probes();
    let writes = probes.iter().filter(|probe| probe.is_secured && probe.method != Method::GET);
    for probe in writes.filter(|probe| !FOR_VIEWERS.contains(&&probe.name[..])) {
        let answer = probe.request(&server, &vic, &ids).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{}", probe.name);
    }
    assert_eq!(before, state(&server, &ana, &ids).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_wrong_token_opens_any_route() {
    let server = Server::start().await;
    let ana = server.member();
    let ids = belongings(&server, &ana).await;
    let wrong = wrong_tokens(&server, &ana, &ids["diagram"]);
    let before = state(&server, &ana, &ids).await;
    for probe in probes().iter().filter(|probe| probe.is_secured) {
        let bare = server.bare(probe.method.clone(), &probe.at(&ids)).send().await.unwrap();
        assert!(bare.headers().contains_key("www-authenticate"), "{}", probe.name);
        problem(bare, 401, "unauthorized").await;
        for (what, token) in &wrong {
            let user = User { token: token.clone() };
            let answer = probe.request(&server, &user, &ids).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{} takes {what}", probe.name);
        }
    }
    assert_eq!(before, state(&server, &ana, &ids).await);
}

fn wrong_tokens(server: &Server, good: &User, diagram: &str) -> Vec<(&'static str, String)> {
    let identity = Identity {
        org: "acme".parse().unwrap(),
        user: "ana".parse().unwrap(),
        role: OrgRole::Admin,
        name: None,
        guest: None,
    };
    let hour = Duration::from_secs(3600);
    let past = SystemTime::now() - 2 * hour;
    let expired = server.app.keys().mint_access(&identity, past, hour).unwrap();
    let secret = "another secret, of 32 bytes and more".to_owned().into();
    let foreign =
        Keys::new(&secret, "atelier").mint_access(&identity, SystemTime::now(), hour).unwrap();
    let parts: Vec<&str> = good.token.split('.').collect();
    let head = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let none = head(r#"{"alg":"none","typ":"JWT"}"#);
    let own_key = head(
        r#"{"alg":"HS256","typ":"JWT","jwk":{"kty":"oct","k":"AAAA"},"kid":"../../dev/null"}"#,
    );
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let raised = String::from_utf8(claims).unwrap().replace("member", "admin");
    vec![
        ("an expired token", expired),
        ("a token of another secret", foreign),
        ("a room token", server.room_token("acme", "ana", diagram, Role::Editor, hour)),
        ("alg none", format!("{none}.{}.", parts[1])),
        ("alg none with a signature", format!("{none}.{}.{}", parts[1], parts[2])),
        ("a key of its own", format!("{own_key}.{}.{}", parts[1], parts[2])),
        ("a role of its own", format!("{}.{}.{}", parts[0], head(&raised), parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("a long one", "a".repeat(20_000)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_user_and_to_one_request() {
    let server = Server::start().await;
    let ana = server.member();
    let bob = server.user("acme", "bob", OrgRole::Member);
    let create = |user: &User, path: &str, body: Value| {
        server.request(user, Method::POST, path).header("idempotency-key", "k1").json(&body).send()
    };
    let first = create(&ana, "/api/projects", json!({ "name": "A" })).await.unwrap();
    let made: Value = first.json().await.unwrap();
    let again = create(&ana, "/api/projects", json!({ "name": "A" })).await.unwrap();
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), made);
    // Another body, another route: not what was asked for then.
    let other = create(&ana, "/api/projects", json!({ "name": "B" })).await.unwrap();
    problem(other, 422, "key-reused").await;
    let route = create(&ana, "/api/diagrams", json!({ "name": "A" })).await.unwrap();
    problem(route, 422, "key-reused").await;
    // Another user's same key says nothing about the first one's answer.
    let theirs = create(&bob, "/api/projects", json!({ "name": "A" })).await.unwrap();
    assert!(!theirs.headers().contains_key("idempotency-replayed"));
    assert_ne!(theirs.json::<Value>().await.unwrap()["id"], made["id"]);
    for bad in ["", "a b", &"k".repeat(256)] {
        let request = server.request(&ana, Method::POST, "/api/projects");
        let answer = request.header("idempotency-key", bad).json(&json!({ "name": "C" })).send();
        problem(answer.await.unwrap(), 400, "bad-request").await;
    }
}

/// What a `GET` answers has a tag, which is the same until something changes, and is told by 304 then.
#[tokio::test(flavor = "multi_thread")]
async fn every_get_of_the_api_has_a_tag_by_which_it_is_not_sent_again() {
    let server = Server::start().await;
    let ana = server.user("acme", "ana", OrgRole::Admin);
    let ids = belongings(&server, &ana).await;
    let thumbnail = format!("/api/diagrams/{}/thumbnail.svg", ids["diagram"]);
    eventually("the thumbnail", async || {
        server.get(&ana, &thumbnail).await.status().is_success().then_some(())
    })
    .await;
    let mut asked = 0;
    for probe in probes().iter().filter(|probe| probe.is_secured && probe.method == Method::GET) {
        let first = probe.request(&server, &ana, &ids).send().await.unwrap();
        assert_eq!(first.status(), StatusCode::OK, "{}", probe.name);
        let tag = first.headers()["etag"].clone();
        assert_eq!(first.headers()["cache-control"], "private, no-cache", "{}", probe.name);
        let again = probe.request(&server, &ana, &ids).header("if-none-match", &tag);
        let again = again.send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{}", probe.name);
        assert_eq!(again.headers()["etag"], tag, "{}", probe.name);
        assert!(again.bytes().await.unwrap().is_empty(), "{}", probe.name);
        let other = probe.request(&server, &ana, &ids).header("if-none-match", "\"other\"");
        assert_eq!(other.send().await.unwrap().status(), StatusCode::OK, "{}", probe.name);
        asked += 1;
    }
    assert!(asked > 15, "{asked}");
}
