//! The command line: an interface that others script against.
//!
//! Exit codes: 0 fine, 1 a finding, 2 bad use or unreadable input, with one clear line on stderr. Results go to
//! stdout, logs to stderr. The only module that prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bpmn;
mod data;
mod doctor;
mod export;
mod import;
mod migrate;
mod openapi;
mod org;
mod serve;
mod token;
mod user;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Sources};
use crate::limits;

/// Real-time collaboration server for BPMN diagrams.
#[derive(Debug, Parser)]
#[command(name = "atelier", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Work with BPMN files: round trip, differences, merges, checks, pictures
    Bpmn(bpmn::Bpmn),
    /// Run the server
    Serve(serve::Serve),
    /// Bring the store in a data folder to this version's schema
    Migrate(migrate::Migrate),
    /// Print an access token, or a room token with --diagram
    Token(token::Token),
    /// Create diagrams from BPMN files while no server runs
    Import(import::Import),
    /// Write the BPMN XML of a stored diagram
    Export(export::Export),
    /// Organisations: create, show, list, give a plan
    Org(org::Org),
    /// Members of an organisation: add, list, give a role, remove
    User(user::User),
    /// Check the integrity of everything that is stored
    Doctor(doctor::Doctor),
    /// Print the description of the REST API (OpenAPI 3.1)
    #[command(name = "openapi")]
    OpenApi(openapi::OpenApi),
}

/// Where settings come from, for every command that needs them.
#[derive(Debug, Args)]
struct Common {
    /// Configuration file (TOML); also ATELIER_CONFIG
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Data folder
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

impl Common {
    /// All settings; `more` are those of the command line besides the data folder.
    fn load(&self, more: Vec<(&'static str, String)>) -> Result<Config, Failure> {
        let mut sources = Sources::from_env();
        sources.file.clone_from(&self.config);
        sources.overrides = more;
        let mut config = sources.load().map_err(Failure::usage)?;
        if let Some(data) = &self.data {
            // A path need not be a text, so it does not go through the overrides.
            config.store.data.clone_from(data);
            config.check().map_err(Failure::usage)?;
        }
        Ok(config)
    }
}

/// Why a command failed: its exit code and its one line.
#[derive(Debug)]
struct Failure {
    code: u8,
    line: String,
}

impl Failure {
    /// The command did its work and found something.
    fn finding(line: impl fmt::Display) -> Self {
        Self { code: 1, line: line.to_string() }
    }

    /// Bad use, or input that can't be read.
    fn usage(line: impl fmt::Display) -> Self {
        Self { code: 2, line: line.to_string() }
    }
}

/// Runs the command that these arguments name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            return match error.kind() {
                // Help and version are no errors; a call without a command is shown the help as well.
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => printed(&error, 0),
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => printed(&error, 2),
                _ => complain(&Failure::usage(one_line(&error))),
            };
        }
    };
    match dispatch(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => complain(&failure),
    }
}

fn complain(failure: &Failure) -> ExitCode {
    eprintln!("atelier: {}", failure.line.replace('\n', " "));
    ExitCode::from(failure.code)
}

fn printed(error: &clap::Error, code: u8) -> ExitCode {
    ExitCode::from(if error.print().is_ok() { code } else { 2 })
}

/// What clap says before its hints, on one line.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first: Vec<&str> =
        text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    let line = first.join(" ");
    format!("{} (see --help)", line.strip_prefix("error: ").unwrap_or(&line))
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Bpmn(bpmn) => bpmn.run(),
        Command::Serve(serve) => on_runtime(serve.run()),
        Command::Migrate(migrate) => on_runtime(migrate.run()),
        Command::Token(token) => token.run(),
        Command::Import(import) => on_runtime(import.run()),
        Command::Export(export) => on_runtime(export.run()),
        Command::Org(org) => on_runtime(org.run()),
        Command::User(user) => on_runtime(user.run()),
        Command::Doctor(doctor) => on_runtime(doctor.run()),
        Command::OpenApi(openapi) => openapi.run(),
    }
}

fn on_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(limits::WORKER_STACK_BYTES)
        .build()
        .map_err(|error| Failure::usage(format!("no async runtime: {error}")))?
        .block_on(work)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
