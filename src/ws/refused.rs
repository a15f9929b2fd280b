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
    seen: Mutex<HashMap<Key, Entry>>,
}

/// A token at a room, as a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

#[derive(Debug, Clone, Copy)]
struct Entry {
    times: u32,
    last: Instant,
}

impl Refused {
    /// What stands for this token at this room.
    pub(super) fn key(&self, path: &str, token: &str) -> Key {
        Key(self.hasher.hash_one((path, token)))
    }

    /// Notes a refusal.
    pub(super) fn note(&self, key: Key, now: Instant) {
        let mut seen = self.seen.lock();
        if seen.len() >= limits::REFUSED_TOKENS {
            seen.clear();
        }
        let entry = seen.entry(key).or_insert(Entry { times: 0, last: now });
        entry.times = entry.times.saturating_add(1);
        entry.last = now;
    }

    /// How long this token has to stay away: nothing for the first refusals, which must reach the client as a
    /// close code.
    pub(super) fn wait(&self, key: Key, now: Instant) -> Option<Duration> {
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
        let bad = refused.key("d", "bad");
        for _ in 0..limits::REFUSED_TIMES {
            assert_eq!(refused.wait(bad, now), None);
            refused.note(bad, now);
        }
        assert_eq!(refused.wait(bad, now), Some(limits::REFUSED_FOR));
        assert_eq!(refused.wait(refused.key("d", "good"), now), None);
        assert_eq!(refused.wait(refused.key("e", "bad"), now), None);
        assert_eq!(refused.wait(bad, now + limits::REFUSED_FOR), None);
    }

    #[test]
    fn it_never_holds_more_than_its_bound() {
        let (refused, now) = (Refused::default(), Instant::now());
        for i in 0..limits::REFUSED_TOKENS * 2 {
            refused.note(refused.key("d", &i.to_string()), now);
        }
        assert!(refused.seen.lock().len() <= limits::REFUSED_TOKENS);
    }
}
