//! Checks a JSON text without building it: grammar, depth, and what serde_json and browsers both read.
//!
//! PURE. Iterative. Stricter than `JSON.parse` where yrs (serde_json) refuses what a browser takes:
//! escaped lone surrogates and numbers beyond a double.

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadJson {
    /// Nested deeper than allowed.
    #[error("JSON nested too deep")]
    TooDeep,
    /// Not JSON.
    #[error("not JSON")]
    Syntax,
}

/// Whether `text` is one JSON value, nested at most `max_depth` arrays and objects deep.
pub fn check(text: &str, max_depth: usize) -> Result<(), BadJson> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    // What the innermost open brackets are: true for an object.
    let mut open: Vec<bool> = Vec::new();
    loop {
        // A value starts here.
        match scan.next_token()? {
            bracket @ (b'[' | b'{') => {
                if open.len() == max_depth {
                    return Err(BadJson::TooDeep);
                }
                let object = bracket == b'{';
                if scan.peek() == Some(if object { b'}' } else { b']' }) {
                    scan.at += 1;
                } else {
                    open.push(object);
                    if object {
                        scan.key()?;
                    }
                    continue;
                }
            }
            b'"' => scan.string()?,
            b't' => scan.word(b"rue")?,
            b'f' => scan.word(b"alse")?,
            b'n' => scan.word(b"ull")?,
            b'-' | b'0'..=b'9' => scan.number()?,
            _ => return Err(BadJson::Syntax),
        }
        // A value ended here.
        loop {
            let Some(&object) = open.last() else {
                return if scan.peek().is_none() { Ok(()) } else { Err(BadJson::Syntax) };
            };
            match (scan.next_token()?, object) {
                (b',', false) => break,
                (b',', true) => {
                    scan.key()?;
                    break;
                }
                (b']', false) | (b'}', true) => {
                    open.pop();
                }
                _ => return Err(BadJson::Syntax),
            }
        }
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    /// The next byte that is no blank, left in place.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn next_token(&mut self) -> Result<u8, BadJson> {
        let token = self.peek().ok_or(BadJson::Syntax)?;
        self.at += 1;
        Ok(token)
    }

    fn byte(&mut self) -> Result<u8, BadJson> {
        let byte = *self.bytes.get(self.at).ok_or(BadJson::Syntax)?;
        self.at += 1;
        Ok(byte)
    }

    fn word(&mut self, rest: &[u8]) -> Result<(), BadJson> {
        let found = self.bytes.get(self.at..self.at + rest.len());
        if found != Some(rest) {
            return Err(BadJson::Syntax);
        }
        self.at += rest.len();
        Ok(())
    }

    fn key(&mut self) -> Result<(), BadJson> {
        if self.next_token()? != b'"' {
            return Err(BadJson::Syntax);
        }
        self.string()?;
        if self.next_token()? == b':' { Ok(()) } else { Err(BadJson::Syntax) }
    }

    /// The rest of a string after its opening quote. Lone surrogates are refused.
    fn string(&mut self) -> Result<(), BadJson> {
        loop {
            match self.byte()? {
                b'"' => return Ok(()),
                b'\\' => match self.byte()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => match self.hex4()? {
                        0xd800..=0xdbff => {
                            if (self.byte()?, self.byte()?) != (b'\\', b'u')
                                || !(0xdc00..=0xdfff).contains(&self.hex4()?)
                            {
                                return Err(BadJson::Syntax);
                            }
                        }
                        0xdc00..=0xdfff => return Err(BadJson::Syntax),
                        _ => {}
                    },
                    _ => return Err(BadJson::Syntax),
                },
                0..=0x1f => return Err(BadJson::Syntax),
                _ => {}
            }
        }
    }

    fn hex4(&mut self) -> Result<u32, BadJson> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = char::from(self.byte()?).to_digit(16).ok_or(BadJson::Syntax)?;
            value = value * 16 + digit;
        }
        Ok(value)
    }

    /// A number whose first byte was just read.
    fn number(&mut self) -> Result<(), BadJson> {
        self.at -= 1;
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = self.bytes.get(start..self.at).and_then(|bytes| str::from_utf8(bytes).ok());
        match text.and_then(|text| text.parse::<f64>().ok()) {
            Some(value) if value.is_finite() => Ok(()),
            _ => Err(BadJson::Syntax),
        }
    }

    fn digits(&mut self) -> Result<(), BadJson> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(BadJson::Syntax) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_from_what_only_looks_like_it() {
        let good = [
            "null",
            "true",
            "false",
            "0",
            "-1.5e+3",
            "\"\"",
            "\"a\\u00e4\\\"\"",
            "[]",
            "{}",
            " [1 , 2] ",
            "{\"a\":{\"b\":[null,{}]},\"c\":\"\\ud83d\\ude00\"}",
        ];
        for text in good {
            assert_eq!(check(text, 16), Ok(()), "{text}");
            assert!(yrs::Any::from_json(text).is_ok(), "{text}");
        }
        let bad = [
            "",
            " ",
            "nul",
            "tru e",
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "\"",
            "\"\\x\"",
            "\"\u{1}\"",
            "[",
            "]",
            "[1,]",
            "{,}",
            "{\"a\"}",
            "{\"a\":1,}",
            "{a:1}",
            "1 2",
            "[1}",
            "{\"a\":1]",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800x\"",
            "1e999",
            "undefined",
            "NaN",
        ];
        for text in bad {
            assert_eq!(check(text, 16), Err(BadJson::Syntax), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded_without_recursion() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(check(&nested(16), 16), Ok(()));
        assert_eq!(check(&nested(17), 16), Err(BadJson::TooDeep));
        assert_eq!(check(&nested(1_000_000), 16), Err(BadJson::TooDeep));
        assert_eq!(check(&"{\"a\":".repeat(1_000_000), 16), Err(BadJson::TooDeep));
    }

    #[test]
    fn what_passes_is_read_by_yrs() {
        let mut rng = fastrand::Rng::with_seed(7);
        let pieces = [
            "[",
            "]",
            "{",
            "}",
            ",",
            ":",
            "\"a\"",
            "1",
            "-0.5e9",
            "null",
            "true",
            " ",
            "\"\\u12aB\"",
            "0",
        ];
        let mut passed = 0;
        for _ in 0..200_000 {
            let text: String =
                (0..rng.usize(1..9)).map(|_| pieces[rng.usize(..pieces.len())]).collect();
            let ours = check(&text, 16).is_ok();
            assert_eq!(ours, yrs::Any::from_json(&text).is_ok(), "{text}");
            passed += u32::from(ours);
        }
        assert!(passed > 1000, "{passed}");
    }
}
