//! Deliveries on SQLite as the worker sees them: taken on for a while (a lease), tried, noted.
//!
//! The events of one thing stand in a line, of which the first alone has a time at which it is due. What is asked
//! here is asked for all organisations, and no organisation and no webhook takes the places of the others.

use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};
use time::OffsetDateTime;
use tokio::sync::watch;

use super::catalog::Catalog;
use super::events::{EVENT, EventRow, server};
use super::values::{id as parsed, json as list_of};
use super::webhooks::switch_off;
use crate::id::WebhookId;
use crate::limits::{DELIVERIES_PER_ORG, DELIVERIES_PER_WEBHOOK, DELIVERIES_TO_FAILING};
use crate::store::StoreError;
use crate::store::catalog::{Claiming, DeliveryState, Due, Next, Off, Tried, from_ms, to_ms};

/// A delivery's key, as it stands.
type Key = (String, String, i64);

impl Catalog {
    /// Changes whenever there may be something to deliver.
    pub fn deliveries_wake(&self) -> watch::Receiver<()> {
        self.db.wakes.deliveries.changes()
    }

    /// When there is something to deliver: now (`true`), and next after that.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn deliveries_due(
        &self,
        now: OffsetDateTime,
    ) -> Result<(bool, Option<OffsetDateTime>), StoreError> {
        let look = self.db.look(move |conn| {
            Box::pin(async move {
                let sql = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending' AND due_at <= ?1), \
                           (SELECT min(due_at) FROM deliveries WHERE state = 'pending' AND due_at > ?1)";
                let (due, next): (bool, Option<i64>) =
                    sqlx::query_as(sql).bind(to_ms(now)).fetch_one(conn).await?;
                Ok((due, next.map(from_ms).transpose()?))
            })
        });
        look.await
    }

    /// Takes on what is due and has a place. Whoever takes it on has until the lease ends; then it is due again.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn claim_deliveries(
        &self,
        claiming: Claiming,
        now: OffsetDateTime,
    ) -> Result<Vec<Due>, StoreError> {
        let (under_way, most) = (list_of(&claiming.under_way)?, claiming.most);
        // Chosen beside the writer, which has more to do than to look through what waits.
        let look = self.db.look(move |conn| {
            Box::pin(async move { candidates(conn, &under_way, most, now).await })
        });
        let candidates = look.await?;
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let until = now + claiming.lease;
        let claim = self.db.write(move |tx| {
            Box::pin(async move {
                let mut taken = Vec::new();
                for (key, due) in candidates {
                    match due {
                        Ok(due) => taken.extend(take(tx, due, until, now).await?),
                        Err(error) => bury(tx, &key, &error, now).await?,
                    }
                }
                Ok(taken)
            })
        });
        claim.await
    }

    /// Notes how a try went, unless its lease was over and somebody else has taken it on. A webhook at which
    /// nothing has arrived for `patience` is switched off when one more is given up.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn note_delivery(
        &self,
        due: &Due,
        tried: Tried,
        patience: Duration,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let due = due.clone();
        let note = self.db.write(move |tx| {
            Box::pin(async move {
                if mark(tx, &due, &tried, now).await? {
                    judge(tx, &due, &tried, patience, now).await?;
                }
                Ok(())
            })
        });
        note.await
    }
}

/// What is due and has a place, each as far as it can be read.
async fn candidates(
    conn: &mut SqliteConnection,
    under_way: &str,
    most: u32,
    now: OffsetDateTime,
) -> Result<Vec<(Key, Result<Due, StoreError>)>, StoreError> {
    // From webhook to webhook in the index, whatever waits for each; of each a few. Then the places: within its
    // webhook, within its organisation, among those that fail; what is on its way already has the first ones.
    let sql = format!(
        "WITH RECURSIVE waiting (org, webhook) AS ( \
           SELECT * FROM (SELECT org, webhook FROM deliveries INDEXED BY deliveries_due_to \
             WHERE state = 'pending' AND due_at IS NOT NULL ORDER BY org, webhook LIMIT 1) \
           UNION ALL SELECT d.org, d.webhook FROM waiting q JOIN deliveries d ON d.rowid = coalesce( \
             (SELECT rowid FROM deliveries INDEXED BY deliveries_due_to WHERE state = 'pending' \
               AND due_at IS NOT NULL AND org = q.org AND webhook > q.webhook \
               ORDER BY webhook LIMIT 1), \
             (SELECT rowid FROM deliveries INDEXED BY deliveries_due_to WHERE state = 'pending' \
               AND due_at IS NOT NULL AND org > q.org ORDER BY org, webhook LIMIT 1))), \
         busy (org, webhook, count) AS ( \
           SELECT value ->> 0, value ->> 1, count(*) FROM json_each(?2) GROUP BY 1, 2), \
         of_webhook AS (SELECT d.org, d.webhook, d.event, d.attempts, d.since, \
             w.failing_since IS NOT NULL AS failing, coalesce(b.count, 0) + row_number() \
             OVER (PARTITION BY d.org, d.webhook ORDER BY d.due_at, d.event) AS place \
           FROM waiting q CROSS JOIN webhooks w ON w.org = q.org AND w.id = q.webhook \
           LEFT JOIN busy b ON b.org = q.org AND b.webhook = q.webhook \
           CROSS JOIN deliveries d ON d.rowid IN (SELECT rowid FROM deliveries \
             WHERE org = q.org AND webhook = q.webhook AND state = 'pending' AND due_at <= ?1 \
             ORDER BY due_at LIMIT ?3)), \
         of_org AS (SELECT *, row_number() OVER (PARTITION BY org ORDER BY failing, place, event) + \
             coalesce((SELECT sum(count) FROM busy WHERE busy.org = of_webhook.org), 0) AS turn \
           FROM of_webhook WHERE place <= iif(failing, 1, ?3)), \
         of_all AS (SELECT *, row_number() OVER (PARTITION BY failing ORDER BY turn, event) + \
             (SELECT coalesce(sum(count), 0) FROM busy JOIN webhooks w \
             ON w.org = busy.org AND w.id = busy.webhook AND w.failing_since IS NOT NULL) AS rank \
           FROM of_org WHERE turn <= ?4) \
         SELECT {EVENT}, o.org, o.webhook, o.event, o.attempts + 1 AS attempt, o.since, w.url, \
           w.secret, iif(w.old_until > ?1, w.old_secret, NULL) AS old_secret \
         FROM of_all o JOIN events e ON e.seq = o.event \
         JOIN webhooks w ON w.org = o.org AND w.id = o.webhook \
         WHERE NOT o.failing OR o.rank <= ?5 ORDER BY o.failing, o.turn, o.event LIMIT ?6"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(to_ms(now))
        .bind(under_way)
        .bind(DELIVERIES_PER_WEBHOOK)
        .bind(DELIVERIES_PER_ORG)
        .bind(DELIVERIES_TO_FAILING)
        .bind(most)
        .fetch_all(conn)
        .await?;
    let candidate = |row: SqliteRow| {
        let key = (row.try_get("org")?, row.try_get("webhook")?, row.try_get("event")?);
        Ok((key, DueRow::from_row(&row).map_err(StoreError::from).and_then(DueRow::into_domain)))
    };
    rows.into_iter().map(candidate).collect()
}

/// Takes it on, unless it is no longer as it was seen.
async fn take(
    tx: &mut SqliteConnection,
    due: Due,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<Due>, StoreError> {
    let sql = "UPDATE deliveries SET attempts = ?4, due_at = ?5, tried_at = ?6 \
               WHERE org = ?1 AND webhook = ?2 AND event = ?3 \
               AND state = 'pending' AND attempts = ?4 - 1 AND due_at <= ?6";
    let done = sqlx::query(sql)
        .bind(due.org.as_str())
        .bind(due.webhook.as_str())
        .bind(due.event.seq)
        .bind(due.attempt)
        .bind(to_ms(until))
        .bind(to_ms(now))
        .execute(tx)
        .await?;
    Ok((done.rows_affected() > 0).then_some(due))
}

/// Gives up what can't be read: it would stand before all others for ever.
async fn bury(
    tx: &mut SqliteConnection,
    (org, webhook, event): &Key,
    error: &StoreError,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    tracing::error!(webhook.id = webhook, event.seq = event, %error, "it can't be delivered");
    let sql = "UPDATE deliveries SET state = 'dead', tried_at = ?4, error = ?5 \
               WHERE org = ?1 AND webhook = ?2 AND event = ?3 AND state = 'pending' \
               RETURNING subject, again";
    let line: Option<(String, bool)> = sqlx::query_as(sql)
        .bind(org)
        .bind(webhook)
        .bind(event)
        .bind(to_ms(now))
        .bind(error.to_string())
        .fetch_optional(&mut *tx)
        .await?;
    match line {
        Some(line) => next_in_line(tx, (org, webhook), line, now).await,
        None => Ok(()),
    }
}

/// The first of a line goes ahead, when the one before it is through.
async fn next_in_line(
    tx: &mut SqliteConnection,
    (org, webhook): (&str, &str),
    (subject, again): (String, bool),
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let sql = "UPDATE deliveries SET due_at = ?5 WHERE due_at IS NULL \
               AND org = ?1 AND webhook = ?2 AND event = (SELECT min(event) FROM deliveries \
               WHERE org = ?1 AND webhook = ?2 AND subject = ?3 AND again = ?4 AND state = 'pending')";
    sqlx::query(sql)
        .bind(org)
        .bind(webhook)
        .bind(subject)
        .bind(again)
        .bind(to_ms(now))
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether the try still counts.
async fn mark(
    tx: &mut SqliteConnection,
    due: &Due,
    tried: &Tried,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (state, next) = match tried.next {
        Next::Done => (DeliveryState::Delivered, now),
        Next::Retry(at) => (DeliveryState::Pending, at),
        Next::GiveUp | Next::Gone => (DeliveryState::Dead, now),
    };
    // What was given up while it was on its way, for its webhook was switched off, may arrive all the same.
    let sql = "UPDATE deliveries SET state = ?5, due_at = ?6, status = ?7, error = ?8 \
               WHERE org = ?1 AND webhook = ?2 AND event = ?3 AND attempts = ?4 \
               AND (state = 'pending' OR state = 'dead' AND ?5 = 'delivered') \
               RETURNING subject, again";
    let line: Option<(String, bool)> = sqlx::query_as(sql)
        .bind(due.org.as_str())
        .bind(due.webhook.as_str())
        .bind(due.event.seq)
        .bind(due.attempt)
        .bind(state.as_str())
        .bind(to_ms(next))
        .bind(tried.status)
        .bind(&tried.error)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(line) = line else { return Ok(false) };
    if state != DeliveryState::Pending {
        next_in_line(tx, (due.org.as_str(), due.webhook.as_str()), line, now).await?;
    }
    Ok(true)
}

/// What a try says of its webhook.
async fn judge(
    tx: &mut SqliteConnection,
    due: &Due,
    tried: &Tried,
    patience: Duration,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let failed = tried.error.is_some();
    let sql = "UPDATE webhooks SET failing_since = iif(?3, coalesce(failing_since, ?4), NULL) \
               WHERE org = ?1 AND id = ?2 RETURNING failing_since";
    let since: Option<Option<i64>> = sqlx::query_scalar(sql)
        .bind(due.org.as_str())
        .bind(due.webhook.as_str())
        .bind(failed)
        .bind(to_ms(now))
        .fetch_optional(&mut *tx)
        .await?;
    let Some(Some(since)) = since else { return Ok(()) };
    let off = match tried.next {
        Next::Gone => Off::Gone,
        // One hiccup behind a long silence is no proof: it is tried again.
        Next::GiveUp if now - from_ms(since)? >= patience => Off::Failing,
        _ => return Ok(()),
    };
    switch_off(tx, &due.org, &due.webhook, (&server()?, to_ms(now)), off).await
}

#[derive(FromRow)]
struct DueRow {
    #[sqlx(flatten)]
    event: EventRow,
    webhook: String,
    attempt: u32,
    since: i64,
    url: String,
    secret: Vec<u8>,
    old_secret: Option<Vec<u8>>,
}

impl DueRow {
    fn into_domain(self) -> Result<Due, StoreError> {
        let event = self.event.into_domain()?;
        let webhook: WebhookId = parsed(&self.webhook)?;
        Ok(Due {
            org: event.org.clone(),
            webhook,
            url: self.url,
            secret: self.secret,
            old_secret: self.old_secret,
            attempt: self.attempt,
            since: from_ms(self.since)?,
            event,
        })
    }
}
