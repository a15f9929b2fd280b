//! The embedded store: one SQLite database (WAL, an fsync per commit, one writer) and a folder of blobs.
//!
//! Opens, migrates and closes it; the log's verbs are in `log.rs` (with `append.rs` and
//! `history.rs`), the catalog's in `catalog.rs`, `joining.rs`, `list.rs`, `members.rs`, `projects.rs`, `revisions.rs`, `tenants.rs` and `versions.rs`,
//! what others are told in `events.rs`, `webhooks.rs` and `deliveries.rs`, the integrity check in `check.rs`.

mod answers;
mod append;
mod audit;
mod catalog;
mod check;
mod checkpoint;
mod claims;
mod db;
mod deliveries;
mod editors;
mod events;
mod history;
mod joining;
mod list;
mod log;
mod members;
mod projects;
mod purge;
mod revisions;
mod tenants;
mod thumbnails;
mod users;
mod values;
mod versions;
mod wake;
mod webhooks;

use std::path::{Path, PathBuf};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, SqliteConnection};

use super::blobs::{BlobError, Blobs, make_private_dir, sync_dir};
use db::Db;

pub use catalog::Catalog;
pub use log::SqliteLog;

static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

/// The database's file name in the data folder.
pub const DATABASE: &str = "atelier.db";
/// The file that is locked while a process migrates the database.
const LOCK: &str = "atelier.lock";
/// The blobs' folder in the data folder.
pub const BLOBS: &str = "blobs";

/// Why the store did not open; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder can't be made or used.
    #[error(
        "the data folder {0} can't be used: {1}; give the server a folder that it may write to"
    )]
    Folder(PathBuf, String),
    /// A newer version has been here.
    #[error(
        "the database {path} has schema {found}, this version knows up to {known}: \
         run the newer Atelier that wrote it, or restore a backup made before the upgrade"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its newest migration.
        found: i64,
        /// The newest migration of this version.
        known: i64,
    },
    /// The database is damaged, locked or not ours.
    #[error("the database {0} can't be opened: {1}")]
    Database(PathBuf, String),
}

/// The embedded store. Cheap to clone; all clones share one writer.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    blobs: Blobs,
}

impl Store {
    /// Opens the store in `dir`, making the folder (mode 700) and migrating the database as needed.
    /// Whatever a killed process left in the write-ahead log is on disk when this returns.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(dir: &Path) -> Result<Self, OpenError> {
        let folder = |e: String| OpenError::Folder(dir.to_owned(), e);
        make_private_dir(dir).map_err(|e| folder(e.to_string()))?;
        let blobs = Blobs::open(&dir.join(BLOBS)).map_err(|e: BlobError| folder(e.to_string()))?;
        let path = dir.join(DATABASE);
        make_private_file(&path).map_err(|e| folder(e.to_string()))?;
        // One process migrates at a time; the lock ends with this block, or with the process.
        let lock = make_private_file(&dir.join(LOCK)).map_err(|e| folder(e.to_string()))?;
        let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
        let lock = lock.map_err(|e| folder(e.to_string()))?.map_err(|e| folder(e.to_string()))?;
        prepare(&path).await?;
        drop(lock);
        sync_dir(dir).map_err(|e| folder(e.to_string()))?;
        let db = Db::open(&path).await.map_err(|e| OpenError::Database(path, e.to_string()))?;
        Ok(Self { db, blobs })
    }

    /// The rooms' log.
    pub fn log(&self) -> SqliteLog {
        SqliteLog::new(self.db.clone(), self.blobs.clone())
    }

    /// The diagrams and their revisions.
    pub fn catalog(&self) -> Catalog {
        Catalog::new(self.db.clone(), self.blobs.clone())
    }

    /// Ends all writes that were begun, then closes; later calls answer `Away`.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

/// The database's side files take over its mode, so it is made before SQLite does.
fn make_private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Migrates, then moves the write-ahead log into the database: a process that was killed between
/// writing and fsync leaves rows that can be read but would not survive a power cut.
async fn prepare(path: &Path) -> Result<(), OpenError> {
    let failed = |e: String| OpenError::Database(path.to_owned(), e);
    let mut conn = SqliteConnection::connect_with(&db::options(path))
        .await
        .map_err(|e| failed(e.to_string()))?;
    // `run` would make this future impossible to spawn (its bound on `Acquire` is not general enough).
    MIGRATOR.run_direct(None, &mut conn, false).await.map_err(|e| match e {
        MigrateError::VersionMissing(found) => OpenError::Newer {
            path: path.to_owned(),
            found,
            known: MIGRATOR.iter().map(|m| m.version).max().unwrap_or_default(),
        },
        other => failed(other.to_string()),
    })?;
    sqlx::query("PRAGMA wal_checkpoint(FULL)")
        .execute(&mut conn)
        .await
        .map_err(|e| failed(e.to_string()))?;
    conn.close().await.map_err(|e| failed(e.to_string()))
}
