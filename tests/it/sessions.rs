//! Sessions of the Studio: who is signed in on this machine, and what a guest of an invitation can reach.

use std::time::{Duration, SystemTime};

use atelier::auth::{Invite, OrgRole};
use atelier::config::LocalSignIn;
use atelier::diagram::EMPTY;
use atelier::room::session::Role;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Server, User, problem};

/// What the Studio's page sends.
fn from_the_page(server: &Server, body: &Value) -> RequestBuilder {
    server
        .bare(Method::POST, "/api/session")
        .header("origin", server.app.url())
        .header("sec-fetch-site", "same-origin")
        .json(body)
}

async fn sign_in(server: &Server, body: Value) -> (User, Value) {
    let answer = from_the_page(server, &body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let session: Value = answer.json().await.unwrap();
    (User { token: session["token"].as_str().unwrap().to_owned() }, session)
}

async fn invite(server: &Server, by: &User, id: &str, body: Value) -> Response {
    let path = format!("/api/diagrams/{id}/invites");
    server.request(by, Method::POST, &path).json(&body).send().await.unwrap()
}

/// The token of a fresh invitation.
async fn invitation(server: &Server, by: &User, id: &str, role: &str) -> String {
    let answer = invite(server, by, id, json!({ "role": role })).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let body: Value = answer.json().await.unwrap();
    let url = body["url"].as_str().unwrap();
    let (page, token) = url.split_once("#invite=").unwrap();
    assert_eq!(page, format!("{}/studio/d/{id}", server.app.url()));
    assert_eq!(body["role"], role);
    token.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_this_machine_is_signed_in_and_stays_the_same_user() {
    let server = Server::start().await;
    let (ana, first) = sign_in(&server, json!({ "profile": "p1", "name": " Ana " })).await;
    assert_eq!((&first["name"], &first["role"]), (&json!("Ana"), &json!("member")));
    let id = server.create_empty(&ana).await;
    let (_, again) = sign_in(&server, json!({ "profile": "p1", "name": "Anna" })).await;
    assert_eq!((&again["user"], &again["color"]), (&first["user"], &first["color"]));

    let (ben, other) = sign_in(&server, json!({ "profile": "p2" })).await;
    assert_ne!(other["user"], first["user"]);
    assert_eq!(server.list(&ben).await[0]["id"], id, "people at one machine share its diagrams");
    let who: Value = server.get(&ben, "/api/session").await.json().await.unwrap();
    assert_eq!(who["user"], other["user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_pages_rebound_names_and_proxies_sign_nobody_in() {
    let server = Server::start().await;
    let own = server.app.url();
    for (name, headers) in [
        ("no page", &[][..]),
        ("another page", &[("origin", "https://evil.example")]),
        ("another page that says so", &[("origin", &*own), ("sec-fetch-site", "cross-site")]),
        ("a rebound name", &[("host", "evil.example"), ("origin", "http://evil.example")]),
        ("a proxy", &[("origin", &*own), ("x-forwarded-for", "203.0.113.7")]),
    ] {
        let mut request = server.bare(Method::POST, "/api/session").json(&json!({}));
        for (header, value) in headers {
            request = request.header(*header, *value);
        }
        let body = problem(request.send().await.unwrap(), 403, "forbidden").await;
        assert!(body["detail"].is_string(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_others_reach_the_server_a_token_is_needed() {
    for set in [
        |config: &mut atelier::config::Config| config.auth.local_sign_in = LocalSignIn::Off,
        |config: &mut atelier::config::Config| {
            config.server.public_url = Some("https://atelier.example".to_owned());
        },
    ] {
        let server = Server::start_with(set).await;
        let answer = from_the_page(&server, &json!({})).send().await.unwrap();
        problem(answer, 403, "forbidden").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_bodies_of_a_session_are_refused() {
    let server = Server::start().await;
    for (body, status, code) in [
        (json!({ "profile": "x".repeat(129) }), 422, "invalid-value"),
        (json!({ "invite": "x" }), 401, "unauthorized"),
        (json!({ "invite": server.member().token }), 401, "unauthorized"),
        (json!({ "user": "root" }), 400, "invalid-body"),
        (json!({ "name": "x".repeat(20_000) }), 413, "too-large"),
    ] {
        problem(from_the_page(&server, &body).send().await.unwrap(), status, code).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_sessions_without_end_is_asked_to_wait() {
    let server = Server::start().await;
    let mut refused = None;
    for _ in 0..200 {
        let answer = from_the_page(&server, &json!({})).send().await.unwrap();
        if answer.status() != StatusCode::OK {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("two hundred sessions at once are too many");
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 429, "too-many-requests").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_edits_its_one_diagram_and_reaches_nothing_else() {
    let server = Server::start().await;
    let ana = server.member();
    let (id, other) = (server.create_empty(&ana).await, server.create_empty(&ana).await);
    let token = invitation(&server, &ana, &id, "editor").await;
    let (guest, session) = sign_in(&server, json!({ "invite": token, "name": "Gus" })).await;
    assert_eq!(session["diagramId"], id);

    let listed = server.list(&guest).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], id);
    let text = server.get(&guest, &format!("/api/diagrams/{id}/xml")).await.text().await.unwrap();
    let renamed = text.replace("id=\"StartEvent_1\"", "id=\"StartEvent_1\" name=\"Go\"");
    assert_eq!(server.put_xml(&guest, &id, "\"v1\"", renamed).await.status(), StatusCode::OK);
    let room = server.invite(&guest, &id).await;
    assert_eq!(room["role"], "editor");
    let grant = server.app.keys().room(room["token"].as_str().unwrap()).unwrap();
    assert_eq!((grant.name.as_str(), grant.diagram.as_str()), ("Gus", id.as_str()));

    for path in ["", "/xml"] {
        let path = format!("/api/diagrams/{other}{path}");
        problem(server.get(&guest, &path).await, 404, "not-found").await;
    }
    let collaborate = format!("/api/diagrams/{other}/collaborate");
    let answer = server.request(&guest, Method::POST, &collaborate).send().await.unwrap();
    problem(answer, 404, "not-found").await;
    problem(server.post_xml(&guest, EMPTY).await, 403, "forbidden").await;
    problem(invite(&server, &guest, &id, json!({ "role": "viewer" })).await, 403, "forbidden")
        .await;
    let path = format!("/api/diagrams/{id}");
    let answer = server.request(&guest, Method::DELETE, &path).send().await.unwrap();
    problem(answer, 403, "forbidden").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_may_only_look_changes_nothing() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let token = invitation(&server, &ana, &id, "viewer").await;
    let (guest, session) = sign_in(&server, json!({ "invite": token })).await;
    assert_eq!(session["role"], "viewer");
    problem(server.put_xml(&guest, &id, "\"v1\"", EMPTY).await, 403, "forbidden").await;
    assert_eq!(server.invite(&guest, &id).await["role"], "viewer");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_invites_beyond_its_own_right_or_tenant() {
    let server = Server::start().await;
    let ana = server.member();
    let (vic, eve) =
        (server.user("acme", "vic", OrgRole::Viewer), server.user("evil", "eve", OrgRole::Admin));
    let id = server.create_empty(&ana).await;
    problem(invite(&server, &vic, &id, json!({ "role": "editor" })).await, 403, "forbidden").await;
    invitation(&server, &vic, &id, "viewer").await;
    problem(invite(&server, &eve, &id, json!({ "role": "viewer" })).await, 404, "not-found").await;
    for (body, status, code) in [
        (json!({ "role": "admin" }), 400, "invalid-body"),
        (json!({ "role": "viewer", "ttl": "31d" }), 422, "invalid-value"),
        (json!({ "role": "viewer", "ttl": "1s" }), 422, "invalid-value"),
        (json!({ "role": "viewer", "ttl": "soon" }), 422, "invalid-value"),
    ] {
        problem(invite(&server, &ana, &id, body).await, status, code).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_of_an_invitation_ends_with_it() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let mint = |expires: SystemTime| {
        let invite = Invite {
            org: "acme".parse().unwrap(),
            diagram: id.parse().unwrap(),
            role: Role::Editor,
            by: "ana".parse().unwrap(),
            expires,
        };
        server.app.keys().mint_invite(&invite, SystemTime::now()).unwrap()
    };
    let over = json!({ "invite": mint(SystemTime::now() - Duration::from_secs(1)) });
    let answer = from_the_page(&server, &over).send().await.unwrap();
    let body = problem(answer, 401, "unauthorized").await;
    assert!(body["detail"].as_str().unwrap().contains("expired"), "{body}");

    let soon = SystemTime::now() + Duration::from_secs(120);
    let (guest, _) = sign_in(&server, json!({ "invite": mint(soon) })).await;
    let room = server.invite(&guest, &id).await;
    let grant = server.app.keys().room(room["token"].as_str().unwrap()).unwrap();
    assert!(grant.expires <= soon, "a room token outlives the invitation");

    server.request(&ana, Method::DELETE, &format!("/api/diagrams/{id}")).send().await.unwrap();
    let answer = from_the_page(&server, &json!({ "invite": mint(soon) })).send().await.unwrap();
    problem(answer, 404, "not-found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_no_other_token() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let token = invitation(&server, &ana, &id, "editor").await;
    let stranger = User { token: token.clone() };
    problem(server.get(&stranger, "/api/diagrams").await, 401, "unauthorized").await;
    assert_eq!(server.open(&id, &token).await.closed().await, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_leads_to_the_studio() {
    let server = Server::start().await;
    let answer = server.bare(Method::GET, "/").send().await.unwrap();
    assert!(answer.url().path().starts_with("/studio/"), "{}", answer.url());
    if answer.status() == StatusCode::NOT_FOUND {
        let body = problem(answer, 404, "no-such-route").await;
        assert!(body["detail"].as_str().unwrap().contains("npm run build"), "{body}");
        return;
    }
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert!(policy.contains(&format!("ws://{}", server.app.addr())), "{policy}");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let page = answer.text().await.unwrap();
    assert!(page.contains("<script type=\"module\""), "{page}");
    let diagram = server.bare(Method::GET, "/studio/d/some-id").send().await.unwrap();
    assert_eq!(diagram.text().await.unwrap(), page);
}
