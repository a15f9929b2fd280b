//! Members of organisations on SQLite: who they are, and what admins do with them.
//!
//! Every statement names the organisation, except the one by which a node hears of all changes. Whatever
//! changes a member takes the next count of [`counted`], in its transaction.

use serde_json::json;
use sqlx::{FromRow, SqliteConnection};
use time::OffsetDateTime;

use super::audit::note;
use super::catalog::Catalog;
use super::values::id as parsed;
use crate::id::{OrgId, UserId};
use crate::limits::{MAX_MEMBERS, MAX_PAGE, MEMBER_CHANGES};
use crate::store::StoreError;
use crate::store::catalog::{
    Action, Email, Member, MemberId, MemberPage, MemberQuery, NewMember, OrgRole, from_ms, to_ms,
};

/// A query for all about members, with what they are called.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.*, u.name FROM members m LEFT JOIN users u ON u.org = m.org AND u.id = m.id ",
            $rest
        )
    };
}

impl Catalog {
    /// The membership of a user, also one that was removed; and the count of all changes that it includes.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn membership(
        &self,
        org: &OrgId,
        user: &UserId,
    ) -> Result<(Option<Member>, u64), StoreError> {
        let (org, id) = (org.clone(), MemberId::from(user.clone()));
        let read = self.db.read(move |tx| {
            Box::pin(async move { Ok((find(tx, &org, id.as_str()).await?, count(tx).await?)) })
        });
        read.await
    }

    /// A member, or one that is awaited.
    ///
    /// # Errors
    /// `NotFound`, also when it was removed; else as the store fails.
    pub async fn member(&self, org: &OrgId, id: &MemberId) -> Result<Member, StoreError> {
        let (org, id) = (org.clone(), id.clone());
        self.db.read(move |tx| Box::pin(async move { present(tx, &org, &id).await })).await
    }

    /// One page of an organisation's members, by id.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn members(
        &self,
        org: &OrgId,
        query: &MemberQuery,
    ) -> Result<MemberPage, StoreError> {
        let (org, query) = (org.clone(), query.clone());
        let limit = query.limit.clamp(1, MAX_PAGE) as usize;
        let read = self.db.read(move |tx| {
            Box::pin(async move {
                let sql = select!(
                    "WHERE m.org = ?1 AND m.id > ?2 AND (m.removed_at IS NOT NULL) = ?3 \
                     AND (?5 OR m.joined_at IS NOT NULL OR m.email IS NOT m.id) \
                     ORDER BY m.id LIMIT ?4"
                );
                let rows: Vec<MemberRow> = sqlx::query_as(sql)
                    .bind(org.as_str())
                    .bind(query.after.unwrap_or_default())
                    .bind(query.removed)
                    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
                    .bind(query.addresses)
                    .fetch_all(tx)
                    .await?;
                rows.into_iter().map(MemberRow::into_domain).collect::<Result<Vec<_>, _>>()
            })
        });
        let mut members = read.await?;
        let more = members.len() > limit;
        members.truncate(limit);
        let next = members.last().filter(|_| more).map(|last| last.id.clone());
        Ok(MemberPage { members, next })
    }

    /// Adds a member, or brings one back that was removed.
    ///
    /// # Errors
    /// `Exists`, `TooMany`, else as the store fails.
    pub async fn add_member(
        &self,
        org: &OrgId,
        by: &UserId,
        new: NewMember,
        now: OffsetDateTime,
    ) -> Result<Member, StoreError> {
        let (org, by) = (org.clone(), by.clone());
        let add = self.db.write(move |tx| {
            Box::pin(async move {
                if find(tx, &org, new.id.as_str()).await?.is_some_and(|m| m.removed_at.is_none()) {
                    return Err(StoreError::Exists);
                }
                let (id, role) = (new.id.as_str(), new.role);
                put(tx, &org, Row { id, role, email: new.email.as_ref(), joined: false }, now)
                    .await?;
                let detail = json!({ "role": role });
                note(tx, &org, (&by, to_ms(now)), Action::MemberAdded, id, detail).await?;
                present(tx, &org, &new.id).await
            })
        });
        add.await
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// `NotFound`, `LastAdmin`, else as the store fails.
    pub async fn set_role(
        &self,
        org: &OrgId,
        by: &UserId,
        id: &MemberId,
        role: OrgRole,
        now: OffsetDateTime,
    ) -> Result<Member, StoreError> {
        let (org, by, id) = (org.clone(), by.clone(), id.clone());
        let set = self.db.write(move |tx| {
            Box::pin(async move {
                let before = present(tx, &org, &id).await?;
                if before.role == role {
                    return Ok(before);
                }
                spare(tx, &before).await?;
                let sql = "UPDATE members SET role = ?3, change = ?4 WHERE org = ?1 AND id = ?2";
                sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(&before.id)
                    .bind(role.as_str())
                    .bind(counted(tx).await?)
                    .execute(&mut *tx)
                    .await?;
                let detail = json!({ "from": before.role, "to": role });
                let by = (&by, to_ms(now));
                note(tx, &org, by, Action::MemberRoleChanged, &before.id, detail).await?;
                present(tx, &org, &id).await
            })
        });
        set.await
    }

    /// Removes a member: from now on it is known as that, whatever tokens it holds.
    ///
    /// # Errors
    /// `NotFound`, `LastAdmin`, else as the store fails.
    pub async fn remove_member(
        &self,
        org: &OrgId,
        by: &UserId,
        id: &MemberId,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let (org, by, id) = (org.clone(), by.clone(), id.clone());
        let remove = self.db.write(move |tx| {
            Box::pin(async move {
                let before = present(tx, &org, &id).await?;
                spare(tx, &before).await?;
                let sql =
                    "UPDATE members SET removed_at = ?3, change = ?4 WHERE org = ?1 AND id = ?2";
                sqlx::query(sql)
                    .bind(org.as_str())
                    .bind(&before.id)
                    .bind(to_ms(now))
                    .bind(counted(tx).await?)
                    .execute(&mut *tx)
                    .await?;
                let detail = json!({ "role": before.role });
                let by = (&by, to_ms(now));
                note(tx, &org, by, Action::MemberRemoved, &before.id, detail).await
            })
        });
        remove.await
    }

    /// Members of any organisation that changed after this count, in order, and the count up to which that
    /// is all: for the server's own watch alone, which acts for no tenant.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn member_changes(&self, after: u64) -> Result<(Vec<Member>, u64), StoreError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let read = self.db.read(move |tx| {
            Box::pin(async move {
                let upto = count(tx).await?;
                let sql = select!("WHERE m.change > ?1 ORDER BY m.change LIMIT ?2");
                let rows: Vec<MemberRow> =
                    sqlx::query_as(sql).bind(after).bind(MEMBER_CHANGES).fetch_all(tx).await?;
                let changed =
                    rows.into_iter().map(MemberRow::into_domain).collect::<Result<Vec<_>, _>>()?;
                let cut = changed.last().filter(|_| changed.len() >= MEMBER_CHANGES as usize);
                let upto = cut.map_or(upto, |last| last.change);
                Ok((changed, upto))
            })
        });
        read.await
    }
}

/// A row to be written: of somebody who was no member, or not any more.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) role: OrgRole,
    pub(super) email: Option<&'a Email>,
    pub(super) joined: bool,
}

/// Writes the row of a new member; the organisation is known from then on.
pub(super) async fn put(
    tx: &mut SqliteConnection,
    org: &OrgId,
    row: Row<'_>,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO orgs (id) VALUES (?1) ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(org.as_str()).execute(&mut *tx).await?;
    let sql = "SELECT count(*) FROM members WHERE org = ?1 AND id <> ?2";
    let others: i64 =
        sqlx::query_scalar(sql).bind(org.as_str()).bind(row.id).fetch_one(&mut *tx).await?;
    if others >= i64::from(MAX_MEMBERS) {
        return Err(StoreError::TooMany { what: "members", allowed: MAX_MEMBERS });
    }
    let sql = "INSERT INTO members (org, id, role, email, added_at, joined_at, change) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
               ON CONFLICT DO UPDATE SET role = excluded.role, \
               email = coalesce(excluded.email, email), added_at = excluded.added_at, \
               joined_at = excluded.joined_at, removed_at = NULL, change = excluded.change";
    let now = to_ms(now);
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(row.id)
        .bind(row.role.as_str())
        .bind(row.email.map(Email::as_str))
        .bind(now)
        .bind(row.joined.then_some(now))
        .bind(counted(tx).await?)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// The count of all changes of members.
async fn count(tx: &mut SqliteConnection) -> Result<u64, StoreError> {
    let n: i64 = sqlx::query_scalar("SELECT n FROM member_changes").fetch_one(tx).await?;
    u64::try_from(n).map_err(|_| StoreError::Corrupt(format!("{n} is no count of changes")))
}

/// The next count, for a change in this transaction.
pub(super) async fn counted(tx: &mut SqliteConnection) -> Result<i64, StoreError> {
    let sql = "UPDATE member_changes SET n = n + 1 RETURNING n";
    Ok(sqlx::query_scalar(sql).fetch_one(tx).await?)
}

/// Refuses to take the last admin who ever came: nobody could give its role to another one.
async fn spare(tx: &mut SqliteConnection, member: &Member) -> Result<(), StoreError> {
    if member.role != OrgRole::Admin {
        return Ok(());
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM members WHERE org = ?1 AND id <> ?2 \
               AND role = 'admin' AND joined_at IS NOT NULL AND removed_at IS NULL)";
    let another: bool =
        sqlx::query_scalar(sql).bind(member.org.as_str()).bind(&member.id).fetch_one(tx).await?;
    if another || member.joined_at.is_none() { Ok(()) } else { Err(StoreError::LastAdmin) }
}

/// A member's row, whatever became of it.
pub(super) async fn find(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &str,
) -> Result<Option<Member>, StoreError> {
    let sql = select!("WHERE m.org = ?1 AND m.id = ?2");
    let row: Option<MemberRow> =
        sqlx::query_as(sql).bind(org.as_str()).bind(id).fetch_optional(tx).await?;
    row.map(MemberRow::into_domain).transpose()
}

/// A member that is not removed, or `NotFound`. An address in whatever case names whom it awaits.
async fn present(
    tx: &mut SqliteConnection,
    org: &OrgId,
    id: &MemberId,
) -> Result<Member, StoreError> {
    let is_present = |member: &Member| member.removed_at.is_none();
    if let Some(member) = find(tx, org, id.as_str()).await?.filter(is_present) {
        return Ok(member);
    }
    let Ok(email) = id.as_str().parse::<Email>() else { return Err(StoreError::NotFound) };
    let awaited = find(tx, org, email.as_str()).await?.filter(is_present);
    awaited.filter(Member::awaits_address).ok_or(StoreError::NotFound)
}

#[derive(FromRow)]
struct MemberRow {
    org: String,
    id: String,
    role: String,
    name: Option<String>,
    email: Option<String>,
    added_at: i64,
    joined_at: Option<i64>,
    removed_at: Option<i64>,
    change: i64,
}

impl MemberRow {
    fn into_domain(self) -> Result<Member, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("member {}: {what}", self.id));
        Ok(Member {
            org: parsed(&self.org)?,
            role: self.role.parse().map_err(|_| corrupt("its role"))?,
            added_at: from_ms(self.added_at)?,
            joined_at: self.joined_at.map(from_ms).transpose()?,
            removed_at: self.removed_at.map(from_ms).transpose()?,
            change: u64::try_from(self.change).map_err(|_| corrupt("its change"))?,
            name: self.name,
            email: self.email,
            id: self.id,
        })
    }
}
