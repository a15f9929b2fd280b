//! A saved text as operations on the live document: a three-way merge against what the client had (promise P6).
//!
//! PURE.

use super::{NoDiagram, read};
use crate::bpmn::merge::{
    Conflict, Kept, Op, diff_seen, rekeyed, resolve, spare_what_modelers_lose,
};
use crate::bpmn::{Records, import, materialise};

/// What a saved text was based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base<'b> {
    /// The text of a stored version.
    Text(&'b [u8]),
    /// The text of a stored version, and what the client's own writer made of it right after loading: what
    /// that writer always loses is no difference.
    Exported(&'b [u8], &'b [u8]),
    /// Whatever is live: the save replaces it.
    Live,
}

/// How a saved text was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// By something that keeps what it does not know.
    Faithful,
    /// By a modeler that drops comments, instructions and foreign attributes: their absence is no wish.
    Lossy,
}

/// What leads from the base to the saved text, in the keys of the live document. Nodes keep their keys for ever,
/// so the operations still fit when the document has moved on.
///
/// # Errors
/// The client's own export can't be read; a base that can't be read counts as a bug of ours and is told the same
/// way.
pub fn operations(
    live: &Records,
    base: Base<'_>,
    saved: &Records,
    writer: Writer,
) -> Result<Vec<Op>, NoDiagram> {
    let (base, seen) = match base {
        Base::Text(text) => {
            let seen = import(text)?;
            // A stored version is a text; the live document knows its elements by key.
            (rekeyed(live, &seen), seen)
        }
        Base::Exported(text, exported) => (rekeyed(live, &import(text)?), read(exported)?),
        Base::Live => (live.clone(), import(materialise(live).as_bytes())?),
    };
    let ops = diff_seen(&base, &seen, saved);
    Ok(match writer {
        Writer::Faithful => ops,
        Writer::Lossy => spare_what_modelers_lose(ops, &base),
    })
}

/// What both sides changed, if these operations were carried out on what is live: nothing is written.
pub fn conflicts(live: &Records, ops: &[Op]) -> Vec<Conflict> {
    // The keys of new nodes are thrown away with the rest.
    resolve(ops, live, Kept::Saved, &mut fastrand::Rng::with_seed(0)).conflicts
}
