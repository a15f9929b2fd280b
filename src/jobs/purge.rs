//! Deleted diagrams go for good when they can no longer be brought back.

use std::time::Duration;

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::limits::PURGE_EVERY;
use crate::store::sqlite::Catalog;

/// Looks every now and then until `stop`; `kept` is how long a deleted diagram can be brought back.
pub async fn run(catalog: Catalog, kept: Duration, stop: CancellationToken) {
    loop {
        // A purge is a transaction of the store's writer: cut off here, it ends there.
        match stop.run_until_cancelled(catalog.purge(kept, OffsetDateTime::now_utc())).await {
            None => return,
            Some(Ok(gone)) if !gone.is_empty() => {
                tracing::info!(diagrams = gone.len(), "deleted diagrams are gone for good");
                continue;
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => tracing::warn!(%error, "deleted diagrams stay a little longer"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(PURGE_EVERY)).await.is_none() {
            return;
        }
    }
}
