//! History on SQLite: storing a revision as the next version, the list of versions, how long they stay.
//!
//! Every statement names the organisation, except those about editors: like the log, they know rooms alone.

use std::collections::BTreeSet;

use bytes::Bytes;
use sqlx::{FromRow, SqliteConnection};

use super::audit::note;
use super::catalog::{Catalog, select};
use super::editors;
use super::events::emit;
use super::tenants::touch;
use super::values::{id as parsed, json};
use crate::id::{DiagramId, OrgId, UserId, Version};
use crate::limits::{MAX_AUTHORS, MAX_PAGE};
use crate::store::StoreError;
use crate::store::blobs::BlobKey;
use crate::store::catalog::{
    Action, Added, EventKind, Keep, Kind, NewRevision, VersionEntry, Versions, from_ms, to_ms,
};

impl Catalog {
    /// Stores a revision as the next version, unless the newest one has the same materialised text; what is
    /// no longer kept goes in the same transaction. A milestone on an unchanged text names the newest version.
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
        let (org, id, blob, keep) = (org.clone(), id.clone(), key.clone(), self.keep);
        let done = self.db.write(move |tx| {
            Box::pin(async move {
                let now = to_ms(new.now);
                let added = add(tx, &org, &id, new, bytes, blob).await?;
                let gone = match added {
                    Added::Stored(newest) => prune(tx, &org, &id, newest, keep, now).await?,
                    Added::Unchanged(_) => Vec::new(),
                };
                Ok((added, gone))
            })
        });
        match done.await {
            Ok((added, gone)) => {
                let unused = key.filter(|_| matches!(added, Added::Unchanged(_)));
                for key in gone.into_iter().chain(unused) {
                    self.discard(&key).await;
                }
                Ok(added)
            }
            Err(error) => {
                let failed: Result<(), _> = Err(error.clone());
                self.unshelve_unless_stored(key, &failed).await;
                Err(error)
            }
        }
    }

    /// One page of a diagram's history, the newest version first; `below` is where the last page ended.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn versions(
        &self,
        org: &OrgId,
        id: &DiagramId,
        below: Option<Version>,
        limit: u32,
    ) -> Result<Versions, StoreError> {
        let (org, id) = (org.clone(), id.clone());
        let limit = limit.clamp(1, MAX_PAGE);
        let found = self.db.read(move |tx| {
            Box::pin(async move {
                select(tx, &org, &id).await?;
                let sql = format!(
                    "{ENTRY} AND kind <> 'base' AND version < ?3 ORDER BY version DESC LIMIT ?4"
                );
                let rows: Vec<EntryRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(below.map_or(i64::MAX, |v| i64::from(v.0)))
                    .bind(limit + 1)
                    .fetch_all(tx)
                    .await?;
                Ok(rows)
            })
        });
        let mut rows = found.await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let entries: Vec<VersionEntry> =
            rows.into_iter().map(EntryRow::into_domain).collect::<Result<_, _>>()?;
        let next = entries.last().filter(|_| more).map(|last| last.version);
        Ok(Versions { entries, next })
    }

    /// What is known of one version, hidden ones included.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn version(
        &self,
        org: &OrgId,
        id: &DiagramId,
        version: Version,
    ) -> Result<VersionEntry, StoreError> {
        let (org, id) = (org.clone(), id.clone());
        let row = self.db.read(move |tx| {
            Box::pin(async move {
                select(tx, &org, &id).await?;
                let row: Option<EntryRow> =
                    sqlx::query_as(sqlx::AssertSqlSafe(format!("{ENTRY} AND version = ?3")))
                        .bind(org.as_str())
                        .bind(id.as_str())
                        .bind(version.0)
                        .fetch_optional(tx)
                        .await?;
                row.ok_or(StoreError::NotFound)
            })
        });
        row.await?.into_domain()
    }
}

const ENTRY: &str = "SELECT version, kind, name, message, author, authors, source, summary, size, \
                     created_at FROM revisions WHERE org = ?1 AND diagram = ?2";

/// What a row of a revision holds.
pub(super) struct Stored {
    pub(super) version: Version,
    pub(super) kind: Kind,
    pub(super) bytes: Option<Bytes>,
    pub(super) blob: Option<BlobKey>,
    pub(super) size: usize,
    pub(super) checksum: u32,
    pub(super) hash: [u8; 32],
    /// The author first; never empty.
    pub(super) authors: Vec<UserId>,
    pub(super) name: Option<String>,
    pub(super) message: Option<String>,
    pub(super) source: Option<Version>,
    pub(super) summary: serde_json::Value,
    pub(super) now: i64,
}

pub(super) async fn insert(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    new: Stored,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO revisions (org, diagram, version, kind, bytes, blob, size, crc, hash, author, \
               authors, name, message, source, summary, created_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 ->> 0, ?10, ?11, ?12, ?13, ?14, ?15)";
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
        .bind(json(&new.authors)?)
        .bind(new.name)
        .bind(new.message)
        .bind(new.source.map(|v| v.0))
        .bind(new.summary.to_string())
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
    let authors = if new.kind == Kind::Base {
        vec![new.author.clone()]
    } else {
        let known = editors::take(tx, id, &new.still_editing).await?;
        authors(&new.author, known.into_iter().chain(new.editors.iter().cloned()))
    };
    let newest = newest(tx, org, id, current).await?;
    if newest.hash == new.hash {
        let renamed = new.name.is_some() && newest.name.is_some() && new.name != newest.name;
        if !renamed {
            adopt(tx, org, id, current, &newest, &new, authors).await?;
            return Ok(Added::Unchanged(current));
        }
    }
    touch(tx, org).await?;
    let version = Version(current.0.saturating_add(1));
    let now = to_ms(new.now);
    let sql = "UPDATE diagrams SET version = ?3, saved = iif(?4, ?3, saved), updated_at = ?5, \
               change = change + 1, summary = ?6 WHERE org = ?1 AND id = ?2";
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(version.0)
        .bind(new.kind.is_save())
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
        authors,
        name: new.name,
        message: new.message,
        source: new.source,
        summary: new.summary,
        now,
    };
    let (by, kind) = ((&new.author, now), revision.kind);
    insert(tx, org, id, revision).await?;
    tell(tx, org, id, by, kind, version).await?;
    if kind != Kind::Base {
        announce(tx, org, id, by, version).await?;
    }
    Ok(Added::Stored(version))
}

/// Notes what somebody did on purpose; what the server keeps by itself is nobody's act.
async fn tell(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    by: (&UserId, i64),
    kind: Kind,
    version: Version,
) -> Result<(), StoreError> {
    let action = match kind {
        Kind::Save => Action::Saved,
        Kind::Restore => Action::Restored,
        Kind::Milestone => Action::Named,
        Kind::Upload | Kind::Checkpoint | Kind::Base => return Ok(()),
    };
    note(tx, org, by, action, id.as_str(), serde_json::json!({ "version": version.0 })).await
}

/// Tells others that a version can be seen, and so the diagram has a newer text.
async fn announce(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    by: (&UserId, i64),
    version: Version,
) -> Result<(), StoreError> {
    let said = told(tx, org, id, version).await?;
    emit(tx, org, by, EventKind::VersionCreated, id.as_str(), said).await?;
    let said = serde_json::json!({ "changed": ["content"] });
    emit(tx, org, by, EventKind::DiagramUpdated, id.as_str(), said).await.map(drop)
}

/// Tells others that a version which they could see already has a name.
async fn announce_name(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    by: (&UserId, i64),
    version: Version,
) -> Result<(), StoreError> {
    let said = told(tx, org, id, version).await?;
    emit(tx, org, by, EventKind::VersionNamed, id.as_str(), said).await.map(drop)
}

/// What events say of a version.
async fn told(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    version: Version,
) -> Result<serde_json::Value, StoreError> {
    let row: EntryRow = sqlx::query_as(sqlx::AssertSqlSafe(format!("{ENTRY} AND version = ?3")))
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(version.0)
        .fetch_one(tx)
        .await?;
    let entry = row.into_domain()?;
    Ok(serde_json::json!({ "version": {
        "version": entry.version,
        "kind": entry.kind.shown(),
        "name": entry.name,
        "message": entry.message,
        "restoredFrom": entry.source,
        "authors": entry.authors,
    } }))
}

/// The author, then everybody else once, in order.
fn authors(author: &UserId, others: impl Iterator<Item = UserId>) -> Vec<UserId> {
    let others: BTreeSet<UserId> = others.filter(|user| user != author).collect();
    std::iter::once(author.clone()).chain(others).take(MAX_AUTHORS).collect()
}

struct Newest {
    hash: Vec<u8>,
    kind: Kind,
    name: Option<String>,
}

async fn newest(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    version: Version,
) -> Result<Newest, StoreError> {
    let sql =
        "SELECT hash, kind, name FROM revisions WHERE org = ?1 AND diagram = ?2 AND version = ?3";
    let row: Option<(Vec<u8>, String, Option<String>)> = sqlx::query_as(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(version.0)
        .fetch_optional(tx)
        .await?;
    let lost = || StoreError::Corrupt(format!("diagram {id}: its newest revision"));
    let (hash, kind, name) = row.ok_or_else(lost)?;
    Ok(Newest { hash, kind: Kind::parse(&kind).ok_or_else(lost)?, name })
}

/// The newest revision has this text already: it becomes what somebody wants it to be.
async fn adopt(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    version: Version,
    newest: &Newest,
    new: &NewRevision,
    authors: Vec<UserId>,
) -> Result<(), StoreError> {
    let meant = new.kind.intent() > newest.kind.intent();
    let named = new.name.is_some() && newest.name.is_none();
    if !meant && !named {
        return Ok(());
    }
    touch(tx, org).await?;
    let kind = if meant { new.kind } else { newest.kind };
    let sql = "UPDATE revisions SET kind = ?4, author = iif(?5, ?6 ->> 0, author), \
               authors = iif(?5, ?6, authors), name = coalesce(name, ?7), \
               message = coalesce(?8, message), source = iif(?5, ?9, source), \
               created_at = iif(?5, ?10, created_at) \
               WHERE org = ?1 AND diagram = ?2 AND version = ?3";
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(version.0)
        .bind(kind.as_str())
        .bind(meant)
        .bind(json(&authors)?)
        .bind(&new.name)
        .bind(&new.message)
        .bind(new.source.map(|v| v.0))
        .bind(to_ms(new.now))
        .execute(&mut *tx)
        .await?;
    let sql = "UPDATE diagrams SET saved = iif(?3, version, saved), updated_at = iif(?4, ?5, updated_at), \
               change = change + 1 WHERE org = ?1 AND id = ?2";
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(meant && new.kind.is_save())
        .bind(meant)
        .bind(to_ms(new.now))
        .execute(&mut *tx)
        .await?;
    let by = (&new.author, to_ms(new.now));
    tell(tx, org, id, by, new.kind, version).await?;
    match newest.kind {
        // It was hidden: only now it is there for others.
        Kind::Base => announce(tx, org, id, by, version).await,
        _ if named => announce_name(tx, org, id, by, version).await,
        _ => Ok(()),
    }
}

/// Removes what is no longer kept; answers the blobs that nothing points to any more.
async fn prune(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &DiagramId,
    newest: Version,
    keep: Keep,
    now: i64,
) -> Result<Vec<BlobKey>, StoreError> {
    // The version below which enough others of its kind are newer; none where there are not so many.
    let sql = "DELETE FROM revisions WHERE org = ?1 AND diagram = ?2 AND name IS NULL \
               AND version > 1 AND version < ?3 AND ( \
               kind = 'base' AND created_at < ?4 \
               OR kind = 'checkpoint' AND created_at < ?5 AND version <= \
                  (SELECT version FROM revisions WHERE org = ?1 AND diagram = ?2 AND name IS NULL \
                   AND kind = 'checkpoint' ORDER BY version DESC LIMIT 1 OFFSET ?6) \
               OR kind IN ('save', 'restore') AND created_at < ?5 AND version <= \
                  (SELECT version FROM revisions WHERE org = ?1 AND diagram = ?2 AND name IS NULL \
                   AND kind IN ('save', 'restore') ORDER BY version DESC LIMIT 1 OFFSET ?7)) \
               RETURNING blob";
    let before = |age: std::time::Duration| {
        now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
    };
    let blobs: Vec<Option<String>> = sqlx::query_scalar(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(newest.0)
        .bind(before(keep.base))
        .bind(before(keep.younger_than))
        .bind(keep.automatic)
        .bind(keep.saved)
        .fetch_all(tx)
        .await?;
    blobs.into_iter().flatten().map(|key| Ok(key.parse()?)).collect()
}

#[derive(FromRow)]
struct EntryRow {
    version: u32,
    kind: String,
    name: Option<String>,
    message: Option<String>,
    author: String,
    authors: String,
    source: Option<u32>,
    summary: String,
    size: i64,
    created_at: i64,
}

impl EntryRow {
    fn into_domain(self) -> Result<VersionEntry, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("version {}: {what}", self.version));
        Ok(VersionEntry {
            version: Version(self.version),
            kind: Kind::parse(&self.kind).ok_or_else(|| corrupt("its kind"))?,
            author: parsed(&self.author)?,
            authors: serde_json::from_str(&self.authors).map_err(|_| corrupt("its authors"))?,
            source: self.source.map(Version),
            summary: serde_json::from_str(&self.summary).map_err(|_| corrupt("its summary"))?,
            size: u64::try_from(self.size).map_err(|_| corrupt("its size"))?,
            created_at: from_ms(self.created_at)?,
            name: self.name,
            message: self.message,
        })
    }
}
