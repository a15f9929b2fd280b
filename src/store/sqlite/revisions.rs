//! Revisions on SQLite: what was uploaded, saved and kept of a diagram.
//!
//! A stored revision never changes. Every statement names the organisation.

use bytes::Bytes;
use sqlx::{FromRow, SqliteConnection};

use super::catalog::{Catalog, select};
use crate::id::{DiagramId, OrgId, UserId, Version};
use crate::store::StoreError;
use crate::store::blobs::BlobKey;
use crate::store::catalog::{Added, Kind, NewRevision, Revision, from_ms, to_ms};

impl Catalog {
    /// Stores a revision as the next version, unless the newest one has the same materialised text.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn add_revision(
        &self,
        org: &OrgId,
        id: &DiagramId,
        new: NewRevision,
    ) -> Result<Added, StoreError> {
        let (bytes, key) = self.shelve(new.bytes.clone()).await?;
        let (org, id, blob) = (org.clone(), id.clone(), key.clone());
        let done = self
            .db
            .write(move |tx| Box::pin(async move { add(tx, &org, &id, new, bytes, blob).await }))
            .await;
        if let Ok(Added::Unchanged(_)) = done {
            self.unshelve_unless_stored::<()>(key, &Err(StoreError::Exists)).await;
        } else {
            self.unshelve_unless_stored(key, &done).await;
        }
        done
    }

    /// A revision of a diagram that is not deleted.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt` when its bytes are not those that were stored, else as the store fails.
    pub async fn revision(
        &self,
        org: &OrgId,
        id: &DiagramId,
        version: Version,
    ) -> Result<Revision, StoreError> {
        let (owner, diagram) = (org.clone(), id.clone());
        let row = self.db.read(move |tx| {
            Box::pin(async move { select_revision(tx, &owner, &diagram, Some(version)).await })
        });
        self.fetch(row.await?).await
    }

    /// The newest revision of a diagram that is not deleted.
    ///
    /// # Errors
    /// See [`Catalog::revision`].
    pub async fn newest_revision(
        &self,
        org: &OrgId,
        id: &DiagramId,
    ) -> Result<Revision, StoreError> {
        let (owner, diagram) = (org.clone(), id.clone());
        let row = self.db.read(move |tx| {
            Box::pin(async move { select_revision(tx, &owner, &diagram, None).await })
        });
        self.fetch(row.await?).await
    }

    /// A row's revision, its bytes fetched and checked.
    pub(super) async fn fetch(&self, row: RevisionRow) -> Result<Revision, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("version {}: {what}", row.version));
        let bytes = match (&row.blob, row.bytes) {
            (Some(key), _) => self.blobs.get(&key.parse()?).await?,
            (None, bytes) => Bytes::from(bytes.unwrap_or_default()),
        };
        if i64::from(crc32fast::hash(&bytes)) != row.crc {
            return Err(corrupt("a wrong checksum"));
        }
        Ok(Revision {
            version: Version(row.version),
            kind: Kind::parse(&row.kind).ok_or_else(|| corrupt("its kind"))?,
            bytes,
            hash: row.hash.as_slice().try_into().map_err(|_| corrupt("its hash"))?,
            author: row.author.parse().map_err(|_| corrupt("its author"))?,
            message: row.message,
            created_at: from_ms(row.created_at)?,
        })
    }
}

/// What a row of a revision holds.
pub(super) struct Stored {
    pub(super) version: Version,
    pub(super) kind: Kind,
    pub(super) bytes: Option<Bytes>,
    pub(super) blob: Option<BlobKey>,
    pub(super) size: usize,
    pub(super) checksum: u32,
    pub(super) hash: [u8; 32],
    pub(super) author: UserId,
    pub(super) message: Option<String>,
    pub(super) now: i64,
}

pub(super) async fn insert(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    new: Stored,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO revisions (org, diagram, version, kind, bytes, blob, size, crc, hash, \
               author, message, created_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(new.version.0)
        .bind(new.kind.as_str())
        .bind(new.bytes.map(Vec::from))
        .bind(new.blob.map(|key| key.to_string()))
        .bind(i64::try_from(new.size).unwrap_or(i64::MAX))
        .bind(i64::from(new.checksum))
        .bind(new.hash.to_vec())
        .bind(new.author.as_str())
        .bind(new.message)
        .bind(new.now)
        .execute(tx)
        .await?;
    Ok(())
}

async fn add(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    new: NewRevision,
    bytes: Option<Bytes>,
    blob: Option<BlobKey>,
) -> Result<Added, StoreError> {
    let current = select(tx, org, id).await?.version;
    let sql = "SELECT hash FROM revisions WHERE org = ?1 AND diagram = ?2 AND version = ?3";
    let hash: Option<Vec<u8>> = sqlx::query_scalar(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(current.0)
        .fetch_optional(&mut *tx)
        .await?;
    if hash.as_deref() == Some(&new.hash) {
        return Ok(Added::Unchanged(current));
    }
    let version = Version(current.0.saturating_add(1));
    let (now, saved) = (to_ms(new.now), matches!(new.kind, Kind::Save | Kind::Upload));
    let sql = "UPDATE diagrams SET version = ?3, saved = iif(?4, ?3, saved), updated_at = ?5, \
               change = change + 1, summary = ?6 WHERE org = ?1 AND id = ?2";
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(version.0)
        .bind(saved)
        .bind(now)
        .bind(new.summary.to_string())
        .execute(&mut *tx)
        .await?;
    let revision = Stored {
        version,
        kind: new.kind,
        checksum: crc32fast::hash(&new.bytes),
        size: new.bytes.len(),
        bytes,
        blob,
        hash: new.hash,
        author: new.author,
        message: new.message,
        now,
    };
    insert(tx, org, id, revision).await?;
    Ok(Added::Stored(version))
}

async fn select_revision(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    version: Option<Version>,
) -> Result<RevisionRow, StoreError> {
    let sql = "SELECT r.version, r.kind, r.bytes, r.blob, r.crc, r.hash, r.author, r.message, \
               r.created_at FROM diagrams d JOIN revisions r ON r.org = d.org AND r.diagram = d.id \
               AND r.version = coalesce(?3, d.version) \
               WHERE d.org = ?1 AND d.id = ?2 AND d.deleted_at IS NULL";
    let row: Option<RevisionRow> = sqlx::query_as(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(version.map(|v| v.0))
        .fetch_optional(tx)
        .await?;
    row.ok_or(StoreError::NotFound)
}

/// Where a revision stands among all, of whatever organisation.
#[derive(Debug, Clone, Default, FromRow)]
pub(super) struct Place {
    pub(super) org: String,
    pub(super) diagram: String,
    pub(super) version: u32,
}

/// The next revisions behind a place, of deleted diagrams too: for the integrity check alone, which
/// is no tenant's.
pub(super) async fn revisions_behind(
    tx: &mut SqliteConnection,
    place: &Place,
    limit: i64,
) -> Result<Vec<(Place, RevisionRow)>, StoreError> {
    let sql = "SELECT * FROM revisions WHERE (org, diagram, version) > (?1, ?2, ?3) \
               ORDER BY org, diagram, version LIMIT ?4";
    let rows = sqlx::query(sql)
        .bind(&place.org)
        .bind(&place.diagram)
        .bind(place.version)
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| Ok((Place::from_row(row)?, RevisionRow::from_row(row)?))).collect()
}

/// A revision as stored, its bytes not checked yet.
#[derive(FromRow)]
pub(super) struct RevisionRow {
    version: u32,
    kind: String,
    bytes: Option<Vec<u8>>,
    blob: Option<String>,
    crc: i64,
    hash: Vec<u8>,
    author: String,
    message: Option<String>,
    created_at: i64,
}
