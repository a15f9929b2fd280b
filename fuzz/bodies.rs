//! What each fuzz target does with its input. tests/it/fuzz_corpus.rs replays the stored corpora
//! through the same functions, on a stable compiler.
//!
//! Run one with `cargo +nightly fuzz run update_apply` (after `cargo install --locked cargo-fuzz`).

use atelier::protocol::frame::{self, Message};
use atelier::protocol::lib0::{Reader, StateVector, Writer};
use atelier::protocol::lint::{Fit, Have, Shape, Verdict, outline};
use bytes::Bytes;
use yrs::updates::decoder::Decode;
use yrs::{Doc, OffsetKind, Options, ReadTxn, Transact, Update};

/// A frame: read whole or refused, its parts within it, and written back as it was.
pub fn frame_decode(input: &[u8]) {
    let input = Bytes::copy_from_slice(input);
    let Ok(messages) = frame::decode(&input) else { return };
    assert!(!messages.is_empty());
    for message in messages {
        match message {
            Message::Step1(vector) => {
                assert_eq!(StateVector::decode(&vector.encode()), Ok(vector));
            }
            Message::Step2(body) | Message::Update(body) => {
                assert!(outline(&body).is_err() || body.len() < input.len());
            }
            Message::Awareness(body) => {
                for entry in frame::awareness_entries(&body).unwrap_or_default() {
                    if entry.check().is_ok() {
                        let mut again = Vec::new();
                        let clock = u64::from(entry.clock);
                        frame::write_awareness_entry(&mut again, entry.client, clock, &entry.state);
                        assert!(frame::awareness(1, &[&again]).len() <= input.len() + 16);
                    }
                }
            }
            Message::Barrier(opaque) => assert!(frame::barrier(&opaque).len() < 80),
            Message::Token(_) | Message::QueryAwareness | Message::Unknown(_) => {}
        }
    }
}

/// A BPMN text: read or refused, and what was read can be written.
pub fn xml_read(input: &[u8]) {
    if let Ok(records) = atelier::bpmn::import(input) {
        std::hint::black_box(atelier::bpmn::materialise(&records));
    }
}

/// Updates, one buffer behind the other, as a room takes them: what the linter accepts goes through
/// apply, encode, decode and apply without a panic, and nothing stays pending.
pub fn update_apply(input: &[u8]) {
    let mut reader = Reader::new(input);
    let (mut have, doc) = (Have::default(), new_doc());
    have.declare_root("m", Shape::Map);
    for _ in 0..32 {
        let Ok(update) = reader.buffer() else { return };
        let update = Bytes::copy_from_slice(update);
        let Ok(outlined) = outline(&update) else { continue };
        let Verdict::Fits(fit) = have.judge(&update, &outlined) else { continue };
        take(&doc, &mut have, &fit);
    }
}

fn take(doc: &Doc, have: &mut Have, fit: &Fit) {
    let mut txn = doc.transact_mut();
    txn.apply_update(Update::decode_v1(&fit.update).unwrap()).unwrap();
    have.absorb(&fit.outline);
    have.absorb_deleted(txn.delete_set());
    drop(txn);
    let txn = doc.transact();
    assert!(!txn.has_missing_updates());
    assert_eq!(StateVector::from_yrs(&txn.state_vector()), have.state_vector());
    let state: Bytes = txn.encode_state_as_update_v1(&Default::default()).into();
    let other = new_doc();
    other.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
    assert!(!other.transact().has_missing_updates());
    assert_eq!(other.transact().state_vector(), txn.state_vector());
    assert_eq!(Have::of(&state).unwrap().state_vector(), have.state_vector());
    assert!(outline(&state).is_ok(), "a client could not send back what it got");
}

fn new_doc() -> Doc {
    let mut options = Options::with_client_id(yrs::block::ClientID::new(1 << 40));
    options.offset_kind = OffsetKind::Utf16;
    options.cleanup_formatting = false;
    Doc::with_options(options)
}

/// The input of [`update_apply`] that holds these updates.
pub fn update_input(updates: &[Bytes]) -> Vec<u8> {
    let mut out = Writer::default();
    updates.iter().for_each(|update| out.buffer(update));
    out.finish()
}
