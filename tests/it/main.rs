//! All integration tests in one binary: each further one would link the whole graph again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that fails may panic; what it measured is printed"
)]

mod store_catalog;
mod store_contract;
mod store_figures;
mod store_full;
mod store_kill;
mod store_open;
