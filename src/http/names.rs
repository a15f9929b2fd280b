//! Remembers what callers are called, so that a history names them after they have gone.

use dashmap::DashMap;
use time::OffsetDateTime;

use super::Api;
use crate::auth::Identity;
use crate::id::{OrgId, UserId};
use crate::limits;

/// Names that this process has stored: each is written once, not once per request.
#[derive(Debug, Default)]
pub struct Names(DashMap<(OrgId, UserId), String>);

/// Stores the caller's name if it is news. That it can't be stored hinders nobody.
pub async fn note(api: &Api, who: &Identity) {
    let Some(name) = &who.name else { return };
    let key = (who.org.clone(), who.user.clone());
    if api.names.0.get(&key).is_some_and(|known| *known == *name) {
        return;
    }
    match api.catalog.note_user(&who.org, &who.user, name, OffsetDateTime::now_utc()).await {
        Ok(()) => {
            if api.names.0.len() >= limits::NAMES_REMEMBERED {
                api.names.0.clear();
            }
            api.names.0.insert(key, name.clone());
        }
        Err(error) => tracing::warn!(user.id = %who.user, %error, "a name is not stored"),
    }
}
