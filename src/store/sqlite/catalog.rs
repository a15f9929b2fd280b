//! Diagrams on SQLite: create, look up, change, delete and bring back. Each verb is one transaction.
//!
//! Every statement names the organisation; a foreign diagram is not found, like a missing one.

use bytes::Bytes;
use serde_json::json;
use sqlx::{FromRow, SqliteConnection};
use time::OffsetDateTime;

use super::append::{create_room, end_room, revive_room};
use super::audit::note;
use super::db::Db;
use super::projects::demand;
use super::tenants::{one_less, one_more, touch};
use super::thumbnails::want_again;
use super::versions::{Stored, insert};
use crate::id::{DiagramId, OrgId, ProjectId, UserId, Version};
use crate::limits::REVISION_INLINE_BYTES;
use crate::store::StoreError;
use crate::store::blobs::{BlobKey, Blobs};
use crate::store::catalog::{
    Action, Diagram, EntryChange, Keep, Kind, NewDiagram, Plans, from_ms, to_ms,
};
use crate::store::log::Append;

/// Folder of the revisions' blobs.
pub(super) const REVISIONS: &str = "revisions";

/// The diagrams and their revisions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(super) db: Db,
    pub(super) blobs: Blobs,
    pub(super) keep: Keep,
    pub(super) plans: Plans,
}

impl Catalog {
    pub(super) fn new(db: Db, blobs: Blobs) -> Self {
        Self { db, blobs, keep: Keep::default(), plans: Plans::default() }
    }

    /// The same catalog with another rule of how long revisions are kept.
    #[must_use]
    pub fn keeping(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// The same catalog with other limits of plans.
    #[must_use]
    pub fn selling(self, plans: Plans) -> Self {
        Self { plans, ..self }
    }

    /// Creates a diagram with its version 1, its room and row 1 of the room's log, all or nothing (ROOM L6).
    ///
    /// # Errors
    /// `Exists` when the id is taken (in any organisation), `QuotaExceeded`, `NoProject`, else as the store fails.
    pub async fn create_diagram(
        &self,
        org: &OrgId,
        new: NewDiagram,
    ) -> Result<Diagram, StoreError> {
        let (bytes, key) = self.shelve(new.bytes.clone()).await?;
        let (org, blob, plans) = (org.clone(), key.clone(), self.plans);
        let done = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    one_more(tx, &org, plans).await?;
                    create(tx, &org, new, bytes, blob).await
                })
            })
            .await;
        self.unshelve_unless_stored(key, &done).await;
        done
    }

    /// A diagram that is not deleted.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn diagram(&self, org: &OrgId, id: &DiagramId) -> Result<Diagram, StoreError> {
        let (org, id) = (org.clone(), id.clone());
        self.db.look(move |tx| Box::pin(async move { select(tx, &org, &id).await })).await
    }

    /// Changes a diagram's entry, if `expected` is still its change counter or absent.
    ///
    /// # Errors
    /// `NotFound`, `Changed`, else as the store fails.
    pub async fn change_entry(
        &self,
        org: &OrgId,
        id: &DiagramId,
        user: &UserId,
        new: EntryChange,
        expected: Option<u64>,
        now: OffsetDateTime,
    ) -> Result<Diagram, StoreError> {
        let (org, id, user) = (org.clone(), id.clone(), user.clone());
        let change = self.db.write(move |tx| {
            Box::pin(async move {
                let before = select(tx, &org, &id).await?;
                if expected.is_some_and(|change| change != before.change) {
                    return Err(StoreError::Changed);
                }
                let title = new.title.filter(|title| *title != before.title);
                let metadata = new.metadata.filter(|metadata| *metadata != before.metadata);
                let moved = new.project.filter(|project| *project != before.project);
                if title.is_none() && metadata.is_none() && moved.is_none() {
                    return Ok(before);
                }
                let project = moved.clone().unwrap_or(before.project);
                demand(tx, &org, project.as_ref()).await?;
                touch(tx, &org).await?;
                let detail = detail(title.as_deref(), metadata.is_some(), moved.as_ref());
                let sql = "UPDATE diagrams SET title = coalesce(?3, title), \
                           title_key = coalesce(?4, title_key), metadata = coalesce(?5, metadata), \
                           updated_at = ?6, project = ?7, change = change + 1 \
                           WHERE org = ?1 AND id = ?2";
                sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(&title)
                    .bind(title.as_ref().map(|title| title.to_lowercase()))
                    .bind(metadata.map(|metadata| metadata.to_string()))
                    .bind(to_ms(now))
                    .bind(project.as_ref().map(ProjectId::as_str))
                    .execute(&mut *tx)
                    .await?;
                let by = (&user, to_ms(now));
                note(tx, &org, by, Action::Changed, id.as_str(), detail).await?;
                select(tx, &org, &id).await
            })
        });
        change.await
    }

    /// Deletes a diagram softly: it and its revisions are not found any more, its room is gone.
    ///
    /// # Errors
    /// `NotFound`, also when it was deleted before; else as the store fails.
    pub async fn delete(
        &self,
        org: &OrgId,
        id: &DiagramId,
        user: &UserId,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let (org, id, user) = (org.clone(), id.clone(), user.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let sql = "UPDATE diagrams SET deleted_at = ?3, change = change + 1 \
                               WHERE org = ?1 AND id = ?2 AND deleted_at IS NULL";
                    let done = sqlx::query(sql)
                        .bind(org.as_str())
                        .bind(id.as_str())
                        .bind(to_ms(now))
                        .execute(&mut *tx)
                        .await?;
                    if done.rows_affected() == 0 {
                        return Err(StoreError::NotFound);
                    }
                    one_less(tx, &org).await?;
                    let by = (&user, to_ms(now));
                    note(tx, &org, by, Action::Deleted, id.as_str(), json!({})).await?;
                    end_room(tx, &id).await
                })
            })
            .await
    }

    /// Brings a deleted diagram back, with its room. One that is not deleted stays as it is.
    ///
    /// # Errors
    /// `NotFound`, also when it is gone for good; `QuotaExceeded`; else as the store fails.
    pub async fn undelete(
        &self,
        org: &OrgId,
        id: &DiagramId,
        user: &UserId,
        now: OffsetDateTime,
    ) -> Result<Diagram, StoreError> {
        let (org, id, user, plans) = (org.clone(), id.clone(), user.clone(), self.plans);
        let undelete = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE diagrams SET deleted_at = NULL, updated_at = ?3, change = change + 1 \
                           WHERE org = ?1 AND id = ?2 AND deleted_at IS NOT NULL";
                let done = sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(to_ms(now))
                    .execute(&mut *tx)
                    .await?;
                if done.rows_affected() > 0 {
                    one_more(tx, &org, plans).await?;
                    revive_room(tx, &id).await?;
                    want_again(tx, &org, &id).await?;
                    let by = (&user, to_ms(now));
                    note(tx, &org, by, Action::Undeleted, id.as_str(), json!({})).await?;
                }
                select(tx, &org, &id).await
            })
        });
        undelete.await
    }

    /// Where a revision's bytes go: into the row, or above a size into a blob, durable before the row.
    pub(super) async fn shelve(
        &self,
        bytes: Bytes,
    ) -> Result<(Option<Bytes>, Option<BlobKey>), StoreError> {
        if bytes.len() <= REVISION_INLINE_BYTES {
            return Ok((Some(bytes), None));
        }
        Ok((None, Some(self.blobs.put(REVISIONS, bytes).await?)))
    }

    /// Removes a blob that no row came to point to.
    pub(super) async fn unshelve_unless_stored<T>(
        &self,
        key: Option<BlobKey>,
        done: &Result<T, StoreError>,
    ) {
        // After an unknown outcome a row may point to it.
        if let (Some(key), Err(error)) = (key, done)
            && !matches!(error, StoreError::Unknown(_))
        {
            self.discard(&key).await;
        }
    }

    /// Removes a blob that nothing points to. Where that fails it only takes up space, and `doctor` finds it.
    pub(super) async fn discard(&self, key: &BlobKey) {
        if let Err(error) = self.blobs.delete(key).await {
            tracing::warn!(%error, "a blob that nothing points to could not be removed");
        }
    }
}

async fn create(
    tx: &mut SqliteConnection,
    org: &OrgId,
    new: NewDiagram,
    bytes: Option<Bytes>,
    blob: Option<BlobKey>,
) -> Result<Diagram, StoreError> {
    let seed = Append {
        room: new.id.clone(),
        batch: new.batch,
        updates: vec![new.seed],
        bindings: Vec::new(),
    };
    create_room(tx, new.node, seed).await?;
    demand(tx, org, new.project.as_ref()).await?;
    let now = to_ms(new.now);
    let sql = "INSERT INTO diagrams (org, id, title, title_key, created_by, created_at, updated_at, \
               version, saved, change, summary, metadata, project, number) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 1, 1, 1, ?7, ?8, ?9, \
                       (SELECT coalesce(max(number), 0) + 1 FROM diagrams))";
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(new.id.as_str())
        .bind(&new.title)
        .bind(new.title.to_lowercase())
        .bind(new.user.as_str())
        .bind(now)
        .bind(new.summary.to_string())
        .bind(new.metadata.to_string())
        .bind(new.project.as_ref().map(ProjectId::as_str))
        .execute(&mut *tx)
        .await?;
    let by = (&new.user, now);
    let detail = json!({ "title": new.title });
    note(tx, org, by, Action::Created, new.id.as_str(), detail).await?;
    let revision = Stored {
        version: Version(1),
        kind: Kind::Upload,
        checksum: crc32fast::hash(&new.bytes),
        size: new.bytes.len(),
        bytes,
        blob,
        hash: new.hash,
        authors: vec![new.user],
        name: None,
        message: None,
        source: None,
        summary: new.summary,
        now,
    };
    insert(tx, org, &new.id, revision).await?;
    select(tx, org, &new.id).await
}

/// What an entry's change was, for the audit log.
fn detail(
    title: Option<&str>,
    metadata: bool,
    project: Option<&Option<ProjectId>>,
) -> serde_json::Value {
    let mut detail = serde_json::Map::new();
    if let Some(title) = title {
        detail.insert("title".to_owned(), json!(title));
    }
    if metadata {
        detail.insert("metadata".to_owned(), json!(true));
    }
    if let Some(project) = project {
        detail.insert("projectId".to_owned(), json!(project));
    }
    detail.into()
}

/// The diagram's row, or `NotFound`.
pub(super) async fn select(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
) -> Result<Diagram, StoreError> {
    let sql = "SELECT * FROM diagrams WHERE org = ?1 AND id = ?2 AND deleted_at IS NULL";
    let row: Option<DiagramRow> =
        sqlx::query_as(sql).bind(org.as_str()).bind(id.as_str()).fetch_optional(tx).await?;
    row.ok_or(StoreError::NotFound)?.into_domain()
}

#[derive(FromRow)]
pub(super) struct DiagramRow {
    id: String,
    title: String,
    created_by: String,
    created_at: i64,
    updated_at: i64,
    version: u32,
    saved: u32,
    change: i64,
    summary: String,
    metadata: String,
    project: Option<String>,
    deleted_at: Option<i64>,
}

impl DiagramRow {
    pub(super) fn into_domain(self) -> Result<Diagram, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("diagram {}: {what}", self.id));
        Ok(Diagram {
            id: self.id.parse().map_err(|_| corrupt("its id"))?,
            created_by: self.created_by.parse().map_err(|_| corrupt("its creator"))?,
            created_at: from_ms(self.created_at)?,
            updated_at: from_ms(self.updated_at)?,
            version: Version(self.version),
            saved: Version(self.saved),
            change: u64::try_from(self.change).map_err(|_| corrupt("its change counter"))?,
            summary: serde_json::from_str(&self.summary).map_err(|_| corrupt("its summary"))?,
            metadata: serde_json::from_str(&self.metadata).map_err(|_| corrupt("its metadata"))?,
            project: self
                .project
                .map(|id| id.parse())
                .transpose()
                .map_err(|_| corrupt("its project"))?,
            deleted_at: self.deleted_at.map(from_ms).transpose()?,
            title: self.title,
        })
    }
}
