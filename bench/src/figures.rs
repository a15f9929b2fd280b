//! Figures as they are printed.

/// The middle and the end of these times in microseconds, as milliseconds.
pub fn percentiles(micros: &[u32]) -> String {
    let mut sorted = micros.to_vec();
    sorted.sort_unstable();
    let at = |share: f64| {
        let index = ((sorted.len() as f64 - 1.0) * share).max(0.0) as usize;
        f64::from(sorted.get(index).copied().unwrap_or(0)) / 1000.0
    };
    format!("p50 {:.1}  p95 {:.1}  p99 {:.1}  max {:.1}", at(0.5), at(0.95), at(0.99), at(1.0))
}

/// KiB as MiB.
pub fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
