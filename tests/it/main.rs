//! All integration tests in one binary: each further one would link the whole graph again.

mod commands;
mod corpus_roundtrip;
mod craft;
mod harness;
mod lint_differential;
mod lint_fuzz;
mod render;
mod rest;
mod saves;
mod sim;
mod sockets;
mod store_catalog;
mod store_contract;
mod store_kill;
mod store_open;
