//! What is durable: the rooms' log, the catalog of diagrams, and blobs.
//!
//! Must not know rooms' memory, sockets or BPMN.

pub mod log;
