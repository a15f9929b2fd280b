//! The simulated world: nodes, clients, wires and the bus; one seed decides everything that happens.

use std::collections::{BTreeMap, BTreeSet};

use atelier::id::{BatchId, ClientId, DiagramId, NodeId, SessionId, UserId};
use atelier::room::core::RequestId;
use atelier::room::document::Awake;
use atelier::room::session::Role;
use atelier::store::log::{Append, Outcome};
use atelier::store::memory::{Chances, Faults, MemoryLog};
use bytes::Bytes;
use yrs::{Map, WriteTxn};

use super::client::{Client, Connection};
use super::node::{Around, Hint, Node, now};

/// Milliseconds of trouble, and of peace behind it.
const TROUBLE: u64 = 8_000;
const PEACE: u64 = 20_000;
/// Time for everybody to come back.
const AGAIN: u64 = 3_000;
/// Time for rooms without sessions to be stored and to retire.
const EMPTY: u64 = 60_000;

/// What happened, to see that a run was worth it.
#[derive(Debug, Default)]
pub(super) struct Happened {
    pub(super) edits: u64,
    pub(super) acked: u64,
    pub(super) crashes: u64,
    pub(super) vanished: u64,
    pub(super) reconnects: u64,
    pub(super) loads: u64,
    pub(super) reloads: u64,
    pub(super) wakes: u64,
    pub(super) retired: u64,
    pub(super) snapshots: u64,
    pub(super) catch_ups: u64,
    pub(super) malformed: u64,
    pub(super) strangers: u64,
    pub(super) viewers_refused: u64,
    pub(super) refused_barriers: u64,
    pub(super) server_edits: u64,
    pub(super) failed_rooms: u64,
    pub(super) ended_rooms: u64,
    pub(super) quarantined: u64,
    pub(super) unknown: u64,
    pub(super) refused_appends: u64,
    pub(super) looked_up: u64,
    pub(super) lost_hints: u64,
    pub(super) answers: BTreeMap<RequestId, bool>,
}

impl Happened {
    pub(super) fn count_outcomes(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            match outcome {
                Outcome::Committed(_) => {}
                Outcome::Refused(_) => self.refused_appends += 1,
                Outcome::Unknown(_) => self.unknown += 1,
            }
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        macro_rules! add {
            ($($field:ident)*) => { $(self.$field += other.$field;)* };
        }
        add!(edits acked crashes vanished reconnects loads reloads wakes retired snapshots catch_ups
            malformed strangers viewers_refused refused_barriers server_edits failed_rooms
            ended_rooms quarantined unknown refused_appends looked_up lost_hints);
    }

    /// A simulation in which nothing goes wrong shows nothing.
    pub(super) fn assert_enough(&self, seeds: u64) {
        let enough = [
            ("edits", self.edits, 100 * seeds),
            ("acknowledged edits", self.acked, 50 * seeds),
            ("crashes", self.crashes, seeds),
            ("clients that vanished", self.vanished, seeds),
            ("reconnects", self.reconnects, 5 * seeds),
            ("loads", self.loads, 3 * seeds),
            ("wakes", self.wakes, seeds / 10),
            ("retired rooms", self.retired, seeds),
            ("snapshots", self.snapshots, seeds),
            ("catch-ups", self.catch_ups, seeds / 10),
            ("malformed frames", self.malformed, seeds / 2),
            ("strangers", self.strangers, seeds / 2),
            ("viewers refused", self.viewers_refused, seeds / 2),
            ("refused barriers", self.refused_barriers, seeds / 10),
            ("server edits", self.server_edits, seeds),
            ("unknown outcomes", self.unknown, seeds),
            ("refused appends", self.refused_appends, seeds),
            ("look-ups", self.looked_up, seeds),
            ("lost hints", self.lost_hints, seeds),
        ];
        for (what, count, least) in enough {
            assert!(count >= least.max(1), "too few {what}: {count} of {least}");
        }
    }
}

pub(super) struct World {
    pub(super) seed: u64,
    pub(super) rng: fastrand::Rng,
    pub(super) time: u64,
    pub(super) jump: i64,
    pub(super) log: MemoryLog,
    pub(super) rooms: Vec<DiagramId>,
    pub(super) nodes: Vec<Node>,
    /// Each client with its room.
    pub(super) clients: Vec<(usize, Client)>,
    bus: Vec<(u64, usize, Hint)>,
    heads_asked: u64,
    pub(super) sessions: u64,
    pub(super) client_ids: u64,
    /// Edits that must be in the end: acknowledged, or seen by somebody else (P1).
    pub(super) promised: Vec<BTreeSet<String>>,
    /// Edits that must not be: a viewer's, a stranger's.
    pub(super) forbidden: BTreeSet<String>,
    pub(super) happened: Happened,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut log = MemoryLog::new(Faults::default());
        let rooms: Vec<DiagramId> =
            (0..rng.usize(1..=2)).map(|n| format!("room-{n}").parse().unwrap()).collect();
        for room in &rooms {
            let updates = vec![seed_update(&mut rng)];
            let batch = BatchId(rng.u128(..));
            let seed = Append { room: room.clone(), batch, updates, bindings: vec![] };
            assert!(log.create(NodeId(0), seed));
        }
        let nodes = (0..rng.usize(1..=3)).map(|_| Node::new(NodeId(rng.u64(1..)))).collect();
        let mut world = Self {
            seed,
            rng,
            time: 0,
            jump: 0,
            log,
            promised: vec![BTreeSet::new(); rooms.len()],
            rooms,
            nodes,
            clients: Vec::new(),
            bus: Vec::new(),
            heads_asked: 0,
            sessions: 0,
            client_ids: 0,
            forbidden: BTreeSet::new(),
            happened: Happened::default(),
        };
        for _ in 0..world.rng.usize(2..=6) {
            world.newcomer();
        }
        world
    }

    pub(super) fn play(mut self) -> Happened {
        let chances = Chances {
            refuse: self.rng.u16(0..80),
            unknown: self.rng.u16(0..80),
            away: self.rng.u16(0..10),
            away_calls: 40,
            refuse_batch: self.rng.u16(0..30),
            latency: 0,
        };
        self.log.set_faults(Faults::seeded(self.rng.u64(..), chances));
        while self.time < TROUBLE {
            self.tick();
            self.trouble();
        }
        self.log.set_faults(Faults::default());
        // A frame that a client forgot is only missed when it connects again.
        for index in 0..self.clients.len() {
            self.disconnect(index);
        }
        self.settle(PEACE, true);
        self.check_replicas();
        for index in 0..self.clients.len() {
            self.disconnect(index);
        }
        self.settle(EMPTY, false);
        self.check_stored();
        // Once more, into rooms that hold nothing but their snapshot and sleep until somebody edits.
        self.settle(AGAIN, true);
        for index in 0..self.clients.len() {
            if self.clients[index].1.role == Role::Editor {
                let frame = self.clients[index].1.edit(&mut self.rng, false);
                self.send(index, frame);
            }
        }
        self.settle(AGAIN, true);
        self.check_replicas();
        self.happened
    }

    // ---- time ----

    pub(super) fn tick(&mut self) {
        self.time += self.rng.u64(1..6);
        self.deliver_hints();
        self.wires();
        for index in 0..self.nodes.len() {
            self.at_node(index, Node::turn);
            self.collect(index);
        }
        if self.time >= self.heads_asked + 1_000 {
            self.heads_asked = self.time;
            self.compare_heads();
        }
    }

    pub(super) fn settle(&mut self, time: u64, connected: bool) {
        let until = self.time + time;
        while self.time < until {
            self.tick();
            if connected && self.rng.u8(0..20) == 0 {
                for index in 0..self.clients.len() {
                    if self.clients[index].1.connection.is_none() {
                        self.connect(index);
                    }
                }
            }
        }
    }

    pub(super) fn at_node<T>(
        &mut self,
        index: usize,
        act: impl FnOnce(&mut Node, &mut Around<'_>) -> T,
    ) -> T {
        let mut around = Around {
            time: self.time,
            now: now(self.time, self.jump),
            log: &mut self.log,
            rng: &mut self.rng,
            happened: &mut self.happened,
        };
        act(&mut self.nodes[index], &mut around)
    }

    // ---- the bus (L5): loses, doubles and reorders ----

    fn collect(&mut self, from: usize) {
        for hint in std::mem::take(&mut self.nodes[from].hints) {
            for to in (0..self.nodes.len()).filter(|to| *to != from) {
                for _ in 0..[0, 1, 1, 1, 2][self.rng.usize(0..5)] {
                    let row = hint.row.clone().filter(|_| self.rng.bool());
                    let hint = Hint { room: hint.room.clone(), head: hint.head, row };
                    self.bus.push((self.time + self.rng.u64(0..60), to, hint));
                }
            }
            if self.nodes.len() > 1 && self.rng.u8(0..5) == 0 {
                self.happened.lost_hints += 1;
            }
        }
        for session in std::mem::take(&mut self.nodes[from].ended) {
            let client = self.clients.iter().position(|(_, c)| {
                c.connection.as_ref().is_some_and(|c| c.node == from && c.session == session)
            });
            if let Some(client) = client {
                self.clients[client].1.disconnect();
            }
        }
    }

    fn deliver_hints(&mut self) {
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.bus).into_iter().partition(|(at, ..)| *at <= self.time);
        self.bus = later;
        for (_, to, hint) in due {
            self.at_node(to, |node, around| node.hint(hint, around));
        }
    }

    fn compare_heads(&mut self) {
        for index in 0..self.nodes.len() {
            let rooms = self.nodes[index].live_rooms();
            for (room, head) in self.log.heads(&rooms).unwrap_or_default() {
                let hint = Hint { room, head, row: None };
                self.at_node(index, |node, around| node.hint(hint, around));
            }
        }
    }

    // ---- clients and their wires ----

    pub(super) fn newcomer(&mut self) {
        self.client_ids += 1;
        let user: UserId = format!("user-{}", self.rng.u8(0..4)).parse().unwrap();
        let role = if self.rng.u8(0..6) == 0 { Role::Viewer } else { Role::Editor };
        let room = self.rng.usize(0..self.rooms.len());
        self.clients.push((room, Client::new(self.client_ids, user, role)));
    }

    pub(super) fn connect(&mut self, index: usize) {
        let node = self.rng.usize(0..self.nodes.len());
        self.sessions += 1;
        let session = SessionId(self.sessions);
        let (room, client) = &mut self.clients[index];
        let room = self.rooms[*room].clone();
        let (user, role) = (client.user.clone(), client.role);
        let up = client.hello().into_iter().map(|frame| (self.time, frame)).collect();
        let down = std::collections::VecDeque::new();
        client.connection = Some(Connection { node, session, up, down, slow_until: 0 });
        self.happened.reconnects += 1;
        self.at_node(node, |node, around| node.join(&room, session, user, role, around));
    }

    pub(super) fn disconnect(&mut self, index: usize) {
        let (room, client) = &mut self.clients[index];
        if let Some(connection) = &client.connection {
            let (node, session) = (connection.node, connection.session);
            client.disconnect();
            self.nodes[node].leave(&self.rooms[*room], session);
        }
    }

    pub(super) fn send(&mut self, index: usize, frame: Bytes) {
        let at = self.time + self.rng.u64(1..20);
        if let Some(connection) = &mut self.clients[index].1.connection {
            connection.up.push_back((at, frame));
        }
    }

    fn wires(&mut self) {
        for index in 0..self.clients.len() {
            self.upwards(index);
            self.pull_outbox(index);
            self.downwards(index);
        }
    }

    fn upwards(&mut self, index: usize) {
        loop {
            let (room, client) = &mut self.clients[index];
            let room = self.rooms[*room].clone();
            let Some(connection) = &mut client.connection else { return };
            let (node, session) = (connection.node, connection.session);
            let Some((_, frame)) = connection.up.front().filter(|(at, _)| *at <= self.time) else {
                return;
            };
            let frame = frame.clone();
            let taken =
                self.at_node(node, |node, around| node.receive(&room, session, &frame, around));
            if !taken {
                return;
            }
            self.collect(node);
            if let Some(connection) = &mut self.clients[index].1.connection {
                connection.up.pop_front();
            }
        }
    }

    fn pull_outbox(&mut self, index: usize) {
        let (room, client) = &self.clients[index];
        let room = self.rooms[*room].clone();
        let Some(connection) = &client.connection else { return };
        if connection.slow_until > self.time {
            return;
        }
        let (node, session) = (connection.node, connection.session);
        let out = self.at_node(node, |node, around| node.pull(&room, session, around));
        let at = self.time + self.rng.u64(1..20);
        let client = &mut self.clients[index].1;
        match out {
            None => {}
            Some(Ok(frames)) => {
                if let Some(connection) = &mut client.connection {
                    connection.down.extend(frames.into_iter().map(|frame| (at, frame)));
                }
            }
            Some(Err(code)) => {
                client.disconnect();
                client.closed = Some(code);
                let fine = !code.is_permanent();
                assert!(fine, "seed {}: an honest client was closed with {code:?}", self.seed);
            }
        }
    }

    fn downwards(&mut self, index: usize) {
        loop {
            let client = &mut self.clients[index].1;
            let Some(connection) = &mut client.connection else { return };
            if connection.down.front().is_none_or(|(at, _)| *at > self.time) {
                return;
            }
            let Some((_, frame)) = connection.down.pop_front() else { return };
            for answer in client.receive(&frame) {
                self.send(index, answer);
            }
        }
    }
}

/// A document seeded by a server, as `POST /api/diagrams` does.
pub(super) fn seed_update(rng: &mut fastrand::Rng) -> Bytes {
    let (mut doc, _) = Awake::build(ClientId::server(rng.u64(..)), []).unwrap();
    let update = doc.edit(|txn| {
        let meta = txn.get_or_insert_map("meta");
        meta.insert(txn, "v", "1");
    });
    update.unwrap().unwrap()
}
