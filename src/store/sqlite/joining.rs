//! Who comes with a token becomes a member, on SQLite: awaited, or let in without.
//!
//! Must not decide whom to let in: a [`Newcomer`] says so.

use serde_json::json;
use sqlx::SqliteConnection;
use time::OffsetDateTime;

use super::audit::note;
use super::catalog::Catalog;
use super::members::{Row, counted, find, put};
use crate::id::{OrgId, UserId};
use crate::store::StoreError;
use crate::store::catalog::{Action, Email, Member, Newcomer, OrgRole, to_ms};

impl Catalog {
    /// The membership of somebody who comes: known, awaited by user or by address, or new. One that was
    /// removed stays removed, also under another user id with the same address; none: it is not let in.
    ///
    /// # Errors
    /// `TooMany`, else as the store fails.
    pub async fn join_org(
        &self,
        org: &OrgId,
        newcomer: Newcomer,
        now: OffsetDateTime,
    ) -> Result<Option<Member>, StoreError> {
        // Read first: who asks in vain, however often, takes no turn of the writer.
        let (of, new) = (org.clone(), newcomer.clone());
        let first = self.db.read(move |tx| Box::pin(async move { way(tx, &of, &new).await }));
        if let Way::Stays(member) = first.await? {
            return Ok(member.map(|member| *member));
        }
        let org = org.clone();
        let join = self.db.write(move |tx| {
            Box::pin(async move {
                match way(tx, &org, &newcomer).await? {
                    Way::Stays(member) => return Ok(member.map(|member| *member)),
                    Way::Arrives => arrive(tx, &org, &newcomer, now).await?,
                    Way::Takes(email, awaited) => {
                        take(tx, &org, &newcomer.user, (&email, &awaited), now).await?;
                    }
                    Way::Enters(role) => enter(tx, &org, &newcomer, role, now).await?,
                }
                find(tx, &org, newcomer.user.as_str()).await
            })
        });
        join.await
    }

    /// Keeps the address that a member's issuer has verified now: by it, it is known again.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn note_address(
        &self,
        org: &OrgId,
        user: &UserId,
        email: &Email,
    ) -> Result<(), StoreError> {
        let (of, id) = (org.clone(), user.clone());
        let read =
            self.db.read(move |tx| Box::pin(async move { find(tx, &of, id.as_str()).await }));
        if read.await?.is_none_or(|member| member.email.as_deref() == Some(email.as_str())) {
            return Ok(());
        }
        let (org, user, email) = (org.clone(), user.clone(), email.clone());
        let write = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE members SET email = ?3, change = ?4 \
                           WHERE org = ?1 AND id = ?2 AND joined_at IS NOT NULL AND removed_at IS NULL";
                sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(user.as_str())
                    .bind(email.as_str())
                    .bind(counted(tx).await?)
                    .execute(&mut *tx)
                    .await?;
                Ok(())
            })
        });
        write.await
    }
}

/// What becomes of somebody who comes.
enum Way {
    /// Nothing changes: it is known, was removed, or is not let in.
    Stays(Option<Box<Member>>),
    /// It was awaited by its user id.
    Arrives,
    /// It was awaited by its address.
    Takes(Email, Box<Member>),
    /// It comes by itself.
    Enters(OrgRole),
}

async fn way(tx: &mut SqliteConnection, org: &OrgId, new: &Newcomer) -> Result<Way, StoreError> {
    let known = find(tx, org, new.user.as_str()).await?;
    match &known {
        Some(member) if member.removed_at.is_some() => {}
        Some(member) if member.joined_at.is_some() => return Ok(Way::Stays(known.map(Box::new))),
        // A user id that reads like the awaited address proves nothing.
        Some(member) if member.awaits_address() => {
            let is_verified = new.email.as_ref().map(Email::as_str) == Some(&member.id);
            return Ok(if is_verified { Way::Arrives } else { Way::Stays(None) });
        }
        Some(_) => return Ok(Way::Arrives),
        None => {}
    }
    let mut removed = known;
    if let Some(email) = &new.email {
        if let Some(awaited) = awaited(tx, org, email).await? {
            return Ok(Way::Takes(email.clone(), Box::new(awaited)));
        }
        if removed.is_none() {
            removed = removed_with(tx, org, email).await?;
        }
    }
    if removed.is_some() {
        return Ok(Way::Stays(removed.map(Box::new)));
    }
    Ok(new.role.map_or(Way::Stays(None), Way::Enters))
}

/// One who was awaited by its user id has come.
async fn arrive(
    tx: &mut SqliteConnection,
    org: &OrgId,
    new: &Newcomer,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let user = &new.user;
    let sql = "UPDATE members SET joined_at = ?3, email = coalesce(?4, email), change = ?5 \
               WHERE org = ?1 AND id = ?2";
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(user.as_str())
        .bind(to_ms(now))
        .bind(new.email.as_ref().map(Email::as_str))
        .bind(counted(tx).await?)
        .execute(&mut *tx)
        .await?;
    note(tx, org, (user, to_ms(now)), Action::MemberJoined, user.as_str(), json!({})).await
}

/// One takes the place that its address is awaited for.
async fn take(
    tx: &mut SqliteConnection,
    org: &OrgId,
    user: &UserId,
    (email, awaited): (&Email, &Member),
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM members WHERE org = ?1 AND id = ?2";
    sqlx::query(sql).bind(org.as_str()).bind(&awaited.id).execute(&mut *tx).await?;
    let row = Row { id: user.as_str(), role: awaited.role, email: Some(email), joined: true };
    put(tx, org, row, now).await?;
    let detail = json!({ "email": email });
    note(tx, org, (user, to_ms(now)), Action::MemberJoined, user.as_str(), detail).await
}

/// One comes in by itself.
async fn enter(
    tx: &mut SqliteConnection,
    org: &OrgId,
    new: &Newcomer,
    role: OrgRole,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let user = new.user.as_str();
    put(tx, org, Row { id: user, role, email: new.email.as_ref(), joined: true }, now).await?;
    let by = (&new.user, to_ms(now));
    note(tx, org, by, Action::MemberAdded, user, json!({ "role": role })).await
}

/// The member that an address is awaited as.
async fn awaited(
    tx: &mut SqliteConnection,
    org: &OrgId,
    email: &Email,
) -> Result<Option<Member>, StoreError> {
    let found = find(tx, org, email.as_str()).await?;
    Ok(found.filter(|member| member.joined_at.is_none() && member.removed_at.is_none()))
}

/// Somebody who was removed and had this address.
async fn removed_with(
    tx: &mut SqliteConnection,
    org: &OrgId,
    email: &Email,
) -> Result<Option<Member>, StoreError> {
    let sql =
        "SELECT id FROM members WHERE org = ?1 AND email = ?2 AND removed_at IS NOT NULL LIMIT 1";
    let id: Option<String> = sqlx::query_scalar(sql)
        .bind(org.as_str())
        .bind(email.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    match id {
        Some(id) => find(tx, org, &id).await,
        None => Ok(None),
    }
}
