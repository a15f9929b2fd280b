//! Members of the caller's organisation: everybody in it sees who they are, admins say who and what.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer::{hashed, header_value, json_bytes, tag_of};
use super::diagrams::page_size;
use super::extract::{Caller, MemberPath, Query, Whole, json};
use super::openapi::refusals::{Exists, InvalidValue, LastAdmin};
use super::problem::{Kind, Problem};
use crate::auth::{Identity, OrgRole};
use crate::id::UserId;
use crate::store::StoreError;
use crate::store::catalog::{self, Email, MemberId, MemberQuery, NewMember};

/// A member as people see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Member {
    /// The user, or the address that is awaited.
    id: String,
    role: OrgRole,
    name: Option<String>,
    /// For admins
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(with = "rfc3339")]
    added_at: OffsetDateTime,
    #[serde(with = "rfc3339::option")]
    joined_at: Option<OffsetDateTime>,
    #[serde(with = "rfc3339::option")]
    removed_at: Option<OffsetDateTime>,
}

impl Member {
    fn shown_to(who: &Identity, member: catalog::Member) -> Self {
        Self {
            id: member.id,
            role: member.role,
            name: member.name,
            email: member.email.filter(|_| sees_addresses(who)),
            added_at: member.added_at,
            joined_at: member.joined_at,
            removed_at: member.removed_at,
        }
    }
}

/// Addresses are told to admins; the id of who is awaited by one is that.
fn sees_addresses(who: &Identity) -> bool {
    who.role == OrgRole::Admin
}

/// A page of the members.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MemberList)]
struct List {
    members: Vec<Member>,
    /// Where the next page begins; none after the last one
    next_cursor: Option<String>,
}

/// The query of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Those who were removed, instead of those who are members
    #[serde(default)]
    removed: bool,
    /// How many at most; 50 unless told
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before
    #[param(pattern = "^(2[1-9a-f]|[3-6][0-9a-f]|7[0-9a-e])+$")]
    cursor: Option<String>,
}

/// Who is awaited: a user, or whoever comes with an e-mail address; one of them must be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMember, example = json!({ "email": "bob@example.com", "role": "member" }))]
struct New {
    user: Option<UserId>,
    #[schema(format = "email")]
    email: Option<String>,
    role: OrgRole,
}

/// Another role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberChange, example = json!({ "role": "viewer" }))]
struct Change {
    role: OrgRole,
}

/// List members
///
/// Of the caller's organisation. Addresses, and who is awaited by one, are told to admins.
#[utoipa::path(
    get,
    path = "/api/orgs/me/members",
    operation_id = "listMembers",
    tag = "Organisation",
    params(ListQuery),
    responses((status = 200, description = "A page of the members", body = List), InvalidValue)
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let ListQuery { removed, limit, cursor } = query;
    let after = cursor.as_deref().map(place).transpose()?;
    let query = MemberQuery {
        removed,
        addresses: sees_addresses(&caller),
        limit: page_size(limit)?,
        after,
    };
    let page = api.catalog.members(&caller.org, &query).await?;
    let members = page.members.into_iter().map(|m| Member::shown_to(&caller, m)).collect();
    hashed(&headers, &List { members, next_cursor: page.next.as_deref().map(cursor_of) })
}

/// Look at a member
#[utoipa::path(
    get,
    path = "/api/orgs/me/members/{id}",
    operation_id = "showMember",
    tag = "Organisation",
    responses((status = 200, description = "The member", body = Member))
)]
pub async fn show(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    MemberPath(id): MemberPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let member = api.catalog.member(&caller.org, &id).await?;
    if member.awaits_address() && !sees_addresses(&caller) {
        return Err(Kind::NotFound.into());
    }
    hashed(&headers, &Member::shown_to(&caller, member))
}

/// Add a member
///
/// For admins.
#[utoipa::path(
    post,
    path = "/api/orgs/me/members",
    operation_id = "addMember",
    tag = "Organisation",
    request_body = New,
    responses(
        (status = 201, description = "Added", body = Member,
            headers(("Location" = String), ("ETag" = String))),
        Exists
    )
)]
pub async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    caller.is_admin("adds members")?;
    let new = checked(json(&body)?)?;
    let (work, who) = (Arc::clone(&api), caller.0.clone());
    let add = async move {
        let added =
            work.catalog.add_member(&who.org, &who.user, new, OffsetDateTime::now_utc()).await?;
        work.members.refresh().await;
        Ok(added)
    };
    let member = api.to_the_end(add).await?;
    let location = header_value(&format!("/api/orgs/me/members/{}", in_path(&member.id)));
    answer(&caller.0, StatusCode::CREATED, Some(location), member)
}

/// Give a member another role
///
/// For admins; at once, in open rooms too.
#[utoipa::path(
    patch,
    path = "/api/orgs/me/members/{id}",
    operation_id = "changeMember",
    tag = "Organisation",
    request_body = Change,
    responses(
        (status = 200, description = "Changed", body = Member, headers(("ETag" = String))),
        LastAdmin
    )
)]
pub async fn patch(
    State(api): State<Arc<Api>>,
    caller: Caller,
    MemberPath(id): MemberPath,
    Whole { bytes: body, space: _space }: Whole,
) -> Result<Response, Problem> {
    caller.is_admin("gives roles")?;
    let Change { role } = json(&body)?;
    let (work, who) = (Arc::clone(&api), caller.0.clone());
    let change = async move {
        let now = OffsetDateTime::now_utc();
        let changed = work.catalog.set_role(&who.org, &who.user, &id, role, now).await?;
        work.members.refresh().await;
        Ok(changed)
    };
    let member = api.to_the_end(change).await?;
    answer(&caller.0, StatusCode::OK, None, member)
}

/// Remove a member
///
/// For admins; at once, in open rooms too.
#[utoipa::path(
    delete,
    path = "/api/orgs/me/members/{id}",
    operation_id = "removeMember",
    tag = "Organisation",
    responses((status = 204, description = "Removed"), LastAdmin)
)]
pub async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    MemberPath(id): MemberPath,
) -> Result<StatusCode, Problem> {
    caller.is_admin("removes members")?;
    let (work, who) = (Arc::clone(&api), caller.0);
    let remove = async move {
        let now = OffsetDateTime::now_utc();
        work.catalog.remove_member(&who.org, &who.user, &id, now).await?;
        work.members.refresh().await;
        Ok(StatusCode::NO_CONTENT)
    };
    api.to_the_end(remove).await
}

fn answer(
    who: &Identity,
    status: StatusCode,
    location: Option<HeaderValue>,
    member: catalog::Member,
) -> Result<Response, Problem> {
    let member = Member::shown_to(who, member);
    let tag = header_value(&tag_of(&json_bytes(&member)?));
    let mut response = (status, [(header::ETAG, tag)], Json(member)).into_response();
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// A member is awaited by its user id, or by its address.
fn checked(new: New) -> Result<NewMember, Problem> {
    let wrong = |field: &str, why: String| {
        Problem::new(Kind::InvalidValue).detail(format!("{field}: {why}")).with("field", field)
    };
    let email: Option<Email> = new
        .email
        .map(|email| email.parse())
        .transpose()
        .map_err(|error: catalog::BadEmail| wrong("email", error.to_string()))?;
    let id = match (new.user, &email) {
        (Some(user), _) => MemberId::from(user),
        (None, Some(email)) => MemberId::from(email.clone()),
        (None, None) => return Err(wrong("user", "name the user or an email".to_owned())),
    };
    Ok(NewMember { id, role: new.role, email })
}

/// A cursor has nothing to escape in a query, whatever the id.
fn cursor_of(id: &str) -> String {
    id.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn place(cursor: &str) -> Result<String, StoreError> {
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let pairs = cursor.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| digits(pair).filter(|b| pair.len() == 2 && b.is_ascii_graphic()))
        .collect();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.filter(|text| !text.is_empty()).ok_or(StoreError::BadCursor)
}

/// An id as a part of a path.
fn in_path(id: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~@:".contains(&b);
    id.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
