//! `atelier serve`: the server until SIGTERM or SIGINT.

use std::io::Write;
use std::net::SocketAddr;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{Common, Failure};
use crate::app::App;
use crate::telemetry;

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    common: Common,
    /// Address and port to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let listen = self.listen.map(|addr| ("server.listen", addr.to_string()));
        let config = self.common.load(listen.into_iter().collect())?;
        telemetry::init(&config.log).map_err(Failure::usage)?;
        // Before the address is told: whoever reads it may stop us at once.
        let listening = |kind| signal(kind).map_err(|e| Failure::usage(format!("signals: {e}")));
        let (mut term, mut int) =
            (listening(SignalKind::terminate())?, listening(SignalKind::interrupt())?);

        let app = App::start(config).await.map_err(Failure::usage)?;
        announce(&format!("listening on {}", app.url()));
        if let Some(url) = app.studio_url() {
            announce(&format!("Studio: {url}"));
        }
        tokio::select! {
            _ = term.recv() => tracing::info!("SIGTERM: draining"),
            _ = int.recv() => tracing::info!("SIGINT: draining"),
        }
        let stopped = tokio::select! {
            stopped = app.stop() => stopped,
            _ = int.recv() => false,
        };
        if stopped {
            return Ok(());
        }
        Err(Failure::finding("stopped before everything was stored"))
    }
}

/// The lines that scripts and people wait for. A closed stdout is no reason not to serve.
fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads stdout");
    }
}
