//! All integration tests in one binary: each further one would link the whole graph again.

mod sim;
mod store_catalog;
mod store_contract;
