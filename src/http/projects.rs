//! Projects: diagrams that belong together.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::answer::{hashed, header_value, tag_of, tagged};
use super::diagrams::checked_line;
use super::extract::{Caller, ProjectPath, Whole, json};
use super::openapi::refusals::NotEmpty;
use super::problem::{Kind, Problem};
use crate::id::{ProjectId, UserId};
use crate::store::catalog;

/// A project as people see it.
#[derive(Debug, Serialize, ToSchema)]
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

/// All projects, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProjectList)]
struct List {
    projects: Vec<Project>,
}

/// What a project is called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProjectName, example = json!({ "name": "Purchasing" }))]
struct Body {
    #[schema(max_length = 512, pattern = r"[^\s\x00-\x1F\x7F-\x9F]")]
    name: String,
}

/// List projects
///
/// All of the organisation, by name.
#[utoipa::path(
    get,
    path = "/api/projects",
    operation_id = "listProjects",
    tag = "Organisation",
    responses((status = 200, description = "The projects", body = List))
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let projects = api.catalog.projects(&caller.org).await?;
    hashed(&headers, &List { projects: projects.into_iter().map(Project::from).collect() })
}

/// Create a project
#[utoipa::path(
    post,
    path = "/api/projects",
    operation_id = "createProject",
    tag = "Organisation",
    request_body = Body,
    responses(
        (status = 201, description = "Created", body = Project,
            headers(("Location" = String), ("ETag" = String)))
    )
)]
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
        name: checked_line("name", &body.name)?,
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

/// Look at a project
#[utoipa::path(
    get,
    path = "/api/projects/{id}",
    operation_id = "showProject",
    tag = "Organisation",
    responses((status = 200, description = "The project", body = Project))
)]
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

/// Rename a project
#[utoipa::path(
    patch,
    path = "/api/projects/{id}",
    operation_id = "renameProject",
    tag = "Organisation",
    request_body = Body,
    responses((status = 200, description = "Renamed", body = Project, headers(("ETag" = String))))
)]
pub async fn patch(
    State(api): State<Arc<Api>>,
    caller: Caller,
    ProjectPath(id): ProjectPath,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    api.catalog.project(&caller.0.org, &id).await?;
    caller.may_write()?;
    let body: Body = json(&body)?;
    let name = checked_line("name", &body.name)?;
    let (catalog, who, now) = (api.catalog.clone(), caller.0, OffsetDateTime::now_utc());
    let rename =
        async move { Ok(catalog.rename_project(&who.org, &id, &who.user, name, now).await?) };
    let project = api.to_the_end(rename).await?;
    let tag = header_value(&tag(&project));
    Ok(([(header::ETAG, tag)], Json(Project::from(project))).into_response())
}

/// Remove a project
///
/// Only an empty one; deleted diagrams that can still be brought back count.
#[utoipa::path(
    delete,
    path = "/api/projects/{id}",
    operation_id = "removeProject",
    tag = "Organisation",
    responses((status = 204, description = "Removed"), NotEmpty)
)]
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
