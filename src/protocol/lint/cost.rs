//! What an update makes yrs split: bounded before yrs does it.
//!
//! PURE. yrs keeps a run of text or values in one piece and copies what is behind each split, so that
//! holes by the ten thousand in a long text take minutes. Entries under keys are never split.

use std::collections::HashMap;

use super::have::Have;
use super::place::Span;
use super::{Id, Kind, Outline, Ranges};
use crate::id::ClientId;

/// An upper bound of the clocks that are copied by the splits of an update.
pub(super) fn split_cost(
    have: &Have,
    outline: &Outline,
    spans: &[Span],
    deletes: &[(ClientId, Ranges)],
) -> u64 {
    let sections = outline.sections.iter().zip(spans).enumerate();
    let sections = sections.map(|(at, (section, span))| (section.client, (at, *span))).collect();
    let pieces = Pieces { have, outline, sections };
    let mut cost = 0_u64;
    for (section, span) in outline.sections.iter().zip(spans) {
        let new = outline.structs.get(span.first..span.last).unwrap_or_default();
        for one in new {
            let before = |id: &Id| pieces.behind_id(*id, 1);
            let continues = |id: &Id| {
                outline.clients.get(id.client as usize) == Some(&section.client)
                    && id.clock + 1 == one.clock
            };
            let left = one.origin.filter(|id| !continues(id)).map_or(0, |id| before(&id));
            let right = one.right.map_or(0, |id| pieces.behind_id(id, 0));
            cost = cost.saturating_add(left).saturating_add(right);
        }
    }
    for (client, ranges) in deletes {
        for (start, end) in ranges.iter() {
            let copied = pieces.behind(*client, start) + pieces.behind(*client, end);
            cost = cost.saturating_add(copied);
        }
    }
    cost
}

struct Pieces<'a> {
    have: &'a Have,
    outline: &'a Outline,
    /// The section of each client that has one, and what is new of it.
    sections: HashMap<ClientId, (usize, Span)>,
}

impl Pieces<'_> {
    fn behind_id(&self, id: Id, offset: u32) -> u64 {
        let client = self.outline.clients.get(id.client as usize);
        client.map_or(0, |client| self.behind(*client, id.clock.saturating_add(offset)))
    }

    /// How much of the piece that holds a clock lies behind it, at most; 0 at the start of a piece.
    fn behind(&self, client: ClientId, clock: u32) -> u64 {
        if let Some(track) = self.have.track(client)
            && clock < track.clock
        {
            return track.sequence_behind(clock);
        }
        let Some((at, span)) = self.sections.get(&client) else { return 0 };
        let Some(section) = self.outline.sections.get(*at) else { return 0 };
        let structs = self.outline.structs_of(section);
        let next = structs.partition_point(|one| one.clock <= clock);
        let found = next.checked_sub(1).and_then(|at| structs.get(at));
        match found {
            Some(one)
                if matches!(one.kind, Kind::Text | Kind::Value)
                    && clock > one.clock.max(span.known)
                    && clock < one.end() =>
            {
                u64::from(one.end() - clock)
            }
            _ => 0,
        }
    }
}
