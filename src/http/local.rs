//! Whether a request comes from a page of this server that somebody opened on this very machine.
//!
//! What signs people in without a token must not be reached by a foreign page, by a name that an attacker's DNS
//! points here (rebinding), nor by strangers through a proxy on this machine.

use std::net::IpAddr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, header};

/// Headers by which a proxy tells of itself.
const FORWARDED: [&str; 5] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// Why a request does not count as one of this machine's own pages; `None` when it does.
pub(super) fn objection(headers: &HeaderMap) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if FORWARDED.iter().any(|name| headers.contains_key(*name)) {
        return Some("the request came through a proxy: set server.public_url");
    }
    let Some(host) = text(header::HOST).filter(|host| is_loopback(host)) else {
        return Some("only pages under localhost, 127.0.0.1 or [::1] are signed in");
    };
    let page = text(header::ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if page.is_none_or(|page| !page.eq_ignore_ascii_case(host))
        || site.is_some_and(|site| site != "same-origin")
    {
        return Some("only a page of this server itself is signed in");
    }
    None
}

/// A name that no DNS server decides about.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name);
    !host.contains('@')
        && (name.eq_ignore_ascii_case("localhost")
            || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), v.parse().unwrap())).collect()
    }

    #[test]
    fn a_page_of_this_machine_is_let_in_under_every_loopback_name() {
        for host in ["localhost:8080", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080", "LOCALHOST"] {
            let origin = format!("http://{host}");
            let own = [("host", host), ("origin", &origin), ("sec-fetch-site", "same-origin")];
            assert_eq!(objection(&headers(&own)), None, "{host}");
            assert_eq!(objection(&headers(&own[..2])), None, "a browser without fetch metadata");
        }
    }

    #[test]
    fn a_name_that_an_attackers_dns_points_here_is_refused() {
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "1.2.3.4"]
        {
            let origin = format!("http://{host}");
            assert!(objection(&headers(&[("host", host), ("origin", &origin)])).is_some());
        }
        assert!(objection(&headers(&[("origin", "http://localhost")])).is_some());
    }

    #[test]
    fn foreign_pages_and_proxies_are_refused() {
        let host = ("host", "127.0.0.1:8080");
        let own = ("origin", "http://127.0.0.1:8080");
        for wrong in [
            &[host][..],
            &[host, ("origin", "null")],
            &[host, ("origin", "http://127.0.0.1:3000")],
            &[host, ("origin", "https://evil.example")],
            &[host, own, ("sec-fetch-site", "same-site")],
            &[host, own, ("x-forwarded-for", "203.0.113.7")],
            &[host, own, ("forwarded", "for=203.0.113.7")],
        ] {
            assert!(objection(&headers(wrong)).is_some(), "{wrong:?}");
        }
    }
}
