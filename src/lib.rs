//! Atelier: a real-time collaboration server for BPMN diagrams.
//!
//! The modules stand in dependency order: each may use those above it, by the arrows that
//! `tests/it/tidy.rs` holds. PURE modules know no tokio, no IO, no clock and no environment.

pub mod id;
pub mod limits;

pub mod bpmn;
pub mod protocol;

pub mod store;

pub mod room;

pub mod config;
pub mod telemetry;

pub mod auth;
pub mod diagram;
pub mod editors;
pub mod members;
pub mod outbound;
pub mod raster;
pub mod seal;
pub mod webhooks;

pub mod jobs;

pub mod http;
pub mod ws;

pub mod app;
pub mod cli;
