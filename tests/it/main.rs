//! All integration tests in one binary: each further one would link the whole graph again.
// Clippy's allowance for tests ends at their helpers; in here everything is a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::needless_pass_by_value,
    clippy::redundant_clone,
    unreachable_pub,
    reason = "a test that fails may panic; what it measured is printed; clarity before a copy"
)]

mod bpmn_cli;
mod commands;
mod corpus_roundtrip;
mod craft;
mod cross_fuzz;
mod document_hostile;
mod document_random;
mod document_vectors;
mod editor;
mod entries;
mod fuzz_corpus;
mod fuzz_edits;
mod harness;
mod histories;
mod history_check;
mod history_fuzz;
mod hostile;
mod identity;
mod invariants;
mod lint_differential;
mod lint_fuzz;
mod lint_hostile;
mod members;
mod merge;
mod openapi;
mod pictures;
mod probes;
mod probes_input;
mod provider;
mod receiver;
mod render;
mod rest;
mod saves;
mod sessions;
mod sim;
mod sockets;
mod store_catalog;
mod store_contract;
mod store_figures;
mod store_full;
mod store_kill;
mod store_members;
mod store_open;
mod store_webhooks;
mod tenants;
mod thumbnails;
mod tidy;
mod vendor_pairs;
mod versions;
mod webhooks;
mod webhooks_crash;
mod wire_vectors;

/// A number from the environment: seeds and time boxes of the long random tests.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
