//! The integrity check: reads everything that is stored and tells what is wrong with it.
//!
//! Changes nothing, and may run beside a serving process.

use std::collections::BTreeSet;

use sqlx::SqliteConnection;

use super::Store;
use super::revisions::{Place, revisions_behind};
use crate::id::{DiagramId, Seq};
use crate::store::log::ReadError;
use crate::store::{Finding, StoreError};

/// Room ids read in one go.
const ROOMS: i64 = 256;
/// Revisions read in one go, with their bytes.
const REVISIONS: i64 = 8;

/// Where the two halves of the store contradict each other: a query for ids, and the sentence about one.
const CONTRADICTIONS: [(&str, &str); 4] = [
    (
        "SELECT id FROM diagrams WHERE id NOT IN (SELECT room FROM log_rooms) ORDER BY id",
        "has no room: its edits are lost",
    ),
    (
        "SELECT room FROM log_rooms WHERE room NOT IN (SELECT id FROM diagrams) ORDER BY room",
        "is a room without a diagram",
    ),
    (
        "SELECT d.id FROM diagrams d JOIN log_rooms r ON r.room = d.id \
         WHERE (r.gone = 1) <> (d.deleted_at IS NOT NULL) ORDER BY d.id",
        "is deleted in the catalog or in the log, but not in both",
    ),
    (
        "SELECT d.id FROM diagrams d WHERE NOT EXISTS (SELECT 1 FROM revisions r \
         WHERE r.org = d.org AND r.diagram = d.id AND r.version = d.version) ORDER BY d.id",
        "has lost its newest revision",
    ),
];

impl Store {
    /// Checks everything that is stored; reads all of it, so it takes its time.
    ///
    /// # Errors
    /// [`StoreError::Away`] when the check itself could not be done.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        // Before the rows: a blob that is written meanwhile is then no orphan.
        let blobs = self.blobs.keys().await?;
        let mut found = Vec::new();
        for text in self.db.read(|tx| Box::pin(database(tx))).await? {
            found.push(severe(format!("the database: {text}")));
        }
        for (sql, what) in CONTRADICTIONS {
            let ids: Vec<String> = self
                .db
                .read(move |tx| {
                    Box::pin(async move { Ok(sqlx::query_scalar(sql).fetch_all(tx).await?) })
                })
                .await?;
            found.extend(ids.iter().map(|id| severe(format!("diagram {id} {what}"))));
        }
        self.check_rooms(&mut found).await?;
        self.check_revisions(&mut found).await?;
        let used: BTreeSet<String> = self.db.read(|tx| Box::pin(blobs_in_use(tx))).await?;
        found.extend(blobs.iter().filter(|key| !used.contains(key.as_str())).map(|key| {
            let text = format!("blob {key} belongs to nothing: a write that was cut short left it");
            Finding { severe: false, text }
        }));
        Ok(found)
    }

    async fn check_rooms(&self, found: &mut Vec<Finding>) -> Result<(), StoreError> {
        let log = self.log();
        let mut behind = String::new();
        loop {
            let after = behind.clone();
            let rooms: Vec<String> = self
                .db
                .read(move |tx| {
                    Box::pin(async move {
                        let sql =
                            "SELECT room FROM log_rooms WHERE room > ?1 ORDER BY room LIMIT ?2";
                        Ok(sqlx::query_scalar(sql).bind(after).bind(ROOMS).fetch_all(tx).await?)
                    })
                })
                .await?;
            let Some(last) = rooms.last() else { return Ok(()) };
            behind.clone_from(last);
            for room in rooms {
                let Ok(id) = room.parse::<DiagramId>() else {
                    found.push(severe(format!("room {room:?} has no sound id")));
                    continue;
                };
                match log.history(&id, Seq(0), true).await {
                    Ok(_) | Err(ReadError::Gone) => {}
                    Err(ReadError::Corrupt(text)) => {
                        found.push(severe(format!("room {id}: {text}")));
                    }
                    Err(ReadError::Away(text)) => return Err(StoreError::Away(text)),
                }
            }
        }
    }

    async fn check_revisions(&self, found: &mut Vec<Finding>) -> Result<(), StoreError> {
        let catalog = self.catalog();
        let mut behind = Place::default();
        loop {
            let after = behind.clone();
            let page = self
                .db
                .read(move |tx| {
                    Box::pin(async move { revisions_behind(tx, &after, REVISIONS).await })
                })
                .await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            behind.clone_from(last);
            for (place, row) in page {
                match catalog.fetch(row).await {
                    Ok(_) => {}
                    Err(StoreError::Corrupt(text)) => {
                        found.push(severe(format!("diagram {}: {text}", place.diagram)));
                    }
                    Err(other) => return Err(other),
                }
            }
        }
    }
}

fn severe(text: String) -> Finding {
    Finding { severe: true, text }
}

/// What SQLite itself finds.
async fn database(tx: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    let mut found: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut *tx).await?;
    found.retain(|line| line != "ok");
    let strays: Vec<(String, Option<i64>, String, i64)> =
        sqlx::query_as("PRAGMA foreign_key_check").fetch_all(tx).await?;
    found.extend(strays.iter().map(|s| format!("a row of {} points to no row of {}", s.0, s.2)));
    Ok(found)
}

async fn blobs_in_use(tx: &mut SqliteConnection) -> Result<BTreeSet<String>, StoreError> {
    let sql = "SELECT blob FROM log_snapshots WHERE blob IS NOT NULL \
               UNION ALL SELECT blob FROM revisions WHERE blob IS NOT NULL";
    let keys: Vec<String> = sqlx::query_scalar(sql).fetch_all(tx).await?;
    Ok(keys.into_iter().collect())
}
