//! The room's rules one by one, on a room whose log is a list.

use std::time::Duration;

use bytes::Bytes;
use yrs::{Map, WriteTxn};

use super::*;
use crate::id::{BatchId, Seq};
use crate::limits::{QUIET_AFTER, RETIRE_AFTER, ROOM_UNCOMMITTED_BYTES};
use crate::protocol::lint::outline;
use crate::room::document::Awake;
use crate::room::feed::Entry;
use crate::room::replica::Stored;
use crate::room::session::Role;
use crate::store::log::{History, Row};

const NODE: NodeId = NodeId(1);
const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);

/// A room with its log, and what it said last.
struct Rig {
    room: Room,
    rows: Vec<Row>,
    accepted: Vec<Bytes>,
    now: Now,
    out: Vec<Effect>,
}

/// A client's document.
struct Writer(Awake);

impl Writer {
    fn new(client: u64) -> Self {
        Self(Awake::build(ClientId(client), []).unwrap().0)
    }

    fn set(&mut self, key: &str, value: &str) -> Bytes {
        let (key, value) = (key.to_owned(), value.to_owned());
        let update = self.0.edit(move |txn| {
            let map = txn.get_or_insert_map("map");
            map.insert(txn, key, value);
        });
        update.unwrap().unwrap()
    }
}

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

impl Rig {
    fn new() -> Self {
        let seed = Writer::new(ClientId::FIRST_SERVER + 7).set("title", "seed");
        let row = Row { seq: Seq(1), node: NodeId(0), batch: BatchId(1), updates: vec![seed] };
        let rows = vec![row];
        let loaded = Self::load(&rows, &[]);
        let now = Now::default();
        let room = Room::new("room".parse().unwrap(), NODE, loaded, now);
        Self { room, rows, accepted: Vec::new(), now, out: Vec::new() }
    }

    fn load(rows: &[Row], uncommitted: &[Bytes]) -> Loaded {
        let history = History { rows: rows.to_vec(), ..History::default() };
        Loaded::build(history, ClientId(ClientId::FIRST_SERVER + 99), uncommitted).unwrap()
    }

    fn input(&mut self, input: Input) -> &mut Self {
        self.room.put(input);
        self.run()
    }

    fn run(&mut self) -> &mut Self {
        self.out.clear();
        self.room.run(self.now, &mut self.out);
        self.note()
    }

    fn control(&mut self, control: Control) -> &mut Self {
        self.out.clear();
        self.room.control(control, self.now, &mut self.out);
        self.note()
    }

    fn note(&mut self) -> &mut Self {
        for effect in &self.out {
            if let Effect::Accepted { update, .. } = effect {
                self.accepted.push(update.clone());
            }
        }
        self
    }

    fn join(&mut self, session: SessionId, name: &str, role: Role) -> &mut Self {
        self.input(Input::Join { session, user: user(name), role });
        let step1 = Message::Step1(StateVector::default());
        self.say(session, step1);
        self.update(session, &Bytes::from_static(&[0, 0]), true)
    }

    fn say(&mut self, session: SessionId, message: Message) -> &mut Self {
        self.input(Input::From { session, incoming: Incoming::Message(message) })
    }

    fn update(&mut self, session: SessionId, update: &Bytes, answer: bool) -> &mut Self {
        let outline = outline(update).unwrap();
        let update = update.clone();
        self.input(Input::From { session, incoming: Incoming::Update { answer, update, outline } })
    }

    fn barrier(&mut self, session: SessionId) -> &mut Self {
        self.say(session, Message::Barrier(Bytes::from_static(b"b")))
    }

    /// The committer stores everything accepted so far.
    fn commit(&mut self) -> &mut Self {
        let seq = Seq(self.rows.len() as u64 + 1);
        let upto = self.room.replica.accepted_index();
        let updates = std::mem::take(&mut self.accepted);
        self.rows.push(Row { seq, node: NODE, batch: BatchId(u128::from(seq.0)), updates });
        self.control(Control::Stored(Stored { first: seq, last: seq, upto }))
    }

    fn history(&mut self) -> &mut Self {
        let applied = self.room.replica.applied();
        let rows = self.rows.iter().filter(|row| row.seq > applied).cloned().collect();
        self.control(Control::History(Ok(History { rows, ..History::default() })))
    }

    fn edit(&mut self, change: super::Change) -> &mut Self {
        let edit = Edit { author: user("rest"), origin: "rest", change };
        self.input(Input::Edit { request: RequestId(1), edit })
    }

    fn later(&mut self, time: Duration) -> &mut Self {
        self.now.mono += time;
        self.run()
    }

    fn frames(&self, to: SessionId) -> Vec<Bytes> {
        let direct = self.out.iter().filter_map(|effect| match effect {
            Effect::Direct { session, frames } if *session == to => Some(frames.to_vec()),
            _ => None,
        });
        direct.flatten().collect()
    }

    fn fed(&self) -> usize {
        let fed = |e: &&Effect| matches!(e, Effect::Feed(Entry::Update(..)));
        self.out.iter().filter(fed).count()
    }

    fn closed(&self) -> Vec<(SessionId, CloseCode)> {
        let closed = self.out.iter().filter_map(|effect| match effect {
            Effect::Close { session, code } => Some((*session, *code)),
            _ => None,
        });
        closed.collect()
    }

    fn has(&self, is: impl Fn(&Effect) -> bool) -> bool {
        self.out.iter().any(is)
    }
}

fn is_step2(frame: &Bytes) -> bool {
    frame.starts_with(&[0, 1])
}

fn barrier_frame() -> Bytes {
    frame::barrier(b"b")
}

#[test]
fn g1_an_edit_is_fed_and_acknowledged_only_after_its_commit() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor).join(B, "bob", Role::Editor);
    let update = Writer::new(5).set("x", "1");
    rig.update(A, &update, false);
    assert_eq!((rig.fed(), rig.accepted.len()), (0, 1));
    rig.barrier(A);
    assert!(rig.frames(A).is_empty());
    rig.commit();
    assert_eq!((rig.fed(), rig.frames(A)), (1, vec![barrier_frame()]));
}

#[test]
fn g1_a_joiner_gets_nothing_that_is_not_committed() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor);
    rig.update(A, &Writer::new(5).set("x", "1"), false);
    rig.join(B, "bob", Role::Editor);
    assert!(!rig.frames(B).iter().any(is_step2));
    rig.commit();
    assert!(rig.frames(B).iter().any(is_step2));
    assert!(rig.has(|e| matches!(e, Effect::Attach { session: B, .. })));
}

#[test]
fn a2_what_adds_nothing_is_acknowledged_when_all_accepted_before_is_committed() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor).join(B, "bob", Role::Editor);
    let update = Writer::new(5).set("x", "1");
    rig.update(A, &update, false).update(B, &update, true);
    assert_eq!(rig.accepted.len(), 1, "nothing is logged twice");
    rig.barrier(B);
    assert!(rig.frames(B).is_empty());
    rig.commit();
    assert_eq!(rig.frames(B), [barrier_frame()]);
}

#[test]
fn a1_the_barrier_of_a_session_whose_edit_was_refused_says_why() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Viewer);
    rig.update(A, &Writer::new(5).set("x", "1"), false);
    assert!(rig.accepted.is_empty() && rig.closed().is_empty());
    rig.barrier(A);
    assert_eq!(rig.frames(A), [frame::refused(b"b", Refusal::ReadOnly)]);
}

#[test]
fn c1_a_viewer_may_send_what_the_room_has_already() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor).join(B, "bob", Role::Viewer);
    let update = Writer::new(5).set("x", "1");
    rig.update(A, &update, false).commit().update(B, &update, true).barrier(B);
    assert_eq!(rig.frames(B), [barrier_frame()]);
}

#[test]
fn c2_a_gap_reads_the_log_once_and_then_asks_by_a_step1() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor);
    let mut writer = Writer::new(5);
    let (first, second) = (writer.set("x", "1"), writer.set("x", "2"));
    rig.update(A, &second, false);
    assert!(rig.has(|e| matches!(e, Effect::ReadLog { after: Seq(1) })));
    assert!(!rig.room.is_ready(), "the mailbox waits");
    rig.history();
    assert!(rig.frames(A)[0].starts_with(&[0, 0]) && rig.accepted.is_empty());
    rig.update(A, &first, true).update(A, &second, false);
    assert_eq!(rig.accepted.len(), 2);
}

#[test]
fn c2_what_another_node_has_logged_is_no_gap() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor);
    let mut writer = Writer::new(5);
    let (first, second) = (writer.set("x", "1"), writer.set("x", "2"));
    let row = Row { seq: Seq(2), node: NodeId(9), batch: BatchId(2), updates: vec![first] };
    rig.rows.push(row);
    rig.update(A, &second, false).history();
    assert_eq!((rig.fed(), rig.accepted.len()), (1, 1));
}

#[test]
fn c3_nobody_writes_under_the_client_id_of_another_user() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor).join(B, "bob", Role::Editor);
    let mut writer = Writer::new(5);
    rig.update(A, &writer.set("x", "1"), false).commit();
    rig.update(B, &writer.set("x", "2"), false).history();
    assert!(rig.accepted.is_empty() && rig.closed().is_empty(), "a gap, not an attack");
    assert!(rig.frames(B)[0].starts_with(&[0, 0]));
}

#[test]
fn c4_nothing_is_taken_before_the_sessions_step1() {
    let mut rig = Rig::new();
    rig.input(Input::Join { session: A, user: user("ana"), role: Role::Editor });
    rig.update(A, &Writer::new(5).set("x", "1"), false);
    assert!(rig.accepted.is_empty());
}

#[test]
fn e2_a_step1_of_another_history_is_closed_before_its_step2_is_read() {
    let mut rig = Rig::new();
    rig.input(Input::Join { session: A, user: user("ana"), role: Role::Editor });
    let other = ClientId(ClientId::FIRST_SERVER + 1234);
    let theirs = StateVector([(other, 3)].into_iter().collect());
    rig.say(A, Message::Step1(theirs));
    rig.room.put(Input::From {
        session: A,
        incoming: Incoming::Update {
            answer: true,
            update: Writer::new(5).set("x", "1"),
            outline: Outline::default(),
        },
    });
    rig.history();
    assert_eq!(rig.closed(), [(A, CloseCode::OtherHistory)]);
    assert!(rig.accepted.is_empty() && !rig.frames(A).iter().any(is_step2));
}

#[test]
fn e1_a_server_edit_goes_the_way_of_every_edit() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor);
    rig.edit(Box::new(|txn| {
        let map = txn.get_or_insert_map("map");
        map.insert(txn, "x", "1");
    }));
    assert!(!rig.has(|e| matches!(e, Effect::Answer { .. })));
    rig.commit();
    assert_eq!(rig.fed(), 1);
    assert!(rig.has(|e| matches!(e, Effect::Answer { result: Ok(Seq(2)), .. })));
}

#[test]
fn e1_a_server_edit_that_changes_nothing_is_answered_without_a_row() {
    let mut rig = Rig::new();
    rig.edit(Box::new(|_| {}));
    assert!(rig.has(|e| matches!(e, Effect::Answer { result: Ok(Seq(1)), .. })));
    assert!(rig.accepted.is_empty());
}

#[test]
fn u1_a_panicking_edit_hurts_only_its_author_and_nothing_accepted_is_lost() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor);
    rig.update(A, &Writer::new(5).set("x", "1"), false);
    rig.edit(Box::new(|txn| {
        let map = txn.get_or_insert_map("map");
        map.insert(txn, "half", "done");
        panic!("in the middle of an edit");
    }));
    assert!(rig.has(|e| matches!(e, Effect::Answer { result: Err(RoomError::Failed(_)), .. })));
    assert!(rig.has(|e| matches!(e, Effect::Quarantine(_))));
    let uncommitted = rig.accepted.clone();
    assert!(rig.has(|e| matches!(e, Effect::Reload { uncommitted: kept } if *kept == uncommitted)));
    let loaded = Rig::load(&rig.rows, &uncommitted);
    rig.control(Control::Reloaded(Ok(Box::new(loaded))));
    assert!(rig.closed().is_empty() && rig.room.is_ready());
    rig.commit();
    assert_eq!(rig.fed(), 1);
    rig.barrier(A);
    assert_eq!(rig.frames(A), [barrier_frame()]);
}

#[test]
fn u1_a_panicking_look_leaves_the_document_good() {
    let mut rig = Rig::new();
    let look: Look = Box::new(|_| panic!("while looking"));
    rig.input(Input::Read { request: RequestId(3), look });
    assert!(rig.has(|e| matches!(e, Effect::Answer { result: Err(RoomError::Failed(_)), .. })));
    assert!(rig.room.is_ready());
}

#[test]
fn k3_a_room_whose_row_cannot_be_stored_sends_everybody_back() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor);
    rig.update(A, &Writer::new(5).set("x", "1"), false);
    let refusal = crate::store::log::Refusal::Bound(ClientId(5));
    rig.control(Control::Failed(refusal));
    assert_eq!(rig.closed(), [(A, CloseCode::RoomUnavailable)]);
    assert!(rig.has(|e| matches!(e, Effect::End { .. })) && !rig.room.is_ready());
}

#[test]
fn k5_beyond_the_bound_edits_are_refused_and_asked_for_again_when_the_store_is_back() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor);
    let mut writer = Writer::new(5);
    let big = "x".repeat(ROOM_UNCOMMITTED_BYTES - 1_000);
    rig.update(A, &writer.set("big", &big), false);
    rig.update(A, &writer.set("more", &"y".repeat(2_000)), false);
    assert_eq!(rig.accepted.len(), 1);
    rig.barrier(A);
    assert!(rig.frames(A).is_empty(), "an answer about the document waits for the commit too");
    rig.commit();
    let frames = rig.frames(A);
    assert!(frames.contains(&frame::refused(b"b", Refusal::Busy)));
    assert!(frames.iter().any(|f| f.starts_with(&[0, 0])), "a Step1 asks for it");
}

#[test]
fn a_quiet_room_answers_new_joiners_from_its_bytes_and_wakes_for_an_edit() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor);
    rig.later(QUIET_AFTER);
    assert!(rig.has(|e| matches!(e, Effect::Snapshot(_))));
    rig.control(Control::Snapshotted { seq: Seq(1), stored: true });
    assert!(matches!(rig.room.document, Document::Asleep(_)));
    rig.join(B, "bob", Role::Editor);
    assert!(matches!(rig.room.document, Document::Asleep(_)));
    rig.update(B, &Writer::new(5).set("x", "1"), false);
    assert!(rig.has(|e| matches!(e, Effect::Wake { .. })) && !rig.room.is_ready());
    let Document::Asleep(state) = &rig.room.document else { panic!("still asleep") };
    let (awake, _) = Awake::build(ClientId(ClientId::FIRST_SERVER + 5), [state]).unwrap();
    rig.control(Control::Woken(Ok(awake)));
    assert_eq!(rig.accepted.len(), 1);
}

#[test]
fn an_empty_room_retires_after_its_snapshot_is_stored() {
    let mut rig = Rig::new();
    rig.later(RETIRE_AFTER);
    assert!(rig.has(|e| matches!(e, Effect::Snapshot(_))));
    rig.control(Control::Snapshotted { seq: Seq(1), stored: true });
    assert!(rig.has(|e| matches!(e, Effect::Retire)));
}

#[test]
fn p12_a_drained_room_closes_everybody_and_goes_when_everything_is_stored() {
    let mut rig = Rig::new();
    rig.join(A, "ana", Role::Editor);
    rig.update(A, &Writer::new(5).set("x", "1"), false);
    rig.input(Input::Close(CloseCode::Restart));
    assert_eq!(rig.closed(), [(A, CloseCode::Restart)]);
    assert!(!rig.has(|e| matches!(e, Effect::Retire)), "the edit is not stored yet");
    rig.commit();
    assert!(rig.has(|e| matches!(e, Effect::Snapshot(_))));
    rig.control(Control::Snapshotted { seq: Seq(2), stored: true });
    assert!(rig.has(|e| matches!(e, Effect::Retire)));
}

#[test]
fn without_the_log_nobody_is_judged() {
    let mut rig = Rig::new();
    rig.input(Input::Join { session: A, user: user("ana"), role: Role::Editor });
    let other = ClientId(ClientId::FIRST_SERVER + 1234);
    rig.say(A, Message::Step1(StateVector([(other, 3)].into_iter().collect())));
    let away = crate::store::log::ReadError::Away("cut".to_owned());
    rig.control(Control::History(Err(away)));
    assert_eq!(rig.closed(), [(A, CloseCode::TryAgain)]);
}
