//! Projects: diagrams that belong together.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::serde::rfc3339;
use uuid::Uuid;

use super::Api;
use super::answer::{hashed, header_value, tag_of, tagged};
use super::diagrams::checked_title;
use super::extract::{Caller, ProjectPath, Whole, json};
use super::problem::{Kind, Problem};
use crate::id::{ProjectId, UserId};
use crate::store::catalog;

/// A project as people see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    id: ProjectId,
    name: String,
    created_by: UserId,
    #[serde(with = "rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "rfc3339")]
    updated_at: OffsetDateTime,
}

impl From<catalog::Project> for Project {
    fn from(project: catalog::Project) -> Self {
        Self {
            id: project.id,
            name: project.name,
            created_by: project.created_by,
            created_at: project.created_at,
            updated_at: project.updated_at,
        }
    }
}

#[derive(Debug, Serialize)]
struct List {
    projects: Vec<Project>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: String,
}

/// `GET /api/projects`: all, by name.
pub async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let projects = api.catalog.projects(&caller.org).await?;
    hashed(&headers, &List { projects: projects.into_iter().map(Project::from).collect() })
}

/// `POST /api/projects`
pub async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    caller.may_write()?;
    let body: Body = json(&body)?;
    let now = OffsetDateTime::now_utc();
    let id = Uuid::new_v4().to_string().parse();
    let new = catalog::Project {
        id: id.map_err(|error| Problem::new(Kind::Internal).because(error))?,
        name: checked_title(&body.name)?,
        created_by: caller.0.user.clone(),
        created_at: now,
        updated_at: now,
        change: 1,
    };
    let (catalog, org) = (api.catalog.clone(), caller.0.org);
    let create = async move { Ok(catalog.create_project(&org, new).await?) };
    let project = api.to_the_end(create).await?;
    let location = header_value(&format!("/api/projects/{}", project.id));
    let tag = header_value(&tag(&project));
    let headers = [(header::LOCATION, location), (header::ETAG, tag)];
    Ok((StatusCode::CREATED, headers, Json(Project::from(project))).into_response())
}

/// `GET /api/projects/{id}`
pub async fn show(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    ProjectPath(id): ProjectPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let project = api.catalog.project(&caller.org, &id).await?;
    let tag = tag(&project);
    tagged(&headers, &tag, &Project::from(project))
}

/// `PATCH /api/projects/{id}`
pub async fn patch(
    State(api): State<Arc<Api>>,
    caller: Caller,
    ProjectPath(id): ProjectPath,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    api.catalog.project(&caller.0.org, &id).await?;
    caller.may_write()?;
    let body: Body = json(&body)?;
    let name = checked_title(&body.name)?;
    let (catalog, who, now) = (api.catalog.clone(), caller.0, OffsetDateTime::now_utc());
    let rename =
        async move { Ok(catalog.rename_project(&who.org, &id, &who.user, name, now).await?) };
    let project = api.to_the_end(rename).await?;
    let tag = header_value(&tag(&project));
    Ok(([(header::ETAG, tag)], Json(Project::from(project))).into_response())
}

/// `DELETE /api/projects/{id}`: only an empty one.
pub async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    ProjectPath(id): ProjectPath,
) -> Result<StatusCode, Problem> {
    api.catalog.project(&caller.0.org, &id).await?;
    caller.may_write()?;
    let (catalog, who, now) = (api.catalog.clone(), caller.0, OffsetDateTime::now_utc());
    let delete = async move {
        catalog.remove_project(&who.org, &id, &who.user, now).await?;
        Ok(StatusCode::NO_CONTENT)
    };
    api.to_the_end(delete).await
}

/// Changes exactly when the project does.
fn tag(project: &catalog::Project) -> String {
    tag_of(format!("{} {}", project.id, project.change).as_bytes())
}
