//! BPMN as records: reading XML, the shared document, writing XML, differences and merges.
//!
//! PURE. The model is specified rule by rule in client-protocol/DOCUMENT.md.

pub mod crdt;
pub mod json;
pub mod lint;
pub mod merge;
pub mod model;
pub mod order;
pub mod summary;
pub mod tables;
pub mod xml;
