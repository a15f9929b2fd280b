//! Hostile updates, by the hundred thousand: what the linter lets through never hurts yrs, and ends
//! in the same document everywhere.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use atelier::id::ClientId;
use atelier::protocol::lib0::StateVector;
use atelier::protocol::lint::{Have, Shape, Verdict, outline};
use bytes::Bytes;
use fastrand::Rng;
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
const ROOTS: [&str; 4] = ["m", "a", "t", "x"];
const KEYS: [&str; 3] = ["k", "l", ""];

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
    assert_eq!(render(&other), render(&txn), "another document after a reload");
    let again: Bytes = other.encode_state_as_update_v1(&Default::default()).into();
    assert_eq!(Have::of(&state).unwrap().state_vector(), have.state_vector());
    let outlined = outline(&again).unwrap();
    let verdict = have.judge(&again, &outlined);
    if let Verdict::Fits(fit) = &verdict {
        println!("STATE {} AGAIN {} ADDS {}", hex(&state), hex(&again), hex(&fit.update));
    }
    assert!(matches!(verdict, Verdict::Covered), "a reload adds something");
}

/// Random updates, mostly plausible: ids that exist, or nearly.
struct Generator<'a> {
    rng: &'a mut Rng,
    have: &'a Have,
    /// What this update itself brings, so far.
    fresh: Vec<(u64, u32)>,
}

impl Generator<'_> {
    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.rng.usize(..list.len())]
    }

    fn clock(&self, client: u64) -> u32 {
        let fresh = self.fresh.iter().rev().find(|(id, _)| *id == client);
        fresh.map_or_else(|| self.have.clock(ClientId(client)), |(_, clock)| *clock)
    }

    fn id(&mut self) -> Id {
        let client = self.pick(&CLIENTS);
        let clock = self.clock(client) + u32::from(self.rng.u8(..40) == 0);
        (client, if clock == 0 { 0 } else { self.rng.u32(..clock) })
    }

    fn maybe_id(&mut self) -> Option<Id> {
        if self.rng.bool() { Some(self.id()) } else { None }
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

    fn content(&mut self) -> Content {
        match self.rng.u8(..16) {
            0 | 1 => Content::Deleted(self.rng.u32(1..4)),
            2..=4 => Content::Text(self.pick(&["a", "bc", "😀", "x😀y", "ä"]).into()),
            5..=8 => Content::Any((0..self.rng.usize(1..4)).map(|_| self.value()).collect()),
            9 => Content::Binary(vec![1, 2]),
            10 => Content::Embed(self.pick(&["{}", "[1]", "null", "\"e\""]).into()),
            11 => Content::Format("bold".into(), self.pick(&["true", "null", "{\"r\":1}"]).into()),
            12 => Content::Type(3, Some("p")),
            _ => Content::Type(self.pick(&[0, 1, 2, 4, 6]), None),
        }
    }

    fn one(&mut self) -> Struct {
        if self.rng.u8(..12) == 0 {
            return if self.rng.u8(..8) == 0 {
                Struct::Skip(2)
            } else {
                Struct::Gc(self.rng.u32(1..4))
            };
        }
        let parent =
            if self.rng.bool() { Parent::Root(self.pick(&ROOTS)) } else { Parent::Item(self.id()) };
        let key = if self.rng.bool() { Some(self.pick(&KEYS)) } else { None };
        let (mut origin, mut right) = (self.maybe_id(), None);
        if key.is_none() || self.rng.u8(..10) == 0 {
            right = self.maybe_id();
        }
        if self.rng.u8(..3) == 0 {
            (origin, right) = (None, None);
        }
        Struct::Item(Item { origin, right, parent, key, content: self.content() })
    }

    fn update(&mut self) -> Craft {
        let mut craft = Craft::default();
        let mut clients = CLIENTS.to_vec();
        self.rng.shuffle(&mut clients);
        for client in clients.into_iter().take(self.rng.usize(..4)) {
            let known = self.clock(client);
            let start = match self.rng.u8(..12) {
                0 => known.saturating_sub(self.rng.u32(..3)),
                1 => known + u32::from(self.rng.bool()),
                _ => known,
            };
            let mut clock = start;
            let mut structs = Vec::new();
            for _ in 0..self.rng.usize(1..6) {
                self.fresh.push((client, clock));
                let one = self.one();
                clock += match &one {
                    Struct::Gc(len) | Struct::Skip(len) => *len,
                    Struct::Item(item) => item.content.len(),
                };
                structs.push(one);
            }
            self.fresh.push((client, clock));
            craft.sections.push((client, start, structs));
        }
        for client in CLIENTS {
            let clock = self.clock(client);
            if clock > 0 && self.rng.u8(..3) == 0 {
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
    let mut rng = Rng::with_seed(seed);
    let mut have = new_have();
    let doc = new_doc();
    let mut fed: Vec<Bytes> = Vec::new();
    let mut last: Bytes = Bytes::from_static(&[0, 0]);
    for _ in 0..PER_ROOM {
        let crafted = Generator { rng: &mut rng, have: &have, fresh: Vec::new() }.update().bytes();
        let update =
            if rng.u8(..4) == 0 { mutate(&mut rng, &crafted, &last).into() } else { crafted };
        last = update.clone();
        tally.tried += 1;
        let Ok(outlined) = outline(&update) else {
            tally.malformed += 1;
            continue;
        };
        let fit = match have.judge(&update, &outlined) {
            Verdict::Covered => {
                tally.covered += 1;
                continue;
            }
            Verdict::Gap => {
                tally.gaps += 1;
                continue;
            }
            Verdict::Refused(_) => {
                tally.refused += 1;
                continue;
            }
            Verdict::Fits(fit) => fit,
        };
        tally.accepted += 1;
        fed.push(fit.update.clone());
        if std::env::var("FED").is_ok() {
            eprintln!("FED {seed} {}", hex(&fit.update));
        }
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
        if seed % 10 == 0 {
            eprintln!("at {seed} {tally:?} {:?}", start.elapsed());
        }
    }
    println!("{tally:?}");
    assert!(tally.accepted > tally.tried / 10, "{tally:?}");
    assert!(tally.malformed > 0 && tally.refused > 0 && tally.gaps > 0, "{tally:?}");
}
