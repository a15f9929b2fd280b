//! Every hostile frame, judged by the linter alone: against an empty room and one with a document.

use atelier::protocol::close::CloseCode;
use atelier::protocol::frame::{self, Message};
use atelier::protocol::lint::{Have, Verdict, outline};
use bytes::Bytes;
use yrs::{Doc, Map, MapPrelim, ReadTxn, Text, Transact, WriteTxn};

use crate::hostile::{Fate, hostile_frames};
use crate::lint_fuzz::{new_doc, new_have, survives};

/// What the pure part of the server makes of a frame.
fn fate(frame: &Bytes, have: &mut Have, doc: &Doc) -> Fate {
    if frame.len() > atelier::limits::MAX_FRAME_BYTES {
        return Fate::Closed(CloseCode::TooBig);
    }
    let malformed = Fate::Closed(CloseCode::Malformed);
    let Ok(messages) = frame::decode(frame) else { return malformed };
    let mut fate = Fate::Ignored;
    for message in messages {
        match message {
            Message::Step2(update) | Message::Update(update) => {
                let Ok(outlined) = outline(&update) else { return malformed };
                match have.judge(&update, &outlined) {
                    Verdict::Refused(_) => return malformed,
                    Verdict::Gap => return Fate::Gap,
                    Verdict::Covered => {}
                    Verdict::Fits(fit) => {
                        survives(doc, have, &fit);
                        fate = Fate::Taken;
                    }
                }
            }
            Message::Awareness(body) => {
                let Ok(entries) = frame::awareness_entries(&body) else { return malformed };
                let own = entries.iter().find(|entry| entry.client.0 == 7);
                assert!(own.is_none_or(|own| own.check().is_err() || own.clock == u32::MAX));
            }
            _ => {}
        }
    }
    fate
}

fn document() -> (Doc, Have) {
    let (doc, mut have) = (new_doc(), new_have());
    let mut txn = doc.transact_mut();
    let map = txn.get_or_insert_map("m");
    let node = map.insert(&mut txn, "Task_1", MapPrelim::default());
    node.insert(&mut txn, "name", "Check");
    txn.get_or_insert_text("t").insert(&mut txn, 0, "text");
    drop(txn);
    let state: Bytes = doc.transact().encode_state_as_update_v1(&Default::default()).into();
    have.absorb(&atelier::protocol::lint::outline_trusted(&state).unwrap());
    (doc, have)
}

#[test]
fn every_hostile_frame_meets_its_fate_and_the_room_lives() {
    for hostile in hostile_frames() {
        let (mut have, doc) = (new_have(), new_doc());
        assert_eq!(fate(&hostile.frame, &mut have, &doc), hostile.fate, "{}", hostile.name);
        let (doc, mut have) = document();
        assert_eq!(fate(&hostile.frame, &mut have, &doc), hostile.fate, "{}", hostile.name);
    }
}

#[test]
fn hostile_frames_are_told_within_their_budget() {
    // A debug build on a busy machine; a release build takes a fiftieth.
    for hostile in hostile_frames() {
        let (mut have, doc) = (new_have(), new_doc());
        let start = std::time::Instant::now();
        fate(&hostile.frame, &mut have, &doc);
        assert!(start.elapsed().as_millis() < 2000, "{}: {:?}", hostile.name, start.elapsed());
    }
}
