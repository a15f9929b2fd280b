//! Reading revisions on SQLite, with their bytes.
//!
//! The bytes of a stored revision never change; `versions.rs` stores them. Every statement names the
//! organisation.

use bytes::Bytes;
use sqlx::{FromRow, SqliteConnection};

use super::catalog::Catalog;
use crate::id::{DiagramId, OrgId, Version};
use crate::store::StoreError;
use crate::store::catalog::{Kind, Revision, from_ms};

impl Catalog {
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
        let row = self.db.look(move |tx| {
            Box::pin(async move { select_revision(tx, &owner, &diagram, Some(version)).await })
        });
        self.fetch(row.await?).await
    }

    /// The newest version of a diagram that is not deleted, and what its text hashes to.
    ///
    /// # Errors
    /// See [`Catalog::revision`].
    pub async fn newest_hash(
        &self,
        org: &OrgId,
        id: &DiagramId,
    ) -> Result<(Version, [u8; 32]), StoreError> {
        let (owner, diagram) = (org.clone(), id.clone());
        let row = self.db.look(move |tx| {
            Box::pin(async move {
                let sql = "SELECT r.version, r.hash FROM diagrams d JOIN revisions r \
                           ON r.org = d.org AND r.diagram = d.id AND r.version = d.version \
                           WHERE d.org = ?1 AND d.id = ?2 AND d.deleted_at IS NULL";
                let row: Option<(u32, Vec<u8>)> = sqlx::query_as(sql)
                    .bind(owner.as_str())
                    .bind(diagram.as_str())
                    .fetch_optional(tx)
                    .await?;
                row.ok_or(StoreError::NotFound)
            })
        });
        let (version, hash) = row.await?;
        let hash = hash.as_slice().try_into();
        let hash = hash.map_err(|_| StoreError::Corrupt(format!("version {version}: its hash")))?;
        Ok((Version(version), hash))
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
