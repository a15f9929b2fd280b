//! The golden vectors of client-protocol/vectors/wire, which other implementations read as well.
//! `ATELIER_BLESS=1` writes lint.json anew; the other files are written by hand.

use std::path::PathBuf;

use atelier::id::ClientId;
use atelier::protocol::frame::{self, Message, Refusal};
use atelier::protocol::lib0::StateVector;
use atelier::protocol::lint::{Have, Verdict, outline};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::craft::{Content, Craft, Parent, Struct, item, text};
use crate::hostile::hostile_frames;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("client-protocol/vectors/wire").join(name)
}

fn cases(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(file(name)).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(!cases.is_empty());
    cases
}

fn unhex(value: &Value) -> Bytes {
    let digits: Vec<u32> =
        value.as_str().unwrap().chars().map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect::<Vec<u8>>().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn clocks(vector: &StateVector) -> Value {
    vector.0.iter().map(|(client, clock)| (client.0.to_string(), json!(clock))).collect()
}

fn vector(value: &Value) -> StateVector {
    let clocks = value.as_object().unwrap().iter();
    let clock = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    StateVector(clocks.map(|(id, value)| (ClientId(id.parse().unwrap()), clock(value))).collect())
}

fn message(message: &Message) -> Value {
    match message {
        Message::Step1(vector) => json!({"type": "step1", "vector": clocks(vector)}),
        Message::Step2(update) => json!({"type": "step2", "update": hex(update)}),
        Message::Update(update) => json!({"type": "update", "update": hex(update)}),
        Message::Awareness(body) => json!({"type": "awareness", "body": hex(body)}),
        Message::QueryAwareness => json!({"type": "query"}),
        Message::Token(token) => json!({"type": "token", "token": token}),
        Message::Barrier(opaque) => json!({"type": "barrier", "opaque": hex(opaque)}),
        Message::Unknown(number) => json!({"type": "unknown", "number": number}),
    }
}

#[test]
fn client_frames_read_as_the_vectors_say() {
    for case in cases("frames.json") {
        let frame = unhex(&case["hex"]);
        match frame::decode(&frame) {
            Ok(messages) => {
                let messages: Vec<Value> = messages.iter().map(message).collect();
                assert_eq!(json!(messages), case["messages"], "{}", case["name"]);
            }
            Err(why) => assert_eq!(json!(why.0), case["error"], "{}", case["name"]),
        }
    }
}

#[test]
fn server_frames_are_written_as_the_vectors_say() {
    for case in cases("server-frames.json") {
        let opaque = || unhex(&case["opaque"]);
        let written = match case["frame"].as_str().unwrap() {
            "keepalive" => frame::KEEPALIVE,
            "step1" => frame::step1(&vector(&case["vector"])),
            "step2" => frame::step2(&unhex(&case["update"])),
            "update" => frame::update(&unhex(&case["update"])),
            "barrier" => frame::barrier(&opaque()),
            "token" => frame::token_taken(case["expiresAt"].as_str().unwrap()),
            "role" => frame::role(case["role"].as_str().unwrap()),
            "refused" => {
                let why = match case["why"].as_str().unwrap() {
                    "read-only" => Refusal::ReadOnly,
                    "gap" => Refusal::Gap,
                    "too-large" => Refusal::TooLarge,
                    _ => Refusal::Busy,
                };
                frame::refused(&opaque(), why)
            }
            _ => {
                let mut body = Vec::new();
                let entries = case["entries"].as_array().unwrap();
                for entry in entries {
                    let client = ClientId(entry["client"].as_u64().unwrap());
                    let clock = entry["clock"].as_u64().unwrap();
                    let state = entry["state"].as_str().unwrap().as_bytes();
                    frame::write_awareness_entry(&mut body, client, clock, state);
                }
                frame::awareness(entries.len(), &[&body])
            }
        };
        assert_eq!(json!(hex(&written)), case["hex"], "{}", case["name"]);
    }
}

#[test]
fn awareness_bodies_read_as_the_vectors_say() {
    for case in cases("awareness.json") {
        match frame::awareness_entries(&unhex(&case["hex"])) {
            Ok(entries) => {
                let entries = entries.iter().map(|entry| {
                    json!({
                        "client": entry.client.0,
                        "clock": entry.clock,
                        "state": std::str::from_utf8(&entry.state).unwrap(),
                        "left": entry.is_null(),
                        "fine": entry.check().is_ok(),
                    })
                });
                let entries: Vec<Value> = entries.collect();
                assert_eq!(json!(entries), case["entries"], "{}", case["name"]);
            }
            Err(why) => assert_eq!(json!(why.0), case["error"], "{}", case["name"]),
        }
    }
}

/// Feeds updates one after the other and says what becomes of each.
fn judged(updates: &[Bytes]) -> Vec<Value> {
    let mut have = Have::default();
    let one = |update: &Bytes| {
        let (verdict, kept) = match outline(update) {
            Err(why) => (json!({"malformed": why.0}), None),
            Ok(outlined) => match have.judge(update, &outlined) {
                Verdict::Covered => (json!("covered"), None),
                Verdict::Gap => (json!("gap"), None),
                Verdict::Refused(why) => (json!({"malformed": why.0}), None),
                Verdict::Fits(fit) => {
                    have.absorb(&fit.outline);
                    (json!("fits"), Some(fit.update))
                }
            },
        };
        json!({
            "update": hex(update),
            "verdict": verdict,
            "kept": kept.filter(|kept| kept != update).map(|kept| hex(&kept)),
            "clocks": clocks(&have.state_vector()),
        })
    };
    updates.iter().map(one).collect()
}

fn lint_cases() -> Vec<Value> {
    let run = |client, clock, one: Struct| Craft::default().section(client, clock, [one]);
    let entry = |clock: u32| {
        let entry = item(Parent::Root("m"), Some("k"), Content::Any(vec![vec![125, 1]]));
        if clock > 0 { entry.after((7, clock - 1)) } else { entry }
    };
    let crafted = [
        (
            "an edit, the same again, and one that overlaps",
            vec![
                run(7, 0, text("t", "a😀b").into()),
                run(7, 0, text("t", "a😀b").into()),
                run(7, 0, text("t", "a😀bcd").into()).delete(7, &[(0, 1)]),
            ],
        ),
        (
            "half of a surrogate pair is there already",
            vec![run(7, 0, text("t", "ab").into()), run(7, 0, text("t", "a😀b").into())],
        ),
        (
            "a hole, then what fills it",
            vec![
                run(7, 1, entry(1).into()),
                run(7, 0, entry(0).into()),
                run(7, 1, entry(1).into()),
            ],
        ),
        (
            "deleted ranges: new, known, unknown",
            vec![
                run(7, 0, text("t", "abcdef").into()).delete(7, &[(1, 2)]),
                Craft::default().delete(7, &[(1, 2)]),
                Craft::default().delete(7, &[(0, 2), (4, 1)]),
                Craft::default().delete(7, &[(0, 7)]),
            ],
        ),
        (
            "a Skip over what is there",
            vec![
                run(7, 0, text("t", "abc").into()),
                Craft::default().section(
                    7,
                    0,
                    [Struct::Skip(3), text("t", "d").after((7, 2)).into()],
                ),
            ],
        ),
        (
            "an origin of another client",
            vec![
                run(9, 0, text("t", "b").after((7, 0)).into()),
                run(7, 0, text("t", "a").into()),
                run(9, 0, text("t", "b").after((7, 0)).into()),
            ],
        ),
    ];
    let mut cases: Vec<Value> = crafted
        .iter()
        .map(|(name, crafts)| {
            let updates: Vec<Bytes> = crafts.iter().map(Craft::bytes).collect();
            json!({"name": name, "steps": judged(&updates)})
        })
        .collect();
    // The small ones of the hostile frames; the big ones are made by the tests.
    for hostile in hostile_frames().iter().filter(|hostile| hostile.frame.len() < 200) {
        if let Ok(messages) = frame::decode(&hostile.frame)
            && let [Message::Update(update)] = &messages[..]
        {
            cases
                .push(json!({"name": hostile.name, "steps": judged(std::slice::from_ref(update))}));
        }
    }
    cases
}

#[test]
fn updates_are_judged_as_the_vectors_say() {
    let ours = lint_cases();
    if std::env::var_os("ATELIER_BLESS").is_some() {
        std::fs::write(file("lint.json"), serde_json::to_string_pretty(&ours).unwrap() + "\n")
            .unwrap();
    }
    let theirs = cases("lint.json");
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "{}", theirs["name"]);
    }
}
