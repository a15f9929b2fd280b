//! The REST API: the router on one screen, one file per noun, and what surrounds every request.
//!
//! Handlers speak to the catalog and to rooms (`Registry::read`, `Registry::edit`); they must not touch a
//! room's log or a document by another way (ROOM E1). `problem.rs` alone maps errors to statuses.

pub mod answer;
pub mod audit;
pub mod collaborate;
pub mod current;
pub mod deliveries;
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
pub mod openapi;
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
pub mod texts;
pub mod version;
pub mod versions;
pub mod webhooks;
pub mod xml;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Keys, Verifier};
use crate::config::{Auth, Server, Webhooks};
use crate::editors::Editors;
use crate::id::NodeId;
use crate::limits;
use crate::members::Members;
use crate::outbound::Outbound;
use crate::room::registry::Registry;
use crate::seal::Sealer;
use crate::store::sqlite::Catalog;
use current::Bases;
use extract::BodySpace;
use heavy::Heavy;
use lists::Lists;
use names::Names;
use openapi::around::{self, Around};
use problem::{Kind, Problem};
use rate::Rates;
use session::SessionRate;
use texts::Texts;

/// What handlers need of the other parts.
#[derive(Debug)]
pub struct Api {
    /// This node, as the writer of seeds.
    pub node: NodeId,
    /// Mints tokens, verifies invitations.
    pub keys: Arc<Keys>,
    /// Verifies access tokens.
    pub tokens: Verifier,
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
    /// Texts for those who read them again.
    pub texts: Texts,
    /// Names of users that are stored already.
    pub names: Names,
    /// Hidden revisions of live diagrams.
    pub bases: Bases,
    /// How often sessions begin.
    pub sessions: SessionRate,
    /// Judges addresses that users give.
    pub outbound: Outbound,
    /// Seals secrets before they are stored.
    pub sealer: Arc<Sealer>,
    /// Settings of webhooks.
    pub webhooks: Webhooks,
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
    Router::from(content())
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), idempotency::once))
        .merge(rooms())
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), rate::limit))
        .merge(open())
        .route("/", get(studio::home))
        .route("/docs", get(studio::docs))
        .route("/studio", get(studio::home))
        .route("/studio/{*path}", get(studio::file))
        .route("/studio/", get(studio::index))
        // Asked when a handler reads the body, so that a caller without a token is told that first.
        .layer(DefaultBodyLimit::max(api.server.max_body_bytes))
        .with_state(api)
}

/// What the routes say of themselves, in the same parts.
pub fn documented() -> OpenApi {
    let mut document = openapi::head();
    for (part, token, keys) in
        [(content(), true, true), (rooms(), true, false), (open(), false, false)]
    {
        let mut part = part.into_openapi();
        around::complete(&mut part, Around { token, keys });
        document.merge(part);
    }
    around::share(&mut document);
    document
}

/// Routes about content: their answers may be kept under idempotency keys, for they hold no token.
fn content() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::default()
        .routes(routes!(diagrams::list, diagrams::create))
        .routes(routes!(diagrams::show, entry::save, entry::patch, diagrams::delete))
        .routes(routes!(entry::summary))
        .routes(routes!(entry::undelete))
        .routes(routes!(xml::load, xml::save))
        .routes(routes!(picture::thumbnail_svg))
        .routes(routes!(picture::thumbnail_png))
        .routes(routes!(versions::list, versions::create))
        .routes(routes!(versions::show))
        .routes(routes!(versions::xml))
        .routes(routes!(picture::version))
        .routes(routes!(versions::restore))
        .routes(routes!(diff::show))
        .routes(routes!(audit::activity))
        .routes(routes!(audit::log))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::show, projects::patch, projects::delete))
        .routes(routes!(orgs::me))
        .routes(routes!(members::list, members::create))
        .routes(routes!(members::show, members::patch, members::delete))
}

/// Routes whose answers hold tokens or secrets.
fn rooms() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::default()
        .routes(routes!(collaborate::collaborate))
        .routes(routes!(invites::create))
        .routes(routes!(session::show))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::patch, webhooks::delete))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::test))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::redeliver))
        .routes(routes!(deliveries::replay))
}

/// Routes for whoever has no token yet: they get no space for a large body.
fn open() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::default()
        .routes(routes!(session::begin))
        .layer(DefaultBodyLimit::max(limits::SESSION_BODY_BYTES))
        .routes(routes!(openapi::show))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
}
