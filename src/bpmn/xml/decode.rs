//! Bytes to text: which encoding, is it sound, and line ends as XML 1.0 §2.11 wants them.
//!
//! PURE. The encoding is found as XML 1.0 appendix F says: a byte order mark, else the shape of
//! the first bytes, else the declaration, else UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::chars::first_invalid;
use super::error::{ReadError, ReadErrorKind};
use crate::limits;

/// A decoded document: valid XML characters only, every line end one LF.
#[derive(Debug)]
pub(super) struct Source<'b> {
    pub(super) text: Cow<'b, str>,
    /// Whether the first line end was CR LF.
    pub(super) crlf: bool,
}

/// Decodes a whole document.
pub(super) fn decode(bytes: &[u8]) -> Result<Source<'_>, ReadError> {
    if bytes.len() > limits::MAX_XML_BYTES {
        return Err(ReadError::at("", 0, ReadErrorKind::TooManyBytes));
    }
    let decoded = match detect(bytes)? {
        Charset::Utf8(body) => utf8(body)?,
        Charset::Ascii(body) => ascii(body)?,
        Charset::Latin1(body) => Cow::Owned(body.iter().map(|b| char::from(*b)).collect()),
        Charset::Table(encoding, body) => table(encoding, body)?,
    };
    if decoded.len() > limits::MAX_XML_BYTES.saturating_mul(2) {
        return Err(ReadError::at("", 0, ReadErrorKind::TooManyBytes));
    }
    let crlf = decoded
        .find(['\r', '\n'])
        .is_some_and(|at| decoded.get(at..).is_some_and(|rest| rest.starts_with("\r\n")));
    let text = normalise_line_ends(decoded);
    if let Some((offset, c)) = first_invalid(&text) {
        return Err(ReadError::at(&text, offset, ReadErrorKind::InvalidChar(c)));
    }
    Ok(Source { text, crlf })
}

enum Charset<'b> {
    Utf8(&'b [u8]),
    Ascii(&'b [u8]),
    Latin1(&'b [u8]),
    Table(&'static Encoding, &'b [u8]),
}

fn detect(bytes: &[u8]) -> Result<Charset<'_>, ReadError> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let body = bytes.get(length..).unwrap_or(&[]);
        return Ok(if encoding == UTF_8 {
            Charset::Utf8(body)
        } else {
            Charset::Table(encoding, body)
        });
    }
    match bytes {
        [0x3C, 0x00, ..] => return Ok(Charset::Table(UTF_16LE, bytes)),
        [0x00, 0x3C, ..] => return Ok(Charset::Table(UTF_16BE, bytes)),
        _ => {}
    }
    let Some(label) = declared(bytes) else { return Ok(Charset::Utf8(bytes)) };
    Ok(match label.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => Charset::Utf8(bytes),
        "us-ascii" | "ascii" => Charset::Ascii(bytes),
        "iso-8859-1" | "latin1" | "iso_8859-1" => Charset::Latin1(bytes),
        "windows-1252" | "cp1252" => Charset::Table(WINDOWS_1252, bytes),
        _ => {
            let kind = ReadErrorKind::UnsupportedEncoding(label.chars().take(40).collect());
            return Err(ReadError::at("", 0, kind));
        }
    })
}

/// The encoding named in an ASCII-compatible XML declaration; its grammar is checked later.
fn declared(bytes: &[u8]) -> Option<&str> {
    let head = bytes.strip_prefix(b"<?xml")?;
    if !matches!(head.first(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        return None;
    }
    let end = head.windows(2).take(1024).position(|pair| pair == b"?>")?;
    let head = std::str::from_utf8(head.get(..end)?).ok()?;
    let (_, rest) = head.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split_once(quote).map(|(label, _)| label)
}

fn utf8(body: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    std::str::from_utf8(body)
        .map(Cow::Borrowed)
        .map_err(|e| invalid_bytes(&String::from_utf8_lossy(head(body, e.valid_up_to())), "UTF-8"))
}

fn ascii(body: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    match body.iter().position(|b| !b.is_ascii()) {
        Some(at) => Err(invalid_bytes(&String::from_utf8_lossy(head(body, at)), "US-ASCII")),
        None => utf8(body),
    }
}

fn table<'b>(encoding: &'static Encoding, body: &'b [u8]) -> Result<Cow<'b, str>, ReadError> {
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(body) {
        return Ok(text);
    }
    // Only for the message: the replacement character marks the first bad place.
    let (text, _) = encoding.decode_without_bom_handling(body);
    let valid = text.find('\u{FFFD}').unwrap_or(text.len());
    Err(invalid_bytes(text.get(..valid).unwrap_or(""), encoding.name()))
}

fn head(body: &[u8], length: usize) -> &[u8] {
    body.get(..length).unwrap_or(body)
}

fn invalid_bytes(valid: &str, name: &'static str) -> ReadError {
    let valid = normalise_line_ends(Cow::Borrowed(valid));
    ReadError::at(&valid, valid.len(), ReadErrorKind::InvalidBytes(name))
}

fn normalise_line_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split('\r');
    out.push_str(lines.next().unwrap_or(""));
    for line in lines {
        out.push('\n');
        out.push_str(line.strip_prefix('\n').unwrap_or(line));
    }
    Cow::Owned(out)
}
