//! Cuts a big state into updates that build only on those before them (ROOM G4).
//!
//! PURE. A client's silence timer runs on whole messages, so a state of many megabytes goes out in
//! pieces. Linear in the structs; the deletions go with the last piece.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::place::Span;
use super::reframe::reframe;
use super::{Id, Outline, Parent, Struct};
use crate::protocol::lib0::Malformed;

/// The update in pieces of about `max_bytes`, in causal order; one piece where it is not larger.
///
/// # Errors
/// Where it is no update, or builds on something inside itself that it lacks.
pub fn split(update: &Bytes, max_bytes: usize) -> Result<Vec<Bytes>, Malformed> {
    if update.len() <= max_bytes {
        return Ok(vec![update.clone()]);
    }
    let outline = super::outline_trusted(update)?;
    let mut cutter = Cutter::new(&outline);
    let mut pieces = Vec::new();
    while !cutter.is_done() {
        let spans = cutter.piece(max_bytes)?;
        let deletes = if cutter.is_done() { outline.deletes.as_slice() } else { &[] };
        pieces.push(reframe(update, &outline, &spans, deletes)?.into());
    }
    Ok(pieces)
}

struct Cutter<'a> {
    outline: &'a Outline,
    /// The next struct of each section.
    next: Vec<usize>,
    /// The section of each client that has one.
    section_of: BTreeMap<u32, usize>,
    ready: VecDeque<usize>,
    /// Sections that wait for another one to go on.
    waiters: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Cutter<'a> {
    fn new(outline: &'a Outline) -> Self {
        let index: BTreeMap<_, _> = outline.clients.iter().zip(0_u32..).collect();
        let section_of = outline.sections.iter().enumerate();
        let section_of =
            section_of.filter_map(|(at, section)| Some((*index.get(&section.client)?, at)));
        Self {
            outline,
            next: outline.sections.iter().map(|section| section.first).collect(),
            section_of: section_of.collect(),
            ready: (0..outline.sections.len()).collect(),
            waiters: BTreeMap::new(),
        }
    }

    fn is_done(&self) -> bool {
        self.outline.sections.iter().zip(&self.next).all(|(section, next)| *next >= section.last)
    }

    /// The next piece: what each section contributes.
    fn piece(&mut self, max_bytes: usize) -> Result<Vec<Span>, Malformed> {
        let from = self.next.clone();
        let mut bytes = 0;
        while bytes < max_bytes {
            let Some(at) = self.ready.pop_front() else { break };
            bytes += self.advance(at, max_bytes - bytes);
        }
        if from == self.next {
            return Err(Malformed("a state that builds on what it lacks"));
        }
        let spans = from.iter().zip(&self.next);
        Ok(spans.map(|(first, last)| Span { first: *first, last: *last, known: 0 }).collect())
    }

    /// Takes structs of one section until one must wait, or the piece is full; answers their bytes.
    fn advance(&mut self, at: usize, max_bytes: usize) -> usize {
        let Some(section) = self.outline.sections.get(at) else { return 0 };
        let begin = self.next.get(at).copied().unwrap_or(section.last);
        let mut next = begin;
        let offset = |index: usize| match self.outline.structs.get(index) {
            Some(one) if index < section.last => one.at as usize,
            _ => section.bytes_end as usize,
        };
        let mut blocked = None;
        while next < section.last && offset(next) - offset(begin) < max_bytes {
            let Some(one) = self.outline.structs.get(next) else { break };
            // Its own section is in order by itself.
            blocked = needs(one).find_map(|id| self.missing(id).filter(|other| *other != at));
            if blocked.is_some() {
                break;
            }
            next += 1;
        }
        let taken = offset(next) - offset(begin);
        if let Some(slot) = self.next.get_mut(at) {
            *slot = next;
        }
        match blocked {
            Some(other) => self.waiters.entry(other).or_default().push(at),
            None if next < section.last => self.ready.push_front(at),
            None => {}
        }
        if next > begin {
            self.ready.extend(self.waiters.remove(&at).into_iter().flatten());
        }
        taken
    }

    /// The section that must go on before this id is there; `None` where it is there already.
    fn missing(&self, id: Id) -> Option<usize> {
        let at = *self.section_of.get(&id.client)?;
        let section = self.outline.sections.get(at)?;
        let next = *self.next.get(at)?;
        let reached = match self.outline.structs.get(next) {
            Some(one) if next < section.last => one.clock,
            _ => section.end,
        };
        (id.clock >= reached).then_some(at)
    }
}

fn needs(one: &Struct) -> impl Iterator<Item = Id> {
    let parent = match one.parent {
        Parent::Item(id, _) => Some(id),
        Parent::Inherited | Parent::Root(..) => None,
    };
    [one.origin, one.right, parent].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yrs::updates::decoder::Decode;
    use yrs::{
        Doc, Map, MapPrelim, OffsetKind, Options, ReadTxn, Text, Transact, Update, WriteTxn,
    };

    fn doc(id: u64) -> Doc {
        let mut options = Options::with_client_id(yrs::block::ClientID::new(id));
        options.offset_kind = OffsetKind::Utf16;
        Doc::with_options(options)
    }

    fn state(doc: &Doc) -> Bytes {
        doc.transact().encode_state_as_update_v1(&yrs::StateVector::default()).into()
    }

    fn apply(doc: &Doc, update: &Bytes) {
        doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }

    /// Two writers that take turns, so that each builds on the other.
    fn interleaved() -> Doc {
        let docs = [doc(1), doc(2)];
        for n in 0..400 {
            let (me, other) = (&docs[n % 2], &docs[(n + 1) % 2]);
            apply(me, &state(other));
            let mut txn = me.transact_mut();
            let nodes = txn.get_or_insert_map("nodes");
            let node = MapPrelim::from([("#0", format!("node {n} {}", "x".repeat(n % 50)))]);
            nodes.insert(&mut txn, format!("n{n}"), node);
            if n % 7 == 0 {
                nodes.remove(&mut txn, &format!("n{}", n / 2));
            }
            let text = txn.get_or_insert_text("text");
            text.insert(&mut txn, u32::try_from(n / 2).unwrap(), "ab");
        }
        apply(&docs[0], &state(&docs[1]));
        let [merged, _] = docs;
        merged
    }

    #[test]
    fn g4_every_piece_builds_only_on_those_before_it() {
        let whole = interleaved();
        let update = state(&whole);
        let pieces = split(&update, 2_000).unwrap();
        assert!(pieces.len() > 5, "{}", pieces.len());
        let copy = doc(9);
        for piece in &pieces {
            assert!(piece.len() < 4_000, "{}", piece.len());
            apply(&copy, piece);
            assert!(!copy.transact().has_missing_updates());
        }
        assert_eq!(state(&copy).len(), update.len());
        assert_eq!(copy.transact().state_vector(), whole.transact().state_vector());
    }

    #[test]
    fn g4_a_small_state_stays_in_one_piece() {
        let update = state(&interleaved());
        let pieces = split(&update, update.len()).unwrap();
        assert_eq!(pieces, std::slice::from_ref(&update));
    }
}
