//! The SQLite log against the contract, and what only a disk can show.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use atelier::id::{BatchId, ClientId, DiagramId, NodeId, OrgId, Seq, UserId};
use atelier::limits::{BATCH_BYTES, CHECKPOINT_PAGES, NODES_PER_ROOM, SNAPSHOT_INLINE_BYTES};
use atelier::store::catalog::NewDiagram;
use atelier::store::log::{Log, Outcome, ReadError, Refusal};
use atelier::store::sqlite::{BLOBS, DATABASE, Store};
use bytes::Bytes;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use time::OffsetDateTime;

use super::{Bench, NODE, append, binding, commit, filled, room, snapshot, user};

pub(crate) struct Sqlite {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Sqlite {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).await.unwrap();
        Self { dir, store }
    }

    /// A second way into the database, past the store.
    pub(crate) async fn back_door(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.dir.path().join(DATABASE))
            .connect()
            .await
            .unwrap()
    }
}

fn ana() -> UserId {
    "ana".parse().unwrap()
}

pub(crate) fn diagram(room: &DiagramId, seed: &'static [u8]) -> NewDiagram {
    NewDiagram {
        id: room.clone(),
        user: "ana".parse().unwrap(),
        title: "A process".into(),
        bytes: Bytes::from_static(b"<definitions/>"),
        hash: [0; 32],
        summary: serde_json::json!({}),
        metadata: serde_json::json!({}),
        project: None,
        seed: Bytes::from_static(seed),
        node: NODE,
        batch: BatchId(1),
        now: OffsetDateTime::UNIX_EPOCH,
    }
}

pub(crate) fn org() -> OrgId {
    "acme".parse().unwrap()
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[async_trait]
impl Bench for Sqlite {
    fn log(&self) -> Arc<dyn Log> {
        Arc::new(self.store.log())
    }

    async fn create(&self, room: &DiagramId, seed: &'static [u8]) {
        self.store.catalog().create_diagram(&org(), diagram(room, seed)).await.unwrap();
    }

    async fn delete(&self, room: &DiagramId) {
        self.store
            .catalog()
            .delete(&org(), room, &ana(), OffsetDateTime::UNIX_EPOCH)
            .await
            .unwrap();
    }

    async fn flip_row_bit(&self, room: &DiagramId, seq: Seq, bit: usize) {
        let mut conn = self.back_door().await;
        let (room, seq) = (room.as_str(), seq.0.cast_signed());
        let mut payload: Vec<u8> =
            sqlx::query_scalar("SELECT payload FROM log_rows WHERE room = ?1 AND seq = ?2")
                .bind(room)
                .bind(seq)
                .fetch_one(&mut conn)
                .await
                .unwrap();
        flip(&mut payload, bit);
        let sql = "UPDATE log_rows SET payload = ?3 WHERE room = ?1 AND seq = ?2";
        sqlx::query(sql).bind(room).bind(seq).bind(payload).execute(&mut conn).await.unwrap();
    }

    async fn flip_snapshot_bit(&self, room: &DiagramId, bit: usize) {
        let mut conn = self.back_door().await;
        let sql = "SELECT state, blob FROM log_snapshots WHERE room = ?1";
        let (state, blob): (Option<Vec<u8>>, Option<String>) =
            sqlx::query_as(sql).bind(room.as_str()).fetch_one(&mut conn).await.unwrap();
        if let Some(key) = blob {
            let path = self.dir.path().join(BLOBS).join(key);
            let mut bytes = std::fs::read(&path).unwrap();
            flip(&mut bytes, bit);
            std::fs::write(&path, bytes).unwrap();
        }
        if let Some(mut state) = state {
            flip(&mut state, bit);
            let sql = "UPDATE log_snapshots SET state = ?2 WHERE room = ?1";
            sqlx::query(sql).bind(room.as_str()).bind(state).execute(&mut conn).await.unwrap();
        }
    }

    async fn lose_row(&self, room: &DiagramId, seq: Seq) {
        let mut conn = self.back_door().await;
        let sql = "DELETE FROM log_rows WHERE room = ?1 AND seq = ?2";
        let done = sqlx::query(sql).bind(room.as_str()).bind(seq.0.cast_signed());
        assert_eq!(done.execute(&mut conn).await.unwrap().rows_affected(), 1);
    }
}

super::contract!(Sqlite::new().await);

#[tokio::test]
async fn everything_survives_reopening() {
    let bench = Sqlite::new().await;
    filled(&bench, "a", 5).await;
    let big = snapshot(3, &vec![9; SNAPSHOT_INLINE_BYTES + 1]);
    bench.log().snapshot(&room("a"), big).await.unwrap();
    let before = bench.log().read(&room("a"), Seq(0)).await.unwrap();
    bench.store.close().await;
    let wal = bench.dir.path().join(format!("{DATABASE}-wal"));
    assert!(!wal.exists(), "a store that was closed is one file and its blobs");
    let closed = bench.log().append(NODE, vec![append("a", 50, &[b"x"])]).await;
    assert!(matches!(closed[..], [Outcome::Refused(Refusal::Store(_))]), "{closed:?}");
    let again = Store::open(bench.dir.path()).await.unwrap();
    assert!(again.log().read(&room("a"), Seq(0)).await.unwrap() == before);
    assert_eq!(again.check().await.unwrap(), []);
}

/// Makes every commit that adds a row to a log fail at its very end.
const FAILING_COMMITS: [&str; 2] = [
    "CREATE TABLE never (id INTEGER REFERENCES log_fence (id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TRIGGER never_rows AFTER INSERT ON log_rows BEGIN INSERT INTO never VALUES (99); END",
];

#[tokio::test]
async fn after_a_failed_commit_the_outcome_is_unknown_until_it_is_looked_up() {
    let bench = Sqlite::new().await;
    filled(&bench, "a", 2).await;
    let mut conn = bench.back_door().await;
    for sql in FAILING_COMMITS {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    }
    let outcome = bench.log().append(NODE, vec![append("a", 50, &[b"x"])]).await;
    assert!(matches!(outcome[..], [Outcome::Unknown(_)]), "{outcome:?}");
    assert_eq!(bench.log().find(&room("a"), BatchId(50)).await, Ok(None));
    sqlx::query("DROP TRIGGER never_rows").execute(&mut conn).await.unwrap();
    assert_eq!(commit(&bench, append("a", 50, &[b"x"])).await, Seq(3));
    assert_eq!(bench.log().find(&room("a"), BatchId(50)).await, Ok(Some(Seq(3))));
}

#[tokio::test]
async fn a_failure_before_the_commit_is_a_definite_refusal_of_all() {
    let bench = Sqlite::new().await;
    filled(&bench, "a", 2).await;
    filled(&bench, "b", 2).await;
    let mut conn = bench.back_door().await;
    let sql = "CREATE TRIGGER full BEFORE INSERT ON log_rows WHEN new.room = 'b' \
               BEGIN SELECT raise(ABORT, 'disk full'); END";
    sqlx::query(sql).execute(&mut conn).await.unwrap();
    let both = || vec![append("a", 50, &[b"x"]), append("b", 50, &[b"x"])];
    for outcome in bench.log().append(NODE, both()).await {
        let Outcome::Refused(Refusal::Store(why)) = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("disk full"), "{why}");
    }
    let heads = bench.log().heads(&[room("a"), room("b")]).await.unwrap();
    assert_eq!(heads, [(room("a"), Seq(2)), (room("b"), Seq(2))]);
    assert_eq!(commit(&bench, append("a", 50, &[b"x"])).await, Seq(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_neither_undo_a_write_nor_spoil_a_reader() {
    let bench = Sqlite::new().await;
    filled(&bench, "a", 1).await;
    let log = bench.log();
    let mut rng = fastrand::Rng::with_seed(4);
    let (mut cut, mut told) = (0, Vec::new());
    for n in 0..300_u32 {
        let text = n.to_string();
        let batch = append("a", u128::from(n) + 100, &[text.as_bytes()]);
        for job in 0..2 {
            // A third has all the time it needs, the others go after 1 to 4,096 turns.
            let turns = (rng.u32(0..3) > 0).then(|| 1 << rng.u32(0..=12));
            let patience = async {
                for _ in 0..turns.unwrap_or(0) {
                    tokio::task::yield_now().await;
                }
                if turns.is_none() {
                    std::future::pending::<()>().await;
                }
            };
            let work = async {
                if job == 0 {
                    let outcomes = log.append(NODE, vec![batch.clone()]).await;
                    assert!(matches!(outcomes[..], [Outcome::Committed(_)]), "{outcomes:?}");
                    true
                } else {
                    log.read(&room("a"), Seq(0)).await.unwrap();
                    false
                }
            };
            tokio::select! {
                biased;
                appended = work => if appended { told.push(n) },
                () = patience => cut += 1,
            }
        }
    }
    assert!(cut > 50 && told.len() > 50, "{cut} cut off, {} answered", told.len());
    // Every reader sees what was committed last, and each batch is there once or not at all.
    let seq = commit(&bench, append("a", 99, &[b"last"])).await;
    for _ in 0..20 {
        let history = log.read(&room("a"), Seq(0)).await.unwrap();
        assert_eq!(history.head(Seq(0)), seq);
    }
    let rows = log.read(&room("a"), Seq(1)).await.unwrap().rows;
    let mut stored: Vec<u128> = rows.iter().map(|row| row.batch.0).collect();
    for n in told {
        assert!(stored.contains(&(u128::from(n) + 100)), "{n} was acknowledged");
    }
    let count = stored.len();
    stored.sort_unstable();
    stored.dedup();
    assert_eq!(stored.len(), count);
}

#[tokio::test]
async fn replaced_and_refused_big_snapshots_leave_no_blob_behind() {
    let bench = Sqlite::new().await;
    filled(&bench, "a", 6).await;
    let big = |seq| snapshot(seq, &vec![u8::try_from(seq).unwrap(); SNAPSHOT_INLINE_BYTES + 1]);
    for seq in [2, 4, 3, 5, 5, 9] {
        // 3 is older, the second 5 is there already, 9 is beyond the head.
        drop(bench.log().snapshot(&room("a"), big(seq)).await);
    }
    drop(bench.log().snapshot(&room("missing"), big(1)).await);
    let sql = "SELECT blob FROM log_snapshots";
    let key: String =
        sqlx::query_scalar(sql).fetch_one(&mut bench.back_door().await).await.unwrap();
    let blobs = atelier::store::blobs::Blobs::open(&bench.dir.path().join(BLOBS)).unwrap();
    assert_eq!(blobs.keys().await.unwrap(), [key.parse().unwrap()]);
    bench.log().snapshot(&room("a"), snapshot(6, b"small")).await.unwrap();
    assert_eq!(blobs.keys().await.unwrap(), []);
}

#[tokio::test]
async fn the_nodes_that_a_room_remembers_are_bounded() {
    let bench = Sqlite::new().await;
    filled(&bench, "a", 1).await;
    let lives = NODES_PER_ROOM.cast_unsigned() + 10;
    for n in 0..lives {
        let batch = append("a", u128::from(n) + 100, &[b"x"]);
        let done = bench.log().append(NodeId(n), vec![batch]).await;
        assert_eq!(done, [Outcome::Committed(Seq(n + 2))]);
    }
    let state = snapshot(lives + 1, b"state");
    assert_eq!(bench.log().snapshot(&room("a"), state).await, Ok(true));
    let sql = "SELECT count(*) FROM log_nodes";
    let kept: i64 = sqlx::query_scalar(sql).fetch_one(&mut bench.back_door().await).await.unwrap();
    assert_eq!(kept, NODES_PER_ROOM);
    let newest = BatchId(u128::from(lives) + 99);
    assert_eq!(bench.log().find(&room("a"), newest).await, Ok(Some(Seq(lives + 1))));
}

#[tokio::test]
async fn the_write_ahead_log_is_emptied_while_writes_go_on() {
    let bench = Sqlite::new().await;
    filled(&bench, "a", 1).await;
    let wal = bench.dir.path().join(format!("{DATABASE}-wal"));
    // SQLite counts how often it began the file anew at bytes 12 to 15.
    let begun = || {
        let mut head = [0; 16];
        std::fs::File::open(&wal).unwrap().read_exact(&mut head).unwrap();
        head[12..].to_vec()
    };
    let before = begun();
    let page = 4096;
    let rounds = usize::try_from(CHECKPOINT_PAGES).unwrap() * page / BATCH_BYTES + 1;
    for n in 0..rounds {
        commit(&bench, append("a", 100 + n as u128, &[&vec![1; BATCH_BYTES]])).await;
    }
    let start = Instant::now();
    for n in 1000.. {
        commit(&bench, append("a", n, &[b"small"])).await;
        if begun() != before {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "it only ever grows");
    }
}

/// What both logs answered, the texts of their errors aside.
fn sort_of(error: &ReadError) -> &'static str {
    match error {
        ReadError::Gone => "gone",
        ReadError::Corrupt(_) => "corrupt",
        ReadError::Away(_) => "away",
    }
}

#[tokio::test]
async fn memory_and_sqlite_answer_alike_whatever_is_asked() {
    for seed in 0..6 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let disk = Sqlite::new().await;
        let memory = super::memory::Memory::default();
        let mut asked = BTreeMap::new();
        let mut batches = vec![(NodeId(1), room("r0"), BatchId(1))];
        for n in 0..250_u64 {
            let id = room(&format!("r{}", rng.u8(0..5)));
            let node = NodeId(rng.u64(1..4));
            let kind = rng.u8(0..20);
            *asked.entry(kind.min(8)).or_insert(0) += 1;
            match kind {
                0 if rng.bool() => {
                    let catalog = disk.store.catalog();
                    let made = catalog.create_diagram(&org(), diagram(&id, b"seed")).await.is_ok();
                    assert_eq!(made, memory.make(&id, b"seed"), "seed {seed}, step {n}");
                }
                0 => {
                    let time = OffsetDateTime::UNIX_EPOCH;
                    drop(disk.store.catalog().delete(&org(), &id, &ana(), time).await);
                    memory.delete(&id).await;
                }
                1..=3 => {
                    let (at, after) = (Seq(rng.u64(0..12)), Seq(rng.u64(0..12)));
                    let new = snapshot(at.0, format!("{seed} {n}").as_bytes());
                    let theirs = memory.log().snapshot(&id, new.clone()).await;
                    let ours = disk.log().snapshot(&id, new).await;
                    let (ours, theirs) =
                        (ours.map_err(|e| sort_of(&e)), theirs.map_err(|e| sort_of(&e)));
                    assert_eq!(ours, theirs, "seed {seed}, step {n}");
                    let theirs = memory.log().read(&id, after).await.map_err(|e| sort_of(&e));
                    let ours = disk.log().read(&id, after).await.map_err(|e| sort_of(&e));
                    assert_eq!(ours, theirs, "seed {seed}, step {n}");
                }
                4..=5 => {
                    let (_, id, batch) = &batches[rng.usize(..batches.len())];
                    let theirs = memory.log().find(id, *batch).await;
                    assert_eq!(disk.log().find(id, *batch).await, theirs, "seed {seed}, step {n}");
                }
                6 => {
                    let rooms: Vec<_> = (0..6).map(|n| room(&format!("r{n}"))).collect();
                    let theirs = memory.log().heads(&rooms).await;
                    assert_eq!(disk.log().heads(&rooms).await, theirs, "seed {seed}, step {n}");
                }
                7 => {
                    // A node's newest batch once more.
                    let (node, id, batch) = batches[batches.len() - 1].clone();
                    let again = append(id.as_str(), batch.0, &[b"again"]);
                    let theirs = memory.log().append(node, vec![again.clone()]).await;
                    assert_eq!(
                        disk.log().append(node, vec![again]).await,
                        theirs,
                        "seed {seed}, step {n}"
                    );
                }
                _ => {
                    let some = rng.choose_multiple(0..6_u8, 3).into_iter().map(|r| {
                        let batch = BatchId(u128::from(n) * 10 + 100);
                        batches.push((node, room(&format!("r{r}")), batch));
                        let updates: &[&[u8]] = if rng.u8(0..9) == 0 { &[] } else { &[b"x", b""] };
                        let mut batch = append(&format!("r{r}"), batch.0, updates);
                        for _ in 0..rng.u8(0..3) {
                            let owner = if rng.u8(0..4) == 0 { "ben" } else { "ana" };
                            batch.bindings.push((ClientId(rng.u64(0..6)), user(owner)));
                        }
                        batch
                    });
                    let some: Vec<_> = some.collect();
                    let theirs = memory.log().append(node, some.clone()).await;
                    assert_eq!(
                        disk.log().append(node, some).await,
                        theirs,
                        "seed {seed}, step {n}"
                    );
                }
            }
        }
        assert!(asked.len() == 9, "something was never asked: {asked:?}");
        assert_eq!(disk.store.check().await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_flipped_bit_anywhere_in_the_database_never_gives_another_answer() {
    let bench = Sqlite::new().await;
    let ids = ["a", "b", "c"];
    for id in ids {
        filled(&bench, id, 6).await;
        commit(&bench, append(id, 40, &[&[0x33; 2000], &[0x77; 900]])).await;
        commit(&bench, binding(id, 50, &[(7, "ana"), (8, "ben")])).await;
    }
    bench.log().snapshot(&room("a"), snapshot(4, &[0x5a; 3000])).await.unwrap();
    let mut answers = Vec::new();
    for id in ids {
        answers.push(bench.log().read(&room(id), Seq(0)).await.unwrap());
    }
    bench.store.close().await;
    let path = bench.dir.path().join(DATABASE);
    let good = std::fs::read(&path).unwrap();
    let mut rng = fastrand::Rng::with_seed(19);
    let (mut same, mut refused) = (0, 0);
    for _ in 0..400 {
        // Most of a small database is empty: a flip there would show nothing.
        let used = std::iter::repeat_with(|| rng.usize(..good.len() * 8));
        let bit = { used }.find(|bit| good[bit / 8] != 0).unwrap();
        let mut bad = good.clone();
        flip(&mut bad, bit);
        for end in ["-wal", "-shm"] {
            // Left by an opening that found the damage; absent after a clean close.
            drop(std::fs::remove_file(bench.dir.path().join(format!("{DATABASE}{end}"))));
        }
        std::fs::write(&path, &bad).unwrap();
        let Ok(store) = Store::open(bench.dir.path()).await else {
            refused += 1;
            continue;
        };
        for (id, answer) in ids.iter().zip(&answers) {
            match store.log().read(&room(id), Seq(0)).await {
                Ok(read) => {
                    assert!(read == *answer, "bit {bit} changed the answer for {id}");
                    same += 1;
                }
                Err(_) => refused += 1,
            }
        }
        store.close().await;
    }
    println!("{same} reads as before, {refused} refused");
    assert!(same > 50 && refused > 20, "{same} as before, {refused} refused");
}
