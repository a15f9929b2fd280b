//! Remembers which tokens were refused a moment ago: stock clients come back up to ten times a second whatever the
//! close code was, and an upgrade costs more than a 429.
//!
//! Keeps hashes, never tokens. Bounded: when full it forgets everything, which costs upgrades and nothing else.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::limits;

/// Refusals of a moment ago.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// Keyed at random, so that nobody can make another's token collide.
    hasher: RandomState,
    seen: Mutex<HashMap<u64, Entry>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    times: u32,
    last: Instant,
}

impl Refused {
    /// Notes a refusal.
    pub(super) fn note(&self, path: &str, token: &str, now: Instant) {
        let mut seen = self.seen.lock();
        if seen.len() >= limits::REFUSED_TOKENS {
            seen.clear();
        }
        let entry = seen
            .entry(self.hasher.hash_one((path, token)))
            .or_insert(Entry { times: 0, last: now });
        entry.times = entry.times.saturating_add(1);
        entry.last = now;
    }

    /// How long this token has to stay away: nothing for the first refusals, which must reach the client as a
    /// close code.
    pub(super) fn wait(&self, path: &str, token: &str, now: Instant) -> Option<Duration> {
        let key = self.hasher.hash_one((path, token));
        let mut seen = self.seen.lock();
        let entry = seen.get(&key)?;
        let until = entry.last + limits::REFUSED_FOR;
        if now >= until {
            seen.remove(&key);
            return None;
        }
        (entry.times >= limits::REFUSED_TIMES).then(|| until - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_comes_back_quickly_has_to_wait_and_others_do_not() {
        let (refused, now) = (Refused::default(), Instant::now());
        for _ in 0..limits::REFUSED_TIMES {
            assert_eq!(refused.wait("d", "bad", now), None);
            refused.note("d", "bad", now);
        }
        assert_eq!(refused.wait("d", "bad", now), Some(limits::REFUSED_FOR));
        assert_eq!(refused.wait("d", "good", now), None);
        assert_eq!(refused.wait("e", "bad", now), None);
        assert_eq!(refused.wait("d", "bad", now + limits::REFUSED_FOR), None);
    }

    #[test]
    fn it_never_holds_more_than_its_bound() {
        let (refused, now) = (Refused::default(), Instant::now());
        for i in 0..limits::REFUSED_TOKENS * 2 {
            refused.note("d", &i.to_string(), now);
        }
        assert!(refused.seen.lock().len() <= limits::REFUSED_TOKENS);
    }
}
