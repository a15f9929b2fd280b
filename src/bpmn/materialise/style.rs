//! How the XML is written: line ends, indentation, escapes (the style part of N10).
//!
//! PURE. Takes the style that the import captured; what is not one of the known values counts as
//! absent.

use crate::bpmn::json;
use crate::bpmn::model::Records;
use crate::bpmn::xml::{is_xml_char, only_space};
use crate::limits::MAX_INDENT;

/// The style of a document.
#[derive(Debug)]
pub(super) struct Style {
    pub(super) eol: &'static str,
    pub(super) indent: String,
    /// No line ends inside the root element.
    pub(super) flat: bool,
    pub(super) empty_end: &'static str,
    pub(super) declaration: String,
    /// Line ends between top-level items, and at the end.
    pub(super) top_break: bool,
    pub(super) final_break: bool,
    hex: bool,
    text_gt: bool,
    text_quot: bool,
    text_apos: bool,
    attribute_gt: bool,
    attribute_apos: bool,
}

impl Style {
    /// The style of these records.
    pub(super) fn of(records: &Records) -> Self {
        let style = records.meta.get("style").map(|s| json::parse_strings(s)).unwrap_or_default();
        let text = |name: &str| style.get(name).map(String::as_str);
        let on = |name: &str| text(name) == Some("1");
        let off = |name: &str| text(name) == Some("0");
        let indent = text("indent")
            .filter(|i| i.len() <= MAX_INDENT && i.bytes().all(|b| matches!(b, b' ' | b'\t')));
        let quote = if text("q") == Some("'") { '\'' } else { '"' };
        Self {
            eol: if text("eol") == Some("\r\n") { "\r\n" } else { "\n" },
            indent: indent.unwrap_or("  ").to_owned(),
            flat: on("flat"),
            empty_end: if text("sc") == Some(" />") { " />" } else { "/>" },
            declaration: declaration(records, quote),
            top_break: !off("dnl"),
            final_break: !off("nl"),
            hex: text("ch") == Some("x"),
            text_gt: on("gt"),
            text_quot: on("tq"),
            text_apos: on("ta"),
            attribute_gt: on("ag"),
            attribute_apos: on("aa"),
        }
    }

    /// Writes text content.
    pub(super) fn text(&self, out: &mut String, text: &str) {
        let special = |b: u8| {
            matches!(b, b'&' | b'<' | b'>' | b'"' | b'\'' | b'\n' | b'\r' | 0xEF) || b < 0x20
        };
        copy_with(out, text, special, |out, c| match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // `]]>` must not stand in text.
            '>' if self.text_gt || out.ends_with("]]") => out.push_str("&gt;"),
            '"' if self.text_quot => out.push_str("&quot;"),
            '\'' if self.text_apos => out.push_str("&apos;"),
            '\n' => out.push_str(self.eol),
            '\r' => out.push_str("&#13;"),
            c => push_char(out, c),
        });
    }

    /// Writes an attribute value, which stands in double quotes.
    pub(super) fn value(&self, out: &mut String, text: &str) {
        let special = |b: u8| matches!(b, b'&' | b'<' | b'>' | b'"' | b'\'' | 0xEF) || b < 0x20;
        copy_with(out, text, special, |out, c| match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '>' if self.attribute_gt => out.push_str("&gt;"),
            '\'' if self.attribute_apos => out.push_str("&apos;"),
            '\n' => out.push_str(if self.hex { "&#xA;" } else { "&#10;" }),
            '\r' => out.push_str(if self.hex { "&#xD;" } else { "&#13;" }),
            '\t' => out.push_str(if self.hex { "&#x9;" } else { "&#9;" }),
            c => push_char(out, c),
        });
    }

    /// Writes a CDATA section; `]]>` in it becomes the seam of two.
    pub(super) fn cdata(&self, out: &mut String, text: &str) {
        out.push_str("<![CDATA[");
        self.verbatim(out, &text.replace("]]>", "]]]]><![CDATA[>"));
        out.push_str("]]>");
    }

    /// Writes a comment; a hyphen that must not stand there gets a space behind it.
    pub(super) fn comment(&self, out: &mut String, text: &str) {
        out.push_str("<!--");
        let mut safe = String::with_capacity(text.len());
        for c in text.chars() {
            if c == '-' && safe.ends_with('-') {
                safe.push(' ');
            }
            safe.push(c);
        }
        if safe.ends_with('-') {
            safe.push(' ');
        }
        self.verbatim(out, &safe);
        out.push_str("-->");
    }

    /// Writes a processing instruction; `?>` in it becomes `? >`.
    pub(super) fn instruction(&self, out: &mut String, target: &str, data: &str) {
        let data = data.trim_start_matches([' ', '\t', '\n', '\r']);
        out.push_str("<?");
        out.push_str(target);
        if !data.is_empty() {
            out.push(' ');
            self.verbatim(out, &data.replace("?>", "? >"));
        }
        out.push_str("?>");
    }

    /// Where nothing can be escaped: line ends of the style, invalid characters replaced.
    fn verbatim(&self, out: &mut String, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        copy_with(
            out,
            &text,
            |b| b < 0x20 || b == 0xEF,
            |out, c| match c {
                '\n' => out.push_str(self.eol),
                c => push_char(out, c),
            },
        );
    }
}

/// Whether text counts as content beside elements.
pub(super) fn is_blank(text: &str) -> bool {
    only_space(text)
}

fn declaration(records: &Records, quote: char) -> String {
    let Some(decl) = records.meta.get("decl") else { return String::new() };
    if json::parse(decl).is_none() {
        return String::new();
    }
    let decl = json::parse_strings(decl);
    let mut out = format!("<?xml version={quote}1.0{quote}");
    if let Some(encoding) = decl.get("encoding") {
        let name = if encoding.eq_ignore_ascii_case("utf-8") { encoding } else { "UTF-8" };
        out.push_str(&format!(" encoding={quote}{name}{quote}"));
    }
    if let Some(standalone) = decl.get("standalone").filter(|s| matches!(s.as_str(), "yes" | "no"))
    {
        out.push_str(&format!(" standalone={quote}{standalone}{quote}"));
    }
    out.push_str("?>");
    out
}

/// Copies runs of plain bytes at once and hands every other character to `write`.
fn copy_with(
    out: &mut String,
    text: &str,
    special: impl Fn(u8) -> bool,
    write: impl Fn(&mut String, char),
) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(&special) {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at..).unwrap_or("");
        let Some(c) = rest.chars().next() else { return };
        write(out, c);
        rest = rest.get(c.len_utf8()..).unwrap_or("");
    }
    out.push_str(rest);
}

fn push_char(out: &mut String, c: char) {
    out.push(if is_xml_char(c) { c } else { '\u{FFFD}' });
}
