//! What an update makes yrs split: bounded before yrs does it.
//!
//! PURE. yrs keeps a run of text or values in one piece and copies what is behind each split, so that
//! holes by the ten thousand in a long text take minutes. Entries under keys are never split.

use super::have::Have;
use super::place::Span;
use super::{Id, Kind, Outline, Ranges};
use crate::id::ClientId;

/// An upper bound of the clocks that are copied by the splits of an update. `deletes` are its new
/// deletions, with the indices of their clients.
pub(super) fn split_cost<'a>(
    have: &Have,
    outline: &Outline,
    spans: &[Span],
    deletes: impl Iterator<Item = (u32, &'a (ClientId, Ranges))>,
) -> u64 {
    let pieces = Pieces { have, outline, spans };
    let mut cost = 0_u64;
    for (section, span) in outline.sections.iter().zip(spans) {
        let new = outline.structs.get(span.first..span.last).unwrap_or_default();
        for one in new {
            let before = |id: &Id| pieces.behind_id(*id, 1);
            let continues = |id: &Id| id.client == section.index && id.clock + 1 == one.clock;
            let left = one.origin.filter(|id| !continues(id)).map_or(0, |id| before(&id));
            let right = one.right.map_or(0, |id| pieces.behind_id(id, 0));
            cost = cost.saturating_add(left).saturating_add(right);
        }
    }
    for (index, (client, ranges)) in deletes {
        let section = outline.section_of(index);
        for (start, end) in ranges.iter() {
            let at = |clock| pieces.behind(*client, section, clock);
            cost = cost.saturating_add(at(start) + at(end));
        }
    }
    cost
}

struct Pieces<'a> {
    have: &'a Have,
    outline: &'a Outline,
    spans: &'a [Span],
}

impl Pieces<'_> {
    fn behind_id(&self, id: Id, offset: u32) -> u64 {
        let client = self.outline.clients.get(id.client as usize);
        let section = self.outline.section_of(id.client);
        client.map_or(0, |client| self.behind(*client, section, id.clock.saturating_add(offset)))
    }

    /// How much of the piece that holds a clock lies behind it, at most; 0 at the start of a piece.
    fn behind(&self, client: ClientId, section: Option<usize>, clock: u32) -> u64 {
        if let Some(track) = self.have.track(client)
            && clock < track.clock
        {
            return track.sequence_behind(clock);
        }
        let Some(at) = section else { return 0 };
        let (Some(section), Some(span)) = (self.outline.sections.get(at), self.spans.get(at))
        else {
            return 0;
        };
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
