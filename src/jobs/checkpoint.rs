//! Automatic versions: on a timer while a diagram is edited, and when its last editor has gone.
//!
//! One after the other, so that they never take more than one core. What could not be made is tried again; what a
//! process could not make in its life, the next one does.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::bpmn;
use crate::config;
use crate::diagram::Text;
use crate::editors::{Editors, Making};
use crate::id::DiagramId;
use crate::limits::{EDITORS_EVERY, VERSION_RETRY};
use crate::room::registry::{Registry, RoomError};
use crate::store::StoreError;
use crate::store::catalog::Kind;
use crate::store::sqlite::Catalog;

/// The job.
#[derive(Debug)]
pub struct Checkpoints {
    /// Who edited what.
    pub editors: Arc<Editors>,
    /// Where versions go.
    pub catalog: Catalog,
    /// Where texts come from.
    pub registry: Arc<Registry>,
    /// When they are made.
    pub settings: config::Versions,
}

/// Why an automatic version was not made.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Room(#[from] RoomError),
    #[error("the text could not be made: {0}")]
    Text(String),
}

impl Checkpoints {
    /// Works until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        // Nothing is half-done when the waiting is cut off; the work itself never is.
        while stop.run_until_cancelled(self.recover()).await == Some(false) {
            if stop.run_until_cancelled(sleep(VERSION_RETRY)).await.is_none() {
                return;
            }
        }
        loop {
            let (every, after) = (self.settings.every, self.settings.after_leaving);
            let next = self.editors.next(every, after);
            let until = next.as_ref().map_or_else(far, |(due, _)| *due);
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.editors.changed() => {
                    sleep(EDITORS_EVERY).await;
                    self.store_names().await;
                }
                () = sleep_until(until) => {
                    if let Some((_, room)) = next {
                        self.checkpoint(&room).await;
                    }
                }
            }
        }
    }

    async fn recover(&self) -> bool {
        let recovered = self.editors.recover(&self.catalog).await;
        if let Err(error) = &recovered {
            tracing::warn!(%error, "nobody knows yet which diagrams lack a version");
        }
        recovered.is_ok()
    }

    async fn store_names(&self) {
        if let Err(error) = self.editors.store_names(&self.catalog).await {
            tracing::warn!(%error, "who edited is not stored yet");
        }
    }

    async fn checkpoint(&self, room: &DiagramId) {
        match self.make(room).await {
            Ok(()) => {}
            Err(Failed::Store(StoreError::NotFound) | Failed::Room(RoomError::Gone)) => {
                self.editors.forget(room);
            }
            Err(error) => {
                tracing::warn!(room.id = %room, %error, "an automatic version waits");
                self.editors.retry_later(room);
            }
        }
    }

    async fn make(&self, room: &DiagramId) -> Result<(), Failed> {
        let org = self.catalog.organisation_of(room).await?;
        let making = Making::new(Kind::Checkpoint, None);
        let text = async {
            let records = self.registry.read(room, |txn| bpmn::crdt::read(txn)).await?;
            let made = tokio::task::spawn_blocking(move || Arc::new(Text::of(&records))).await;
            made.map_err(|error| Failed::Text(error.to_string()))
        };
        let added = self.editors.store_version(&self.catalog, (&org, room), making, text).await?;
        tracing::debug!(room.id = %room, ?added, "automatic version");
        Ok(())
    }
}

/// How long the job sleeps when nothing was edited.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(24 * 3600)
}
