//! `atelier bpmn`: what scripts and git rely on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use atelier::bpmn::c14n;
use serde_json::Value;

fn bpmn(args: &[&dyn AsRef<std::ffi::OsStr>]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier"));
    command.arg("bpmn");
    args.iter().for_each(|arg| {
        command.arg(arg);
    });
    command.output().unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn fixture(name: &str) -> PathBuf {
    fixtures().join(name)
}

fn all(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "bpmn"));
    files.sort();
    files
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A folder with a base and two edited versions of it.
struct Versions {
    folder: tempfile::TempDir,
}

impl Versions {
    /// Each edit is a replacement in the text of `prefix-bpmn.bpmn`, which must hit.
    fn new(ours: &[(&str, &str)], theirs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::read_to_string(fixture("prefix-bpmn.bpmn")).unwrap();
        let edited = |edits: &[(&str, &str)]| {
            let mut text = base.clone();
            for (from, to) in edits {
                assert!(text.contains(from), "{from}");
                text = text.replace(from, to);
            }
            text
        };
        fs::write(folder.path().join("base.bpmn"), &base).unwrap();
        fs::write(folder.path().join("ours.bpmn"), edited(ours)).unwrap();
        fs::write(folder.path().join("theirs.bpmn"), edited(theirs)).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn merge(&self) -> Output {
        let [base, ours, theirs] = ["base.bpmn", "ours.bpmn", "theirs.bpmn"].map(|n| self.path(n));
        bpmn(&[&"merge", &base, &ours, &theirs, &"-o", &self.path("out.bpmn")])
    }

    fn merged(&self) -> String {
        fs::read_to_string(self.path("out.bpmn")).unwrap()
    }
}

const OTHER_NAME: (&str, &str) = ("name=\"Check the order\"", "name=\"Check it\"");
const MOVED: (&str, &str) = ("x=\"240\" y=\"80\" width", "x=\"240\" y=\"300\" width");

#[test]
fn every_fixture_is_in_the_index_and_the_index_names_no_other() {
    let index = fs::read_to_string(fixture("README.md")).unwrap();
    let mut listed: Vec<&str> = index
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .filter(|name| name.ends_with(".bpmn"))
        .collect();
    let mut found: Vec<String> = Vec::new();
    for path in all(&fixtures()).into_iter().chain(all(&fixture("refused"))) {
        let name = path.strip_prefix(fixtures()).unwrap();
        found.push(name.to_str().unwrap().to_owned());
    }
    listed.sort_unstable();
    found.sort_unstable();
    assert_eq!(listed, found);
}

#[test]
fn roundtrip_gives_a_text_that_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for path in all(&fixtures()) {
        let out = folder.path().join("out.bpmn");
        let output = bpmn(&[&"roundtrip", &path, &"-o", &out]);
        assert_eq!(code(&output), 0, "{}: {}", path.display(), stderr(&output));
        assert!(output.stdout.is_empty() && output.stderr.is_empty());
        let (before, after) = (fs::read(&path).unwrap(), fs::read(&out).unwrap());
        assert_eq!(c14n(&before), c14n(&after), "{}", path.display());
        assert_eq!(bpmn(&[&"roundtrip", &path]).stdout, after, "{}", path.display());
    }
}

#[test]
fn unreadable_input_is_two_and_one_line_with_its_place() {
    for path in all(&fixture("refused")) {
        for arguments in [vec!["roundtrip"], vec!["check"]] {
            let output = bpmn(&[&arguments[0], &path]);
            let text = stderr(&output);
            assert_eq!(code(&output), 2, "{}", path.display());
            assert_eq!(text.lines().count(), 1, "{text}");
            assert!(text.contains("line ") && text.contains("column "), "{text}");
            assert!(text.contains(path.file_name().unwrap().to_str().unwrap()), "{text}");
            assert!(output.stdout.is_empty());
        }
    }
    let missing = bpmn(&[&"check", &"no/such/file.bpmn"]);
    assert_eq!(code(&missing), 2);
    assert_eq!(stderr(&missing).lines().count(), 1);
    assert_eq!(code(&bpmn(&[&"merge", &"only-one.bpmn"])), 2);
    assert_eq!(code(&bpmn(&[&"frobnicate"])), 2);
}

#[test]
fn diff_of_equal_files_is_silent_and_zero() {
    for path in all(&fixtures()) {
        let output = bpmn(&[&"diff", &path, &path]);
        assert_eq!((code(&output), stdout(&output)), (0, String::new()), "{}", path.display());
    }
}

#[test]
fn diff_is_blind_to_prefix_order_and_layout_of_the_text() {
    let output = bpmn(&[&"diff", &fixture("prefix-bpmn.bpmn"), &fixture("tabs-blank-lines.bpmn")]);
    assert_eq!((code(&output), stdout(&output)), (0, String::new()));
    let output =
        bpmn(&[&"diff", &"--json", &fixture("prefix-bpmn.bpmn"), &fixture("prefix-semantic.bpmn")]);
    assert_eq!(code(&output), 1);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["document"].as_array().unwrap().len(), 1, "{report:#}");
    for part in ["added", "removed", "moved", "renamed", "changed", "layout"] {
        assert_eq!(report[part].as_array().unwrap().len(), 0, "{report:#}");
    }
}

#[test]
fn diff_names_what_changed_and_keeps_layout_apart() {
    let versions = Versions::new(
        &[
            OTHER_NAME,
            MOVED,
            ("<bpmn:endEvent id=\"End_1\" name", "<bpmn:endEvent id=\"End_1\" isX=\"1\" name"),
            (
                "    <bpmn:sequenceFlow id=\"Flow_1\"",
                "    <bpmn:userTask id=\"New_1\" name=\"New\" />\n    <bpmn:sequenceFlow id=\"Flow_1\"",
            ),
        ],
        &[],
    );
    let (old, new) = (versions.path("base.bpmn"), versions.path("ours.bpmn"));
    let output = bpmn(&[&"diff", &old, &new]);
    assert_eq!(code(&output), 1);
    assert_eq!(
        stdout(&output).lines().collect::<Vec<_>>(),
        [
            "added    userTask New_1 \"New\" in process Process_1",
            "renamed  task Task_1: \"Check the order\" -> \"Check it\"",
            "changed  endEvent End_1 \"Order done\": isX: nothing -> \"1\"",
            "layout   task Task_1 \"Check it\" moved: \"240 80 100 80\" -> \"240 300 100 80\"",
        ]
    );
    let output = bpmn(&[&"diff", &"--json", &old, &new]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["renamed"][0]["element"]["id"], "Task_1");
    assert_eq!(report["renamed"][0]["to"], "Check it");
    assert_eq!(report["layout"][0]["change"], "moved");
    assert_eq!(report["added"][0]["element"]["type"], "userTask");
}

#[test]
fn merge_of_different_fields_keeps_both_and_is_zero() {
    let versions = Versions::new(&[OTHER_NAME], &[MOVED]);
    let output = versions.merge();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    let base = fs::read_to_string(versions.path("base.bpmn")).unwrap();
    let both = base.replace(OTHER_NAME.0, OTHER_NAME.1).replace(MOVED.0, MOVED.1);
    assert_eq!(versions.merged(), both);
}

#[test]
fn merge_of_the_same_field_keeps_ours_reports_and_is_one() {
    let versions = Versions::new(&[OTHER_NAME], &[(OTHER_NAME.0, "name=\"Look\""), MOVED]);
    let output = versions.merge();
    assert_eq!(code(&output), 1);
    assert_eq!(
        stdout(&output),
        "conflict task Task_1 \"Check it\": name was \"Check the order\"; ours \"Check it\", \
         theirs \"Look\"; kept ours\n"
    );
    assert_eq!(stderr(&output).lines().count(), 1);
    assert!(versions.merged().contains("Check it") && versions.merged().contains(MOVED.1));
    let [base, ours, theirs] = ["base.bpmn", "ours.bpmn", "theirs.bpmn"].map(|n| versions.path(n));
    let beside = bpmn(&[&"merge", &base, &ours, &theirs]);
    assert_eq!(stdout(&beside), versions.merged());
    assert!(stderr(&beside).contains("conflict task Task_1"));
}

#[test]
fn merge_of_one_side_alone_gives_that_side() {
    let theirs = Versions::new(&[], &[OTHER_NAME, MOVED]);
    assert_eq!(code(&theirs.merge()), 0);
    assert_eq!(theirs.merged(), fs::read_to_string(theirs.path("theirs.bpmn")).unwrap());
    let ours = Versions::new(&[OTHER_NAME, MOVED], &[]);
    assert_eq!(code(&ours.merge()), 0);
    assert_eq!(ours.merged(), fs::read_to_string(ours.path("ours.bpmn")).unwrap());
}

#[test]
fn merge_keeps_what_ours_changed_and_theirs_deleted() {
    let base = fs::read_to_string(fixture("prefix-bpmn.bpmn")).unwrap();
    let start = base.find("    <bpmn:endEvent").unwrap();
    let end =
        base[start..].find("</bpmn:endEvent>\n").unwrap() + start + "</bpmn:endEvent>\n".len();
    let element = base[start..end].to_owned();
    let versions = Versions::new(&[("name=\"Order done\"", "name=\"Over\"")], &[(&element, "")]);
    let output = versions.merge();
    assert_eq!(code(&output), 1);
    assert!(stdout(&output).contains("changed by ours, deleted by theirs; kept"));
    assert!(versions.merged().contains("name=\"Over\""));
}

#[test]
fn merge_works_in_git_as_a_driver() {
    let versions = Versions::new(&[OTHER_NAME], &[MOVED]);
    let repository = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(args)
            .current_dir(repository.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", stderr(&output));
    };
    let commit = |version: &str| {
        fs::copy(versions.path(version), repository.path().join("a.bpmn")).unwrap();
        git(&["add", "-A"]);
        git(&["commit", "-qm", version]);
    };
    git(&["init", "-q", "-b", "main"]);
    let driver = format!("'{}' bpmn merge %O %A %B -o %A", env!("CARGO_BIN_EXE_atelier"));
    git(&["config", "merge.atelier.driver", &driver]);
    fs::write(repository.path().join(".gitattributes"), "*.bpmn merge=atelier\n").unwrap();
    commit("base.bpmn");
    git(&["checkout", "-qb", "theirs"]);
    commit("theirs.bpmn");
    git(&["checkout", "-q", "main"]);
    commit("ours.bpmn");
    git(&["merge", "-q", "--no-edit", "theirs"]);
    let merged = fs::read_to_string(repository.path().join("a.bpmn")).unwrap();
    assert!(merged.contains(OTHER_NAME.1) && merged.contains(MOVED.1));
}

#[test]
fn files_added_on_both_sides_merge_without_a_base() {
    let versions = Versions::new(&[], &[]);
    fs::write(versions.path("base.bpmn"), "").unwrap();
    assert_eq!(code(&versions.merge()), 0);
    assert_eq!(versions.merged(), fs::read_to_string(versions.path("ours.bpmn")).unwrap());
}

#[test]
fn check_of_a_sound_file_is_silent_and_tells_what_is_odd_in_others() {
    let sound = bpmn(&[&"check", &fixture("collaboration-pools-lanes.bpmn")]);
    assert_eq!((code(&sound), stdout(&sound)), (0, String::new()));
    let dangling = bpmn(&[&"check", &fixture("dangling-refs.bpmn")]);
    assert_eq!(code(&dangling), 1);
    assert_eq!(stderr(&dangling).lines().count(), 1);
    for expected in [
        "sequenceFlow Flow_1: targetRef \"Gone_4\" leads nowhere",
        "lane Lane_1: flowNodeRef \"Gone_1\" leads nowhere",
        "participant Participant_1 \"Ghost\": processRef \"Process_gone\" leads nowhere",
    ] {
        assert!(stdout(&dangling).contains(expected), "{}", stdout(&dangling));
    }
    let doubled = bpmn(&[&"check", &"--json", &fixture("duplicate-ids.bpmn")]);
    assert_eq!(code(&doubled), 1);
    let report: Value = serde_json::from_slice(&doubled.stdout).unwrap();
    let kinds: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"duplicate-id"), "{report:#}");
    assert_eq!(report["summary"]["counts"]["task"], 3);
}
