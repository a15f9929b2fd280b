//! Who wants to know that people edit: what rooms tell to the outside about it.
//!
//! Shell. Told where it happens and without waiting, so a watcher must be quick. Must not know what it is for.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::id::{DiagramId, UserId};

/// Is told of edits.
pub trait Watcher: Send + Sync {
    /// This user's edit was accepted: in the document, and on its way to the log.
    fn edited(&self, room: &DiagramId, user: &UserId);
    /// The last session that may edit has left.
    fn deserted(&self, room: &DiagramId);
    /// The first session that may edit has come.
    fn entered(&self, room: &DiagramId);
}

/// The watcher of a registry, once there is one.
#[derive(Default)]
pub(super) struct Watch(OnceLock<Arc<dyn Watcher>>);

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.0.get().is_some()).finish()
    }
}

impl Watch {
    pub(super) fn set(&self, watcher: Arc<dyn Watcher>) {
        // A second watcher would be a bug of the start; the first one keeps its place.
        drop(self.0.set(watcher));
    }

    pub(super) fn edited(&self, room: &DiagramId, user: &UserId) {
        if let Some(watcher) = self.0.get() {
            watcher.edited(room, user);
        }
    }
}

/// How many sessions of a room may edit.
pub(super) type Editing = Arc<AtomicUsize>;

/// One session that may edit; its end is told when it was the last one.
pub(super) struct Place {
    room: DiagramId,
    editing: Editing,
    watcher: Arc<dyn Watcher>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("room", &self.room).finish_non_exhaustive()
    }
}

impl Place {
    pub(super) fn take(watch: &Watch, room: &DiagramId, editing: &Editing) -> Option<Self> {
        let watcher = Arc::clone(watch.0.get()?);
        if editing.fetch_add(1, Ordering::SeqCst) == 0 {
            watcher.entered(room);
        }
        Some(Self { room: room.clone(), editing: Arc::clone(editing), watcher })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.editing.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.watcher.deserted(&self.room);
        }
    }
}
