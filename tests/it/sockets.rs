//! WebSockets against the running server: who gets in, what closes a socket, and that others don't notice.

use std::time::Duration;

use atelier::auth::OrgRole;
use atelier::limits;
use atelier::protocol::frame;
use atelier::room::session::Role;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use yrs::updates::decoder::Decode;
use yrs::{Doc, Map, ReadTxn, StateVector, Transact, Update, WriteTxn};

use crate::harness::{Server, problem};

const HOUR: Duration = Duration::from_secs(3600);

/// An update of a client with one entry in the root map `test`.
fn edit(client: u64, key: &str, value: &str) -> Vec<u8> {
    let doc = Doc::with_client_id(client);
    let mut txn = doc.transact_mut();
    let map = txn.get_or_insert_map("test");
    map.insert(&mut txn, key, value);
    txn.encode_state_as_update_v1(&StateVector::default())
}

fn value_of(states: &[&[u8]], key: &str) -> Option<String> {
    let doc = Doc::new();
    let mut txn = doc.transact_mut();
    for state in states {
        txn.apply_update(Update::decode_v1(state).unwrap()).unwrap();
    }
    let map = txn.get_map("test")?;
    map.get(&txn, key).map(|out| out.to_string(&txn))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_reaches_the_others_and_a_barrier_comes_back() {
    let server = Server::start().await;
    let (ana, bob) = (server.member(), server.user("acme", "bob", OrgRole::Admin));
    let id = server.create_empty(&ana).await;
    let (mut a, mut b) = (server.join(&ana, &id).await, server.join(&bob, &id).await);
    a.sync().await;
    b.sync().await;

    a.send(frame::update(&edit(7, "k", "v"))).await;
    a.barrier().await;
    let update = b
        .until(|message| match message {
            frame::Message::Update(update) => Some(update),
            _ => None,
        })
        .await;
    assert_eq!(value_of(&[&update], "k").as_deref(), Some("v"));

    let mut late = server.join(&bob, &id).await;
    assert_eq!(value_of(&[&late.sync().await], "k").as_deref(), Some("v"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_come_as_close_codes_after_the_upgrade() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let other = server.create_empty(&ana).await;
    let gone = server.create_empty(&ana).await;
    let path = format!("/api/diagrams/{gone}");
    server.request(&ana, reqwest::Method::DELETE, &path).send().await.unwrap();

    let editor = |org: &str, id: &str| server.room_token(org, "ana", id, Role::Editor, HOUR);
    let past = Duration::ZERO;
    let expired = {
        let keys = server.app.keys();
        let now = std::time::SystemTime::now() - Duration::from_secs(120);
        let good = keys.room(&editor("acme", &id)).unwrap();
        keys.mint_room(&atelier::auth::RoomGrant { expires: now + past, ..good }, now).unwrap()
    };
    for (why, path, token, code) in [
        ("no token", id.as_str(), String::new(), 4401),
        ("no JWT", &id, "x".to_owned(), 4401),
        ("an access token", &id, ana.token.clone(), 4401),
        ("expired", &id, expired, 4401),
        ("another diagram's", &id, editor("acme", &other), 4403),
        ("deleted", &gone, editor("acme", &gone), 4404),
        ("unknown", "nix", editor("acme", "nix"), 4404),
        ("another tenant's", &id, editor("evil", &id), 4404),
    ] {
        let mut client = server.open(path, &token).await;
        assert_eq!(client.closed().await, code, "{why}");
    }
    let mut honest = server.join(&ana, &id).await;
    honest.sync().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_that_comes_back_quickly_gets_429() {
    let server = Server::start().await;
    let id = server.create_empty(&server.member()).await;
    for _ in 0..limits::REFUSED_TIMES {
        assert_eq!(server.open(&id, "bad").await.closed().await, 4401);
    }
    // The last refusal is noted before its close frame is sent.
    let answer = server.try_open(&id, "bad", None).await.err().unwrap();
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    server.join(&server.member(), &id).await.sync().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_is_refused_and_a_listed_one_gets_in() {
    let server = Server::start_with(|config| {
        config.server.origins = vec!["https://app.example".to_owned()];
    })
    .await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let token = server.room_token("acme", "ana", &id, Role::Editor, HOUR);
    let answer = server.try_open(&id, &token, Some("https://evil.example")).await.err().unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    server.try_open(&id, &token, Some("https://app.example")).await.ok().unwrap().sync().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_request_to_a_room_is_told_to_upgrade() {
    let server = Server::start().await;
    let answer = server.bare(reqwest::Method::GET, "/collab/x").send().await.unwrap();
    problem(answer, 426, "upgrade-required").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_frame_closes_its_socket_and_no_other() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let mut honest = server.join(&ana, &id).await;
    honest.sync().await;
    for bad in [
        &b""[..],
        b"\x00",
        b"\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x00\x09\x00",
        b"\x00\x02\x03\x01\x02\x03",
        b"\x01\x05\x00",
    ] {
        let mut bad_client = server.join(&ana, &id).await;
        bad_client.sync().await;
        bad_client.send(bad.to_vec()).await;
        assert_eq!(bad_client.closed().await, 4400, "{bad:?}");
    }
    honest.send(frame::update(&edit(9, "k", "v"))).await;
    honest.barrier().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_above_the_limit_closes_with_1009() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let mut client = server.join(&ana, &id).await;
    client.sync().await;
    let (mut sink, mut stream) = client.socket.split();
    let sending = tokio::spawn(async move {
        // The server may stop reading in the middle.
        drop(sink.send(Message::Binary(vec![0; limits::MAX_FRAME_BYTES + 1].into())).await);
        sink
    });
    let code = tokio::time::timeout(crate::harness::PATIENCE, async {
        loop {
            match stream.next().await {
                Some(Ok(Message::Close(Some(close)))) => return u16::from(close.code),
                Some(Ok(_)) => {}
                other => panic!("no close code: {other:?}"),
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(code, 1009);
    drop(sending.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_pings_and_unknown_types_are_ignored() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let mut client = server.join(&ana, &id).await;
    client.sync().await;
    client.socket.send(Message::Text("hello".into())).await.unwrap();
    client.socket.send(Message::Ping(b"x".as_slice().into())).await.unwrap();
    client.send(vec![77]).await;
    client.barrier().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewers_edit_is_dropped_and_its_socket_kept() {
    let server = Server::start().await;
    let (ana, vic) = (server.member(), server.user("acme", "vic", OrgRole::Viewer));
    let id = server.create_empty(&ana).await;
    assert_eq!(server.invite(&vic, &id).await["role"], "viewer");
    let mut viewer = server.join(&vic, &id).await;
    viewer.sync().await;
    viewer.send(frame::update(&edit(5, "k", "v"))).await;
    viewer.send(frame::step1(&Default::default())).await;
    let state = viewer
        .until(|message| match message {
            frame::Message::Step2(update) => Some(update),
            _ => None,
        })
        .await;
    assert_eq!(value_of(&[&state], "k"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_is_closed_at_the_end_of_its_token() {
    let server = Server::start().await;
    let id = server.create_empty(&server.member()).await;
    let token = server.room_token("acme", "ana", &id, Role::Editor, Duration::from_secs(2));
    let mut client = server.open(&id, &token).await;
    client.sync().await;
    assert_eq!(client.closed().await, 4401);
}

fn token_frame(token: &str) -> Vec<u8> {
    // On the wire a token and the answer to it look the same.
    frame::token_taken(token).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_in_band_keeps_the_socket_and_brings_its_role() {
    let server = Server::start().await;
    let id = server.create_empty(&server.member()).await;
    let short = server.room_token("acme", "ana", &id, Role::Editor, Duration::from_secs(2));
    let mut client = server.open(&id, &short).await;
    client.sync().await;
    client.send(token_frame(&server.room_token("acme", "ana", &id, Role::Viewer, HOUR))).await;
    let until = client
        .until(|message| match message {
            frame::Message::Token(until) => Some(until),
            _ => None,
        })
        .await;
    assert!(until.ends_with('Z'), "{until}");
    // A socket that stays with a token which ends later than the old one shows that its time is over.
    let later = server.room_token("acme", "ana", &id, Role::Editor, Duration::from_secs(2));
    assert_eq!(server.open(&id, &later).await.closed().await, 4401);
    client.send(frame::update(&edit(5, "k", "v"))).await;
    client.send(frame::step1(&Default::default())).await;
    let state = client
        .until(|message| match message {
            frame::Message::Step2(update) => Some(update),
            _ => None,
        })
        .await;
    assert_eq!(value_of(&[&state], "k"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_of_somebody_else_closes_the_socket() {
    let server = Server::start().await;
    let id = server.create_empty(&server.member()).await;
    for (org, user, room, code) in [
        ("acme", "bob", id.as_str(), 4403),
        ("evil", "ana", &id, 4403),
        ("acme", "ana", "other", 4403),
    ] {
        let mut client = server.join(&server.member(), &id).await;
        client.sync().await;
        client.send(token_frame(&server.room_token(org, user, room, Role::Editor, HOUR))).await;
        assert_eq!(client.closed().await, code);
    }
    let mut client = server.join(&server.member(), &id).await;
    client.sync().await;
    client.send(token_frame("rubbish")).await;
    assert_eq!(client.closed().await, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_good_bye_gets_its_close_frame_back() {
    let server = Server::start().await;
    let id = server.create_empty(&server.member()).await;
    let mut client = server.join(&server.member(), &id).await;
    client.sync().await;
    client.socket.close(None).await.unwrap();
    let mut closed = false;
    while let Some(message) = client.socket.next().await {
        closed |= matches!(message, Ok(Message::Close(_)));
        assert!(message.is_ok(), "{message:?}");
    }
    assert!(closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_diagram_closes_its_sockets_with_4404() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let mut client = server.join(&ana, &id).await;
    client.sync().await;
    let path = format!("/api/diagrams/{id}");
    let answer = server.request(&ana, reqwest::Method::DELETE, &path).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(client.closed().await, 4404);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_closes_sockets_with_1012_and_keeps_what_was_edited() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let mut client = server.join(&ana, &id).await;
    client.sync().await;
    client.send(frame::update(&edit(7, "k", "v"))).await;
    client.barrier().await;
    let Server { app, dir, .. } = server;
    let (code, stored) = tokio::join!(client.closed(), app.stop());
    assert_eq!((code, stored), (1012, true));

    let again = Server::start_in(dir).await;
    let mut client = again.join(&again.member(), &id).await;
    assert_eq!(value_of(&[&client.sync().await], "k").as_deref(), Some("v"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_big_state_comes_whole_in_fragments() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let mut client = server.join(&ana, &id).await;
    client.sync().await;
    let big = "x".repeat(limits::SOCKET_FRAGMENT * 5 + 17);
    client.send(frame::update(&edit(7, "k", &big))).await;
    client.barrier().await;
    // This client takes no frame above the size of a fragment.
    let config = WebSocketConfig::default().max_frame_size(Some(limits::SOCKET_FRAGMENT));
    let invitation = server.invite(&ana, &id).await;
    let token = invitation["token"].as_str().unwrap();
    let mut late = server.connect(&id, token, None, Some(config)).await.ok().unwrap();
    assert_eq!(value_of(&[&late.sync().await], "k").map(|v| v.len()), Some(big.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_faster_than_the_limit_is_slowed_down_and_loses_nothing() {
    let server = Server::start_with(|config| {
        config.socket.frames_per_second = 50;
        config.socket.frames_burst = 50;
    })
    .await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let mut client = server.join(&ana, &id).await;
    client.sync().await;
    let begun = std::time::Instant::now();
    for i in 0..120u64 {
        client.send(frame::update(&edit(100 + i, &format!("k{i}"), "v"))).await;
    }
    client.barrier().await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    let mut late = server.join(&ana, &id).await;
    let state = late.sync().await;
    assert!((0..120).all(|i| value_of(&[&state], &format!("k{i}")).is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_is_pinged_and_a_dead_one_dropped() {
    let server = Server::start_with(|config| {
        config.socket.ping_after = Duration::from_secs(1);
        config.socket.dead_after = Duration::from_secs(5);
    })
    .await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    // This one stops reading, so it answers no ping.
    let mut dead = server.join(&ana, &id).await;
    dead.sync().await;
    dead.send(awareness(21, 1, r#"{"user":"dead"}"#)).await;
    dead.barrier().await;
    // This one reads on, which answers pings, until its room tells that the other has gone.
    let mut alive = server.join(&ana, &id).await;
    alive.sync().await;
    let left = alive.until(|message| match message {
        frame::Message::Awareness(body) => frame::awareness_entries(&body)
            .unwrap()
            .iter()
            .any(|e| e.client.0 == 21 && e.is_null())
            .then_some(()),
        _ => None,
    });
    left.await;
    alive.barrier().await;
    drop(dead);
}

fn awareness(client: u64, clock: u32, state: &str) -> Vec<u8> {
    let mut entry = Vec::new();
    frame::write_awareness_entry(
        &mut entry,
        atelier::id::ClientId(client),
        u64::from(clock),
        state.as_bytes(),
    );
    frame::awareness(1, &[&entry]).to_vec()
}
