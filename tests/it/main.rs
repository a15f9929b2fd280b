//! All integration tests in one binary: each further one would link the whole graph again.
mod corpus_roundtrip;
mod fuzz_edits;
mod history_fuzz;
mod invariants;
mod merge;
