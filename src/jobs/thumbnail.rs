//! Thumbnails: the newest version of every diagram, drawn behind the requests.
//!
//! One after the other, so that they never take more than one core. What is due stands in the store, so a
//! process that ends in between loses nothing.

use bytes::Bytes;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::bpmn::picture;
use crate::diagram;
use crate::id::{DiagramId, OrgId, Version};
use crate::limits::{THUMBNAIL_BATCH, THUMBNAIL_RETRY};
use crate::raster;
use crate::store::StoreError;
use crate::store::catalog::Thumbnail;
use crate::store::sqlite::Catalog;

/// The job.
#[derive(Debug)]
pub struct Thumbnails {
    /// Where versions come from and pictures go.
    pub catalog: Catalog,
}

impl Thumbnails {
    /// Works until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut wake = self.catalog.thumbnails_wake();
        while !stop.is_cancelled() {
            let waited = match self.round(&stop).await {
                Ok(0) => stop.run_until_cancelled(wake.changed()).await.map(drop),
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(%error, "thumbnails wait");
                    stop.run_until_cancelled(sleep(THUMBNAIL_RETRY)).await
                }
            };
            if waited.is_none() {
                return;
            }
        }
    }

    /// Makes some that are due; gives how many.
    async fn round(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let due = self.catalog.due_thumbnails(THUMBNAIL_BATCH).await?;
        let mut made = 0;
        for (org, id, version) in due {
            if stop.is_cancelled() {
                break;
            }
            self.make(&org, &id, version).await?;
            made += 1;
        }
        Ok(made)
    }

    async fn make(&self, org: &OrgId, id: &DiagramId, version: Version) -> Result<(), StoreError> {
        let drawn = match self.catalog.revision(org, id, version).await {
            Ok(revision) => tokio::task::spawn_blocking(move || draw(&revision.bytes))
                .await
                .unwrap_or_else(|error| Err(error.to_string())),
            // Deleted or replaced meanwhile; or damaged, which the integrity check tells.
            Err(error @ (StoreError::NotFound | StoreError::Corrupt(_))) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        if let Err(error) = &drawn {
            let v = version.0;
            tracing::warn!(room.id = %id, version = v, %error, "no thumbnail of this version");
        }
        self.catalog.store_thumbnail(org, id, version, drawn.ok()).await
    }
}

fn draw(bytes: &[u8]) -> Result<Thumbnail, String> {
    let records = diagram::read(bytes).map_err(|error| error.to_string())?;
    let options = picture::Options { thumbnail: true, ..picture::Options::default() };
    let svg = picture::svg(&records, &options);
    let png = raster::png(&svg).map_err(|error| error.to_string())?;
    Ok(Thumbnail { svg: Bytes::from(svg), png: Bytes::from(png) })
}
