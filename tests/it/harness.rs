//! A running server in this process, a REST client and a bare WebSocket client for it.

use std::time::Duration;

use atelier::app::App;
use atelier::auth::{Identity, OrgRole, RoomGrant};
use atelier::config::Config;
use atelier::protocol::frame;
use atelier::protocol::lib0::StateVector;
use atelier::room::session::Role;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Longer than anything here takes; only a bug makes a test wait for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How often [`eventually`] looks.
const LOOK: Duration = Duration::from_millis(20);

/// What a look finds, as soon as it finds something: for what the server does by itself, and tells nobody about.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

/// A server and its data folder, which goes with it.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) dir: TempDir,
    http: reqwest::Client,
}

/// The HTTP answer to an upgrade that was refused.
pub(crate) type Refused = tokio_tungstenite::tungstenite::http::Response<Option<Vec<u8>>>;

/// A caller with a token.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) token: String,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Settings besides the folder and the port.
    pub(crate) async fn start_with(set: impl FnOnce(&mut Config)) -> Self {
        Self::launch(tempfile::tempdir().unwrap(), set).await
    }

    /// On what another server left.
    pub(crate) async fn start_in(dir: TempDir) -> Self {
        Self::launch(dir, |_| {}).await
    }

    /// On what another server left, with other settings.
    pub(crate) async fn start_in_with(dir: TempDir, set: impl FnOnce(&mut Config)) -> Self {
        Self::launch(dir, set).await
    }

    /// Stops it in good order; what it leaves.
    pub(crate) async fn stop(self) -> TempDir {
        assert!(self.app.stop().await, "everything was stored");
        self.dir
    }

    async fn launch(dir: TempDir, set: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.store.data = dir.path().to_owned();
        set(&mut config);
        config.check().unwrap();
        let app = App::start(config).await.unwrap();
        Self { app, dir, http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap() }
    }

    pub(crate) fn user(&self, org: &str, user: &str, role: OrgRole) -> User {
        self.called(org, user, role, None)
    }

    /// A user whose token tells its name.
    pub(crate) fn named_user(&self, org: &str, user: &str, name: &str, role: OrgRole) -> User {
        self.called(org, user, role, Some(name.to_owned()))
    }

    fn called(&self, org: &str, user: &str, role: OrgRole, name: Option<String>) -> User {
        let (org, user) = (org.parse().unwrap(), user.parse().unwrap());
        let identity = Identity { org, user, role, name, guest: None };
        let now = std::time::SystemTime::now();
        let token = self.app.keys().mint_access(&identity, now, Duration::from_secs(600)).unwrap();
        User { token }
    }

    pub(crate) fn member(&self) -> User {
        self.user("acme", "ana", OrgRole::Member)
    }

    /// A request of nobody.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.app.url()))
    }

    pub(crate) fn request(&self, user: &User, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&user.token)
    }

    pub(crate) async fn get(&self, user: &User, path: &str) -> Response {
        self.request(user, Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn post_xml(&self, user: &User, xml: impl Into<Vec<u8>>) -> Response {
        self.request(user, Method::POST, "/api/diagrams")
            .header("content-type", "application/xml")
            .body(xml.into())
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn put_xml(
        &self,
        user: &User,
        id: &str,
        base: &str,
        xml: impl Into<Vec<u8>>,
    ) -> Response {
        self.request(user, Method::PUT, &format!("/api/diagrams/{id}/xml"))
            .header("if-match", base)
            .body(xml.into())
            .send()
            .await
            .unwrap()
    }

    /// A diagram of this text; its id.
    pub(crate) async fn create(&self, user: &User, xml: &str) -> String {
        let response = self.post_xml(user, xml).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        response.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// A diagram of the empty template; its id.
    pub(crate) async fn create_empty(&self, user: &User) -> String {
        self.create(user, atelier::diagram::EMPTY).await
    }

    pub(crate) async fn list(&self, user: &User) -> Vec<Value> {
        let page: Value = self.get(user, "/api/diagrams").await.json().await.unwrap();
        page["diagrams"].as_array().unwrap().clone()
    }

    /// What `POST …/collaborate` answers.
    pub(crate) async fn invite(&self, user: &User, id: &str) -> Value {
        let path = format!("/api/diagrams/{id}/collaborate");
        let response = self.request(user, Method::POST, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    /// A room token with everything at will.
    pub(crate) fn room_token(
        &self,
        org: &str,
        user: &str,
        id: &str,
        role: Role,
        life: Duration,
    ) -> String {
        let now = std::time::SystemTime::now();
        let grant = RoomGrant {
            org: org.parse().unwrap(),
            diagram: id.parse().unwrap(),
            user: user.parse().unwrap(),
            by: None,
            role,
            name: user.to_owned(),
            color: "#123456".to_owned(),
            expires: now + life,
        };
        self.app.keys().mint_room(&grant, now).unwrap()
    }

    /// Opens a socket as `user` is invited to it.
    pub(crate) async fn join(&self, user: &User, id: &str) -> Client {
        let invitation = self.invite(user, id).await;
        self.open(id, invitation["token"].as_str().unwrap()).await
    }

    /// Opens a socket with this token.
    pub(crate) async fn open(&self, id: &str, token: &str) -> Client {
        self.try_open(id, token, None).await.unwrap()
    }

    /// Opens a socket from a page of this origin; the HTTP answer where the upgrade is refused.
    pub(crate) async fn try_open(
        &self,
        id: &str,
        token: &str,
        origin: Option<&str>,
    ) -> Result<Client, Refused> {
        self.connect(id, token, origin, None).await
    }

    pub(crate) async fn connect(
        &self,
        id: &str,
        token: &str,
        origin: Option<&str>,
        config: Option<WebSocketConfig>,
    ) -> Result<Client, Refused> {
        let url = format!("ws://{}/collab/{id}?token={token}", self.app.addr());
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match tokio_tungstenite::connect_async_with_config(request, config, false).await {
            Ok((socket, _)) => Ok(Client { socket }),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(*response),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Checks that an answer is a problem with this status and code; its body.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(response.headers().contains_key("x-request-id"));
    let was = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!((was, body["code"].as_str()), (status, Some(code)), "{body}");
    assert_eq!(body["status"], status);
    assert_eq!(body["type"], format!("urn:atelier:problem:{code}"));
    assert!(body["title"].is_string());
    body
}

/// A WebSocket that speaks bytes.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    pub(crate) async fn send(&mut self, message: impl Into<Bytes>) {
        self.socket.send(Message::Binary(message.into())).await.unwrap();
    }

    /// What stock clients say first, and the wait for the server's whole state.
    pub(crate) async fn sync(&mut self) -> Bytes {
        self.send(frame::step1(&StateVector::default())).await;
        let empty = [0u8, 0];
        self.send(frame::step2(&empty)).await;
        self.until(|message| match message {
            frame::Message::Step2(update) => Some(update),
            _ => None,
        })
        .await
    }

    /// The next message that `wanted` takes.
    pub(crate) async fn until<T>(&mut self, wanted: impl Fn(frame::Message) -> Option<T>) -> T {
        tokio::time::timeout(PATIENCE, async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Binary(bytes))) => {
                        for message in frame::decode(&bytes).unwrap() {
                            if let Some(found) = wanted(message) {
                                return found;
                            }
                        }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("the socket ended: {other:?}"),
                }
            }
        })
        .await
        .expect("the wanted message did not come")
    }

    /// Waits until everything sent before is durable (A1).
    pub(crate) async fn barrier(&mut self) {
        self.send(frame::barrier(b"here")).await;
        self.until(|message| match message {
            frame::Message::Barrier(opaque) if &opaque[..] == b"here" => Some(()),
            _ => None,
        })
        .await;
    }

    /// The code with which the server closes; panics when the connection just ends.
    pub(crate) async fn closed(&mut self) -> u16 {
        tokio::time::timeout(PATIENCE, async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(Some(close)))) => return u16::from(close.code),
                    Some(Ok(_)) => {}
                    other => panic!("the socket ended without a code: {other:?}"),
                }
            }
        })
        .await
        .expect("the server did not close the socket")
    }
}
