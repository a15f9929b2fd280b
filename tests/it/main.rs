//! All integration tests in one binary: each further one would link the whole graph again.

mod craft;
mod explore;
mod hostile;
mod lint_differential;
mod lint_fuzz;
mod lint_hostile;
mod render;

/// A number from the environment: seeds and time boxes of the long random tests.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
