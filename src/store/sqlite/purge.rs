//! Removing deleted diagrams for good, on SQLite: with their history, their room's log and all blobs.
//!
//! For the server's own job alone, which acts for no tenant.

use std::time::Duration;

use serde_json::json;
use sqlx::SqliteConnection;
use time::OffsetDateTime;

use super::catalog::Catalog;
use super::events::{emit, server};
use super::values::{id as parsed, json as list_of};
use crate::id::DiagramId;
use crate::limits::PURGE_BATCH;
use crate::store::StoreError;
use crate::store::blobs::BlobKey;
use crate::store::catalog::{EventKind, to_ms};

/// Tables that hold something of a room, the one that all others refer to last.
const ROOM_TABLES: [&str; 6] = [
    "DELETE FROM log_editors WHERE room IN (SELECT value FROM json_each(?1))",
    "DELETE FROM log_bindings WHERE room IN (SELECT value FROM json_each(?1))",
    "DELETE FROM log_rows WHERE room IN (SELECT value FROM json_each(?1))",
    "DELETE FROM log_nodes WHERE room IN (SELECT value FROM json_each(?1))",
    "DELETE FROM log_snapshots WHERE room IN (SELECT value FROM json_each(?1))",
    "DELETE FROM log_rooms WHERE room IN (SELECT value FROM json_each(?1))",
];

impl Catalog {
    /// Removes some of the diagrams that were deleted longer than `kept` ago; answers which. None: all are gone.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn purge(
        &self,
        kept: Duration,
        now: OffsetDateTime,
    ) -> Result<Vec<DiagramId>, StoreError> {
        let age = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let before = to_ms(now).saturating_sub(age);
        let at = to_ms(now);
        let purge = self.db.write(move |tx| Box::pin(async move { remove(tx, before, at).await }));
        let (gone, blobs) = purge.await?;
        for key in blobs {
            self.discard(&key).await;
        }
        Ok(gone)
    }
}

async fn remove(
    tx: &mut SqliteConnection,
    before: i64,
    now: i64,
) -> Result<(Vec<DiagramId>, Vec<BlobKey>), StoreError> {
    let sql = "SELECT org, id FROM diagrams WHERE deleted_at < ?1 ORDER BY deleted_at LIMIT ?2";
    let rows: Vec<(String, String)> =
        sqlx::query_as(sql).bind(before).bind(PURGE_BATCH).fetch_all(&mut *tx).await?;
    if rows.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let server = server()?;
    let mut ids = Vec::new();
    for (org, id) in rows {
        // The last moment at which it has a title.
        emit(tx, &parsed(&org)?, (&server, now), EventKind::DiagramPurged, &id, json!({})).await?;
        ids.push(id);
    }
    let list = list_of(&ids)?;
    let sql = "SELECT blob FROM log_snapshots WHERE blob IS NOT NULL \
               AND room IN (SELECT value FROM json_each(?1)) \
               UNION ALL SELECT blob FROM revisions WHERE blob IS NOT NULL \
               AND diagram IN (SELECT value FROM json_each(?1))";
    let blobs: Vec<String> = sqlx::query_scalar(sql).bind(&list).fetch_all(&mut *tx).await?;
    for sql in ROOM_TABLES {
        sqlx::query(sql).bind(&list).execute(&mut *tx).await?;
    }
    let sql = "UPDATE orgs SET change = change + 1 WHERE id IN \
               (SELECT org FROM diagrams WHERE id IN (SELECT value FROM json_each(?1)))";
    sqlx::query(sql).bind(&list).execute(&mut *tx).await?;
    // By organisation too: the key of revisions begins with it.
    let sql = "DELETE FROM revisions WHERE (org, diagram) IN \
               (SELECT org, id FROM diagrams WHERE id IN (SELECT value FROM json_each(?1)))";
    sqlx::query(sql).bind(&list).execute(&mut *tx).await?;
    let sql = "DELETE FROM diagrams WHERE id IN (SELECT value FROM json_each(?1))";
    sqlx::query(sql).bind(&list).execute(&mut *tx).await?;
    let ids = ids.iter().map(|id| parsed(id)).collect::<Result<_, _>>()?;
    let blobs = blobs.iter().map(|key| Ok(key.parse()?)).collect::<Result<_, StoreError>>()?;
    Ok((ids, blobs))
}
