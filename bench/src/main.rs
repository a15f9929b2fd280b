//! Load on a server that this program starts: editors in rooms, users of the REST interface; and what BPMN texts
//! cost.
//!
//! Prints what the server spent (CPU, memory) and what its users saw. Timings depend on the machine: RESULTS.md
//! says which one, and quotes CPU time and ratios.

mod bot;
mod bpmn;
mod edit;
mod figures;
mod relay;
mod rest;
mod server;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Whatever ends a run.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Load bots for Atelier.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    command: Bench,
    /// The server's binary.
    #[arg(long, global = true, default_value = "target/release/atelier")]
    server: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Editors in rooms, over WebSocket.
    Edit(edit::Edit),
    /// Users of the REST interface.
    Rest(rest::Rest),
    /// What it costs to read, write and save a large diagram.
    Bpmn,
    /// The bare relay of `edit --baseline`, alone.
    Relay,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let many = tokio::runtime::Runtime::new;
    match args.command {
        Bench::Edit(edit) => many()?.block_on(edit::run(&edit, &args.server)),
        Bench::Rest(rest) => many()?.block_on(rest::run(&rest, &args.server)),
        Bench::Bpmn => many()?.block_on(bpmn::run(&args.server)),
        // One thread, as a relay needs no more.
        Bench::Relay => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(relay::serve()),
    }
}
