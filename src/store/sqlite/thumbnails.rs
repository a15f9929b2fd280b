//! Thumbnails on SQLite: which are due, what they hold. The schema itself notes which version each diagram
//! wants drawn, in the transaction that stores it.

use bytes::Bytes;
use sqlx::SqliteConnection;
use tokio::sync::watch;

use super::catalog::Catalog;
use super::values::id as parsed;
use crate::id::{DiagramId, OrgId, Version};
use crate::store::StoreError;
use crate::store::catalog::Thumbnail;

/// SVG and PNG.
type Formats = (Option<Vec<u8>>, Option<Vec<u8>>);

impl Catalog {
    /// Changes whenever a thumbnail may be due.
    pub fn thumbnails_wake(&self) -> watch::Receiver<()> {
        self.db.wakes.thumbnails.changes()
    }

    /// Diagrams whose thumbnail is older than the version it should show, of any organisation: for the
    /// server's own job, which acts for no tenant.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn due_thumbnails(
        &self,
        limit: u32,
    ) -> Result<Vec<(OrgId, DiagramId, Version)>, StoreError> {
        let read = self.db.read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT t.org, t.diagram, t.wanted FROM thumbnails t \
                           JOIN diagrams d ON d.org = t.org AND d.id = t.diagram \
                           WHERE t.made < t.wanted AND d.deleted_at IS NULL LIMIT ?1";
                let rows: Vec<(String, String, u32)> =
                    sqlx::query_as(sql).bind(limit).fetch_all(tx).await?;
                let row = |(org, diagram, version): (String, String, u32)| {
                    Ok((parsed(&org)?, parsed(&diagram)?, Version(version)))
                };
                rows.into_iter().map(row).collect()
            })
        });
        read.await
    }

    /// Stores what was drawn of a version; none if it can't be drawn, and the picture before it stays.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn store_thumbnail(
        &self,
        org: &OrgId,
        id: &DiagramId,
        version: Version,
        thumbnail: Option<Thumbnail>,
    ) -> Result<(), StoreError> {
        let (org, id) = (org.clone(), id.clone());
        let write = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE thumbnails SET made = ?3, svg = coalesce(?4, svg), \
                           png = coalesce(?5, png) WHERE org = ?1 AND diagram = ?2 AND made < ?3";
                let (svg, png) = thumbnail.map(|t| (t.svg.to_vec(), t.png.to_vec())).unzip();
                sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(version.0)
                    .bind(svg)
                    .bind(png)
                    .execute(tx)
                    .await?;
                Ok(())
            })
        });
        write.await
    }

    /// The newest thumbnail of a diagram; none if none has been drawn yet.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn thumbnail(
        &self,
        org: &OrgId,
        id: &DiagramId,
    ) -> Result<Option<Thumbnail>, StoreError> {
        let (org, id) = (org.clone(), id.clone());
        let read = self.db.read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT t.svg, t.png FROM diagrams d LEFT JOIN thumbnails t \
                           ON t.org = d.org AND t.diagram = d.id \
                           WHERE d.org = ?1 AND d.id = ?2 AND d.deleted_at IS NULL";
                let row: Option<Formats> = sqlx::query_as(sql)
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .fetch_optional(tx)
                    .await?;
                let (svg, png) = row.ok_or(StoreError::NotFound)?;
                Ok(svg
                    .zip(png)
                    .map(|(svg, png)| Thumbnail { svg: Bytes::from(svg), png: Bytes::from(png) }))
            })
        });
        read.await
    }
}

/// A diagram that was deleted is back: the job, which passed it over, has to look at it again.
pub(super) async fn want_again(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
) -> Result<(), StoreError> {
    // Writes what is there: that wakes the job.
    let sql = "UPDATE thumbnails SET wanted = wanted \
               WHERE org = ?1 AND diagram = ?2 AND made < wanted";
    sqlx::query(sql).bind(org.as_str()).bind(id.as_str()).execute(tx).await?;
    Ok(())
}
