//! Deliveries on SQLite: taken on for a while (a lease), tried, noted; listed, and asked for once more.
//!
//! A webhook is told of one thing's events in their order: an event waits for those before it. What the worker
//! asks is asked for all organisations; everything else names one.

use std::time::Duration;

use sqlx::{FromRow, QueryBuilder, SqliteConnection};
use time::OffsetDateTime;
use tokio::sync::watch;

use super::catalog::Catalog;
use super::events::{EVENT, EventRow, WANTED, server};
use super::values::{id as parsed, json as list_of};
use super::webhooks::{demand_on, select, switch_off};
use crate::id::{EventId, OrgId, WebhookId};
use crate::limits::{DELIVERIES_LOOKED_AT, DELIVERIES_PER_WEBHOOK, MAX_PAGE, REPLAYED};
use crate::store::StoreError;
use crate::store::catalog::{
    Claiming, Delivery, DeliveryPage, DeliveryQuery, DeliveryState, Due, Next, Off, Replayed,
    Since, Tried, from_ms, to_ms,
};

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
        let read = self.db.read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending' AND due_at <= ?1), \
                           (SELECT min(due_at) FROM deliveries WHERE state = 'pending' AND due_at > ?1)";
                let (due, next): (bool, Option<i64>) =
                    sqlx::query_as(sql).bind(to_ms(now)).fetch_one(tx).await?;
                Ok((due, next.map(from_ms).transpose()?))
            })
        });
        read.await
    }

    /// Takes on what is due, for webhooks that are not `busy`. Whoever takes it on has until the lease ends;
    /// then it is due again.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn claim_deliveries(
        &self,
        claiming: Claiming,
        busy: &[WebhookId],
        now: OffsetDateTime,
    ) -> Result<Vec<Due>, StoreError> {
        let busy = list_of(&busy)?;
        let claim =
            self.db.write(move |tx| Box::pin(async move { claim(tx, claiming, &busy, now).await }));
        claim.await
    }

    /// Notes how a try went, unless its lease was over and somebody else has taken it on. A webhook at which
    /// nothing has arrived for `patience` is switched off.
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

    /// One page of a webhook's deliveries, the newest event first.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn deliveries(
        &self,
        org: &OrgId,
        id: &WebhookId,
        query: &DeliveryQuery,
    ) -> Result<DeliveryPage, StoreError> {
        let (org, id, query) = (org.clone(), id.clone(), query.clone());
        let limit = query.limit.clamp(1, MAX_PAGE);
        let found = self.db.read(move |tx| {
            Box::pin(async move {
                select(tx, &org, &id).await?;
                let mut sql = QueryBuilder::new(format!("{DELIVERY} WHERE d.org = "));
                sql.push_bind(org.to_string()).push(" AND d.webhook = ").push_bind(id.to_string());
                if let Some(state) = query.state {
                    sql.push(" AND d.state = ").push_bind(state.as_str());
                }
                if let Some(before) = query.before {
                    sql.push(" AND d.event < ").push_bind(before);
                }
                sql.push(" ORDER BY d.event DESC LIMIT ").push_bind(limit + 1);
                let rows: Vec<DeliveryRow> = sql.build_query_as().fetch_all(tx).await?;
                Ok(rows)
            })
        });
        let mut rows = found.await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let deliveries: Vec<Delivery> =
            rows.into_iter().map(DeliveryRow::into_domain).collect::<Result<_, _>>()?;
        let next = deliveries.last().filter(|_| more).map(|last| last.event.seq);
        Ok(DeliveryPage { deliveries, next })
    }

    /// Has one event delivered once more.
    ///
    /// # Errors
    /// `NotFound`, `SwitchedOff`, else as the store fails.
    pub async fn redeliver(
        &self,
        org: &OrgId,
        id: &WebhookId,
        event: &EventId,
        now: OffsetDateTime,
    ) -> Result<Delivery, StoreError> {
        let (org, id, event) = (org.clone(), id.clone(), event.clone());
        let again = self.db.write(move |tx| {
            Box::pin(async move {
                select(tx, &org, &id).await?;
                let sql = "UPDATE deliveries SET state = 'pending', attempts = 0, since = ?4, \
                           due_at = ?4, status = NULL, error = NULL \
                           WHERE org = ?1 AND webhook = ?2 AND event = \
                           (SELECT seq FROM events WHERE org = ?1 AND id = ?3) RETURNING event";
                let seq: Option<i64> = sqlx::query_scalar(sql)
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(event.as_str())
                    .bind(to_ms(now))
                    .fetch_optional(&mut *tx)
                    .await?;
                let seq = seq.ok_or(StoreError::NotFound)?;
                demand_on(tx, &org, &id).await?;
                let sql =
                    format!("{DELIVERY} WHERE d.org = ?1 AND d.webhook = ?2 AND d.event = ?3");
                let row: DeliveryRow = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(seq)
                    .fetch_one(tx)
                    .await?;
                row.into_domain()
            })
        });
        again.await
    }

    /// Has everything delivered once more that the webhook wants, of what is still kept: some at a time.
    ///
    /// # Errors
    /// `NotFound` of the webhook, `NoEvent`, `SwitchedOff`, else as the store fails.
    pub async fn replay(
        &self,
        org: &OrgId,
        id: &WebhookId,
        since: Since,
        now: OffsetDateTime,
    ) -> Result<Replayed, StoreError> {
        let (org, id) = (org.clone(), id.clone());
        let replay = self.db.write(move |tx| {
            Box::pin(async move {
                demand_on(tx, &org, &id).await?;
                let after = place(tx, &org, since).await?;
                replay_behind(tx, &org, &id, after, now).await
            })
        });
        replay.await
    }
}

async fn claim(
    tx: &mut SqliteConnection,
    claiming: Claiming,
    busy: &str,
    now: OffsetDateTime,
) -> Result<Vec<Due>, StoreError> {
    // The first of each thing only; of one webhook a few, of one that fails a single one and last, so that
    // it takes no other's place.
    let sql = format!(
        "WITH first AS (SELECT d.* FROM deliveries d WHERE d.state = 'pending' AND d.due_at <= ?1 \
           AND d.webhook NOT IN (SELECT value FROM json_each(?2)) \
           AND NOT EXISTS (SELECT 1 FROM deliveries b WHERE b.org = d.org AND b.webhook = d.webhook \
             AND b.subject = d.subject AND b.state = 'pending' AND b.event < d.event) \
           ORDER BY d.due_at LIMIT ?3), \
         ranked AS (SELECT *, row_number() OVER (PARTITION BY org, webhook ORDER BY event) AS place \
           FROM first) \
         SELECT {EVENT}, r.webhook, r.attempts + 1 AS attempt, r.since, w.url, w.secret, \
           iif(w.old_until > ?1, w.old_secret, NULL) AS old_secret \
         FROM ranked r JOIN events e ON e.seq = r.event \
         JOIN webhooks w ON w.org = r.org AND w.id = r.webhook \
         WHERE r.place <= iif(w.failing_since IS NULL, ?4, 1) \
         ORDER BY w.failing_since IS NOT NULL, r.event LIMIT ?5"
    );
    let rows: Vec<DueRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(to_ms(now))
        .bind(busy)
        .bind(DELIVERIES_LOOKED_AT)
        .bind(DELIVERIES_PER_WEBHOOK)
        .bind(claiming.most)
        .fetch_all(&mut *tx)
        .await?;
    let due: Vec<Due> = rows.into_iter().map(DueRow::into_domain).collect::<Result<_, _>>()?;
    for due in &due {
        let sql = "UPDATE deliveries SET attempts = ?4, due_at = ?5, tried_at = ?6 \
                   WHERE org = ?1 AND webhook = ?2 AND event = ?3";
        sqlx::query(sql)
            .bind(due.org.as_str())
            .bind(due.webhook.as_str())
            .bind(due.event.seq)
            .bind(due.attempt)
            .bind(to_ms(now + claiming.lease))
            .bind(to_ms(now))
            .execute(&mut *tx)
            .await?;
    }
    Ok(due)
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
    let sql = "UPDATE deliveries SET state = ?5, due_at = ?6, status = ?7, error = ?8 \
               WHERE org = ?1 AND webhook = ?2 AND event = ?3 AND state = 'pending' AND attempts = ?4 \
               RETURNING subject";
    let subject: Option<String> = sqlx::query_scalar(sql)
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
    if let (Some(subject), Next::Retry(_)) = (&subject, tried.next) {
        // Those behind it can't go before it: nobody has to look at them until then.
        let sql = "UPDATE deliveries SET due_at = ?4 WHERE org = ?1 AND webhook = ?2 AND subject = ?3 \
                   AND state = 'pending' AND due_at < ?4";
        sqlx::query(sql)
            .bind(due.org.as_str())
            .bind(due.webhook.as_str())
            .bind(subject)
            .bind(to_ms(next))
            .execute(tx)
            .await?;
    }
    Ok(subject.is_some())
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
        _ if now - from_ms(since)? >= patience => Off::Failing,
        _ => return Ok(()),
    };
    switch_off(tx, &due.org, &due.webhook, (&server()?, to_ms(now)), off).await
}

/// The place behind which events are replayed.
async fn place(tx: &mut SqliteConnection, org: &OrgId, since: Since) -> Result<i64, StoreError> {
    match since {
        Since::Time(time) => {
            let sql = "SELECT coalesce(max(seq), 0) FROM events WHERE org = ?1 AND at < ?2";
            let place = sqlx::query_scalar(sql).bind(org.as_str()).bind(to_ms(time));
            Ok(place.fetch_one(tx).await?)
        }
        Since::Event(event) => {
            let sql = "SELECT seq FROM events WHERE org = ?1 AND id = ?2";
            let place = sqlx::query_scalar(sql).bind(org.as_str()).bind(event.as_str());
            place.fetch_optional(tx).await?.ok_or(StoreError::NoEvent)
        }
    }
}

async fn replay_behind(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &WebhookId,
    after: i64,
    now: OffsetDateTime,
) -> Result<Replayed, StoreError> {
    let wanted = format!(
        "FROM events e JOIN webhooks w ON {WANTED} WHERE e.org = ?1 AND w.id = ?2 AND e.seq > ?3"
    );
    let sql = format!("SELECT e.seq, e.id {wanted} ORDER BY e.seq LIMIT ?4");
    let mut found: Vec<(i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(after)
        .bind(REPLAYED + 1)
        .fetch_all(&mut *tx)
        .await?;
    let more = found.len() > REPLAYED as usize;
    found.truncate(REPLAYED as usize);
    let Some((last, last_id)) = found.last() else {
        return Ok(Replayed { events: 0, next: None });
    };
    let sql = format!(
        "INSERT INTO deliveries (org, webhook, event, subject, state, since, due_at) \
         SELECT w.org, w.id, e.seq, e.subject, 'pending', ?4, ?4 {wanted} AND e.seq <= ?5 \
         ON CONFLICT (org, webhook, event) DO UPDATE SET state = 'pending', attempts = 0, \
         since = excluded.since, due_at = excluded.due_at, status = NULL, error = NULL"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(after)
        .bind(to_ms(now))
        .bind(last)
        .execute(tx)
        .await?;
    let next = more.then(|| parsed(last_id)).transpose()?;
    Ok(Replayed { events: u32::try_from(found.len()).unwrap_or(REPLAYED), next })
}

/// What [`DeliveryRow`] reads.
const DELIVERY: &str = "SELECT e.seq, e.id AS event_id, e.org AS event_org, e.kind, e.user, e.at, e.data, \
                        d.state, d.attempts, d.due_at, d.tried_at, d.status, d.error \
                        FROM deliveries d JOIN events e ON e.seq = d.event";

#[derive(FromRow)]
struct DeliveryRow {
    #[sqlx(flatten)]
    event: EventRow,
    state: String,
    attempts: u32,
    due_at: i64,
    tried_at: Option<i64>,
    status: Option<u16>,
    error: Option<String>,
}

impl DeliveryRow {
    fn into_domain(self) -> Result<Delivery, StoreError> {
        let event = self.event.into_domain()?;
        let corrupt = || StoreError::Corrupt(format!("delivery of event {}: its state", event.id));
        Ok(Delivery {
            state: DeliveryState::parse(&self.state).ok_or_else(corrupt)?,
            attempts: self.attempts,
            due_at: from_ms(self.due_at)?,
            tried_at: self.tried_at.map(from_ms).transpose()?,
            status: self.status,
            error: self.error,
            event,
        })
    }
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
        Ok(Due {
            org: event.org.clone(),
            webhook: parsed(&self.webhook)?,
            url: self.url,
            secret: self.secret,
            old_secret: self.old_secret,
            attempt: self.attempt,
            since: from_ms(self.since)?,
            event,
        })
    }
}
