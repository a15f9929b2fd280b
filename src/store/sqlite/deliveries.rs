//! Deliveries on SQLite as an admin sees them: listed, and asked for once more. Each statement names the
//! organisation.

use sqlx::{FromRow, QueryBuilder, SqliteConnection};
use time::OffsetDateTime;

use super::catalog::Catalog;
use super::events::{EventRow, WANTED};
use super::values::id as parsed;
use super::webhooks::{demand_on, select};
use crate::id::{EventId, OrgId, WebhookId};
use crate::limits::{MAX_PAGE, REPLAYED};
use crate::store::StoreError;
use crate::store::catalog::{
    Delivery, DeliveryPage, DeliveryQuery, DeliveryState, Replayed, Since, from_ms, to_ms,
};

impl Catalog {
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
                let sql = format!(
                    "UPDATE deliveries SET {ONCE_MORE} WHERE org = ?1 AND webhook = ?2 AND event = \
                     (SELECT seq FROM events WHERE org = ?1 AND id = ?3) RETURNING event"
                );
                let seq: Option<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(event.as_str())
                    .bind(to_ms(now))
                    .fetch_optional(&mut *tx)
                    .await?;
                let seq = seq.ok_or(StoreError::NotFound)?;
                demand_on(tx, &org, &id).await?;
                begin_lines(tx, &org, &id, now).await?;
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
        "INSERT INTO deliveries (org, webhook, event, subject, state, again, since) \
         SELECT w.org, w.id, e.seq, e.subject, 'pending', 1, ?4 {wanted} AND e.seq <= ?5 \
         ON CONFLICT (org, webhook, event) DO UPDATE SET {ONCE_MORE}"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(after)
        .bind(to_ms(now))
        .bind(last)
        .execute(&mut *tx)
        .await?;
    begin_lines(tx, org, id, now).await?;
    let next = more.then(|| parsed(last_id)).transpose()?;
    Ok(Replayed { events: u32::try_from(found.len()).unwrap_or(REPLAYED), next })
}

/// What asking for a delivery once more (at `?4`) does to it. One that is pending keeps its place in its line.
const ONCE_MORE: &str = "again = again OR state <> 'pending', \
                         due_at = iif(state = 'pending' AND due_at IS NOT NULL, ?4, NULL), \
                         state = 'pending', attempts = 0, since = ?4, status = NULL, error = NULL";

/// The first of each line of what is told again goes ahead.
async fn begin_lines(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &WebhookId,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let sql = "UPDATE deliveries SET due_at = ?3 WHERE org = ?1 AND webhook = ?2 \
               AND state = 'pending' AND again = 1 AND due_at IS NULL AND NOT EXISTS \
               (SELECT 1 FROM deliveries b WHERE b.org = ?1 AND b.webhook = ?2 \
               AND b.subject = deliveries.subject AND b.state = 'pending' AND b.again = 1 \
               AND b.event < deliveries.event)";
    sqlx::query(sql).bind(org.as_str()).bind(id.as_str()).bind(to_ms(now)).execute(tx).await?;
    Ok(())
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
    due_at: Option<i64>,
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
            due_at: self.due_at.map(from_ms).transpose()?,
            tried_at: self.tried_at.map(from_ms).transpose()?,
            status: self.status,
            error: self.error,
            event,
        })
    }
}
