//! The contract of the log (ROOM L1–L4, L6, C3, K3): one suite of sentences for every implementation.
//!
//! An implementation joins by a [`Bench`]: how rooms come and go, and how its disk is damaged.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use atelier::id::{BatchId, ClientId, DiagramId, NodeId, Seq, UserId};
use atelier::limits::{BATCH_BYTES, SNAPSHOT_INLINE_BYTES};
use atelier::store::log::{Append, Log, Outcome, ReadError, Refusal, Snapshot};
use bytes::Bytes;

mod memory;
pub(crate) mod sqlite;

/// The node that appends where it doesn't matter which.
pub(crate) const NODE: NodeId = NodeId(u64::MAX - 7);

/// An implementation under test.
#[async_trait]
trait Bench: Send + Sync {
    fn log(&self) -> Arc<dyn Log>;
    /// Creates a diagram with this seed as row 1 of its room.
    async fn create(&self, room: &DiagramId, seed: &'static [u8]);
    async fn delete(&self, room: &DiagramId);
    async fn flip_row_bit(&self, room: &DiagramId, seq: Seq, bit: usize);
    async fn flip_snapshot_bit(&self, room: &DiagramId, bit: usize);
    async fn lose_row(&self, room: &DiagramId, seq: Seq);
}

/// One test per sentence for the implementation whose bench `$bench` makes.
macro_rules! contract {
    ($bench:expr; $($sentence:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $sentence() {
            let bench = $bench;
            super::$sentence(&bench).await;
        })*
    };
    ($bench:expr) => {
        $crate::store_contract::contract! { $bench;
            rows_are_numbered_from_the_seed_without_a_hole
            a_read_returns_exactly_what_was_appended
            a_read_continues_behind_any_row
            a_read_beyond_the_head_is_corrupt
            a_missing_room_is_gone_for_every_verb
            a_deleted_room_is_gone_for_every_verb
            a_refused_batch_does_not_touch_the_others
            a_batch_without_updates_is_refused
            two_batches_of_one_room_stay_in_order
            a_batch_appended_twice_is_there_once
            the_same_batch_id_in_two_rooms_is_two_batches
            a_batch_is_found_where_it_was_put_and_others_are_not
            a_batch_is_found_after_it_was_compacted
            a_client_id_belongs_to_its_first_user
            a_batch_that_names_two_owners_for_an_id_is_refused
            a_refused_batch_binds_nothing
            a_snapshot_replaces_the_rows_it_covers
            an_older_snapshot_is_not_stored
            a_snapshot_beyond_the_head_is_refused
            a_big_snapshot_comes_back_whole_and_replaces_a_big_one
            bindings_survive_a_snapshot
            every_flipped_bit_of_a_row_is_found_out
            a_flipped_bit_of_a_snapshot_is_found_out
            damage_of_one_room_leaves_the_others_readable
            a_lost_row_is_a_hole_wherever_it_was
            heads_name_the_rooms_that_live
            the_largest_batch_comes_back
            writers_of_many_rooms_and_of_the_same_rooms_leave_no_hole
            a_read_during_appends_and_snapshots_is_always_contiguous
        }
    };
}
pub(crate) use contract;

fn room(id: &str) -> DiagramId {
    id.parse().unwrap()
}

fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

fn append(id: &str, batch: u128, updates: &[&[u8]]) -> Append {
    Append {
        room: room(id),
        batch: BatchId(batch),
        updates: updates.iter().map(|u| Bytes::copy_from_slice(u)).collect(),
        bindings: Vec::new(),
    }
}

fn binding(id: &str, batch: u128, bindings: &[(u64, &str)]) -> Append {
    let bindings = bindings.iter().map(|&(c, u)| (ClientId(c), user(u))).collect();
    Append { bindings, ..append(id, batch, &[b"update"]) }
}

fn snapshot(seq: u64, state: &[u8]) -> Snapshot {
    Snapshot { seq: Seq(seq), state: Bytes::copy_from_slice(state) }
}

fn corrupt<T>(result: &Result<T, ReadError>) -> bool {
    matches!(result, Err(ReadError::Corrupt(_)))
}

/// Appends one batch; it must be committed.
async fn commit(bench: &dyn Bench, append: Append) -> Seq {
    match bench.log().append(NODE, vec![append]).await.as_slice() {
        [Outcome::Committed(seq)] => *seq,
        other => panic!("not committed: {other:?}"),
    }
}

/// A room with its seed and rows 2 to `rows`, each holding its number.
async fn filled(bench: &dyn Bench, id: &str, rows: u64) {
    bench.create(&room(id), b"seed").await;
    for n in 2..=rows {
        let seq = commit(bench, append(id, n.into(), &[n.to_string().as_bytes()])).await;
        assert_eq!(seq, Seq(n));
    }
}

async fn rows_are_numbered_from_the_seed_without_a_hole(bench: &dyn Bench) {
    filled(bench, "a", 9).await;
    let history = bench.log().read(&room("a"), Seq(0)).await.unwrap();
    let seqs: Vec<u64> = history.rows.iter().map(|r| r.seq.0).collect();
    assert_eq!(seqs, (1..=9).collect::<Vec<_>>());
    assert_eq!(history.rows[0].updates, [Bytes::from_static(b"seed")]);
    assert_eq!((history.snapshot.is_none(), history.head(Seq(0))), (true, Seq(9)));
}

async fn a_read_returns_exactly_what_was_appended(bench: &dyn Bench) {
    bench.create(&room("a"), b"seed").await;
    let all: Vec<u8> = (0..=255).collect();
    let sent = append("a", u128::MAX - 5, &[b"", &all, b"\0", &[0xff; 300]]);
    commit(bench, sent.clone()).await;
    let history = bench.log().read(&room("a"), Seq(1)).await.unwrap();
    let row = &history.rows[0];
    assert_eq!((row.seq, row.node, row.batch), (Seq(2), NODE, sent.batch));
    assert_eq!(row.updates, sent.updates);
}

async fn a_read_continues_behind_any_row(bench: &dyn Bench) {
    filled(bench, "a", 5).await;
    for after in 0..=5 {
        let history = bench.log().read(&room("a"), Seq(after)).await.unwrap();
        let seqs: Vec<u64> = history.rows.iter().map(|r| r.seq.0).collect();
        assert_eq!(seqs, (after + 1..=5).collect::<Vec<_>>());
    }
}

async fn a_read_beyond_the_head_is_corrupt(bench: &dyn Bench) {
    filled(bench, "a", 3).await;
    assert!(corrupt(&bench.log().read(&room("a"), Seq(4)).await));
    bench.log().snapshot(&room("a"), snapshot(3, b"state")).await.unwrap();
    assert!(corrupt(&bench.log().read(&room("a"), Seq(4)).await));
}

async fn is_gone(bench: &dyn Bench, id: &str) {
    let log = bench.log();
    let outcomes = log.append(NODE, vec![append(id, 99, &[b"x"])]).await;
    assert_eq!(outcomes, [Outcome::Refused(Refusal::Gone)]);
    assert_eq!(log.read(&room(id), Seq(0)).await, Err(ReadError::Gone));
    assert_eq!(log.snapshot(&room(id), snapshot(1, b"s")).await, Err(ReadError::Gone));
    assert_eq!(log.heads(&[room(id)]).await, Ok(vec![]));
    assert_eq!(log.find(&room(id), BatchId(99)).await, Ok(None));
}

async fn a_missing_room_is_gone_for_every_verb(bench: &dyn Bench) {
    filled(bench, "other", 2).await;
    is_gone(bench, "a").await;
}

async fn a_deleted_room_is_gone_for_every_verb(bench: &dyn Bench) {
    filled(bench, "a", 3).await;
    bench.delete(&room("a")).await;
    is_gone(bench, "a").await;
    assert_eq!(bench.log().find(&room("a"), BatchId(2)).await, Ok(Some(Seq(2))));
}

async fn a_refused_batch_does_not_touch_the_others(bench: &dyn Bench) {
    for id in ["a", "b", "c"] {
        filled(bench, id, 2).await;
    }
    commit(bench, binding("b", 50, &[(7, "ana")])).await;
    let batch = vec![
        append("a", 100, &[b"one"]),
        append("missing", 101, &[b"two"]),
        binding("b", 102, &[(7, "ben")]),
        append("c", 103, &[b"three"]),
    ];
    let outcomes = bench.log().append(NODE, batch).await;
    assert_eq!(
        outcomes,
        [
            Outcome::Committed(Seq(3)),
            Outcome::Refused(Refusal::Gone),
            Outcome::Refused(Refusal::Bound(ClientId(7))),
            Outcome::Committed(Seq(3)),
        ]
    );
    let heads = bench.log().heads(&[room("a"), room("b"), room("c")]).await.unwrap();
    assert_eq!(heads, [(room("a"), Seq(3)), (room("b"), Seq(3)), (room("c"), Seq(3))]);
    assert_eq!(bench.log().read(&room("b"), Seq(0)).await.unwrap().rows.len(), 3);
}

async fn a_batch_without_updates_is_refused(bench: &dyn Bench) {
    filled(bench, "a", 2).await;
    let outcomes = bench.log().append(NODE, vec![append("a", 9, &[])]).await;
    assert!(matches!(outcomes[..], [Outcome::Refused(Refusal::Store(_))]), "{outcomes:?}");
    assert_eq!(bench.log().append(NODE, vec![]).await, []);
}

async fn two_batches_of_one_room_stay_in_order(bench: &dyn Bench) {
    filled(bench, "a", 1).await;
    let batches = vec![append("a", 10, &[b"x"]), append("a", 11, &[b"y"])];
    let outcomes = bench.log().append(NODE, batches).await;
    assert_eq!(outcomes, [Outcome::Committed(Seq(2)), Outcome::Committed(Seq(3))]);
    let rows = bench.log().read(&room("a"), Seq(1)).await.unwrap().rows;
    assert_eq!(rows[0].updates[0], "x");
    assert_eq!(rows[1].updates[0], "y");
}

async fn a_batch_appended_twice_is_there_once(bench: &dyn Bench) {
    filled(bench, "a", 1).await;
    assert_eq!(commit(bench, append("a", 10, &[b"x"])).await, Seq(2));
    assert_eq!(commit(bench, append("a", 10, &[b"x"])).await, Seq(2));
    let other = bench.log().append(NodeId(5), vec![append("a", 11, &[b"y"])]).await;
    assert_eq!(other, [Outcome::Committed(Seq(3))]);
    assert_eq!(commit(bench, append("a", 10, &[b"x"])).await, Seq(2), "others wrote since");
    let twice = vec![append("a", 12, &[b"z"]), append("a", 12, &[b"z"])];
    let outcomes = bench.log().append(NODE, twice).await;
    assert_eq!(outcomes, [Outcome::Committed(Seq(4)), Outcome::Committed(Seq(4))]);
    assert_eq!(bench.log().read(&room("a"), Seq(0)).await.unwrap().rows.len(), 4);
}

async fn the_same_batch_id_in_two_rooms_is_two_batches(bench: &dyn Bench) {
    filled(bench, "a", 1).await;
    filled(bench, "b", 5).await;
    let both = vec![append("a", 10, &[b"x"]), append("b", 10, &[b"y"])];
    let outcomes = bench.log().append(NODE, both).await;
    assert_eq!(outcomes, [Outcome::Committed(Seq(2)), Outcome::Committed(Seq(6))]);
}

async fn a_batch_is_found_where_it_was_put_and_others_are_not(bench: &dyn Bench) {
    filled(bench, "a", 1).await;
    filled(bench, "b", 1).await;
    commit(bench, append("a", 77, &[b"x"])).await;
    assert_eq!(bench.log().find(&room("a"), BatchId(77)).await, Ok(Some(Seq(2))));
    commit(bench, append("a", 79, &[b"y"])).await;
    assert_eq!(bench.log().find(&room("a"), BatchId(77)).await, Ok(Some(Seq(2))), "an older row");
    assert_eq!(bench.log().find(&room("a"), BatchId(78)).await, Ok(None));
    assert_eq!(bench.log().find(&room("b"), BatchId(77)).await, Ok(None));
}

async fn a_batch_is_found_after_it_was_compacted(bench: &dyn Bench) {
    filled(bench, "a", 3).await;
    let mine = bench.log().append(NodeId(5), vec![append("a", 77, &[b"x"])]).await;
    assert_eq!(mine, [Outcome::Committed(Seq(4))]);
    // The other node goes on and compacts before the first one hears how its append ended.
    commit(bench, append("a", 5, &[b"5"])).await;
    assert_eq!(bench.log().snapshot(&room("a"), snapshot(5, b"state")).await, Ok(true));
    commit(bench, append("a", 6, &[b"6"])).await;
    assert_eq!(bench.log().snapshot(&room("a"), snapshot(6, b"state")).await, Ok(true));
    assert_eq!(bench.log().find(&room("a"), BatchId(77)).await, Ok(Some(Seq(4))));
    let again = bench.log().append(NodeId(5), vec![append("a", 77, &[b"x"])]).await;
    assert_eq!(again, [Outcome::Committed(Seq(4))]);
}

async fn a_client_id_belongs_to_its_first_user(bench: &dyn Bench) {
    filled(bench, "a", 1).await;
    filled(bench, "b", 1).await;
    commit(bench, binding("a", 10, &[(7, "ana"), (ClientId::END - 1, "ana")])).await;
    commit(bench, binding("a", 11, &[(7, "ana"), (8, "ben")])).await;
    for (batch, client) in [(12, 7), (13, ClientId::END - 1)] {
        let taken = bench.log().append(NODE, vec![binding("a", batch, &[(client, "ben")])]).await;
        assert_eq!(taken, [Outcome::Refused(Refusal::Bound(ClientId(client)))]);
    }
    commit(bench, binding("b", 10, &[(7, "ben")])).await;
    let history = bench.log().read(&room("a"), Seq(3)).await.unwrap();
    let expected = [(7, "ana"), (8, "ben"), (ClientId::END - 1, "ana")];
    assert_eq!(history.bindings, expected.map(|(c, u)| (ClientId(c), user(u))));
}

async fn a_batch_that_names_two_owners_for_an_id_is_refused(bench: &dyn Bench) {
    filled(bench, "a", 1).await;
    let batches = vec![
        binding("a", 10, &[(7, "ana"), (7, "ben")]),
        binding("a", 11, &[(8, "ana"), (8, "ana")]),
        binding("a", 12, &[(8, "ben")]),
    ];
    let outcomes = bench.log().append(NODE, batches).await;
    assert_eq!(
        outcomes,
        [
            Outcome::Refused(Refusal::Bound(ClientId(7))),
            Outcome::Committed(Seq(2)),
            Outcome::Refused(Refusal::Bound(ClientId(8))),
        ]
    );
}

async fn a_refused_batch_binds_nothing(bench: &dyn Bench) {
    filled(bench, "a", 1).await;
    commit(bench, binding("a", 10, &[(7, "ana")])).await;
    bench.log().append(NODE, vec![binding("a", 11, &[(6, "ben"), (7, "ben")])]).await;
    let history = bench.log().read(&room("a"), Seq(0)).await.unwrap();
    assert_eq!(history.bindings, [(ClientId(7), user("ana"))]);
    commit(bench, binding("a", 12, &[(6, "eve")])).await;
}

async fn a_snapshot_replaces_the_rows_it_covers(bench: &dyn Bench) {
    filled(bench, "a", 6).await;
    assert_eq!(bench.log().snapshot(&room("a"), snapshot(4, b"state")).await, Ok(true));
    for after in 0..4 {
        let history = bench.log().read(&room("a"), Seq(after)).await.unwrap();
        assert_eq!(history.snapshot, Some(snapshot(4, b"state")), "after {after}");
        assert_eq!(history.rows.iter().map(|r| r.seq.0).collect::<Vec<_>>(), [5, 6]);
    }
    for after in 4..=6 {
        let history = bench.log().read(&room("a"), Seq(after)).await.unwrap();
        assert_eq!(history.snapshot, None, "after {after}");
        assert_eq!(history.head(Seq(after)), Seq(6));
    }
    assert_eq!(commit(bench, append("a", 70, &[b"7"])).await, Seq(7));
    assert_eq!(bench.log().snapshot(&room("a"), snapshot(7, b"all")).await, Ok(true));
    let history = bench.log().read(&room("a"), Seq(2)).await.unwrap();
    assert_eq!((history.snapshot, history.rows.len()), (Some(snapshot(7, b"all")), 0));
    assert_eq!(commit(bench, append("a", 80, &[b"8"])).await, Seq(8));
}

async fn an_older_snapshot_is_not_stored(bench: &dyn Bench) {
    filled(bench, "a", 6).await;
    let log = bench.log();
    assert_eq!(log.snapshot(&room("a"), snapshot(4, b"first")).await, Ok(true));
    assert_eq!(log.snapshot(&room("a"), snapshot(4, b"again")).await, Ok(false));
    assert_eq!(log.snapshot(&room("a"), snapshot(3, b"older")).await, Ok(false));
    let big = vec![1; SNAPSHOT_INLINE_BYTES + 1];
    assert_eq!(log.snapshot(&room("a"), snapshot(2, &big)).await, Ok(false));
    let history = log.read(&room("a"), Seq(0)).await.unwrap();
    assert_eq!(history.snapshot, Some(snapshot(4, b"first")));
    assert_eq!(history.rows.len(), 2);
}

async fn a_snapshot_beyond_the_head_is_refused(bench: &dyn Bench) {
    filled(bench, "a", 3).await;
    assert!(corrupt(&bench.log().snapshot(&room("a"), snapshot(4, b"future")).await));
    assert!(corrupt(&bench.log().snapshot(&room("a"), snapshot(0, b"nothing")).await));
    assert_eq!(bench.log().read(&room("a"), Seq(0)).await.unwrap().rows.len(), 3);
}

async fn a_big_snapshot_comes_back_whole_and_replaces_a_big_one(bench: &dyn Bench) {
    filled(bench, "a", 4).await;
    for (seq, size) in [(2, SNAPSHOT_INLINE_BYTES + 1), (3, 3 * SNAPSHOT_INLINE_BYTES), (4, 10)] {
        let new = snapshot(seq, &vec![u8::try_from(seq).unwrap(); size]);
        assert_eq!(bench.log().snapshot(&room("a"), new.clone()).await, Ok(true));
        let history = bench.log().read(&room("a"), Seq(0)).await.unwrap();
        assert!(history.snapshot == Some(new), "snapshot at {seq}");
    }
}

async fn bindings_survive_a_snapshot(bench: &dyn Bench) {
    filled(bench, "a", 2).await;
    commit(bench, binding("a", 10, &[(7, "ana")])).await;
    bench.log().snapshot(&room("a"), snapshot(3, b"state")).await.unwrap();
    let history = bench.log().read(&room("a"), Seq(0)).await.unwrap();
    assert_eq!(history.bindings, [(ClientId(7), user("ana"))]);
    let taken = bench.log().append(NODE, vec![binding("a", 11, &[(7, "ben")])]).await;
    assert_eq!(taken, [Outcome::Refused(Refusal::Bound(ClientId(7)))]);
}

async fn every_flipped_bit_of_a_row_is_found_out(bench: &dyn Bench) {
    filled(bench, "a", 3).await;
    commit(bench, append("a", 50, &[b"some", b"updates"])).await;
    // Count, two lengths and eleven bytes.
    for bit in 0..14 * 8 {
        bench.flip_row_bit(&room("a"), Seq(4), bit).await;
        let read = bench.log().read(&room("a"), Seq(0)).await;
        assert!(corrupt(&read), "bit {bit}: {read:?}");
        bench.flip_row_bit(&room("a"), Seq(4), bit).await;
    }
    assert_eq!(bench.log().read(&room("a"), Seq(0)).await.unwrap().rows.len(), 4);
}

async fn a_flipped_bit_of_a_snapshot_is_found_out(bench: &dyn Bench) {
    filled(bench, "a", 3).await;
    for (seq, size, bits) in [(2, 40, 40 * 8), (3, SNAPSHOT_INLINE_BYTES + 40, 16)] {
        let new = snapshot(seq, &vec![0x5a; size]);
        bench.log().snapshot(&room("a"), new).await.unwrap();
        let step = size * 8 / bits;
        for bit in (0..bits).map(|n| n * step + n % step) {
            bench.flip_snapshot_bit(&room("a"), bit).await;
            assert!(corrupt(&bench.log().read(&room("a"), Seq(0)).await), "bit {bit}");
            bench.flip_snapshot_bit(&room("a"), bit).await;
        }
        assert!(bench.log().read(&room("a"), Seq(0)).await.is_ok());
    }
}

async fn damage_of_one_room_leaves_the_others_readable(bench: &dyn Bench) {
    filled(bench, "a", 3).await;
    filled(bench, "b", 3).await;
    bench.flip_row_bit(&room("a"), Seq(2), 9).await;
    assert!(corrupt(&bench.log().read(&room("a"), Seq(1)).await));
    assert!(bench.log().read(&room("a"), Seq(2)).await.is_ok(), "rows behind it are sound");
    assert!(bench.log().read(&room("b"), Seq(0)).await.is_ok());
    assert_eq!(commit(bench, append("b", 60, &[b"x"])).await, Seq(4));
}

async fn a_lost_row_is_a_hole_wherever_it_was(bench: &dyn Bench) {
    for (id, lost) in [("first", 1), ("middle", 3), ("last", 5)] {
        filled(bench, id, 5).await;
        bench.lose_row(&room(id), Seq(lost)).await;
        assert!(corrupt(&bench.log().read(&room(id), Seq(0)).await), "{id}");
    }
    filled(bench, "only", 1).await;
    bench.lose_row(&room("only"), Seq(1)).await;
    assert!(corrupt(&bench.log().read(&room("only"), Seq(0)).await));
    filled(bench, "behind", 4).await;
    bench.log().snapshot(&room("behind"), snapshot(2, b"state")).await.unwrap();
    bench.lose_row(&room("behind"), Seq(3)).await;
    assert!(corrupt(&bench.log().read(&room("behind"), Seq(0)).await));
}

async fn heads_name_the_rooms_that_live(bench: &dyn Bench) {
    for (id, rows) in [("a", 3), ("b", 1), ("c", 2)] {
        filled(bench, id, rows).await;
    }
    bench.delete(&room("b")).await;
    bench.log().snapshot(&room("a"), snapshot(3, b"state")).await.unwrap();
    let asked = [room("c"), room("missing"), room("b"), room("a"), room("c")];
    let heads = bench.log().heads(&asked).await.unwrap();
    assert_eq!(heads, [(room("a"), Seq(3)), (room("c"), Seq(2))]);
    assert_eq!(bench.log().heads(&[]).await, Ok(vec![]));
}

async fn the_largest_batch_comes_back(bench: &dyn Bench) {
    filled(bench, "a", 1).await;
    let sent = append("a", 10, &[&vec![3; BATCH_BYTES], b"tail"]);
    commit(bench, sent.clone()).await;
    let history = bench.log().read(&room("a"), Seq(1)).await.unwrap();
    assert!(history.rows[0].updates == sent.updates);
}

async fn writers_of_many_rooms_and_of_the_same_rooms_leave_no_hole(bench: &dyn Bench) {
    let ids: Vec<String> = (0..20).map(|n| format!("r{n:02}")).collect();
    for id in &ids {
        bench.create(&room(id), b"seed").await;
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8_u64 {
        let (log, ids) = (bench.log(), ids.clone());
        writers.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(writer);
            let mut acked = Vec::new();
            for round in 0..20_u64 {
                let mut chosen = ids.clone();
                rng.shuffle(&mut chosen);
                chosen.truncate(rng.usize(1..8));
                let text = format!("{writer} {round}");
                let batch = u128::from(10_000 + writer * 1000 + round);
                let batches = chosen.iter().map(|id| append(id, batch, &[text.as_bytes()]));
                let outcomes = log.append(NodeId(writer), batches.collect()).await;
                for (id, outcome) in chosen.into_iter().zip(outcomes) {
                    let Outcome::Committed(seq) = outcome else { panic!("{outcome:?}") };
                    acked.push(((room(&id), seq), Bytes::from(text.clone())));
                }
            }
            acked
        });
    }
    let acked: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    let count = acked.len();
    let acked: BTreeMap<_, _> = acked.into_iter().collect();
    assert_eq!(acked.len(), count, "no number was given twice");
    let mut stored = 0;
    for id in &ids {
        let history = bench.log().read(&room(id), Seq(0)).await.unwrap();
        for row in &history.rows[1..] {
            assert_eq!(acked[&(room(id), row.seq)], row.updates[0]);
            stored += 1;
        }
    }
    assert_eq!(stored, count);
}

async fn a_read_during_appends_and_snapshots_is_always_contiguous(bench: &dyn Bench) {
    filled(bench, "a", 1).await;
    let log = bench.log();
    let writer = tokio::spawn(async move {
        for n in 2..120_u64 {
            let outcomes = log.append(NODE, vec![append("a", n.into(), &[b"x"])]).await;
            assert_eq!(outcomes, [Outcome::Committed(Seq(n))]);
            if n % 10 == 0 {
                let size = if n % 20 == 0 { SNAPSHOT_INLINE_BYTES + 1 } else { 10 };
                let new = snapshot(n, &vec![u8::try_from(n).unwrap(); size]);
                assert_eq!(log.snapshot(&room("a"), new).await, Ok(true));
            }
        }
    });
    let (log, mut after, mut reads) = (bench.log(), Seq(0), 0_u64);
    while !writer.is_finished() || reads == 0 {
        let from = if reads % 3 == 0 { Seq(0) } else { after };
        let history = log.read(&room("a"), from).await.unwrap();
        let mut last = from;
        if let Some(snapshot) = &history.snapshot {
            assert!(snapshot.seq > from);
            assert!(snapshot.state.iter().all(|b| u64::from(*b) == snapshot.seq.0));
            last = snapshot.seq;
        }
        for row in &history.rows {
            assert_eq!(row.seq, last.next());
            last = row.seq;
        }
        assert!(last >= after, "what was seen once stays");
        after = last;
        reads += 1;
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    assert_eq!(log.read(&room("a"), Seq(0)).await.unwrap().head(Seq(0)), Seq(119));
}
