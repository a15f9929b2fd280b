//! Writes an update anew without what a room has already (ROOM C6).
//!
//! PURE. Whole structs are copied; one that the room has in part is sliced as Yjs slices it.

use super::place::Span;
use super::walk::{CONTENT, HAS_ORIGIN, HAS_RIGHT_ORIGIN};
use super::{Kind, Outline, Ranges, Section, Struct, content};
use crate::id::ClientId;
use crate::protocol::lib0::{Malformed, Reader, Writer};

/// The update made of the structs within `spans` and of `deletes`.
pub(super) fn reframe(
    update: &[u8],
    outline: &Outline,
    spans: &[Span],
    deletes: &[(ClientId, Ranges)],
) -> Result<Vec<u8>, Malformed> {
    let mut out = Writer::with_capacity(update.len() + 16);
    let new = |span: &Span| span.first < span.last;
    out.var_uint(spans.iter().filter(|span| new(span)).count() as u64);
    for (section, span) in outline.sections.iter().zip(spans).filter(|(_, span)| new(span)) {
        write_section(update, outline, section, span, &mut out)?;
    }
    out.var_uint(deletes.len() as u64);
    for (client, ranges) in deletes {
        out.var_uint(client.0);
        out.var_uint(ranges.len() as u64);
        for (start, end) in ranges.iter() {
            out.var_uint(u64::from(start));
            out.var_uint(u64::from(end - start));
        }
    }
    Ok(out.finish())
}

fn write_section(
    update: &[u8],
    outline: &Outline,
    section: &Section,
    span: &Span,
    out: &mut Writer,
) -> Result<(), Malformed> {
    let bad = Malformed("outline of another update");
    let first = outline.structs.get(span.first).ok_or_else(|| bad.clone())?;
    let start_of = |at: usize| {
        let next = outline.structs.get(at).filter(|_| at < section.last);
        next.map_or(section.bytes_end, |one| one.at) as usize
    };
    out.var_uint((span.last - span.first) as u64);
    out.var_uint(section.client.0);
    out.var_uint(u64::from(first.clock.max(span.known)));
    let mut from = first.at as usize;
    if first.clock < span.known {
        let next = start_of(span.first + 1);
        let bytes = update.get(from..next).ok_or_else(|| bad.clone())?;
        write_slice(bytes, section.client, first, span.known, out)?;
        from = next;
    }
    out.raw(update.get(from..start_of(span.last)).ok_or(bad)?);
    Ok(())
}

/// Writes a struct from `known` on: its origin becomes the clock before.
fn write_slice(
    bytes: &[u8],
    client: ClientId,
    one: &Struct,
    known: u32,
    out: &mut Writer,
) -> Result<(), Malformed> {
    let offset = known - one.clock;
    let mut reader = Reader::new(bytes);
    let info = reader.u8()?;
    if matches!(one.kind, Kind::Gc | Kind::Skip) {
        out.u8(info);
        out.var_uint(u64::from(one.len - offset));
        return Ok(());
    }
    out.u8(info | HAS_ORIGIN);
    out.var_uint(client.0);
    out.var_uint(u64::from(known - 1));
    if info & HAS_ORIGIN != 0 {
        skip_id(&mut reader)?;
    }
    if info & HAS_RIGHT_ORIGIN != 0 {
        let start = reader.position();
        skip_id(&mut reader)?;
        out.raw(bytes.get(start..reader.position()).unwrap_or_default());
    }
    if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN) == 0 {
        if reader.var_uint()? == 1 {
            reader.string()?;
        } else {
            skip_id(&mut reader)?;
        }
        if info & super::walk::HAS_KEY != 0 {
            reader.string()?;
        }
    }
    content::write_rest(&mut reader, info & CONTENT, offset, bytes.len(), out)
}

fn skip_id(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    reader.client()?;
    reader.var_u32()?;
    Ok(())
}
