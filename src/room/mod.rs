//! Live rooms: a pure core that decides, and a thin shell (task, registry) that executes.
//!
//! Semantics: the numbered rules in client-protocol/PROTOCOL.md and ARCHITECTURE.md. Must not know BPMN or HTTP.

pub mod registry;
pub mod session;
