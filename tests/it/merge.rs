//! Saves on real texts: a save of what was read is nothing, a save of another text gives that text,
//! and a save beside live edits keeps both.

use std::path::{Path, PathBuf};

use atelier::bpmn::merge::{Applied, Clash, apply, diff, diff_seen, three_way};
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
    let seen = import(materialise(base).as_bytes()).unwrap();
    let ops = diff_seen(base, &seen, &import(text).unwrap());
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
