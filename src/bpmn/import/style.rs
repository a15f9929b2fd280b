//! How a text is written (rule D10): what `meta.style` and `meta.decl` keep.
//!
//! PURE. Read from our own output, every entry comes out as it went in or has no effect.

use super::{Layout, Source};
use crate::bpmn::json;
use crate::bpmn::xml::{Kind, RefStyle, Tree};
use crate::limits::{MAX_INDENT, MAX_INDENT_LEVELS};

/// `meta.decl`; none without an XML declaration.
pub(super) fn declaration(tree: &Tree<'_>) -> Option<String> {
    let decl = tree.decl.as_ref()?;
    let fields = [("encoding", decl.encoding), ("standalone", decl.standalone)];
    Some(json::write_strings(fields.into_iter().filter_map(|(name, v)| Some((name, v?)))))
}

/// `meta.style`: only what differs from the default.
pub(super) fn style(source: &Source<'_, '_>) -> Option<String> {
    let lexical = &source.tree.lexical;
    let mut fields: Vec<(&str, &str)> = Vec::new();
    let mut flag = |on: bool, name, value| {
        if on {
            fields.push((name, value));
        }
    };
    flag(lexical.crlf, "eol", "\r\n");
    flag(lexical.spaced_empty == Some(true), "sc", " />");
    flag(source.tree.decl.as_ref().is_some_and(|d| d.single_quotes), "q", "'");
    flag(lexical.refs == Some(RefStyle::Hexadecimal), "ch", "x");
    flag(lexical.text_gt, "gt", "1");
    flag(lexical.text_quot, "tq", "1");
    flag(lexical.text_apos, "ta", "1");
    flag(lexical.attribute_gt, "ag", "1");
    flag(lexical.attribute_apos, "aa", "1");
    flag(lexical.top_break == Some(false), "dnl", "0");
    flag(!lexical.final_break, "nl", "0");
    let indent = indent(source);
    match &indent {
        Some(Indent::Flat) => fields.push(("flat", "1")),
        Some(Indent::Unit(unit)) if unit != "  " => fields.push(("indent", unit)),
        _ => {}
    }
    (!fields.is_empty()).then(|| json::write_strings(fields))
}

enum Indent {
    Flat,
    Unit(String),
}

/// The indentation of the first element that is laid out as a block.
fn indent(source: &Source<'_, '_>) -> Option<Indent> {
    let block = (0..source.tree.nodes.len()).find(|i| source.layout(*i) == Layout::Block)?;
    let mut depth = 1;
    let mut at = block;
    while let Some(parent) = source.parent(at) {
        depth += 1;
        at = parent;
    }
    let first = source.tree.children(block).next().map(|(_, n)| &n.kind);
    let Some(Kind::Text(text)) = first else { return Some(Indent::Flat) };
    let Some((_, space)) = text.rsplit_once('\n') else { return Some(Indent::Flat) };
    let depth = depth.min(MAX_INDENT_LEVELS);
    let unit = if space.len() % depth == 0 { space.get(..space.len() / depth)? } else { space };
    (unit.len() <= MAX_INDENT).then(|| Indent::Unit(unit.to_owned()))
}
