//! The WebSocket endpoint: who may open a socket, and to which room it leads.
//!
//! Upgrade and admission are here, reading and writing in `socket.rs`; nothing else. What a token or a diagram
//! decides is told by a close code after the upgrade, because a browser can't read the status of a refused
//! one (ROOM R1); HTTP refuses malformed requests, foreign origins and quick repeats of a refused token.

mod refused;
mod rights;
mod socket;

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role as WsRole, WebSocketConfig};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::auth::{Keys, RoomGrant};
use crate::config;
use crate::http::listener::Peer;
use crate::http::origin::Origins;
use crate::http::problem::{Kind, Problem};
use crate::id::DiagramId;
use crate::limits;
use crate::members::Members;
use crate::protocol::close::CloseCode;
use crate::room::registry::{Joining, Member, Registry};
use crate::store::StoreError;
use crate::store::sqlite::Catalog;
use refused::Refused;
use rights::Rights;
use socket::Socket;

/// What sockets need of the other parts.
#[derive(Debug)]
pub struct Gate {
    /// Verifies room tokens.
    pub keys: Arc<Keys>,
    /// What is left of a token's right.
    pub members: Arc<Members>,
    /// The rooms.
    pub registry: Arc<Registry>,
    /// Whose diagram it is.
    pub catalog: Catalog,
    /// Pages that may open sockets.
    pub origins: Origins,
    /// Limits of one socket.
    pub settings: config::Socket,
    /// Counts the sockets, so that a stop can wait for their end.
    pub sockets: TaskTracker,
    /// Tokens that were refused a moment ago.
    refused: Refused,
}

impl Gate {
    /// A gate to these rooms.
    pub fn new(
        (keys, members): (Arc<Keys>, Arc<Members>),
        registry: Arc<Registry>,
        catalog: Catalog,
        origins: Origins,
        settings: config::Socket,
        sockets: TaskTracker,
    ) -> Arc<Self> {
        Arc::new(Self {
            keys,
            members,
            registry,
            catalog,
            origins,
            settings,
            sockets,
            refused: Refused::default(),
        })
    }

    /// The right that the token gives, and the place in the room.
    async fn admit(&self, path: &str, token: &str) -> Result<Admitted, CloseCode> {
        let grant = self.keys.room(token).map_err(|error| {
            tracing::info!(%error, "a socket was refused");
            CloseCode::Token
        })?;
        // Clocks may differ a little when a token is checked, but what ends at once need not join.
        if grant.expires <= SystemTime::now() {
            return Err(CloseCode::Token);
        }
        let diagram: DiagramId = path.parse().map_err(|_| CloseCode::Gone)?;
        if grant.diagram != diagram {
            return Err(CloseCode::Forbidden);
        }
        // A token outlives its diagram, and `atelier token` can name any: the catalog knows.
        match self.catalog.diagram(&grant.org, &diagram).await {
            Ok(_) => {}
            Err(StoreError::NotFound) => return Err(CloseCode::Gone),
            Err(error) => return Err(away(&error)),
        }
        // A guest is no member: what it may do hangs on who invited it.
        let whose = grant.by.as_ref().unwrap_or(&grant.user);
        let standing = self.members.follow(&grant.org, whose).await;
        let standing = standing.map_err(|error| away(&error))?;
        let role = standing.now().in_room(grant.role).ok_or(CloseCode::Forbidden)?;
        let who = Joining { user: grant.user.clone(), role };
        let member = self.registry.join(&diagram, who).await?;
        Ok(Admitted { grant, rights: Rights { standing, role }, member })
    }
}

/// Who may stay.
#[derive(Debug)]
struct Admitted {
    grant: RoomGrant,
    rights: Rights,
    member: Member,
}

fn away(error: &StoreError) -> CloseCode {
    tracing::warn!(%error, "the catalog could not be read");
    CloseCode::TryAgain
}

/// The endpoint, without what surrounds every request.
pub fn routes(gate: Arc<Gate>) -> Router {
    Router::new().route("/collab/{id}", any(open)).with_state(gate)
}

#[derive(Debug, Deserialize)]
struct Params {
    #[serde(default)]
    token: String,
}

async fn open(
    State(gate): State<Arc<Gate>>,
    Path(path): Path<String>,
    mut request: Request,
) -> Result<Response, Problem> {
    let accept = handshake(request.method(), request.headers())?;
    if !gate.origins.allow(request.headers()) {
        return Err(Problem::new(Kind::ForeignOrigin)
            .detail("add the page's origin to server.origins to let it open sockets"));
    }
    // A query that can't be read holds no token.
    let params = Query::<Params>::try_from_uri(request.uri());
    let token = params.map(|Query(p)| p.token).unwrap_or_default();
    if let Some(wait) = gate.refused.wait(gate.refused.key(&path, &token), Instant::now()) {
        return Err(Problem::new(Kind::TooMany)
            .detail("this token was refused a moment ago")
            .retry_after(wait));
    }
    let upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or_else(|| {
        Problem::new(Kind::BadRequest).detail("this connection can't become a WebSocket")
    })?;
    // The connection's place is held for as long as the socket lives.
    let peer = request.extensions_mut().remove::<Peer>();

    let tracker = gate.sockets.clone();
    let span = tracing::info_span!("socket", room.id = %path.escape_debug());
    tracker.spawn(
        async move {
            run(&gate, upgrade, path, token).await;
            drop(peer);
        }
        .instrument(span),
    );
    Ok((
        StatusCode::SWITCHING_PROTOCOLS,
        [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_ACCEPT, accept),
        ],
    )
        .into_response())
}

/// Checks the request's head by RFC 6455 4.2.1 and gives the accept key.
fn handshake(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let has = |name: header::HeaderName, wanted: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(wanted))
    };
    let refuse = |why: &str| Err(Problem::new(Kind::BadRequest).detail(why));
    if method != Method::GET {
        return Err(Kind::MethodNotAllowed.into());
    }
    if !has(header::CONNECTION, "upgrade") || !has(header::UPGRADE, "websocket") {
        return Err(Problem::new(Kind::UpgradeRequired)
            .detail("this is a WebSocket endpoint: connect with a y-websocket provider")
            .header(header::UPGRADE, "websocket"));
    }
    if !has(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(Problem::new(Kind::UpgradeRequired)
            .detail("only WebSocket version 13 is spoken")
            .header(header::SEC_WEBSOCKET_VERSION, "13"));
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24) else {
        return refuse("Sec-WebSocket-Key is missing or is not 16 bytes of base64");
    };
    HeaderValue::from_str(&derive_accept_key(key.as_bytes()))
        .or_else(|_| refuse("Sec-WebSocket-Key can't be used"))
}

/// From the upgrade to the end of the socket. What only the beginning needs is boxed or dropped, so that it does
/// not make the task bigger for as long as the socket lives.
async fn run(gate: &Gate, upgrade: OnUpgrade, path: String, token: String) {
    let Some(socket) = Box::pin(upgraded(upgrade)).await else { return };
    let key = gate.refused.key(&path, &token);
    let note = |code: CloseCode| {
        if code.is_permanent() {
            gate.refused.note(key, Instant::now());
        }
    };
    match Box::pin(gate.admit(&path, &token)).await {
        // Also what the room refuses: most stock clients come back for it ten times a second.
        Ok(admitted) => {
            drop((path, token));
            socket::serve(gate, socket, admitted, note).await;
        }
        Err(code) => {
            note(code);
            Box::pin(socket::refuse(socket, code)).await;
        }
    }
}

async fn upgraded(upgrade: OnUpgrade) -> Option<Socket> {
    let upgraded = match tokio::time::timeout(limits::UPGRADE_TIMEOUT, upgrade).await {
        Ok(Ok(upgraded)) => upgraded,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the upgrade failed");
            return None;
        }
        Err(_) => {
            tracing::debug!("the upgrade took too long");
            return None;
        }
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(limits::SOCKET_READ_BUFFER)
        .write_buffer_size(limits::SOCKET_FRAGMENT)
        .max_write_buffer_size(limits::SOCKET_WRITE_BUFFER)
        .max_message_size(Some(limits::MAX_FRAME_BYTES))
        .max_frame_size(Some(limits::MAX_FRAME_BYTES));
    let io = TokioIo::new(upgraded);
    Some(Socket::from_raw_socket(io, WsRole::Server, Some(config)).await)
}
