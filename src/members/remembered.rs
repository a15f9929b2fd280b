//! What a node remembers of members, never older than the changes that it has read.
//!
//! Bounded. A look-up that was read before a change is not remembered behind it.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Standing;
use crate::id::{OrgId, UserId};
use crate::limits::{MEMBERS_REMEMBERED, MEMBERS_STALE};
use crate::store::catalog::{Email, Member};

/// A user of an organisation.
pub(super) type Key = (OrgId, UserId);

/// What is remembered.
#[derive(Debug)]
pub(super) struct Remembered(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    standings: HashMap<Key, Standing>,
    /// The addresses that are known to be stored.
    addresses: HashMap<Key, Email>,
    /// Those whom somebody follows.
    followed: HashMap<Key, Followed>,
    /// The count of all changes that are taken in.
    upto: u64,
    /// When they were read.
    read_at: Option<Instant>,
}

/// One whom others follow.
#[derive(Debug, Default)]
struct Followed {
    /// None until the first change.
    standing: watch::Sender<Option<Standing>>,
    /// How many follow; a receiver that is about to go would still count as one.
    by: usize,
}

impl Remembered {
    /// Nothing yet, when so many changes were made before.
    pub(super) fn from(upto: u64) -> Self {
        Self(Mutex::new(Inner { upto, ..Inner::default() }))
    }

    /// What is remembered, as long as changes are read.
    pub(super) fn get(&self, key: &Key) -> Option<Standing> {
        let inner = self.0.lock();
        let is_fresh = inner.read_at.is_some_and(|at| at.elapsed() < MEMBERS_STALE);
        inner.standings.get(key).copied().filter(|_| is_fresh)
    }

    /// Remembers what was read at a count of changes, unless later ones are taken in already.
    pub(super) fn put(&self, key: Key, standing: Standing, upto: u64) {
        let mut inner = self.0.lock();
        if upto < inner.upto {
            return;
        }
        if inner.standings.len() >= MEMBERS_REMEMBERED {
            inner.standings.clear();
        }
        inner.standings.insert(key, standing);
    }

    /// Whether this is the address that is stored for a member.
    pub(super) fn has_address(&self, key: &Key, email: &Email) -> bool {
        self.0.lock().addresses.get(key) == Some(email)
    }

    /// Remembers that this address is stored.
    pub(super) fn put_address(&self, key: Key, email: Email) {
        let mut inner = self.0.lock();
        if inner.addresses.len() >= MEMBERS_REMEMBERED {
            inner.addresses.clear();
        }
        inner.addresses.insert(key, email);
    }

    /// The count up to which changes are taken in.
    pub(super) fn upto(&self) -> u64 {
        self.0.lock().upto
    }

    /// Takes changes in, in order, up to this count.
    pub(super) fn take(&self, changed: &[Member], upto: u64) {
        let mut inner = self.0.lock();
        for member in changed {
            // An address that is awaited is nobody yet.
            let Ok(user) = member.id.parse() else { continue };
            let key = (member.org.clone(), user);
            let standing = Standing::of(member);
            if let Some(known) = inner.standings.get_mut(&key) {
                *known = standing;
            }
            if let Some(followed) = inner.followed.get(&key) {
                followed.standing.send_replace(Some(standing));
            }
        }
        inner.upto = upto;
        inner.read_at = Some(Instant::now());
    }

    /// The standing of a user from its next change on.
    pub(super) fn follow(&self, key: &Key) -> watch::Receiver<Option<Standing>> {
        let mut inner = self.0.lock();
        let followed = inner.followed.entry(key.clone()).or_default();
        followed.by += 1;
        followed.standing.subscribe()
    }

    /// One of those who follow this user goes.
    pub(super) fn unfollow(&self, key: &Key) {
        let mut inner = self.0.lock();
        let Some(followed) = inner.followed.get_mut(key) else { return };
        followed.by = followed.by.saturating_sub(1);
        if followed.by == 0 {
            inner.followed.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_followed_any_more_when_all_who_follow_go_at_once() {
        let remembered = Remembered::from(0);
        let key: Key = ("acme".parse().unwrap(), "ana".parse().unwrap());
        let receivers = [remembered.follow(&key), remembered.follow(&key)];
        // As two drops that overlap: both count themselves out before a receiver is gone.
        remembered.unfollow(&key);
        assert!(remembered.0.lock().followed.contains_key(&key));
        remembered.unfollow(&key);
        assert!(remembered.0.lock().followed.is_empty());
        drop(receivers);
    }
}
