//! Character classes of XML 1.0 (fifth edition) and Namespaces in XML 1.0.
//!
//! PURE. Total functions on strings.

use std::borrow::Cow;

/// Production `Char`: what may stand in a document at all.
pub(crate) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Production `S`, one character of it.
pub(crate) fn is_xml_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether the text is empty or white space only.
pub(crate) fn only_space(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}

/// The text without the white space (production `S`) around it.
pub(crate) fn trim_space(text: &str) -> &str {
    text.trim_matches(is_xml_space)
}

/// Production `NCName`: a name without a colon.
pub(crate) fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// Splits a `QName` into prefix (empty where there is none) and local name.
pub(crate) fn split_qname(name: &str) -> Option<(&str, &str)> {
    match name.split_once(':') {
        Some((prefix, local)) => (is_ncname(prefix) && is_ncname(local)).then_some((prefix, local)),
        None => is_ncname(name).then_some(("", name)),
    }
}

/// Replaces every character outside XML 1.0 by U+FFFD.
pub(crate) fn sanitise(text: &str) -> Cow<'_, str> {
    if first_invalid(text).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_xml_char(c) { c } else { '\u{FFFD}' }).collect())
}

/// The first character outside XML 1.0 and its byte offset.
pub(super) fn first_invalid(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    // U+FFFE and U+FFFF are the only invalid ones above the controls; both start with EF BF.
    let at = bytes.iter().enumerate().position(|(i, b)| match b {
        0x20..=0xEE | 0xF0..=0xFF | b'\t' | b'\n' | b'\r' => false,
        0xEF => bytes.get(i + 1) == Some(&0xBF) && bytes.get(i + 2).is_some_and(|c| *c >= 0xBE),
        _ => true,
    })?;
    Some((at, text.get(at..)?.chars().next()?))
}

/// The colon of `NameStartChar` is left out: with namespaces it only separates.
fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
        | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
        | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
