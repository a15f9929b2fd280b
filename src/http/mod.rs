//! The REST API: the router on one screen, one file per noun, and what surrounds every request.
//!
//! Handlers speak to the catalog and to rooms (`Registry::read`, `Registry::edit`); they must not touch a
//! room's log or a document by another way (ROOM E1). `problem.rs` alone maps errors to statuses.

pub mod answer;
pub mod audit;
pub mod collaborate;
pub mod current;
pub mod diagrams;
pub mod diff;
pub mod entry;
pub mod extract;
pub mod health;
pub mod heavy;
pub mod idempotency;
pub mod invites;
mod linger;
pub mod listener;
pub mod lists;
mod local;
pub mod members;
pub mod names;
pub mod orgs;
pub mod origin;
pub mod picture;
pub mod problem;
pub mod projects;
pub mod rate;
pub mod save;
pub mod session;
pub mod shell;
mod stall;
pub mod studio;
pub mod version;
pub mod versions;
pub mod xml;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::auth::Keys;
use crate::config::{Auth, Server};
use crate::editors::Editors;
use crate::id::NodeId;
use crate::limits;
use crate::members::Members;
use crate::room::registry::Registry;
use crate::store::sqlite::Catalog;
use current::Bases;
use extract::BodySpace;
use heavy::Heavy;
use lists::Lists;
use names::Names;
use problem::{Kind, Problem};
use rate::Rates;
use session::SessionRate;

/// What handlers need of the other parts.
#[derive(Debug)]
pub struct Api {
    /// This node, as the writer of seeds.
    pub node: NodeId,
    /// Verifies access tokens, mints room tokens.
    pub keys: Arc<Keys>,
    /// Who may act in which organisation.
    pub members: Arc<Members>,
    /// Live diagrams.
    pub registry: Arc<Registry>,
    /// Stored diagrams.
    pub catalog: Catalog,
    /// Who edited what: the authors of the next versions.
    pub editors: Arc<Editors>,
    /// Where parsing and materialising run.
    pub heavy: Heavy,
    /// Memory for request bodies.
    pub bodies: BodySpace,
    /// How often callers may ask.
    pub rates: Rates,
    /// Lists for those who ask again.
    pub lists: Lists,
    /// Names of users that are stored already.
    pub names: Names,
    /// Hidden revisions of live diagrams.
    pub bases: Bases,
    /// How often sessions begin.
    pub sessions: SessionRate,
    /// Settings of the listener.
    pub server: Server,
    /// Settings of tokens.
    pub auth: Auth,
    /// Cancelled when the server is stopping.
    pub stopping: CancellationToken,
    /// Counts what has to come to its end before the server stops.
    pub tasks: TaskTracker,
}

impl Api {
    /// Runs a write to its end, also when the caller hangs up or its time is over: half a save is none.
    ///
    /// # Errors
    /// The work's own, or `Internal` when it panicked.
    pub async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let done = self.tasks.spawn(work.in_current_span()).await;
        done.unwrap_or_else(|error| Err(Problem::new(Kind::Internal).because(error)))
    }
}

/// All routes, without what surrounds every request.
pub fn routes(api: Arc<Api>) -> Router {
    // Whoever has no token yet gets no space for a large body.
    let small = DefaultBodyLimit::max(limits::SESSION_BODY_BYTES);
    let begin_session = post(session::begin).layer(small);
    content(&api)
        .route("/api/diagrams/{id}/collaborate", post(collaborate::collaborate))
        .route("/api/diagrams/{id}/invites", post(invites::create))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), rate::limit))
        .route("/api/session", get(session::show).merge(begin_session))
        .route("/", get(studio::home))
        .route("/studio", get(studio::home))
        .route("/studio/{*path}", get(studio::file))
        .route("/studio/", get(studio::index))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        // Asked when a handler reads the body, so that a caller without a token is told that first.
        .layer(DefaultBodyLimit::max(api.server.max_body_bytes))
        .with_state(api)
}

/// Routes about content: their answers may be kept under idempotency keys, for they hold no token.
fn content(api: &Arc<Api>) -> Router<Arc<Api>> {
    let diagram = get(diagrams::show).put(entry::save).patch(entry::patch).delete(diagrams::delete);
    let member = get(members::show).patch(members::patch).delete(members::delete);
    let project = get(projects::show).patch(projects::patch).delete(projects::delete);
    Router::new()
        .route("/api/diagrams", get(diagrams::list).post(diagrams::create))
        .route("/api/diagrams/{id}", diagram)
        .route("/api/diagrams/{id}/summary", get(entry::summary))
        .route("/api/diagrams/{id}/undelete", post(entry::undelete))
        .route("/api/diagrams/{id}/xml", get(xml::load).put(xml::save))
        .route("/api/diagrams/{id}/thumbnail.svg", get(picture::thumbnail_svg))
        .route("/api/diagrams/{id}/thumbnail.png", get(picture::thumbnail_png))
        .route("/api/diagrams/{id}/versions", get(versions::list).post(versions::create))
        .route("/api/diagrams/{id}/versions/{version}", get(versions::show))
        .route("/api/diagrams/{id}/versions/{version}/xml", get(versions::xml))
        .route("/api/diagrams/{id}/versions/{version}/picture.svg", get(picture::version))
        .route("/api/diagrams/{id}/versions/{version}/restore", post(versions::restore))
        .route("/api/diagrams/{id}/diff", get(diff::show))
        .route("/api/diagrams/{id}/activity", get(audit::activity))
        .route("/api/audit", get(audit::log))
        .route("/api/projects", get(projects::list).post(projects::create))
        .route("/api/projects/{id}", project)
        .route("/api/orgs/me", get(orgs::me))
        .route("/api/orgs/me/members", get(members::list).post(members::create))
        .route("/api/orgs/me/members/{id}", member)
        .route_layer(middleware::from_fn_with_state(Arc::clone(api), idempotency::once))
}
