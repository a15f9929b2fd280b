//! Concurrent histories: 2–4 replicas edit one diagram with partial, doubled and reordered delivery,
//! 5 % of the edits are saves of a stale text. Whatever comes out, the replicas are equal and the
//! export keeps the invariants I1–I7 and I9–I12 of the document model.
//!
//! `ATELIER_FUZZ_RUNS` sets the number of runs, `ATELIER_FUZZ_SEED` replays one. The time box is the
//! stated count: 300 runs and, for each normaliser rule, as many as its mutation needs (at most 400).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use atelier::bpmn::crdt;
use atelier::bpmn::materialise::Rules;
use atelier::bpmn::merge::{Write, apply, diff_seen, save, write_records};
use atelier::bpmn::model::{Record, Records};
use atelier::bpmn::{import, materialise, new_doc};
use yrs::updates::decoder::Decode;
use yrs::{Doc, Transact, TransactionMut, Update};

use crate::fuzz_edits::{self, Edit};
use crate::history_check::{Happened, check};
use crate::invariants::violations;

const RUNS: u64 = 300;
const MUTATION_RUNS: u64 = 400;

/// One transaction of a replica.
struct Sent {
    update: Vec<u8>,
    /// Everything that its sender had seen.
    needs: BTreeSet<usize>,
}

struct Replica {
    doc: Doc,
    has: BTreeSet<usize>,
    /// The state that somebody's next stale save starts from.
    opened: Records,
}

struct World {
    rng: fastrand::Rng,
    log: Vec<Sent>,
    replicas: Vec<Replica>,
    happened: Happened,
    /// What went wrong on the way.
    broken: Vec<String>,
}

impl World {
    fn new(seed: u64, base: &Records) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut world = Self {
            rng: rng.fork(),
            log: Vec::new(),
            replicas: Vec::new(),
            happened: Happened::default(),
            broken: Vec::new(),
        };
        let seeder = new_doc(1);
        let update = transact(&seeder, |txn| crdt::write(base, txn));
        world.log.push(Sent { update, needs: BTreeSet::new() });
        let mut client = 10;
        for _ in 0..rng.u32(2..5) {
            // Neighbouring ids and far ones, not in the order of the replicas.
            client += rng.u64(1..1000);
            let doc = new_doc(if rng.bool() { client } else { 1_000_000 - client });
            world.replicas.push(Replica { doc, has: BTreeSet::new(), opened: base.clone() });
            let last = world.replicas.len() - 1;
            world.receive(last, 0);
        }
        world
    }

    fn receive(&mut self, to: usize, sent: usize) {
        let replica = &mut self.replicas[to];
        let update = Update::decode_v1(&self.log[sent].update).unwrap();
        replica.doc.transact_mut().apply_update(update).unwrap();
        replica.has.insert(sent);
    }

    /// Delivers a random part of what a replica lacks, in random order as far as causes allow,
    /// some of it twice.
    fn deliver(&mut self, to: usize, share: f64) {
        let mut waiting: Vec<usize> = (0..self.log.len())
            .filter(|sent| !self.replicas[to].has.contains(sent))
            .filter(|_| self.rng.f64() < share)
            .collect();
        self.rng.shuffle(&mut waiting);
        loop {
            let ready = |sent: &usize| self.log[*sent].needs.is_subset(&self.replicas[to].has);
            let Some(at) = waiting.iter().position(ready) else { break };
            let sent = waiting.remove(at);
            self.receive(to, sent);
            if self.rng.u32(..8) == 0 {
                self.receive(to, sent);
            }
        }
    }

    fn edit(&mut self, at: usize) {
        let records = crdt::read(&self.replicas[at].doc.transact());
        let update = if self.rng.u32(..20) == 0 {
            self.happened.saves += 1;
            *self.happened.kinds.entry("save").or_default() += 1;
            self.stale_save(at)
        } else {
            let (kind, edits) = fuzz_edits::random(&records, &mut self.rng);
            if edits.is_empty() {
                return;
            }
            *self.happened.kinds.entry(kind).or_default() += 1;
            self.happened.writes += edits.len();
            transact(&self.replicas[at].doc, |txn| edits.iter().for_each(|edit| write(txn, edit)))
        };
        self.send(at, update);
    }

    /// A text that its author read some time ago, edited offline and now saves.
    fn stale_save(&mut self, at: usize) -> Vec<u8> {
        let base = self.replicas[at].opened.clone();
        let seen = import(materialise(&base).as_bytes()).unwrap();
        let mut edited = seen.clone();
        for _ in 0..self.rng.u32(1..4) {
            let (_, edits) = fuzz_edits::random(&edited, &mut self.rng);
            edits.iter().for_each(|edit| write_plain(&mut edited, edit));
        }
        let new = import(materialise(&edited).as_bytes()).unwrap();
        let ops = diff_seen(&base, &seen, &new);
        let mut rng = self.rng.fork();
        let mut conflicts = 0;
        let unknown = |records: &Records| -> BTreeMap<String, Option<String>> {
            let field = |(key, record): (&String, &Record)| {
                (key.clone(), record.text("#future").map(str::to_owned))
            };
            records.nodes.iter().map(field).collect()
        };
        let before = unknown(&crdt::read(&self.replicas[at].doc.transact()));
        let update = transact(&self.replicas[at].doc, |txn| {
            conflicts = apply(&ops, txn, &mut rng).conflicts.len();
        });
        let after = unknown(&crdt::read(&self.replicas[at].doc.transact()));
        if after.iter().any(|(key, field)| before.get(key).is_some_and(|was| was != field)) {
            self.broken.push("I12 a save changed a field that it doesn't know".to_owned());
        }
        self.happened.conflicts += conflicts;
        update
    }

    /// Two sub-processes that everybody knows: editors will nest them into each other.
    fn prepare(&mut self) {
        for _ in 0..2 {
            let records = crdt::read(&self.replicas[0].doc.transact());
            let edits = fuzz_edits::sub_process(&records, &mut self.rng);
            let doc = &self.replicas[0].doc;
            let update = transact(doc, |txn| edits.iter().for_each(|edit| write(txn, edit)));
            self.send(0, update);
        }
        (0..self.replicas.len()).for_each(|at| self.deliver(at, 1.1));
    }

    fn send(&mut self, from: usize, update: Vec<u8>) {
        let sent = self.log.len();
        self.log.push(Sent { update, needs: self.replicas[from].has.clone() });
        self.replicas[from].has.insert(sent);
    }

    fn live_through(&mut self) {
        if self.rng.bool() {
            self.prepare();
        }
        for _ in 0..3 {
            for at in 0..self.replicas.len() {
                if self.rng.bool() {
                    let replica = &mut self.replicas[at];
                    replica.opened = crdt::read(&replica.doc.transact());
                }
                for _ in 0..self.rng.u32(1..7) {
                    self.edit(at);
                }
            }
            for at in 0..self.replicas.len() {
                if self.rng.u32(..3) > 0 {
                    self.deliver(at, 0.5);
                }
            }
        }
        for at in 0..self.replicas.len() {
            while self.replicas[at].has.len() < self.log.len() {
                self.deliver(at, 0.7);
            }
            let mut again: Vec<usize> = (0..self.log.len()).collect();
            self.rng.shuffle(&mut again);
            again.into_iter().for_each(|sent| self.receive(at, sent));
        }
    }
}

/// Runs one transaction and gives its update.
fn transact(doc: &Doc, f: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
    let mut txn = doc.transact_mut();
    f(&mut txn);
    txn.encode_update_v1()
}

fn write(txn: &mut TransactionMut<'_>, edit: &Edit) {
    match edit {
        Edit::Create(key, record) => {
            crdt::create_node(txn, key, record);
        }
        Edit::Set(key, field, value) => {
            crdt::set_field(txn, key, field, value);
        }
        Edit::Remove(key, field) => {
            crdt::remove_field(txn, key, field);
        }
        Edit::Delete(key) => {
            crdt::delete_node(txn, key);
        }
        Edit::Ns(alias, namespace) => {
            crdt::set_namespace(txn, alias, namespace);
        }
    }
}

/// The same on plain records, as an editor without a server makes it.
fn write_plain(records: &mut Records, edit: &Edit) {
    let write = match edit.clone() {
        Edit::Create(key, _) if records.nodes.contains_key(&key) => return,
        Edit::Create(key, record) => Write::Create(key, record),
        Edit::Set(key, field, value) => Write::Set(key, field, Some(value)),
        Edit::Remove(key, field) => Write::Set(key, field, None),
        Edit::Delete(key) => Write::Delete(key),
        Edit::Ns(alias, namespace) => Write::Ns(alias, namespace),
    };
    write_records(records, &[write]);
}

// ---- runs ----

/// Fixtures whose own export breaks nothing: merges of clean diagrams must be clean.
fn bases() -> Vec<(String, Records)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut bases = Vec::new();
    for path in names.iter().filter(|p| p.extension().is_some_and(|e| e == "bpmn")) {
        let Ok(records) = import(&std::fs::read(path).unwrap()) else { continue };
        let text = materialise(&records);
        let marked = records.nodes.values().any(|r| r.0.contains_key("#raw"));
        if text.contains("BPMNShape") && violations(&text).is_empty() && !marked {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            bases.push((name, records));
        }
    }
    bases
}

fn live(seed: u64, bases: &[(String, Records)]) -> (&str, World) {
    let (name, base) = &bases[usize::try_from(seed).unwrap() % bases.len()];
    let mut world = World::new(seed, base);
    world.live_through();
    (name, world)
}

fn run(seed: u64, bases: &[(String, Records)], rules: &Rules) -> (Vec<String>, Happened) {
    let (name, mut world) = live(seed, bases);
    let docs: Vec<&Doc> = world.replicas.iter().map(|replica| &replica.doc).collect();
    let mut found = check(&docs, rules, &mut world.happened);
    found.append(&mut world.broken);
    found.iter_mut().for_each(|what| *what = format!("{what} ({name})"));
    (found, world.happened)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn concurrent_histories_end_in_one_valid_diagram() {
    let bases = bases();
    assert!(bases.len() >= 20, "only {} clean fixtures", bases.len());
    let seeds = match number("ATELIER_FUZZ_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ATELIER_FUZZ_RUNS").unwrap_or(RUNS),
    };
    let mut sum = Happened::default();
    let mut failed = Vec::new();
    for seed in seeds.clone() {
        let run = || run(seed, &bases, &Rules::default());
        let (found, happened) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
            .unwrap_or_else(|_| (vec!["it panicked".to_owned()], Happened::default()));
        sum.writes += happened.writes;
        sum.saves += happened.saves;
        sum.conflicts += happened.conflicts;
        sum.cycles += happened.cycles;
        sum.orphans += happened.orphans;
        sum.dropped_flows += happened.dropped_flows;
        sum.renamed_ids += happened.renamed_ids;
        sum.retyped += happened.retyped;
        sum.second_roots += happened.second_roots;
        for (kind, count) in happened.kinds {
            *sum.kinds.entry(kind).or_default() += count;
        }
        if !found.is_empty() {
            failed.push((seed, found));
        }
    }
    println!("seeds {seeds:?}: {sum:?}");
    for (seed, found) in failed.iter().take(10) {
        println!("replay: ATELIER_FUZZ_SEED={seed} cargo test --test it history_fuzz");
        found.iter().take(6).for_each(|what| println!("  {what}"));
    }
    assert!(failed.is_empty(), "{} of {} seeds failed", failed.len(), seeds.end - seeds.start);
    if seeds.end - seeds.start >= RUNS {
        let counts = [
            sum.saves,
            sum.conflicts,
            sum.cycles,
            sum.orphans,
            sum.dropped_flows,
            sum.renamed_ids,
            sum.retyped,
            sum.second_roots,
        ];
        assert!(counts.iter().all(|count| *count > 0), "something never happened: {sum:?}");
        assert_eq!(sum.kinds.len(), fuzz_edits::KINDS.len() + 1, "a kind of edit never happened");
    }
}

/// I8: stock bpmn-moddle warns of nothing in a merged diagram that it did not warn of in the base.
#[test]
fn bpmn_moddle_warns_of_nothing_new_in_merged_diagrams() {
    let bases = bases();
    let pairs = tempfile::tempdir().unwrap();
    for seed in 0..number("ATELIER_FUZZ_RUNS").unwrap_or(RUNS) {
        let (name, world) = live(seed, &bases);
        // bpmn-moddle takes ASCII ids only, and warns of this file as it is.
        if name == "non-bmp.bpmn" {
            continue;
        }
        let merged = crdt::read(&world.replicas[0].doc.transact());
        let base = &bases[usize::try_from(seed).unwrap() % bases.len()].1;
        let file = |side: &str| pairs.path().join(format!("{seed}-{name}.{side}.bpmn"));
        std::fs::write(file("in"), materialise(base)).unwrap();
        std::fs::write(file("out"), materialise(&merged)).unwrap();
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    if !folder.join("node_modules/bpmn-moddle").exists() {
        let npm = Command::new("npm").arg("ci").current_dir(&folder).status();
        assert!(npm.is_ok_and(|status| status.success()), "`npm ci` in tests/interop failed");
    }
    let output = Command::new("node")
        .arg("moddle-check.mjs")
        .arg(pairs.path())
        .current_dir(folder)
        .output()
        .expect("this test needs Node 20");
    print!("{}", String::from_utf8_lossy(&output.stderr));
    let found = String::from_utf8_lossy(&output.stdout);
    let first: Vec<&str> = found.lines().take(20).collect();
    assert!(
        output.status.success(),
        "{} new warnings\n{}",
        found.lines().count(),
        first.join("\n")
    );
}

/// The fuzz is worth something only if it notices when a rule is missing.
#[test]
fn without_any_one_rule_the_fuzz_fails() {
    let bases = bases();
    for rule in 1..=10 {
        let rules = Rules::without(rule);
        let caught = (0..MUTATION_RUNS).find(|seed| !run(*seed, &bases, &rules).0.is_empty());
        println!("without N{rule}: noticed by seed {caught:?}");
        assert!(caught.is_some(), "{MUTATION_RUNS} runs did not notice that N{rule} is off");
    }
}

// ---- what the fuzz has found ----

fn story(name: &str, edits: &[Edit]) -> String {
    let (_, base) = bases().into_iter().find(|(base, _)| base == name).unwrap();
    let doc = new_doc(7);
    transact(&doc, |txn| crdt::write(&base, txn));
    for edit in edits {
        transact(&doc, |txn| write(txn, edit));
    }
    materialise(&crdt::read(&doc.transact()))
}

fn set(key: &str, field: &str, value: &str) -> Edit {
    Edit::Set(key.to_owned(), field.to_owned(), value.into())
}

#[test]
fn a_type_that_was_changed_back_keeps_nothing_of_the_other_type() {
    let text = story(
        "prefix-bpmn.bpmn",
        &[
            set("Task_1", "#t", "bpmn:serviceTask"),
            set("Task_1", "implementation", "##WebService"),
            set("Task_1", "#t", "bpmn:task"),
        ],
    );
    assert_eq!(violations(&text), Vec::<String>::new());
}

#[test]
fn a_container_that_became_a_task_again_holds_no_flow_elements() {
    let mut inner = Record::default();
    for (field, value) in [("#t", "bpmn:task"), ("#p", "a0 Task_1"), ("id", "Inner_1")] {
        inner.set(field, value);
    }
    let text = story(
        "prefix-bpmn.bpmn",
        &[
            set("Task_1", "#t", "bpmn:subProcess"),
            Edit::Create("Inner_1".to_owned(), inner),
            set("Task_1", "#t", "bpmn:task"),
        ],
    );
    assert_eq!(violations(&text), Vec::<String>::new());
}

#[test]
fn a_save_reaches_what_hangs_in_a_cycle_of_parents() {
    let (_, base) =
        bases().into_iter().find(|(name, _)| name == "nested-subprocesses.bpmn").unwrap();
    let doc = new_doc(7);
    transact(&doc, |txn| crdt::write(&base, txn));
    transact(&doc, |txn| write(txn, &set("Sub_1", "#p", "a0 Sub_3")));
    let records = crdt::read(&doc.transact());
    let text = materialise(&records).replace("Deep down", "Seen all the same");
    let ops = save(&records, &import(text.as_bytes()).unwrap());
    let applied = {
        let mut txn = doc.transact_mut();
        apply(&ops, &mut txn, &mut fastrand::Rng::with_seed(1))
    };
    assert_eq!((applied.ops, applied.conflicts.len()), (1, 0));
    assert_eq!(materialise(&crdt::read(&doc.transact())), text);
}
