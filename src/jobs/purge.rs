//! What is kept for a while goes for good: diagrams that can no longer be brought back, old entries of the
//! audit log, old events.

use std::time::Duration;

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::limits::PURGE_EVERY;
use crate::store::StoreError;
use crate::store::sqlite::Catalog;

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// Deleted diagrams.
    pub deleted: Duration,
    /// Entries of the audit log.
    pub audit: Duration,
    /// Events.
    pub events: Duration,
}

/// Looks every now and then until `stop`.
pub async fn run(catalog: Catalog, kept: Kept, stop: CancellationToken) {
    loop {
        // Each step is a transaction of the store's writer: cut off here, it ends there.
        match stop.run_until_cancelled(step(&catalog, kept)).await {
            None => return,
            Some(Ok(true)) => continue,
            Some(Ok(false)) => {}
            Some(Err(error)) => tracing::warn!(%error, "what is old stays a little longer"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(PURGE_EVERY)).await.is_none() {
            return;
        }
    }
}

/// Removes some of what is too old; whether there may be more.
async fn step(catalog: &Catalog, kept: Kept) -> Result<bool, StoreError> {
    let now = OffsetDateTime::now_utc();
    let diagrams = catalog.purge(kept.deleted, now).await?.len();
    let entries = catalog.sweep_audit(kept.audit, now).await?;
    let events = catalog.sweep_events(kept.events, now).await?;
    let some = diagrams > 0 || entries > 0 || events > 0;
    if some {
        tracing::info!(diagrams, entries, events, "gone for good");
    }
    Ok(some)
}
