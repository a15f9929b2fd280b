//! The two ways into the database: one writer task that owns its connection, and a pool of readers.
//!
//! No database future is ever cancelled half-way (ROOM K4): writes run in the writer's task, reads in
//! tasks of their own, whatever becomes of the caller. A reader that was cancelled inside a
//! transaction would hand its old view of the log to the next borrower.

use std::panic::AssertUnwindSafe;
use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::{self, Checkpointer};
use super::wake::Wakes;
use crate::limits::{STORE_BUSY_TIMEOUT, STORE_CACHE_KIB, STORE_READERS, STORE_WRITES_WAITING};
use crate::store::StoreError;

/// How a connection to the database is set up.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // An fsync per commit: NORMAL would lose acknowledged rows in a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(STORE_BUSY_TIMEOUT)
        .log_statements(tracing::log::LevelFilter::Off)
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Db {
    jobs: mpsc::Sender<Job>,
    readers: SqlitePool,
    pub(super) wakes: Wakes,
}

/// What the writer's task hands to a write: its connection, or why there is none.
type Lent<'c> = Result<&'c mut SqliteConnection, StoreError>;

/// A write, run by the writer's task. It sends its own answer and tells whether the connection is sound.
type Write = Box<dyn for<'c> FnOnce(Lent<'c>) -> BoxFuture<'c, bool> + Send>;

pub(super) enum Job {
    /// One write.
    Write(Write),
    /// Moves what is left of the write-ahead log while no write can add to it.
    Checkpoint,
    /// Ends the writer.
    Close(oneshot::Sender<()>),
}

impl Db {
    pub(super) async fn open(path: &Path) -> Result<Self, sqlx::Error> {
        let readers = SqlitePoolOptions::new()
            .max_connections(STORE_READERS)
            // One always stays: with no connection left, SQLite rebuilds its index of the
            // write-ahead log, and could bring back a commit that had failed.
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(STORE_BUSY_TIMEOUT)
            // A file does not hang up: asking each time whether it still answers only costs.
            .test_before_acquire(false)
            .connect_with(options(path).read_only(true))
            .await?;
        let options = options(path)
            .pragma("cache_size", format!("-{STORE_CACHE_KIB}"))
            // SQLite would checkpoint inside a commit, before its caller hears that it is stored.
            .pragma("wal_autocheckpoint", "0");
        let wakes = Wakes::new();
        let conn = connect(&options, &wakes).await?;
        let (jobs, waiting) = mpsc::channel(STORE_WRITES_WAITING);
        let checkpointer = Checkpointer::start(options.clone(), jobs.downgrade());
        tokio::spawn(run_writer((options, wakes.clone()), conn, waiting, checkpointer));
        Ok(Self { jobs, readers, wakes })
    }

    /// Runs `work` in one transaction of the writer, which ends even when the caller goes away.
    /// An error of `work` rolls it back.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut SqliteConnection) -> BoxFuture<'t, Result<T, StoreError>>
            + Send
            + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Write = Box::new(move |lent| {
            Box::pin(async move {
                let (result, sound) = match lent {
                    Ok(conn) => transaction(conn, work).await,
                    Err(error) => (Err(error), false),
                };
                // The caller may be gone; what was written stays.
                drop(answer.send(result));
                sound
            })
        });
        self.jobs.send(Job::Write(job)).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| Err(StoreError::Unknown("the writer ended".into())))
    }

    /// Runs `work` in one read transaction: it sees one state of the database.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut SqliteConnection) -> BoxFuture<'t, Result<T, StoreError>>
            + Send
            + 'static,
    {
        let readers = self.readers.clone();
        let task = tokio::spawn(async move {
            let mut conn = readers.acquire().await?;
            let mut tx = conn.begin().await?;
            let result = work(&mut tx).await;
            if let Err(e) = tx.rollback().await {
                drop(conn.detach().close_hard().await);
                return result.and(Err(e.into()));
            }
            result
        });
        task.await.unwrap_or_else(|e| Err(StoreError::Away(e.to_string())))
    }

    /// Runs `work` of one statement, which sees one state of the database by itself: a transaction around it
    /// would be two more turns of the connection's thread.
    pub(super) async fn look<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut SqliteConnection) -> BoxFuture<'t, Result<T, StoreError>>
            + Send
            + 'static,
    {
        let readers = self.readers.clone();
        // It ends even when the caller goes away, so that the connection goes back in order.
        let task = tokio::spawn(async move { work(&mut *readers.acquire().await?).await });
        task.await.unwrap_or_else(|e| Err(StoreError::Away(e.to_string())))
    }

    pub(super) async fn close(&self) {
        // The writer goes last: as the only connection left, it leaves one file without a log.
        self.readers.close().await;
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).await.is_ok() {
            // An error means that the writer has ended already.
            drop(closed.await);
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|e| e.code()?.parse::<i32>().ok());
        match (code.map(|c| c & 0xff), &error) {
            // SQLITE_CORRUPT and SQLITE_NOTADB; a value that is not of its column's kind.
            (Some(11 | 26), _) | (_, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Away(error.to_string()),
        }
    }
}

fn closed() -> StoreError {
    StoreError::Away("the store is closed".into())
}

/// A connection for the writer.
async fn connect(
    options: &SqliteConnectOptions,
    wakes: &Wakes,
) -> Result<SqliteConnection, sqlx::Error> {
    let mut conn = options.connect().await?;
    wakes.watch(&mut conn).await?;
    Ok(conn)
}

async fn run_writer(
    (options, wakes): (SqliteConnectOptions, Wakes),
    conn: SqliteConnection,
    mut waiting: mpsc::Receiver<Job>,
    checkpointer: Checkpointer,
) {
    let (mut conn, mut closing) = (Some(conn), None);
    while let Some(job) = waiting.recv().await {
        match job {
            Job::Write(write) => {
                conn = run_write((&options, &wakes), conn.take(), write).await;
                checkpointer.written();
                wakes.ended();
            }
            Job::Checkpoint => {
                if let Some(conn) = &mut conn
                    && let Err(error) = checkpoint::checkpoint(conn).await
                {
                    tracing::warn!(%error, "a checkpoint failed; the next one does its work");
                }
            }
            Job::Close(done) => {
                closing = Some(done);
                break;
            }
        }
    }
    checkpointer.stop().await;
    if let Some(conn) = conn {
        // Everything is committed; what closing could not tidy up, opening does.
        drop(conn.close().await);
    }
    if let Some(done) = closing {
        // Nobody waits for it any more: fine.
        done.send(()).ok();
    }
}

/// Runs one write, on a new connection where there is none; answers the connection if it is sound.
async fn run_write(
    (options, wakes): (&SqliteConnectOptions, &Wakes),
    conn: Option<SqliteConnection>,
    write: Write,
) -> Option<SqliteConnection> {
    let connected = match conn {
        Some(conn) => Ok(conn),
        None => connect(options, wakes).await,
    };
    match connected {
        Ok(mut conn) => {
            let ran = AssertUnwindSafe(write(Ok(&mut conn))).catch_unwind().await;
            if matches!(ran, Ok(true)) {
                return Some(conn);
            }
            tracing::warn!("the store's writer gives up its connection after a failed write");
            drop(conn.close_hard().await);
        }
        Err(error) => {
            write(Err(error.into())).await;
        }
    }
    None
}

/// One write transaction: its result, and whether the connection can be used again.
async fn transaction<T, F>(conn: &mut SqliteConnection, work: F) -> (Result<T, StoreError>, bool)
where
    F: for<'t> FnOnce(&'t mut SqliteConnection) -> BoxFuture<'t, Result<T, StoreError>>,
{
    // IMMEDIATE: a transaction that reads first and locks later can fail half-way.
    let mut tx = match conn.begin_with("BEGIN IMMEDIATE").await {
        Ok(tx) => tx,
        Err(e) => return (Err(e.into()), false),
    };
    match work(&mut tx).await {
        Ok(value) => match tx.commit().await {
            Ok(()) => (Ok(value), true),
            Err(e) => (Err(StoreError::Unknown(e.to_string())), false),
        },
        Err(error) => {
            let sound = tx.rollback().await.is_ok();
            (Err(error), sound)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open() -> (tempfile::TempDir, Db) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.db");
        // Readers can't make the file: the store prepares it first.
        let conn = options(&path).create_if_missing(true).connect().await.unwrap();
        conn.close().await.unwrap();
        let db = Db::open(&path).await.unwrap();
        (dir, db)
    }

    async fn pragma(db: &Db, sql: &'static str) -> (String, String) {
        let read = db.read(move |c| {
            Box::pin(async move { Ok(sqlx::query(sql).fetch_one(c).await.map(|row| text(&row))?) })
        });
        let write = db.write(move |c| {
            Box::pin(async move { Ok(sqlx::query(sql).fetch_one(c).await.map(|row| text(&row))?) })
        });
        (write.await.unwrap(), read.await.unwrap())
    }

    fn text(row: &sqlx::sqlite::SqliteRow) -> String {
        use sqlx::Row;
        row.try_get_unchecked(0).unwrap()
    }

    #[tokio::test]
    async fn every_commit_is_synced_and_foreign_keys_hold() {
        let (_dir, db) = open().await;
        // 2 is FULL: an fsync of the write-ahead log per commit.
        assert_eq!(pragma(&db, "PRAGMA synchronous").await.0, "2");
        assert_eq!(pragma(&db, "PRAGMA journal_mode").await, ("wal".into(), "wal".into()));
        assert_eq!(pragma(&db, "PRAGMA foreign_keys").await.0, "1");
        let write = db.read(|c| {
            Box::pin(async move {
                sqlx::query("CREATE TABLE t (x)").execute(c).await?;
                Ok(())
            })
        });
        assert!(write.await.is_err(), "readers can't write");
    }

    #[tokio::test]
    async fn a_write_that_panics_ends_alone_and_is_rolled_back() {
        let (_dir, db) = open().await;
        let create = "CREATE TABLE t (x INTEGER) STRICT";
        db.write(move |c| Box::pin(async move { Ok(sqlx::query(create).execute(c).await?) }))
            .await
            .unwrap();
        let insert = "INSERT INTO t VALUES (1)";
        let panics = db.write::<(), _>(move |c| {
            Box::pin(async move {
                sqlx::query(insert).execute(c).await?;
                panic!("a bug")
            })
        });
        assert!(matches!(panics.await, Err(StoreError::Unknown(_))));
        let count = "SELECT count(*) FROM t";
        let left: i64 = db
            .write(move |c| {
                Box::pin(async move { Ok(sqlx::query_scalar(count).fetch_one(c).await?) })
            })
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
}
