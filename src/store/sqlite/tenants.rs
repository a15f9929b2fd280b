//! Organisations on SQLite: what they use and may use, and whether something of theirs changed.

use sqlx::SqliteConnection;

use super::catalog::Catalog;
use crate::id::OrgId;
use crate::store::StoreError;
use crate::store::catalog::{Org, Plan, Plans};

impl Catalog {
    /// What an organisation uses and may use; one without diagrams uses nothing.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn org(&self, org: &OrgId) -> Result<Org, StoreError> {
        let (org, plans) = (org.clone(), self.plans);
        self.db.read(move |tx| Box::pin(async move { select(tx, &org, plans).await })).await
    }

    /// Gives an organisation a plan. What it has beyond it stays; more can't be created.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn set_plan(&self, org: &OrgId, plan: Plan) -> Result<Org, StoreError> {
        let (org, plans) = (org.clone(), self.plans);
        let set = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO orgs (id, plan) VALUES (?1, ?2) \
                           ON CONFLICT DO UPDATE SET plan = excluded.plan";
                sqlx::query(sql).bind(org.as_str()).bind(plan.as_str()).execute(&mut *tx).await?;
                select(tx, &org, plans).await
            })
        });
        set.await
    }
}

async fn select(tx: &mut SqliteConnection, org: &OrgId, plans: Plans) -> Result<Org, StoreError> {
    let sql = "SELECT plan, diagrams, change FROM orgs WHERE id = ?1";
    let row: Option<(Option<String>, u32, i64)> =
        sqlx::query_as(sql).bind(org.as_str()).fetch_optional(tx).await?;
    let (plan, diagrams, change) = row.unwrap_or_default();
    let corrupt = |what: &str| StoreError::Corrupt(format!("organisation {org}: {what}"));
    let plan = plan.map(|plan| plan.parse()).transpose().map_err(|_| corrupt("its plan"))?;
    let plan = plan.unwrap_or(plans.default);
    Ok(Org {
        id: org.clone(),
        plan,
        diagrams,
        allowed: plans.diagrams(plan),
        change: u64::try_from(change).map_err(|_| corrupt("its change counter"))?,
    })
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
