//! Concurrent histories of one diagram: 2–4 replicas edit it with partial, doubled and reordered delivery,
//! 5 % of the edits are saves of a stale text. A seed determines one; others judge what came out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use atelier::bpmn::crdt;
use atelier::bpmn::merge::{Write, apply, diff_seen, write_records};
use atelier::bpmn::model::{Record, Records};
use atelier::bpmn::{import, materialise, new_doc};
use yrs::updates::decoder::Decode;
use yrs::{Doc, Transact, TransactionMut, Update};

use crate::fuzz_edits::{self, Edit};
use crate::history_check::Happened;
use crate::invariants::violations;

/// One transaction of a replica.
pub(crate) struct Sent {
    pub(crate) update: Vec<u8>,
    /// Everything that its sender had seen.
    needs: BTreeSet<usize>,
}

/// Somebody with a copy of the document.
pub(crate) struct Replica {
    pub(crate) doc: Doc,
    has: BTreeSet<usize>,
    /// The state that somebody's next stale save starts from.
    opened: Records,
}

/// A history, while and after it happens.
pub(crate) struct World {
    rng: fastrand::Rng,
    /// What was sent, causes before effects.
    pub(crate) log: Vec<Sent>,
    /// In the end they have everything.
    pub(crate) replicas: Vec<Replica>,
    pub(crate) happened: Happened,
    /// What went wrong on the way.
    pub(crate) broken: Vec<String>,
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
pub(crate) fn transact(doc: &Doc, f: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
    let mut txn = doc.transact_mut();
    f(&mut txn);
    txn.encode_update_v1()
}

pub(crate) fn write(txn: &mut TransactionMut<'_>, edit: &Edit) {
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

/// Fixtures whose own export breaks nothing: merges of clean diagrams must be clean.
pub(crate) fn bases() -> Vec<(String, Records)> {
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

/// The history of a seed, lived to its end, and the name of its base.
pub(crate) fn live(seed: u64, bases: &[(String, Records)]) -> (&str, World) {
    let (name, base) = &bases[usize::try_from(seed).unwrap() % bases.len()];
    let mut world = World::new(seed, base);
    world.live_through();
    (name, world)
}
