//! The catalog on SQLite: diagrams and revisions, tenant by tenant.

use atelier::id::{BatchId, DiagramId, NodeId, OrgId, Seq, UserId, Version};
use atelier::limits::REVISION_INLINE_BYTES;
use atelier::store::StoreError;
use atelier::store::catalog::{Added, EntryChange, Kind, NewDiagram, NewRevision, Query};
use atelier::store::log::{Log, ReadError};
use atelier::store::sqlite::{DATABASE, Store};
use bytes::Bytes;
use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use time::OffsetDateTime;
use time::macros::datetime;

const NOON: OffsetDateTime = datetime!(2026-11-24 12:00:00.123 UTC);

fn org(id: &str) -> OrgId {
    id.parse().unwrap()
}

fn diagram(id: &str) -> DiagramId {
    id.parse().unwrap()
}

fn upload(id: &str, title: &str) -> NewDiagram {
    NewDiagram {
        id: diagram(id),
        user: "ana".parse().unwrap(),
        title: title.into(),
        bytes: Bytes::from(format!("<definitions id='{id}'/>")),
        hash: [1; 32],
        summary: json!({"tasks": 3}),
        metadata: serde_json::json!({}),
        project: None,
        seed: Bytes::from_static(b"seed"),
        node: NodeId(1),
        batch: BatchId(1),
        now: NOON,
    }
}

fn save(kind: Kind, text: &str, hash: u8) -> NewRevision {
    NewRevision {
        kind,
        bytes: Bytes::copy_from_slice(text.as_bytes()),
        hash: [hash; 32],
        summary: json!({"tasks": hash}),
        author: "ben".parse().unwrap(),
        editors: Vec::new(),
        still_editing: Vec::new(),
        name: None,
        message: Some("moved the gateway".into()),
        source: None,
        now: NOON + time::Duration::seconds(1),
    }
}

fn ana() -> UserId {
    "ana".parse().unwrap()
}

fn titled(title: &str) -> EntryChange {
    EntryChange { title: Some(title.into()), ..EntryChange::default() }
}

async fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("data")).await.unwrap();
    (dir, store)
}

#[tokio::test]
async fn creation_stores_the_diagram_its_upload_and_row_1_of_its_log() {
    let (_dir, store) = store().await;
    let catalog = store.catalog();
    let made = catalog.create_diagram(&org("acme"), upload("d1", "Order to cash")).await.unwrap();
    assert_eq!((made.version, made.saved, made.change), (Version(1), Version(1), 1));
    assert_eq!((made.created_at, made.updated_at), (NOON, NOON));
    assert_eq!(catalog.diagram(&org("acme"), &diagram("d1")).await.unwrap(), made);
    let newest = catalog.newest_hash(&org("acme"), &diagram("d1")).await.unwrap();
    assert_eq!(newest, (Version(1), [1; 32]));
    let first = catalog.revision(&org("acme"), &diagram("d1"), Version(1)).await.unwrap();
    assert_eq!((first.version, first.kind, first.hash), (Version(1), Kind::Upload, [1; 32]));
    assert_eq!(first.bytes, upload("d1", "").bytes);
    let history = store.log().read(&diagram("d1"), Seq(0)).await.unwrap();
    assert_eq!(history.rows.len(), 1);
    assert_eq!(history.rows[0].updates, [Bytes::from_static(b"seed")]);
}

#[tokio::test]
async fn a_taken_id_creates_nothing_in_any_organisation() {
    let (_dir, store) = store().await;
    let catalog = store.catalog();
    catalog.create_diagram(&org("acme"), upload("d1", "First")).await.unwrap();
    for tenant in ["acme", "evil"] {
        let again = catalog.create_diagram(&org(tenant), upload("d1", "Second")).await;
        assert_eq!(again, Err(StoreError::Exists));
    }
    let missing = catalog.diagram(&org("evil"), &diagram("d1")).await;
    assert_eq!(missing, Err(StoreError::NotFound));
    let kept = catalog.diagram(&org("acme"), &diagram("d1")).await.unwrap();
    assert_eq!(kept.title, "First");
}

#[tokio::test]
async fn another_tenants_diagram_answers_like_a_missing_one() {
    let (_dir, store) = store().await;
    let catalog = store.catalog();
    catalog.create_diagram(&org("acme"), upload("d1", "Secret")).await.unwrap();
    let (evil, id) = (org("evil"), diagram("d1"));
    let not_found = StoreError::NotFound;
    assert_eq!(catalog.diagram(&evil, &id).await.unwrap_err(), not_found);
    assert_eq!(catalog.revision(&evil, &id, Version(1)).await.unwrap_err(), not_found);
    assert_eq!(catalog.newest_hash(&evil, &id).await.unwrap_err(), not_found);
    assert_eq!(
        catalog.change_entry(&evil, &id, &ana(), titled("Mine"), None, NOON).await.unwrap_err(),
        not_found
    );
    assert_eq!(catalog.delete(&evil, &id, &ana(), NOON).await.unwrap_err(), not_found);
    let added = catalog.add_revision(&evil, &id, save(Kind::Save, "x", 9)).await;
    assert_eq!(added.unwrap_err(), not_found);
    let page = catalog.list(&evil, &Query { limit: 10, ..Query::default() }).await.unwrap();
    assert_eq!(page.diagrams, []);
    let kept = catalog.diagram(&org("acme"), &id).await.unwrap();
    assert_eq!((kept.title.as_str(), kept.change), ("Secret", 1));
}

#[tokio::test]
async fn paging_shows_each_diagram_once_the_latest_updated_first() {
    let (_dir, store) = store().await;
    let catalog = store.catalog();
    for n in 0..25_u32 {
        // Pairs share their time: the id decides between them.
        let now = NOON + time::Duration::seconds(i64::from(n / 2));
        let new = NewDiagram { now, ..upload(&format!("d{n:02}"), &format!("Process {n}")) };
        catalog.create_diagram(&org("acme"), new).await.unwrap();
    }
    let mut query = Query { limit: 7, ..Query::default() };
    let mut seen = Vec::new();
    loop {
        let page = catalog.list(&org("acme"), &query).await.unwrap();
        assert!(page.diagrams.len() <= 7);
        seen.extend(page.diagrams.into_iter().map(|d| d.id.to_string()));
        match page.next {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    let expected: Vec<String> = (0..25).rev().map(|n| format!("d{n:02}")).collect();
    assert_eq!(seen, expected);
    query.cursor = Some("nonsense".into());
    assert_eq!(catalog.list(&org("acme"), &query).await, Err(StoreError::BadCursor));
}

#[tokio::test]
async fn a_search_finds_all_words_in_any_case_and_takes_wildcards_literally() {
    let (_dir, store) = store().await;
    let catalog = store.catalog();
    for (n, title) in ["Ärzte-Überweisung", "Invoice 100%", "invoice approval", "Über uns"]
        .into_iter()
        .enumerate()
    {
        catalog.create_diagram(&org("acme"), upload(&format!("d{n}"), title)).await.unwrap();
    }
    for (words, found) in [
        ("INVOICE", vec!["d2", "d1"]),
        ("approval inv", vec!["d2"]),
        ("überweisung ärzte", vec!["d0"]),
        ("%", vec!["d1"]),
        ("_", vec![]),
        ("  ", vec!["d3", "d2", "d1", "d0"]),
    ] {
        let query = Query { words: Some(words.into()), limit: 50, ..Query::default() };
        let page = catalog.list(&org("acme"), &query).await.unwrap();
        let ids: Vec<&str> = page.diagrams.iter().map(|d| d.id.as_str()).collect();
        assert_eq!(ids, found, "{words}");
    }
}

#[tokio::test]
async fn a_deleted_diagram_is_not_found_and_its_room_is_gone() {
    let (_dir, store) = store().await;
    let (catalog, acme, id) = (store.catalog(), org("acme"), diagram("d1"));
    catalog.create_diagram(&acme, upload("d1", "Old")).await.unwrap();
    catalog.delete(&acme, &id, &ana(), NOON).await.unwrap();
    assert_eq!(catalog.diagram(&acme, &id).await, Err(StoreError::NotFound));
    assert_eq!(catalog.revision(&acme, &id, Version(1)).await, Err(StoreError::NotFound));
    assert_eq!(catalog.delete(&acme, &id, &ana(), NOON).await, Err(StoreError::NotFound));
    let page = catalog.list(&acme, &Query { limit: 10, ..Query::default() }).await.unwrap();
    assert_eq!(page.diagrams, []);
    assert_eq!(store.log().read(&id, Seq(0)).await, Err(ReadError::Gone));
    assert_eq!(store.log().heads(std::slice::from_ref(&id)).await.unwrap(), []);
}

#[tokio::test]
async fn revisions_count_up_and_the_same_text_is_stored_once() {
    let (_dir, store) = store().await;
    let (catalog, acme, id) = (store.catalog(), org("acme"), diagram("d1"));
    catalog.create_diagram(&acme, upload("d1", "Process")).await.unwrap();
    let same = NewRevision { hash: [1; 32], ..save(Kind::Save, "<x/>", 1) };
    let unchanged = catalog.add_revision(&acme, &id, same).await.unwrap();
    assert_eq!(unchanged, Added::Unchanged(Version(1)));
    for (kind, hash, saved) in [
        (Kind::Checkpoint, 2, Version(1)),
        (Kind::Save, 3, Version(3)),
        (Kind::Base, 4, Version(3)),
    ] {
        let version = Version(u32::from(hash));
        let added = catalog.add_revision(&acme, &id, save(kind, "<x/>", hash)).await.unwrap();
        assert_eq!(added, Added::Stored(version));
        let now = catalog.diagram(&acme, &id).await.unwrap();
        assert_eq!((now.version, now.saved), (version, saved));
        assert_eq!(now.summary, json!({"tasks": hash}));
        let stored = catalog.revision(&acme, &id, version).await.unwrap();
        assert_eq!((stored.kind, stored.message.as_deref()), (kind, Some("moved the gateway")));
    }
    let missing = catalog.revision(&acme, &id, Version(5)).await;
    assert_eq!(missing, Err(StoreError::NotFound));
}

#[tokio::test]
async fn a_new_title_moves_the_diagram_to_the_front_and_changes_its_tag() {
    let (_dir, store) = store().await;
    let (catalog, acme) = (store.catalog(), org("acme"));
    for id in ["d1", "d2"] {
        catalog.create_diagram(&acme, upload(id, "Process")).await.unwrap();
    }
    let later = NOON + time::Duration::seconds(5);
    let renamed = catalog
        .change_entry(&acme, &diagram("d1"), &ana(), titled("Neu"), None, later)
        .await
        .unwrap();
    assert_eq!((renamed.title.as_str(), renamed.change, renamed.updated_at), ("Neu", 2, later));
    let page = catalog.list(&acme, &Query { limit: 1, ..Query::default() }).await.unwrap();
    assert_eq!(page.diagrams, [renamed]);
}

/// Runs SQL past the store.
async fn run(dir: &tempfile::TempDir, sql: &'static str) {
    let path = dir.path().join("data").join(DATABASE);
    let mut conn = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::query(sql).execute(&mut conn).await.unwrap();
}

#[tokio::test]
async fn a_creation_that_fails_at_its_last_step_leaves_nothing() {
    let (dir, store) = store().await;
    let (catalog, acme, id) = (store.catalog(), org("acme"), diagram("d1"));
    let failing = "CREATE TRIGGER full BEFORE INSERT ON revisions \
                   BEGIN SELECT raise(ABORT, 'disk full'); END";
    run(&dir, failing).await;
    for size in [10, REVISION_INLINE_BYTES + 1] {
        let new = NewDiagram { bytes: vec![b'x'; size].into(), ..upload("d1", "Process") };
        let failed = catalog.create_diagram(&acme, new).await;
        assert!(matches!(failed, Err(StoreError::Away(_))), "{failed:?}");
    }
    assert_eq!(catalog.diagram(&acme, &id).await, Err(StoreError::NotFound));
    assert_eq!(store.log().read(&id, Seq(0)).await, Err(ReadError::Gone));
    assert_eq!(store.check().await.unwrap(), [], "no room, no blob");
    run(&dir, "DROP TRIGGER full").await;
    catalog.create_diagram(&acme, upload("d1", "Process")).await.unwrap();
}

#[tokio::test]
async fn a_deletion_ends_diagram_and_room_together_or_not_at_all() {
    let (dir, store) = store().await;
    let (catalog, acme, id) = (store.catalog(), org("acme"), diagram("d1"));
    catalog.create_diagram(&acme, upload("d1", "Process")).await.unwrap();
    let failing = "CREATE TRIGGER full BEFORE UPDATE ON log_rooms \
                   BEGIN SELECT raise(ABORT, 'disk full'); END";
    run(&dir, failing).await;
    assert!(matches!(catalog.delete(&acme, &id, &ana(), NOON).await, Err(StoreError::Away(_))));
    assert!(catalog.diagram(&acme, &id).await.is_ok());
    assert!(store.log().read(&id, Seq(0)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_stored_at_once_get_numbers_of_their_own() {
    let (_dir, store) = store().await;
    let (catalog, acme, id) = (store.catalog(), org("acme"), diagram("d1"));
    catalog.create_diagram(&acme, upload("d1", "Process")).await.unwrap();
    let mut saving = tokio::task::JoinSet::new();
    for n in 2..=21_u8 {
        let (catalog, acme, id) = (catalog.clone(), acme.clone(), id.clone());
        saving.spawn(async move {
            let text = n.to_string();
            let added = catalog.add_revision(&acme, &id, save(Kind::Save, &text, n)).await.unwrap();
            let stored = catalog.revision(&acme, &id, added.version()).await.unwrap();
            assert_eq!(stored.bytes, text);
            added.version().0
        });
    }
    let mut versions = saving.join_all().await;
    versions.sort_unstable();
    assert_eq!(versions, (2..=21).collect::<Vec<_>>());
    assert_eq!(catalog.diagram(&acme, &id).await.unwrap().version, Version(21));
}

#[tokio::test]
async fn a_diagram_that_was_deleted_before_it_was_drawn_is_drawn_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Store::open(dir.path()).await.unwrap().catalog();
    let (org, id) = (org("acme"), diagram("d1"));
    catalog.create_diagram(&org, upload("d1", "Order")).await.unwrap();
    catalog.delete(&org, &id, &ana(), NOON).await.unwrap();
    let mut wake = catalog.thumbnails_wake();
    assert!(catalog.due_thumbnails(9).await.unwrap().is_empty());
    wake.mark_unchanged();
    catalog.undelete(&org, &id, &ana(), NOON).await.unwrap();
    // The writer tells it behind its answer.
    let told = tokio::time::timeout(std::time::Duration::from_secs(10), wake.changed());
    told.await.expect("the job is woken").unwrap();
    assert_eq!(catalog.due_thumbnails(9).await.unwrap(), [(org, id, Version(1))]);
}
