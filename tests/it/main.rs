//! All integration tests in one binary: each further one would link the whole graph again.

mod bpmn_cli;
mod commands;
mod corpus_roundtrip;
mod craft;
mod fuzz_edits;
mod harness;
mod history_check;
mod history_fuzz;
mod invariants;
mod lint_differential;
mod lint_fuzz;
mod merge;
mod render;
mod rest;
mod saves;
mod sockets;
mod store_catalog;
mod store_contract;
mod store_kill;
mod store_open;

/// A number from the environment: seeds and time boxes of the long random tests.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
