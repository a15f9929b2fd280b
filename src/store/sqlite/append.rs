//! Appending on SQLite: what is known before, what is written after, room by room.
//!
//! Runs inside a write transaction that others open; what happens to each batch is decided in `plan.rs`.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::values::{batch, hex, id, json, seq};
use crate::id::{ClientId, DiagramId, NodeId, Seq};
use crate::limits::NODES_PER_ROOM;
use crate::store::StoreError;
use crate::store::log::{Append, Outcome};
use crate::store::plan::{Known, Plan, plan};
use crate::store::row::{binding_checksum, encode, row_checksum};

/// Rows in one INSERT: six values each, well under SQLite's 32,766 parameters.
const ROWS_PER_INSERT: usize = 1000;

/// Appends the batches; one statement for each table that changes.
pub(super) async fn append(
    tx: &mut SqliteConnection,
    node: NodeId,
    batches: Vec<Append>,
) -> Result<Vec<Outcome>, StoreError> {
    let (known, others) = known(tx, node, &batches).await?;
    let plan = plan(node, batches, known);
    keep_other_nodes(tx, &others).await?;
    store(tx, node, &plan).await?;
    Ok(plan.outcomes)
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

/// Opens a room again, in the transaction that brings its diagram back.
pub(super) async fn revive_room(
    tx: &mut SqliteConnection,
    room: &DiagramId,
) -> Result<(), StoreError> {
    let sql = "UPDATE log_rooms SET gone = 0 WHERE room = ?1";
    sqlx::query(sql).bind(room.as_str()).execute(tx).await?;
    Ok(())
}

/// The heads of those rooms of a JSON list that live.
pub(super) async fn heads_of(
    tx: &mut SqliteConnection,
    rooms: String,
) -> Result<Vec<(DiagramId, Seq)>, StoreError> {
    let sql = "SELECT room, head FROM log_rooms \
               WHERE gone = 0 AND room IN (SELECT value FROM json_each(?1)) ORDER BY room";
    let found: Vec<(String, i64)> = sqlx::query_as(sql).bind(rooms).fetch_all(tx).await?;
    found.into_iter().map(|(room, head)| Ok((id(&room)?, seq(head)?))).collect()
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
        .bind(json(&rooms)?)
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
            sqlx::query_as(sql).bind(json(&clients)?).fetch_all(&mut *tx).await?;
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
    let rooms = json(&rooms)?;
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
    let mut owners: BTreeMap<&DiagramId, u64> = BTreeMap::new();
    for (room, client, user) in &plan.bindings {
        *owners.entry(room).or_default() += u64::from(binding_checksum(room, *client, user));
    }
    if !plan.heads.is_empty() {
        let heads: Vec<_> = plan
            .heads
            .iter()
            .map(|(room, (seq, batch))| {
                (room, seq.0, hex(*batch), owners.get(room).copied().unwrap_or_default())
            })
            .collect();
        let sql = "UPDATE log_rooms SET head = j.value ->> 1, node = ?2, \
                   batch = unhex(j.value ->> 2), owners = owners + (j.value ->> 3) \
                   FROM json_each(?1) j WHERE log_rooms.room = j.value ->> 0";
        sqlx::query(sql).bind(json(&heads)?).bind(node.0.cast_signed()).execute(&mut *tx).await?;
    }
    if !plan.bindings.is_empty() {
        let bindings: Vec<_> = plan
            .bindings
            .iter()
            .map(|(room, client, user)| {
                (room, client.0.cast_signed(), user, binding_checksum(room, *client, user))
            })
            .collect();
        let sql = "INSERT INTO log_bindings (room, client, user, crc) SELECT \
                   value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)";
        sqlx::query(sql).bind(json(&bindings)?).execute(&mut *tx).await?;
    }
    Ok(())
}
