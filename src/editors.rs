//! Who has edited which diagram since its newest version, and the one way to store a version: with them as
//! its authors.
//!
//! Rooms tell of edits (`room::watch`); what is told is kept in memory, and stored soon, so that the next life
//! of a process knows which diagrams lack a version. Must not know HTTP, or when versions are made.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::diagram::Text;
use crate::id::{DiagramId, OrgId, UserId, Version};
use crate::room::watch::Watcher;
use crate::store::StoreError;
use crate::store::catalog::{Added, Kind, NewRevision};
use crate::store::sqlite::Catalog;

/// The editors of all diagrams that were edited since their newest versions.
#[derive(Debug, Default)]
pub struct Editors {
    rooms: Mutex<HashMap<DiagramId, Edited>>,
    /// Somebody is to be stored, or something is due earlier than it was.
    changed: Notify,
    /// Held while names are stored: what is taken meanwhile must not come back with them.
    storing: tokio::sync::Mutex<()>,
}

/// One diagram's editors.
#[derive(Debug, Clone)]
struct Edited {
    /// Each with whether the store knows.
    users: BTreeMap<UserId, bool>,
    /// The first edit since the newest version.
    since: Instant,
    /// When the last session that may edit left, if none came since.
    deserted: Option<Instant>,
    /// No version is tried before: the last try failed.
    not_before: Option<Instant>,
}

/// What a version is besides its text.
#[derive(Debug, Clone)]
pub struct Making {
    /// What makes it.
    pub kind: Kind,
    /// Who is behind it; without one, an editor.
    pub author: Option<UserId>,
    /// What it is called.
    pub name: Option<String>,
    /// What its author says about it.
    pub message: Option<String>,
    /// The version that it brings back.
    pub source: Option<Version>,
}

impl Making {
    /// A version of this kind by this user, with nothing said about it.
    pub fn new(kind: Kind, author: Option<UserId>) -> Self {
        Self { kind, author, name: None, message: None, source: None }
    }
}

/// The author of a version that nobody is known to have edited for.
const NOBODY: &str = "atelier";

impl Watcher for Editors {
    fn edited(&self, room: &DiagramId, user: &UserId) {
        let mut rooms = self.rooms.lock();
        if rooms.get(room).is_some_and(|edited| edited.users.contains_key(user)) {
            return;
        }
        let edited = rooms.entry(room.clone()).or_insert_with(Edited::now);
        edited.users.insert(user.clone(), false);
        self.changed.notify_one();
    }

    fn deserted(&self, room: &DiagramId) {
        if let Some(edited) = self.rooms.lock().get_mut(room) {
            edited.deserted = Some(Instant::now());
            self.changed.notify_one();
        }
    }

    fn entered(&self, room: &DiagramId) {
        if let Some(edited) = self.rooms.lock().get_mut(room) {
            edited.deserted = None;
        }
    }
}

impl Edited {
    fn now() -> Self {
        Self { users: BTreeMap::new(), since: Instant::now(), deserted: None, not_before: None }
    }

    fn due(&self, every: Duration, after_leaving: Duration) -> Instant {
        let by_time = self.since + every;
        let due = self.deserted.map_or(by_time, |since| by_time.min(since + after_leaving));
        self.not_before.map_or(due, |earliest| due.max(earliest))
    }
}

impl Editors {
    /// Takes up what the process before this one left: its editors have gone.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn recover(&self, catalog: &Catalog) -> Result<(), StoreError> {
        let left = catalog.editors().await?;
        let mut rooms = self.rooms.lock();
        for (room, user) in left {
            let edited = rooms
                .entry(room)
                .or_insert_with(|| Edited { deserted: Some(Instant::now()), ..Edited::now() });
            edited.users.entry(user).or_insert(true);
        }
        Ok(())
    }

    /// Waits until something is to be stored or may be due earlier.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Stores the names that the store does not know yet.
    ///
    /// # Errors
    /// As the store fails; they are stored next time.
    pub async fn store_names(&self, catalog: &Catalog) -> Result<(), StoreError> {
        let _storing = self.storing.lock().await;
        let mut news = Vec::new();
        for (room, edited) in self.rooms.lock().iter() {
            let unknown = edited.users.iter().filter(|(_, known)| !**known);
            news.extend(unknown.map(|(user, _)| (room.clone(), user.clone())));
        }
        if news.is_empty() {
            return Ok(());
        }
        catalog.note_editors(news.clone()).await?;
        let mut rooms = self.rooms.lock();
        for (room, user) in news {
            if let Some(known) = rooms.get_mut(&room).and_then(|e| e.users.get_mut(&user)) {
                *known = true;
            }
        }
        Ok(())
    }

    /// When the next version is due, and of which diagram: the earliest.
    pub fn next(&self, every: Duration, after_leaving: Duration) -> Option<(Instant, DiagramId)> {
        let rooms = self.rooms.lock();
        let due = rooms.iter().map(|(room, edited)| (edited.due(every, after_leaving), room));
        due.min_by_key(|(due, _)| *due).map(|(due, room)| (due, room.clone()))
    }

    /// Forgets a diagram: it is gone.
    pub fn forget(&self, id: &DiagramId) {
        self.rooms.lock().remove(id);
    }

    /// Keeps a diagram from being due for a while.
    pub fn retry_later(&self, id: &DiagramId) {
        if let Some(edited) = self.rooms.lock().get_mut(id) {
            edited.not_before = Some(Instant::now() + crate::limits::VERSION_RETRY);
        }
    }

    /// Whether somebody has edited the diagram since its newest version.
    pub fn has_edits(&self, id: &DiagramId) -> bool {
        self.rooms.lock().contains_key(id)
    }

    /// Stores the text that `text` reads as the diagram's next version. Whoever edited before it was read is an
    /// author of it; whoever edits while it is read may be an author of the next one as well.
    ///
    /// # Errors
    /// Those of `text` and of the store; the editors then stay for the next version.
    pub async fn store_version<E: From<StoreError>>(
        &self,
        catalog: &Catalog,
        (org, id): (&OrgId, &DiagramId),
        making: Making,
        text: impl Future<Output = Result<Arc<Text>, E>>,
    ) -> Result<Added, E> {
        let taken = {
            let _storing = self.storing.lock().await;
            self.rooms.lock().remove(id)
        };
        let stored = async {
            let text = text.await?;
            let new = self.revision(id, taken.as_ref(), making, &text)?;
            Ok(catalog.add_revision(org, id, new).await?)
        };
        let stored = stored.await;
        if let (Err(_), Some(taken)) = (&stored, taken) {
            self.put_back(id, taken);
        }
        stored
    }

    fn revision(
        &self,
        id: &DiagramId,
        taken: Option<&Edited>,
        making: Making,
        text: &Text,
    ) -> Result<NewRevision, StoreError> {
        let users = |edited: &Edited| edited.users.keys().cloned().collect::<Vec<_>>();
        let still_editing = self.rooms.lock().get(id).map(users).unwrap_or_default();
        let mut editors = taken.map(users).unwrap_or_default();
        editors.extend(still_editing.iter().cloned());
        let author = match making.author.or_else(|| editors.first().cloned()) {
            Some(author) => author,
            None => NOBODY.parse().map_err(|_| StoreError::Corrupt(NOBODY.to_owned()))?,
        };
        Ok(NewRevision {
            kind: making.kind,
            bytes: text.xml.clone(),
            hash: text.hash,
            summary: text.summary.clone(),
            author,
            editors,
            still_editing,
            name: making.name,
            message: making.message,
            source: making.source,
            now: OffsetDateTime::now_utc(),
        })
    }

    /// What a failed version took comes back, beside what has happened since.
    fn put_back(&self, id: &DiagramId, taken: Edited) {
        let mut rooms = self.rooms.lock();
        let not_before = Some(Instant::now() + crate::limits::VERSION_RETRY);
        match rooms.get_mut(id) {
            None => {
                rooms.insert(id.clone(), Edited { not_before, ..taken });
            }
            Some(edited) => {
                for (user, known) in taken.users {
                    *edited.users.entry(user).or_default() |= known;
                }
                edited.since = edited.since.min(taken.since);
                edited.not_before = not_before;
            }
        }
        drop(rooms);
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> DiagramId {
        name.parse().unwrap()
    }

    #[tokio::test]
    async fn a_version_is_due_by_time_while_somebody_edits_and_soon_when_the_last_one_left() {
        let (every, after) = (Duration::from_secs(600), Duration::from_secs(5));
        let editors = Editors::default();
        editors.deserted(&room("quiet"));
        assert_eq!(editors.next(every, after), None, "nobody edited");
        editors.edited(&room("r"), &"ana".parse().unwrap());
        let by_time = editors.next(every, after);
        editors.edited(&room("r"), &"ben".parse().unwrap());
        assert_eq!(editors.next(every, after), by_time, "counted from the first edit");
        editors.deserted(&room("r"));
        let (soon, _) = editors.next(every, after).unwrap();
        assert!(soon <= Instant::now() + after, "the last editor left");
        editors.entered(&room("r"));
        assert_eq!(editors.next(every, after), by_time, "a reload");
    }

    #[tokio::test]
    async fn what_a_failed_version_took_is_there_for_the_next_one_after_a_pause() {
        let editors = Editors::default();
        let begun = Instant::now();
        editors.edited(&room("r"), &"ana".parse().unwrap());
        let taken = editors.rooms.lock().remove(&room("r")).unwrap();
        editors.edited(&room("r"), &"ben".parse().unwrap());
        editors.put_back(&room("r"), taken);
        let users: Vec<String> =
            editors.rooms.lock()[&room("r")].users.keys().map(ToString::to_string).collect();
        assert_eq!(users, ["ana", "ben"]);
        let (due, _) = editors.next(Duration::ZERO, Duration::ZERO).unwrap();
        assert!(due >= begun + crate::limits::VERSION_RETRY);
    }
}
