//! A saved text as operations on the live document: a three-way merge against what the client had (promise P6).
//!
//! PURE.

use super::{NoDiagram, read};
use crate::bpmn::merge::{Op, diff_seen, rekeyed};
use crate::bpmn::{Records, import, materialise};

/// What a saved text was based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base<'b> {
    /// The text of a stored version.
    Text(&'b [u8]),
    /// Whatever is live: the save replaces it.
    Live,
}

/// What leads from the base to the saved text, in the keys of the live document. Nodes keep their keys for ever,
/// so the operations still fit when the document has moved on.
///
/// # Errors
/// The saved text can't be read; a base that can't be read counts as a bug of ours and is told the same way.
pub fn operations(live: &Records, base: Base<'_>, saved: &[u8]) -> Result<Vec<Op>, NoDiagram> {
    let saved = read(saved)?;
    Ok(match base {
        Base::Text(text) => {
            let seen = import(text)?;
            // A stored version is a text; the live document knows its elements by key.
            diff_seen(&rekeyed(live, &seen), &seen, &saved)
        }
        Base::Live => diff_seen(live, &import(materialise(live).as_bytes())?, &saved),
    })
}
