//! The log on SQLite: each call is one transaction.
//!
//! Knows rooms and opaque bytes only (ROOM L7); what an append does is decided in `plan.rs`.

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::SqliteConnection;

use super::append::{append, heads_of};
use super::db::Db;
use super::history::load;
use super::values::{json, seq};
use crate::id::{BatchId, DiagramId, NodeId, Seq};
use crate::limits::{BLOB_READ_TRIES, SNAPSHOT_INLINE_BYTES};
use crate::store::StoreError;
use crate::store::blobs::{BlobError, BlobKey, Blobs};
use crate::store::log::{Append, History, Log, Outcome, ReadError, Refusal, Snapshot};
use crate::store::row::snapshot_checksum;

/// Folder of the snapshots' blobs.
pub(super) const SNAPSHOTS: &str = "snapshots";

/// The rooms' log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteLog {
    db: Db,
    blobs: Blobs,
}

impl SqliteLog {
    pub(super) fn new(db: Db, blobs: Blobs) -> Self {
        Self { db, blobs }
    }

    /// A read that also opens rooms that are gone: for the integrity check.
    pub(super) async fn history(
        &self,
        room: &DiagramId,
        after: Seq,
        gone_too: bool,
    ) -> Result<History, ReadError> {
        let mut missing = None;
        for _ in 0..BLOB_READ_TRIES {
            let id = room.clone();
            let stored = self.db.read(move |tx| Box::pin(load(tx, id, after, gone_too))).await?;
            let Some((seq, key, crc)) = stored.blob else { return Ok(stored.history) };
            match self.blobs.get(&key).await {
                Ok(state) if snapshot_checksum(room, seq, &state) == crc => {
                    let snapshot = Some(Snapshot { seq, state });
                    return Ok(History { snapshot, ..stored.history });
                }
                // A newer snapshot may have replaced it since: look again.
                Err(BlobError::Missing(_)) if missing.as_ref() != Some(&key) => missing = Some(key),
                Err(BlobError::Io(text)) => return Err(ReadError::Away(text)),
                Ok(_) => return Err(corrupt_snapshot(seq)),
                Err(error) => return Err(ReadError::Corrupt(error.to_string())),
            }
        }
        Err(ReadError::Away("snapshots replace one another faster than they can be read".into()))
    }
}

#[async_trait]
impl Log for SqliteLog {
    async fn append(&self, node: NodeId, batches: Vec<Append>) -> Vec<Outcome> {
        let count = batches.len();
        if count == 0 {
            return Vec::new();
        }
        let done = self.db.write(move |tx| Box::pin(append(tx, node, batches)));
        match done.await {
            Ok(outcomes) => outcomes,
            Err(StoreError::Unknown(why)) => vec![Outcome::Unknown(why); count],
            Err(other) => vec![Outcome::Refused(Refusal::Store(other.to_string())); count],
        }
    }

    async fn find(&self, room: &DiagramId, batch: BatchId) -> Result<Option<Seq>, ReadError> {
        let room = room.clone();
        let found = self.db.write(move |tx| {
            Box::pin(async move {
                // See the table: this write makes a failed commit's absence final.
                sqlx::query("UPDATE log_fence SET n = n + 1 WHERE id = 1")
                    .execute(&mut *tx)
                    .await?;
                let sql = "SELECT head FROM log_rooms WHERE room = ?1 AND batch = ?2 \
                           UNION ALL SELECT seq FROM log_nodes WHERE room = ?1 AND batch = ?2 \
                           UNION ALL SELECT seq FROM log_rows WHERE room = ?1 AND batch = ?2 LIMIT 1";
                let found: Option<i64> = sqlx::query_scalar(sql)
                    .bind(room.as_str())
                    .bind(batch.0.to_be_bytes().to_vec())
                    .fetch_optional(tx)
                    .await?;
                found.map(seq).transpose()
            })
        });
        Ok(found.await?)
    }

    async fn read(&self, room: &DiagramId, after: Seq) -> Result<History, ReadError> {
        self.history(room, after, false).await
    }

    async fn snapshot(&self, room: &DiagramId, snapshot: Snapshot) -> Result<bool, ReadError> {
        let (seq, crc) = (snapshot.seq, snapshot_checksum(room, snapshot.seq, &snapshot.state));
        let (state, key) = if snapshot.state.len() > SNAPSHOT_INLINE_BYTES {
            let put = self.blobs.put(SNAPSHOTS, snapshot.state).await;
            (None, Some(put.map_err(StoreError::from)?))
        } else {
            (Some(snapshot.state), None)
        };
        let (id, blob) = (room.clone(), key.clone());
        let done = self.db.write(move |tx| Box::pin(replace(tx, id, seq, state, blob, crc))).await;
        let useless = match &done {
            Ok(Replaced::Stored(previous)) => previous.clone(),
            // Nobody knows whether the row points there: the integrity check finds it if not.
            Err(StoreError::Unknown(_)) => None,
            Ok(Replaced::Newer) | Err(_) => key,
        };
        if let Some(key) = useless
            && let Err(error) = self.blobs.delete(&key).await
        {
            tracing::warn!(%error, "a blob that nothing points to could not be removed");
        }
        Ok(matches!(done?, Replaced::Stored(_)))
    }

    async fn heads(&self, rooms: &[DiagramId]) -> Result<Vec<(DiagramId, Seq)>, ReadError> {
        let rooms = json(&rooms)?;
        Ok(self.db.read(move |tx| Box::pin(heads_of(tx, rooms))).await?)
    }
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::Gone,
            StoreError::Corrupt(text) => Self::Corrupt(text),
            StoreError::Away(text) | StoreError::Unknown(text) => Self::Away(text),
            other => Self::Away(other.to_string()),
        }
    }
}

enum Replaced {
    /// Stored; the previous snapshot's blob, if it had one.
    Stored(Option<BlobKey>),
    /// A snapshot as new or newer is there.
    Newer,
}

async fn replace(
    tx: &mut SqliteConnection,
    room: DiagramId,
    at: Seq,
    state: Option<Bytes>,
    blob: Option<BlobKey>,
    crc: u32,
) -> Result<Replaced, StoreError> {
    let head = heads_of(tx, json(&[&room])?).await?;
    let head = head.first().map(|(_, head)| *head).ok_or(StoreError::NotFound)?;
    if at > head || at == Seq(0) {
        return Err(StoreError::Corrupt(format!(
            "a snapshot of row {} was offered, the log ends at {}",
            at.0, head.0
        )));
    }
    let sql = "SELECT seq, blob FROM log_snapshots WHERE room = ?1";
    let previous: Option<(i64, Option<String>)> =
        sqlx::query_as(sql).bind(room.as_str()).fetch_optional(&mut *tx).await?;
    if let Some((stored, _)) = &previous
        && seq(*stored)? >= at
    {
        return Ok(Replaced::Newer);
    }
    let at = at.0.cast_signed();
    sqlx::query("INSERT OR REPLACE INTO log_snapshots (room, seq, state, blob, crc) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(room.as_str())
        .bind(at)
        .bind(state.map(Vec::from))
        .bind(blob.map(|key| key.to_string()))
        .bind(i64::from(crc))
        .execute(&mut *tx)
        .await?;
    let sql = "DELETE FROM log_rows WHERE room = ?1 AND seq <= ?2";
    sqlx::query(sql).bind(room.as_str()).bind(at).execute(&mut *tx).await?;
    let previous = previous.and_then(|(_, blob)| blob);
    Ok(Replaced::Stored(previous.map(|key| key.parse()).transpose()?))
}

fn corrupt_snapshot(at: Seq) -> ReadError {
    ReadError::Corrupt(format!("the snapshot at {} has a wrong checksum", at.0))
}
