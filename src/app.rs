//! The only place where parts meet. `main` and the tests start the same [`App`].

mod lock;
mod quarantine;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::auth::{self, KeySet, Keys, SecretError, Verifier};
use crate::config::{self, Config, ConfigError};
use crate::editors::Editors;
use crate::http::current::Bases;
use crate::http::extract::BodySpace;
use crate::http::heavy::Heavy;
use crate::http::listener::Listener;
use crate::http::lists::Lists;
use crate::http::names::Names;
use crate::http::origin::Origins;
use crate::http::rate::Rates;
use crate::http::session::SessionRate;
use crate::http::texts::Texts;
use crate::http::{self, Api, shell};
use crate::id::NodeId;
use crate::jobs::checkpoint::Checkpoints;
use crate::jobs::deliver::Deliveries;
use crate::jobs::purge;
use crate::jobs::thumbnail::Thumbnails;
use crate::limits;
use crate::members::Members;
use crate::outbound::{Outbound, OutboundError, Target};
use crate::room::registry::Registry;
use crate::seal::{SealError, Sealer};
use crate::store::StoreError;
use crate::store::catalog::Keep;
use crate::store::sqlite::{Catalog, OpenError, Store};
use crate::ws::{self, Gate};
pub use lock::{DataLock, LockError};

/// A running server.
#[derive(Debug)]
pub struct App {
    addr: SocketAddr,
    config: Config,
    store: Store,
    registry: Arc<Registry>,
    editors: Arc<Editors>,
    catalog: Catalog,
    keys: Arc<Keys>,
    members: Arc<Members>,
    sealer: Arc<Sealer>,
    outbound: Outbound,
    /// Also stops what was started when the app is dropped without [`App::stop`].
    stop: DropGuard,
    tasks: TaskTracker,
    listening: JoinHandle<()>,
    /// Held to the end.
    _lock: DataLock,
}

/// Why a server did not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder or the database.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Another process works on the folder.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The secret of tokens.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A setting that was not checked before.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database can't be read.
    #[error("the members of organisations can't be read: {0}")]
    Members(StoreError),
    /// Its derived keys.
    #[error("{0}: the cryptographic library does not work here")]
    Seal(#[from] SealError),
    /// No client to ask others with, the identity provider or webhooks.
    #[error("other servers can't be asked: {0}")]
    Outbound(#[from] OutboundError),
    /// The address.
    #[error("can't listen on {addr}: {source}; give another --listen, or stop what listens there")]
    Listen {
        /// As set.
        addr: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The system has no randomness.
    #[error("no randomness for this node's id: {0}")]
    Random(getrandom::Error),
}

impl App {
    /// Opens the store and listens. When this returns, requests are answered.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let store = Store::open(&config.store.data).await?;
        let lock = DataLock::take(&config.store.data)?;
        let (keys, sealer) = secrets(&config)?;
        let outbound = Outbound::new(&config.outbound)?;
        let node = NodeId(getrandom::u64().map_err(StartError::Random)?);
        let registry =
            Registry::new(node, Arc::new(store.log()), quarantine::sink(&config.store.data));

        let catalog = catalog(&store, &config);
        let provider_keys = provider_keys(&config, &outbound)?;
        let members = members(catalog.clone(), &config).await?;
        let editors = Arc::<Editors>::default();
        registry.watch(Arc::clone(&editors) as _);
        let (socket, addr) = bind(config.server.listen).await?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let api = Arc::new(Api {
            node,
            keys: Arc::clone(&keys),
            tokens: Verifier::new(Arc::clone(&keys), &config.auth, provider_keys.clone()),
            members: Arc::clone(&members),
            registry: Arc::clone(&registry),
            catalog: catalog.clone(),
            editors: Arc::clone(&editors),
            heavy: Heavy::default(),
            bodies: BodySpace::default(),
            bases: Bases::default(),
            rates: Rates::new(&config.rates),
            lists: Lists::default(),
            texts: Texts::default(),
            names: Names::default(),
            sessions: SessionRate::default(),
            outbound: outbound.clone(),
            sealer: Arc::clone(&sealer),
            webhooks: config.webhooks.clone(),
            server: config.server.clone(),
            auth: config.auth.clone(),
            stopping: stop.clone(),
            tasks: tasks.clone(),
        });
        let gate = Gate::new(
            (Arc::clone(&keys), Arc::clone(&members)),
            Arc::clone(&registry),
            catalog.clone(),
            Origins::new(&config.server),
            config.socket.clone(),
            tasks.clone(),
        );
        let listener = Listener {
            socket,
            router: shell::wrap(http::routes(api).merge(ws::routes(gate)), &config.server),
            settings: config.server.clone(),
            stop: stop.clone(),
            connections: tasks.clone(),
        };
        let listening = tokio::spawn(listener.run());
        tracing::info!(%addr, data = %config.store.data.display(), "started");
        let app = Self {
            addr,
            config,
            store,
            registry,
            editors,
            catalog,
            keys,
            members,
            sealer,
            outbound,
            stop: stop.clone().drop_guard(),
            tasks,
            listening,
            _lock: lock,
        };
        app.start_jobs(&stop);
        if let Some(keys) = provider_keys {
            app.tasks.spawn(keys.watch(stop));
        }
        Ok(app)
    }

    /// What the server does by itself, until `stop`.
    fn start_jobs(&self, stop: &CancellationToken) {
        let checkpoints = Checkpoints {
            editors: Arc::clone(&self.editors),
            catalog: self.catalog.clone(),
            registry: Arc::clone(&self.registry),
            settings: self.config.versions.clone(),
        };
        self.tasks.spawn(checkpoints.run(stop.clone()));
        self.tasks.spawn(Arc::clone(&self.members).watch(stop.clone()));
        self.tasks.spawn(Thumbnails { catalog: self.catalog.clone() }.run(stop.clone()));
        let deliveries = Deliveries {
            catalog: self.catalog.clone(),
            outbound: self.outbound.clone(),
            sealer: Arc::clone(&self.sealer),
            settings: self.config.webhooks.clone(),
            public_url: self.config.server.public_url.clone().unwrap_or_default(),
        };
        self.tasks.spawn(deliveries.run(stop.clone()));
        let kept = purge::Kept {
            deleted: self.config.store.keep_deleted_for,
            audit: self.config.store.keep_audit_for,
            events: self.config.webhooks.keep_events_for,
        };
        self.tasks.spawn(purge::run(self.catalog.clone(), kept, stop.clone()));
    }

    /// Where it listens: the real port, where port 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://…` of that address.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where people open the Studio, if this binary has one.
    pub fn studio_url(&self) -> Option<String> {
        // "Every address" is none that a browser can open.
        let here = || match self.addr.ip().is_unspecified() {
            true => format!("http://localhost:{}", self.addr.port()),
            false => self.url(),
        };
        let base = self.config.server.public_url.clone().unwrap_or_else(here);
        http::studio::is_built().then(|| format!("{base}/studio/"))
    }

    /// Makes tokens that this server accepts.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Drains: accepts nobody any more, sends everybody away with "come back", stores everything (promise
    /// P12). Answers whether everything was stored.
    pub async fn stop(self) -> bool {
        let limit = self.config.server.drain_timeout;
        self.stop.disarm().cancel();
        let begun = Instant::now();
        let stored = self.registry.drain(limit).await;
        if !stored {
            tracing::error!("not everything could be stored within server.drain_timeout");
        }
        // Close frames are answered and begun requests are, if they keep to the time.
        self.tasks.close();
        let left = limit.saturating_sub(begun.elapsed()).max(limits::CLOSE_TIMEOUT);
        if timeout(left, self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "connections were cut off at the end");
        }
        if let Err(error) = self.editors.store_names(&self.catalog).await {
            tracing::warn!(%error, "the next versions may lack authors");
        }
        if let Err(error) = self.listening.await {
            tracing::error!(%error, "the listener had ended badly");
        }
        self.store.close().await;
        tracing::info!(stored, "stopped");
        stored
    }
}

/// What the server's secret signs and seals with.
fn secrets(config: &Config) -> Result<(Arc<Keys>, Arc<Sealer>), StartError> {
    let secret = auth::load_secret(&config.auth, &config.store.data)?;
    let keys = Keys::new(&secret, &config.auth.issuer);
    Ok((Arc::new(keys), Arc::new(Sealer::new(&secret)?)))
}

/// The diagrams, kept and sold by the settings.
fn catalog(store: &Store, config: &Config) -> Catalog {
    store.catalog().keeping(keep(&config.versions)).selling(config.plans.catalog())
}

/// Who may act where, by the settings.
async fn members(catalog: Catalog, config: &Config) -> Result<Arc<Members>, StartError> {
    let domains = config.auth.orgs_by_domain()?;
    Members::open(catalog, &config.auth, domains).await.map_err(StartError::Members)
}

/// The keys of the identity provider, if there is one.
fn provider_keys(config: &Config, outbound: &Outbound) -> Result<Option<Arc<KeySet>>, StartError> {
    let Some(url) = &config.auth.jwks_url else { return Ok(None) };
    let target = Target::operator(url).map_err(OutboundError::from)?;
    Ok(Some(KeySet::new(outbound.clone(), target, config.auth.algorithms()?)))
}

/// Listens on this address; and which it is, where port 0 was asked for.
async fn bind(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { addr: wanted, source };
    let socket = TcpListener::bind(wanted).await.map_err(failed)?;
    let addr = socket.local_addr().map_err(failed)?;
    Ok((socket, addr))
}

/// How long revisions are kept, by the settings.
fn keep(settings: &config::Versions) -> Keep {
    Keep {
        automatic: settings.keep_automatic,
        saved: settings.keep_saved,
        younger_than: settings.keep_all_for,
        ..Keep::default()
    }
}
