//! Who works off a table is woken by commits that touched it: nobody has to ask again and again.
//!
//! Sees the writes of this process alone, and only tables that have row numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::SqliteConnection;
use tokio::sync::watch;

/// Tells of commits. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Wakes {
    pub(super) thumbnails: Wake,
    pub(super) deliveries: Wake,
}

/// Tells of commits that touched one table.
#[derive(Debug, Clone)]
pub(super) struct Wake(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    table: &'static str,
    /// By a transaction that may still be rolled back.
    touched: AtomicBool,
    told: watch::Sender<()>,
}

impl Wake {
    fn on(table: &'static str) -> Self {
        let (touched, told) = (AtomicBool::new(false), watch::Sender::new(()));
        Self(Arc::new(Inner { table, touched, told }))
    }

    /// Changes whenever a commit has touched the table.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.0.told.subscribe()
    }
}

impl Wakes {
    pub(super) fn new() -> Self {
        Self { thumbnails: Wake::on("thumbnails"), deliveries: Wake::on("deliveries") }
    }

    fn all(&self) -> [&Wake; 2] {
        [&self.thumbnails, &self.deliveries]
    }

    /// Watches what a connection writes.
    pub(super) async fn watch(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let wakes = self.clone();
        conn.lock_handle().await?.set_update_hook(move |update| {
            for Wake(wake) in wakes.all() {
                if wake.table == update.table {
                    wake.touched.store(true, Ordering::Relaxed);
                }
            }
        });
        Ok(())
    }

    /// A transaction has ended. If it was rolled back, somebody looks in vain once.
    pub(super) fn ended(&self) {
        for Wake(wake) in self.all() {
            if wake.touched.swap(false, Ordering::Relaxed) {
                wake.told.send_replace(());
            }
        }
    }
}
