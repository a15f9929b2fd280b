//! The audit log on SQLite: written in the transaction that does what it tells, read by page. What is noted
//! is also what others are told of ([`Action::told`]).
//!
//! Every statement names the organisation.

use std::time::Duration;

use sqlx::{FromRow, QueryBuilder, SqliteConnection};
use time::OffsetDateTime;

use super::catalog::Catalog;
use super::events;
use super::values::id as parsed;
use crate::id::{OrgId, UserId};
use crate::limits::{AUDIT_SWEPT, MAX_PAGE};
use crate::store::StoreError;
use crate::store::catalog::{Action, AuditEntry, AuditPage, AuditQuery, from_ms, to_ms};

/// Notes what is done in this transaction, and tells those who want to know: after the change itself, for an
/// event shows what it made.
pub(super) async fn note(
    tx: &mut SqliteConnection,
    org: &OrgId,
    (user, now): (&UserId, i64),
    action: Action,
    subject: &str,
    detail: serde_json::Value,
) -> Result<(), StoreError> {
    if let Some((kind, said)) = action.told(&detail) {
        events::emit(tx, org, (user, now), kind, subject, said).await?;
    }
    let sql = "INSERT INTO audit (org, at, user, action, subject, detail) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(now)
        .bind(user.as_str())
        .bind(action.as_str())
        .bind(subject)
        .bind(detail.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

impl Catalog {
    /// One page of the organisation's log, the newest entries first.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn audit(&self, org: &OrgId, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let limit = query.limit.clamp(1, MAX_PAGE);
        let mut select = QueryBuilder::new("SELECT * FROM audit WHERE org = ");
        select.push_bind(org.to_string());
        if let Some(subject) = &query.subject {
            select.push(" AND subject = ").push_bind(subject.clone());
        }
        if let Some(user) = &query.user {
            select.push(" AND user = ").push_bind(user.to_string());
        }
        if let Some(before) = query.before {
            select.push(" AND id < ").push_bind(before);
        }
        select.push(" ORDER BY id DESC LIMIT ").push_bind(limit + 1);
        let found = self.db.read(move |tx| {
            Box::pin(async move {
                let rows: Vec<AuditRow> = select.build_query_as().fetch_all(tx).await?;
                Ok(rows)
            })
        });
        let mut rows = found.await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let entries: Vec<AuditEntry> =
            rows.into_iter().map(AuditRow::into_domain).collect::<Result<_, _>>()?;
        let next = entries.last().filter(|_| more).map(|last| last.id);
        Ok(AuditPage { entries, next })
    }

    /// Removes entries that are older than `kept`, some at a time; answers how many.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn sweep_audit(
        &self,
        kept: Duration,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let age = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let before = to_ms(now).saturating_sub(age);
        let sweep = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "DELETE FROM audit WHERE id IN \
                           (SELECT id FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)";
                let done = sqlx::query(sql).bind(before).bind(AUDIT_SWEPT).execute(tx).await?;
                Ok(done.rows_affected())
            })
        });
        sweep.await
    }
}

#[derive(FromRow)]
struct AuditRow {
    id: i64,
    at: i64,
    user: String,
    action: String,
    subject: String,
    detail: String,
}

impl AuditRow {
    fn into_domain(self) -> Result<AuditEntry, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("audit entry {}: {what}", self.id));
        Ok(AuditEntry {
            id: self.id,
            at: from_ms(self.at)?,
            user: parsed(&self.user)?,
            action: Action::parse(&self.action).ok_or_else(|| corrupt("its action"))?,
            detail: serde_json::from_str(&self.detail).map_err(|_| corrupt("its detail"))?,
            subject: self.subject,
        })
    }
}
