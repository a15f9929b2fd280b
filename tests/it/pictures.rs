//! Pictures of real files: well-formed, bounded, of themselves alone; and what they look like stays.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use atelier::bpmn::picture::{Options, svg};
use atelier::{bpmn, limits, raster};
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::corpus_roundtrip::bpmn_files;

/// Everything that a picture may consist of.
const ELEMENTS: [&str; 8] = ["svg", "title", "style", "g", "rect", "ellipse", "path", "text"];
const ATTRIBUTES: [&str; 23] = [
    "class",
    "cx",
    "cy",
    "d",
    "fill",
    "font-size",
    "height",
    "role",
    "rx",
    "ry",
    "stroke",
    "stroke-dasharray",
    "stroke-width",
    "style",
    "transform",
    "viewBox",
    "width",
    "x",
    "xmlns",
    "y",
    "text-anchor",
    "points",
    "r",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Elements by name; panics at whatever a picture must not have.
fn elements(svg: &str) -> BTreeMap<String, usize> {
    let mut reader = Reader::from_str(svg);
    let mut elements = BTreeMap::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.name().as_ref().to_owned();
                assert!(ELEMENTS.contains(&&*name), "<{name}>");
                for attribute in tag.attributes().map(Result::unwrap) {
                    let name = attribute.key.as_ref().to_owned();
                    assert!(ATTRIBUTES.contains(&&*name), "{name}");
                    let value = attribute.value.into_owned();
                    assert!(!value.contains("NaN") && !value.contains("inf"), "{name}={value}");
                    assert!(!value.contains("url") || name == "xmlns", "{name}={value}");
                }
                *elements.entry(name).or_default() += 1;
            }
            Event::DocType(_) | Event::PI(_) | Event::CData(_) => panic!("more than elements"),
            Event::Eof => return elements,
            _ => {}
        }
    }
}

/// Draws a file in all ways; gives how many elements its picture has, or none if it is no BPMN.
fn draw(path: &Path) -> Option<usize> {
    let records = bpmn::import(&fs::read(path).unwrap()).ok()?;
    let picture = svg(&records, &Options::default());
    let count = elements(&picture).values().sum();
    assert!(picture.len() <= limits::PICTURE_BYTES);
    let thumbnail = svg(&records, &Options { thumbnail: true, ..Options::default() });
    elements(&thumbnail);
    assert!(
        thumbnail.len() <= limits::THUMBNAIL_BYTES + 2000,
        "{}: {}",
        path.display(),
        thumbnail.len()
    );
    let png = raster::png(&thumbnail).unwrap();
    assert!(png.starts_with(b"\x89PNG"), "{}", path.display());
    Some(count)
}

#[test]
fn every_fixture_and_every_file_of_the_corpus_is_drawn() {
    let mut drawn = 0;
    for path in bpmn_files(&root().join("tests/fixtures")) {
        drawn += usize::from(draw(&path).is_some());
    }
    assert!(drawn > 50, "{drawn} fixtures");
    let Some(corpus) = std::env::var_os("ATELIER_CORPUS").map(PathBuf::from) else { return };
    let drawn = bpmn_files(&corpus).iter().filter(|path| draw(path).is_some()).count();
    assert!(drawn > 0, "{} has no BPMN", corpus.display());
}

#[test]
fn pictures_look_as_they_did() {
    let names = [
        "all-tasks",
        "boundary-events",
        "choreography",
        "collaboration-pools-lanes",
        "colours",
        "data-objects",
        "event-definitions",
        "gateways",
        "no-di",
        "transaction-compensation",
    ];
    for name in names {
        let file = root().join(format!("tests/fixtures/{name}.bpmn"));
        let golden = root().join(format!("tests/it/pictures/{name}.svg"));
        let records = bpmn::import(&fs::read(file).unwrap()).unwrap();
        let picture = svg(&records, &Options::default());
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &picture).unwrap();
        }
        let known = fs::read_to_string(&golden).unwrap_or_default();
        assert!(known == picture, "{name}.svg differs; look at it, then UPDATE=1");
    }
    let kept = fs::read_dir(root().join("tests/it/pictures")).unwrap().count();
    assert_eq!(kept, names.len(), "a picture that nothing compares");
}

#[test]
fn the_command_line_writes_svg_and_png_and_marks_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let old = root().join("tests/fixtures/prefix-bpmn.bpmn");
    let new = folder.path().join("new.bpmn");
    let text = fs::read_to_string(&old).unwrap();
    fs::write(&new, text.replace("name=\"Order done\"", "name=\"Over\"")).unwrap();
    let run = |args: &[&Path]| {
        let output = Command::new(env!("CARGO_BIN_EXE_atelier"))
            .args(["bpmn", "picture"])
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let plain = String::from_utf8(run(&[&new])).unwrap();
    assert!(plain.contains(">Over</text>"));
    let marked = String::from_utf8(run(&[&new, Path::new("--since"), &old])).unwrap();
    assert_eq!(elements(&marked)["g"], elements(&plain)["g"] + 1, "one halo");
    let png = folder.path().join("new.png");
    assert!(run(&[&new, Path::new("--thumbnail"), Path::new("-o"), &png]).is_empty());
    assert!(fs::read(&png).unwrap().starts_with(b"\x89PNG"));
}
