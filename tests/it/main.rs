//! All integration tests in one binary: each further one would link the whole graph again.

mod corpus_roundtrip;
mod document_vectors;
