//! The tree keeps its shape: arrows between modules, purity, headers, sizes, nothing left unfinished.
//!
//! A list of exceptions may only shrink: entering it needs a reason, leaving it is celebrated.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules without tokio, IO, clock or environment.
const PURE: &[&str] = &[
    "src/id.rs",
    "src/limits.rs",
    "src/auth/claims.rs",
    "src/bpmn/",
    "src/protocol/",
    "src/outbound/address.rs",
    "src/diagram/save.rs",
    "src/diagram/text.rs",
    "src/room/awareness.rs",
    "src/room/committer.rs",
    "src/room/core.rs",
    "src/room/core/",
    "src/room/document.rs",
    "src/room/feed.rs",
    "src/room/lifecycle.rs",
    "src/room/load.rs",
    "src/room/outbox.rs",
    "src/room/replica.rs",
    "src/room/session.rs",
    "src/store/log.rs",
    "src/store/plan.rs",
    "src/store/row.rs",
    "src/webhooks/message.rs",
    "src/webhooks/pause.rs",
];

/// What no pure module may name.
const IMPURE: &[&str] = &[
    "tokio",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "Instant::now",
    "SystemTime",
    "sqlx",
    "axum",
    "getrandom",
    "fastrand::Rng::new()",
    "fastrand::u",
];

/// `from` may not import any of these.
const FORBIDDEN_ARROWS: &[(&str, &[&str])] = &[
    ("src/id.rs", &["crate::"]),
    ("src/limits.rs", &["crate::"]),
    (
        "src/bpmn/",
        &["crate::room", "crate::store", "crate::http", "crate::ws", "crate::auth", "crate::app"],
    ),
    ("src/protocol/", &["crate::room", "crate::store", "crate::bpmn", "crate::http", "crate::ws"]),
    (
        "src/store/",
        &["crate::room", "crate::bpmn", "crate::http", "crate::ws", "crate::auth", "crate::app"],
    ),
    (
        "src/room/",
        &["crate::bpmn", "crate::http", "crate::ws", "crate::auth", "crate::app", "crate::config"],
    ),
    ("src/outbound", &["crate::store", "crate::http", "crate::jobs", "crate::app"]),
    ("src/webhooks", &["crate::http", "crate::jobs", "crate::outbound", "crate::app"]),
    ("src/http/", &["crate::app", "crate::cli", "crate::ws"]),
    ("src/ws", &["crate::app", "crate::cli", "crate::bpmn"]),
];

/// Files above 450 lines, with the reason. Nothing may pass 600.
const LONG_FILES: &[(&str, &str)] = &[];

/// Functions above 50 lines are few; none may pass 80 without standing here with its reason.
const LONG_FUNCTIONS: &[(&str, &str)] = &[];

const MOST_LINES: usize = 600;
const MOST_FUNCTION_LINES: usize = 80;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &str, ends: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["node_modules", "target", "corpus", "artifacts", "dist"].contains(&&*name) {
                    folders.push(path);
                }
            } else if ends.iter().any(|end| name.ends_with(end)) {
                found.push((relative(&path), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} holds none of {ends:?}");
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().into_owned()
}

/// The lines of a file that are product code: without comments, up to its tests.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(at, line)| (at + 1, line))
}

fn is_test_file(path: &str) -> bool {
    path.ends_with("tests.rs") || path.contains("/tests/")
}

#[test]
fn i5_pure_modules_know_no_tokio_no_io_no_clock_and_no_environment() {
    let mut seen = BTreeSet::new();
    for (path, text) in files_below("src", &[".rs"]) {
        let Some(pure) = PURE.iter().find(|pure| path.starts_with(**pure)) else { continue };
        seen.insert(*pure);
        if is_test_file(&path) {
            continue;
        }
        for (line, code) in code(&text) {
            for word in IMPURE {
                assert!(!code.contains(word), "{path}:{line} names {word}");
            }
        }
    }
    assert_eq!(seen.len(), PURE.len(), "a pure module has moved: {seen:?}");
}

#[test]
fn i7_arrows_between_modules_point_one_way() {
    for (path, text) in files_below("src", &[".rs"]) {
        for (from, never) in FORBIDDEN_ARROWS {
            if !path.starts_with(from) || is_test_file(&path) {
                continue;
            }
            for (line, code) in code(&text) {
                for to in *never {
                    assert!(!code.contains(to), "{path}:{line} imports {to}");
                }
            }
        }
    }
}

#[test]
fn i9_only_the_configuration_reads_the_environment() {
    for (path, text) in files_below("src", &[".rs"]) {
        let allowed = path.starts_with("src/config");
        for (line, code) in code(&text) {
            let reads = code.contains("env::var");
            assert!(allowed || !reads, "{path}:{line} reads the environment");
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for (path, text) in files_below("src", &[".rs"]) {
        let head: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(!head.is_empty(), "{path} does not begin with //!");
        let words = head.iter().map(|line| line.split_whitespace().count()).sum::<usize>();
        assert!(words > 5, "{path}: its header says nothing");
    }
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    for (path, text) in
        files_below("src", &[".rs"]).into_iter().chain(files_below("tests", &[".rs", ".mjs"]))
    {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{path} has {lines} lines");
    }
    for (path, reason) in LONG_FILES {
        let lines = fs::read_to_string(root().join(path)).unwrap().lines().count();
        assert!(lines > 450 && !reason.is_empty(), "{path} may leave the list: {lines} lines");
    }
}

#[test]
fn no_function_is_longer_than_a_screen_without_a_reason() {
    let mut excused = BTreeSet::new();
    for (path, text) in files_below("src", &[".rs"]) {
        if is_test_file(&path) {
            continue;
        }
        let lines: Vec<_> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let start = line.trim_start();
            let is_function = [
                "fn ",
                "pub fn ",
                "async fn ",
                "pub async fn ",
                "pub(super) fn ",
                "pub(crate) fn ",
                "pub(super) async fn ",
                "const fn ",
                "pub const fn ",
            ]
            .iter()
            .any(|head| start.starts_with(head));
            if !is_function {
                continue;
            }
            let end = format!("{}}}", &line[..line.len() - start.len()]);
            let length = lines[at..].iter().position(|l| *l == end).map_or(0, |n| n + 1);
            let name =
                start.split("fn ").nth(1).unwrap_or("").split(['(', '<']).next().unwrap_or("");
            let name = format!("{path}::{name}");
            let excuse = LONG_FUNCTIONS.iter().find(|(long, _)| *long == name);
            if length > MOST_FUNCTION_LINES {
                assert!(excuse.is_some(), "{name} has {length} lines");
                excused.insert(name);
            }
        }
    }
    assert_eq!(excused.len(), LONG_FUNCTIONS.len(), "somebody may leave the list: {excused:?}");
}

#[test]
fn nothing_is_left_unfinished_and_nothing_names_a_place_of_one_machine() {
    let words = ["TO", "FIX", "XX", "HA"].iter().zip(["DO", "ME", "X", "CK"]);
    let mut never: Vec<String> = words.map(|(a, b)| format!("{a}{b}")).collect();
    never.push(["contract", "stub"].join(" "));
    never.push(["index.crates", "io"].join("."));
    never.push(["registry.npmjs", "org"].join("."));
    let places = [
        ("src", &[".rs"][..]),
        ("tests", &[".rs", ".mjs", ".json"][..]),
        ("client-protocol", &[".md"][..]),
        ("docs", &[".md"][..]),
        ("scripts", &[""][..]),
    ];
    for (folder, ends) in places {
        for (path, text) in files_below(folder, ends) {
            for (at, line) in text.lines().enumerate() {
                for word in &never {
                    let found = line
                        .split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != ' ')
                        .any(|part| part.contains(word.as_str()));
                    assert!(!found, "{path}:{} holds {word}", at + 1);
                }
            }
        }
    }
}

#[test]
fn every_decision_says_what_would_change_our_mind() {
    for (path, text) in files_below("docs/decisions", &[".md"]) {
        for part in ["**Context.**", "**Choice.**", "**What would change our mind.**"] {
            assert!(text.contains(part), "{path} lacks {part}");
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        assert!(
            name.len() > 11
                && name.as_bytes()[..10].iter().all(|b| b.is_ascii_digit() || *b == b'-')
        );
    }
}

#[test]
fn the_architecture_fits_on_two_screens_and_names_only_what_exists() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() < 150);
    for word in text.split('`').skip(1).step_by(2) {
        let is_path =
            word.starts_with("src/") || word.starts_with("tests/") || word.starts_with("docs/");
        if is_path && !word.contains('{') {
            assert!(root().join(word).exists(), "ARCHITECTURE.md names {word}");
        }
    }
}
