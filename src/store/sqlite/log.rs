//! The log on SQLite: each call is one transaction.
//!
//! Knows rooms and opaque bytes only (ROOM L7); what an append does is decided in `plan.rs`.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::json;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::db::Db;
use crate::id::{BatchId, ClientId, DiagramId, NodeId, Seq, UserId};
use crate::limits::{BLOB_READ_TRIES, NODES_PER_ROOM, SNAPSHOT_INLINE_BYTES};
use crate::store::StoreError;
use crate::store::blobs::{BlobError, BlobKey, Blobs};
use crate::store::log::{Append, History, Log, Outcome, ReadError, Refusal, Row, Snapshot};
use crate::store::plan::{Known, Plan, plan};
use crate::store::row::{decode, encode, row_checksum, snapshot_checksum};

/// Folder of the snapshots' blobs.
pub(super) const SNAPSHOTS: &str = "snapshots";
/// Rows in one INSERT: six values each, well under SQLite's 32,766 parameters.
const ROWS_PER_INSERT: usize = 1000;

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
        let done = self.db.write(move |tx| {
            Box::pin(async move {
                let (known, others) = known(tx, node, &batches).await?;
                let plan = plan(node, batches, known);
                keep_other_nodes(tx, &others).await?;
                store(tx, node, &plan).await?;
                Ok(plan.outcomes)
            })
        });
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
        let rooms = json!(rooms).to_string();
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

/// Makes a room with its first row, in the transaction that creates its diagram (ROOM L6).
pub(super) async fn create_room(
    tx: &mut SqliteConnection,
    node: NodeId,
    seed: Append,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO log_rooms (room, head, node, batch) VALUES (?1, 0, ?2, ?3) \
               ON CONFLICT DO NOTHING";
    let made = sqlx::query(sql)
        .bind(seed.room.as_str())
        .bind(node.0.cast_signed())
        .bind(seed.batch.0.to_be_bytes().to_vec())
        .execute(&mut *tx)
        .await?;
    if made.rows_affected() == 0 {
        return Err(StoreError::Exists);
    }
    let heads = [(seed.room.clone(), Seq(0))].into();
    let plan = plan(node, vec![seed], Known { heads, ..Known::default() });
    match plan.outcomes.first() {
        Some(Outcome::Committed(_)) => store(tx, node, &plan).await,
        other => Err(StoreError::Away(format!("the seed was refused: {other:?}"))),
    }
}

/// Marks a room gone, in the transaction that deletes its diagram.
pub(super) async fn end_room(
    tx: &mut SqliteConnection,
    room: &DiagramId,
) -> Result<(), StoreError> {
    let sql = "UPDATE log_rooms SET gone = 1 WHERE room = ?1";
    sqlx::query(sql).bind(room.as_str()).execute(tx).await?;
    Ok(())
}

/// What the plan needs, and the rooms whose newest row is another node's.
async fn known(
    tx: &mut SqliteConnection,
    node: NodeId,
    batches: &[Append],
) -> Result<(Known, Vec<DiagramId>), StoreError> {
    let (mut known, mut others) = (Known::default(), Vec::new());
    let rooms: Vec<_> = batches.iter().map(|b| b.room.as_str()).collect();
    // The node's own newest batch, where another node wrote last.
    let sql = "SELECT r.room, r.head, r.node, r.batch, n.batch, n.seq \
               FROM log_rooms r LEFT JOIN log_nodes n ON n.room = r.room AND n.node = ?2 \
               WHERE r.gone = 0 AND r.room IN (SELECT value FROM json_each(?1))";
    let found: Vec<KnownRow> = sqlx::query_as(sql)
        .bind(json!(rooms).to_string())
        .bind(node.0.cast_signed())
        .fetch_all(&mut *tx)
        .await?;
    for (room, head, last_node, last, own, own_at) in found {
        let (room, head): (DiagramId, Seq) = (id(&room)?, seq(head)?);
        if last_node.cast_unsigned() == node.0 {
            known.own.insert(room.clone(), (batch(&last)?, head));
        } else {
            others.push(room.clone());
            if let (Some(own), Some(at)) = (own, own_at) {
                known.own.insert(room.clone(), (batch(&own)?, seq(at)?));
            }
        }
        known.heads.insert(room, head);
    }
    let clients: Vec<_> = batches
        .iter()
        .flat_map(|b| {
            b.bindings.iter().map(|(client, _)| (b.room.as_str(), client.0.cast_signed()))
        })
        .collect();
    if !clients.is_empty() {
        let sql = "SELECT b.room, b.client, b.user FROM json_each(?1) j CROSS JOIN log_bindings b \
                   ON b.room = j.value ->> 0 AND b.client = j.value ->> 1";
        let found: Vec<(String, i64, String)> =
            sqlx::query_as(sql).bind(json!(clients).to_string()).fetch_all(&mut *tx).await?;
        for (room, client, user) in found {
            known.owners.insert((id(&room)?, ClientId(client.cast_unsigned())), id(&user)?);
        }
    }
    Ok((known, others))
}

/// room, head, its node and batch; the appending node's own newest batch and its place
type KnownRow = (String, i64, i64, Vec<u8>, Option<Vec<u8>>, Option<i64>);

/// Before this node's rows become the newest: whose they were is kept, for a look-up (ROOM K3).
async fn keep_other_nodes(
    tx: &mut SqliteConnection,
    rooms: &[DiagramId],
) -> Result<(), StoreError> {
    if rooms.is_empty() {
        return Ok(());
    }
    let rooms = json!(rooms).to_string();
    let sql = "INSERT OR REPLACE INTO log_nodes (room, node, batch, seq) \
               SELECT room, node, batch, head FROM log_rooms \
               WHERE room IN (SELECT value FROM json_each(?1))";
    sqlx::query(sql).bind(&rooms).execute(&mut *tx).await?;
    let sql = "DELETE FROM log_nodes WHERE (room, node) IN (SELECT room, node FROM \
               (SELECT room, node, row_number() OVER (PARTITION BY room ORDER BY seq DESC) AS age \
                FROM log_nodes WHERE room IN (SELECT value FROM json_each(?1))) WHERE age > ?2)";
    sqlx::query(sql).bind(&rooms).bind(NODES_PER_ROOM).execute(tx).await?;
    Ok(())
}

async fn heads_of(
    tx: &mut SqliteConnection,
    rooms: String,
) -> Result<Vec<(DiagramId, Seq)>, StoreError> {
    let sql = "SELECT room, head FROM log_rooms \
               WHERE gone = 0 AND room IN (SELECT value FROM json_each(?1)) ORDER BY room";
    let found: Vec<(String, i64)> = sqlx::query_as(sql).bind(rooms).fetch_all(tx).await?;
    found.into_iter().map(|(room, head)| Ok((id(&room)?, seq(head)?))).collect()
}

/// Writes what was planned: one statement per table.
async fn store(tx: &mut SqliteConnection, node: NodeId, plan: &Plan) -> Result<(), StoreError> {
    for rows in plan.rows.chunks(ROWS_PER_INSERT) {
        let mut sql = QueryBuilder::<Sqlite>::new(
            "INSERT INTO log_rows (room, seq, node, batch, payload, crc) ",
        );
        sql.push_values(rows, |mut values, (room, row)| {
            let payload = encode(&row.updates);
            let crc = row_checksum(room, row.seq, row.node, row.batch, &payload);
            values
                .push_bind(room.as_str().to_owned())
                .push_bind(row.seq.0.cast_signed())
                .push_bind(row.node.0.cast_signed())
                .push_bind(row.batch.0.to_be_bytes().to_vec())
                .push_bind(Vec::from(payload))
                .push_bind(i64::from(crc));
        });
        sql.build().execute(&mut *tx).await?;
    }
    if !plan.heads.is_empty() {
        let heads: Vec<_> =
            plan.heads.iter().map(|(room, (seq, batch))| (room, seq.0, hex(*batch))).collect();
        let sql = "UPDATE log_rooms SET head = j.value ->> 1, node = ?2, batch = unhex(j.value ->> 2) \
                   FROM json_each(?1) j WHERE log_rooms.room = j.value ->> 0";
        sqlx::query(sql)
            .bind(json!(heads).to_string())
            .bind(node.0.cast_signed())
            .execute(&mut *tx)
            .await?;
    }
    if !plan.bindings.is_empty() {
        let bindings: Vec<_> = plan
            .bindings
            .iter()
            .map(|(room, client, user)| (room, client.0.cast_signed(), user))
            .collect();
        let sql = "INSERT INTO log_bindings (room, client, user) \
                   SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)";
        sqlx::query(sql).bind(json!(bindings).to_string()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// What a read transaction saw; a snapshot in a blob is still to be fetched.
struct Stored {
    history: History,
    blob: Option<(Seq, BlobKey, u32)>,
}

async fn load(
    tx: &mut SqliteConnection,
    room: DiagramId,
    after: Seq,
    gone_too: bool,
) -> Result<Stored, StoreError> {
    let sql = "SELECT head, gone FROM log_rooms WHERE room = ?1";
    let found: Option<(i64, bool)> =
        sqlx::query_as(sql).bind(room.as_str()).fetch_optional(&mut *tx).await?;
    let head = match found {
        Some((head, gone)) if !gone || gone_too => seq(head)?,
        _ => return Err(StoreError::NotFound),
    };
    let (snapshot, blob) = load_snapshot(tx, &room, after).await?;
    let from = snapshot.as_ref().map(|s| s.seq).or(blob.as_ref().map(|b| b.0)).unwrap_or(after);
    let rows = load_rows(tx, &room, from).await?;
    let last = rows.last().map_or(from, |row| row.seq);
    if last != head {
        return Err(StoreError::Corrupt(format!(
            "the log should end at row {}, what is there ends at {}",
            head.0, last.0
        )));
    }
    let sql = "SELECT client, user FROM log_bindings WHERE room = ?1 ORDER BY client";
    let bindings: Vec<(i64, String)> =
        sqlx::query_as(sql).bind(room.as_str()).fetch_all(tx).await?;
    let bindings = bindings
        .into_iter()
        .map(|(client, user)| Ok((ClientId(client.cast_unsigned()), id::<UserId>(&user)?)))
        .collect::<Result<_, StoreError>>()?;
    Ok(Stored { history: History { snapshot, rows, bindings }, blob })
}

/// seq, state, blob, crc
type SnapshotRow = (i64, Option<Vec<u8>>, Option<String>, i64);

async fn load_snapshot(
    tx: &mut SqliteConnection,
    room: &DiagramId,
    after: Seq,
) -> Result<(Option<Snapshot>, Option<(Seq, BlobKey, u32)>), StoreError> {
    let sql = "SELECT seq, state, blob, crc FROM log_snapshots WHERE room = ?1 AND seq > ?2";
    let found: Option<SnapshotRow> = sqlx::query_as(sql)
        .bind(room.as_str())
        .bind(after.0.cast_signed())
        .fetch_optional(tx)
        .await?;
    let Some((at, state, blob, crc)) = found else { return Ok((None, None)) };
    let (at, crc) = (seq(at)?, checksum(crc)?);
    if let Some(key) = blob {
        return Ok((None, Some((at, key.parse()?, crc))));
    }
    let state = Bytes::from(state.unwrap_or_default());
    if snapshot_checksum(room, at, &state) != crc {
        return Err(StoreError::Corrupt(format!("the snapshot at {} has a wrong checksum", at.0)));
    }
    Ok((Some(Snapshot { seq: at, state }), None))
}

/// seq, node, batch, payload, crc
type LogRow = (i64, i64, Vec<u8>, Vec<u8>, i64);

async fn load_rows(
    tx: &mut SqliteConnection,
    room: &DiagramId,
    after: Seq,
) -> Result<Vec<Row>, StoreError> {
    let sql = "SELECT seq, node, batch, payload, crc FROM log_rows \
               WHERE room = ?1 AND seq > ?2 ORDER BY seq";
    let found: Vec<LogRow> =
        sqlx::query_as(sql).bind(room.as_str()).bind(after.0.cast_signed()).fetch_all(tx).await?;
    let mut rows = Vec::with_capacity(found.len());
    let mut expected = after.next();
    for (at, node, b, payload, crc) in found {
        let (at, node, b) = (seq(at)?, NodeId(node.cast_unsigned()), batch(&b)?);
        if at != expected {
            return Err(StoreError::Corrupt(format!(
                "row {} is missing, the next one is {}",
                expected.0, at.0
            )));
        }
        expected = at.next();
        let payload = Bytes::from(payload);
        if row_checksum(room, at, node, b, &payload) != checksum(crc)? {
            return Err(StoreError::Corrupt(format!("row {} has a wrong checksum", at.0)));
        }
        let updates =
            decode(&payload).map_err(|e| StoreError::Corrupt(format!("row {}: {e}", at.0)))?;
        rows.push(Row { seq: at, node, batch: b, updates });
    }
    Ok(rows)
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
    let head = heads_of(tx, json!([room]).to_string()).await?;
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

fn hex(batch: BatchId) -> String {
    format!("{:032x}", batch.0)
}

fn id<T: std::str::FromStr<Err = crate::id::BadId>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|e| StoreError::Corrupt(format!("{text:?}: {e}")))
}

fn seq(n: i64) -> Result<Seq, StoreError> {
    u64::try_from(n).map(Seq).map_err(|_| StoreError::Corrupt(format!("{n} is no row number")))
}

fn batch(bytes: &[u8]) -> Result<BatchId, StoreError> {
    let bytes: [u8; 16] =
        bytes.try_into().map_err(|_| StoreError::Corrupt("a batch id has 16 bytes".into()))?;
    Ok(BatchId(u128::from_be_bytes(bytes)))
}

fn checksum(n: i64) -> Result<u32, StoreError> {
    u32::try_from(n).map_err(|_| StoreError::Corrupt(format!("{n} is no checksum")))
}
