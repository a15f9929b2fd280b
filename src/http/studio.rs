//! The Studio and the page about the API: built files, which are part of the binary, under `/studio/` and `/docs`.
//!
//! Must not know the API. Pages are the same for everybody; what they show they ask for by themselves.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use sha2::{Digest, Sha256};

use super::Api;
use super::answer::header_value;
use super::origin::public_base;
use super::problem::{Kind, Problem};
use super::version::is_known;

// `FILES: &[(&str, &[u8])]`, made by build.rs; empty where the Studio had not been built.
include!(concat!(env!("OUT_DIR"), "/studio_files.rs"));

/// The page.
const INDEX: &str = "index.html";
/// The page about the API.
const DOCS: &str = "docs.html";
/// It runs its own script, asks this server, and shows nothing of elsewhere.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A file is kept packed beside itself where that makes it smaller.
const PACKED: &str = ".gz";

static STUDIO: LazyLock<Files> = LazyLock::new(|| Files::new(FILES));

/// Whether this binary has a Studio.
pub fn is_built() -> bool {
    !FILES.is_empty()
}

/// `/`: whoever comes without a path wants the Studio.
pub async fn home() -> Redirect {
    Redirect::temporary("/studio/")
}

/// `/studio/`
pub async fn index(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    page(&api, &headers)
}

/// `/studio/…`: a file, or the page of a diagram.
pub async fn file(
    State(api): State<Arc<Api>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match &path[..] {
        DOCS => docs(headers).await,
        page if page.starts_with("d/") || page == INDEX => self::page(&api, &headers),
        path => STUDIO.answer(path, &headers),
    }
}

/// `/docs`: the description of the API for people.
///
/// # Errors
/// `NoRoute` in a binary without the Studio.
pub async fn docs(headers: HeaderMap) -> Result<Response, Problem> {
    shown(DOCS, DOCS_POLICY, &headers)
}

fn page(api: &Api, headers: &HeaderMap) -> Result<Response, Problem> {
    shown(INDEX, &policy(&public_base(&api.server, headers)?), headers)
}

/// A page under its policy.
fn shown(page: &str, policy: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let mut response = STUDIO.answer(page, headers)?;
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, header_value(policy)),
        (HeaderName::from_static("cross-origin-opener-policy"), header_value("same-origin")),
    ] {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// Scripts, styles and requests of this server only. Some browsers don't count its sockets to `'self'`; some
/// icons of bpmn-js have `style` attributes, which can load nothing under the rest of the policy.
fn policy(base: &str) -> String {
    let host = base.split_once("://").map_or(base, |(_, host)| host);
    format!(
        "default-src 'self'; style-src-attr 'unsafe-inline'; connect-src 'self' ws://{host} wss://{host}; img-src 'self' data: blob:; \
         object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Files by path.
#[derive(Debug)]
struct Files(HashMap<&'static str, File>);

#[derive(Debug)]
struct File {
    bytes: &'static [u8],
    tag: String,
}

impl Files {
    fn new(files: &'static [(&'static str, &'static [u8])]) -> Self {
        let file = |bytes: &'static [u8]| {
            let hash: String =
                Sha256::digest(bytes).iter().take(12).map(|b| format!("{b:02x}")).collect();
            File { bytes, tag: format!("\"{hash}\"") }
        };
        Self(files.iter().map(|(path, bytes)| (*path, file(bytes))).collect())
    }

    fn answer(&self, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
        if self.0.is_empty() {
            return Err(Problem::new(Kind::NoRoute).detail(
                "this binary was built without the Studio: scripts/serve builds both, or run \
                 `npm ci && npm run build --workspace studio` in client-protocol and build the binary again",
            ));
        }
        let packed = takes_gzip(headers).then(|| self.0.get(&*format!("{path}{PACKED}"))).flatten();
        let Some(file) = packed.or_else(|| self.0.get(path)) else {
            return Err(Kind::NoRoute.into());
        };
        let fixed = HeaderValue::from_static;
        // The names of assets change with their content.
        let cache = if path.starts_with("assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let mut shared = HeaderMap::new();
        shared.insert(header::ETAG, header_value(&file.tag));
        shared.insert(header::CACHE_CONTROL, fixed(cache));
        shared.insert(header::VARY, fixed("accept-encoding"));
        if is_known(headers, &file.tag) {
            return Ok((StatusCode::NOT_MODIFIED, shared).into_response());
        }
        shared.insert(header::CONTENT_TYPE, fixed(media_type(path)));
        if packed.is_some() {
            shared.insert(header::CONTENT_ENCODING, fixed("gzip"));
        }
        Ok((shared, file.bytes).into_response())
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// The media types of what a build holds.
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: &[(&str, &[u8])] = &[
        ("index.html", b"<!doctype html>"),
        ("assets/app-1a2b.js", b"export {}"),
        ("assets/app-1a2b.js.gz", b"packed"),
    ];

    fn asks(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn the_page_is_asked_for_again_and_its_assets_are_kept_for_ever() {
        let files = Files::new(SOME);
        let page = files.answer(INDEX, &HeaderMap::new()).unwrap();
        assert_eq!(page.headers()["cache-control"], "no-cache");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let asset = files.answer("assets/app-1a2b.js", &HeaderMap::new()).unwrap();
        assert!(asset.headers()["cache-control"].to_str().unwrap().ends_with("immutable"));

        let tag = page.headers()["etag"].to_str().unwrap().to_owned();
        let again = files.answer(INDEX, &asks(header::IF_NONE_MATCH, &tag)).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn who_takes_gzip_gets_the_packed_file_under_another_tag() {
        let files = Files::new(SOME);
        let path = "assets/app-1a2b.js";
        let plain = files.answer(path, &HeaderMap::new()).unwrap();
        for (accept, packed) in
            [("br, gzip", true), ("gzip;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            let answer = files.answer(path, &asks(header::ACCEPT_ENCODING, accept)).unwrap();
            assert_eq!(answer.headers().contains_key("content-encoding"), packed, "{accept}");
            assert_eq!(answer.headers()["etag"] != plain.headers()["etag"], packed, "{accept}");
            assert_eq!(answer.headers()["content-type"], "text/javascript; charset=utf-8");
        }
    }

    #[test]
    fn a_binary_without_the_studio_says_what_to_run() {
        let problem = Files::new(&[]).answer(INDEX, &HeaderMap::new()).unwrap_err();
        assert!(format!("{problem:?}").contains("npm run build"), "{problem:?}");
        let missing = Files::new(SOME).answer("assets/none.js", &HeaderMap::new()).unwrap_err();
        assert_eq!(missing.kind(), Kind::NoRoute);
    }

    #[test]
    fn a_policy_lets_the_page_open_sockets_of_its_own_server() {
        let policy = policy("https://atelier.example:444");
        assert!(
            policy
                .contains("connect-src 'self' ws://atelier.example:444 wss://atelier.example:444;")
        );
        assert!(!policy.contains("script-src") && !policy.contains("unsafe-eval"), "{policy}");
    }
}
