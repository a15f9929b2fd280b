//! Logs: one subscriber for the process, to stderr, as text or JSON.
//!
//! stdout belongs to the command line's interface. Rules for what is logged: ids and numbers, never tokens,
//! query strings or content; a failure once, where it is handled.

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter can't be read.
    #[error(
        "log.filter is no log filter ({0}): write a level such as info, or info,atelier::ws=debug"
    )]
    Filter(String),
    /// There is a subscriber already.
    #[error("logging was set up twice")]
    Twice,
}

/// Sets up logging for this process.
///
/// # Errors
/// See [`TelemetryError`].
pub fn init(settings: &Log) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| TelemetryError::Filter(error.to_string()))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let done = match settings.format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    done.map_err(|_| TelemetryError::Twice)
}
