//! Live rooms: a pure core that decides, and a thin shell that executes.
//!
//! PURE: `core`, `document`, `session`, `awareness`, `feed`, `replica`, `committer`, `lifecycle`, `load`, `outbox`
//! (events in, effects out, `now` as an argument; yrs is allowed). Shell: `task`, `registry`, `member`, `watch`.
//! The rules (L1, K2, G1 …) stand in client-protocol/PROTOCOL.md. Must not know BPMN or HTTP.

pub mod awareness;
pub mod committer;
pub mod core;
pub mod document;
pub mod feed;
pub mod lifecycle;
pub mod load;
pub mod member;
pub mod outbox;
pub mod registry;
pub mod replica;
pub mod session;
pub mod task;
pub mod watch;

use std::time::Duration;

/// What time it is, handed in by whoever has a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Since some fixed moment of this process; never goes back.
    pub mono: Duration,
    /// Since the Unix epoch; may jump. Only awareness clocks look at it (W3).
    pub unix: Duration,
}
