//! The SQLite log against the contract, and what only a disk can show.

use std::sync::Arc;

use async_trait::async_trait;
use atelier::id::{BatchId, DiagramId, OrgId, Seq};
use atelier::store::catalog::NewDiagram;
use atelier::store::log::Log;
use atelier::store::sqlite::{BLOBS, DATABASE, Store};
use bytes::Bytes;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use time::OffsetDateTime;

use super::{Bench, NODE};

pub(crate) struct Sqlite {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Sqlite {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).await.unwrap();
        Self { dir, store }
    }

    /// A second way into the database, past the store.
    pub(crate) async fn back_door(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.dir.path().join(DATABASE))
            .connect()
            .await
            .unwrap()
    }
}

pub(crate) fn diagram(room: &DiagramId, seed: &'static [u8]) -> NewDiagram {
    NewDiagram {
        id: room.clone(),
        user: "ana".parse().unwrap(),
        title: "A process".into(),
        bytes: Bytes::from_static(b"<definitions/>"),
        hash: [0; 32],
        summary: serde_json::json!({}),
        seed: Bytes::from_static(seed),
        node: NODE,
        batch: BatchId(1),
        now: OffsetDateTime::UNIX_EPOCH,
    }
}

pub(crate) fn org() -> OrgId {
    "acme".parse().unwrap()
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[async_trait]
impl Bench for Sqlite {
    fn log(&self) -> Arc<dyn Log> {
        Arc::new(self.store.log())
    }

    async fn create(&self, room: &DiagramId, seed: &'static [u8]) {
        self.store.catalog().create_diagram(&org(), diagram(room, seed)).await.unwrap();
    }

    async fn delete(&self, room: &DiagramId) {
        self.store.catalog().delete(&org(), room, OffsetDateTime::UNIX_EPOCH).await.unwrap();
    }

    async fn flip_row_bit(&self, room: &DiagramId, seq: Seq, bit: usize) {
        let mut conn = self.back_door().await;
        let (room, seq) = (room.as_str(), seq.0.cast_signed());
        let mut payload: Vec<u8> =
            sqlx::query_scalar("SELECT payload FROM log_rows WHERE room = ?1 AND seq = ?2")
                .bind(room)
                .bind(seq)
                .fetch_one(&mut conn)
                .await
                .unwrap();
        flip(&mut payload, bit);
        let sql = "UPDATE log_rows SET payload = ?3 WHERE room = ?1 AND seq = ?2";
        sqlx::query(sql).bind(room).bind(seq).bind(payload).execute(&mut conn).await.unwrap();
    }

    async fn flip_snapshot_bit(&self, room: &DiagramId, bit: usize) {
        let mut conn = self.back_door().await;
        let sql = "SELECT state, blob FROM log_snapshots WHERE room = ?1";
        let (state, blob): (Option<Vec<u8>>, Option<String>) =
            sqlx::query_as(sql).bind(room.as_str()).fetch_one(&mut conn).await.unwrap();
        if let Some(key) = blob {
            let path = self.dir.path().join(BLOBS).join(key);
            let mut bytes = std::fs::read(&path).unwrap();
            flip(&mut bytes, bit);
            std::fs::write(&path, bytes).unwrap();
        }
        if let Some(mut state) = state {
            flip(&mut state, bit);
            let sql = "UPDATE log_snapshots SET state = ?2 WHERE room = ?1";
            sqlx::query(sql).bind(room.as_str()).bind(state).execute(&mut conn).await.unwrap();
        }
    }

    async fn lose_row(&self, room: &DiagramId, seq: Seq) {
        let mut conn = self.back_door().await;
        let sql = "DELETE FROM log_rows WHERE room = ?1 AND seq = ?2";
        let done = sqlx::query(sql).bind(room.as_str()).bind(seq.0.cast_signed());
        assert_eq!(done.execute(&mut conn).await.unwrap().rows_affected(), 1);
    }
}

super::contract!(Sqlite::new().await);
