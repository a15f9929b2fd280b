//! Webhooks of the real binary: kill -9 between an arrival and its note, and what its log holds.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use atelier::auth::{Identity, Keys, OrgRole};
use serde_json::{Value, json};

use crate::harness::eventually;
use crate::receiver::Receiver;

const SECRET: &str = "canary-secret-0123456789abcdefghijk";

struct Running {
    child: Child,
    url: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn serve(data: &Path) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_atelier"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("ATELIER_JWT_SECRET", SECRET)
        .env("ATELIER_LOG__FILTER", "debug")
        .env("ATELIER_OUTBOUND__USER_URLS", "any")
        .env("ATELIER_WEBHOOKS__TIMEOUT", "1s")
        .env("ATELIER_WEBHOOKS__RETRY_AFTER", "20ms")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    Running { child, url }
}

fn admin_token() -> String {
    let who = Identity {
        org: "acme".parse().unwrap(),
        user: "ada".parse().unwrap(),
        role: OrgRole::Admin,
        name: None,
        guest: None,
    };
    let hour = Duration::from_secs(3600);
    Keys::new(&SECRET.into(), "atelier").mint_access(&who, SystemTime::now(), hour).unwrap()
}

async fn post(server: &Running, path: &str, body: Value) -> Value {
    let request = reqwest::Client::new().post(format!("{}{path}", server.url));
    let answer = request.bearer_auth(admin_token()).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_told_again_when_the_server_is_killed_before_it_notes_the_arrival() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path());
    // The process that is killed as soon as an event has arrived, before it is answered; 0: none.
    let victim = Arc::new(AtomicU32::new(server.child.id()));
    let killing = Arc::clone(&victim);
    let receiver = Receiver::answering(move |_, _| {
        let pid = killing.swap(0, Ordering::SeqCst);
        if pid != 0 {
            let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            assert!(killed.unwrap().success());
        }
        Some(200)
    })
    .await;
    let made = post(&server, "/api/webhooks", json!({ "url": receiver.url })).await;
    // The create is answered after it is committed, or the kill is faster: it is committed all the same.
    let request = reqwest::Client::new().post(format!("{}/api/diagrams", server.url));
    drop(request.bearer_auth(admin_token()).json(&json!({ "title": "T" })).send().await);
    let first = receiver.has(1).await;
    let mut server = server;
    assert_eq!(server.child.wait().unwrap().code(), None, "it ended by the kill");
    assert_eq!(victim.load(Ordering::SeqCst), 0);

    let server = serve(dir.path());
    let again = receiver.has(2).await;
    assert_eq!(again[1].id, first[0].id, "receivers know it by its id");
    assert_eq!(again[1].raw, first[0].raw);
    let secret = made["secret"].as_str().unwrap();
    assert!(again.iter().all(|one| one.is_signed_with(secret)));
    let path = format!("{}/api/webhooks/{}/deliveries", server.url, made["id"].as_str().unwrap());
    eventually("it is noted", async || {
        let list =
            reqwest::Client::new().get(&path).bearer_auth(admin_token()).send().await.unwrap();
        let list: Value = list.json().await.unwrap();
        let one = &list["deliveries"][0];
        (one["status"] == "delivered").then(|| assert_eq!(one["attempts"], 2))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_neither_secrets_nor_signatures_nor_addresses_of_webhooks() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = serve(dir.path());
    let receiver = Receiver::answering(|_, number| Some(if number == 1 { 500 } else { 200 })).await;
    let made = post(&server, "/api/webhooks", json!({ "url": receiver.url })).await;
    let path = format!("/api/webhooks/{}", made["id"].as_str().unwrap());
    let rotated = post(&server, &format!("{path}/rotate-secret"), json!({})).await;
    post(&server, &format!("{path}/test"), json!({})).await;
    let got = receiver.has(2).await;
    let stopped = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status();
    assert!(stopped.unwrap().success());
    let mut log = String::new();
    server.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("not delivered") && log.contains("delivered"), "{log}");
    let secrets = [&made["secret"], &rotated["secret"]].map(|secret| secret.as_str().unwrap());
    let signatures = got[0].signatures.split(' ').map(|one| one.trim_start_matches("v1,"));
    for secret in signatures.chain(secrets).chain(["whsec_", "canary"]) {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}
