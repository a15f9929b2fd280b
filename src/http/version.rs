//! Entity tags that name stored versions, and the conditions made of them.
//!
//! `"v3"` is the text of version 3; `"v3.7"` is an answer about it that also changes with the catalog entry.
//! Either names version 3 as the base of a save.

use axum::http::{HeaderMap, HeaderName, header};

use super::problem::{Kind, Problem};
use crate::id::Version;

/// The tag of a version's text.
pub fn tag(version: Version) -> String {
    format!("\"v{}\"", version.0)
}

/// The tag of an answer that also changes with the catalog entry.
pub fn tag_of_entry(version: Version, change: u64) -> String {
    format!("\"v{}.{change}\"", version.0)
}

/// What a save builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// This version.
    Version(Version),
    /// Whatever is there now: nothing of it is kept where the save differs.
    Current,
}

/// The base that `If-Match` names; `*` stands for whatever is there.
///
/// # Errors
/// `PreconditionRequired` without the header, `BadRequest` when it names no version.
pub fn base(headers: &HeaderMap) -> Result<Base, Problem> {
    let mut tags = tags(headers, header::IF_MATCH).peekable();
    if tags.peek().is_none() {
        return Err(Problem::new(Kind::PreconditionRequired).detail(
            "send If-Match with the ETag of the version that your file is based on, or ?mode=replace to \
             replace whatever is there",
        ));
    }
    for tag in tags {
        if tag == "*" {
            return Ok(Base::Current);
        }
        if let Some(version) = parse(tag) {
            return Ok(Base::Version(version));
        }
    }
    Err(Problem::new(Kind::BadRequest)
        .detail("If-Match names no version: send the ETag of GET …/xml as it came, such as \"v3\""))
}

/// The change counter of the entry that `If-Match` names, if it names one.
///
/// # Errors
/// `BadRequest` when it is no tag of an entry.
pub fn expected_change(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let mut tags = tags(headers, header::IF_MATCH).peekable();
    if tags.peek().is_none() {
        return Ok(None);
    }
    for tag in tags {
        if tag == "*" {
            return Ok(None);
        }
        let plain = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
        if let (Some(_), Some((_, change))) = (parse(tag), plain.split_once('.'))
            && let Ok(change) = change.parse()
        {
            return Ok(Some(change));
        }
    }
    Err(Problem::new(Kind::BadRequest)
        .detail("If-Match names no entry: send the ETag of GET /api/diagrams/{id} as it came"))
}

/// Whether `If-None-Match` names this tag, so that nothing has to be sent again.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    tags(headers, header::IF_NONE_MATCH)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn tags(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
}

/// The version of a tag. Quotes may be missing, as scripts lose them, and proxies may have made it weak.
fn parse(tag: &str) -> Option<Version> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').strip_prefix('v')?;
    let number = tag.split_once('.').map_or(tag, |(number, _)| number);
    number.parse().ok().filter(|n| *n > 0).map(Version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_tag_names_its_version_however_it_was_carried() {
        for value in ["\"v3\"", "\"v3.7\"", "v3", "W/\"v3\"", "\"x\", \"v3\""] {
            let base = base(&with(header::IF_MATCH, value)).unwrap();
            assert_eq!(base, Base::Version(Version(3)), "{value}");
        }
        assert_eq!(base(&with(header::IF_MATCH, "*")).unwrap(), Base::Current);
    }

    #[test]
    fn no_base_and_nonsense_are_told_apart() {
        assert_eq!(base(&HeaderMap::new()).unwrap_err().kind(), Kind::PreconditionRequired);
        for value in ["\"3\"", "\"v0\"", "\"v-1\"", "\"v99999999999\"", "\"\""] {
            let problem = base(&with(header::IF_MATCH, value)).unwrap_err();
            assert_eq!(problem.kind(), Kind::BadRequest, "{value}");
        }
    }

    #[test]
    fn a_known_tag_is_found_in_a_list() {
        assert!(is_known(&with(header::IF_NONE_MATCH, "\"v1\", W/\"v2\""), "\"v2\""));
        assert!(!is_known(&with(header::IF_NONE_MATCH, "\"v1\""), "\"v2\""));
        assert!(!is_known(&HeaderMap::new(), "\"v2\""));
    }
}
