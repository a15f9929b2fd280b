//! Tests of the frame codec.

use super::*;

fn read(frame: &[u8]) -> Result<Vec<Message>, Malformed> {
    decode(&Bytes::copy_from_slice(frame))
}

#[test]
fn the_known_vectors_read_and_write_alike() {
    let empty = StateVector::default();
    assert_eq!(step1(&empty), &[0, 0, 1, 0][..]);
    assert_eq!(step2(&[0, 0]), &[0, 1, 2, 0, 0][..]);
    assert_eq!(update(&[0, 0]), &[0, 2, 2, 0, 0][..]);
    assert_eq!(awareness(0, &[]), KEEPALIVE);
    assert_eq!(read(&[0, 0, 1, 0]), Ok(vec![Message::Step1(empty)]));
    assert_eq!(read(&[0, 1, 2, 0, 0]), Ok(vec![Message::Step2(Bytes::from_static(&[0, 0]))]));
    assert_eq!(read(&[0, 2, 2, 0, 0]), Ok(vec![Message::Update(Bytes::from_static(&[0, 0]))]));
    assert_eq!(read(&KEEPALIVE), Ok(vec![Message::Awareness(Bytes::from_static(&[0]))]));
    assert_eq!(read(&[3]), Ok(vec![Message::QueryAwareness]));
    assert_eq!(read(&[101, 2, b'h', b'i']), Ok(vec![Message::Token("hi".into())]));
    assert_eq!(read(&[0x66, 1, 5]), Ok(vec![Message::Barrier(Bytes::from_static(&[5]))]));
    assert_eq!(barrier(&[5]), &[0x66, 1, 5][..]);
    assert_eq!(token_taken("2"), &[101, 1, b'2'][..]);
    assert_eq!(role("viewer"), &b"\x68\x06viewer"[..]);
    assert_eq!(refused(&[5], Refusal::ReadOnly), &b"\x67\x01\x05\x01\x09read only"[..]);
}

#[test]
fn several_messages_in_one_frame_are_read_in_order() {
    let frame = [&[0, 0, 1, 0][..], &[1, 1, 0], &[3], &[0x66, 1, 5]].concat();
    let kinds = read(&frame).unwrap();
    assert!(matches!(
        kinds[..],
        [Message::Step1(_), Message::Awareness(_), Message::QueryAwareness, Message::Barrier(_)]
    ));
    let many = [1, 1, 0].repeat(MAX_MESSAGES_PER_FRAME);
    assert_eq!(read(&many).unwrap().len(), MAX_MESSAGES_PER_FRAME);
    assert!(read(&[&many[..], &[3]].concat()).is_err());
}

#[test]
fn every_truncation_and_trailing_byte_is_refused() {
    let frames: [&[u8]; 6] = [
        &[0, 0, 3, 1, 7, 3],
        &[0, 1, 2, 0, 0],
        &[0, 2, 2, 0, 0],
        &[1, 1, 0],
        &[101, 2, b'h', b'i'],
        &[0x66, 1, 5],
    ];
    for frame in frames {
        assert!(read(frame).is_ok(), "{frame:x?}");
        for end in 0..frame.len() {
            assert!(read(&frame[..end]).is_err(), "{frame:x?} cut at {end}");
        }
        assert!(read(&[frame, &[0]].concat()).is_err(), "{frame:x?} with a byte too many");
    }
}

#[test]
fn an_unknown_type_ends_the_frame_and_is_no_offence() {
    assert_eq!(read(&[200, 1]), Ok(vec![Message::Unknown(200)]));
    assert_eq!(read(&[1, 1, 0, 2, 9, 9]).unwrap().last(), Some(&Message::Unknown(2)));
}

#[test]
fn malformed_frames_are_refused_by_name() {
    let long = vec![b'x'; MAX_TOKEN_BYTES + 1];
    let mut token = Writer::default();
    token.u8(101);
    token.buffer(&long);
    let mut opaque = Writer::default();
    opaque.u8(0x66);
    opaque.buffer(&long[..MAX_BARRIER_BYTES + 1]);
    let (token, opaque) = (token.finish(), opaque.finish());
    let cases: [(&[u8], &str); 7] = [
        (&[], "empty frame"),
        (&[0, 3, 0], "unknown sync message"),
        (&[0x80, 0], "integer with padding"),
        (&[0, 0, 2, 1, 7], "count above what is left"),
        (&[101, 1, 0xff], "bad UTF-8"),
        (&token, "token too long"),
        (&opaque, "barrier too long"),
    ];
    for (frame, why) in cases {
        assert_eq!(read(frame), Err(Malformed(why)), "{frame:x?}");
    }
}

#[test]
fn y_sweets_query_with_a_body_is_a_query() {
    let mut entries = Vec::new();
    write_awareness_entry(&mut entries, ClientId(7), 1, b"{}");
    let body = awareness(1, &[&entries]).slice(1..);
    assert_eq!(read(&[&[3][..], &body].concat()), Ok(vec![Message::QueryAwareness]));
    // A query and a token of a hundred bytes look alike, but no token is an awareness body.
    let token = [&[3, 101, 100][..], &[b'a'; 100]].concat();
    assert_eq!(read(&token).unwrap().len(), 2);
    assert_eq!(read(&[3, 1, 1, 0]).unwrap().len(), 2);
}

#[test]
fn bodies_are_slices_of_the_frame() {
    let frame = update(&[0, 0]);
    let Message::Update(body) = decode(&frame).unwrap().remove(0) else { panic!("no update") };
    assert_eq!(body.as_ptr(), frame[3..].as_ptr());
}

#[test]
fn awareness_entries_are_sliced_and_checked_one_by_one() {
    let mut entries = Vec::new();
    let own = entries.len();
    write_awareness_entry(&mut entries, ClientId(7), 3, br#"{"user":{"name":"Ana"}}"#);
    let next = entries.len();
    write_awareness_entry(&mut entries, ClientId(4_000_000_000), 1, b"null");
    let frame = awareness(2, &[&entries]);
    let Message::Awareness(body) = decode(&frame).unwrap().remove(0) else { panic!("no body") };
    let read = awareness_entries(&body).unwrap();
    assert_eq!((read[0].client, read[0].clock, read[0].is_null()), (ClientId(7), 3, false));
    assert_eq!((read[1].client, read[1].is_null()), (ClientId(4_000_000_000), true));
    assert!(read.iter().all(|entry| entry.check().is_ok()));
    // The receiver's own entry is cut out by the two slices around it.
    let cut = awareness(1, &[&entries[..own], &entries[next..]]);
    let Message::Awareness(body) = decode(&cut).unwrap().remove(0) else { panic!("no body") };
    assert_eq!(awareness_entries(&body).unwrap(), read[1..]);
}

#[test]
fn bad_awareness_states_are_told_apart() {
    let entry = |state: &[u8]| AwarenessEntry {
        client: ClientId(1),
        clock: 1,
        state: Bytes::copy_from_slice(state),
    };
    let long = [b"\"", &vec![b'x'; MAX_AWARENESS_BYTES][..], b"\""].concat();
    assert_eq!(entry(&long).check(), Err(BadState::TooLarge));
    assert_eq!(entry(&[b'['; 100]).check(), Err(BadState::TooDeep));
    assert_eq!(entry(b"{").check(), Err(BadState::NotJson));
    assert_eq!(entry(&[b'"', 0xff, b'"']).check(), Err(BadState::NotJson));
}

#[test]
fn awareness_counts_are_held_against_the_bytes() {
    // Seven bytes that claim two billion entries cost yrs 12 s and 4.5 GB (ecosystem facts 1.2).
    let bomb = Bytes::from_static(&[0x80, 0xa8, 0xd6, 0xb9, 0x07, 1, 1]);
    assert!(awareness_entries(&bomb).is_err());
    assert!(read(&[&[1, 7][..], &bomb].concat()).is_err());
    let mut entries = Vec::new();
    for client in 0..=MAX_AWARENESS_ENTRIES as u64 {
        write_awareness_entry(&mut entries, ClientId(client), 1, b"{}");
    }
    let frame = awareness(MAX_AWARENESS_ENTRIES + 1, &[&entries]);
    let Message::Awareness(body) = decode(&frame).unwrap().remove(0) else { panic!("no body") };
    assert_eq!(awareness_entries(&body).unwrap().len(), MAX_AWARENESS_ENTRIES);
}

#[test]
fn random_frames_never_panic_and_never_read_short() {
    let mut rng = fastrand::Rng::with_seed(11);
    for _ in 0..200_000 {
        let frame: Vec<u8> = (0..rng.usize(..24))
            .map(|_| if rng.bool() { rng.u8(..8) } else { rng.u8(..) })
            .collect();
        if let Ok(messages) = read(&frame) {
            assert!(!messages.is_empty());
        }
    }
}
