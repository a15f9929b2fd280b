//! The JSON of the document: flat objects whose values are strings or lists of strings.
//!
//! PURE. Accepts exactly the texts that RFC 8259 allows, so that Rust and `JSON.parse` agree on
//! what counts as absent: values of other kinds are skipped, a lone surrogate becomes U+FFFD, of
//! two equal names the last wins. No recursion: nesting costs one byte of a vector.

use std::collections::BTreeMap;

use super::model::Value;

/// Reads an object; none if the text is not JSON or no object.
#[must_use]
pub fn parse(text: &str) -> Option<BTreeMap<String, Value>> {
    let mut parser = Parser { bytes: text.as_bytes(), at: 0 };
    let fields = parser.object()?;
    parser.space();
    (parser.at == parser.bytes.len()).then_some(fields)
}

/// Reads an object and keeps its strings.
#[must_use]
pub fn parse_strings(text: &str) -> BTreeMap<String, String> {
    let fields = parse(text).unwrap_or_default().into_iter();
    fields
        .filter_map(|(name, value)| match value {
            Value::Text(text) => Some((name, text)),
            Value::List(_) => None,
        })
        .collect()
}

/// Writes an object as `JSON.stringify` does, names sorted by code point.
#[must_use]
pub fn write(fields: &BTreeMap<String, Value>) -> String {
    let mut out = String::with_capacity(fields.len() * 24 + 2);
    out.push('{');
    for (i, (name, value)) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_string(&mut out, name);
        out.push(':');
        match value {
            Value::Text(text) => push_string(&mut out, text),
            Value::List(list) => {
                out.push('[');
                for (j, item) in list.iter().enumerate() {
                    if j > 0 {
                        out.push(',');
                    }
                    push_string(&mut out, item);
                }
                out.push(']');
            }
        }
    }
    out.push('}');
    out
}

/// Writes an object of strings.
#[must_use]
pub fn write_strings<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    write(&fields.into_iter().map(|(k, v)| (k.to_owned(), Value::from(v))).collect())
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        out.push_str(rest.get(..at).unwrap_or(""));
        match rest.as_bytes().get(at) {
            Some(b'"') => out.push_str("\\\""),
            Some(b'\\') => out.push_str("\\\\"),
            Some(0x08) => out.push_str("\\b"),
            Some(0x0C) => out.push_str("\\f"),
            Some(b'\n') => out.push_str("\\n"),
            Some(b'\r') => out.push_str("\\r"),
            Some(b'\t') => out.push_str("\\t"),
            other => out.push_str(&format!("\\u{:04x}", other.copied().unwrap_or(0))),
        }
        rest = rest.get(at + 1..).unwrap_or("");
    }
    out.push_str(rest);
    out.push('"');
}

struct Parser<'j> {
    bytes: &'j [u8],
    at: usize,
}

impl<'j> Parser<'j> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.next()? == byte).then_some(())
    }

    fn object(&mut self) -> Option<BTreeMap<String, Value>> {
        let mut fields = BTreeMap::new();
        self.expect(b'{')?;
        self.space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(fields);
        }
        loop {
            self.space();
            let name = self.string()?;
            self.expect(b':')?;
            match self.field()? {
                Some(value) => fields.insert(name, value),
                None => fields.remove(&name),
            };
            self.space();
            match self.next()? {
                b',' => {}
                b'}' => return Some(fields),
                _ => return None,
            }
        }
    }

    /// A value; `Some(None)` if it is JSON of another kind.
    fn field(&mut self) -> Option<Option<Value>> {
        self.space();
        let start = self.at;
        match self.peek()? {
            b'"' => Some(Some(Value::Text(self.string()?))),
            b'[' => match self.list() {
                Some(list) => Some(Some(Value::List(list))),
                None => {
                    self.at = start;
                    self.skip().map(|()| None)
                }
            },
            _ => self.skip().map(|()| None),
        }
    }

    /// A list of nothing but strings.
    fn list(&mut self) -> Option<Vec<String>> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        self.space();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(items);
        }
        loop {
            self.space();
            items.push(self.string()?);
            self.space();
            match self.next()? {
                b',' => {}
                b']' => return Some(items),
                _ => return None,
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.next()? != b'"' {
            return None;
        }
        let mut out = String::new();
        loop {
            let rest = self.bytes.get(self.at..)?;
            let length = rest.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\')?;
            out.push_str(std::str::from_utf8(rest.get(..length)?).ok()?);
            self.at += length;
            match self.next()? {
                b'"' => return Some(out),
                b'\\' => out.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex4()?;
                char::from_u32(first).unwrap_or_else(|| self.pair(first))
            }
            _ => return None,
        })
    }

    /// The second half of a surrogate pair; U+FFFD, and nothing consumed, if there is none.
    fn pair(&mut self, high: u32) -> char {
        let start = self.at;
        if (0xD800..0xDC00).contains(&high)
            && self.next() == Some(b'\\')
            && self.next() == Some(b'u')
            && let Some(low) = self.hex4().filter(|low| (0xDC00..0xE000).contains(low))
        {
            let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            return char::from_u32(code).unwrap_or('\u{FFFD}');
        }
        self.at = start;
        '\u{FFFD}'
    }

    fn hex4(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + char::from(self.next()?).to_digit(16)?;
        }
        Some(code)
    }

    /// Skips any JSON value, checking its grammar.
    fn skip(&mut self) -> Option<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            match self.peek()? {
                bracket @ (b'{' | b'[') => {
                    self.at += 1;
                    let close = if bracket == b'{' { b'}' } else { b']' };
                    self.space();
                    if self.peek()? != close {
                        open.push(close);
                        self.name_of(close)?;
                        continue;
                    }
                    self.at += 1;
                }
                b'"' => self.string().map(|_| ())?,
                b'-' | b'0'..=b'9' => self.number()?,
                _ => self.literal()?,
            }
            // A value ended: close what it ends, or go on to the next one.
            loop {
                let Some(close) = open.last().copied() else { return Some(()) };
                self.space();
                match self.next()? {
                    b',' => {
                        self.name_of(close)?;
                        break;
                    }
                    byte if byte == close => open.pop().map(|_| ())?,
                    _ => return None,
                }
            }
        }
    }

    /// In an object, the name and colon before the next value.
    fn name_of(&mut self, close: u8) -> Option<()> {
        if close == b'}' {
            self.space();
            self.string()?;
            self.expect(b':')?;
        }
        Some(())
    }

    fn literal(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let literal =
            [&b"true"[..], b"false", b"null"].into_iter().find(|l| rest.starts_with(l))?;
        self.at += literal.len();
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut fields = BTreeMap::new();
        fields.insert("name".to_owned(), Value::from("a \"b\" \\ \n\t\u{1}é😀\u{2028}"));
        fields.insert("#l".to_owned(), Value::List(vec!["k".to_owned(), String::new()]));
        fields.insert("e".to_owned(), Value::List(vec![]));
        let text = write(&fields);
        assert_eq!(parse(&text), Some(fields.clone()));
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn values_of_other_kinds_are_absent() {
        let text = r#" {"a":1,"b":[1],"c":{"d":[{}]},"e":null,"f":"x","g":["y"],"h":[["z"]],
            "i":-0.5e+3,"j":true,"k":[]} "#;
        let fields = parse(text).unwrap();
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["f", "g", "k"]);
    }

    #[test]
    fn the_last_of_two_equal_names_wins_even_if_it_is_no_string() {
        assert_eq!(parse(r#"{"a":"1","a":"2"}"#).unwrap()["a"], Value::from("2"));
        assert!(parse(r#"{"a":"1","a":2}"#).unwrap().is_empty());
    }

    #[test]
    fn surrogates_pair_up_or_become_the_replacement_character() {
        let text = |t: &str| parse(t).unwrap()["a"].as_text().unwrap().to_owned();
        assert_eq!(text(r#"{"a":"\ud83d\ude00"}"#), "😀");
        assert_eq!(text(r#"{"a":"\ud83dx"}"#), "\u{FFFD}x");
        assert_eq!(text(r#"{"a":"\ude00\ud83d"}"#), "\u{FFFD}\u{FFFD}");
        assert_eq!(text(r#"{"a":"\ud83dA"}"#), "\u{FFFD}A");
        assert_eq!(text(r#"{"a":"\ud83d\ud83d\ude00"}"#), "\u{FFFD}😀");
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "null",
            "[]",
            "{",
            "{}x",
            "{'a':\"b\"}",
            "{\"a\":\"b\",}",
            "{\"a\":01}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\" \"b\"}",
            "{\"a\":[\"b\",]}",
            "{\"a\":{\"b\"}}",
            "{\"a\":tru}",
            "{\"a\":\"\\u12\"}",
            "\u{FEFF}{}",
            "{\"a\":.5}",
            "{\"a\":1.}",
            "{\"a\":[1,2}}",
        ] {
            assert_eq!(parse(text), None, "{text}");
            assert!(
                serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_err()
            );
        }
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = format!("{{\"a\":{}{},\"b\":\"x\"}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(parse(&deep).unwrap().len(), 1);
        let deep = format!("{{\"a\":{}1{}}}", "{\"x\":".repeat(100_000), "}".repeat(100_000));
        assert!(parse(&deep).unwrap().is_empty());
    }
}
