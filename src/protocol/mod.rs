//! The wire, pure: frames of the y-websocket dialect, close codes, and the linter that stands before yrs.
//!
//! PURE. Specified rule by rule in client-protocol/PROTOCOL.md. Decoding is total: no panic, no
//! allocation by a claimed length, and a frame is consumed whole or refused.

pub mod close;
pub mod frame;
pub mod json;
pub mod lib0;
pub mod lint;
