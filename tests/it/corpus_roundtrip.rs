//! Real files go through the document and come out saying the same.
//!
//! `ATELIER_CORPUS` names a folder of BPMN files that stay out of the project; the fixtures of the
//! project are always tested.

use std::path::{Path, PathBuf};

use atelier::bpmn::{self, ReadError};

/// Where a file's way through the document goes wrong; nothing if it does not.
fn fault(bytes: &[u8]) -> Result<Option<String>, ReadError> {
    let records = bpmn::import(bytes)?;
    let update = bpmn::seed_update(&records, (1 << 40) + 7);
    let Some(read) = bpmn::read_update(&update) else {
        return Ok(Some("the update does not decode".into()));
    };
    if read != records {
        return Ok(Some(format!("records differ: {}", record_difference(&records, &read))));
    }
    let xml = bpmn::materialise(&read);
    let (before, after) = (bpmn::c14n(bytes)?, bpmn::c14n(xml.as_bytes()));
    let after = match after {
        Ok(after) => after,
        Err(error) => return Ok(Some(format!("the result is not well-formed: {error}"))),
    };
    if before != after {
        return Ok(Some(format!("not L1: {}", first_difference(&before, &after))));
    }
    let again = bpmn::import(xml.as_bytes()).map(|r| bpmn::materialise(&r));
    match again {
        Ok(again) if again == xml => Ok(None),
        Ok(again) => Ok(Some(format!("not idempotent: {}", first_difference(&xml, &again)))),
        Err(error) => Ok(Some(format!("the result does not import: {error}"))),
    }
}

fn record_difference(a: &bpmn::Records, b: &bpmn::Records) -> String {
    let differing = a.nodes.iter().find(|(key, record)| b.nodes.get(*key) != Some(record));
    format!("{differing:?} / {:?}", differing.map(|(key, _)| b.nodes.get(key)))
}

fn first_difference(a: &str, b: &str) -> String {
    let at = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let around = |text: &str| {
        let bytes = text.as_bytes();
        let range = at.saturating_sub(60)..(at + 80).min(bytes.len());
        String::from_utf8_lossy(&bytes[range]).into_owned()
    };
    format!("{:?} / {:?}", around(a), around(b))
}

pub(crate) fn bpmn_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
            if path.is_dir() {
                open.push(path);
            } else if matches!(extension, "bpmn" | "bpmn2" | "xml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Runs all files of a folder; gives how many round-tripped and how many were refused.
fn run(folder: &Path) -> (usize, Vec<(PathBuf, ReadError)>) {
    let (mut sound, mut refused, mut faults, mut same_bytes) = (0, Vec::new(), Vec::new(), 0);
    for file in bpmn_files(folder) {
        let bytes = std::fs::read(&file).unwrap();
        match fault(&bytes) {
            Ok(None) => {
                sound += 1;
                let records = bpmn::import(&bytes).unwrap();
                same_bytes += usize::from(bpmn::materialise(&records).as_bytes() == bytes);
            }
            Ok(Some(fault)) => faults.push(format!("{}: {fault}", file.display())),
            Err(error) => refused.push((file, error)),
        }
    }
    println!("{}: {sound} sound, {same_bytes} byte for byte", folder.display());
    for (file, error) in &refused {
        println!("refused {}: {error}", file.display());
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    (sound, refused)
}

#[test]
fn every_well_formed_file_of_the_corpus_round_trips() {
    let Some(folder) = std::env::var_os("ATELIER_CORPUS") else {
        println!("ATELIER_CORPUS is not set: the corpus of real files is NOT tested");
        return;
    };
    let (sound, refused) = run(Path::new(&folder));
    assert!(sound > 0, "no BPMN file in {}", Path::new(&folder).display());
    for (file, error) in refused {
        assert!(error.line >= 1 && error.column >= 1, "{}: {error}", file.display());
    }
}

#[test]
fn every_fixture_round_trips() {
    let (_, refused) = run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"));
    for (file, error) in refused {
        let malformed = file.components().any(|c| c.as_os_str() == "refused");
        assert!(malformed, "{}: {error}", file.display());
    }
}
