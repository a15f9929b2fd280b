//! Differences and three-way merges of diagrams, element by element and field by field.
//!
//! PURE. A save is `diff_seen(base, seen, new)` outside the room, then `apply` inside its
//! transaction: promise P6. `resolve` is the same on any state; `three_way` serves the command line.
//! Rules: facts of the model in client-protocol/DOCUMENT.md, matching in `matcher`.

mod aliases;
mod apply;
mod conflict;
mod diff;
pub(crate) mod index;
mod layout;
mod lossy;
mod matcher;
mod op;
mod report;
mod report_text;
mod resolve;
mod sequence;
mod spread;
mod three_way;

pub use apply::apply;
pub use diff::{diff, diff_seen, save};
pub use lossy::spare_what_modelers_lose;
pub use op::{Applied, Clash, Conflict, ElementRef, Kept, List, Op, Placed, Resolved, Write};
pub use report::{
    Changed, FieldChange, LayoutChange, LayoutKind, Move, Placement, Rename, Report, report,
};
pub use resolve::{Current, resolve};
pub use three_way::{Merged, common_root, rekeyed, three_way, write_records};

#[cfg(test)]
mod tests;
