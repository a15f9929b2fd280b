//! Organisations on SQLite: what they use and may use, and whether something of theirs changed.

use serde_json::json;
use sqlx::{FromRow, SqliteConnection};
use time::OffsetDateTime;

use super::audit::note;
use super::catalog::Catalog;
use super::values::id as parsed;
use crate::id::{OrgId, UserId};
use crate::store::StoreError;
use crate::store::catalog::{Action, Org, Plan, Plans, to_ms};

impl Catalog {
    /// What an organisation uses and may use; one without diagrams uses nothing.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn org(&self, org: &OrgId) -> Result<Org, StoreError> {
        let (org, plans) = (org.clone(), self.plans);
        self.db.look(move |tx| Box::pin(async move { select(tx, &org, plans).await })).await
    }

    /// Organisations by id, those behind `after`: for an operator alone, who acts for no tenant.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn orgs(&self, after: Option<&OrgId>, limit: u32) -> Result<Vec<Org>, StoreError> {
        let (after, plans) = (after.map_or("", OrgId::as_str).to_owned(), self.plans);
        let list = self.db.read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT id, plan, diagrams, change FROM orgs WHERE id > ?1 \
                           ORDER BY id LIMIT ?2";
                let rows: Vec<OrgRow> =
                    sqlx::query_as(sql).bind(after).bind(limit).fetch_all(tx).await?;
                rows.into_iter().map(|row| row.into_domain(plans)).collect()
            })
        });
        list.await
    }

    /// Creates an organisation that nobody has used yet.
    ///
    /// # Errors
    /// `Exists`, else as the store fails.
    pub async fn create_org(
        &self,
        org: &OrgId,
        by: &UserId,
        now: OffsetDateTime,
    ) -> Result<Org, StoreError> {
        let (org, by, plans) = (org.clone(), by.clone(), self.plans);
        let create = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO orgs (id) VALUES (?1) ON CONFLICT DO NOTHING";
                let made = sqlx::query(sql).bind(org.as_str()).execute(&mut *tx).await?;
                if made.rows_affected() == 0 {
                    return Err(StoreError::Exists);
                }
                let by = (&by, to_ms(now));
                note(tx, &org, by, Action::OrgCreated, org.as_str(), json!({})).await?;
                select(tx, &org, plans).await
            })
        });
        create.await
    }

    /// Gives an organisation a plan. What it has beyond it stays; more can't be created.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn set_plan(
        &self,
        org: &OrgId,
        by: &UserId,
        plan: Plan,
        now: OffsetDateTime,
    ) -> Result<Org, StoreError> {
        let (org, by, plans) = (org.clone(), by.clone(), self.plans);
        let set = self.db.write(move |tx| {
            Box::pin(async move {
                let before = select(tx, &org, plans).await?.plan;
                let sql = "INSERT INTO orgs (id, plan) VALUES (?1, ?2) \
                           ON CONFLICT DO UPDATE SET plan = excluded.plan";
                sqlx::query(sql).bind(org.as_str()).bind(plan.as_str()).execute(&mut *tx).await?;
                if plan != before {
                    let (by, detail) = ((&by, to_ms(now)), json!({ "from": before, "to": plan }));
                    note(tx, &org, by, Action::PlanChanged, org.as_str(), detail).await?;
                }
                select(tx, &org, plans).await
            })
        });
        set.await
    }
}

async fn select(tx: &mut SqliteConnection, org: &OrgId, plans: Plans) -> Result<Org, StoreError> {
    let sql = "SELECT id, plan, diagrams, change FROM orgs WHERE id = ?1";
    let row: Option<OrgRow> = sqlx::query_as(sql).bind(org.as_str()).fetch_optional(tx).await?;
    let unknown = || OrgRow { id: org.to_string(), plan: None, diagrams: 0, change: 0 };
    row.unwrap_or_else(unknown).into_domain(plans)
}

#[derive(FromRow)]
struct OrgRow {
    id: String,
    plan: Option<String>,
    diagrams: u32,
    change: i64,
}

impl OrgRow {
    fn into_domain(self, plans: Plans) -> Result<Org, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("organisation {}: {what}", self.id));
        let plan = self.plan.as_deref().map(str::parse).transpose();
        let plan = plan.map_err(|_| corrupt("its plan"))?.unwrap_or(plans.default);
        Ok(Org {
            id: parsed(&self.id)?,
            plan,
            diagrams: self.diagrams,
            allowed: plans.diagrams(plan),
            change: u64::try_from(self.change).map_err(|_| corrupt("its change counter"))?,
        })
    }
}

/// Something of the organisation's changes in this transaction.
pub(super) async fn touch(tx: &mut SqliteConnection, org: &OrgId) -> Result<(), StoreError> {
    count(tx, org, 0).await
}

/// The organisation gets one more diagram, if its plan allows.
pub(super) async fn one_more(
    tx: &mut SqliteConnection,
    org: &OrgId,
    plans: Plans,
) -> Result<(), StoreError> {
    count(tx, org, 1).await?;
    let now = select(tx, org, plans).await?;
    match now.allowed {
        // The transaction ends with this error, and the count with it.
        Some(allowed) if now.diagrams > allowed => {
            Err(StoreError::QuotaExceeded { plan: now.plan, allowed })
        }
        _ => Ok(()),
    }
}

/// The organisation loses a diagram.
pub(super) async fn one_less(tx: &mut SqliteConnection, org: &OrgId) -> Result<(), StoreError> {
    count(tx, org, -1).await
}

async fn count(tx: &mut SqliteConnection, org: &OrgId, more: i32) -> Result<(), StoreError> {
    let sql = "INSERT INTO orgs (id, diagrams, change) VALUES (?1, max(?2, 0), 1) \
               ON CONFLICT DO UPDATE SET diagrams = diagrams + ?2, change = change + 1";
    sqlx::query(sql).bind(org.as_str()).bind(more).execute(tx).await?;
    Ok(())
}
