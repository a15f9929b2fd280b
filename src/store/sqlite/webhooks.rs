//! Webhooks on SQLite: who is told of events. Every statement names the organisation.

use serde_json::json;
use sqlx::{FromRow, SqliteConnection};
use time::OffsetDateTime;

use super::audit::note;
use super::catalog::Catalog;
use super::events::emit;
use super::projects::demand;
use super::values::{id as parsed, json as list_of};
use crate::id::{EventId, OrgId, UserId, WebhookId};
use crate::limits::OLD_SECRET_SIGNS_FOR;
use crate::store::StoreError;
use crate::store::catalog::{
    Action, EventKind, NewWebhook, Off, Webhook, WebhookChange, from_ms, to_ms,
};

impl Catalog {
    /// Makes a webhook.
    ///
    /// # Errors
    /// `TooMany`, `NoProject`, else as the store fails.
    pub async fn create_webhook(
        &self,
        org: &OrgId,
        user: &UserId,
        new: NewWebhook,
        now: OffsetDateTime,
    ) -> Result<Webhook, StoreError> {
        let (org, user, now) = (org.clone(), user.clone(), to_ms(now));
        let create = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "SELECT count(*) FROM webhooks WHERE org = ?1";
                let count: i64 =
                    sqlx::query_scalar(sql).bind(org.as_str()).fetch_one(&mut *tx).await?;
                if count >= i64::from(new.allowed) {
                    return Err(StoreError::TooMany { what: "webhooks", allowed: new.allowed });
                }
                demand(tx, &org, new.project.as_ref()).await?;
                let sql = "INSERT INTO webhooks (org, id, url, description, kinds, diagram, project, \
                           secret, created_by, created_at, updated_at, change) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 1)";
                sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(new.id.as_str())
                    .bind(&new.url)
                    .bind(&new.description)
                    .bind(words(&new.kinds)?)
                    .bind(new.diagram.as_ref().map(|id| id.as_str()))
                    .bind(new.project.as_ref().map(|id| id.as_str()))
                    .bind(&new.secret)
                    .bind(user.as_str())
                    .bind(now)
                    .execute(&mut *tx)
                    .await?;
                let by = (&user, now);
                note(tx, &org, by, Action::WebhookCreated, new.id.as_str(), json!({})).await?;
                select(tx, &org, &new.id).await
            })
        });
        create.await
    }

    /// All webhooks of an organisation, the oldest first.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn webhooks(&self, org: &OrgId) -> Result<Vec<Webhook>, StoreError> {
        let org = org.clone();
        let list = self.db.read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT * FROM webhooks WHERE org = ?1 ORDER BY created_at, id";
                let rows: Vec<WebhookRow> =
                    sqlx::query_as(sql).bind(org.as_str()).fetch_all(tx).await?;
                rows.into_iter().map(WebhookRow::into_domain).collect()
            })
        });
        list.await
    }

    /// One webhook.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn webhook(&self, org: &OrgId, id: &WebhookId) -> Result<Webhook, StoreError> {
        let (org, id) = (org.clone(), id.clone());
        self.db.read(move |tx| Box::pin(async move { select(tx, &org, &id).await })).await
    }

    /// Changes a webhook. What waits for one that is switched off is given up.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn change_webhook(
        &self,
        org: &OrgId,
        id: &WebhookId,
        user: &UserId,
        new: WebhookChange,
        now: OffsetDateTime,
    ) -> Result<Webhook, StoreError> {
        let (org, id, user, now) = (org.clone(), id.clone(), user.clone(), to_ms(now));
        let change = self.db.write(move |tx| {
            Box::pin(async move {
                let before = select(tx, &org, &id).await?;
                let new = only_what_differs(&before, new);
                if new == WebhookChange::default() {
                    return Ok(before);
                }
                let off = match new.enabled {
                    Some(true) => None,
                    Some(false) => Some(Off::SwitchedOff),
                    None => before.off,
                };
                let sql = "UPDATE webhooks SET url = coalesce(?3, url), \
                           description = coalesce(?4, description), kinds = coalesce(?5, kinds), \
                           off = ?6, failing_since = iif(?7, NULL, failing_since), \
                           updated_at = ?8, change = change + 1 WHERE org = ?1 AND id = ?2";
                sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(&new.url)
                    .bind(&new.description)
                    .bind(new.kinds.as_deref().map(words).transpose()?)
                    .bind(off.map(Off::as_str))
                    .bind(new.enabled == Some(true))
                    .bind(now)
                    .execute(&mut *tx)
                    .await?;
                if new.enabled == Some(false) {
                    give_up_waiting(tx, &org, &id).await?;
                }
                let by = (&user, now);
                note(tx, &org, by, Action::WebhookChanged, id.as_str(), detail(&new)).await?;
                select(tx, &org, &id).await
            })
        });
        change.await
    }

    /// Gives a webhook another sealed secret; the one before signs too for a while.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn rotate_webhook_secret(
        &self,
        org: &OrgId,
        id: &WebhookId,
        user: &UserId,
        secret: Vec<u8>,
        now: OffsetDateTime,
    ) -> Result<Webhook, StoreError> {
        let (org, id, user) = (org.clone(), id.clone(), user.clone());
        let rotate = self.db.write(move |tx| {
            Box::pin(async move {
                select(tx, &org, &id).await?;
                let sql = "UPDATE webhooks SET old_secret = secret, old_until = ?4, secret = ?3, \
                           updated_at = ?5, change = change + 1 WHERE org = ?1 AND id = ?2";
                sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(&secret)
                    .bind(to_ms(now + OLD_SECRET_SIGNS_FOR))
                    .bind(to_ms(now))
                    .execute(&mut *tx)
                    .await?;
                let by = (&user, to_ms(now));
                note(tx, &org, by, Action::WebhookSecretRotated, id.as_str(), json!({})).await?;
                select(tx, &org, &id).await
            })
        });
        rotate.await
    }

    /// Removes a webhook with all that waits for it.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn remove_webhook(
        &self,
        org: &OrgId,
        id: &WebhookId,
        user: &UserId,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let (org, id, user) = (org.clone(), id.clone(), user.clone());
        let remove = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "DELETE FROM webhooks WHERE org = ?1 AND id = ?2";
                let done =
                    sqlx::query(sql).bind(org.as_str()).bind(id.as_str()).execute(&mut *tx).await?;
                if done.rows_affected() == 0 {
                    return Err(StoreError::NotFound);
                }
                let by = (&user, to_ms(now));
                note(tx, &org, by, Action::WebhookRemoved, id.as_str(), json!({})).await
            })
        });
        remove.await
    }

    /// Tells this webhook alone that it works, by this event.
    ///
    /// # Errors
    /// `NotFound`, `SwitchedOff`, else as the store fails.
    pub async fn ping_webhook(
        &self,
        org: &OrgId,
        id: &WebhookId,
        user: &UserId,
        now: OffsetDateTime,
    ) -> Result<EventId, StoreError> {
        let (org, id, user) = (org.clone(), id.clone(), user.clone());
        let ping = self.db.write(move |tx| {
            Box::pin(async move {
                demand_on(tx, &org, &id).await?;
                let by = (&user, to_ms(now));
                emit(tx, &org, by, EventKind::Ping, id.as_str(), json!({})).await
            })
        });
        ping.await
    }
}

/// The webhook's row, or `NotFound`.
pub(super) async fn select(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &WebhookId,
) -> Result<Webhook, StoreError> {
    let sql = "SELECT * FROM webhooks WHERE org = ?1 AND id = ?2";
    let row: Option<WebhookRow> =
        sqlx::query_as(sql).bind(org.as_str()).bind(id.as_str()).fetch_optional(tx).await?;
    row.ok_or(StoreError::NotFound)?.into_domain()
}

/// Nothing can be delivered to a webhook that is switched off.
pub(super) async fn demand_on(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &WebhookId,
) -> Result<(), StoreError> {
    match select(tx, org, id).await?.off {
        Some(_) => Err(StoreError::SwitchedOff),
        None => Ok(()),
    }
}

/// The server itself switches a webhook off.
pub(super) async fn switch_off(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &WebhookId,
    by: (&UserId, i64),
    off: Off,
) -> Result<(), StoreError> {
    let sql = "UPDATE webhooks SET off = ?3, updated_at = ?4, change = change + 1 \
               WHERE org = ?1 AND id = ?2 AND off IS NULL";
    let done = sqlx::query(sql)
        .bind(org.as_str())
        .bind(id.as_str())
        .bind(off.as_str())
        .bind(by.1)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() > 0 {
        give_up_waiting(tx, org, id).await?;
        let detail = json!({ "reason": off.as_str() });
        note(tx, org, by, Action::WebhookSwitchedOff, id.as_str(), detail).await?;
    }
    Ok(())
}

/// What waits for a webhook would wait for ever.
async fn give_up_waiting(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &WebhookId,
) -> Result<(), StoreError> {
    let sql = "UPDATE deliveries SET state = 'dead', \
               error = coalesce(error, 'the webhook was switched off') \
               WHERE org = ?1 AND webhook = ?2 AND state = 'pending'";
    sqlx::query(sql).bind(org.as_str()).bind(id.as_str()).execute(tx).await?;
    Ok(())
}

fn only_what_differs(before: &Webhook, new: WebhookChange) -> WebhookChange {
    WebhookChange {
        url: new.url.filter(|url| *url != before.url),
        description: new.description.filter(|text| *text != before.description),
        kinds: new.kinds.filter(|kinds| *kinds != before.kinds),
        enabled: new.enabled.filter(|on| *on != before.off.is_none()),
    }
}

/// What a change was, for the audit log; never a URL, which may hold a secret.
fn detail(new: &WebhookChange) -> serde_json::Value {
    let mut detail = serde_json::Map::new();
    if new.url.is_some() {
        detail.insert("url".to_owned(), json!(true));
    }
    if let Some(kinds) = &new.kinds {
        let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
        detail.insert("events".to_owned(), json!(kinds));
    }
    if let Some(enabled) = new.enabled {
        detail.insert("enabled".to_owned(), json!(enabled));
    }
    detail.into()
}

fn words(kinds: &[EventKind]) -> Result<String, StoreError> {
    list_of(&kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())
}

#[derive(FromRow)]
struct WebhookRow {
    id: String,
    url: String,
    description: String,
    kinds: String,
    diagram: Option<String>,
    project: Option<String>,
    old_until: Option<i64>,
    off: Option<String>,
    failing_since: Option<i64>,
    created_by: String,
    created_at: i64,
    updated_at: i64,
    change: i64,
}

impl WebhookRow {
    fn into_domain(self) -> Result<Webhook, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("webhook {}: {what}", self.id));
        let kinds: Vec<String> =
            serde_json::from_str(&self.kinds).map_err(|_| corrupt("its kinds"))?;
        let kind = |word: &String| EventKind::parse(word).ok_or_else(|| corrupt("its kinds"));
        let off = |word: &String| Off::parse(word).ok_or_else(|| corrupt("why it is off"));
        Ok(Webhook {
            id: parsed(&self.id)?,
            kinds: kinds.iter().map(kind).collect::<Result<_, _>>()?,
            diagram: self.diagram.as_deref().map(parsed).transpose()?,
            project: self.project.as_deref().map(parsed).transpose()?,
            old_until: self.old_until.map(from_ms).transpose()?,
            off: self.off.as_ref().map(off).transpose()?,
            failing_since: self.failing_since.map(from_ms).transpose()?,
            created_by: parsed(&self.created_by)?,
            created_at: from_ms(self.created_at)?,
            updated_at: from_ms(self.updated_at)?,
            change: u64::try_from(self.change).map_err(|_| corrupt("its change counter"))?,
            url: self.url,
            description: self.description,
        })
    }
}
