//! Projects on SQLite. Every statement names the organisation.

use serde_json::json;
use sqlx::{FromRow, SqliteConnection};
use time::OffsetDateTime;

use super::audit::note;
use super::catalog::Catalog;
use super::values::id as parsed;
use crate::id::{OrgId, ProjectId, UserId};
use crate::limits::MAX_PROJECTS;
use crate::store::StoreError;
use crate::store::catalog::{Action, Project, from_ms, to_ms};

impl Catalog {
    /// Creates a project.
    ///
    /// # Errors
    /// `Exists`, `TooMany`, else as the store fails.
    pub async fn create_project(&self, org: &OrgId, new: Project) -> Result<Project, StoreError> {
        let org = org.clone();
        let create = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "SELECT count(*) FROM projects WHERE org = ?1";
                let count: i64 =
                    sqlx::query_scalar(sql).bind(org.as_str()).fetch_one(&mut *tx).await?;
                if count >= i64::from(MAX_PROJECTS) {
                    return Err(StoreError::TooMany { what: "projects", allowed: MAX_PROJECTS });
                }
                let sql = "INSERT INTO projects (org, id, name, created_by, created_at, updated_at, change) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?5, 1) ON CONFLICT DO NOTHING";
                let made = sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(new.id.as_str())
                    .bind(&new.name)
                    .bind(new.created_by.as_str())
                    .bind(to_ms(new.created_at))
                    .execute(&mut *tx)
                    .await?;
                if made.rows_affected() == 0 {
                    return Err(StoreError::Exists);
                }
                let by = (&new.created_by, to_ms(new.created_at));
                let detail = json!({ "name": new.name });
                note(tx, &org, by, Action::ProjectCreated, new.id.as_str(), detail).await?;
                select(tx, &org, &new.id).await
            })
        });
        create.await
    }

    /// All projects of an organisation, by name.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn projects(&self, org: &OrgId) -> Result<Vec<Project>, StoreError> {
        let org = org.clone();
        let list = self.db.read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT * FROM projects WHERE org = ?1 ORDER BY name, id";
                let rows: Vec<ProjectRow> =
                    sqlx::query_as(sql).bind(org.as_str()).fetch_all(tx).await?;
                rows.into_iter().map(ProjectRow::into_domain).collect()
            })
        });
        list.await
    }

    /// One project.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn project(&self, org: &OrgId, id: &ProjectId) -> Result<Project, StoreError> {
        let (org, id) = (org.clone(), id.clone());
        self.db.look(move |tx| Box::pin(async move { select(tx, &org, &id).await })).await
    }

    /// Renames a project.
    ///
    /// # Errors
    /// `NotFound`, else as the store fails.
    pub async fn rename_project(
        &self,
        org: &OrgId,
        id: &ProjectId,
        user: &UserId,
        name: String,
        now: OffsetDateTime,
    ) -> Result<Project, StoreError> {
        let (org, id, user) = (org.clone(), id.clone(), user.clone());
        let rename = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE projects SET name = ?3, updated_at = ?4, change = change + 1 \
                           WHERE org = ?1 AND id = ?2 AND name <> ?3";
                let done = sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(id.as_str())
                    .bind(&name)
                    .bind(to_ms(now))
                    .execute(&mut *tx)
                    .await?;
                if done.rows_affected() > 0 {
                    let by = (&user, to_ms(now));
                    let detail = json!({ "name": name });
                    note(tx, &org, by, Action::ProjectRenamed, id.as_str(), detail).await?;
                }
                select(tx, &org, &id).await
            })
        });
        rename.await
    }

    /// Removes a project that holds no diagram, not even one that can still be brought back.
    ///
    /// # Errors
    /// `NotFound`, `NotEmpty`, else as the store fails.
    pub async fn remove_project(
        &self,
        org: &OrgId,
        id: &ProjectId,
        user: &UserId,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let (org, id, user) = (org.clone(), id.clone(), user.clone());
        let remove = self.db.write(move |tx| {
            Box::pin(async move {
                select(tx, &org, &id).await?;
                let sql = "DELETE FROM projects WHERE org = ?1 AND id = ?2 AND NOT EXISTS \
                           (SELECT 1 FROM diagrams WHERE org = ?1 AND project = ?2)";
                let done =
                    sqlx::query(sql).bind(org.as_str()).bind(id.as_str()).execute(&mut *tx).await?;
                if done.rows_affected() == 0 {
                    return Err(StoreError::NotEmpty);
                }
                let by = (&user, to_ms(now));
                note(tx, &org, by, Action::ProjectRemoved, id.as_str(), json!({})).await
            })
        });
        remove.await
    }
}

async fn select(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &ProjectId,
) -> Result<Project, StoreError> {
    let sql = "SELECT * FROM projects WHERE org = ?1 AND id = ?2";
    let row: Option<ProjectRow> =
        sqlx::query_as(sql).bind(org.as_str()).bind(id.as_str()).fetch_optional(tx).await?;
    row.ok_or(StoreError::NotFound)?.into_domain()
}

/// A diagram can only be put into a project that is there.
pub(super) async fn demand(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: Option<&ProjectId>,
) -> Result<(), StoreError> {
    match id {
        None => Ok(()),
        Some(id) => match select(tx, org, id).await {
            Err(StoreError::NotFound) => Err(StoreError::NoProject),
            found => found.map(|_| ()),
        },
    }
}

#[derive(FromRow)]
struct ProjectRow {
    id: String,
    name: String,
    created_by: String,
    created_at: i64,
    updated_at: i64,
    change: i64,
}

impl ProjectRow {
    fn into_domain(self) -> Result<Project, StoreError> {
        let corrupt = || StoreError::Corrupt(format!("project {}: its change counter", self.id));
        Ok(Project {
            change: u64::try_from(self.change).map_err(|_| corrupt())?,
            id: parsed(&self.id)?,
            created_by: parsed(&self.created_by)?,
            created_at: from_ms(self.created_at)?,
            updated_at: from_ms(self.updated_at)?,
            name: self.name,
        })
    }
}
