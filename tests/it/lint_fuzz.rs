//! Hostile updates, by the hundred thousand: what the linter lets through never hurts yrs, and ends
//! in the same document everywhere.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use atelier::protocol::lib0::StateVector;
use atelier::protocol::lint::{Have, Shape, Verdict, outline};
use bytes::Bytes;
use fastrand::Rng;
use serde_json::Value;
use yrs::updates::decoder::Decode;
use yrs::{Doc, OffsetKind, Options, ReadTxn, Transact, Update};

use crate::craft::{Content, Craft, Id, Item, Parent, Struct};
use crate::render::render;
use crate::setting;

/// Updates that are always tried.
const AT_LEAST: u64 = 200_000;
/// Seconds after which no more are tried.
const TIME_BOX: u64 = 40;
/// Updates fed to one document.
const PER_ROOM: usize = 24;

const CLIENTS: [u64; 4] = [1, 2, 3, 900];

pub(crate) fn new_doc() -> Doc {
    let mut options = Options::with_client_id(yrs::block::ClientID::new(1 << 40));
    options.offset_kind = OffsetKind::Utf16;
    options.cleanup_formatting = false;
    Doc::with_options(options)
}

pub(crate) fn new_have() -> Have {
    let mut have = Have::default();
    for (root, shape) in
        [("m", Shape::Map), ("a", Shape::Array), ("t", Shape::Text), ("x", Shape::Xml)]
    {
        have.declare_root(root, shape);
    }
    have
}

/// The whole way of an accepted update: apply, encode, decode, apply elsewhere, compare.
pub(crate) fn survives(doc: &Doc, have: &mut Have, fit: &atelier::protocol::lint::Fit) {
    let mut txn = doc.transact_mut();
    txn.apply_update(Update::decode_v1(&fit.update).unwrap()).unwrap();
    have.absorb(&fit.outline);
    have.absorb_deleted(txn.delete_set());
    drop(txn);
    let txn = doc.transact();
    assert!(!txn.has_missing_updates(), "pending structs");
    assert_eq!(StateVector::from_yrs(&txn.state_vector()), have.state_vector());
    let state: Bytes = txn.encode_state_as_update_v1(&Default::default()).into();
    let other = new_doc();
    other.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
    let other = other.transact();
    assert!(!other.has_missing_updates(), "pending structs after a reload");
    assert_eq!(other.state_vector(), txn.state_vector());
    assert_eq!(
        unordered(render(&other)),
        unordered(render(&txn)),
        "another document after a reload"
    );
    let again: Bytes = other.encode_state_as_update_v1(&Default::default()).into();
    assert_eq!(Have::of(&state).unwrap().state_vector(), have.state_vector());
    let outlined = outline(&again).unwrap();
    let verdict = have.judge(&again, &outlined);
    assert!(matches!(verdict, Verdict::Covered), "a reload adds something");
}

/// What the generator knows of one place where items hang.
#[derive(Clone)]
struct Place {
    parent: Parent,
    /// The type number of the parent: 0 array, 1 map, 2 text, 4 XML.
    shape: u8,
    key: Option<&'static str>,
    items: Vec<Id>,
}

/// The content without the order of its sequences: that is not defined where an author lies about
/// the neighbours of what it inserts. Entries under keys have none.
fn unordered(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            chars.sort_unstable();
            chars.into_iter().collect::<String>().into()
        }
        Value::Array(items) => {
            let mut list = Vec::new();
            for item in items {
                match item.as_array().map(Vec::as_slice) {
                    // A run of text: its characters, without formats.
                    Some([insert, Value::Object(_)]) => match insert.as_str() {
                        Some(text) => list.extend(text.chars().map(|c| Value::from(c.to_string()))),
                        None => list.push(unordered(insert.clone())),
                    },
                    _ => list.push(unordered(item)),
                }
            }
            list.sort_by_key(Value::to_string);
            Value::Array(list)
        }
        Value::Object(fields) => fields.into_iter().map(|(key, v)| (key, unordered(v))).collect(),
        other => other,
    }
}

/// What the generator knows plausible: ids that exist, in places where they fit.
struct Generator {
    rng: Rng,
    places: Vec<Place>,
    clocks: BTreeMap<u64, u32>,
}

impl Generator {
    fn new(seed: u64) -> Self {
        let mut this =
            Self { rng: Rng::with_seed(seed), places: Vec::new(), clocks: BTreeMap::new() };
        for (root, shape) in [("m", 1), ("a", 0), ("t", 2), ("x", 4)] {
            this.add_places(&Parent::Root(root), shape);
        }
        this
    }

    fn add_places(&mut self, parent: &Parent, shape: u8) {
        for key in [Some("k"), Some(""), None] {
            if key.is_some() || shape != 1 {
                self.places.push(Place { parent: parent.clone(), shape, key, items: Vec::new() });
            }
        }
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.rng.usize(..list.len())]
    }

    /// One in `n`.
    fn rarely(&mut self, n: u32) -> bool {
        self.rng.u32(..n) == 0
    }

    fn clock(&self, client: u64) -> u32 {
        self.clocks.get(&client).copied().unwrap_or(0)
    }

    /// Any id, existing or nearly.
    fn any_id(&mut self) -> Id {
        let client = self.pick(&CLIENTS);
        let clock = self.clock(client) + u32::from(self.rarely(3));
        (client, self.rng.u32(..=clock))
    }

    fn id_in(&mut self, place: usize) -> Option<Id> {
        let items = &self.places[place].items;
        if items.is_empty() || self.rng.bool() {
            return None;
        }
        let last = items.len() - 1;
        let at = if self.rng.bool() { last } else { self.rng.usize(..=last) };
        Some(self.places[place].items[at])
    }

    fn value(&mut self) -> Vec<u8> {
        match self.rng.u8(..6) {
            0 => vec![126],
            1 => vec![125, self.rng.u8(..0x40)],
            2 => vec![117, 2, 126, 119, 1, b'v'],
            3 => vec![118, 1, 1, b'n', 120],
            4 => vec![116, 2, 0, 255],
            _ => vec![119, 2, 0xc3, 0xa4],
        }
    }

    fn content(&mut self, shape: u8, keyed: bool) -> Content {
        if self.rarely(8) {
            return Content::Deleted(self.rng.u32(1..4));
        }
        let shape = if self.rarely(40) { self.rng.u8(..5) } else { shape };
        if shape == 4 && !keyed || self.rarely(4) {
            return match self.rng.u8(..6) {
                0 => Content::Type(3, Some("p")),
                number => Content::Type([0, 1, 2, 4, 6][usize::from(number) - 1], None),
            };
        }
        if shape == 2 && !keyed {
            return match self.rng.u8(..4) {
                0 => Content::Embed(self.pick(&["{}", "[1]", "null", "\"e\""]).into()),
                1 => {
                    Content::Format("bold".into(), self.pick(&["true", "null", "{\"r\":1}"]).into())
                }
                _ => Content::Text(self.pick(&["a", "bc", "😀", "x😀y", "ä"]).into()),
            };
        }
        let most = if keyed && !self.rarely(20) { 2 } else { 4 };
        match self.rng.u8(..8) {
            0 => Content::Binary(vec![1, 2]),
            _ => Content::Any((0..self.rng.usize(1..most)).map(|_| self.value()).collect()),
        }
    }

    fn one(&mut self, id: Id) -> Struct {
        if self.rarely(15) {
            return if self.rarely(8) { Struct::Skip(2) } else { Struct::Gc(self.rng.u32(1..4)) };
        }
        let at = self.rng.usize(..self.places.len());
        let Place { parent, shape, key, .. } = self.places[at].clone();
        let mut item = Item {
            origin: self.id_in(at),
            right: if key.is_none() || self.rarely(50) { self.id_in(at) } else { None },
            parent,
            key,
            content: self.content(shape, key.is_some()),
        };
        if self.rarely(60) {
            item.origin = Some(self.any_id());
        }
        if self.rarely(60) {
            item.right = Some(self.any_id());
        }
        if self.rarely(60) {
            item.parent = Parent::Item(self.any_id());
        }
        if let Content::Type(number, _) = item.content {
            let shape = [0, 1, 2, 4, 4, 4, 2][usize::from(number)];
            self.add_places(&Parent::Item(id), shape);
        }
        let (client, clock) = id;
        let ids = (clock..clock + item.content.len()).map(|clock| (client, clock));
        self.places[at].items.extend(ids);
        Struct::Item(item)
    }

    fn update(&mut self) -> Craft {
        let mut craft = Craft::default();
        let mut clients = CLIENTS.to_vec();
        self.rng.shuffle(&mut clients);
        for client in clients.into_iter().take(self.rng.usize(..4)) {
            let known = self.clock(client);
            let start = match self.rng.u8(..40) {
                0..=4 => known.saturating_sub(self.rng.u32(..3)),
                5 => known + 1,
                _ => known,
            };
            let mut clock = start;
            let mut structs = Vec::new();
            for _ in 0..self.rng.usize(1..6) {
                let one = self.one((client, clock));
                clock += match &one {
                    Struct::Gc(len) | Struct::Skip(len) => *len,
                    Struct::Item(item) => item.content.len(),
                };
                structs.push(one);
            }
            self.clocks.insert(client, clock.max(known));
            craft.sections.push((client, start, structs));
        }
        for client in CLIENTS {
            let clock = self.clock(client);
            if clock > 0 && self.rarely(3) {
                let ranges = (0..self.rng.usize(1..4)).map(|_| {
                    let start = self.rng.u32(..clock);
                    (start, self.rng.u32(1..4).min(clock - start))
                });
                craft.deletes.push((client, ranges.collect()));
            }
        }
        craft
    }
}

/// Flips, cuts, doubles and splices bytes.
fn mutate(rng: &mut Rng, bytes: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.usize(1..4) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = rng.usize(..bytes.len());
        match rng.u8(..7) {
            0 => bytes[at] = rng.u8(..),
            1 => bytes[at] ^= 1 << rng.u8(..8),
            2 => bytes[at] = bytes[at].wrapping_add(rng.u8(..3)).wrapping_sub(1),
            3 => bytes.insert(at, rng.u8(..)),
            4 => {
                bytes.remove(at);
            }
            5 => bytes.truncate(at),
            _ => {
                let from = rng.usize(..=other.len());
                let to = (from + rng.usize(..8)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

#[derive(Default, Debug)]
struct Tally {
    tried: u64,
    malformed: u64,
    refused: u64,
    gaps: u64,
    covered: u64,
    accepted: u64,
}

/// Feeds one document until something is wrong; answers what it was fed then.
fn run_room(seed: u64, tally: &mut Tally) -> Result<(), String> {
    let mut generator = Generator::new(seed);
    let mut have = new_have();
    let doc = new_doc();
    let mut fed: Vec<Bytes> = Vec::new();
    let mut last: Bytes = Bytes::from_static(&[0, 0]);
    for _ in 0..PER_ROOM {
        let before = (generator.places.clone(), generator.clocks.clone());
        let crafted = generator.update().bytes();
        let update = if generator.rarely(6) {
            mutate(&mut generator.rng, &crafted, &last).into()
        } else {
            crafted
        };
        last = update.clone();
        tally.tried += 1;
        let verdict = outline(&update).map(|outlined| have.judge(&update, &outlined));
        let Ok(Verdict::Fits(fit)) = verdict else {
            match verdict {
                Err(_) => tally.malformed += 1,
                Ok(Verdict::Gap) => tally.gaps += 1,
                Ok(Verdict::Refused(_)) => tally.refused += 1,
                Ok(_) => tally.covered += 1,
            }
            (generator.places, generator.clocks) = before;
            continue;
        };
        tally.accepted += 1;
        fed.push(fit.update.clone());
        let ran = catch_unwind(AssertUnwindSafe(|| survives(&doc, &mut have, &fit)));
        if ran.is_err() {
            // Its drop would commit.
            std::mem::forget(doc);
            let fed: Vec<String> = fed.iter().map(|update| hex(update)).collect();
            return Err(format!("seed {seed}: {}", fed.join(" ")));
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_the_linter_accepts_never_hurts_yrs() {
    let start = Instant::now();
    let time_box = Duration::from_secs(setting("ATELIER_TEST_SECONDS", TIME_BOX));
    let mut tally = Tally::default();
    let mut seed = setting("ATELIER_TEST_SEED", 1);
    while tally.tried < AT_LEAST || start.elapsed() < time_box {
        if let Err(what) = run_room(seed, &mut tally) {
            panic!("{what}");
        }
        seed += 1;
    }
    println!("{tally:?}");
    assert!(tally.accepted > tally.tried / 10, "{tally:?}");
    assert!(tally.malformed > 0 && tally.refused > 0 && tally.gaps > 0, "{tally:?}");
}
