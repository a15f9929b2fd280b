//! How long to wait behind a try that failed.
//!
//! PURE.

use std::time::Duration;

use crate::limits::{DELIVERY_RETRY_FACTOR, DELIVERY_RETRY_MAX};

/// The pause behind try number `attempt` (the first is 1): longer each time, with up to a fifth more by
/// `chance` (0 to 1), so that what failed together does not come back together. What the receiver asked
/// for counts where it is longer.
pub fn pause(first: Duration, attempt: u32, chance: f64, asked: Option<Duration>) -> Duration {
    let factor = DELIVERY_RETRY_FACTOR.saturating_pow(attempt.saturating_sub(1));
    let pause = first.saturating_mul(factor).min(DELIVERY_RETRY_MAX);
    let pause = pause.mul_f64(1.0 + chance.clamp(0.0, 1.0) / 5.0);
    pause.max(asked.unwrap_or_default().min(DELIVERY_RETRY_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(5);

    #[test]
    fn pauses_grow_up_to_a_bound_and_differ_by_chance() {
        let pauses: Vec<u64> = (1..9).map(|n| pause(FIRST, n, 0.0, None).as_secs()).collect();
        assert_eq!(pauses, [5, 20, 80, 320, 1280, 5120, 20480, 21600]);
        assert_eq!(pause(FIRST, u32::MAX, 0.0, None), DELIVERY_RETRY_MAX);
        assert_eq!(pause(FIRST, 1, 1.0, None), Duration::from_secs(6));
        assert!(pause(FIRST, 1, 0.5, None) < Duration::from_secs(6));
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_ever() {
        let asked = |secs| pause(FIRST, 1, 0.0, Some(Duration::from_secs(secs)));
        assert_eq!(asked(1), FIRST);
        assert_eq!(asked(60), Duration::from_secs(60));
        assert_eq!(asked(u64::MAX), DELIVERY_RETRY_MAX);
    }
}
