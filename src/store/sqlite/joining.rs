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
use crate::store::catalog::{Action, Email, Member, Newcomer, to_ms};

impl Catalog {
    /// The membership of somebody who comes: known, awaited by user or by address, or new. One that was
    /// removed stays removed; none: it is not let in.
    ///
    /// # Errors
    /// `TooMany`, else as the store fails.
    pub async fn join_org(
        &self,
        org: &OrgId,
        newcomer: Newcomer,
        now: OffsetDateTime,
    ) -> Result<Option<Member>, StoreError> {
        let org = org.clone();
        let join = self.db.write(move |tx| {
            Box::pin(async move {
                let id = newcomer.user.as_str();
                match find(tx, &org, id).await? {
                    Some(known) if known.removed_at.is_some() || known.joined_at.is_some() => {}
                    Some(_) => arrive(tx, &org, &newcomer.user, now).await?,
                    None => enter(tx, &org, &newcomer, now).await?,
                }
                find(tx, &org, id).await
            })
        });
        join.await
    }
}

/// One who was awaited by its user id has come.
async fn arrive(
    tx: &mut SqliteConnection,
    org: &OrgId,
    user: &UserId,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let sql = "UPDATE members SET joined_at = ?3, change = ?4 WHERE org = ?1 AND id = ?2";
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(user.as_str())
        .bind(to_ms(now))
        .bind(counted(tx).await?)
        .execute(&mut *tx)
        .await?;
    note(tx, org, (user, to_ms(now)), Action::MemberJoined, user.as_str(), json!({})).await
}

/// One without a row: it takes that of its address if it is awaited, else one of its own if it may.
async fn enter(
    tx: &mut SqliteConnection,
    org: &OrgId,
    new: &Newcomer,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let user = new.user.as_str();
    let by = (&new.user, to_ms(now));
    if let Some(email) = &new.email
        && let Some(awaited) = awaited(tx, org, email).await?
    {
        let sql = "DELETE FROM members WHERE org = ?1 AND id = ?2";
        sqlx::query(sql).bind(org.as_str()).bind(&awaited.id).execute(&mut *tx).await?;
        let row = Row { id: user, role: awaited.role, email: Some(email), joined: true };
        put(tx, org, row, now).await?;
        let detail = json!({ "email": email });
        return note(tx, org, by, Action::MemberJoined, user, detail).await;
    }
    let Some(role) = new.role else { return Ok(()) };
    put(tx, org, Row { id: user, role, email: new.email.as_ref(), joined: true }, now).await?;
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
