//! An identity provider: keys of every kind, tokens at will, and a server of its public keys that can misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atelier::config::Config;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const ISSUER: &str = "https://login.example/auth/v1";
pub(crate) const AUDIENCE: &str = "authenticated";

/// A signing key and its name.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: EncodingKey,
}

impl Signer {
    pub(crate) fn rsa(kid: &str) -> Self {
        let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let pkcs8 = AsDer::as_der(&pair).unwrap();
        // What PKCS 8 wraps a key of this size in has 26 bytes; inside is PKCS 1.
        let key = EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..]);
        Self { kid: kid.to_owned(), algorithm: Algorithm::RS256, key }
    }

    pub(crate) fn ec(kid: &str) -> Self {
        let rng = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
        let key = EncodingKey::from_ec_der(pkcs8.as_ref());
        Self { kid: kid.to_owned(), algorithm: Algorithm::ES256, key }
    }

    pub(crate) fn ed(kid: &str) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        let key = EncodingKey::from_ed_der(pkcs8.as_ref());
        Self { kid: kid.to_owned(), algorithm: Algorithm::EdDSA, key }
    }

    /// As the provider publishes it.
    pub(crate) fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        serde_json::to_value(jwk).unwrap()
    }

    /// A token of these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Claims of a token that is good, of a user who belongs to `acme`.
pub(crate) fn claims(sub: &str) -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": sub, "exp": now_s() + 600, "iat": now_s(),
        "role": "authenticated", "app_metadata": { "org": "acme" },
    })
}

/// The same with one claim changed; null takes it away.
pub(crate) fn claims_with(sub: &str, name: &str, value: Value) -> Value {
    let mut claims = claims(sub);
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

/// What the server of keys does when it is asked.
#[derive(Clone)]
pub(crate) enum Answers {
    Keys(Vec<Value>),
    Text(String),
    Status(u16),
    /// A redirect to itself.
    Elsewhere,
    /// Bytes without end.
    Endless,
    /// Half an answer, then nothing more.
    Stuck,
    /// The connection breaks.
    Cut,
}

/// The server of keys.
pub(crate) struct Provider {
    pub(crate) url: String,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    pub(crate) async fn of(signers: &[&Signer]) -> Self {
        Self::start(Answers::Keys(signers.iter().map(|signer| signer.public()).collect())).await
    }

    pub(crate) async fn start(answers: Answers) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/.well-known/jwks.json", socket.local_addr().unwrap());
        let (answers, asked) = (Arc::new(Mutex::new(answers)), Arc::<AtomicUsize>::default());
        let (now, count) = (Arc::clone(&answers), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&now), Arc::clone(&count)));
            }
        });
        Self { url, answers, asked }
    }

    pub(crate) fn now(&self, answers: Answers) {
        *self.answers.lock() = answers;
    }

    pub(crate) fn has(&self, signers: &[&Signer]) {
        self.now(Answers::Keys(signers.iter().map(|signer| signer.public()).collect()));
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Settings of a server that trusts it.
    pub(crate) fn trusted(&self, config: &mut Config) {
        config.auth.jwks_url = Some(self.url.clone());
        config.auth.issuers = vec![ISSUER.to_owned()];
        config.auth.audience = vec![AUDIENCE.to_owned()];
    }
}

async fn serve(mut stream: TcpStream, answers: Arc<Mutex<Answers>>, asked: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    asked.fetch_add(1, Ordering::SeqCst);
    let answer = answers.lock().clone();
    let whole = |status: u16, body: &str| {
        format!(
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    // A client that has enough hangs up: no write here has to succeed.
    let written = match answer {
        Answers::Keys(keys) => {
            stream.write_all(whole(200, &json!({ "keys": keys }).to_string()).as_bytes()).await
        }
        Answers::Text(text) => stream.write_all(whole(200, &text).as_bytes()).await,
        Answers::Status(status) => {
            stream.write_all(whole(status, "{\"keys\":[]}").as_bytes()).await
        }
        Answers::Elsewhere => {
            let head = "HTTP/1.1 302 X\r\nlocation: /keys\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(head.as_bytes()).await
        }
        Answers::Endless => {
            let head = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n";
            let mut written = stream.write_all(head.as_bytes()).await;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            while written.is_ok() {
                written = stream.write_all(chunk.as_bytes()).await;
            }
            written
        }
        Answers::Stuck => {
            let half =
                stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 500\r\n\r\n{\"keys\":").await;
            tokio::time::sleep(Duration::from_secs(60)).await;
            half
        }
        Answers::Cut => Ok(()),
    };
    drop(written);
}
