//! Tests of the linter against yrs: what it accepts, what it trims, what it calls a gap.

use bytes::Bytes;
use yrs::updates::decoder::Decode;
use yrs::{Array, Doc, GetString, Map, MapPrelim, OffsetKind, Options, ReadTxn, Text, Transact};
use yrs::{Update, WriteTxn};

use super::*;

fn doc(client: u64) -> Doc {
    let mut options = Options::with_client_id(yrs::block::ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    Doc::with_options(options)
}

/// Runs an edit and answers its update.
fn edit(doc: &Doc, f: impl FnOnce(&mut yrs::TransactionMut<'_>)) -> Bytes {
    let mut txn = doc.transact_mut();
    f(&mut txn);
    txn.encode_update_v1().into()
}

fn apply(doc: &Doc, update: &[u8]) {
    let mut txn = doc.transact_mut();
    txn.apply_update(Update::decode_v1(update).unwrap()).unwrap();
}

fn text_of(doc: &Doc) -> String {
    let txn = doc.transact();
    txn.get_text("t").map(|text| text.get_string(&txn)).unwrap_or_default()
}

/// Judges and, where it fits, absorbs.
fn take(have: &mut Have, update: &Bytes) -> Verdict {
    let verdict = have.judge(update, &outline(update).unwrap());
    if let Verdict::Fits(fit) = &verdict {
        have.absorb(&fit.outline);
    }
    verdict
}

fn fit(have: &mut Have, update: &Bytes) -> Fit {
    match take(have, update) {
        Verdict::Fits(fit) => fit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_update_goes_on_as_it_came() {
    let (a, mut have) = (doc(1), Have::default());
    let first = edit(&a, |txn| txn.get_or_insert_text("t").insert(txn, 0, "ab"));
    let fitted = fit(&mut have, &first);
    assert_eq!(fitted.update.as_ptr(), first.as_ptr());
    assert_eq!(fitted.writers, [ClientId(1)]);
    assert_eq!(have.clock(ClientId(1)), 2);
    assert!(matches!(take(&mut have, &first), Verdict::Covered));
}

#[test]
fn what_the_room_has_is_trimmed_and_the_rest_still_fits_together() {
    let (a, mut have, room) = (doc(1), Have::default(), doc(9));
    let first = edit(&a, |txn| txn.get_or_insert_text("t").insert(txn, 0, "a😀b"));
    let fitted = fit(&mut have, &first);
    apply(&room, &fitted.update);
    edit(&a, |txn| {
        let text = txn.get_or_insert_text("t");
        text.insert(txn, 4, "cd");
        text.remove_range(txn, 0, 1);
    });
    let whole: Bytes = a.transact().encode_state_as_update_v1(&Default::default()).into();
    let fitted = fit(&mut have, &whole);
    assert!(fitted.update.len() < whole.len());
    apply(&room, &fitted.update);
    assert_eq!(text_of(&room), "😀bcd");
    assert!(matches!(take(&mut have, &whole), Verdict::Covered));
    assert!(!room.transact().has_missing_updates());
}

#[test]
fn a_hole_is_a_gap_and_fits_once_it_is_filled() {
    let (a, mut have) = (doc(1), Have::default());
    let first = edit(&a, |txn| txn.get_or_insert_text("t").insert(txn, 0, "a"));
    let second = edit(&a, |txn| txn.get_or_insert_text("t").insert(txn, 1, "b"));
    let delete = edit(&a, |txn| txn.get_or_insert_text("t").remove_range(txn, 0, 1));
    assert!(matches!(take(&mut have, &second), Verdict::Gap));
    assert!(matches!(take(&mut have, &delete), Verdict::Gap));
    for update in [first, second, delete] {
        assert!(matches!(take(&mut have, &update), Verdict::Fits(_)));
    }
}

#[test]
fn an_origin_of_an_unknown_client_is_a_gap() {
    let (a, b, mut have) = (doc(1), doc(2), Have::default());
    let first = edit(&a, |txn| txn.get_or_insert_text("t").insert(txn, 0, "a"));
    apply(&b, &first);
    let second = edit(&b, |txn| txn.get_or_insert_text("t").insert(txn, 1, "b"));
    assert!(matches!(take(&mut have, &second), Verdict::Gap));
    fit(&mut have, &first);
    fit(&mut have, &second);
}

#[test]
fn a_client_may_resend_what_the_server_wrote_and_write_nothing_in_its_name() {
    let (server, mut have) = (doc(1 << 40), Have::default());
    let first = edit(&server, |txn| txn.get_or_insert_text("t").insert(txn, 0, "a"));
    assert!(matches!(take(&mut have, &first), Verdict::Gap));
    have.absorb(&outline_trusted(&first).unwrap());
    assert!(matches!(take(&mut have, &first), Verdict::Covered));
    let second = edit(&server, |txn| txn.get_or_insert_text("t").insert(txn, 1, "b"));
    assert!(matches!(take(&mut have, &second), Verdict::Gap));
}

#[test]
fn nesting_is_counted_over_frames() {
    let (a, mut have) = (doc(1), Have::default());
    let mut parent = None;
    for depth in 2..=crate::limits::MAX_TYPE_DEPTH + 1 {
        let update = edit(&a, |txn| {
            let map: yrs::MapRef = match parent.take() {
                None => txn.get_or_insert_map("m"),
                Some(map) => map,
            };
            parent = Some(map.insert(txn, "k", MapPrelim::default()));
        });
        match take(&mut have, &update) {
            Verdict::Fits(_) => assert!(depth <= crate::limits::MAX_TYPE_DEPTH),
            Verdict::Refused(Malformed(why)) => {
                assert_eq!((depth, why), (9, "shared types nested too deep"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_reloaded_room_judges_like_the_one_before() {
    let (a, mut have, room) = (doc(1), Have::default(), doc(9));
    let mut updates = vec![];
    for step in 0..20 {
        updates.push(edit(&a, |txn| {
            let map = txn.get_or_insert_map("m");
            let inner = map.insert(txn, format!("k{}", step % 3), MapPrelim::default());
            inner.insert(txn, "name", "x");
            let array = txn.get_or_insert_array("a");
            array.push_back(txn, step);
            if step % 4 == 3 {
                array.remove_range(txn, 0, 2);
            }
        }));
    }
    for update in &updates {
        let fitted = fit(&mut have, update);
        apply(&room, &fitted.update);
    }
    let state: Bytes = room.transact().encode_state_as_update_v1(&Default::default()).into();
    let mut loaded = Have::of(&state).unwrap();
    assert_eq!(loaded.state_vector(), have.state_vector());
    for update in &updates {
        assert!(matches!(take(&mut loaded, update), Verdict::Covered));
    }
    assert!(matches!(take(&mut loaded, &state), Verdict::Covered));
    let next = edit(&a, |txn| {
        let map = txn.get_or_insert_map("m");
        map.insert(txn, "k1", "gone");
    });
    fit(&mut loaded, &next);
}

#[test]
fn implicit_deletions_of_the_document_are_no_news_when_a_client_brings_them() {
    let (a, b, room, mut have) = (doc(1), doc(2), doc(9), Have::default());
    for doc in [&a, &b] {
        let update = edit(doc, |txn| {
            let map = txn.get_or_insert_map("m");
            map.insert(txn, "k", 1);
        });
        let fitted = fit(&mut have, &update);
        let mut txn = room.transact_mut();
        txn.apply_update(Update::decode_v1(&fitted.update).unwrap()).unwrap();
        have.absorb_deleted(txn.delete_set());
    }
    let step2: Bytes = room.transact().encode_state_as_update_v1(&Default::default()).into();
    assert!(matches!(take(&mut have, &step2), Verdict::Covered));
}
