//! Saves on real texts: a save of what was read is nothing, a save of another text gives that text,
//! and a save beside live edits keeps both.

use std::path::{Path, PathBuf};

use atelier::bpmn::merge::{
    Applied, Clash, apply, diff, diff_seen, save, spare_what_modelers_lose, three_way,
};
use atelier::bpmn::model::{Record, Records, Value};
use atelier::bpmn::{self, c14n, crdt, import, materialise};
use yrs::{Doc, Transact};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "bpmn" || e == "xml"))
        .collect();
    files.sort();
    files
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Fixtures, and the corpus where `ATELIER_CORPUS` names it; by name, only what can be read.
fn texts() -> Vec<(String, Vec<u8>)> {
    let mut paths = files(&fixtures());
    match std::env::var_os("ATELIER_CORPUS") {
        Some(folder) => {
            paths.extend(files(&Path::new(&folder).join("open")));
            paths.extend(files(&Path::new(&folder).join("synthetic")));
        }
        None => println!("ATELIER_CORPUS is not set: only the fixtures are tested"),
    }
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        import(&bytes).is_ok().then_some((name, bytes))
    };
    paths.into_iter().filter_map(read).collect()
}

fn document(records: &Records) -> Doc {
    let doc = bpmn::new_doc(1 << 40);
    crdt::write(records, &mut doc.transact_mut());
    doc
}

fn read(doc: &Doc) -> Records {
    crdt::read(&doc.transact())
}

/// A save of `text` by a client that read the document as it is.
fn put(doc: &Doc, text: &[u8]) -> Applied {
    put_over(doc, &read(doc), text)
}

/// A save of `text` by a client that read an earlier version.
fn put_over(doc: &Doc, base: &Records, text: &[u8]) -> Applied {
    let ops = save(base, &import(text).unwrap());
    apply(&ops, &mut doc.transact_mut(), &mut fastrand::Rng::with_seed(3))
}

#[test]
fn saving_the_text_that_was_read_or_uploaded_is_no_operation() {
    let mut checked = 0;
    for (name, bytes) in texts() {
        let doc = document(&import(&bytes).unwrap());
        assert_eq!(put(&doc, &bytes), Applied::default(), "{name}: the uploaded bytes");
        let text = materialise(&read(&doc));
        assert_eq!(put(&doc, text.as_bytes()), Applied::default(), "{name}: the text read");
        checked += 1;
    }
    println!("{checked} files");
}

#[test]
fn saving_another_text_gives_that_text_and_saving_it_again_nothing() {
    let texts = texts();
    let (mut pairs, mut ops) = (0, 0);
    let mut faults = Vec::new();
    let next = texts.iter().cycle().skip(1);
    for ((old, a), (new, b)) in texts.iter().zip(next) {
        let doc = document(&import(a).unwrap());
        let applied = put(&doc, b);
        pairs += 1;
        ops += applied.ops;
        let text = materialise(&read(&doc));
        let (have, want) = (c14n(text.as_bytes()).unwrap(), c14n(b).unwrap());
        if have != want {
            let at = have.bytes().zip(want.bytes()).take_while(|(x, y)| x == y).count();
            let around = |t: &str| {
                let range = at.saturating_sub(150)..(at + 150).min(t.len());
                String::from_utf8_lossy(&t.as_bytes()[range]).into_owned()
            };
            faults.push(format!("{old} <- {new}:\n  {}\n  {}", around(&have), around(&want)));
        }
        if !applied.conflicts.is_empty() {
            faults.push(format!("{old} <- {new}: conflicts {:?}", applied.conflicts));
        }
        let again = put(&doc, b);
        if again != Applied::default() {
            faults.push(format!("{old} <- {new}: the second save made {} operations", again.ops));
        }
    }
    println!("{pairs} pairs, {ops} operations");
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn three_way_with_one_idle_side_gives_the_other() {
    let texts = texts();
    let (mut pairs, mut rng) = (0, fastrand::Rng::with_seed(1));
    for ((old, a), (new, b)) in texts.iter().zip(texts.iter().cycle().skip(1)).step_by(3) {
        let (a, b) = (import(a).unwrap(), import(b).unwrap());
        for (ours, theirs) in [(&a, &b), (&b, &a)] {
            let merged = three_way(&a, ours, theirs, &mut rng);
            let text = |records| c14n(materialise(records).as_bytes()).unwrap();
            assert!(text(&merged.records) == text(&b), "{old}, {new}");
            assert_eq!(merged.conflicts, [], "{old}, {new}");
        }
        pairs += 1;
    }
    println!("{pairs} pairs");
}

#[test]
fn restoring_an_older_version_gives_that_version() {
    let texts = texts();
    for ((old, a), (new, b)) in texts.iter().zip(texts.iter().cycle().skip(1)).step_by(5) {
        let doc = document(&import(a).unwrap());
        let version = read(&doc);
        put(&doc, b);
        let ops = diff(&read(&doc), &version);
        apply(&ops, &mut doc.transact_mut(), &mut fastrand::Rng::with_seed(3));
        let text = |records: &Records| c14n(materialise(records).as_bytes()).unwrap();
        assert!(text(&read(&doc)) == text(&version), "{old}, {new}");
    }
}

// ---- one file, one story ----

const FILE: &str = "collaboration-pools-lanes.bpmn";

fn open(name: &str) -> (Doc, String) {
    let text = std::fs::read_to_string(fixtures().join(name)).unwrap();
    let doc = document(&import(text.as_bytes()).unwrap());
    (doc, text)
}

/// The text with replacements, each of which must hit.
fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

const RENAMED: (&str, &str) = ("name=\"Order\"", "name=\"Order now\"");

#[test]
fn a_rename_is_one_operation_and_changes_one_line() {
    let (doc, text) = open(FILE);
    let new = edited(&text, &[RENAMED]);
    assert_eq!(put(&doc, new.as_bytes()), Applied { ops: 1, conflicts: Vec::new() });
    assert_eq!(materialise(&read(&doc)), new);
}

#[test]
fn another_prefix_is_one_operation_on_the_namespace() {
    let (doc, text) = open(FILE);
    let new = text.replace("bpmn:", "bpmn2:").replace("xmlns:bpmn=", "xmlns:bpmn2=");
    assert_eq!(put(&doc, new.as_bytes()).ops, 1);
    assert_eq!(materialise(&read(&doc)), new);
}

#[test]
fn a_save_beside_live_edits_keeps_both() {
    let (doc, text) = open(FILE);
    let base = read(&doc);
    {
        let mut txn = doc.transact_mut();
        crdt::set_field(&mut txn, "Start_1", "name", &Value::from("Live"));
        crdt::set_field(&mut txn, "Task_1_di", "#b", &Value::from("330 230 100 80"));
        crdt::set_field(&mut txn, "Message_1", "name", &Value::from("live order"));
    }
    let new = edited(&text, &[RENAMED, ("name=\"order\"", "name=\"saved order\"")]);
    let applied = put_over(&doc, &base, new.as_bytes());
    let [conflict] = applied.conflicts.as_slice() else { panic!("{:?}", applied.conflicts) };
    assert_eq!(conflict.element.id.as_deref(), Some("Message_1"));
    assert!(matches!(&conflict.clash, Clash::Field { saved: Some(s), .. } if s == "saved order"));
    let text = materialise(&read(&doc));
    for expected in ["\"Live\"", "x=\"330\"", "\"Order now\"", "\"saved order\""] {
        assert!(text.contains(expected), "{expected} is missing");
    }
}

#[test]
fn a_save_of_what_was_deleted_meanwhile_reports_it_and_leaves_it_deleted() {
    let (doc, text) = open(FILE);
    let base = read(&doc);
    for key in ["Task_1", "Task_1_di", "Flow_1", "Flow_1_di", "Message_1", "Message_1_di"] {
        assert!(crdt::delete_node(&mut doc.transact_mut(), key));
    }
    let applied = put_over(&doc, &base, edited(&text, &[RENAMED]).as_bytes());
    assert_eq!(applied.ops, 0);
    let [conflict] = applied.conflicts.as_slice() else { panic!("{:?}", applied.conflicts) };
    assert_eq!(conflict.clash, Clash::DeletedMeanwhile);
    assert!(!materialise(&read(&doc)).contains("Task_1"));
}

#[test]
fn the_same_save_sent_twice_creates_nothing_twice() {
    let (doc, text) = open(FILE);
    let base = read(&doc);
    let task = "    <bpmn:userTask id=\"New_1\" name=\"New\">\n      <bpmn:extensionElements />\n    \
                </bpmn:userTask>\n    <bpmn:sequenceFlow id=\"Flow_1\"";
    let new = edited(&text, &[("    <bpmn:sequenceFlow id=\"Flow_1\"", task)]);
    // The task, its extension elements, and the attribute order of a tag that is new here.
    assert_eq!(put_over(&doc, &base, new.as_bytes()).ops, 3);
    assert_eq!(put_over(&doc, &base, new.as_bytes()), Applied::default());
    assert_eq!(materialise(&read(&doc)), new);
}

#[test]
fn two_saves_from_one_base_that_add_the_same_element_make_one_node() {
    let (doc, text) = open(FILE);
    let base = read(&doc);
    let with = |name: &str| {
        let task = format!(
            "    <bpmn:userTask id=\"New_1\" name=\"{name}\" />\n    <bpmn:sequenceFlow id=\"Flow_1\""
        );
        edited(&text, &[("    <bpmn:sequenceFlow id=\"Flow_1\"", &task)])
    };
    put_over(&doc, &base, with("One").as_bytes());
    let applied = put_over(&doc, &base, with("Two").as_bytes());
    assert_eq!((applied.ops, applied.conflicts.len()), (1, 1), "{applied:?}");
    assert_eq!(materialise(&read(&doc)), with("Two"));
}

#[test]
fn a_lossy_modelers_own_export_as_what_it_saw_makes_its_edit_one_operation() {
    let (doc, text) = open("comments.bpmn");
    let base = read(&doc);
    // What the modeler exports right after loading, and after one rename.
    let mut lossy = text.clone();
    while let Some(start) = lossy.find("<!--") {
        let end = lossy[start..].find("-->").unwrap() + start + 3;
        lossy.replace_range(start..end, "");
    }
    let edit = edited(&lossy, &[("Check the order", "Look")]);
    let (seen, new) = (import(lossy.as_bytes()).unwrap(), import(edit.as_bytes()).unwrap());
    let ops = diff_seen(&base, &seen, &new);
    let applied = apply(&ops, &mut doc.transact_mut(), &mut fastrand::Rng::with_seed(3));
    assert_eq!(applied, Applied { ops: 1, conflicts: Vec::new() });
    let saved = edited(&text, &[("Check the order", "Look")]);
    assert_eq!(c14n(materialise(&read(&doc)).as_bytes()), c14n(saved.as_bytes()));
}

#[test]
fn a_lossy_modeler_without_its_own_export_deletes_no_comment() {
    let (doc, text) = open("comments.bpmn");
    let base = read(&doc);
    let new = import(edited(&text, &[(" after the root ", " x ")]).as_bytes()).unwrap();
    let mut bare = new.clone();
    bare.nodes.retain(|_, record| record.tag() != Some("#comment"));
    let deletes = |ops: &[atelier::bpmn::merge::Op]| ops.len();
    assert!(deletes(&save(&base, &bare)) > 0);
    assert_eq!(spare_what_modelers_lose(save(&base, &bare), &base), []);
}

#[test]
fn bounds_that_a_client_wrote_as_a_child_node_are_replaced_not_doubled() {
    let (doc, _) = open(FILE);
    {
        let mut txn = doc.transact_mut();
        crdt::remove_field(&mut txn, "Task_1_di", "#b");
        let mut bounds = Record::default();
        let fields = [
            ("#t", "dc:Bounds"),
            ("#p", "a0 Task_1_di"),
            ("x", "320"),
            ("y", "220"),
            ("width", "100"),
            ("height", "80"),
        ];
        fields.into_iter().for_each(|(field, value)| bounds.set(field, value));
        crdt::create_node(&mut txn, "~bounds", &bounds);
    }
    let text = materialise(&read(&doc));
    assert_eq!(put(&doc, text.as_bytes()).ops, 0);
    let new = edited(&text, &[("x=\"320\" y=\"220\"", "x=\"333\" y=\"222\"")]);
    put(&doc, new.as_bytes());
    assert_eq!(materialise(&read(&doc)), new);
}

#[test]
fn what_the_export_repaired_is_not_deleted_by_saving_it() {
    let (doc, _) = open(FILE);
    // Its pool is gone, so the lane's task hangs in the air; the export hides it.
    for key in ["Process_1", "Participant_1"] {
        crdt::delete_node(&mut doc.transact_mut(), key);
    }
    let text = materialise(&read(&doc));
    assert!(!text.contains("Task_1"));
    assert_eq!(put(&doc, text.as_bytes()), Applied::default());
    assert!(read(&doc).nodes.contains_key("Task_1"));
}
