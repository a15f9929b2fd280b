//! All integration tests in one binary: each further one would link the whole graph again.

mod store_catalog;
mod store_contract;
mod store_kill;
mod store_open;
