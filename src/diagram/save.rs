//! A saved text as operations on the live document: a three-way merge against what the client had (promise P6).
//!
//! PURE.

use super::{NoDiagram, read};
use crate::bpmn::merge::{Conflict, Kept, Op, diff_seen, rekeyed, resolve};
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
        Base::Exported(text, exported) => {
            let base = rekeyed(live, &import(text)?);
            diff_seen(&base, &read(exported)?, &saved)
        }
        Base::Live => diff_seen(live, &import(materialise(live).as_bytes())?, &saved),
    })
}

/// What both sides changed, if these operations were carried out on what is live: nothing is written.
pub fn conflicts(live: &Records, ops: &[Op]) -> Vec<Conflict> {
    // The keys of new nodes are thrown away with the rest.
    resolve(ops, live, Kept::Saved, &mut fastrand::Rng::with_seed(0)).conflicts
}
