//! Accepts connections: our own loop, because `axum::serve` has no time limit for a request's head.
//!
//! Must not know routes. An error of one connection ends that connection alone.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::stall::Stall;
use crate::config::Server;
use crate::limits;

/// File descriptors kept back from connections: database, blobs, logs.
const FILES_KEPT: usize = 64;
/// Pause after the system refused a connection, so that a full file table is no busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What one listener needs.
#[derive(Debug)]
pub struct Listener {
    /// Bound already, so that the caller knows the address.
    pub socket: TcpListener,
    /// What answers.
    pub router: Router,
    /// Limits.
    pub settings: Server,
    /// Cancelled when no connection is to be accepted any more.
    pub stop: CancellationToken,
    /// Counts the connections, so that the caller can wait for their end.
    pub connections: TaskTracker,
}

impl Listener {
    /// Accepts until stopped. Idle connections are closed then; requests that have begun are answered.
    pub async fn run(self) {
        let places = Arc::new(Semaphore::new(places(self.settings.max_connections)));
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => break,
                accepted = self.accept(&places) => accepted,
            };
            match accepted {
                Ok((stream, peer, place)) => self.spawn(stream, peer, place),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// A place first, then a connection: above the cap they wait in the kernel's queue.
    async fn accept(
        &self,
        places: &Arc<Semaphore>,
    ) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let place =
            Arc::clone(places).acquire_owned().await.map_err(|_| std::io::ErrorKind::Other)?;
        let (stream, peer) = self.socket.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, peer, place))
    }

    fn spawn(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        let router = self.router.clone();
        let place = Arc::new(place);
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            // An upgraded socket outlives its HTTP connection and keeps the place.
            request.extensions_mut().insert(Peer { addr: peer, _place: Arc::clone(&place) });
            router.clone().call(request)
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.settings.header_timeout)
            .max_buf_size(limits::MAX_HEAD_BYTES);
        let connection = http
            .serve_connection(TokioIo::new(Stall::new(stream, limits::WRITE_STALL)), service)
            .with_upgrades();
        let stop = self.stop.clone();
        self.connections.spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

/// Who is at the other end, in a request's extensions.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The address of the connection: behind a proxy, the proxy's.
    pub addr: SocketAddr,
    _place: Arc<OwnedSemaphorePermit>,
}

/// The setting, lowered to what the file limit of this process allows: without that, `accept` would fail and
/// the store could not open its files.
fn places(wanted: usize) -> usize {
    let Some(files) = file_limit() else { return wanted };
    let possible = files.saturating_sub(FILES_KEPT).max(1);
    if possible < wanted / 2 {
        tracing::warn!(
            wanted,
            possible,
            "the file limit allows far fewer connections than server.max_connections: raise `ulimit -n`"
        );
    }
    wanted.min(possible)
}

/// The soft limit of open files, where the system tells it as Linux does.
fn file_limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}
