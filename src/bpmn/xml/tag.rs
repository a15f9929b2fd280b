//! The inside of a start tag, the XML declaration, and references.
//!
//! PURE. Gets the raw text of one token and reports offences by their offset in it.

use std::borrow::Cow;

use super::chars::{first_invalid, is_xml_space, split_qname};
use super::error::ReadErrorKind;
use super::tree::{Decl, Lexical, RefStyle};
use crate::limits;

/// An offence and its byte offset in the token.
pub(super) type Offence = (usize, ReadErrorKind);

/// One attribute as it stands in a tag; its name is a `QName`.
#[derive(Debug)]
pub(super) struct RawAttribute<'s> {
    pub(super) offset: usize,
    pub(super) prefix: &'s str,
    pub(super) local: &'s str,
    pub(super) value: Cow<'s, str>,
}

/// Splits a start tag (`<name a="b">` or `<name a="b"/>`) into its name and attributes.
pub(super) fn start_tag<'s>(
    raw: &'s str,
    empty: bool,
    attributes: &mut Vec<RawAttribute<'s>>,
    lexical: &mut Lexical,
) -> Result<&'s str, Offence> {
    attributes.clear();
    let close = if empty { "/>" } else { ">" };
    let inner = raw.strip_prefix('<').and_then(|r| r.strip_suffix(close)).unwrap_or("");
    let name_end = inner.find(is_xml_space).unwrap_or(inner.len());
    let (name, mut rest) = inner.split_at(name_end);
    if split_qname(name).is_none() {
        return Err((1, bad_name(name)));
    }
    if empty && lexical.spaced_empty.is_none() {
        lexical.spaced_empty = Some(inner.ends_with(is_xml_space));
    }
    loop {
        let trimmed = rest.trim_start_matches(is_xml_space);
        if trimmed.is_empty() {
            return Ok(name);
        }
        let offset = raw.len() - close.len() - trimmed.len();
        if trimmed.len() == rest.len() {
            return Err((offset, ReadErrorKind::BadTag("white space is missing before a name")));
        }
        if attributes.len() >= limits::MAX_XML_ATTRIBUTES {
            return Err((offset, ReadErrorKind::TooManyAttributes));
        }
        let (attribute, after) = attribute(trimmed, offset, lexical)?;
        attributes.push(attribute);
        rest = after;
    }
}

/// Reads `name = "value"` at the start of `text`, which stands at `offset` of the token.
fn attribute<'s>(
    text: &'s str,
    offset: usize,
    lexical: &mut Lexical,
) -> Result<(RawAttribute<'s>, &'s str), Offence> {
    let Some((name, after)) = text.split_once('=') else {
        return Err((offset, ReadErrorKind::BadTag("an attribute has no value")));
    };
    let name = name.trim_end_matches(is_xml_space);
    let Some((prefix, local)) = split_qname(name) else {
        return Err((offset, bad_name(name)));
    };
    let after = after.trim_start_matches(is_xml_space);
    let value_at = offset + text.len() - after.len();
    let quote = match after.chars().next() {
        Some(c @ ('"' | '\'')) => c,
        _ => return Err((value_at, ReadErrorKind::BadTag("an attribute value has no quotes"))),
    };
    let body = after.get(1..).unwrap_or("");
    let Some((value, rest)) = body.split_once(quote) else {
        return Err((value_at, ReadErrorKind::BadTag("an attribute value never ends")));
    };
    if value.len() > limits::MAX_XML_VALUE_BYTES {
        return Err((value_at, ReadErrorKind::ValueTooLong));
    }
    let value = attribute_value(value, value_at + 1, lexical)?;
    Ok((RawAttribute { offset, prefix, local, value }, rest))
}

/// Normalises an attribute value as XML 1.0 §3.3.3 does for CDATA attributes.
fn attribute_value<'s>(
    raw: &'s str,
    offset: usize,
    lexical: &mut Lexical,
) -> Result<Cow<'s, str>, Offence> {
    let special = |b: u8| matches!(b, b'&' | b'<' | b'\n' | b'\t');
    let Some(first) = raw.bytes().position(special) else { return Ok(Cow::Borrowed(raw)) };
    let (plain, mut rest) = raw.split_at(first);
    let mut out = String::with_capacity(raw.len());
    out.push_str(plain);
    loop {
        let at = offset + raw.len() - rest.len();
        let step = match rest.as_bytes().first() {
            None => return Ok(Cow::Owned(out)),
            Some(b'<') => return Err((at, ReadErrorKind::LessThanInValue)),
            Some(b'&') => {
                let length = rest.find(';').map_or(rest.len(), |end| end + 1);
                let text = rest.get(..length).unwrap_or(rest);
                let c = reference(text).map_err(|kind| (at, kind))?;
                note_attribute_reference(text, c, lexical);
                out.push(c);
                length
            }
            Some(b'\n' | b'\t') => {
                out.push(' ');
                1
            }
            Some(_) => {
                let length = rest.bytes().position(special).unwrap_or(rest.len());
                out.push_str(rest.get(..length).unwrap_or(""));
                length
            }
        };
        rest = rest.get(step..).unwrap_or("");
    }
}

fn note_attribute_reference(text: &str, c: char, lexical: &mut Lexical) {
    match c {
        '>' => lexical.attribute_gt = true,
        '\'' => lexical.attribute_apos = true,
        '\n' | '\t' | '\r' if lexical.refs.is_none() => {
            let hexadecimal = text.starts_with("&#x");
            let style = if hexadecimal { RefStyle::Hexadecimal } else { RefStyle::Decimal };
            lexical.refs = Some(style);
        }
        _ => {}
    }
}

/// Resolves one reference (`&amp;`, `&#10;`), given with its delimiters.
pub(super) fn reference(text: &str) -> Result<char, ReadErrorKind> {
    let bad = || ReadErrorKind::BadReference(text.chars().take(40).collect());
    let name = text.strip_prefix('&').and_then(|t| t.strip_suffix(';')).ok_or_else(bad)?;
    let code = match name {
        "amp" => return Ok('&'),
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => match name.strip_prefix('#') {
            None if split_qname(name).is_some() => {
                return Err(ReadErrorKind::UndefinedEntity(name.chars().take(40).collect()));
            }
            None => return Err(bad()),
            Some(code) => code,
        },
    };
    let (digits, radix) = match code.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (code, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(bad());
    }
    let number = u32::from_str_radix(digits, radix).map_err(|_| bad())?;
    char::from_u32(number)
        .filter(|c| first_invalid(c.encode_utf8(&mut [0; 4])).is_none())
        .ok_or_else(bad)
}

/// Reads an XML declaration, given with its delimiters.
pub(super) fn declaration(raw: &str) -> Result<Decl<'_>, ReadErrorKind> {
    use ReadErrorKind::BadDeclaration;
    let malformed = || BadDeclaration("it is malformed");
    let mut rest = raw.strip_prefix("<?xml").and_then(|r| r.strip_suffix("?>")).unwrap_or("");
    let mut decl = Decl::default();
    let mut expected: &[&str] = &["version", "encoding", "standalone"];
    let mut version = None;
    loop {
        let trimmed = rest.trim_start_matches(is_xml_space);
        if trimmed.is_empty() {
            break;
        }
        let (name, after) = trimmed.split_once('=').ok_or_else(malformed)?;
        let name = name.trim_end_matches(is_xml_space);
        let place = expected.iter().position(|e| *e == name).ok_or_else(malformed)?;
        let spaced = trimmed.len() < rest.len();
        if !spaced || (version.is_none() && name != "version") {
            return Err(malformed());
        }
        expected = expected.get(place + 1..).unwrap_or(&[]);
        let after = after.trim_start_matches(is_xml_space);
        let quote =
            after.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(malformed)?;
        let body = after.get(1..).unwrap_or("");
        let (value, after) = body.split_once(quote).ok_or_else(malformed)?;
        rest = after;
        match name {
            "version" => {
                version = Some(value);
                decl.single_quotes = quote == '\'';
            }
            "encoding" if is_encoding_name(value) => decl.encoding = Some(value),
            "standalone" if matches!(value, "yes" | "no") => decl.standalone = Some(value),
            _ => return Err(malformed()),
        }
    }
    match version {
        Some("1.0") => Ok(decl),
        Some(_) => Err(BadDeclaration("only version 1.0 is supported")),
        None => Err(BadDeclaration("the version is missing")),
    }
}

/// Production `EncName`.
fn is_encoding_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

pub(super) fn bad_name(name: &str) -> ReadErrorKind {
    ReadErrorKind::BadName(name.chars().take(40).collect())
}
