//! Two implementations of DOCUMENT.md, one diagram: what this one makes of random documents and
//! texts is byte for byte what client-protocol makes of them, with stock Yjs.
//!
//! `CROSS_RUNS` runs of each kind from the seed `CROSS_START` on. The merged diagram of one history
//! in ten stays in target/merged-diagrams/SEED-BASE.bpmn, for whoever opens diagrams.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use atelier::bpmn::{crdt, import, materialise, read_update, seed_update};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value as Json, json};
use yrs::Transact;

use crate::document_hostile::worse_records_of;
use crate::document_random::text_of;
use crate::histories::{bases, live};
use crate::setting;

/// Runs of each kind.
const RUNS: u64 = 2000;
/// One history in so many leaves its diagram behind.
const KEPT: u64 = 10;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The other side: a process that takes one case a line and tells of each that it sees otherwise.
struct Other {
    child: Child,
    input: ChildStdin,
}

impl Other {
    fn start() -> Self {
        let folder = root().join("client-protocol");
        if !folder.join("node_modules/yjs").exists() {
            let npm = Command::new("npm").arg("ci").current_dir(&folder).status();
            assert!(npm.is_ok_and(|status| status.success()), "`npm ci` in client-protocol failed");
        }
        let mut child = Command::new("node")
            .args(["--import", "tsx", "test/cross-check.ts"])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .spawn()
            .expect("this test needs Node 20");
        let input = child.stdin.take().unwrap();
        Self { child, input }
    }

    fn judge(&mut self, case: &Json) {
        writeln!(self.input, "{case}").expect("the other side takes every case");
    }

    /// Whether it saw every case as we do.
    fn agrees(mut self) -> bool {
        drop(self.input);
        self.child.wait().unwrap().success()
    }
}

fn base64(update: &Vec<u8>) -> String {
    BASE64_STANDARD.encode(update)
}

/// All updates of a history and the diagram that they make.
fn history(seed: u64, bases: &[(String, atelier::bpmn::Records)], kept: &Path) -> Json {
    let (name, world) = live(seed, bases);
    let xml = materialise(&crdt::read(&world.replicas[0].doc.transact()));
    if seed.is_multiple_of(KEPT) {
        std::fs::write(kept.join(format!("{seed}-{name}")), &xml).unwrap();
    }
    let updates: Vec<String> = world.log.iter().map(|sent| base64(&sent.update)).collect();
    json!({ "kind": "history", "seed": seed, "updates": updates, "xml": xml })
}

/// A document that holds what no honest client writes.
fn hostile(seed: u64) -> Json {
    let update = seed_update(&worse_records_of(seed), 1 << 40);
    let xml = materialise(&read_update(&update).unwrap());
    json!({ "kind": "hostile", "seed": seed, "updates": [base64(&update)], "xml": xml })
}

/// A text that nobody would write, and what becomes of it.
fn text(seed: u64) -> Json {
    let text = text_of(seed);
    let xml = match import(text.as_bytes()) {
        Ok(records) => materialise(&records),
        Err(refused) => format!("refused at {}:{}", refused.line, refused.column),
    };
    json!({ "kind": "text", "seed": seed, "text": text, "xml": xml })
}

#[test]
fn both_implementations_make_the_same_of_every_document_and_text() {
    let bases = bases();
    let kept = root().join("target/merged-diagrams");
    std::fs::create_dir_all(&kept).unwrap();
    let start = setting("CROSS_START", 0);
    let seeds = start..start + setting("CROSS_RUNS", RUNS);
    let mut other = Other::start();
    for seed in seeds.clone() {
        other.judge(&history(seed, &bases, &kept));
        other.judge(&hostile(seed));
        other.judge(&text(seed));
    }
    println!("seeds {seeds:?}: histories, hostile records, texts");
    assert!(other.agrees(), "the two implementations differ");
}
