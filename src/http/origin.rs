//! Where this server is reached, and which pages may open sockets: an exact list, never a pattern.
//!
//! A request without `Origin` comes from no page and is let through: the token is no cookie, so nobody can be
//! made to send it.

use axum::http::{HeaderMap, header};

use super::problem::{Kind, Problem};
use crate::config::Server;

/// `http(s)://host[:port]` under which the caller reaches this server: the public URL, else of the request's
/// `Host`.
///
/// # Errors
/// `BadRequest` when there is neither.
pub fn public_base(settings: &Server, headers: &HeaderMap) -> Result<String, Problem> {
    if let Some(public) = &settings.public_url {
        return Ok(public.clone());
    }
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    host.filter(|h| h.parse::<axum::http::uri::Authority>().is_ok())
        .map(|host| format!("http://{host}"))
        .ok_or_else(|| Problem::new(Kind::BadRequest).detail("the Host header is missing or wrong"))
}

/// The allowed origins.
#[derive(Debug, Clone)]
pub struct Origins {
    any: bool,
    list: Vec<String>,
    /// Whether the origin of the server itself is known by its `Host` alone.
    by_host: bool,
}

impl Origins {
    /// The origins of the settings, and the server's own.
    pub fn new(settings: &Server) -> Self {
        let lower = |text: &String| text.to_ascii_lowercase();
        Self {
            any: settings.origins.iter().any(|o| o == "*"),
            list: settings.origins.iter().chain(&settings.public_url).map(lower).collect(),
            by_host: settings.public_url.is_none(),
        }
    }

    /// Whether the page that sent this request may open a socket.
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str().map(str::to_ascii_lowercase) else { return false };
        self.any || self.list.contains(&origin) || (self.by_host && is_own(&origin, headers))
    }
}

fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    let page = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(|host| page.is_some_and(|page| page.eq_ignore_ascii_case(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "atelier.example:8080".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    fn with(origins: &[&str], public_url: Option<&str>) -> Origins {
        Origins::new(&Server {
            origins: origins.iter().map(|o| (*o).to_owned()).collect(),
            public_url: public_url.map(str::to_owned),
            ..Server::default()
        })
    }

    #[test]
    fn no_origin_the_servers_own_and_listed_ones_are_allowed() {
        let origins = with(&["https://app.example"], None);
        assert!(origins.allow(&headers(None)));
        assert!(origins.allow(&headers(Some("http://atelier.example:8080"))));
        assert!(origins.allow(&headers(Some("https://APP.example"))));
    }

    #[test]
    fn lookalikes_and_null_are_refused() {
        let origins = with(&["https://app.example"], None);
        for bad in [
            "https://app.example.evil.example",
            "https://evil-app.example",
            "http://app.example",
            "https://app.example:444",
            "null",
            "http://atelier.example",
        ] {
            assert!(!origins.allow(&headers(Some(bad))), "{bad}");
        }
    }

    #[test]
    fn with_a_public_url_the_host_header_decides_nothing() {
        let origins = with(&[], Some("https://atelier.example"));
        assert!(origins.allow(&headers(Some("https://atelier.example"))));
        assert!(!origins.allow(&headers(Some("http://atelier.example:8080"))));
    }
}
