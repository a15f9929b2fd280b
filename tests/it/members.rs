//! Members over REST and at open sockets: who counts as what, who comes in by itself, and what changes do at once.

use std::path::Path;
use std::time::Duration;

use atelier::auth::OrgRole;
use atelier::config::{Config, Provisioning};
use atelier::protocol::frame;
use atelier::room::session::Role;
use bytes::Bytes;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Client, Server, User, eventually, problem};

/// What R2 promises, a second, with room for a busy machine.
const SOON: Duration = Duration::from_secs(3);

const MEMBERS: &str = "/api/orgs/me/members";

async fn send(server: &Server, user: &User, method: Method, path: &str, body: Value) -> Response {
    server.request(user, method, path).json(&body).send().await.unwrap()
}

async fn set_role(server: &Server, by: &User, id: &str, role: &str) -> Response {
    send(server, by, Method::PATCH, &format!("{MEMBERS}/{id}"), json!({ "role": role })).await
}

async fn remove(server: &Server, by: &User, id: &str) -> Response {
    server.request(by, Method::DELETE, &format!("{MEMBERS}/{id}")).send().await.unwrap()
}

async fn role_of(server: &Server, user: &User) -> Value {
    let who: Value = server.get(user, "/api/session").await.json().await.unwrap();
    who["role"].clone()
}

async fn ids(server: &Server, user: &User, query: &str) -> Vec<String> {
    let page: Value = server.get(user, &format!("{MEMBERS}?{query}")).await.json().await.unwrap();
    let members = page["members"].as_array().unwrap_or_else(|| panic!("{page}")).iter();
    members.map(|m| m["id"].as_str().unwrap().to_owned()).collect()
}

/// Runs the binary on the server's folder, beside it.
async fn command(dir: &Path, args: &[&str]) -> String {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_atelier"))
        .args(args)
        .args(["--data", dir.to_str().unwrap()])
        .env("ATELIER_LOG__FILTER", "error")
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tokens_role_brings_its_user_in_and_can_narrow_but_never_raise_what_is_stored() {
    let server = Server::start().await;
    let as_role = |role| server.user("acme", "ana", role);
    assert_eq!(role_of(&server, &as_role(OrgRole::Member)).await, "member");
    assert_eq!(role_of(&server, &as_role(OrgRole::Admin)).await, "member");
    assert_eq!(role_of(&server, &as_role(OrgRole::Viewer)).await, "viewer");
    assert_eq!(role_of(&server, &as_role(OrgRole::Member)).await, "member");
    problem(server.get(&as_role(OrgRole::Admin), "/api/audit").await, 403, "forbidden").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_list_add_change_and_remove_members_and_others_only_look() {
    let server = Server::start().await;
    let (boss, ana) = (server.user("acme", "boss", OrgRole::Admin), server.member());
    let eve = server.user("evil", "eve", OrgRole::Admin);
    role_of(&server, &ana).await;
    let new = json!({ "email": "Bob+x@Acme.com", "role": "viewer" });
    let made = send(&server, &boss, Method::POST, MEMBERS, new.clone()).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(path, "/api/orgs/me/members/bob%2Bx@acme.com");
    let made: Value = made.json().await.unwrap();
    assert_eq!((&made["id"], &made["joinedAt"]), (&json!("bob+x@acme.com"), &Value::Null));
    problem(send(&server, &boss, Method::POST, MEMBERS, new).await, 409, "exists").await;
    let shown = server.get(&boss, &path).await;
    let tag = shown.headers()["etag"].clone();
    assert_eq!(shown.json::<Value>().await.unwrap(), made);
    let known = server.request(&boss, Method::GET, &path).header("if-none-match", &tag);
    assert_eq!(known.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);

    assert_eq!(ids(&server, &boss, "").await, ["ana", "bob+x@acme.com", "boss"]);
    let first: Value = server.get(&boss, &format!("{MEMBERS}?limit=2")).await.json().await.unwrap();
    assert_eq!(first["members"][1]["email"], "bob+x@acme.com");
    let cursor = first["nextCursor"].as_str().unwrap();
    assert_eq!(ids(&server, &boss, &format!("limit=2&cursor={cursor}")).await, ["boss"]);
    // Addresses are for admins, and so is who has no other id yet.
    assert_eq!(ids(&server, &ana, "").await, ["ana", "boss"]);
    problem(server.get(&ana, &path).await, 404, "not-found").await;
    let known = json!({ "user": "cyn", "email": "cyn@acme.com", "role": "viewer" });
    assert_eq!(send(&server, &boss, Method::POST, MEMBERS, known).await.status(), 201);
    let shown: Value = server.get(&ana, &format!("{MEMBERS}/cyn")).await.json().await.unwrap();
    assert!(shown.get("email").is_none(), "{shown}");
    problem(server.get(&ana, &format!("{MEMBERS}?cursor=x")).await, 400, "bad-request").await;

    for answer in [
        set_role(&server, &ana, "boss", "viewer").await,
        remove(&server, &ana, "boss").await,
        send(&server, &ana, Method::POST, MEMBERS, json!({ "user": "x", "role": "admin" })).await,
    ] {
        problem(answer, 403, "forbidden").await;
    }
    // Ids of another tenant are not found, like those that are nobody's.
    for id in ["ana", "boss", "nobody", "%20"] {
        problem(set_role(&server, &eve, id, "viewer").await, 404, "not-found").await;
        problem(remove(&server, &eve, id).await, 404, "not-found").await;
        problem(server.get(&eve, &format!("{MEMBERS}/{id}")).await, 404, "not-found").await;
    }
    assert_eq!(ids(&server, &eve, "").await, ["eve"]);
    for (body, status, code) in [
        (json!({ "role": "viewer" }), 422, "invalid-value"),
        (json!({ "email": "nobody", "role": "viewer" }), 422, "invalid-value"),
        (json!({ "user": "x", "role": "owner" }), 400, "invalid-body"),
        (json!({ "user": "a b", "role": "viewer" }), 400, "invalid-body"),
    ] {
        problem(send(&server, &boss, Method::POST, MEMBERS, body).await, status, code).await;
    }

    let changed = set_role(&server, &boss, "ana", "viewer").await;
    assert_eq!(changed.json::<Value>().await.unwrap()["role"], "viewer");
    assert_eq!(role_of(&server, &ana).await, "viewer");
    problem(set_role(&server, &boss, "boss", "member").await, 409, "last-admin").await;
    problem(remove(&server, &boss, "boss").await, 409, "last-admin").await;
    assert_eq!(remove(&server, &boss, "ana").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(ids(&server, &boss, "removed=true").await, ["ana"]);
    let log: Value = server.get(&boss, "/api/audit?subject=ana").await.json().await.unwrap();
    let actions: Vec<_> = log["entries"].as_array().unwrap().iter().map(|e| &e["action"]).collect();
    assert_eq!(actions, ["member.removed", "member.role-changed", "member.added"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_gets_nowhere_with_a_valid_token_until_added_again() {
    let server = Server::start().await;
    let (boss, ana) = (server.user("acme", "boss", OrgRole::Admin), server.member());
    let id = server.create_empty(&ana).await;
    role_of(&server, &boss).await;
    assert_eq!(remove(&server, &boss, "ana").await.status(), StatusCode::NO_CONTENT);
    for path in ["/api/diagrams", "/api/session", &format!("/api/diagrams/{id}")] {
        problem(server.get(&ana, path).await, 403, "removed").await;
    }
    let again = server.user("acme", "ana", OrgRole::Admin);
    problem(server.post_xml(&again, atelier::diagram::EMPTY).await, 403, "removed").await;
    let collaborate = format!("/api/diagrams/{id}/collaborate");
    let answer = server.request(&ana, Method::POST, &collaborate).send().await.unwrap();
    problem(answer, 403, "removed").await;
    let room = server.room_token("acme", "ana", &id, Role::Editor, Duration::from_secs(60));
    assert_eq!(server.open(&id, &room).await.closed().await, 4403);

    let back = json!({ "user": "ana", "role": "viewer" });
    assert_eq!(send(&server, &boss, Method::POST, MEMBERS, back).await.status(), 201);
    assert_eq!(role_of(&server, &again).await, "viewer");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_invitation_only_those_come_whom_an_admin_has_added() {
    let by_invitation = |config: &mut Config| config.auth.provisioning = Provisioning::Invite;
    let server = Server::start_with(by_invitation).await;
    let boss = server.user("acme", "boss", OrgRole::Admin);
    problem(server.get(&boss, "/api/diagrams").await, 403, "not-a-member").await;
    let dir = server.dir.path().to_owned();
    command(&dir, &["user", "add", "acme", "boss", "--role", "admin"]).await;
    eventually("the command is seen", async || {
        (server.get(&boss, "/api/diagrams").await.status() == StatusCode::OK).then_some(())
    })
    .await;
    let ana = server.member();
    problem(server.get(&ana, "/api/session").await, 403, "not-a-member").await;
    let new = json!({ "user": "ana", "role": "viewer" });
    assert_eq!(send(&server, &boss, Method::POST, MEMBERS, new).await.status(), 201);
    assert_eq!(role_of(&server, &ana).await, "viewer", "at once, whatever was known before");
    let foreign = server.user("evil", "boss", OrgRole::Admin);
    problem(server.get(&foreign, "/api/diagrams").await, 403, "not-a-member").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_this_machine_comes_in_whatever_the_rule_for_others_is_unless_removed() {
    let by_invitation = |config: &mut Config| config.auth.provisioning = Provisioning::Invite;
    let server = Server::start_with(by_invitation).await;
    let sign_in = async || {
        let url = server.app.url();
        let page = server.bare(Method::POST, "/api/session").header("origin", url);
        page.json(&json!({ "profile": "p1" })).send().await.unwrap()
    };
    let session: Value = sign_in().await.json().await.unwrap();
    let here = User { token: session["token"].as_str().unwrap().to_owned() };
    let id = session["user"].as_str().unwrap();
    server.create_empty(&here).await;
    let dir = server.dir.path().to_owned();
    let listed = command(&dir, &["user", "list", "local"]).await;
    assert_eq!(listed, format!("{id}\tmember\t-\t-\tjoined\n"));
    command(&dir, &["user", "remove", "local", id]).await;
    eventually("the command is seen", async || {
        (server.get(&here, "/api/diagrams").await.status() == StatusCode::FORBIDDEN).then_some(())
    })
    .await;
    problem(sign_in().await, 403, "removed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_this_machine_has_the_role_that_the_operator_gives_it() {
    let server = Server::start().await;
    let sign_in = async || {
        let url = server.app.url();
        let page = server.bare(Method::POST, "/api/session").header("origin", url);
        page.json(&json!({ "profile": "p1" })).send().await.unwrap().json::<Value>().await.unwrap()
    };
    // Another admin, so that this one can become less again.
    role_of(&server, &server.user("local", "boss", OrgRole::Admin)).await;
    let first = sign_in().await;
    assert_eq!(first["role"], "member");
    let dir = server.dir.path().to_owned();
    for role in ["admin", "viewer", "member"] {
        command(&dir, &["user", "role", "local", first["user"].as_str().unwrap(), role]).await;
        let session = eventually("the command is seen", async || {
            Some(sign_in().await).filter(|session| session["role"] == role)
        })
        .await;
        let here = User { token: session["token"].as_str().unwrap().to_owned() };
        assert_eq!(role_of(&server, &here).await, role);
        let may_look = server.get(&here, "/api/audit").await.status() == StatusCode::OK;
        assert_eq!(may_look, role == "admin");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_creates_organisations_and_gives_plans_beside_the_server_and_leaves_a_trace() {
    let server = Server::start().await;
    let dir = server.dir.path().to_owned();
    let made = command(&dir, &["org", "create", "acme", "--plan", "pro"]).await;
    assert_eq!(made, "acme: plan pro, 0 of 100 diagrams\n");
    let boss = server.user("acme", "boss", OrgRole::Admin);
    server.create_empty(&boss).await;
    let shown = command(&dir, &["org", "plan", "acme", "free"]).await;
    assert_eq!(shown, "acme: plan free, 1 of 5 diagrams\n");
    assert_eq!(command(&dir, &["org", "plan", "acme", "free"]).await, shown);
    assert_eq!(command(&dir, &["org", "show", "acme"]).await, shown);
    assert_eq!(command(&dir, &["org", "list"]).await, shown);
    let me: Value = server.get(&boss, "/api/orgs/me").await.json().await.unwrap();
    assert_eq!(me["plan"], "free");
    let query = "/api/audit?user=atelier:operator";
    let log: Value = server.get(&boss, query).await.json().await.unwrap();
    let told: Vec<_> = log["entries"].as_array().unwrap().iter().map(|e| &e["action"]).collect();
    assert_eq!(told, ["org.plan-changed", "org.plan-changed", "org.created"]);
    assert_eq!(log["entries"][0]["detail"], json!({ "from": "pro", "to": "free" }));
}

// ---- open sockets ----

/// An update that puts something new into the document.
fn edit(client: u64) -> Bytes {
    use yrs::{Doc, Map, ReadTxn, StateVector, Transact, WriteTxn};
    let doc = Doc::with_client_id(client);
    let mut txn = doc.transact_mut();
    txn.get_or_insert_map("try").insert(&mut txn, "x", 1);
    drop(txn);
    doc.transact().encode_state_as_update_v1(&StateVector::default()).into()
}

/// What the server says of the socket's role.
async fn told_role(client: &mut Client) {
    client.until(|message| (message == frame::Message::Unknown(104)).then_some(())).await;
}

/// Whether an edit of this socket is taken; by barrier or by refusal.
async fn may_edit(client: &mut Client, writer: u64) -> bool {
    // As an answer, which makes good what was refused before (A1).
    client.send(frame::step2(&edit(writer))).await;
    client.send(frame::barrier(b"edit")).await;
    client
        .until(|message| match message {
            frame::Message::Barrier(opaque) if &opaque[..] == b"edit" => Some(true),
            frame::Message::Unknown(103) => Some(false),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_member_who_becomes_a_viewer_edits_no_more_in_any_open_socket() {
    let server = Server::start().await;
    let (boss, ana) = (server.user("acme", "boss", OrgRole::Admin), server.member());
    role_of(&server, &boss).await;
    let id = server.create_empty(&ana).await;
    let mut sockets = [server.join(&ana, &id).await, server.join(&ana, &id).await];
    for (socket, writer) in sockets.iter_mut().zip([101, 102]) {
        socket.sync().await;
        assert!(may_edit(socket, writer).await);
    }
    let begun = Instant::now();
    set_role(&server, &boss, "ana", "viewer").await;
    for (socket, writer) in sockets.iter_mut().zip([103, 104]) {
        told_role(socket).await;
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        assert!(!may_edit(socket, writer).await);
    }
    // A fresh token from before the change gives no more; one from after it neither.
    let old = server.room_token("acme", "ana", &id, Role::Editor, Duration::from_secs(60));
    let [socket, _] = &mut sockets;
    let fresh = frame::token_taken(&old);
    socket.send(fresh).await;
    told_role(socket).await;
    assert!(!may_edit(socket, 105).await);
    assert_eq!(server.invite(&ana, &id).await["role"], "viewer");
    let mut late = server.open(&id, &old).await;
    late.sync().await;
    assert!(!may_edit(&mut late, 106).await, "an old room token in a new socket");

    // Back again: the newest token still says editor.
    set_role(&server, &boss, "ana", "member").await;
    told_role(socket).await;
    assert!(may_edit(socket, 107).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_who_is_removed_leaves_every_room_and_does_not_come_back() {
    let server = Server::start().await;
    let (boss, ana) = (server.user("acme", "boss", OrgRole::Admin), server.member());
    let id = server.create_empty(&ana).await;
    let room = server.invite(&ana, &id).await["token"].as_str().unwrap().to_owned();
    let (mut one, mut two) = (server.open(&id, &room).await, server.join(&ana, &id).await);
    let mut other = server.join(&boss, &id).await;
    for socket in [&mut one, &mut two, &mut other] {
        socket.sync().await;
    }
    let begun = Instant::now();
    remove(&server, &boss, "ana").await;
    assert_eq!((one.closed().await, two.closed().await), (4403, 4403));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(server.open(&id, &room).await.closed().await, 4403);
    other.barrier().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_token_of_an_earlier_membership_gives_no_more_than_the_present_one() {
    let server = Server::start().await;
    let (boss, ana) = (server.user("acme", "boss", OrgRole::Admin), server.member());
    let id = server.create_empty(&ana).await;
    let old = server.invite(&ana, &id).await["token"].as_str().unwrap().to_owned();
    remove(&server, &boss, "ana").await;
    assert_eq!(server.open(&id, &old).await.closed().await, 4403);
    // Added again, she asks for nothing before she opens a room with what she has.
    let back = json!({ "user": "ana", "role": "viewer" });
    assert_eq!(send(&server, &boss, Method::POST, MEMBERS, back).await.status(), 201);
    let mut socket = server.open(&id, &old).await;
    socket.sync().await;
    assert!(!may_edit(&mut socket, 101).await);
    set_role(&server, &boss, "ana", "member").await;
    told_role(&mut socket).await;
    assert!(may_edit(&mut socket, 102).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_who_is_removed_and_added_again_between_two_looks_keeps_no_right_in_an_open_socket() {
    use sqlx::{ConnectOptions, Connection, Executor};
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let mut socket = server.join(&ana, &id).await;
    socket.sync().await;
    assert!(may_edit(&mut socket, 101).await);
    let path = server.dir.path().join(atelier::store::sqlite::DATABASE);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut db = options.connect().await.unwrap();
    // What both leave behind, in one step: no look falls in between.
    let both = "BEGIN IMMEDIATE; UPDATE member_changes SET n = n + 2; \
                UPDATE members SET role = 'viewer', joined_at = NULL, removed_at = NULL, \
                change = (SELECT n FROM member_changes) WHERE id = 'ana'; COMMIT";
    db.execute(both).await.unwrap();
    told_role(&mut socket).await;
    assert!(!may_edit(&mut socket, 102).await);
    db.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_what_a_command_changes_acts_on_open_sockets_too() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let dir = server.dir.path().to_owned();
    let mut socket = server.join(&ana, &id).await;
    socket.sync().await;
    let changed = command(&dir, &["user", "role", "acme", "ana", "viewer"]).await;
    let begun = Instant::now();
    assert_eq!(changed, "ana\tviewer\t-\t-\tjoined\n");
    told_role(&mut socket).await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(!may_edit(&mut socket, 101).await);
    command(&dir, &["user", "remove", "acme", "ana"]).await;
    let begun = Instant::now();
    assert_eq!(socket.closed().await, 4403);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_socket_that_reads_nothing_cant_keep_its_right_by_it() {
    let server = Server::start().await;
    let (boss, ana) = (server.user("acme", "boss", OrgRole::Admin), server.member());
    let id = server.create_empty(&ana).await;
    role_of(&server, &boss).await;
    let mut socket = server.join(&ana, &id).await;
    socket.sync().await;
    // Answers pile up until the reader waits for the writer, with an edit behind them.
    for _ in 0..2000 {
        socket.send(frame::step1(&atelier::protocol::lib0::StateVector::default())).await;
    }
    set_role(&server, &boss, "ana", "viewer").await;
    assert!(!may_edit(&mut socket, 101).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_no_member_and_stays_what_its_invitation_says() {
    let server = Server::start().await;
    let (boss, ana) = (server.user("acme", "boss", OrgRole::Admin), server.member());
    let id = server.create_empty(&ana).await;
    role_of(&server, &boss).await;
    let body = json!({ "role": "editor" });
    let link =
        send(&server, &ana, Method::POST, &format!("/api/diagrams/{id}/invites"), body).await;
    let link: Value = link.json().await.unwrap();
    let invite = link["url"].as_str().unwrap().split_once("#invite=").unwrap().1.to_owned();
    let session = server.bare(Method::POST, "/api/session").json(&json!({ "invite": invite }));
    let session: Value = session.send().await.unwrap().json().await.unwrap();
    let guest = User { token: session["token"].as_str().unwrap().to_owned() };
    let mut socket = server.join(&guest, &id).await;
    socket.sync().await;
    assert!(may_edit(&mut socket, 101).await);
    assert_eq!(ids(&server, &boss, "").await, ["ana", "boss"]);
    problem(server.get(&guest, MEMBERS).await, 403, "forbidden").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_an_invitation_gives_no_more_than_whoever_made_it_has_now() {
    let server = Server::start().await;
    let (boss, ana) = (server.user("acme", "boss", OrgRole::Admin), server.member());
    let id = server.create_empty(&ana).await;
    role_of(&server, &boss).await;
    let invites = format!("/api/diagrams/{id}/invites");
    let link = send(&server, &ana, Method::POST, &invites, json!({ "role": "editor" })).await;
    let link: Value = link.json().await.unwrap();
    let invite = link["url"].as_str().unwrap().split_once("#invite=").unwrap().1.to_owned();
    let come = async || {
        let body = json!({ "invite": invite, "profile": "gus" });
        server.bare(Method::POST, "/api/session").json(&body).send().await.unwrap()
    };
    let session: Value = come().await.json().await.unwrap();
    let guest = User { token: session["token"].as_str().unwrap().to_owned() };
    let room = server.invite(&guest, &id).await["token"].as_str().unwrap().to_owned();
    let mut socket = server.open(&id, &room).await;
    socket.sync().await;
    assert!(may_edit(&mut socket, 101).await);
    // Another one's invitation needs a socket of its own: what this one may do hangs on ana.
    let grant = server.app.keys().room(&room).unwrap();
    let other = atelier::auth::RoomGrant { by: Some("boss".parse().unwrap()), ..grant };
    let other = server.app.keys().mint_room(&other, std::time::SystemTime::now()).unwrap();
    let mut second = server.open(&id, &room).await;
    second.sync().await;
    second.send(frame::token_taken(&other)).await;
    assert_eq!(second.closed().await, 4401);

    set_role(&server, &boss, "ana", "viewer").await;
    told_role(&mut socket).await;
    assert!(!may_edit(&mut socket, 102).await);
    assert_eq!(role_of(&server, &guest).await, "viewer");
    assert_eq!(server.invite(&guest, &id).await["role"], "viewer");
    assert_eq!(come().await.json::<Value>().await.unwrap()["role"], "viewer");

    set_role(&server, &boss, "ana", "admin").await;
    told_role(&mut socket).await;
    assert!(may_edit(&mut socket, 103).await);
    assert_eq!(role_of(&server, &guest).await, "member", "as the link says");

    remove(&server, &boss, "ana").await;
    assert_eq!(socket.closed().await, 4403);
    assert_eq!(server.open(&id, &room).await.closed().await, 4403);
    let path = format!("/api/diagrams/{id}");
    for refused in [come().await, server.get(&guest, &path).await] {
        let body = problem(refused, 401, "unauthorized").await;
        assert!(body["detail"].as_str().unwrap().contains("invited you"), "{body}");
    }
}
