//! A simulated browser: a yrs document that speaks the y-websocket dialect, and remembers what it was promised.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use atelier::id::{SessionId, UserId};
use atelier::protocol::close::CloseCode;
use atelier::protocol::frame::{self, Message};
use atelier::protocol::lib0::StateVector;
use atelier::room::session::Role;
use bytes::Bytes;
use yrs::updates::decoder::Decode;
use yrs::{
    Array, Doc, GetString, Map, MapPrelim, OffsetKind, Options, ReadTxn, Text, Transact, Update,
    WriteTxn,
};

/// Frames of one connection in one direction, each with the time at which it arrives.
pub(super) type Wire = VecDeque<(u64, Bytes)>;

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) node: usize,
    pub(super) session: SessionId,
    pub(super) up: Wire,
    pub(super) down: Wire,
    /// The client takes nothing from its socket before this time.
    pub(super) slow_until: u64,
}

#[derive(Debug)]
pub(super) struct Client {
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) doc: Doc,
    pub(super) id: u64,
    pub(super) connection: Option<Connection>,
    /// Edits of this client, and whether they are on their way to the server.
    mine: BTreeMap<String, bool>,
    barriers: BTreeMap<u64, Vec<String>>,
    /// Edits that the server said are durable (A1).
    pub(super) acked: BTreeSet<String>,
    counter: u64,
    awareness: u32,
    pub(super) refused: u64,
    pub(super) closed: Option<CloseCode>,
    /// Whom it sees, and with which clock: a lower one changes nothing, as in y-protocols (W3).
    pub(super) sees: BTreeMap<u64, (u32, Bytes)>,
}

impl Client {
    pub(super) fn new(id: u64, user: UserId, role: Role) -> Self {
        let mut options = Options::with_client_id(yrs::block::ClientID::new(id));
        options.offset_kind = OffsetKind::Utf16;
        Self {
            user,
            role,
            doc: Doc::with_options(options),
            id,
            connection: None,
            mine: BTreeMap::new(),
            barriers: BTreeMap::new(),
            acked: BTreeSet::new(),
            counter: 0,
            awareness: 0,
            refused: 0,
            closed: None,
            sees: BTreeMap::new(),
        }
    }

    /// What a stock provider sends when its socket opens.
    pub(super) fn hello(&mut self) -> Vec<Bytes> {
        self.awareness += 1;
        vec![frame::step1(&self.state()), self.awareness_frame()]
    }

    pub(super) fn cursor(&mut self) -> Bytes {
        self.awareness += 1;
        self.awareness_frame()
    }

    /// Its own state, as the others should see it.
    pub(super) fn cursor_state(&self) -> String {
        format!("{{\"cursor\":{}}}", self.awareness)
    }

    /// Clients that it sees, with their states.
    pub(super) fn others(&self) -> BTreeMap<u64, String> {
        let here = self.sees.iter().filter(|(_, (_, state))| &state[..] != b"null");
        here.map(|(id, (_, state))| (*id, String::from_utf8_lossy(state).into_owned())).collect()
    }

    fn awareness_frame(&self) -> Bytes {
        let mut entry = Vec::new();
        let state = self.cursor_state();
        let id = atelier::id::ClientId(self.id);
        frame::write_awareness_entry(&mut entry, id, u64::from(self.awareness), state.as_bytes());
        frame::awareness(1, &[&entry])
    }

    pub(super) fn barrier(&mut self) -> Bytes {
        self.counter += 1;
        let covered = self.mine.iter().filter(|(_, sent)| **sent).map(|(key, _)| key.clone());
        self.barriers.insert(self.counter, covered.collect());
        frame::barrier(&self.counter.to_be_bytes())
    }

    /// An edit with a big value, which replaces the last one.
    pub(super) fn big_edit(&mut self, bytes: usize, forget: bool) -> Bytes {
        self.counter += 1;
        let key = format!("c{}.{}", self.id, self.counter);
        let update = {
            let mut txn = self.doc.transact_mut();
            let edits = txn.get_or_insert_map("edits");
            edits.insert(&mut txn, key.clone(), self.counter as i64);
            let nodes = txn.get_or_insert_map("nodes");
            nodes.insert(&mut txn, "big", "x".repeat(bytes));
            txn.encode_update_v1()
        };
        self.mine.insert(key, !forget);
        frame::update(&update)
    }

    /// One random edit; `forget` where its frame never leaves the client.
    pub(super) fn edit(&mut self, rng: &mut fastrand::Rng, forget: bool) -> Bytes {
        self.counter += 1;
        let key = format!("c{}.{}", self.id, self.counter);
        let update = {
            let mut txn = self.doc.transact_mut();
            let edits = txn.get_or_insert_map("edits");
            edits.insert(&mut txn, key.clone(), self.counter as i64);
            self.shape(&mut txn, rng);
            txn.encode_update_v1()
        };
        self.mine.insert(key, !forget);
        frame::update(&update)
    }

    /// Beside the counted key, something of each kind of shared type, and deletions.
    fn shape(&self, txn: &mut yrs::TransactionMut<'_>, rng: &mut fastrand::Rng) {
        let nodes = txn.get_or_insert_map("nodes");
        let name = format!("Task_{}", rng.u8(0..20));
        match rng.u8(0..8) {
            0 | 1 => {
                let record = r##"{"#t":"bpmn:task","#p":"a0 Process_1"}"##;
                let node = MapPrelim::from([("#0", record.to_owned())]);
                nodes.insert(txn, name.clone(), node);
            }
            2 | 3 => {
                if let Some(yrs::Out::YMap(node)) = nodes.get(txn, &name) {
                    node.insert(txn, "name", format!("renamed {} 😀", self.counter));
                }
            }
            4 => {
                nodes.remove(txn, &name);
            }
            5 | 6 => {
                let text = txn.get_or_insert_text("text");
                let length = u32::try_from(text.get_string(txn).encode_utf16().count()).unwrap();
                if length > 20 && rng.bool() {
                    text.remove_range(txn, rng.u32(0..length - 5), 3);
                } else {
                    text.insert(txn, rng.u32(0..=length), "abc");
                }
            }
            _ => {
                let list = txn.get_or_insert_array("list");
                let length = list.len(txn);
                if length > 5 && rng.bool() {
                    list.remove(txn, rng.u32(0..length));
                } else {
                    list.insert(txn, rng.u32(0..=length), i64::from(rng.u8(..)));
                }
            }
        }
    }

    /// Takes a frame of the server; answers what a stock client answers.
    pub(super) fn receive(&mut self, frame: &Bytes) -> Vec<Bytes> {
        if frame.first() == Some(&103) {
            return self.barrier_refused(frame);
        }
        let mut answers = Vec::new();
        for message in frame::decode(frame).expect("the server sends only good frames") {
            match message {
                Message::Step1(theirs) => {
                    for sent in self.mine.values_mut() {
                        *sent = true;
                    }
                    let txn = self.doc.transact();
                    let diff = txn.encode_state_as_update_v1(&theirs.to_yrs());
                    answers.push(frame::step2(&diff));
                }
                Message::Step2(update) | Message::Update(update) => self.apply(&update),
                Message::Awareness(body) => self.see_awareness(&body),
                Message::Barrier(opaque) => {
                    let count = u64::from_be_bytes(opaque[..].try_into().unwrap());
                    self.acked.extend(self.barriers.remove(&count).into_iter().flatten());
                }
                Message::QueryAwareness | Message::Token(_) | Message::Unknown(_) => {}
            }
        }
        answers
    }

    fn barrier_refused(&mut self, frame: &Bytes) -> Vec<Bytes> {
        self.refused += 1;
        let opaque = &frame[2..10];
        let count = u64::from_be_bytes(opaque.try_into().unwrap());
        for key in self.barriers.remove(&count).into_iter().flatten() {
            if !self.acked.contains(&key) {
                self.mine.insert(key, false);
            }
        }
        Vec::new()
    }

    fn apply(&mut self, update: &Bytes) {
        let mut txn = self.doc.transact_mut();
        txn.apply_update(Update::decode_v1(update).unwrap()).unwrap();
        drop(txn);
        // P2: whatever arrives builds only on what has arrived.
        assert!(!self.doc.transact().has_missing_updates(), "P2: a gap reached a client");
    }

    fn see_awareness(&mut self, body: &Bytes) {
        for entry in frame::awareness_entries(body).unwrap() {
            assert_ne!(entry.client.0, self.id, "W2: a client never gets its own state");
            let known = self.sees.get(&entry.client.0);
            if known.is_none_or(|(clock, _)| *clock < entry.clock) {
                self.sees.insert(entry.client.0, (entry.clock, entry.state));
            }
        }
    }

    pub(super) fn disconnect(&mut self) {
        self.connection = None;
        self.sees.clear();
        self.barriers.clear();
        for (key, sent) in &mut self.mine {
            *sent = self.acked.contains(key);
        }
    }

    pub(super) fn state(&self) -> StateVector {
        StateVector::from_yrs(&self.doc.transact().state_vector())
    }

    /// The counted edits that this client holds.
    pub(super) fn edits(&self) -> BTreeSet<String> {
        let txn = self.doc.transact();
        let edits = txn.get_map("edits");
        edits.map(|edits| edits.keys(&txn).map(ToString::to_string).collect()).unwrap_or_default()
    }

    /// Everything, for comparing replicas.
    pub(super) fn content(&self) -> String {
        content(&self.doc)
    }
}

/// A document as text: equal exactly when the shared types are equal.
pub(super) fn content(doc: &Doc) -> String {
    let mut txn = doc.transact_mut();
    for name in ["edits", "nodes", "meta", "ns", "ao"] {
        txn.get_or_insert_map(name);
    }
    let text = txn.get_or_insert_text("text").get_string(&txn);
    let list = txn.get_or_insert_array("list");
    let list: Vec<_> = list.iter(&txn).map(|v| v.to_string(&txn)).collect();
    let mut out = format!("{text}\n{list:?}\n");
    for name in ["edits", "nodes"] {
        let map = txn.get_or_insert_map(name);
        let mut entries: Vec<_> = map
            .iter(&txn)
            .map(|(key, value)| match value {
                yrs::Out::YMap(inner) => {
                    let inner: BTreeMap<_, _> =
                        inner.iter(&txn).map(|(k, v)| (k.to_string(), v.to_string(&txn))).collect();
                    format!("{key}={inner:?}")
                }
                other => format!("{key}={}", other.to_string(&txn)),
            })
            .collect();
        entries.sort();
        out += &entries.join("\n");
    }
    out
}
