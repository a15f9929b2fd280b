//! What must hold when the replicas of a concurrent history have seen the same: equality, the
//! invariants of the export, and that no edit is lost.

use std::collections::{BTreeMap, BTreeSet};

use atelier::bpmn::crdt;
use atelier::bpmn::materialise::{Rules, materialise_with};
use atelier::bpmn::merge::{Kept, Write, resolve, save, write_records};
use atelier::bpmn::model::{DOCUMENT, Record, Records};
use atelier::bpmn::{import, materialise};
use yrs::{Doc, ReadTxn, Transact};

use crate::invariants::{Dom, Element, FLOW_NODES, violations};

/// What has really happened, so that a run of nothing can't pass.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    pub(crate) writes: usize,
    pub(crate) saves: usize,
    pub(crate) conflicts: usize,
    pub(crate) cycles: usize,
    pub(crate) orphans: usize,
    pub(crate) dropped_flows: usize,
    pub(crate) renamed_ids: usize,
    pub(crate) retyped: usize,
    pub(crate) second_roots: usize,
    pub(crate) kinds: BTreeMap<&'static str, usize>,
}

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
    let node = |e: &Element| {
        let key = FLOW_NODES.contains(&e.local.as_str()).then(|| e.attribute("name")).flatten()?;
        Some((key.to_owned(), e.id().unwrap_or("").to_owned()))
    };
    Ok(dom.0.iter().filter_map(node).collect())
}

/// Everything that is wrong with replicas which have seen the same, and with their export.
pub(crate) fn check(replicas: &[&Doc], rules: &Rules, happened: &mut Happened) -> Vec<String> {
    let mut found = Vec::new();
    let records = crdt::read(&replicas[0].transact());
    let text = materialise_with(&records, rules);
    for replica in &replicas[1..] {
        let other = crdt::read(&replica.transact());
        if other != records || materialise_with(&other, rules) != text {
            found.push("I2 replicas differ".to_owned());
        }
        if replicas[0].transact().state_vector() != replica.transact().state_vector() {
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
    fields(&records, &text, &keys, &mut found);
    texts(&records, &text, &mut found);
    tally(happened, &records, &keys);
    found
}

/// I10: what should be seen is seen, with its last name, and nothing else.
fn fields(records: &Records, text: &str, keys: &BTreeMap<String, String>, found: &mut Vec<String>) {
    let Ok(dom) = Dom::parse(text) else { return };
    let by_id: BTreeMap<&str, &Element> = dom.0.iter().filter_map(|e| Some((e.id()?, e))).collect();
    for (key, record) in &records.nodes {
        if !FLOW_NODES.contains(&local(record)) || local(record) == "boundaryEvent" {
            continue;
        }
        match (has_all_ancestors(records, key), keys.get(key)) {
            (None, Some(_)) => found.push(format!("I10 {key} is shown without its parent")),
            (Some(cycle), None) if is_well_housed(records, key) => {
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
    }
}

/// I9 and I11: the export reads as itself, and a save of it with one new name is that one change.
fn texts(records: &Records, text: &str, found: &mut Vec<String>) {
    match import(text.as_bytes()) {
        Ok(again) => {
            if materialise(&again) != text {
                found.push("I9 not idempotent".to_owned());
            }
            let raw = again.nodes.values().filter(|r| r.0.contains_key("#raw")).count();
            if raw > 0 {
                found.push(format!("I9 {raw} nodes of the export would be repaired again"));
            }
            if let Some(what) = saved_rename(records, again) {
                found.push(what);
            }
        }
        Err(error) => found.push(format!("I1 the export can't be read: {error}")),
    }
}

/// The export, renamed in one place and saved over the records as they are.
fn saved_rename(records: &Records, export: Records) -> Option<String> {
    let mut edited = export;
    let node = edited.nodes.values_mut().find(|r| FLOW_NODES.contains(&local(r)))?;
    node.set("name", "saved under another name");
    let text = materialise(&edited);
    let ops = save(records, &import(text.as_bytes()).ok()?);
    let resolved = resolve(&ops, records, Kept::Saved, &mut fastrand::Rng::with_seed(5));
    let mut saved = records.clone();
    write_records(&mut saved, &resolved.writes);
    let as_saved = materialise(&saved) == text;
    // The order of attributes and the style of a text are learnt from what is in it.
    let learnt = |write: &&Write| matches!(write, Write::Ao(..) | Write::Meta(..));
    let fields = resolved.writes.iter().filter(|write| !learnt(write));
    let one = fields.count() == 1 && resolved.conflicts.is_empty();
    (!as_saved || !one)
        .then(|| format!("I11 a saved rename is {:?}, as saved: {as_saved}", resolved.writes))
}

fn tally(happened: &mut Happened, records: &Records, keys: &BTreeMap<String, String>) {
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
