//! Events and deliveries in the store, with a clock of the test: leases, late notes, order, replay, retention.

use std::time::Duration;

use atelier::id::{OrgId, ProjectId, UserId, WebhookId};
use atelier::limits::REPLAYED;
use atelier::store::StoreError;
use atelier::store::catalog::{
    Claiming, DeliveryQuery, DeliveryState, Due, EventKind, NewWebhook, Next, Project, Since, Tried,
};
use atelier::store::sqlite::{Catalog, Store};
use tempfile::TempDir;
use time::OffsetDateTime;

const LEASE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(3600);

struct Bench {
    catalog: Catalog,
    org: OrgId,
    ana: UserId,
    hook: WebhookId,
    _dir: TempDir,
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
        let new = NewWebhook {
            id: "hook".parse().unwrap(),
            url: "https://example.com/".to_owned(),
            description: String::new(),
            kinds: Vec::new(),
            diagram: None,
            project: None,
            secret: b"sealed".to_vec(),
            allowed: 1,
        };
        let hook = catalog.create_webhook(&org, &ana, new, at(0)).await.unwrap().id;
        Self { catalog, org, ana, hook, _dir: dir }
    }

    /// An event of a project of this id.
    async fn create(&self, id: &str, now: OffsetDateTime) {
        let new = Project {
            id: project(id),
            name: "0".to_owned(),
            created_by: self.ana.clone(),
            created_at: now,
            updated_at: now,
            change: 1,
        };
        self.catalog.create_project(&self.org, new).await.unwrap();
    }

    /// The next event of it.
    async fn rename(&self, id: &str, name: u32, now: OffsetDateTime) {
        let name = name.to_string();
        let done = self.catalog.rename_project(&self.org, &project(id), &self.ana, name, now).await;
        done.unwrap();
    }

    async fn claim(&self, now: OffsetDateTime) -> Vec<Due> {
        let claiming = Claiming { most: 32, lease: LEASE };
        self.catalog.claim_deliveries(claiming, &[], now).await.unwrap()
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

    // Some at a time, the oldest first, and what became of them with them.
    let mut gone = 0;
    loop {
        let swept = bench.catalog.sweep_events(Duration::from_secs(10), at(1000)).await.unwrap();
        if swept == 0 {
            break;
        }
        gone += swept;
    }
    assert_eq!(gone, 990);
    assert_eq!(replay(Since::Time(at(0))).await.unwrap().events, last + 1 - 990);
}
