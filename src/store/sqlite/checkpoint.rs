//! Moves the write-ahead log into the database, beside the writer instead of inside its commits:
//! a commit is acknowledged after one fsync, never after a thousand pages.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::db::Job;
use crate::limits::{CHECKPOINT_EVERY, CHECKPOINT_PAGES};

/// The task that checkpoints, on a connection of its own.
#[derive(Debug)]
pub(super) struct Checkpointer {
    writes: watch::Sender<()>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Checkpointer {
    pub(super) fn start(options: SqliteConnectOptions, writer: mpsc::WeakSender<Job>) -> Self {
        let (writes, written) = watch::channel(());
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(options, written, writer, stop.clone()));
        Self { writes, stop, task }
    }

    /// Something was written: a checkpoint is due before long.
    pub(super) fn written(&self) {
        self.writes.send_replace(());
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        // It ends only by itself; nothing depends on how.
        drop(self.task.await);
    }
}

async fn run(
    options: SqliteConnectOptions,
    mut written: watch::Receiver<()>,
    writer: mpsc::WeakSender<Job>,
    stop: CancellationToken,
) {
    let mut conn = None;
    // Only the waiting is ever cancelled, never a checkpoint.
    while stop.run_until_cancelled(due(&mut written)).await == Some(true) {
        let connected = match conn.take() {
            Some(conn) => Ok(conn),
            None => options.connect().await,
        };
        let pages = match connected {
            Ok(mut connected) => {
                let pages = checkpoint(&mut connected).await;
                conn = pages.is_ok().then_some(connected);
                pages
            }
            Err(error) => Err(error),
        };
        match (pages, writer.upgrade()) {
            (Ok(pages), Some(writer)) if pages > CHECKPOINT_PAGES => {
                // A full mailbox means that the writer has enough to do: the next round asks again.
                drop(writer.try_send(Job::Checkpoint));
            }
            (Ok(_), _) => {}
            (Err(error), _) => {
                tracing::warn!(%error, "a checkpoint failed; the next one does its work");
            }
        }
    }
    if let Some(conn) = conn {
        // What closing could not tidy up, opening does.
        drop(conn.close().await);
    }
}

/// Waits for a write and lets more gather; `false` when the writer has ended.
async fn due(written: &mut watch::Receiver<()>) -> bool {
    let written = written.changed().await.is_ok();
    tokio::time::sleep(CHECKPOINT_EVERY).await;
    written
}

/// Moves what it can without disturbing readers or the writer; answers the pages of the log.
pub(super) async fn checkpoint(conn: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let sql = "PRAGMA wal_checkpoint(PASSIVE)";
    let (_busy, pages, _moved): (i64, i64, i64) = sqlx::query_as(sql).fetch_one(conn).await?;
    Ok(pages)
}
