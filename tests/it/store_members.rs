//! The contract of membership, for every store that keeps members: one suite, run on each.

use atelier::id::{OrgId, UserId};
use atelier::store::StoreError;
use atelier::store::catalog::{
    AuditQuery, Email, MemberId, MemberQuery, NewMember, Newcomer, OrgRole,
};
use atelier::store::sqlite::{Catalog, Store};
use time::OffsetDateTime;
use time::macros::datetime;

const NOON: OffsetDateTime = datetime!(2026-11-25 12:00:00.123 UTC);

fn org(id: &str) -> OrgId {
    id.parse().unwrap()
}

fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

fn member(id: &str) -> MemberId {
    id.parse().unwrap()
}

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn newcomer(id: &str, address: Option<&str>, role: Option<OrgRole>) -> Newcomer {
    Newcomer { user: user(id), email: address.map(email), role }
}

async fn come(catalog: &Catalog, id: &str, role: OrgRole) {
    let joined = catalog.join_org(&org("acme"), newcomer(id, None, Some(role)), NOON).await;
    assert_eq!(joined.unwrap().unwrap().role, role);
}

async fn add(catalog: &Catalog, id: MemberId, role: OrgRole) -> Result<OrgRole, StoreError> {
    let email = id.as_str().parse().ok();
    let new = NewMember { id, role, email };
    let added = catalog.add_member(&org("acme"), &user("boss"), new, NOON).await?;
    assert_eq!((added.joined_at, added.removed_at, added.added_at), (None, None, NOON));
    Ok(added.role)
}

async fn said(catalog: &Catalog) -> Vec<String> {
    let query = AuditQuery { limit: 50, ..AuditQuery::default() };
    let page = catalog.audit(&org("acme"), &query).await.unwrap();
    let entries = page.entries.into_iter().rev();
    entries
        .map(|e| format!("{} {} {} {}", e.user, e.action.as_str(), e.subject, e.detail))
        .collect()
}

async fn sqlite() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("data")).await.unwrap();
    (dir, store)
}

/// Each case against each store.
macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let (_dir, store) = sqlite().await;
                cases::$case(&store.catalog()).await;
            }
        )*
    };
}

contract!(
    who_comes_first_becomes_a_member_once_and_keeps_its_role,
    who_may_not_come_by_itself_leaves_no_trace,
    an_awaited_address_is_taken_by_whoever_has_verified_it,
    an_awaited_address_is_not_taken_by_a_user_id_that_reads_like_it,
    an_awaited_address_is_changed_and_removed_in_whatever_case_it_is_written,
    a_removed_member_stays_known_as_that_until_it_is_added_again,
    who_was_removed_does_not_come_back_under_another_user_id,
    an_address_that_was_verified_later_is_known_too,
    who_is_awaited_by_an_address_is_listed_on_request,
    the_last_admin_stays_admin_and_stays,
    two_admins_who_remove_each_other_at_once_leave_one,
    every_change_is_told_in_order_and_in_the_audit_log,
    pages_show_each_member_once,
    another_tenant_sees_and_changes_nothing,
);

#[tokio::test]
async fn who_asks_in_vain_takes_no_turn_of_the_writer() {
    use sqlx::{ConnectOptions, Connection, Executor};
    let (dir, store) = sqlite().await;
    let c = store.catalog();
    come(&c, "boss", OrgRole::Admin).await;
    come(&c, "ana", OrgRole::Member).await;
    c.remove_member(&org("acme"), &user("boss"), &member("ana"), NOON).await.unwrap();
    let path = dir.path().join("data").join(atelier::store::sqlite::DATABASE);
    let mut other =
        sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    // Nobody else can write from here on.
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let stranger = newcomer("eve", Some("eve@evil.com"), None);
    assert_eq!(c.join_org(&org("acme"), stranger, NOON).await, Ok(None));
    let gone = newcomer("ana", Some("ana@acme.com"), Some(OrgRole::Admin));
    assert!(c.join_org(&org("acme"), gone, NOON).await.unwrap().unwrap().removed_at.is_some());
    other.close().await.unwrap();
}

mod cases {
    use super::*;

    pub(super) async fn who_comes_first_becomes_a_member_once_and_keeps_its_role(c: &Catalog) {
        come(c, "ana", OrgRole::Viewer).await;
        let again = newcomer("ana", Some("ana@acme.com"), Some(OrgRole::Admin));
        let known = c.join_org(&org("acme"), again, NOON).await.unwrap().unwrap();
        assert_eq!((known.role, known.joined_at), (OrgRole::Viewer, Some(NOON)));
        assert_eq!(said(c).await, [r#"ana member.added ana {"role":"viewer"}"#]);
        assert_eq!(c.org(&org("acme")).await.unwrap().id, org("acme"));
        let orgs = c.orgs(None, 10).await.unwrap();
        assert_eq!(orgs.into_iter().map(|org| org.id).collect::<Vec<_>>(), [org("acme")]);
    }

    pub(super) async fn who_may_not_come_by_itself_leaves_no_trace(c: &Catalog) {
        let joined = c.join_org(&org("acme"), newcomer("eve", None, None), NOON).await;
        assert_eq!(joined, Ok(None));
        assert_eq!(c.membership(&org("acme"), &user("eve")).await, Ok((None, 0)));
        assert!(said(c).await.is_empty() && c.orgs(None, 10).await.unwrap().is_empty());
    }

    pub(super) async fn an_awaited_address_is_taken_by_whoever_has_verified_it(c: &Catalog) {
        add(c, email("Bob+x@Acme.com").into(), OrgRole::Admin).await.unwrap();
        let other = newcomer("eve", Some("eve@acme.com"), None);
        assert_eq!(c.join_org(&org("acme"), other, NOON).await, Ok(None));
        let bob = newcomer("auth0|7", Some("bob+x@acme.com"), Some(OrgRole::Viewer));
        let bob = c.join_org(&org("acme"), bob, NOON).await.unwrap().unwrap();
        assert_eq!((bob.id.as_str(), bob.role), ("auth0|7", OrgRole::Admin));
        assert_eq!(bob.email.as_deref(), Some("bob+x@acme.com"));
        // It is taken: the next one with it is somebody else.
        let second = newcomer("auth0|8", Some("bob+x@acme.com"), None);
        assert_eq!(c.join_org(&org("acme"), second, NOON).await, Ok(None));
        let missing = c.member(&org("acme"), &member("bob+x@acme.com")).await;
        assert_eq!(missing, Err(StoreError::NotFound));
        let told = said(c).await;
        assert_eq!(told[1], r#"auth0|7 member.joined auth0|7 {"email":"bob+x@acme.com"}"#);
    }

    pub(super) async fn an_awaited_address_is_not_taken_by_a_user_id_that_reads_like_it(
        c: &Catalog,
    ) {
        add(c, email("bob@acme.com").into(), OrgRole::Admin).await.unwrap();
        for address in [None, Some("eve@acme.com")] {
            let eve = newcomer("bob@acme.com", address, Some(OrgRole::Member));
            assert_eq!(c.join_org(&org("acme"), eve, NOON).await, Ok(None));
        }
        let bob = newcomer("bob@acme.com", Some("bob@acme.com"), None);
        let bob = c.join_org(&org("acme"), bob, NOON).await.unwrap().unwrap();
        assert_eq!((bob.role, bob.joined_at), (OrgRole::Admin, Some(NOON)));
        // A user id is awaited as it stands, whatever it reads like.
        let named = NewMember { id: member("zoe@acme.com"), role: OrgRole::Viewer, email: None };
        c.add_member(&org("acme"), &user("boss"), named, NOON).await.unwrap();
        let zoe = c.join_org(&org("acme"), newcomer("zoe@acme.com", None, None), NOON).await;
        assert_eq!(zoe.unwrap().unwrap().role, OrgRole::Viewer);
    }

    pub(super) async fn an_awaited_address_is_changed_and_removed_in_whatever_case_it_is_written(
        c: &Catalog,
    ) {
        add(c, email("Bob@Acme.com").into(), OrgRole::Member).await.unwrap();
        let (acme, boss, bob) = (org("acme"), user("boss"), member("Bob@Acme.com"));
        let changed = c.set_role(&acme, &boss, &bob, OrgRole::Viewer, NOON).await.unwrap();
        assert_eq!((changed.id.as_str(), changed.role), ("bob@acme.com", OrgRole::Viewer));
        c.remove_member(&acme, &boss, &bob, NOON).await.unwrap();
        assert_eq!(c.member(&acme, &bob).await, Err(StoreError::NotFound));
        assert_eq!(
            said(c).await.last().map(String::as_str),
            Some(r#"boss member.removed bob@acme.com {"role":"viewer"}"#)
        );
        // User ids are told apart by case.
        come(c, "zoe@acme.com", OrgRole::Member).await;
        let other = c.remove_member(&acme, &boss, &member("Zoe@acme.com"), NOON).await;
        assert_eq!(other, Err(StoreError::NotFound));
    }

    pub(super) async fn who_was_removed_does_not_come_back_under_another_user_id(c: &Catalog) {
        let (acme, boss) = (org("acme"), user("boss"));
        let again = |id| newcomer(id, Some("bob@acme.com"), Some(OrgRole::Member));
        c.join_org(&acme, again("auth0|1"), NOON).await.unwrap().unwrap();
        c.remove_member(&acme, &boss, &member("auth0|1"), NOON).await.unwrap();
        let known = c.join_org(&acme, again("auth0|2"), NOON).await.unwrap().unwrap();
        assert_eq!((known.id.as_str(), known.removed_at), ("auth0|1", Some(NOON)));
        assert_eq!(c.membership(&acme, &user("auth0|2")).await.unwrap().0, None);
        let elsewhere = c.join_org(&org("other"), again("auth0|2"), NOON).await.unwrap();
        assert_eq!(elsewhere.unwrap().removed_at, None, "it was removed from acme");
        // An admin awaits it by its address: under whichever id, also the old one.
        for id in ["auth0|2", "auth0|1"] {
            add(c, email("bob@acme.com").into(), OrgRole::Viewer).await.unwrap();
            let back = c.join_org(&acme, again(id), NOON).await.unwrap().unwrap();
            assert_eq!((back.id.as_str(), back.role), (id, OrgRole::Viewer));
            assert_eq!((back.joined_at, back.removed_at), (Some(NOON), None));
        }
    }

    pub(super) async fn an_address_that_was_verified_later_is_known_too(c: &Catalog) {
        let (acme, boss) = (org("acme"), user("boss"));
        add(c, member("ana"), OrgRole::Member).await.unwrap();
        let ana = newcomer("ana", Some("ana@acme.com"), None);
        let ana = c.join_org(&acme, ana, NOON).await.unwrap().unwrap();
        assert_eq!(ana.email.as_deref(), Some("ana@acme.com"));
        come(c, "ben", OrgRole::Member).await;
        for _ in 0..2 {
            c.note_address(&acme, &user("ben"), &email("ben@acme.com")).await.unwrap();
        }
        let (ben, upto) = c.membership(&acme, &user("ben")).await.unwrap();
        assert_eq!(ben.as_ref().and_then(|ben| ben.email.as_deref()), Some("ben@acme.com"));
        assert_eq!(ben.unwrap().change, upto, "once");
        for (id, address) in [("ana", "ana@acme.com"), ("ben", "ben@acme.com")] {
            c.remove_member(&acme, &boss, &member(id), NOON).await.unwrap();
            let other = newcomer("other", Some(address), Some(OrgRole::Member));
            assert_eq!(c.join_org(&acme, other, NOON).await.unwrap().unwrap().id, id);
        }
    }

    pub(super) async fn who_is_awaited_by_an_address_is_listed_on_request(c: &Catalog) {
        add(c, email("bob@acme.com").into(), OrgRole::Member).await.unwrap();
        add(c, member("ana"), OrgRole::Member).await.unwrap();
        for (addresses, listed) in [(false, &["ana"][..]), (true, &["ana", "bob@acme.com"])] {
            let query = MemberQuery { addresses, limit: 9, ..MemberQuery::default() };
            let page = c.members(&org("acme"), &query).await.unwrap();
            assert_eq!(page.members.iter().map(|m| &m.id).collect::<Vec<_>>(), listed);
        }
    }

    pub(super) async fn a_removed_member_stays_known_as_that_until_it_is_added_again(c: &Catalog) {
        come(c, "boss", OrgRole::Admin).await;
        come(c, "ana", OrgRole::Member).await;
        assert_eq!(add(c, member("ana"), OrgRole::Viewer).await, Err(StoreError::Exists));
        c.remove_member(&org("acme"), &user("boss"), &member("ana"), NOON).await.unwrap();
        let again = newcomer("ana", None, Some(OrgRole::Admin));
        let known = c.join_org(&org("acme"), again, NOON).await.unwrap().unwrap();
        assert_eq!((known.role, known.removed_at), (OrgRole::Member, Some(NOON)));
        let (boss, ana) = (user("boss"), member("ana"));
        let gone = Err(StoreError::NotFound);
        assert_eq!(c.member(&org("acme"), &ana).await, gone);
        assert_eq!(c.set_role(&org("acme"), &boss, &ana, OrgRole::Admin, NOON).await, gone);
        let twice = c.remove_member(&org("acme"), &boss, &ana, NOON).await;
        assert_eq!(twice, Err(StoreError::NotFound));

        assert_eq!(add(c, ana.clone(), OrgRole::Viewer).await, Ok(OrgRole::Viewer));
        let back = newcomer("ana", None, Some(OrgRole::Admin));
        let back = c.join_org(&org("acme"), back, NOON).await.unwrap().unwrap();
        assert_eq!(
            (back.role, back.joined_at, back.removed_at),
            (OrgRole::Viewer, Some(NOON), None)
        );
    }

    pub(super) async fn the_last_admin_stays_admin_and_stays(c: &Catalog) {
        come(c, "boss", OrgRole::Admin).await;
        come(c, "ana", OrgRole::Member).await;
        // One who is awaited may never come.
        add(c, member("maybe"), OrgRole::Admin).await.unwrap();
        let (acme, by, boss) = (org("acme"), user("boss"), member("boss"));
        let kept = Err(StoreError::LastAdmin);
        assert_eq!(c.set_role(&acme, &by, &boss, OrgRole::Viewer, NOON).await, kept);
        assert_eq!(c.remove_member(&acme, &by, &boss, NOON).await, Err(StoreError::LastAdmin));
        c.set_role(&acme, &by, &member("maybe"), OrgRole::Member, NOON).await.unwrap();
        c.set_role(&acme, &by, &member("ana"), OrgRole::Admin, NOON).await.unwrap();
        c.remove_member(&acme, &by, &boss, NOON).await.unwrap();
    }

    pub(super) async fn two_admins_who_remove_each_other_at_once_leave_one(c: &Catalog) {
        come(c, "ana", OrgRole::Admin).await;
        come(c, "bob", OrgRole::Admin).await;
        let (acme, ana, bob) = (org("acme"), member("ana"), member("bob"));
        let (by_ana, by_bob) = (user("ana"), user("bob"));
        let (a, b) = tokio::join!(
            c.remove_member(&acme, &by_ana, &bob, NOON),
            c.remove_member(&acme, &by_bob, &ana, NOON)
        );
        assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
        assert_eq!(a.and(b), Err(StoreError::LastAdmin));
    }

    pub(super) async fn every_change_is_told_in_order_and_in_the_audit_log(c: &Catalog) {
        let (acme, boss) = (org("acme"), user("boss"));
        come(c, "boss", OrgRole::Admin).await;
        add(c, member("ana"), OrgRole::Viewer).await.unwrap();
        let (_, before) = c.member_changes(u64::MAX).await.unwrap();
        assert_eq!(c.member_changes(before).await, Ok((Vec::new(), before)));

        c.set_role(&acme, &boss, &member("ana"), OrgRole::Member, NOON).await.unwrap();
        c.set_role(&acme, &boss, &member("ana"), OrgRole::Member, NOON).await.unwrap();
        c.remove_member(&acme, &boss, &member("ana"), NOON).await.unwrap();
        come(c, "bob", OrgRole::Viewer).await;
        let (changed, upto) = c.member_changes(before).await.unwrap();
        let ids: Vec<_> = changed.iter().map(|m| (m.id.as_str(), m.removed_at)).collect();
        assert_eq!(ids, [("ana", Some(NOON)), ("bob", None)]);
        assert_eq!(upto, changed[1].change);
        assert_eq!(c.membership(&acme, &user("bob")).await.unwrap().1, upto);
        assert_eq!(
            said(c).await,
            [
                r#"boss member.added boss {"role":"admin"}"#,
                r#"boss member.added ana {"role":"viewer"}"#,
                r#"boss member.role-changed ana {"from":"viewer","to":"member"}"#,
                r#"boss member.removed ana {"role":"member"}"#,
                r#"bob member.added bob {"role":"viewer"}"#,
            ]
        );
    }

    pub(super) async fn pages_show_each_member_once(c: &Catalog) {
        for id in ["b", "a", "d", "c"] {
            come(c, id, OrgRole::Member).await;
        }
        c.note_user(&org("acme"), &user("b"), "Bea", NOON).await.unwrap();
        let mut seen = Vec::new();
        let mut query = MemberQuery { limit: 3, ..MemberQuery::default() };
        loop {
            let page = c.members(&org("acme"), &query).await.unwrap();
            seen.extend(page.members.into_iter().map(|m| (m.id, m.name)));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        let ids: Vec<_> = seen.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c", "d"]);
        assert_eq!(seen[1].1.as_deref(), Some("Bea"));
        c.remove_member(&org("acme"), &user("a"), &member("c"), NOON).await.unwrap();
        let removed = MemberQuery { removed: true, limit: 3, ..MemberQuery::default() };
        let page = c.members(&org("acme"), &removed).await.unwrap();
        assert_eq!((page.members.len(), page.next), (1, None));
    }

    pub(super) async fn another_tenant_sees_and_changes_nothing(c: &Catalog) {
        come(c, "ana", OrgRole::Member).await;
        let (evil, eve, ana) = (org("evil"), user("eve"), member("ana"));
        assert_eq!(c.membership(&evil, &user("ana")).await.unwrap().0, None);
        assert_eq!(c.member(&evil, &ana).await, Err(StoreError::NotFound));
        let promote = c.set_role(&evil, &eve, &ana, OrgRole::Admin, NOON).await;
        assert_eq!(promote, Err(StoreError::NotFound));
        assert_eq!(c.remove_member(&evil, &eve, &ana, NOON).await, Err(StoreError::NotFound));
        let all = MemberQuery { limit: 9, ..MemberQuery::default() };
        assert!(c.members(&evil, &all).await.unwrap().members.is_empty());
    }
}
