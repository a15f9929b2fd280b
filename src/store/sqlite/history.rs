//! Reading a room on SQLite: its snapshot, the rows behind it and its bindings, checked.
//!
//! Runs inside a read transaction that others open.

use bytes::Bytes;
use sqlx::SqliteConnection;

use super::values::{batch, checksum, id, seq};
use crate::id::{ClientId, DiagramId, NodeId, Seq, UserId};
use crate::store::StoreError;
use crate::store::blobs::BlobKey;
use crate::store::log::{History, Row, Snapshot};
use crate::store::row::{binding_checksum, decode, row_checksum, snapshot_checksum};

/// What a read transaction saw; a snapshot in a blob is still to be fetched.
pub(super) struct Stored {
    pub(super) history: History,
    pub(super) blob: Option<(Seq, BlobKey, u32)>,
}

pub(super) async fn load(
    tx: &mut SqliteConnection,
    room: DiagramId,
    after: Seq,
    gone_too: bool,
) -> Result<Stored, StoreError> {
    let sql = "SELECT head, gone, owners FROM log_rooms WHERE room = ?1";
    let found: Option<(i64, bool, i64)> =
        sqlx::query_as(sql).bind(room.as_str()).fetch_optional(&mut *tx).await?;
    let (head, owners) = match found {
        Some((head, gone, owners)) if !gone || gone_too => (seq(head)?, owners),
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
    let bindings = load_bindings(tx, &room, owners).await?;
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

async fn load_bindings(
    tx: &mut SqliteConnection,
    room: &DiagramId,
    sum: i64,
) -> Result<Vec<(ClientId, UserId)>, StoreError> {
    let sql = "SELECT client, user, crc FROM log_bindings WHERE room = ?1 ORDER BY client";
    let found: Vec<(i64, String, i64)> =
        sqlx::query_as(sql).bind(room.as_str()).fetch_all(tx).await?;
    let (mut bindings, mut total) = (Vec::with_capacity(found.len()), 0);
    for (client, user, crc) in found {
        let (client, user) = (ClientId(client.cast_unsigned()), id::<UserId>(&user)?);
        let crc = checksum(crc)?;
        total += u64::from(crc);
        if binding_checksum(room, client, &user) != crc {
            let text = format!("the owner of client id {} has a wrong checksum", client.0);
            return Err(StoreError::Corrupt(text));
        }
        bindings.push((client, user));
    }
    if u64::try_from(sum) != Ok(total) {
        return Err(StoreError::Corrupt("the owner of a client id is missing".into()));
    }
    Ok(bindings)
}
