//! A receiver of webhooks on a real socket, and a check of signatures that shares no code with the server.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::harness::eventually;

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) id: String,
    pub(crate) timestamp: String,
    pub(crate) signatures: String,
    pub(crate) agent: String,
    pub(crate) raw: String,
    pub(crate) body: Value,
}

impl Got {
    pub(crate) fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    /// Whether one of its signatures was made with this secret, about now.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = format!("{}.{}.{}", self.id, self.timestamp, self.raw);
        let expected = format!("v1,{}", STANDARD.encode(hmac(&key, signed.as_bytes())));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let age = now.abs_diff(self.timestamp.parse().unwrap());
        age < 300 && self.signatures.split(' ').any(|signature| signature == expected)
    }
}

/// HMAC-SHA256 by its definition (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64);
    let pad = |byte: u8| (0..64).map(|i| key.get(i).unwrap_or(&0) ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

/// What a request, the n-th from 1, is answered; none: not at all.
type Answer = dyn Fn(&Got, usize) -> Option<u16> + Send + Sync;

struct Shared {
    got: Mutex<Vec<Got>>,
    answer: Box<Answer>,
}

/// A receiver; it stops with its owner.
pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    /// One that has everything.
    pub(crate) async fn start() -> Self {
        Self::answering(|_, _| Some(204)).await
    }

    pub(crate) async fn answering(
        answer: impl Fn(&Got, usize) -> Option<u16> + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared { got: Mutex::default(), answer: Box::new(answer) });
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?key=canary-url", socket.local_addr().unwrap());
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        Self { url, shared, serving }
    }

    /// All that came so far.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// All that came, as soon as it is so much.
    pub(crate) async fn has(&self, count: usize) -> Vec<Got> {
        eventually("events arrive", async || Some(self.got()).filter(|got| got.len() >= count))
            .await
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    let got = Got {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signatures: header("webhook-signature"),
        agent: header("user-agent"),
        body: serde_json::from_slice(&body).unwrap(),
        raw: String::from_utf8(body.to_vec()).unwrap(),
    };
    let number = {
        let mut all = shared.got.lock().unwrap();
        all.push(got.clone());
        all.len()
    };
    match (shared.answer)(&got, number) {
        Some(status) => StatusCode::from_u16(status).unwrap(),
        None => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            StatusCode::OK
        }
    }
}
