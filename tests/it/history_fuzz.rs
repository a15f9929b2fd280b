//! Concurrent histories: 2–4 replicas edit one diagram with partial, doubled and reordered delivery,
//! 5 % of the edits are saves of a stale text. Whatever comes out, the replicas are equal and the
//! export keeps the invariants I1–I7 and I9–I12 of the document model.
//!
//! `ATELIER_FUZZ_RUNS` sets the number of runs, `ATELIER_FUZZ_SEED` replays one. The time box is the
//! stated count: 300 runs and, for each normaliser rule, as many as its mutation needs (at most 400).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use atelier::bpmn::crdt;
use atelier::bpmn::materialise::{Rules, materialise_with};
use atelier::bpmn::merge::{apply, diff_seen};
use atelier::bpmn::model::{DOCUMENT, Record, Records};
use atelier::bpmn::{import, materialise, new_doc};
use yrs::updates::decoder::Decode;
use yrs::{Doc, ReadTxn, Transact, TransactionMut, Update};

use crate::fuzz_edits::{self, Edit};
use crate::invariants::{Dom, FLOW_NODES, violations};

const RUNS: u64 = 300;
const MUTATION_RUNS: u64 = 400;

/// What has really happened, so that a run of nothing can't pass.
#[derive(Debug, Default)]
struct Happened {
    writes: usize,
    saves: usize,
    conflicts: usize,
    cycles: usize,
    orphans: usize,
    dropped_flows: usize,
    renamed_ids: usize,
    retyped: usize,
    second_roots: usize,
    kinds: BTreeMap<&'static str, usize>,
}

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
}

impl World {
    fn new(seed: u64, base: &Records) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut world = Self {
            rng: rng.fork(),
            log: Vec::new(),
            replicas: Vec::new(),
            happened: Happened::default(),
        };
        let seeder = new_doc(1);
        let update = transact(&seeder, |txn| crdt::write(base, txn));
        world.log.push(Sent { update, needs: BTreeSet::new() });
        for replica in 0..rng.u64(2..5) {
            // Neighbouring ids and far ones: ties between clients go either way.
            let doc = new_doc(10 + replica * rng.u64(1..1000));
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
        let mut needs = self.replicas[at].has.clone();
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
        let sent = self.log.len();
        needs.remove(&sent);
        self.log.push(Sent { update, needs });
        self.replicas[at].has.insert(sent);
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
        let update = transact(&self.replicas[at].doc, |txn| {
            conflicts = apply(&ops, txn, &mut rng).conflicts.len();
        });
        self.happened.conflicts += conflicts;
        update
    }

    fn live_through(&mut self) {
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

fn write_plain(records: &mut Records, edit: &Edit) {
    match edit {
        Edit::Create(key, record) => {
            records.nodes.entry(key.clone()).or_insert_with(|| record.clone());
        }
        Edit::Set(key, field, value) => {
            if let Some(record) = records.nodes.get_mut(key) {
                record.0.insert(field.clone(), value.clone());
            }
        }
        Edit::Remove(key, field) => {
            if let Some(record) = records.nodes.get_mut(key) {
                record.0.remove(field);
            }
        }
        Edit::Delete(key) => {
            records.nodes.remove(key);
        }
        Edit::Ns(alias, namespace) => {
            records.ns.insert(alias.clone(), namespace.clone());
        }
    }
}

// ---- what must hold ----

/// Whether every ancestor of a node exists. A cycle counts: rule N2 brings it back.
fn has_all_ancestors(records: &Records, key: &str) -> Option<bool> {
    let mut walk = key.to_owned();
    let mut seen = BTreeSet::new();
    while seen.insert(walk.clone()) {
        let record = records.nodes.get(&walk)?;
        record.tag()?;
        let (_, parent) = record.place()?;
        if parent == DOCUMENT {
            return Some(false);
        }
        walk = parent.to_owned();
    }
    Some(true)
}

fn local(record: &Record) -> &str {
    record.tag().and_then(|tag| tag.split_once(':')).map_or("", |(_, local)| local)
}

/// Whether a node hangs in nothing but processes and sub-processes, so that no type rule hides it.
fn is_well_housed(records: &Records, key: &str) -> bool {
    let mut walk = key.to_owned();
    let mut seen = BTreeSet::new();
    while seen.insert(walk.clone()) {
        let Some(record) = records.nodes.get(&walk) else { return false };
        let Some((_, parent)) = record.place() else { return false };
        if parent == DOCUMENT {
            return true;
        }
        let Some(above) = records.nodes.get(parent) else { return false };
        if !["process", "subProcess", "definitions"].contains(&local(above)) {
            return false;
        }
        walk = parent.to_owned();
    }
    true
}

/// Flow nodes by key as they stand in the export: the same records, each with its key as its name.
fn visible(records: &Records, rules: &Rules) -> Result<BTreeMap<String, String>, String> {
    let mut marked = records.clone();
    for (key, record) in &mut marked.nodes {
        if FLOW_NODES.contains(&local(record)) {
            record.set("name", key.as_str());
        }
    }
    let dom = Dom::parse(&materialise_with(&marked, rules))?;
    let node = |e: &crate::invariants::Element| {
        let key = FLOW_NODES.contains(&e.local.as_str()).then(|| e.attribute("name")).flatten()?;
        Some((key.to_owned(), e.id().unwrap_or("").to_owned()))
    };
    Ok(dom.0.iter().filter_map(node).collect())
}

fn check(world: &mut World, rules: &Rules) -> Vec<String> {
    let mut found = Vec::new();
    let records = crdt::read(&world.replicas[0].doc.transact());
    let text = materialise_with(&records, rules);
    for replica in &world.replicas[1..] {
        let other = crdt::read(&replica.doc.transact());
        if other != records || materialise_with(&other, rules) != text {
            found.push("I2 replicas differ".to_owned());
        }
        let vectors = [&world.replicas[0], replica].map(|r| r.doc.transact().state_vector());
        if vectors[0] != vectors[1] {
            found.push("I2 state vectors differ".to_owned());
        }
    }
    found.extend(violations(&text));
    let keys = match visible(&records, rules) {
        Ok(keys) => keys,
        Err(error) => {
            found.push(format!("I1 {error}"));
            return found;
        }
    };
    let Ok(dom) = Dom::parse(&text) else { return found };
    let by_id: BTreeMap<&str, &crate::invariants::Element> =
        dom.0.iter().filter_map(|e| Some((e.id()?, e))).collect();
    for (key, record) in &records.nodes {
        if !FLOW_NODES.contains(&local(record)) || local(record) == "boundaryEvent" {
            continue;
        }
        match (has_all_ancestors(&records, key), keys.get(key)) {
            (None, Some(_)) => found.push(format!("I10 {key} is shown without its parent")),
            (Some(cycle), None) if is_well_housed(&records, key) => {
                found.push(format!("I10 {key} is lost (in a cycle: {cycle})"));
            }
            (Some(_), Some(id)) => {
                let shown = by_id.get(id.as_str()).and_then(|e| e.attribute("name"));
                if shown != record.text("name") {
                    found.push(format!("I10 name of {key}: {shown:?}"));
                }
            }
            _ => {}
        }
        if record.0.contains_key("#future") && record.text("#future").is_none() {
            found.push("I12 an unknown field changed".to_owned());
        }
    }
    match import(text.as_bytes()) {
        Ok(again) => {
            if materialise(&again) != text {
                found.push("I9 not idempotent".to_owned());
            }
            let raw = again.nodes.values().filter(|r| r.0.contains_key("#raw")).count();
            if raw > 0 {
                found.push(format!("I9 {raw} nodes of the export would be repaired again"));
            }
            if !diff_seen(&records, &again, &again).is_empty() {
                found.push("I11 saving what was read is an operation".to_owned());
            }
        }
        Err(error) => found.push(format!("I1 the export can't be read: {error}")),
    }
    tally(world, &records, &keys);
    found
}

fn tally(world: &mut World, records: &Records, keys: &BTreeMap<String, String>) {
    let happened = &mut world.happened;
    let at_top = |r: &&Record| r.place().is_some_and(|(_, p)| p == DOCUMENT);
    let roots = records.nodes.values().filter(at_top).filter(|r| local(r) == "definitions");
    happened.second_roots += roots.count().saturating_sub(1);
    for (key, record) in &records.nodes {
        match has_all_ancestors(records, key) {
            None => happened.orphans += 1,
            Some(true) => happened.cycles += 1,
            Some(false) => {}
        }
        happened.retyped += usize::from(record.0.contains_key("#t0"));
        if local(record) == "sequenceFlow" {
            let lost = ["sourceRef", "targetRef"].into_iter().any(|end| {
                let target = record.list(end).and_then(|l| l.first());
                target.is_none_or(|t| !records.nodes.contains_key(t))
            });
            happened.dropped_flows += usize::from(lost);
        }
        let shown = keys.get(key).is_some_and(|id| Some(id.as_str()) != record.text("id"));
        happened.renamed_ids += usize::from(shown);
    }
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

fn run(seed: u64, bases: &[(String, Records)], rules: &Rules) -> (Vec<String>, Happened) {
    let (name, base) = &bases[usize::try_from(seed).unwrap() % bases.len()];
    let mut world = World::new(seed, base);
    world.live_through();
    let mut found = check(&mut world, rules);
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
        let (found, happened) = run(seed, &bases, &Rules::default());
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
