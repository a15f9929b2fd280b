//! Events and deliveries in the store, with a clock of the test: leases, late notes, order, places, replay,
//! retention.

use std::time::Duration;

use atelier::id::{OrgId, ProjectId, UserId, WebhookId};
use atelier::limits::{
    DELIVERIES_PER_ORG, DELIVERIES_PER_WEBHOOK, DELIVERIES_TO_FAILING, REPLAYED,
    WAITING_PER_WEBHOOK,
};
use atelier::store::StoreError;
use atelier::store::catalog::{
    Claiming, DeliveryQuery, DeliveryState, Due, EventKind, NewWebhook, Next, Off, Project, Since,
    Tried, WebhookChange,
};
use atelier::store::sqlite::{Catalog, DATABASE, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;
use time::OffsetDateTime;

const LEASE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(3600);

struct Bench {
    catalog: Catalog,
    org: OrgId,
    ana: UserId,
    hook: WebhookId,
    dir: TempDir,
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_790_000_000 + seconds).unwrap()
}

fn project(id: &str) -> ProjectId {
    id.parse().unwrap()
}

impl Bench {
    /// One webhook that wants everything of one organisation.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Store::open(dir.path()).await.unwrap().catalog();
        let (org, ana): (OrgId, UserId) = ("acme".parse().unwrap(), "ana".parse().unwrap());
        let hook: WebhookId = "hook".parse().unwrap();
        let bench = Self { catalog, org, ana, hook, dir };
        bench.add_webhook("acme", "hook").await;
        bench
    }

    /// A webhook that wants everything.
    async fn add_webhook(&self, org: &str, id: &str) {
        let new = NewWebhook {
            id: id.parse().unwrap(),
            url: "https://example.com/".to_owned(),
            description: String::new(),
            kinds: Vec::new(),
            diagram: None,
            project: None,
            secret: b"sealed".to_vec(),
            allowed: 20,
        };
        self.catalog.create_webhook(&org.parse().unwrap(), &self.ana, new, at(0)).await.unwrap();
    }

    /// An event of a project of this id.
    async fn create(&self, id: &str, now: OffsetDateTime) {
        self.create_in("acme", id, now).await;
    }

    async fn create_in(&self, org: &str, id: &str, now: OffsetDateTime) {
        let new = Project {
            id: project(id),
            name: "0".to_owned(),
            created_by: self.ana.clone(),
            created_at: now,
            updated_at: now,
            change: 1,
        };
        self.catalog.create_project(&org.parse().unwrap(), new).await.unwrap();
    }

    /// The next event of it.
    async fn rename(&self, id: &str, name: u32, now: OffsetDateTime) {
        let name = name.to_string();
        let done = self.catalog.rename_project(&self.org, &project(id), &self.ana, name, now).await;
        done.unwrap();
    }

    async fn claim(&self, now: OffsetDateTime) -> Vec<Due> {
        self.claim_beside(64, &[], now).await
    }

    /// At most so many, while these are under way.
    async fn claim_beside(&self, most: u32, under_way: &[Due], now: OffsetDateTime) -> Vec<Due> {
        let under_way =
            under_way.iter().map(|due| (due.org.clone(), due.webhook.clone())).collect();
        let claiming = Claiming { most, lease: LEASE, under_way };
        self.catalog.claim_deliveries(claiming, now).await.unwrap()
    }

    /// Has what a delivery tells told once more.
    async fn redeliver(&self, due: &Due, now: OffsetDateTime) {
        self.catalog.redeliver(&due.org, &due.webhook, &due.event.id, now).await.unwrap();
    }

    async fn switch(&self, enabled: bool, now: OffsetDateTime) {
        let change = WebhookChange { enabled: Some(enabled), ..WebhookChange::default() };
        let done = self.catalog.change_webhook(&self.org, &self.hook, &self.ana, change, now);
        done.await.unwrap();
    }

    /// Why the webhook is off, and since when nothing has arrived there.
    async fn health(&self) -> (Option<Off>, Option<OffsetDateTime>) {
        let webhook = self.catalog.webhook(&self.org, &self.hook).await.unwrap();
        (webhook.off, webhook.failing_since)
    }

    /// Another way into the database.
    async fn database(&self) -> SqliteConnection {
        let path = self.dir.path().join(DATABASE);
        SqliteConnectOptions::new().filename(path).connect().await.unwrap()
    }

    async fn note(&self, due: &Due, tried: Tried, now: OffsetDateTime) {
        self.catalog.note_delivery(due, tried, PATIENCE, now).await.unwrap();
    }

    async fn states(&self) -> Vec<DeliveryState> {
        let query = DeliveryQuery { limit: 200, ..DeliveryQuery::default() };
        let page = self.catalog.deliveries(&self.org, &self.hook, &query).await.unwrap();
        page.deliveries.into_iter().map(|one| one.state).collect()
    }
}

fn arrived() -> Tried {
    Tried { status: Some(200), error: None, next: Next::Done }
}

fn failed(next: Next) -> Tried {
    Tried { status: Some(500), error: Some("no".to_owned()), next }
}

#[tokio::test]
async fn what_is_taken_on_is_nobody_elses_until_the_lease_ends_and_a_late_note_counts_no_more() {
    let bench = Bench::new().await;
    bench.create("p", at(1)).await;
    let first = bench.claim(at(2)).await;
    assert_eq!((first.len(), first[0].attempt), (1, 1));
    assert!(bench.claim(at(21)).await.is_empty(), "another worker finds nothing");
    let due = bench.catalog.deliveries_due(at(21)).await.unwrap();
    assert_eq!(due, (false, Some(at(22))), "it is looked at again when the lease ends");
    let second = bench.claim(at(22)).await;
    assert_eq!((second[0].event.id.clone(), second[0].attempt), (first[0].event.id.clone(), 2));
    bench.note(&first[0], failed(Next::GiveUp), at(23)).await;
    assert_eq!(bench.states().await, [DeliveryState::Pending], "the first worker was too late");
    bench.note(&second[0], arrived(), at(24)).await;
    assert_eq!(bench.states().await, [DeliveryState::Delivered]);
    assert!(bench.claim(at(1000)).await.is_empty());
}

#[tokio::test]
async fn events_of_one_thing_wait_for_those_before_them_and_others_do_not() {
    let bench = Bench::new().await;
    bench.create("p", at(1)).await;
    bench.rename("p", 1, at(1)).await;
    bench.create("q", at(1)).await;
    let due = bench.claim(at(2)).await;
    let told: Vec<_> = due.iter().map(|due| due.event.data["project"]["id"].clone()).collect();
    assert_eq!(told, ["p", "q"]);
    bench.note(&due[1], arrived(), at(3)).await;
    bench.note(&due[0], failed(Next::Retry(at(30))), at(3)).await;
    assert!(bench.claim(at(29)).await.is_empty());
    assert_eq!(bench.catalog.deliveries_due(at(29)).await.unwrap(), (false, Some(at(30))));
    let again = bench.claim(at(30)).await;
    assert_eq!((again.len(), again[0].event.kind), (1, EventKind::ProjectCreated));
    // What is given up lets the next one go.
    bench.note(&again[0], failed(Next::GiveUp), at(31)).await;
    let next = bench.claim(at(31)).await;
    assert_eq!((next.len(), next[0].event.kind), (1, EventKind::ProjectRenamed));
}

#[tokio::test]
async fn a_change_that_fails_tells_nobody() {
    let bench = Bench::new().await;
    bench.create("p", at(1)).await;
    let (q, name) = (project("q"), "x".to_owned());
    let missing = bench.catalog.rename_project(&bench.org, &q, &bench.ana, name, at(2));
    assert_eq!(missing.await, Err(StoreError::NotFound));
    bench.rename("p", 0, at(2)).await;
    assert_eq!(bench.states().await.len(), 1, "nor does one that changes nothing");
}

#[tokio::test]
async fn a_long_past_is_replayed_in_steps_and_only_as_far_as_it_is_kept() {
    let bench = Bench::new().await;
    bench.create("p", at(0)).await;
    let last = REPLAYED + 3;
    for n in 1..=last {
        bench.rename("p", n, at(i64::from(n))).await;
    }
    let replay = |since| bench.catalog.replay(&bench.org, &bench.hook, since, at(5000));
    let first = replay(Since::Time(at(2))).await.unwrap();
    assert_eq!(first.events, REPLAYED);
    let rest = replay(Since::Event(first.next.unwrap())).await.unwrap();
    assert_eq!((rest.events, rest.next), (2, None));
    assert_eq!(replay(Since::Time(at(9999))).await.unwrap().events, 0);
    let unknown = replay(Since::Event("nix".parse().unwrap())).await;
    assert_eq!(unknown, Err(StoreError::NoEvent));

    // Some at a time, the oldest first, and what became of them with them; not what is still to be told.
    let sweep = || bench.catalog.sweep_events(Duration::from_secs(10), at(1000));
    assert_eq!(sweep().await.unwrap(), 0);
    bench.switch(false, at(6000)).await;
    bench.switch(true, at(6000)).await;
    let mut gone = 0;
    loop {
        let swept = sweep().await.unwrap();
        if swept == 0 {
            break;
        }
        gone += swept;
    }
    assert_eq!(gone, 990);
    assert_eq!(replay(Since::Time(at(0))).await.unwrap().events, last + 1 - 990);
}

fn count(due: &[Due], which: impl Fn(&Due) -> bool) -> u32 {
    u32::try_from(due.iter().filter(|due| which(due)).count()).unwrap()
}

#[tokio::test]
async fn many_slow_webhooks_of_one_organisation_leave_places_to_the_others() {
    let bench = Bench::new().await;
    for n in 1..5 {
        bench.add_webhook("acme", &format!("hook{n}")).await;
    }
    bench.add_webhook("beta", "theirs").await;
    for n in 0..12 {
        bench.create(&format!("p{n}"), at(1)).await;
    }
    let one = bench.claim_beside(1, &[], at(1)).await;
    bench.create_in("beta", "q", at(2)).await;
    // Who has less under way comes first, however old the other's events are.
    let next = bench.claim_beside(1, &one, at(2)).await;
    assert_eq!(next[0].org.as_str(), "beta");

    let mut slow = one;
    slow.extend(bench.claim_beside(64, &slow, at(2)).await);
    assert_eq!(count(&slow, |due| due.org.as_str() == "acme"), DELIVERIES_PER_ORG);
    for hook in ["hook", "hook1", "hook2", "hook3", "hook4"] {
        let places = count(&slow, |due| due.webhook.as_str() == hook);
        assert!((3..=DELIVERIES_PER_WEBHOOK).contains(&places), "{hook}: {places}");
    }
    bench.create_in("beta", "r", at(3)).await;
    let next = bench.claim_beside(64, &slow, at(3)).await;
    assert_eq!((next.len(), next[0].org.as_str()), (1, "beta"));
}

#[tokio::test]
async fn a_webhook_has_several_things_under_way_and_no_more_than_its_places() {
    let bench = Bench::new().await;
    for n in 0..12 {
        bench.create(&format!("p{n}"), at(1)).await;
    }
    let mut under_way = bench.claim_beside(3, &[], at(2)).await;
    assert_eq!(under_way.len(), 3);
    under_way.extend(bench.claim_beside(64, &under_way, at(2)).await);
    assert_eq!(u32::try_from(under_way.len()).unwrap(), DELIVERIES_PER_WEBHOOK);
    assert!(bench.claim_beside(64, &under_way, at(2)).await.is_empty());
}

#[tokio::test]
async fn webhooks_that_fail_share_a_quarter_of_the_places_behind_those_that_do_not() {
    let bench = Bench::new().await;
    let failing = DELIVERIES_TO_FAILING + 4;
    for n in 0..failing {
        bench.add_webhook(&format!("org{n}"), "failing").await;
        bench.create_in(&format!("org{n}"), "p", at(1)).await;
    }
    for due in bench.claim(at(2)).await {
        bench.note(&due, failed(Next::Retry(at(10))), at(3)).await;
    }
    bench.create("p", at(10)).await;
    let due = bench.claim(at(10)).await;
    assert_eq!(due[0].org.as_str(), "acme");
    assert_eq!(count(&due, |due| due.webhook.as_str() == "failing"), DELIVERIES_TO_FAILING);
    assert!(bench.claim_beside(64, &due, at(10)).await.is_empty(), "they have had their places");
    let rest = bench.claim(at(10)).await;
    assert_eq!(u32::try_from(rest.len()).unwrap(), failing - DELIVERIES_TO_FAILING);
}

#[tokio::test]
async fn what_can_not_be_read_is_given_up_and_holds_up_nobody() {
    let bench = Bench::new().await;
    bench.create("p", at(1)).await;
    bench.rename("p", 1, at(1)).await;
    bench.create("q", at(1)).await;
    let mut database = bench.database().await;
    let damage = "UPDATE events SET kind = 'nonsense' WHERE seq = 1";
    sqlx::query(damage).execute(&mut database).await.unwrap();
    let due = bench.claim(at(2)).await;
    assert_eq!((due.len(), &due[0].event.data["project"]["id"]), (1, &"q".into()));
    let what = "SELECT state, error FROM deliveries WHERE event = 1";
    let (state, error): (String, String) =
        sqlx::query_as(what).fetch_one(&mut database).await.unwrap();
    assert!(state == "dead" && error.contains("event 1: its kind"), "{state}: {error}");
    let next = bench.claim(at(2)).await;
    assert_eq!((next.len(), next[0].event.kind), (1, EventKind::ProjectRenamed));
}

#[tokio::test]
async fn what_is_told_again_neither_waits_for_what_is_new_nor_holds_it_up() {
    let bench = Bench::new().await;
    bench.create("p", at(1)).await;
    let first = bench.claim(at(2)).await;
    bench.note(&first[0], arrived(), at(3)).await;
    bench.redeliver(&first[0], at(4)).await;
    let again = bench.claim(at(4)).await;
    bench.note(&again[0], failed(Next::Retry(at(5000))), at(5)).await;
    bench.rename("p", 1, at(6)).await;
    let new = bench.claim(at(6)).await;
    assert_eq!((new.len(), new[0].event.kind), (1, EventKind::ProjectRenamed));
    bench.note(&new[0], failed(Next::Retry(at(9000))), at(7)).await;
    let again = bench.claim(at(5000)).await;
    assert_eq!((again.len(), again[0].event.kind), (1, EventKind::ProjectCreated));
    // All of it told again comes in its order.
    bench.note(&again[0], arrived(), at(5001)).await;
    let rename = bench.claim(at(9000)).await;
    bench.note(&rename[0], arrived(), at(9001)).await;
    let replay = bench.catalog.replay(&bench.org, &bench.hook, Since::Time(at(0)), at(9002));
    assert_eq!(replay.await.unwrap().events, 2);
    for kind in [EventKind::ProjectCreated, EventKind::ProjectRenamed] {
        let due = bench.claim(at(9002)).await;
        assert_eq!((due.len(), due[0].event.kind), (1, kind));
        bench.note(&due[0], arrived(), at(9002)).await;
    }
}

#[tokio::test]
async fn those_behind_one_go_as_soon_as_it_has_arrived() {
    let bench = Bench::new().await;
    bench.create("p", at(1)).await;
    bench.rename("p", 1, at(1)).await;
    let first = bench.claim(at(2)).await;
    bench.note(&first[0], failed(Next::Retry(at(5000))), at(3)).await;
    bench.rename("p", 2, at(4)).await;
    // Asked for once more it goes at once, and keeps its place before the others.
    bench.redeliver(&first[0], at(10)).await;
    for kind in [EventKind::ProjectCreated, EventKind::ProjectRenamed, EventKind::ProjectRenamed] {
        let due = bench.claim(at(11)).await;
        assert_eq!((due.len(), due[0].event.kind), (1, kind));
        bench.note(&due[0], arrived(), at(11)).await;
    }
}

#[tokio::test]
async fn one_hiccup_behind_a_long_silence_switches_no_webhook_off() {
    let bench = Bench::new().await;
    bench.create("p", at(1)).await;
    let due = bench.claim(at(2)).await;
    bench.note(&due[0], failed(Next::GiveUp), at(3)).await;
    assert_eq!(bench.health().await, (None, Some(at(3))));
    let late = 3 + i64::try_from(PATIENCE.as_secs()).unwrap();
    bench.rename("p", 1, at(late)).await;
    let due = bench.claim(at(late)).await;
    bench.note(&due[0], failed(Next::Retry(at(late + 5))), at(late)).await;
    assert_eq!(bench.health().await, (None, Some(at(3))));
    let due = bench.claim(at(late + 5)).await;
    bench.note(&due[0], failed(Next::GiveUp), at(late + 5)).await;
    assert_eq!(bench.health().await.0, Some(Off::Failing), "it was no hiccup");
}

#[tokio::test]
async fn what_arrives_while_its_webhook_is_switched_off_has_arrived() {
    let bench = Bench::new().await;
    bench.create("p", at(1)).await;
    bench.create("q", at(1)).await;
    let due = bench.claim(at(2)).await;
    bench.switch(false, at(3)).await;
    bench.note(&due[0], arrived(), at(4)).await;
    bench.note(&due[1], failed(Next::Retry(at(9))), at(4)).await;
    assert_eq!(bench.states().await, [DeliveryState::Dead, DeliveryState::Delivered]);
    assert!(bench.claim(at(1000)).await.is_empty());
}

#[tokio::test]
async fn a_webhook_for_which_too_much_waits_is_switched_off() {
    let bench = Bench::new().await;
    let mut database = bench.database().await;
    let counted = "SELECT waiting, (SELECT count(*) FROM deliveries WHERE state = 'pending' AND again = 0) \
                   FROM webhooks";
    for n in 0..6 {
        bench.create(&format!("p{n}"), at(1)).await;
    }
    let due = bench.claim(at(2)).await;
    bench.note(&due[0], arrived(), at(3)).await;
    bench.note(&due[1], failed(Next::GiveUp), at(3)).await;
    bench.note(&due[2], failed(Next::Retry(at(4))), at(3)).await;
    bench.redeliver(&due[0], at(4)).await;
    bench.redeliver(&due[2], at(4)).await;
    let count: (u32, u32) = sqlx::query_as(counted).fetch_one(&mut database).await.unwrap();
    assert_eq!(count, (4, 4), "what is told again does not count");

    let set = |n: u32| sqlx::query("UPDATE webhooks SET waiting = ?1").bind(n);
    set(WAITING_PER_WEBHOOK - 1).execute(&mut database).await.unwrap();
    bench.rename("p1", 1, at(5)).await;
    assert_eq!(bench.health().await.0, None);
    bench.rename("p1", 2, at(6)).await;
    assert_eq!(bench.health().await.0, Some(Off::Overflowing));
    assert!(!bench.states().await.contains(&DeliveryState::Pending));
    bench.switch(true, at(7)).await;
    set(0).execute(&mut database).await.unwrap();
    bench.rename("p1", 3, at(8)).await;
    assert_eq!(bench.claim(at(8)).await.len(), 1, "switched on, it is told of what is new");
}
