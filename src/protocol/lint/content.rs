//! Walks over the content of one item, and cuts the front off one.
//!
//! PURE. Iterative, builds no values. Accepts exactly what yrs and Yjs read alike: contents that
//! one of them reads differently (legacy JSON, XML hooks, sub-documents, weak links) are refused.

use super::{Kind, Shape};
use crate::limits::{MAX_NAME_BYTES, MAX_VALUE_DEPTH};
use crate::protocol::json;
use crate::protocol::lib0::{Malformed, Reader, Writer};

pub(super) const DELETED: u8 = 1;
pub(super) const BINARY: u8 = 3;
pub(super) const STRING: u8 = 4;
pub(super) const EMBED: u8 = 5;
pub(super) const FORMAT: u8 = 6;
pub(super) const TYPE: u8 = 7;
pub(super) const ANY: u8 = 8;

/// Reads one content and answers what it is and how many clocks it takes.
pub(super) fn walk(reader: &mut Reader<'_>, content: u8) -> Result<(Kind, u32), Malformed> {
    match content {
        DELETED => return Ok((Kind::Deleted, reader.var_u32()?)),
        BINARY => {
            reader.buffer()?;
        }
        STRING => {
            let units = reader.string()?.encode_utf16().count();
            let len = u32::try_from(units).map_err(|_| Malformed("text too long"))?;
            return Ok((Kind::Text, len));
        }
        EMBED => {
            json(reader)?;
            return Ok((Kind::Text, 1));
        }
        FORMAT => {
            name(reader)?;
            json(reader)?;
            return Ok((Kind::Text, 1));
        }
        TYPE => {
            let shape = match reader.u8()? {
                0 => Shape::Array,
                1 => Shape::Map,
                2 | 6 => Shape::Text,
                // An XML element has a node name, a fragment none.
                3 => {
                    name(reader)?;
                    Shape::Xml
                }
                4 => Shape::Xml,
                // An XML hook has a name in Yjs and none in yrs.
                5 => return Err(Malformed("XML hook")),
                7 => return Err(Malformed("weak link")),
                _ => return Err(Malformed("unknown shared type")),
            };
            return Ok((Kind::Type(shape), 1));
        }
        ANY => {
            let count = reader.count(1, usize::MAX)?;
            values(reader, count)?;
            let len = u32::try_from(count).map_err(|_| Malformed("too many values"))?;
            return Ok((Kind::Value, len));
        }
        // yrs reads one string more than Yjs.
        2 => return Err(Malformed("legacy JSON content")),
        9 => return Err(Malformed("sub-document")),
        11 => return Err(Malformed("move")),
        _ => return Err(Malformed("unknown content")),
    }
    Ok((Kind::Value, 1))
}

/// A key or a name, bounded.
pub(super) fn name<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Malformed> {
    let name = reader.string()?;
    if name.len() > MAX_NAME_BYTES { Err(Malformed("name too long")) } else { Ok(name) }
}

fn json(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    json::check(reader.string()?, MAX_VALUE_DEPTH).map_err(|bad| match bad {
        json::BadJson::TooDeep => Malformed("value nested too deep"),
        json::BadJson::Syntax => Malformed("bad JSON"),
    })
}

/// Reads `count` lib0 values.
fn values(reader: &mut Reader<'_>, count: usize) -> Result<(), Malformed> {
    // Values still to read of each open array or map, and whether each has a key.
    let mut open: [(usize, bool); MAX_VALUE_DEPTH + 1] = [(0, false); MAX_VALUE_DEPTH + 1];
    let mut depth = 0;
    open[0] = (count, false);
    loop {
        let Some((left, keyed)) = open.get_mut(depth) else {
            return Err(Malformed("value nested too deep"));
        };
        if *left == 0 {
            if depth == 0 {
                return Ok(());
            }
            depth -= 1;
            continue;
        }
        *left -= 1;
        if *keyed {
            reader.string()?;
        }
        let tag = reader.u8()?;
        let nested = match tag {
            120 | 121 | 126 | 127 => continue,
            125 => {
                reader.var_int()?;
                continue;
            }
            124 => {
                reader.take(4)?;
                continue;
            }
            122 | 123 => {
                reader.take(8)?;
                continue;
            }
            119 => {
                reader.string()?;
                continue;
            }
            116 => {
                reader.buffer()?;
                continue;
            }
            // A map's entry is at least an empty key and a tag.
            118 => (reader.count(2, usize::MAX)?, true),
            117 => (reader.count(1, usize::MAX)?, false),
            _ => return Err(Malformed("unknown value")),
        };
        depth += 1;
        match open.get_mut(depth) {
            Some(slot) => *slot = nested,
            None => return Err(Malformed("value nested too deep")),
        }
    }
}

/// Copies a content without its first `offset` clocks, as Yjs slices: text by UTF-16 units, half a
/// surrogate pair becoming U+FFFD. Only contents longer than one clock are ever cut.
pub(super) fn write_rest(
    reader: &mut Reader<'_>,
    content: u8,
    offset: u32,
    end: usize,
    out: &mut Writer,
) -> Result<(), Malformed> {
    match content {
        DELETED => out.var_uint(u64::from(reader.var_u32()?.saturating_sub(offset))),
        STRING => {
            let text = reader.string()?;
            let (half, rest) = utf16_rest(text, offset);
            out.var_uint((rest.len() + if half { 3 } else { 0 }) as u64);
            if half {
                out.raw("\u{fffd}".as_bytes());
            }
            out.raw(rest.as_bytes());
        }
        ANY => {
            let count = reader.count(1, usize::MAX)?;
            values(reader, offset as usize)?;
            out.var_uint(count.saturating_sub(offset as usize) as u64);
            out.raw(reader.take(end.saturating_sub(reader.position()))?);
        }
        _ => return Err(Malformed("content that can't be cut")),
    }
    Ok(())
}

/// The text from a UTF-16 offset on; `true` when that is in the middle of a surrogate pair.
fn utf16_rest(text: &str, offset: u32) -> (bool, &str) {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if units >= offset as usize {
            return (units > offset as usize, &text[at..]);
        }
        units += c.len_utf16();
    }
    (units > offset as usize, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_utf16_units() {
        assert_eq!(utf16_rest("abc", 1), (false, "bc"));
        assert_eq!(utf16_rest("a😀b", 1), (false, "😀b"));
        assert_eq!(utf16_rest("a😀b", 2), (true, "b"));
        assert_eq!(utf16_rest("a😀b", 3), (false, "b"));
        assert_eq!(utf16_rest("😀", 1), (true, ""));
    }

    #[test]
    fn values_nest_as_deep_as_the_limit_and_no_deeper() {
        let nested = |depth: usize| [&[117, 1].repeat(depth)[..], &[126]].concat();
        let read = |bytes: &[u8]| values(&mut Reader::new(bytes), 1);
        assert!(read(&nested(MAX_VALUE_DEPTH)).is_ok());
        assert!(read(&nested(MAX_VALUE_DEPTH + 1)).is_err());
        assert!(read(&nested(100_000)).is_err());
    }
}
