//! What others are told of events, and how they know that it is from us (Standard Webhooks).
//!
//! Must not know who sends it, nor where what is sent is stored.

pub mod message;
pub mod pause;
pub mod secret;
