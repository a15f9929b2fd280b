//! Settings: one struct per part, read once at start and handed down.
//!
//! The only place that reads the environment (`load.rs`). Bad values and bad combinations are refused here,
//! before anything is opened, with a sentence that says what to do. Every setting stands in
//! docs/configuration.md; a test compares that table with these structs.

mod auth;
mod load;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::store::catalog::{self, Plan};
pub use auth::{Auth, Emails, LocalSignIn, Provisioning, check_secret};
pub use load::{ConfigError, Sources};
pub use value::{BadDuration, parse_duration};

/// All settings of one process.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The listener and HTTP.
    pub server: Server,
    /// WebSocket connections.
    pub socket: Socket,
    /// Tokens.
    pub auth: Auth,
    /// Where data is kept.
    pub store: Store,
    /// When versions are made, and how long they are kept.
    pub versions: Versions,
    /// What plans allow.
    pub plans: Plans,
    /// How often callers may ask.
    pub rates: Rates,
    /// How other servers are asked.
    pub outbound: Outbound,
    /// How others are told of events.
    pub webhooks: Webhooks,
    /// What is logged, and how.
    pub log: Log,
}

/// The listener and HTTP.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; port 0 picks a free one.
    pub listen: SocketAddr,
    /// `https://host[:port]` under which clients reach this server; without it, answers use the request's `Host`.
    pub public_url: Option<String>,
    /// Origins whose pages may call the API and open sockets; `*` is for development on a loopback address.
    #[serde(deserialize_with = "value::list")]
    pub origins: Vec<String>,
    /// Connections held at once; lowered to what the process' file limit allows.
    pub max_connections: usize,
    /// Largest request body, bytes.
    pub max_body_bytes: usize,
    /// Time for a request's head, and for an idle connection to send its next one.
    #[serde(with = "value::duration")]
    pub header_timeout: Duration,
    /// Time for a request's body to arrive and its answer to be made.
    #[serde(with = "value::duration")]
    pub request_timeout: Duration,
    /// Time in which a stop has to store everything and say good-bye.
    #[serde(with = "value::duration")]
    pub drain_timeout: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            origins: Vec::new(),
            max_connections: limits::MAX_CONNECTIONS,
            max_body_bytes: limits::MAX_BODY_BYTES,
            header_timeout: limits::HEADER_TIMEOUT,
            request_timeout: limits::REQUEST_TIMEOUT,
            drain_timeout: limits::DRAIN_TIMEOUT,
        }
    }
}

/// WebSocket connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Socket {
    /// Frames per second that one socket may send, sustained; above it its reader waits.
    pub frames_per_second: u32,
    /// Frames that one socket may send at once.
    pub frames_burst: u32,
    /// Silence of a client after which it is pinged.
    #[serde(with = "value::duration")]
    pub ping_after: Duration,
    /// Silence of a client, pings unanswered, after which its socket counts as dead.
    #[serde(with = "value::duration")]
    pub dead_after: Duration,
}

impl Default for Socket {
    fn default() -> Self {
        Self {
            frames_per_second: limits::FRAMES_PER_SECOND,
            frames_burst: limits::FRAMES_BURST,
            ping_after: limits::PING_AFTER,
            dead_after: limits::DEAD_AFTER,
        }
    }
}

/// Where data is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// The data folder: database, blobs and the made secret. Made when missing.
    pub data: PathBuf,
    /// How long a deleted diagram can be brought back.
    #[serde(with = "value::duration")]
    pub keep_deleted_for: Duration,
    /// How long the audit log remembers.
    #[serde(with = "value::duration")]
    pub keep_audit_for: Duration,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            keep_deleted_for: limits::KEEP_DELETED_FOR,
            keep_audit_for: limits::KEEP_AUDIT_FOR,
        }
    }
}

/// How often callers may ask; 0 switches a limit off.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Requests of one user per second, sustained.
    pub requests_per_second: u32,
    /// Requests of one user at once.
    pub requests_burst: u32,
    /// Writes of one user per minute, sustained.
    pub writes_per_minute: u32,
    /// Writes of one user at once.
    pub writes_burst: u32,
    /// Requests of one address per second, sustained.
    pub address_per_second: u32,
    /// Requests of one address at once.
    pub address_burst: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            requests_per_second: limits::REQUESTS_PER_SECOND,
            requests_burst: limits::REQUESTS_BURST,
            writes_per_minute: limits::WRITES_PER_MINUTE,
            writes_burst: limits::WRITES_BURST,
            address_per_second: limits::ADDRESS_PER_SECOND,
            address_burst: limits::ADDRESS_BURST,
        }
    }
}

/// What plans allow.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plans {
    /// The plan of organisations that were given none.
    pub default: Plan,
    /// Diagrams of a free organisation.
    pub free: u32,
    /// Diagrams of a pro organisation.
    pub pro: u32,
    /// Diagrams of an enterprise organisation.
    pub enterprise: u32,
}

impl Default for Plans {
    fn default() -> Self {
        let catalog::Plans { default, free, pro, enterprise } = catalog::Plans::default();
        Self { default, free, pro, enterprise }
    }
}

impl Plans {
    /// The same in the store's words.
    pub fn catalog(&self) -> catalog::Plans {
        let Self { default, free, pro, enterprise } = *self;
        catalog::Plans { default, free, pro, enterprise }
    }
}

/// When versions are made, and how long they are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Versions {
    /// Time after the first edit since the newest version at which the next one is made.
    #[serde(with = "value::duration")]
    pub every: Duration,
    /// Time without an editor after which what was edited becomes a version.
    #[serde(with = "value::duration")]
    pub after_leaving: Duration,
    /// Newest automatic versions that are kept however old they are.
    pub keep_automatic: u32,
    /// Newest saved and restored versions that are kept however old they are.
    pub keep_saved: u32,
    /// Age below which no version goes.
    #[serde(with = "value::duration")]
    pub keep_all_for: Duration,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            every: limits::VERSION_EVERY,
            after_leaving: limits::VERSION_AFTER_LEAVING,
            keep_automatic: limits::KEEP_AUTOMATIC,
            keep_saved: limits::KEEP_SAVED,
            keep_all_for: limits::KEEP_ALL_FOR,
        }
    }
}

/// How other servers are asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// The HTTP proxy for all of it; `http://user:password@host:port`.
    #[serde(deserialize_with = "value::secret", serialize_with = "value::redacted")]
    pub proxy: Option<SecretString>,
    /// Where addresses that users give may lead.
    pub user_urls: UserUrls,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { proxy: None, user_urls: UserUrls::Public }
    }
}

/// How others are told of events.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Webhooks that an organisation may have.
    pub per_organisation: u32,
    /// Time for a receiver to answer.
    #[serde(with = "value::duration")]
    pub timeout: Duration,
    /// Pause behind the first failure of a delivery; later ones are longer.
    #[serde(with = "value::duration")]
    pub retry_after: Duration,
    /// How long a delivery is tried.
    #[serde(with = "value::duration")]
    pub give_up_after: Duration,
    /// Time in which nothing arrived at a webhook, after which it is switched off when one more is given up.
    #[serde(with = "value::duration")]
    pub switch_off_after: Duration,
    /// How long events can be replayed.
    #[serde(with = "value::duration")]
    pub keep_events_for: Duration,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            per_organisation: limits::WEBHOOKS,
            timeout: limits::WEBHOOK_TIMEOUT,
            retry_after: limits::DELIVERY_RETRY,
            give_up_after: limits::GIVE_UP_AFTER,
            switch_off_after: limits::SWITCH_OFF_AFTER,
            keep_events_for: limits::KEEP_EVENTS_FOR,
        }
    }
}

/// Where addresses that users give may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserUrls {
    /// To the public internet, by https.
    Public,
    /// Anywhere, also into the server's own network: for development.
    Any,
}

/// What is logged, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,atelier::ws=debug`.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Refuses what cannot work or would be unsafe.
    ///
    /// # Errors
    /// The first setting at fault, and what to do about it.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.server.check()?;
        self.socket.check()?;
        self.auth.check()?;
        if self.auth.local_sign_in == LocalSignIn::On && self.server.public_url.is_some() {
            return refuse(
                "auth.local_sign_in",
                "is \"on\" although server.public_url says that others reach the server: leave one of them out",
            );
        }
        at_least_a_second("versions.every", self.versions.every)?;
        if self.outbound.proxy.as_ref().is_some_and(|url| !is_url(url.expose_secret())) {
            return refuse("outbound.proxy", "must be http(s)://[user:password@]host[:port]");
        }
        self.webhooks.check()?;
        if self.store.data.as_os_str().is_empty() {
            return refuse("store.data", "is empty: name a folder, or leave it out for ./data");
        }
        Ok(())
    }
}

impl Server {
    fn check(&self) -> Result<(), ConfigError> {
        if let Some(url) = &self.public_url
            && !is_origin(url)
        {
            return refuse(
                "server.public_url",
                format!("must be http(s)://host[:port] without a path, not {url:?}"),
            );
        }
        for origin in &self.origins {
            if origin == "*" {
                if !self.listen.ip().is_loopback() {
                    return refuse(
                        "server.origins",
                        "lets every website in with \"*\" while server.listen is not a loopback \
                         address: name the origins of your pages, or listen on 127.0.0.1",
                    );
                }
            } else if !is_origin(origin) {
                return refuse(
                    "server.origins",
                    format!(
                        "holds {origin:?}; an origin is http(s)://host[:port] without a path or a slash"
                    ),
                );
            }
        }
        if self.max_connections == 0 {
            return refuse("server.max_connections", "is 0: nobody could connect; use 1 or more");
        }
        if self.max_body_bytes < 1024 {
            return refuse(
                "server.max_body_bytes",
                "is below 1024: no diagram fits; leave it out for the default",
            );
        }
        for (key, value) in [
            ("server.header_timeout", self.header_timeout),
            ("server.request_timeout", self.request_timeout),
            ("server.drain_timeout", self.drain_timeout),
        ] {
            at_least_a_second(key, value)?;
        }
        Ok(())
    }
}

impl Socket {
    fn check(&self) -> Result<(), ConfigError> {
        if self.frames_per_second == 0 {
            return refuse("socket.frames_per_second", "is 0: nobody could edit; use 1 or more");
        }
        if self.frames_burst < self.frames_per_second {
            return refuse(
                "socket.frames_burst",
                format!(
                    "is {}, below socket.frames_per_second ({}): raise it to at least that",
                    self.frames_burst, self.frames_per_second
                ),
            );
        }
        at_least_a_second("socket.ping_after", self.ping_after)?;
        if self.dead_after < self.ping_after * 2 {
            return refuse(
                "socket.dead_after",
                "leaves no time to answer a ping: use at least twice socket.ping_after",
            );
        }
        Ok(())
    }
}

impl Webhooks {
    fn check(&self) -> Result<(), ConfigError> {
        at_least_a_second("webhooks.timeout", self.timeout)?;
        if self.timeout > limits::WEBHOOK_TIMEOUT_MAX {
            return refuse(
                "webhooks.timeout",
                "is longer than 1m: a slow receiver would hold up others",
            );
        }
        if self.retry_after.is_zero() {
            return refuse(
                "webhooks.retry_after",
                "is 0: a receiver that fails would be asked without end",
            );
        }
        if self.keep_events_for < self.give_up_after {
            return refuse(
                "webhooks.keep_events_for",
                "is shorter than webhooks.give_up_after: events would be gone before they are given up",
            );
        }
        Ok(())
    }
}

/// `http(s)://host[:port]` and nothing behind it.
fn is_origin(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    !rest.is_empty()
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
        && rest.parse::<axum::http::uri::Authority>().is_ok()
}

/// A URL of a server that may be asked.
fn is_url(text: &str) -> bool {
    let url = url::Url::parse(text).ok();
    url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn at_least_a_second(key: &'static str, value: Duration) -> Result<(), ConfigError> {
    if value < Duration::from_secs(1) {
        return refuse(key, "is shorter than a second: use 1s or more");
    }
    Ok(())
}

fn refuse<T>(key: &'static str, why: impl Into<String>) -> Result<T, ConfigError> {
    Err(ConfigError::Refused { key, why: why.into() })
}

#[cfg(test)]
mod tests;
