//! Judges a client's update against what a room has (ROOM C1, C2, C5).
//!
//! PURE. Trims first what the room has; only what is left can be a gap or an offence.

use bytes::Bytes;

use super::cost::split_cost;
use super::have::Have;
use super::place::{Fault, Resolver, Span, spans};
use super::{Fit, Kind, Malformed, Outline, Ranges, Verdict, reframe, walk};
use crate::id::ClientId;
use crate::limits::{MAX_SPLIT_COST, MAX_WRITERS_PER_UPDATE};

pub(super) fn judge(have: &Have, update: &Bytes, outline: &Outline) -> Verdict {
    let spans = spans(have, outline);
    if spans.iter().zip(&outline.sections).any(|(span, section)| {
        is_gap(outline, span) || (span.first < span.last && section.client.is_server())
    }) {
        return Verdict::Gap;
    }
    let Some((deletes, deleting)) = new_deletes(have, outline, &spans) else {
        return Verdict::Gap;
    };
    if deletes.is_empty() && spans.iter().all(|span| span.first == span.last) {
        return Verdict::Covered;
    }
    if spans.iter().filter(|span| span.first < span.last).count() > MAX_WRITERS_PER_UPDATE {
        return Verdict::Refused(Malformed("too many clients with new structs"));
    }
    match Resolver::new(have, outline, &spans).run() {
        Ok(_) => {}
        Err(Fault::Missing) => return Verdict::Gap,
        Err(Fault::Refused(why)) => return Verdict::Refused(why),
    }
    if split_cost(have, outline, &spans, deleting.iter().copied().zip(&deletes)) > MAX_SPLIT_COST {
        return Verdict::Refused(Malformed("too many splits of long sequences"));
    }
    let new = spans.iter().zip(&outline.sections).filter(|(span, _)| span.first < span.last);
    let writers = new.map(|(_, section)| section.client).collect();
    if is_whole(outline, &spans, &deletes) {
        return Verdict::Fits(Fit { update: update.clone(), outline: outline.clone(), writers });
    }
    let trimmed = reframe::reframe(update, outline, &spans, &deletes)
        .map(Bytes::from)
        .and_then(|update| Ok((walk::walk(&update, walk::Bounds::TRUSTED)?, update)));
    match trimmed {
        Ok((outline, update)) => Verdict::Fits(Fit { update, outline, writers }),
        Err(why) => Verdict::Refused(why),
    }
}

/// Whether a client's new structs start behind what the room has, or have a hole.
fn is_gap(outline: &Outline, span: &Span) -> bool {
    let new = outline.structs.get(span.first..span.last).unwrap_or_default();
    new.first().is_some_and(|first| first.clock > span.known)
        || new.iter().any(|one| one.kind == Kind::Skip)
}

/// Ranges by client, and the indices of those clients in the outline.
type NewDeletes = (Vec<(ClientId, Ranges)>, Vec<u32>);

/// The deleted ranges that the room does not have yet, and the indices of their clients; none if one
/// of them lies in the unknown.
fn new_deletes(have: &Have, outline: &Outline, spans: &[Span]) -> Option<NewDeletes> {
    let (mut new, mut clients) = (Vec::new(), Vec::new());
    for (index, (client, ranges)) in deleting(outline) {
        let track = have.track(*client);
        let left = match track {
            Some(track) => ranges.minus(&track.deleted),
            None => ranges.clone(),
        };
        if left.is_empty() {
            continue;
        }
        let known = track.map_or(0, |track| track.clock);
        let span = outline.section_of(index).and_then(|at| spans.get(at));
        let written = span.and_then(|span| outline.structs.get(span.first..span.last)?.last());
        if left.end() > known.max(written.map_or(0, |last| last.end())) {
            return None;
        }
        new.push((*client, left));
        clients.push(index);
    }
    Some((new, clients))
}

/// The delete lists, each with the index of its client.
fn deleting(outline: &Outline) -> impl Iterator<Item = (u32, &(ClientId, Ranges))> {
    let mut lists: Vec<_> = (0_u32..)
        .zip(&outline.deletes_of)
        .filter_map(|(index, at)| Some((index, outline.deletes.get((*at)? as usize)?, *at)))
        .collect();
    lists.sort_unstable_by_key(|(_, _, at)| *at);
    lists.into_iter().map(|(index, list, _)| (index, list))
}

/// Whether all of the update is new, so that its bytes can go on as they came.
fn is_whole(outline: &Outline, spans: &[Span], deletes: &[(ClientId, Ranges)]) -> bool {
    let starts_at_the_clock = |(span, section): (&Span, &super::Section)| {
        span.first == section.first && section.start == span.known
    };
    outline.canonical
        && outline.deletes == deletes
        && spans.iter().zip(&outline.sections).all(starts_at_the_clock)
}
