//! Stock Yjs against the linter: thousands of seeded histories of npm `yjs` 13, every frame of them
//! judged, applied to yrs and compared with what Yjs itself makes of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use atelier::id::ClientId;
use atelier::protocol::lib0::StateVector;
use atelier::protocol::lint::{Have, Verdict, outline};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use serde::Deserialize;
use yrs::updates::decoder::Decode;
use yrs::{Doc, OffsetKind, Options, ReadTxn, Transact, Update};

use crate::lint_fuzz::new_have;
use crate::render::{normal, render};
use crate::setting;

/// Histories that are always run.
const AT_LEAST: u64 = 2000;
/// The time in which more of them are run, in seconds.
const TIME_BOX: u64 = 50;
/// The one thing of stock Yjs that is refused (PROTOCOL.md, known limits): a rare undo in a list.
const KNOWN_LIMIT: &str = "the same origin left and right";
/// It may end one history in so many.
const KNOWN_LIMIT_IN: u64 = 2000;
/// Histories that are run if there is time.
const AT_MOST: u64 = 100_000;

#[derive(Deserialize)]
struct History {
    seed: u64,
    frames: Vec<Frame>,
    step2: Vec<String>,
    clocks: std::collections::BTreeMap<String, u32>,
    json: serde_json::Value,
}

#[derive(Deserialize)]
struct Frame {
    e: Expected,
    u: String,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Ok,
    Dup,
    Gap,
}

/// A room reduced to what the linter and yrs do in it.
struct Room {
    doc: Doc,
    have: Have,
}

impl Room {
    fn new() -> Self {
        let mut options = Options::with_client_id(yrs::block::ClientID::new(1 << 40));
        options.offset_kind = OffsetKind::Utf16;
        // Else yrs deletes formats by itself, each replica others, and no log row says so.
        options.cleanup_formatting = false;
        Self { doc: Doc::with_options(options), have: new_have() }
    }

    fn take(&mut self, update: &Bytes) -> Verdict {
        let outlined = outline(update).unwrap_or_else(|why| panic!("refused: {why}"));
        let verdict = self.have.judge(update, &outlined);
        if let Verdict::Fits(fit) = &verdict {
            let mut txn = self.doc.transact_mut();
            txn.apply_update(Update::decode_v1(&fit.update).unwrap()).unwrap();
            self.have.absorb(&fit.outline);
            self.have.absorb_deleted(txn.delete_set());
            drop(txn);
            assert!(!self.doc.transact().has_missing_updates());
        }
        verdict
    }

    fn state(&self) -> Bytes {
        self.doc.transact().encode_state_as_update_v1(&Default::default()).into()
    }

    fn reload(&mut self) {
        let state = self.state();
        *self = Self::new();
        assert!(matches!(self.take(&state), Verdict::Fits(_) | Verdict::Covered));
    }

    /// Compares with the server document of the generator.
    fn check(&self, history: &History, shuffled: bool) {
        let clocks =
            history.clocks.iter().map(|(id, clock)| (ClientId(id.parse().unwrap()), *clock));
        let clocks = StateVector(clocks.collect());
        let txn = self.doc.transact();
        assert_eq!(self.have.state_vector(), clocks);
        assert_eq!(StateVector::from_yrs(&txn.state_vector()), clocks);
        let (ours, theirs) = (normal(render(&txn)), normal(history.json.clone()));
        // Where an edit split a surrogate pair, what stands there depends on which frame came first.
        if !shuffled || !format!("{ours}{theirs}").contains('\u{fffd}') {
            assert_eq!(ours, theirs);
        }
    }
}

impl History {
    fn meets_the_known_limit(&self) -> bool {
        let updates = self.frames.iter().map(|frame| &frame.u).chain(&self.step2);
        updates.into_iter().any(|u| outline(&bytes(u)).is_err_and(|why| why.0 == KNOWN_LIMIT))
    }
}

fn bytes(text: &str) -> Bytes {
    BASE64_STANDARD.decode(text).unwrap().into()
}

/// As the log feeds it: every frame in causal order, with reloads in between.
fn run_in_order(history: &History, rng: &mut fastrand::Rng) -> usize {
    let mut room = Room::new();
    let mut gaps = 0;
    for frame in &history.frames {
        let verdict = room.take(&bytes(&frame.u));
        let fine = match frame.e {
            Expected::Ok => matches!(verdict, Verdict::Fits(_) | Verdict::Covered),
            Expected::Dup => matches!(verdict, Verdict::Covered),
            Expected::Gap => matches!(verdict, Verdict::Gap),
        };
        assert!(fine, "{verdict:?} for {}", frame.u);
        gaps += usize::from(matches!(verdict, Verdict::Gap));
        if rng.u32(..20) == 0 {
            room.reload();
        }
    }
    room.check(history, false);
    for step2 in &history.step2 {
        assert!(matches!(room.take(&bytes(step2)), Verdict::Covered), "{step2}");
    }
    room.reload();
    room.check(history, false);
    for frame in &history.frames {
        if frame.e != Expected::Gap {
            let verdict = room.take(&bytes(&frame.u));
            assert!(matches!(verdict, Verdict::Covered), "{verdict:?} for {}", frame.u);
        }
    }
    gaps
}

/// In any order and doubled: what does not fit is a gap, and fits once its causes are there.
fn run_shuffled(history: &History, rng: &mut fastrand::Rng) -> usize {
    let mut waiting: Vec<Bytes> = history.frames.iter().map(|frame| bytes(&frame.u)).collect();
    rng.shuffle(&mut waiting);
    let mut room = Room::new();
    let mut gaps = 0;
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|update| match room.take(update) {
            Verdict::Fits(_) | Verdict::Covered => false,
            Verdict::Gap => true,
            Verdict::Refused(why) => panic!("refused: {why}"),
        });
        gaps += waiting.len();
        assert!(waiting.len() < before, "{before} updates never fit");
    }
    room.check(history, true);
    gaps
}

fn generator(first_seed: u64) -> Child {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    if !folder.join("node_modules/yjs").exists() {
        let npm = Command::new("npm").arg("ci").current_dir(&folder).status();
        assert!(npm.is_ok_and(|status| status.success()), "`npm ci` in tests/interop failed");
    }
    Command::new("node")
        .arg("generate-histories.mjs")
        .args([first_seed, AT_MOST].map(|number| number.to_string()))
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs Node 20")
}

#[test]
fn the_linter_takes_what_stock_yjs_sends_and_ends_where_yjs_ends() {
    let start = Instant::now();
    let time_box = Duration::from_secs(setting("ATELIER_TEST_SECONDS", TIME_BOX));
    let mut node = generator(setting("ATELIER_TEST_SEED", 1));
    let lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let (mut histories, mut frames, mut gaps, mut late, mut limited) = (0, 0, 0, 0, 0);
    for line in lines {
        let history: History = serde_json::from_str(&line.unwrap()).unwrap();
        if history.meets_the_known_limit() {
            limited += 1;
            continue;
        }
        let mut rng = fastrand::Rng::with_seed(history.seed);
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            (run_in_order(&history, &mut rng), run_shuffled(&history, &mut rng))
        }));
        let Ok((in_order, shuffled)) = ran else {
            panic!("replay with ATELIER_TEST_SEED={}", history.seed)
        };
        histories += 1;
        frames += history.frames.len();
        gaps += in_order;
        late += shuffled;
        if histories >= AT_LEAST && start.elapsed() > time_box {
            break;
        }
    }
    node.kill().unwrap();
    node.wait().unwrap();
    println!(
        "{histories} histories, {frames} frames, {gaps} gaps in order, {late} out of order, \
         {limited} histories with the known limit"
    );
    assert!(limited <= 1 + histories / KNOWN_LIMIT_IN, "{limited} of {histories}");
    assert!(histories >= AT_LEAST, "the generator stopped after {histories} histories");
    assert!(gaps > 0 && late > histories as usize, "{gaps} gaps in order, {late} out of order");
}
