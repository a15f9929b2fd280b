//! Replays the corpora of the fuzz targets. `ATELIER_BLESS=1` writes the seeds anew; what a fuzzer
//! found stays as it is.

use std::path::PathBuf;

use atelier::protocol::frame::{self, Message};
use bytes::Bytes;

use crate::craft::{Content, Craft, Parent, item, text};
use crate::hostile::hostile_frames;

#[path = "../../fuzz/bodies.rs"]
mod bodies;

fn corpus(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

fn replay(target: &str, body: fn(&[u8])) {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(corpus(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{target} has {} inputs", files.len());
    for file in files {
        let input = std::fs::read(&file).unwrap();
        let ran = std::panic::catch_unwind(|| body(&input));
        assert!(ran.is_ok(), "{}", file.display());
    }
}

fn write_seeds(target: &str, seeds: &[(String, Vec<u8>)]) {
    if std::env::var_os("ATELIER_BLESS").is_some() {
        std::fs::create_dir_all(corpus(target)).unwrap();
        for (name, seed) in seeds {
            let name: String =
                name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            std::fs::write(corpus(target).join(name), seed).unwrap();
        }
    }
}

/// Small hostile frames, and the updates in them.
fn small_hostile() -> Vec<(String, Bytes)> {
    let small = hostile_frames().into_iter().filter(|hostile| hostile.frame.len() < 400);
    small.map(|hostile| (hostile.name.to_owned(), hostile.frame)).collect()
}

#[test]
fn the_frame_corpus_holds() {
    let seeds: Vec<_> =
        small_hostile().into_iter().map(|(name, frame)| (name, frame.to_vec())).collect();
    write_seeds("frame_decode", &seeds);
    replay("frame_decode", bodies::frame_decode);
}

#[test]
fn the_update_corpus_holds() {
    let mut seeds: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, frame) in small_hostile() {
        if let Ok(messages) = frame::decode(&frame)
            && let [Message::Update(update)] = &messages[..]
        {
            seeds.push((name, bodies::update_input(std::slice::from_ref(update))));
        }
    }
    let map = || item(Parent::Root("m"), Some("k"), Content::Type(1, None));
    let inner = item(Parent::Item((1, 0)), Some("n"), Content::Any(vec![vec![119, 1, b'v']]));
    let history = [
        Craft::default().section(1, 0, [map(), inner]),
        Craft::default().section(2, 0, [text("t", "a😀b"), text("t", "c").after((2, 1))]),
        Craft::default().section(1, 2, [map().after((1, 0))]).delete(1, &[(0, 2)]),
        Craft::default()
            .section(3, 0, [text("t", "x").after((2, 0)).before((2, 1))])
            .delete(2, &[(1, 2)]),
    ];
    let history: Vec<Bytes> = history.iter().map(Craft::bytes).collect();
    seeds.push(("history of three".into(), bodies::update_input(&history)));
    write_seeds("update_apply", &seeds);
    replay("update_apply", bodies::update_apply);
}

#[test]
fn the_xml_corpus_holds() {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut seeds = Vec::new();
    for folder in [fixtures.clone(), fixtures.join("refused")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let small = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() < 3000);
            if small && path.extension().is_some_and(|extension| extension == "bpmn") {
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                seeds.push((name, std::fs::read(path).unwrap()));
            }
        }
    }
    write_seeds("xml_read", &seeds);
    replay("xml_read", bodies::xml_read);
}
