//! Whatever comes out of a concurrent history, the replicas are equal and the export keeps the
//! invariants I1–I7 and I9–I12 of the document model.
//!
//! `ATELIER_FUZZ_RUNS` sets the number of runs, `ATELIER_FUZZ_SEED` replays one. The time box is the
//! stated count: 300 runs and, for each normaliser rule, as many as its mutation needs (at most 400).

use std::path::PathBuf;
use std::process::Command;

use atelier::bpmn::crdt;
use atelier::bpmn::materialise::Rules;
use atelier::bpmn::merge::{Kept, apply, resolve, save, write_records};
use atelier::bpmn::model::{Record, Records, Value};
use atelier::bpmn::{import, materialise, new_doc};
use yrs::{Doc, Transact};

use crate::fuzz_edits::{self, Edit};
use crate::histories::{bases, live, transact, write};
use crate::history_check::{Happened, check};
use crate::invariants::violations;

const RUNS: u64 = 300;
const MUTATION_RUNS: u64 = 400;

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
    for rule in 1..=11 {
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

#[test]
fn of_two_types_created_under_one_key_the_loser_leaves_no_children_behind() {
    let record = |fields: &[(&str, &str)]| {
        let mut record = Record::default();
        fields.iter().for_each(|(field, value)| record.set(field, *value));
        record
    };
    let at = |place: &'static str, tag: &'static str, id: &'static str| {
        Edit::Create(id.to_owned(), record(&[("#t", tag), ("#p", place), ("id", id)]))
    };
    // What is left of one editor's sub-process after another's task won its key.
    let edits =
        [at("a8 Process_1", "bpmn:task", "Pool_1"), at("a0 Pool_1", "bpmn:task", "Inner_1")];
    assert_eq!(violations(&story("prefix-bpmn.bpmn", &edits)), Vec::<String>::new());
}

#[test]
fn a_save_keeps_a_flow_that_is_hidden_because_its_ends_stand_apart() {
    let (_, base) = bases().into_iter().find(|(name, _)| name == "event-subprocess.bpmn").unwrap();
    let doc = new_doc(7);
    transact(&doc, |txn| crdt::write(&base, txn));
    let before = materialise(&base);
    let place = base.nodes["Start_1"].text("#p").unwrap();
    transact(&doc, |txn| write(txn, &set("Start_1", "#p", "b0 Process_1")));
    let records = crdt::read(&doc.transact());
    let text = materialise(&records);
    assert!(before.contains("\"Flow_1\"") && !text.contains("\"Flow_1\""));
    let ops = save(&records, &import(text.as_bytes()).unwrap());
    assert!(ops.is_empty(), "{ops:?}");
    transact(&doc, |txn| write(txn, &set("Start_1", "#p", place)));
    assert_eq!(materialise(&crdt::read(&doc.transact())), before);
}

/// A saved text, over the records that it was read from.
fn saved(records: &Records, text: &str) -> (String, usize) {
    let doc = new_doc(7);
    transact(&doc, |txn| crdt::write(records, txn));
    let ops = save(records, &import(text.as_bytes()).unwrap());
    let mut conflicts = 0;
    transact(&doc, |txn| {
        conflicts = apply(&ops, txn, &mut fastrand::Rng::with_seed(1)).conflicts.len();
    });
    (materialise(&crdt::read(&doc.transact())), conflicts)
}

/// A text without an element that has nothing inside, and without its shape.
fn without(text: &str, id: &str) -> String {
    let mut records = import(text.as_bytes()).unwrap();
    let gone = |record: &Record| {
        record.text("id") == Some(id) || record.list("bpmnElement").is_some_and(|of| of[0] == id)
    };
    records.nodes.retain(|_, record| !gone(record));
    let next = materialise(&records);
    assert!(!next.contains(&format!("\"{id}\"")) && next.len() < text.len(), "{next}");
    next
}

/// A sub-process whose start and end, with an event on the task in it, somebody moved out while
/// another drew the flow and the event in it.
fn emptied() -> Records {
    let (_, mut records) =
        bases().into_iter().find(|(name, _)| name == "event-subprocess.bpmn").unwrap();
    let mut event = Record::default();
    for (field, value) in [("#t", "bpmn:boundaryEvent"), ("#p", "b9 Sub_1"), ("id", "Event_1")] {
        event.set(field, value);
    }
    event.0.insert("attachedToRef".to_owned(), Value::List(vec!["Task_1".to_owned()]));
    records.nodes.insert("Event_1".to_owned(), event);
    for (key, place) in [("Start_1", "b0 Process_1"), ("End_1", "b1 Process_1")] {
        records.nodes.get_mut(key).unwrap().set("#p", place);
    }
    records
}

#[test]
fn a_save_without_the_sub_process_that_a_flow_was_drawn_in_keeps_the_flow() {
    let records = emptied();
    let text = materialise(&records);
    for shown in ["id=\"Flow_1\"", "id=\"Event_1\"", "bpmnElement=\"Flow_1\""] {
        assert!(text.contains(shown), "{shown}");
    }
    let next = without(&text, "Sub_1");
    assert_eq!(saved(&records, &next), (next.clone(), 0));
    // The records say so now, and need no rule for it.
    let ops = save(&records, &import(next.as_bytes()).unwrap());
    let resolved = resolve(&ops, &records, Kept::Saved, &mut fastrand::Rng::with_seed(1));
    let mut after = records;
    write_records(&mut after, &resolved.writes);
    for key in ["Flow_1", "Event_1"] {
        assert!(after.nodes[key].text("#p").unwrap().ends_with(" Process_1"), "{key}");
    }
}

#[test]
fn a_save_changes_and_deletes_a_flow_whose_sub_process_is_gone() {
    let mut records = emptied();
    records.nodes.retain(|key, _| key != "Sub_1" && key != "Sub_1_di");
    let text = materialise(&records);
    let renamed = text.replace("id=\"Flow_1\"", "id=\"Flow_1\" name=\"Cancelled\"");
    let moved = renamed.replace("id=\"Event_1\"", "id=\"Event_1\" cancelActivity=\"false\"");
    assert!(moved.len() > renamed.len() && renamed.len() > text.len(), "{text}");
    assert_eq!(saved(&records, &moved), (moved.clone(), 0));
    let next = without(&text, "Event_1");
    assert_eq!(saved(&records, &next), (next.clone(), 0));
}

#[test]
fn a_save_without_one_of_a_cycle_of_parents_keeps_the_other() {
    let (_, mut records) =
        bases().into_iter().find(|(name, _)| name == "nested-subprocesses.bpmn").unwrap();
    let text = materialise(&records);
    records.nodes.get_mut("Sub_1").unwrap().set("#p", "a0 Sub_3");
    assert_eq!(materialise(&records), text, "Sub_1 is hung where it was");
    // Sub_3, on which the record of Sub_1 hangs, goes with all that is in it.
    let mut edited = import(text.as_bytes()).unwrap();
    let mut doomed = vec!["Sub_3".to_owned()];
    while let Some(key) = doomed.pop() {
        edited.nodes.remove(&key);
        let below = |record: &Record| {
            let inside = record.place().is_some_and(|(_, parent)| parent == key);
            inside || record.list("bpmnElement").is_some_and(|of| of[0] == key)
        };
        let below = edited.nodes.iter().filter(|(_, record)| below(record));
        doomed.extend(below.map(|(key, _)| key.clone()));
    }
    let next = materialise(&edited);
    assert!(next.contains("\"Sub_1\"") && !next.contains("\"Sub_3\""), "{next}");
    assert_eq!(saved(&records, &next), (next.clone(), 0));
}
