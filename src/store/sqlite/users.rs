//! What people are called, on SQLite.
//!
//! Remembered from their tokens, so that a history names them after they have gone; no source of rights.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::catalog::Catalog;
use super::values::json;
use crate::id::{OrgId, UserId};
use crate::store::StoreError;
use crate::store::catalog::to_ms;

impl Catalog {
    /// Remembers what a user is called.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn note_user(
        &self,
        org: &OrgId,
        user: &UserId,
        name: &str,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let (org, user, name) = (org.clone(), user.clone(), name.to_owned());
        let note = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO users (org, id, name, seen_at) VALUES (?1, ?2, ?3, ?4) \
                           ON CONFLICT DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at";
                sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(user.as_str())
                    .bind(name)
                    .bind(to_ms(now))
                    .execute(tx)
                    .await?;
                Ok(())
            })
        });
        note.await
    }

    /// What these users are called, as far as it is known.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn names(
        &self,
        org: &OrgId,
        users: Vec<UserId>,
    ) -> Result<HashMap<String, String>, StoreError> {
        let org = org.clone();
        let read = self.db.look(move |tx| {
            Box::pin(async move {
                let sql = "SELECT id, name FROM users WHERE org = ?1 \
                           AND id IN (SELECT value FROM json_each(?2))";
                let rows: Vec<(String, String)> = sqlx::query_as(sql)
                    .bind(org.as_str())
                    .bind(json(&users)?)
                    .fetch_all(tx)
                    .await?;
                Ok(rows.into_iter().collect())
            })
        });
        read.await
    }
}
