//! The `atelier` binary: everything is in `atelier::cli`.
fn main() {}
