//! Opening the embedded store, and what its integrity check finds.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use atelier::id::{BatchId, DiagramId, NodeId, Seq, Version};
use atelier::limits::{REVISION_INLINE_BYTES, SNAPSHOT_INLINE_BYTES};
use atelier::store::StoreError;
use atelier::store::catalog::{Kind, NewDiagram, NewRevision, Query};
use atelier::store::log::{Append, Log, Snapshot};
use atelier::store::sqlite::{BLOBS, DATABASE, OpenError, Store};
use bytes::Bytes;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use time::OffsetDateTime;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn back_door(dir: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(dir.join(DATABASE)).connect().await.unwrap()
}

async fn run(dir: &Path, sql: &'static str) {
    let done = sqlx::raw_sql(sql).execute(&mut back_door(dir).await).await;
    assert!(done.unwrap().rows_affected() > 0, "{sql}");
}

#[tokio::test]
async fn a_new_data_folder_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("new/data");
    let store = Store::open(&data).await.unwrap();
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join(BLOBS)), 0o700);
    for file in [DATABASE, "atelier.db-wal", "atelier.db-shm"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    store.close().await;
}

#[tokio::test]
async fn many_processes_may_open_a_new_store_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let path = dir.path().join("data");
        opening.spawn(async move { Store::open(&path).await.map(drop).map_err(|e| e.to_string()) });
    }
    assert_eq!(opening.join_all().await, vec![Ok(()); 6]);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).await.unwrap().close().await;
    run(
        dir.path(),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9001, 'from the future', 1, x'00', 1)",
    )
    .await;
    let error = Store::open(dir.path()).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 9001, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("9001") && text.contains("restore a backup"), "{text}");
}

#[tokio::test]
async fn a_file_in_the_way_is_refused_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = Store::open(&file).await.unwrap_err();
    assert!(matches!(error, OpenError::Folder(..)), "{error:?}");
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join(DATABASE), [7; 5000]).unwrap();
    let error = Store::open(&data).await.unwrap_err();
    assert!(matches!(error, OpenError::Database(..)), "{error:?}");
    assert!(error.to_string().contains(DATABASE), "{error}");
}

fn diagram(id: &str, size: usize) -> NewDiagram {
    NewDiagram {
        id: id.parse().unwrap(),
        user: "ana".parse().unwrap(),
        title: id.into(),
        bytes: vec![b'x'; size].into(),
        hash: [0; 32],
        summary: serde_json::json!({}),
        metadata: serde_json::json!({}),
        project: None,
        seed: Bytes::from_static(b"seed"),
        node: NodeId(1),
        batch: BatchId(1),
        now: OffsetDateTime::UNIX_EPOCH,
    }
}

/// A store with one of everything: big and small uploads, revisions and snapshots, rows, a deletion.
async fn furnished(dir: &Path) -> Store {
    let store = Store::open(dir).await.unwrap();
    let (catalog, log) = (store.catalog(), store.log());
    let acme = "acme".parse().unwrap();
    for (id, size) in [("small", 100), ("big", REVISION_INLINE_BYTES + 1), ("deleted", 100)] {
        catalog.create_diagram(&acme, diagram(id, size)).await.unwrap();
        for n in 2..=5 {
            let append = Append {
                room: id.parse().unwrap(),
                batch: BatchId(n),
                updates: vec![Bytes::from_static(b"an update")],
                bindings: Vec::new(),
            };
            log.append(NodeId(1), vec![append]).await;
        }
    }
    for (id, size) in [("small", 100), ("big", SNAPSHOT_INLINE_BYTES + 1)] {
        let state = vec![1; size].into();
        log.snapshot(&id.parse().unwrap(), Snapshot { seq: Seq(3), state }).await.unwrap();
    }
    let revision = NewRevision {
        kind: Kind::Save,
        bytes: Bytes::from_static(b"<definitions/>"),
        hash: [5; 32],
        summary: serde_json::json!({}),
        author: "ben".parse().unwrap(),
        editors: Vec::new(),
        still_editing: Vec::new(),
        name: None,
        message: None,
        source: None,
        now: OffsetDateTime::UNIX_EPOCH,
    };
    catalog.add_revision(&acme, &"small".parse().unwrap(), revision).await.unwrap();
    let (deleted, ana) = ("deleted".parse().unwrap(), "ana".parse().unwrap());
    catalog.delete(&acme, &deleted, &ana, OffsetDateTime::UNIX_EPOCH).await.unwrap();
    store
}

#[tokio::test]
async fn the_check_of_a_sound_store_finds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(dir.path()).await;
    assert_eq!(store.check().await.unwrap(), []);
}

/// Damages a furnished store by SQL; the one severe finding must name all the words.
async fn damage(sql: &'static str, words: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(dir.path()).await;
    run(dir.path(), sql).await;
    let found = store.check().await.unwrap();
    assert_eq!(found.len(), 1, "{sql}: {found:?}");
    assert!(found[0].severe);
    for word in words {
        assert!(found[0].text.contains(word), "{sql}: {found:?}");
    }
}

#[tokio::test]
async fn the_check_names_each_kind_of_damage() {
    damage("DELETE FROM log_rows WHERE room = 'small' AND seq = 5", &["small", "row 5"]).await;
    damage("DELETE FROM log_rows WHERE room = 'deleted' AND seq = 2", &["deleted", "row 2"]).await;
    damage("UPDATE log_rows SET payload = x'00' WHERE room = 'big' AND seq = 4", &["big", "row 4"])
        .await;
    damage("UPDATE log_rows SET crc = -1 WHERE room = 'big' AND seq = 4", &["big"]).await;
    damage("UPDATE log_snapshots SET state = x'00' WHERE room = 'small'", &["small", "snapshot"])
        .await;
    damage("UPDATE log_snapshots SET crc = crc - 1 WHERE room = 'big'", &["big", "snapshot"]).await;
    damage("UPDATE log_rooms SET gone = 1 WHERE room = 'small'", &["small", "deleted"]).await;
    damage(
        "UPDATE revisions SET bytes = x'00' WHERE diagram = 'deleted'",
        &["deleted", "version 1"],
    )
    .await;
    damage("UPDATE diagrams SET version = 7 WHERE id = 'small'", &["small", "newest revision"])
        .await;
    damage(
        "DELETE FROM log_rows WHERE room = 'deleted'; DELETE FROM log_rooms WHERE room = 'deleted'",
        &["deleted", "no room"],
    )
    .await;
}

fn files(dir: &Path, folder: &str) -> Vec<std::path::PathBuf> {
    let shards = std::fs::read_dir(dir.join(BLOBS).join(folder)).unwrap();
    shards
        .flat_map(|s| std::fs::read_dir(s.unwrap().path()).unwrap())
        .map(|f| f.unwrap().path())
        .collect()
}

#[tokio::test]
async fn the_check_finds_blobs_that_are_missing_damaged_or_left_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(dir.path()).await;
    let (snapshots, revisions) = (files(dir.path(), "snapshots"), files(dir.path(), "revisions"));
    assert_eq!((snapshots.len(), revisions.len()), (1, 1));
    let mut bytes = std::fs::read(&revisions[0]).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&revisions[0], bytes).unwrap();
    let shard = snapshots[0].parent().unwrap();
    std::fs::rename(&snapshots[0], shard.join("00-left")).unwrap();
    let found = store.check().await.unwrap();
    let severe: Vec<&str> = found.iter().filter(|f| f.severe).map(|f| f.text.as_str()).collect();
    assert_eq!(severe.len(), 2, "{found:?}");
    assert!(severe[0].contains("room big") && severe[0].contains("missing"), "{found:?}");
    assert!(severe[1].contains("diagram big") && severe[1].contains("corrupt"), "{found:?}");
    let harmless: Vec<_> = found.iter().filter(|f| !f.severe).collect();
    assert!(matches!(&harmless[..], [f] if f.text.contains("00-left")), "{found:?}");
}

#[tokio::test]
async fn big_revisions_come_back_whole_and_refused_ones_leave_no_blob() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(dir.path()).await;
    let (catalog, acme) = (store.catalog(), "acme".parse().unwrap());
    let big: DiagramId = "big".parse().unwrap();
    let upload = catalog.revision(&acme, &big, Version(1)).await.unwrap();
    assert_eq!(upload.bytes.len(), REVISION_INLINE_BYTES + 1);
    let before = files(dir.path(), "revisions");
    let taken = catalog.create_diagram(&acme, diagram("big", REVISION_INLINE_BYTES + 2)).await;
    assert_eq!(taken, Err(StoreError::Exists));
    let unchanged = NewRevision {
        kind: Kind::Save,
        bytes: vec![b'y'; REVISION_INLINE_BYTES + 3].into(),
        hash: [0; 32],
        summary: serde_json::json!({}),
        author: "ben".parse().unwrap(),
        editors: Vec::new(),
        still_editing: Vec::new(),
        name: None,
        message: None,
        source: None,
        now: OffsetDateTime::UNIX_EPOCH,
    };
    catalog.add_revision(&acme, &big, unchanged.clone()).await.unwrap();
    let missing = catalog.add_revision(&"evil".parse().unwrap(), &big, unchanged).await;
    assert_eq!(missing, Err(StoreError::NotFound));
    assert_eq!(files(dir.path(), "revisions"), before);
}

/// What an Atelier with the first two migrations left.
const OLD: [&str; 5] = [
    "INSERT INTO log_rooms (room, head, node, batch) VALUES ('d1', 0, 1, zeroblob(16)), ('d2', 0, 1, zeroblob(16))",
    "UPDATE log_rooms SET gone = 1 WHERE room = 'd2'",
    "INSERT INTO diagrams (org, id, title, title_key, created_by, created_at, updated_at, deleted_at, version, \
     saved, change, summary) VALUES ('acme', 'd1', 'Order', 'order', 'ana', 1, 2, NULL, 2, 2, 2, '{\"counts\":{\"task\":3}}'), \
     ('acme', 'd2', 'Gone', 'gone', 'ana', 1, 2, 3, 1, 1, 2, '{}')",
    "INSERT INTO revisions (org, diagram, version, kind, bytes, size, crc, hash, author, created_at) \
     VALUES ('acme', 'd1', 1, 'upload', x'61', 1, 3904355907, zeroblob(32), 'ana', 1), \
     ('acme', 'd2', 1, 'upload', x'61', 1, 3904355907, zeroblob(32), 'ana', 1)",
    "INSERT INTO revisions (org, diagram, version, kind, bytes, size, crc, hash, author, message, created_at) \
     VALUES ('acme', 'd1', 2, 'save', x'61', 1, 3904355907, zeroblob(32), 'ben', 'why', 2)",
];

#[tokio::test]
async fn a_database_of_an_older_version_keeps_its_diagrams_and_their_history() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(DATABASE);
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut conn = options.connect().await.unwrap();
    let all = sqlx::migrate!("migrations/sqlite");
    let first: Vec<_> = all.iter().take(2).cloned().collect();
    let old = Migrator { migrations: first.into(), ..Migrator::DEFAULT };
    old.run_direct(None, &mut conn, false).await.unwrap();
    for sql in OLD {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    }
    conn.close().await.unwrap();

    let store = Store::open(dir.path()).await.unwrap();
    let (catalog, acme, id) = (store.catalog(), "acme".parse().unwrap(), "d1".parse().unwrap());
    let history = catalog.versions(&acme, &id, None, 10).await.unwrap().entries;
    let told: Vec<_> =
        history.iter().map(|v| (v.version.0, v.kind, v.authors[0].to_string())).collect();
    assert_eq!(told, [(2, Kind::Save, "ben".to_owned()), (1, Kind::Upload, "ana".to_owned())]);
    assert_eq!(history[0].message.as_deref(), Some("why"));
    assert_eq!(history[0].summary["counts"]["task"], 3);
    assert_eq!(catalog.revision(&acme, &id, Version(1)).await.unwrap().bytes, "a");
    let found = Query { words: Some("rde".into()), limit: 10, ..Query::default() };
    assert_eq!(catalog.list(&acme, &found).await.unwrap().diagrams.len(), 1);
    let org = catalog.org(&acme).await.unwrap();
    assert_eq!(org.diagrams, 1, "what is deleted does not count");
}
