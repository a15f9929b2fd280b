//! `atelier bpmn`: the document model on files, without a server.
//!
//! Only reads arguments, files and writes results: every judgement is `crate::bpmn`'s.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::Failure;
use crate::bpmn::lint::{Finding, lint};
use crate::bpmn::merge::{self, Conflict, Report};
use crate::bpmn::model::Records;
use crate::bpmn::picture;
use crate::{bpmn, limits, raster};

/// Seed of the keys of merged nodes. They don't show in the XML, and the same inputs give the same output.
const MERGE_SEED: u64 = 1;

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct Bpmn {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read a BPMN file into the document model and write it out again
    Roundtrip {
        /// BPMN 2.0 XML
        input: PathBuf,
        /// File to write instead of stdout
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Tell what changed between two BPMN files, element by element; 1 if anything did
    Diff {
        /// The old file
        a: PathBuf,
        /// The new file
        b: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Merge two versions of a BPMN file; 1 if both changed the same field
    ///
    /// Where both did, OURS stands. Works as a git merge driver: see docs/git-merge-driver.md.
    Merge {
        /// Their common ancestor; an empty file where there is none
        base: PathBuf,
        /// One version; its spelling (prefixes, order, style) is kept
        ours: PathBuf,
        /// The other version
        theirs: PathBuf,
        /// File to write instead of stdout; may be one of the inputs
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Tell the conflicts as JSON; they go to stdout with --output, else to stderr
        #[arg(long)]
        json: bool,
    },
    /// Check a BPMN file: well-formed, ids, references, what an export would repair
    Check {
        /// BPMN 2.0 XML
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Draw a BPMN file as SVG or PNG
    Picture {
        /// BPMN 2.0 XML
        input: PathBuf,
        /// File to write instead of SVG to stdout; PNG if it ends in .png
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// As small as in lists
        #[arg(long)]
        thumbnail: bool,
        /// Colours
        #[arg(long, value_enum, default_value_t = Theme::Light)]
        theme: Theme,
        /// Which diagram of the file: the id of its plane or of the element on it; else the first
        #[arg(long, value_name = "ID")]
        plane: Option<String>,
        /// Mark what is new or differs since this older file
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Theme {
    Light,
    Dark,
    /// As the viewer prefers (SVG)
    Auto,
}

impl Bpmn {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Roundtrip { input, output } => roundtrip(&input, output.as_deref()),
            Command::Diff { a, b, json } => diff(&a, &b, json),
            Command::Merge { base, ours, theirs, output, json } => {
                merge_files([&base, &ours, &theirs], output.as_deref(), json)
            }
            Command::Check { file, json } => check(&file, json),
            Command::Picture { input, output, thumbnail, theme, plane, since } => {
                let theme = match theme {
                    Theme::Light => picture::Theme::Light,
                    Theme::Dark => picture::Theme::Dark,
                    Theme::Auto => picture::Theme::Auto,
                };
                let marks = since.map(|old| marks(&old, &input)).transpose()?;
                let plane = plane.as_deref();
                let options = picture::Options { plane, thumbnail, theme, marks: marks.as_ref() };
                draw(&input, output.as_deref(), &options)
            }
        }
    }
}

fn roundtrip(input: &Path, output: Option<&Path>) -> Result<(), Failure> {
    let records = import(input)?;
    write(output, bpmn::materialise(&records).as_bytes())
}

fn diff(a: &Path, b: &Path, json: bool) -> Result<(), Failure> {
    let (old, new) = (import(a)?, import(b)?);
    let report: Report = merge::report(&old, &new);
    let text = if json { to_json(&report)? } else { report.to_string() };
    write(None, text.as_bytes())?;
    if report.is_empty() {
        return Ok(());
    }
    Err(Failure::finding(format!("{} and {} differ", a.display(), b.display())))
}

fn merge_files(
    [base, ours, theirs]: [&Path; 3],
    output: Option<&Path>,
    json: bool,
) -> Result<(), Failure> {
    let (ours_records, theirs_records) = (import(ours)?, import(theirs)?);
    let bytes = read(base)?;
    // git hands over an empty file where both sides added the path.
    let base_records = if bytes.iter().all(u8::is_ascii_whitespace) {
        merge::common_root(&ours_records, &theirs_records)
    } else {
        parse(base, &bytes)?
    };
    let mut rng = fastrand::Rng::with_seed(MERGE_SEED);
    let merged = merge::three_way(&base_records, &ours_records, &theirs_records, &mut rng);
    write(output, bpmn::materialise(&merged.records).as_bytes())?;
    if merged.conflicts.is_empty() {
        return Ok(());
    }
    let mut report = conflicts_text(&merged.conflicts, json)?;
    if !report.ends_with('\n') {
        report.push('\n');
    }
    // Where stdout holds the XML, the report goes beside it.
    match output {
        Some(_) => write(None, report.as_bytes())?,
        None => std::io::stderr()
            .write_all(report.as_bytes())
            .map_err(|error| stream("stderr", &error))?,
    }
    let count = merged.conflicts.len();
    let conflicts = if count == 1 { "1 conflict".to_owned() } else { format!("{count} conflicts") };
    Err(Failure::finding(format!("{conflicts} in {}", ours.display())))
}

fn conflicts_text(conflicts: &[Conflict], json: bool) -> Result<String, Failure> {
    if json {
        return to_json(&conflicts);
    }
    Ok(conflicts.iter().map(|c| format!("conflict {c}")).collect::<Vec<_>>().join("\n"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked<'c> {
    file: String,
    findings: &'c [Finding],
    summary: serde_json::Value,
}

fn check(file: &Path, json: bool) -> Result<(), Failure> {
    let records = import(file)?;
    let findings = lint(&records);
    let text = if json {
        let summary = bpmn::summary::of(&records);
        to_json(&Checked { file: file.display().to_string(), findings: &findings, summary })?
    } else {
        let mut text = String::new();
        for finding in &findings {
            let written = writeln!(text, "{}: {finding}", file.display());
            written.map_err(Failure::usage)?;
        }
        text
    };
    write(None, text.as_bytes())?;
    match findings.len() {
        0 => Ok(()),
        1 => Err(Failure::finding(format!("{}: 1 finding", file.display()))),
        count => Err(Failure::finding(format!("{}: {count} findings", file.display()))),
    }
}

/// The marks of what changed between two files.
fn marks(old: &Path, new: &Path) -> Result<BTreeMap<String, picture::Mark>, Failure> {
    Ok(picture::marks(&merge::report(&import(old)?, &import(new)?)))
}

fn draw(
    input: &Path,
    output: Option<&Path>,
    options: &picture::Options<'_>,
) -> Result<(), Failure> {
    let svg = picture::svg(&import(input)?, options);
    if output.is_some_and(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"))) {
        let png = raster::png(&svg);
        let png = png.map_err(|error| Failure::usage(format!("{}: {error}", input.display())))?;
        return write(output, &png);
    }
    write(output, svg.as_bytes())
}

fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(Failure::usage)?;
    text.push('\n');
    Ok(text)
}

// ---- files ----

fn import(path: &Path) -> Result<Records, Failure> {
    parse(path, &read(path)?)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Records, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let records = bpmn::import(bytes).map_err(|error| failed(&error))?;
    if !bpmn::is_definitions(&records) {
        return Err(failed(&"line 1, column 1: the root element is not BPMN 2.0 definitions"));
    }
    Ok(records)
}

/// Reads a file, `-` for stdin, up to the largest BPMN text and one byte more: the reader refuses it.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::usage(format!("{}: {error}", path.display()));
    let bound = u64::try_from(limits::MAX_XML_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().take(bound).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let file = File::open(path).map_err(failed)?;
        file.take(bound).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

fn write(path: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    match path {
        Some(path) => std::fs::write(path, bytes)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display()))),
        None => {
            let mut out = std::io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush()).map_err(|e| stream("stdout", &e))
        }
    }
}

fn stream(name: &str, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{name}: {error}"))
}
