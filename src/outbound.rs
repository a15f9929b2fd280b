//! The one HTTP client of the server: everything that it asks of others goes through here.
//!
//! Two kinds of targets. What the operator configured may be anywhere. What a user gave may only be a public
//! address: names are resolved once, by [`Guard`], every address is judged, and the connection goes to just
//! these (no second lookup that could answer otherwise). No redirects, no cookies, no proxy of the
//! environment; answers are bounded. Errors never hold a URL, which may carry a secret.

pub mod address;

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::{Client, ClientBuilder, Method, Proxy, StatusCode};
use secrecy::ExposeSecret;
use url::{Host, Url};

use crate::config::{self, UserUrls};
use crate::limits::{MAX_URL_BYTES, OUTBOUND_CONNECT, OUTBOUND_IDLE, OUTBOUND_IDLE_PER_HOST};
use address::is_public;

/// What others see that asks them.
const USER_AGENT: &str = concat!("Atelier/", env!("CARGO_PKG_VERSION"));

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// For what the operator configured.
    open: Client,
    /// For what users gave.
    guarded: Client,
    user_urls: UserUrls,
}

/// An address that may be asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    guarded: bool,
}

/// Its host alone: paths and queries of webhooks carry secrets.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Target {
    /// What the operator configured: `http` or `https`, anywhere.
    ///
    /// # Errors
    /// Why it can't be asked.
    pub fn operator(url: &str) -> Result<Self, BadTarget> {
        Ok(Self { url: read(url)?, guarded: false })
    }

    /// The address as it is used.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }
}

/// Why an address is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// No URL with a host, or one of another scheme.
    #[error("must be an http or https URL")]
    NoUrl,
    /// Longer than any real one.
    #[error("must have at most {MAX_URL_BYTES} bytes")]
    TooLong,
    /// A name or a password before the host: it would be shown with the URL.
    #[error("must not hold a user name or a password")]
    Credentials,
    /// Not encrypted.
    #[error("must begin with https://")]
    Plain,
    /// Within a private network, this machine, or another place that is not the public internet.
    #[error("must lead to a public address")]
    Private,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What to do.
    pub method: Method,
    /// Besides what every request carries.
    pub headers: HeaderMap,
    /// What to send.
    pub body: Bytes,
    /// Time for all of it, the answer's body included.
    pub timeout: Duration,
}

impl Outgoing {
    /// A plain reading.
    pub fn get(timeout: Duration) -> Self {
        Self { method: Method::GET, headers: HeaderMap::new(), body: Bytes::new(), timeout }
    }
}

/// The head of an answer; its body is still to be read.
#[derive(Debug)]
pub struct Incoming(reqwest::Response);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The address is none that may be asked.
    #[error("the address {0}")]
    Refused(#[from] BadTarget),
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// Nobody answers there, or without a certificate that is trusted.
    #[error("no connection: {0}")]
    Connect(String),
    /// The answer is larger than what was asked for can be.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    /// The connection broke, or what came is no HTTP.
    #[error("the exchange failed: {0}")]
    Broken(String),
}

impl Outbound {
    /// The client of these settings. A system without certificate authorities has a client that trusts nobody:
    /// a server that asks nobody needs none.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(settings: &config::Outbound) -> Result<Self, OutboundError> {
        let guard = || builder(settings).map(|made| made.dns_resolver(Arc::new(Guard)));
        // Behind a proxy it is the proxy that resolves names, and its own address may well be private.
        let free = settings.user_urls == UserUrls::Any || settings.proxy.is_some();
        Ok(Self {
            open: build(|| builder(settings))?,
            guarded: if free { build(|| builder(settings))? } else { build(guard)? },
            user_urls: settings.user_urls,
        })
    }

    /// What a user gave.
    ///
    /// # Errors
    /// Why it can't be asked.
    pub fn user(&self, url: &str) -> Result<Target, BadTarget> {
        let url = read(url)?;
        if self.user_urls == UserUrls::Public {
            let literal = match url.host() {
                Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
                Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
                Some(Host::Domain(name)) if is_local(name) => return Err(BadTarget::Private),
                _ => None,
            };
            if literal.is_some_and(|ip| !is_public(ip)) {
                return Err(BadTarget::Private);
            }
            if url.scheme() != "https" {
                return Err(BadTarget::Plain);
            }
        }
        Ok(Target { url, guarded: true })
    }

    /// Asks, and waits for the answer's head.
    ///
    /// # Errors
    /// See [`OutboundError`]; an answer of any status is none.
    pub async fn send(&self, to: &Target, what: Outgoing) -> Result<Incoming, OutboundError> {
        let client = if to.guarded { &self.guarded } else { &self.open };
        let request = client
            .request(what.method, to.url.clone())
            .headers(what.headers)
            .body(what.body)
            .timeout(what.timeout);
        request.send().await.map(Incoming).map_err(|error| explain(&error))
    }
}

impl Incoming {
    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// Its headers.
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// Its body, of at most so many bytes.
    ///
    /// # Errors
    /// `TooLarge`, or how the transfer failed.
    pub async fn body(mut self, most: usize) -> Result<Bytes, OutboundError> {
        let mut body = BytesMut::new();
        while let Some(part) = self.0.chunk().await.map_err(|error| explain(&error))? {
            if body.len() + part.len() > most {
                return Err(OutboundError::TooLarge(most));
            }
            body.extend_from_slice(&part);
        }
        Ok(body.freeze())
    }
}

/// Resolves names that users gave: one address that is not public, and the name is refused.
#[derive(Debug)]
struct Guard;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            if found.iter().any(|address| !is_public(address.ip())) {
                return Err(BadTarget::Private.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn builder(settings: &config::Outbound) -> Result<ClientBuilder, reqwest::Error> {
    let mut made = Client::builder()
        .user_agent(USER_AGENT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(OUTBOUND_CONNECT)
        .pool_idle_timeout(OUTBOUND_IDLE)
        .pool_max_idle_per_host(OUTBOUND_IDLE_PER_HOST);
    if let Some(proxy) = &settings.proxy {
        made = made.proxy(Proxy::all(proxy.expose_secret())?);
    }
    Ok(made)
}

/// With the system's certificate authorities; with none where it has none.
fn build(
    builder: impl Fn() -> Result<ClientBuilder, reqwest::Error>,
) -> Result<Client, OutboundError> {
    let broken = |error: reqwest::Error| OutboundError::Broken(cause(&error));
    builder().map_err(broken)?.build().or_else(|error| {
        tracing::warn!(error = cause(&error), "nobody is trusted over https");
        builder().map_err(broken)?.tls_certs_only([]).build().map_err(broken)
    })
}

fn read(text: &str) -> Result<Url, BadTarget> {
    if text.len() > MAX_URL_BYTES {
        return Err(BadTarget::TooLong);
    }
    let mut url = Url::parse(text).map_err(|_| BadTarget::NoUrl)?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(BadTarget::NoUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadTarget::Credentials);
    }
    url.set_fragment(None);
    Ok(url)
}

/// Names that stand for this machine or its neighbours wherever they are asked (RFC 6761, RFC 6762).
fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or(name);
    ["localhost", "local", "internal"].contains(&last)
}

/// The kind of an error, with its innermost cause: what lies around it repeats the URL.
fn explain(error: &reqwest::Error) -> OutboundError {
    let mut inner: Option<&(dyn Error + 'static)> = error.source();
    while let Some(source) = inner {
        if let Some(bad) = source.downcast_ref::<BadTarget>() {
            return OutboundError::Refused(*bad);
        }
        inner = source.source();
    }
    if error.is_timeout() {
        OutboundError::Timeout
    } else if error.is_connect() {
        OutboundError::Connect(cause(error))
    } else {
        OutboundError::Broken(cause(error))
    }
}

fn cause(error: &reqwest::Error) -> String {
    let mut inner: &dyn Error = match error.source() {
        Some(source) => source,
        None => return "unknown".to_owned(),
    };
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests;
