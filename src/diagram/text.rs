//! XML inside JSON: a text that was decoded already, whose declaration may still name another encoding.
//!
//! PURE.

use bytes::Bytes;

const BOM: char = '\u{FEFF}';

/// The UTF-8 bytes of an XML text, with a declaration that agrees with them: a reader would believe the
/// declaration and decode them again.
pub fn to_bytes(text: String) -> Bytes {
    match encoding_label(&text) {
        Some((start, label)) if !is_utf8(label) => {
            let (head, tail) = (text.get(..start), text.get(start + label.len()..));
            format!("{}UTF-8{}", head.unwrap_or_default(), tail.unwrap_or_default()).into()
        }
        _ => text.into(),
    }
}

/// XML bytes as a text, without a byte order mark; `None` unless they are UTF-8 and say so.
pub fn of_bytes(xml: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(xml).ok()?;
    let text = text.strip_prefix(BOM).unwrap_or(text);
    encoding_label(text).is_none_or(|(_, label)| is_utf8(label)).then_some(text)
}

/// The encoding that the XML declaration names, and where its label begins.
fn encoding_label(text: &str) -> Option<(usize, &str)> {
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let declaration = body.strip_prefix("<?xml")?.split_once("?>")?.0;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = rest.get(1..)?.split_once(quote)?.0;
    // A slice of `text`: its place is the distance of the two.
    let start = label.as_ptr().addr() - text.as_ptr().addr();
    Some((start, label))
}

fn is_utf8(label: &str) -> bool {
    label.eq_ignore_ascii_case("utf-8") || label.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_that_names_another_encoding_is_corrected() {
        let text =
            "<?xml version='1.0' encoding = 'ISO-8859-1' standalone='no'?><a b='ü'/>".to_owned();
        assert_eq!(
            to_bytes(text),
            "<?xml version='1.0' encoding = 'UTF-8' standalone='no'?><a b='ü'/>"
        );
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in [
            "",
            "<a/>",
            "<?xml version=\"1.0\"?><a encoding=\"x\"/>",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><a/>",
            "<?xml version=\"1.0\" encoding=",
        ] {
            assert_eq!(to_bytes(text.to_owned()), text);
        }
    }

    #[test]
    fn bytes_in_another_encoding_are_no_text() {
        assert_eq!(of_bytes("\u{FEFF}<a/>".as_bytes()), Some("<a/>"));
        assert_eq!(of_bytes(b"<a b='\xfc'/>"), None);
        assert_eq!(of_bytes(b"<?xml version='1.0' encoding='UTF-16'?><a/>"), None);
    }
}
