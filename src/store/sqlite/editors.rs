//! Who has edited a room since its diagram's newest version, on SQLite: the authors of its next one.
//!
//! Stored beside the log, not with it: losing it loses names, never an edit. Knows rooms alone, no tenant.

use sqlx::SqliteConnection;

use super::catalog::Catalog;
use super::values::{id as parsed, json};
use crate::id::{DiagramId, OrgId, UserId};
use crate::store::StoreError;

impl Catalog {
    /// Notes that these users have edited these rooms. Rooms that are gone are left out.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn note_editors(&self, edits: Vec<(DiagramId, UserId)>) -> Result<(), StoreError> {
        let edits = json(&edits)?;
        let note = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO log_editors (room, user) \
                           SELECT e.value ->> 0, e.value ->> 1 FROM json_each(?1) e \
                           JOIN log_rooms r ON r.room = e.value ->> 0 AND r.gone = 0 \
                           WHERE true ON CONFLICT DO NOTHING";
                sqlx::query(sql).bind(edits).execute(tx).await?;
                Ok(())
            })
        });
        note.await
    }

    /// Rooms that were edited since their diagrams' newest versions, with all who did: what a process that
    /// ended left to its next life.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn editors(&self) -> Result<Vec<(DiagramId, UserId)>, StoreError> {
        let read = self.db.read(|tx| {
            Box::pin(async move {
                let sql = "SELECT room, user FROM log_editors ORDER BY room, user";
                let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(tx).await?;
                rows.into_iter().map(|(room, user)| Ok((parsed(&room)?, parsed(&user)?))).collect()
            })
        });
        read.await
    }

    /// The organisation of a diagram that is not deleted: for the server's own jobs, which act for no tenant.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn organisation_of(&self, id: &DiagramId) -> Result<OrgId, StoreError> {
        let id = id.clone();
        let read = self.db.look(move |tx| {
            Box::pin(async move {
                let sql = "SELECT org FROM diagrams WHERE id = ?1 AND deleted_at IS NULL";
                let org: Option<String> =
                    sqlx::query_scalar(sql).bind(id.as_str()).fetch_optional(tx).await?;
                parsed(&org.ok_or(StoreError::NotFound)?)
            })
        });
        read.await
    }
}

/// All who have edited, in a transaction that gives them a version; those who may still be editing stay.
pub(super) async fn take(
    tx: &mut SqliteConnection,
    room: &DiagramId,
    still_editing: &[UserId],
) -> Result<Vec<UserId>, StoreError> {
    let sql = "SELECT user FROM log_editors WHERE room = ?1";
    let users: Vec<String> =
        sqlx::query_scalar(sql).bind(room.as_str()).fetch_all(&mut *tx).await?;
    let sql = "DELETE FROM log_editors WHERE room = ?1 \
               AND user NOT IN (SELECT value FROM json_each(?2))";
    sqlx::query(sql).bind(room.as_str()).bind(json(&still_editing)?).execute(tx).await?;
    users.iter().map(|user| parsed(user)).collect()
}
