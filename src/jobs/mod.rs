//! What the server does by itself, behind the requests: one job a file.
//!
//! Jobs use the store and rooms like everybody else (`Registry::read`); must not know HTTP or sockets.

pub mod checkpoint;
pub mod deliver;
pub mod purge;
pub mod thumbnail;
