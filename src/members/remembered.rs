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
use crate::store::catalog::Member;

/// A user of an organisation.
pub(super) type Key = (OrgId, UserId);

/// What is remembered.
#[derive(Debug)]
pub(super) struct Remembered(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    standings: HashMap<Key, Standing>,
    /// Those whom somebody follows; none until the first change.
    followed: HashMap<Key, watch::Sender<Option<Standing>>>,
    /// The count of all changes that are taken in.
    upto: u64,
    /// When they were read.
    read_at: Option<Instant>,
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
                followed.send_replace(Some(standing));
            }
        }
        inner.upto = upto;
        inner.read_at = Some(Instant::now());
    }

    /// The standing of a user from its next change on.
    pub(super) fn follow(&self, key: &Key) -> watch::Receiver<Option<Standing>> {
        let mut inner = self.0.lock();
        inner.followed.entry(key.clone()).or_default().subscribe()
    }

    /// One of those who follow this user goes, its receiver with it.
    pub(super) fn unfollow(&self, key: &Key) {
        let mut inner = self.0.lock();
        // The one that goes still counts.
        if inner.followed.get(key).is_some_and(|followed| followed.receiver_count() <= 1) {
            inner.followed.remove(key);
        }
    }
}
