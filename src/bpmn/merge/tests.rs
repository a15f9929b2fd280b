//! The engine on records alone: no text, no document.

use std::collections::BTreeMap;

use super::index::{Index, lanes};
use super::*;
use crate::bpmn::model::{DOCUMENT, Namespace, Record, Records, Value};

const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const BPMNDI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn refer(key: &str) -> Value {
    Value::List(vec![key.to_owned()])
}

/// `key tag parent order field=value …`; a value in brackets is a reference.
fn records(lines: &str) -> Records {
    let mut records = Records::default();
    for (alias, uri) in [("bpmn", MODEL), ("bpmndi", BPMNDI), ("v", "urn:v")] {
        let ns = Namespace { uri: uri.to_owned(), at_root: true, prefix: None };
        records.ns.insert(alias.to_owned(), ns);
    }
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap();
        let (key, tag, parent, order) = (word(), word(), word(), word());
        let mut record = Record::default();
        record.0.insert("#t".to_owned(), text(tag));
        record.0.insert("#p".to_owned(), text(&format!("{order} {parent}")));
        if !key.starts_with('~') {
            record.0.insert("id".to_owned(), text(key));
        }
        for pair in words {
            let (field, value) = pair.split_once('=').unwrap();
            let value = match value.strip_prefix('[').and_then(|v| v.strip_suffix(']')) {
                Some(list) => Value::List(list.split(',').map(str::to_owned).collect()),
                None => text(value),
            };
            record.0.insert(field.to_owned(), value);
        }
        records.nodes.insert(key.to_owned(), record);
    }
    records
}

fn chain() -> Records {
    records(
        "defs bpmn:definitions # a0
         proc bpmn:process defs a0
         start bpmn:startEvent proc a0 name=Start
         task bpmn:task proc a1 name=Task
         end bpmn:endEvent proc a2
         f1 bpmn:sequenceFlow proc a3 sourceRef=[start] targetRef=[task] #i=a0 #u=a0
         f2 bpmn:sequenceFlow proc a4 sourceRef=[task] targetRef=[end] #i=a0 #u=a0
         dia bpmndi:BPMNDiagram defs a1
         plane bpmndi:BPMNPlane dia a0 bpmnElement=[proc]
         start_di bpmndi:BPMNShape plane a0 bpmnElement=[start] #b=0_0_36_36
         task_di bpmndi:BPMNShape plane a1 bpmnElement=[task] #b=100_0_100_80
         f1_di bpmndi:BPMNEdge plane a2 bpmnElement=[f1] #w=1,1_2,2",
    )
}

fn with(records: &Records, key: &str, field: &str, value: Value) -> Records {
    let mut records = records.clone();
    records.nodes.get_mut(key).unwrap().0.insert(field.to_owned(), value);
    records
}

fn without(records: &Records, keys: &[&str]) -> Records {
    let mut records = records.clone();
    records.nodes.retain(|key, _| !keys.contains(&key.as_str()));
    records
}

fn adding(records: &Records, line: &str) -> Records {
    let mut result = records.clone();
    result.nodes.extend(self::records(line).nodes);
    result
}

/// The tree as a reader sees it: no keys, no orders.
fn shape(records: &Records) -> String {
    let index = Index::new(records);
    let lists = index.lists();
    let identity = |at: usize| -> String {
        let node = index.get(at).unwrap();
        match node.record.0.get("id") {
            Some(Value::Text(id)) => id.clone(),
            _ => format!("{}@{at}", node.local),
        }
    };
    let named = |key: &str| index.position(key).map_or_else(|| format!("?{key}"), identity);
    let mut lines = Vec::new();
    for (at, node) in index.nodes.iter().enumerate() {
        let parent = node.parent.map_or_else(|| DOCUMENT.to_owned(), identity);
        let mut line = format!("{} <{}", identity(at), parent);
        for (field, value) in &node.record.0 {
            let value = match value {
                _ if matches!(field.as_str(), "#p" | "#i" | "#u") => continue,
                _ if field == "#l" => {
                    let mut all: Vec<_> = lanes(node.record).map(|(l, _)| named(l)).collect();
                    all.sort();
                    all.join(",")
                }
                Value::Text(text) => text.clone(),
                Value::List(list) => {
                    list.iter().map(|key| named(key)).collect::<Vec<_>>().join(",")
                }
            };
            line.push_str(&format!(" {field}={value}"));
        }
        lines.push(line);
    }
    let mut listed = BTreeMap::new();
    for ((kind, owner), members) in lists {
        let members: Vec<_> = members.into_iter().map(identity).collect();
        listed.insert(format!("{kind:?} {}", identity(owner)), members.join(" "));
    }
    lines.extend(listed.into_iter().map(|(list, members)| format!("{list}: {members}")));
    lines.join("\n")
}

fn save(base: &Records, new: &Records, current: &Records) -> (Records, Resolved) {
    let mut rng = fastrand::Rng::with_seed(1);
    let resolved = resolve(&diff(base, new), current, Kept::Saved, &mut rng);
    let mut result = current.clone();
    write_records(&mut result, &resolved.writes);
    (result, resolved)
}

#[test]
fn the_same_version_is_no_operation() {
    assert_eq!(diff(&chain(), &chain()), []);
}

#[test]
fn a_rename_is_one_operation_and_one_write() {
    let new = with(&chain(), "task", "name", text("Other"));
    assert_eq!(diff(&chain(), &new).len(), 1);
    let (result, resolved) = save(&chain(), &new, &chain());
    assert_eq!(resolved.writes.len(), 1);
    assert_eq!(result, new);
}

#[test]
fn a_node_moved_to_the_end_is_one_move() {
    let new = with(&chain(), "start_di", "#p", text("a9 plane"));
    let (result, resolved) = save(&chain(), &new, &chain());
    assert_eq!(resolved.writes.len(), 1);
    assert_eq!(shape(&result), shape(&new));
}

#[test]
fn live_edits_of_other_fields_survive_a_save() {
    let new = with(&chain(), "task", "name", text("Saved"));
    let current = with(&chain(), "start", "name", text("Live"));
    let (result, resolved) = save(&chain(), &new, &current);
    assert_eq!(resolved.conflicts, []);
    assert_eq!(result.nodes["start"].0["name"], text("Live"));
    assert_eq!(result.nodes["task"].0["name"], text("Saved"));
}

#[test]
fn the_same_field_on_both_sides_is_the_saves_and_reported() {
    let new = with(&chain(), "task", "name", text("Saved"));
    let current = with(&chain(), "task", "name", text("Live"));
    let (result, resolved) = save(&chain(), &new, &current);
    assert_eq!(result.nodes["task"].0["name"], text("Saved"));
    let [conflict] = resolved.conflicts.as_slice() else { panic!("{:?}", resolved.conflicts) };
    assert_eq!(conflict.element.id.as_deref(), Some("task"));
    let Clash::Field { field, base, current, saved, kept } = &conflict.clash else { panic!() };
    assert_eq!(field, "name");
    assert_eq!(base.as_deref(), Some("Task"));
    assert_eq!(current.as_deref(), Some("Live"));
    assert_eq!(saved.as_deref(), Some("Saved"));
    assert_eq!(*kept, Kept::Saved);
}

#[test]
fn the_same_new_value_on_both_sides_is_no_conflict_and_no_write() {
    let new = with(&chain(), "task", "name", text("Both"));
    let (_, resolved) = save(&chain(), &new, &new);
    assert_eq!(resolved, Resolved::default());
}

#[test]
fn what_was_deleted_meanwhile_stays_deleted_and_is_reported_once() {
    let new = with(&chain(), "task", "name", text("Saved"));
    let new = with(&new, "task", "v:x", text("1"));
    let current = without(&chain(), &["task", "task_di"]);
    let (result, resolved) = save(&chain(), &new, &current);
    assert!(!result.nodes.contains_key("task"));
    assert_eq!(resolved.conflicts.len(), 1);
    assert_eq!(resolved.conflicts[0].clash, Clash::DeletedMeanwhile);
}

#[test]
fn a_delete_of_what_was_changed_meanwhile_is_reported() {
    let new = without(&chain(), &["task", "task_di", "f1", "f2", "f1_di"]);
    let current = with(&chain(), "task", "name", text("Live"));
    let (result, resolved) = save(&chain(), &new, &current);
    assert!(!result.nodes.contains_key("task"));
    assert_eq!(resolved.conflicts.len(), 1);
    assert_eq!(resolved.conflicts[0].clash, Clash::ChangedMeanwhile { kept: Kept::Saved });
}

#[test]
fn a_flow_to_a_node_deleted_meanwhile_is_reported() {
    let new = adding(
        &chain(),
        "f9 bpmn:sequenceFlow proc a9 sourceRef=[start] targetRef=[end] #i=a1 #u=a1",
    );
    let current = without(&chain(), &["end", "f2"]);
    let (_, resolved) = save(&chain(), &new, &current);
    let target = "end".to_owned();
    let clash = Clash::TargetDeleted { field: "targetRef".to_owned(), target };
    assert_eq!(resolved.conflicts.iter().map(|c| &c.clash).collect::<Vec<_>>(), [&clash]);
}

#[test]
fn new_nodes_take_their_id_as_key_and_stand_where_the_save_has_them() {
    let new = adding(&chain(), "mid bpmn:task proc a05 name=Mid");
    let (result, _) = save(&chain(), &new, &chain());
    assert_eq!(shape(&result), shape(&new));
    assert!(result.nodes.contains_key("mid"));
}

#[test]
fn a_retried_create_lands_on_the_same_node() {
    let new = adding(&chain(), "mid bpmn:task proc a05 name=Mid");
    let (once, _) = save(&chain(), &new, &chain());
    let (twice, resolved) = save(&chain(), &new, &once);
    assert_eq!(resolved.writes, []);
    assert_eq!(twice, once);
}

#[test]
fn a_key_that_another_type_took_meanwhile_is_not_overwritten() {
    let new = adding(&chain(), "mid bpmn:task proc a05 name=Mid");
    let current = adding(&chain(), "mid bpmn:exclusiveGateway proc a8 name=Gate");
    let (result, _) = save(&chain(), &new, &current);
    assert_eq!(result.nodes["mid"].0["name"], text("Gate"));
    let named = |record: &&Record| record.0.get("name") == Some(&text("Mid"));
    assert_eq!(result.nodes.values().filter(named).count(), 1);
}

#[test]
fn a_replaced_type_is_the_same_node() {
    let new = with(&chain(), "task", "#t", text("bpmn:userTask"));
    let ops = diff(&chain(), &new);
    assert!(
        matches!(ops.as_slice(), [Op::Set { key, field, .. }] if key == "task" && field == "#t")
    );
}

#[test]
fn a_shape_with_a_new_id_is_the_same_shape() {
    let mut new = chain();
    let mut shape = new.nodes.remove("task_di").unwrap();
    shape.0.insert("id".to_owned(), text("Activity_9_di"));
    new.nodes.insert("Activity_9_di".to_owned(), shape);
    let ops = diff(&chain(), &new);
    assert!(
        matches!(ops.as_slice(), [Op::Set { key, field, .. }] if key == "task_di" && field == "id")
    );
}

#[test]
fn a_renamed_id_is_one_field_and_all_references_follow() {
    let mut new = chain();
    let mut task = new.nodes.remove("task").unwrap();
    task.0.insert("id".to_owned(), text("Check"));
    new.nodes.insert("Check".to_owned(), task);
    for record in new.nodes.values_mut() {
        for value in record.0.values_mut() {
            if *value == refer("task") {
                *value = refer("Check");
            }
        }
    }
    let ops = diff(&chain(), &new);
    assert!(
        matches!(ops.as_slice(), [Op::Set { key, field, .. }] if key == "task" && field == "id"),
        "{ops:#?}"
    );
}

#[test]
fn another_prefix_is_one_operation() {
    let mut new = chain();
    let ns = new.ns.remove("bpmn").unwrap();
    new.ns.insert("bpmn2".to_owned(), ns);
    for record in new.nodes.values_mut() {
        let Some(Value::Text(tag)) = record.0.get_mut("#t") else { panic!() };
        *tag = tag.replace("bpmn:", "bpmn2:");
    }
    let ops = diff(&chain(), &new);
    let prefix = Some("bpmn2".to_owned());
    assert_eq!(
        ops,
        [Op::Ns {
            alias: "bpmn".to_owned(),
            new: Namespace { uri: MODEL.to_owned(), at_root: true, prefix },
        }]
    );
}

#[test]
fn a_reordered_list_entry_is_one_place() {
    let more = adding(
        &chain(),
        "f3 bpmn:sequenceFlow proc a5 sourceRef=[start] targetRef=[end] #i=a1 #u=a1
         f4 bpmn:sequenceFlow proc a6 sourceRef=[start] targetRef=[end] #i=a2 #u=a2",
    );
    let new = with(&more, "f3", "#i", text("a3"));
    let (result, resolved) = save(&more, &new, &more);
    assert_eq!(resolved.writes.len(), 1);
    assert_eq!(shape(&result), shape(&new));
}

#[test]
fn an_order_of_the_save_never_undoes_a_live_change_of_parent() {
    let base = adding(&chain(), "sub bpmn:subProcess proc a9");
    let new = with(&base, "start", "#p", text("a8 proc"));
    let current = with(&base, "start", "#p", text("a0 sub"));
    let (result, resolved) = save(&base, &new, &current);
    assert_eq!(result.nodes["start"].0["#p"], text("a0 sub"));
    assert_eq!(resolved.conflicts, []);
}

#[test]
fn a_key_is_never_deleted_and_created_at_once() {
    // The id `task` goes from the model to a vendor element: no relation between the two.
    let new = without(&chain(), &["task", "f1", "f2", "task_di", "f1_di"]);
    let new = adding(&new, "task v:thing proc a1");
    let (_, resolved) = save(&chain(), &new, &chain());
    for write in &resolved.writes {
        if let Write::Create(key, _) = write {
            assert!(!resolved.writes.contains(&Write::Delete(key.clone())));
        }
    }
}

#[test]
fn three_way_keeps_both_and_reports_what_both_changed() {
    let ours = with(&chain(), "task", "name", text("Ours"));
    let ours = with(&ours, "start", "name", text("Start of ours"));
    let theirs = with(&chain(), "task", "name", text("Theirs"));
    let theirs = with(&theirs, "task_di", "#b", text("7_7_7_7"));
    let merged = three_way(&chain(), &ours, &theirs, &mut fastrand::Rng::with_seed(1));
    assert_eq!(merged.conflicts.len(), 1);
    assert_eq!(merged.records.nodes["task"].0["name"], text("Ours"));
    assert_eq!(merged.records.nodes["start"].0["name"], text("Start of ours"));
    assert_eq!(merged.records.nodes["task_di"].0["#b"], text("7_7_7_7"));
}

#[test]
fn three_way_keeps_a_changed_element_whole_when_theirs_deletes_it() {
    let ours = with(&chain(), "f1", "name", text("Ours"));
    let theirs = without(&chain(), &["start", "task", "task_di", "start_di", "f1", "f2", "f1_di"]);
    let merged = three_way(&chain(), &ours, &theirs, &mut fastrand::Rng::with_seed(1));
    assert_eq!(merged.conflicts.len(), 1);
    let kept: Vec<&str> = merged.records.nodes.keys().map(String::as_str).collect();
    assert_eq!(
        kept,
        [
            "defs", "dia", "end", "f1", "f1_di", "plane", "proc", "start", "start_di", "task",
            "task_di"
        ]
    );
}

// ---- random versions ----

/// A random change of a random tree, in which every reference resolves.
fn mutate(records: &mut Records, rng: &mut fastrand::Rng, fresh: &mut u32) {
    let keys: Vec<String> = records.nodes.keys().cloned().collect();
    let pick = |rng: &mut fastrand::Rng| keys[rng.usize(..keys.len())].clone();
    let order = |rng: &mut fastrand::Rng| format!("a{}", rng.u32(100..1000));
    let inner = |record: &Record| {
        record
            .0
            .get("#t")
            .is_some_and(|t| *t == text("bpmn:process") || *t == text("bpmn:subProcess"))
    };
    let containers: Vec<&String> = keys.iter().filter(|key| inner(&records.nodes[*key])).collect();
    let container = containers[rng.usize(..containers.len())].clone();
    *fresh += 1;
    match rng.u32(..9) {
        0 | 1 => {
            let tag = ["bpmn:task", "bpmn:subProcess", "bpmn:userTask"][rng.usize(..3)];
            let line = format!("n{fresh} {tag} {container} {} name=N{fresh}", order(rng));
            records.nodes.extend(self::records(&line).nodes);
        }
        2 => {
            let tag = ["v:prop", "bpmn:documentation", "#comment"][rng.usize(..3)];
            let line = format!("~x{fresh} {tag} {} {} #x=t{}", pick(rng), order(rng), rng.u32(..3));
            records.nodes.extend(self::records(&line).nodes);
        }
        3 => {
            let line = format!(
                "fl{fresh} bpmn:sequenceFlow {container} {} sourceRef=[{}] targetRef=[{}] #i={} #u={}",
                order(rng),
                pick(rng),
                pick(rng),
                order(rng),
                order(rng)
            );
            records.nodes.extend(self::records(&line).nodes);
        }
        4 => {
            let key = pick(rng);
            let record = records.nodes.get_mut(&key).unwrap();
            record.0.insert("name".to_owned(), text(&format!("M{fresh}")));
        }
        5 | 6 => {
            let key = pick(rng);
            let record = records.nodes.get_mut(&key).unwrap();
            let (_, parent) = record.place().unwrap();
            let place = format!("{} {parent}", order(rng));
            if parent != DOCUMENT {
                record.0.insert("#p".to_owned(), text(&place));
            }
        }
        7 => {
            let key = pick(rng);
            if records.nodes[&key].0["#t"] == text("bpmn:sequenceFlow") {
                let target = refer(&pick(rng));
                records.nodes.get_mut(&key).unwrap().0.insert("targetRef".to_owned(), target);
            }
        }
        _ => delete(records, &pick(rng)),
    }
}

fn delete(records: &mut Records, key: &str) {
    if matches!(key, "defs" | "proc") {
        return;
    }
    records.nodes.remove(key);
    loop {
        let dangles = |record: &Record| {
            let gone = |key: &String| !records.nodes.contains_key(key);
            let parent = record.place().unwrap().1.to_owned();
            (parent != DOCUMENT && gone(&parent))
                || record
                    .0
                    .values()
                    .any(|v| matches!(v, Value::List(l) if l.first().is_some_and(gone)))
        };
        let Some(next) = records.nodes.iter().find(|(_, r)| dangles(r)).map(|(k, _)| k.clone())
        else {
            return;
        };
        records.nodes.remove(&next);
    }
}

/// What an importer makes of a text: the same tree under other keys and orders.
fn imported_anew(records: &Records) -> Records {
    let index = Index::new(records);
    let mut fresh = Records { nodes: BTreeMap::new(), ..records.clone() };
    let mut keys = BTreeMap::new();
    for (at, node) in index.nodes.iter().enumerate() {
        let key = node.id().map_or_else(|| format!("~{at}"), str::to_owned);
        keys.insert(node.key.to_owned(), key);
    }
    for node in &index.nodes {
        let mut record = node.record.clone();
        let (order, parent) = record.place().unwrap();
        let parent = keys.get(parent).map_or(parent, String::as_str);
        let place = format!("b{order} {parent}");
        record.0.insert("#p".to_owned(), text(&place));
        for value in record.0.values_mut() {
            let Value::List(list) = value else { continue };
            if let Some(key) = keys.get(&list[0]) {
                list[0].clone_from(key);
            }
        }
        fresh.nodes.insert(keys[node.key].clone(), record);
    }
    fresh
}

#[test]
fn any_version_over_any_other_gives_that_version() {
    for seed in 0..400 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut fresh = 0;
        let mut base = chain();
        for _ in 0..rng.u32(..20) {
            mutate(&mut base, &mut rng, &mut fresh);
        }
        let mut new = base.clone();
        for _ in 0..rng.u32(1..20) {
            mutate(&mut new, &mut rng, &mut fresh);
        }
        let new = imported_anew(&new);
        let (result, resolved) = save(&base, &new, &base);
        assert_eq!(shape(&result), shape(&new), "seed {seed}");
        assert_eq!(resolved.conflicts, [], "seed {seed}");
        assert_eq!(diff(&result, &new), [], "seed {seed}");
    }
}

#[test]
fn a_save_over_concurrent_edits_loses_no_field_of_either() {
    for seed in 0..400 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut new, mut current) = (chain(), chain());
        let (mut fresh_new, mut fresh_current) = (1000, 2000);
        for _ in 0..rng.u32(1..12) {
            mutate(&mut new, &mut rng, &mut fresh_new);
            mutate(&mut current, &mut rng, &mut fresh_current);
        }
        let (result, resolved) = save(&chain(), &new, &current);
        let clashing: Vec<&str> =
            resolved.conflicts.iter().map(|c| c.element.key.as_str()).collect();
        for (key, record) in result.nodes.iter().filter(|(key, _)| !key.starts_with('~')) {
            let name = record.0.get("name");
            let of = |r: &Records| r.nodes.get(key).and_then(|r| r.0.get("name")).cloned();
            let (base, saved, live) = (of(&chain()), of(&new), of(&current));
            let sides = [&saved, &live];
            assert!(sides.contains(&&name.cloned()), "seed {seed}: {key} {name:?}");
            if saved != base && live != base && saved != live && new.nodes.contains_key(key) {
                assert!(
                    clashing.contains(&key.as_str())
                        || !current.nodes.contains_key(key)
                        || !chain().nodes.contains_key(key),
                    "seed {seed}: {key} is not reported"
                );
            }
        }
    }
}
