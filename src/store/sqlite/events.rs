//! Events on SQLite: written in the transaction that does what they tell, with a delivery for each webhook that
//! wants them.
//!
//! Every statement names the organisation, but those of the server's own sweep.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{FromRow, SqliteConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::catalog::Catalog;
use super::values::id as parsed;
use super::webhooks::switch_off;
use crate::id::{EventId, OrgId, UserId};
use crate::limits::{EVENTS_SWEPT, WAITING_PER_WEBHOOK};
use crate::store::StoreError;
use crate::store::catalog::{About, Event, EventKind, Off, from_ms, to_ms};

/// Whoever acts where the server does by itself.
pub(super) fn server() -> Result<UserId, StoreError> {
    parsed("atelier:server")
}

/// Which webhooks (`w`) want an event (`e`) of a thing that is no webhook itself.
pub(super) const WANTED: &str = "w.org = e.org AND e.kind <> 'webhook.ping' \
     AND (w.kinds = '[]' OR EXISTS (SELECT 1 FROM json_each(w.kinds) WHERE value = e.kind)) \
     AND (w.diagram IS NULL OR w.diagram = e.data ->> '$.diagram.id') \
     AND (w.project IS NULL OR w.project = e.project)";

/// Tells those who want to know: after the change itself, for an event shows what it made.
pub(super) async fn emit(
    tx: &mut SqliteConnection,
    org: &OrgId,
    (user, now): (&UserId, i64),
    kind: EventKind,
    subject: &str,
    said: Value,
) -> Result<EventId, StoreError> {
    let (project, thing) = match kind.about() {
        About::Diagram => diagram(tx, org, subject).await?,
        About::Project => project(tx, org, subject).await?,
        About::Member => member(tx, org, subject).await?,
        About::Webhook => (None, json!({ "webhook": { "id": subject } })),
    };
    let data = merged(thing, said);
    let (seq, id) = insert(tx, org, (user, now), kind, (subject, project), data).await?;
    let to = match kind.about() {
        About::Webhook => "e.kind = 'webhook.ping' AND w.org = e.org AND w.id = e.subject",
        _ => WANTED,
    };
    // It is due where none waits before it.
    let sql = format!(
        "INSERT INTO deliveries (org, webhook, event, subject, state, since, due_at) \
         SELECT w.org, w.id, e.seq, e.subject, 'pending', e.at, \
         iif(EXISTS (SELECT 1 FROM deliveries b WHERE b.org = w.org AND b.webhook = w.id \
         AND b.subject = e.subject AND b.state = 'pending' AND b.again = 0), NULL, e.at) \
         FROM events e JOIN webhooks w ON {to} WHERE e.seq = ?1 AND w.off IS NULL"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(seq).execute(&mut *tx).await?;
    switch_off_overflowing(tx, org, now).await?;
    parsed(&id)
}

/// A webhook for which too much waits will not catch up.
async fn switch_off_overflowing(
    tx: &mut SqliteConnection,
    org: &OrgId,
    now: i64,
) -> Result<(), StoreError> {
    let sql = "SELECT id FROM webhooks WHERE org = ?1 AND off IS NULL AND waiting > ?2";
    let ids: Vec<String> = sqlx::query_scalar(sql)
        .bind(org.as_str())
        .bind(WAITING_PER_WEBHOOK)
        .fetch_all(&mut *tx)
        .await?;
    for id in ids {
        // Boxed, for what is noted is told: this, to nobody.
        Box::pin(switch_off(tx, org, &parsed(&id)?, (&server()?, now), Off::Overflowing)).await?;
    }
    Ok(())
}

async fn insert(
    tx: &mut SqliteConnection,
    org: &OrgId,
    (user, now): (&UserId, i64),
    kind: EventKind,
    (subject, project): (&str, Option<String>),
    data: Value,
) -> Result<(i64, String), StoreError> {
    let sql = "INSERT INTO events (id, org, kind, subject, project, user, at, data) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING seq, id";
    let placed = sqlx::query_as(sql)
        .bind(Uuid::now_v7().to_string())
        .bind(org.as_str())
        .bind(kind.as_str())
        .bind(subject)
        .bind(project)
        .bind(user.as_str())
        .bind(now)
        .bind(data.to_string())
        .fetch_one(tx)
        .await?;
    Ok(placed)
}

/// A diagram as events show it, deleted or not, and its project.
async fn diagram(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &str,
) -> Result<(Option<String>, Value), StoreError> {
    let sql = "SELECT title, version, project FROM diagrams WHERE org = ?1 AND id = ?2";
    let row: Option<(String, u32, Option<String>)> =
        sqlx::query_as(sql).bind(org.as_str()).bind(id).fetch_optional(tx).await?;
    let (title, version, project) = row.ok_or(StoreError::NotFound)?;
    let shown = json!({ "id": id, "title": title, "version": version, "projectId": project });
    Ok((project, json!({ "diagram": shown })))
}

/// A project as events show it; one that was removed has but its id.
async fn project(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &str,
) -> Result<(Option<String>, Value), StoreError> {
    let sql = "SELECT name FROM projects WHERE org = ?1 AND id = ?2";
    let name: Option<String> =
        sqlx::query_scalar(sql).bind(org.as_str()).bind(id).fetch_optional(tx).await?;
    Ok((Some(id.to_owned()), json!({ "project": { "id": id, "name": name } })))
}

/// A member as events show it, with its present role.
async fn member(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &str,
) -> Result<(Option<String>, Value), StoreError> {
    let sql = "SELECT role FROM members WHERE org = ?1 AND id = ?2";
    let role: Option<String> =
        sqlx::query_scalar(sql).bind(org.as_str()).bind(id).fetch_optional(tx).await?;
    Ok((None, json!({ "member": { "id": id, "role": role } })))
}

fn merged(mut thing: Value, said: Value) -> Value {
    if let (Some(thing), Value::Object(said)) = (thing.as_object_mut(), said) {
        thing.extend(said);
    }
    thing
}

impl Catalog {
    /// Removes events that are older than `kept`, some at a time, and what became of them; answers how many.
    /// One that is told again stays until that is over.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn sweep_events(
        &self,
        kept: Duration,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let age = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let before = to_ms(now).saturating_sub(age);
        let sweep = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "DELETE FROM events WHERE seq IN \
                           (SELECT seq FROM events WHERE at < ?1 AND NOT EXISTS \
                           (SELECT 1 FROM deliveries d WHERE d.event = seq AND d.state = 'pending') \
                           ORDER BY at LIMIT ?2)";
                let done = sqlx::query(sql).bind(before).bind(EVENTS_SWEPT).execute(tx).await?;
                Ok(done.rows_affected())
            })
        });
        sweep.await
    }
}

/// An event's columns, under names of their own where they are read along with others.
#[derive(FromRow)]
pub(super) struct EventRow {
    seq: i64,
    event_id: String,
    event_org: String,
    kind: String,
    user: String,
    at: i64,
    data: String,
}

/// What [`EventRow`] reads of the table `e`.
pub(super) const EVENT: &str =
    "e.seq, e.id AS event_id, e.org AS event_org, e.kind, e.user, e.at, e.data";

impl EventRow {
    pub(super) fn into_domain(self) -> Result<Event, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("event {}: {what}", self.seq));
        Ok(Event {
            seq: self.seq,
            id: parsed(&self.event_id)?,
            org: parsed(&self.event_org)?,
            kind: EventKind::parse(&self.kind).ok_or_else(|| corrupt("its kind"))?,
            user: parsed(&self.user)?,
            at: from_ms(self.at)?,
            data: serde_json::from_str(&self.data).map_err(|_| corrupt("its data"))?,
        })
    }
}
