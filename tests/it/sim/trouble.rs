//! What happens to the simulated world while it is in trouble.

use atelier::id::{NodeId, SessionId};
use atelier::limits::FEED_BYTES;
use atelier::protocol::close::CloseCode;
use atelier::protocol::frame;
use atelier::protocol::lib0::StateVector;
use atelier::room::core::{Edit, RequestId};
use atelier::room::session::Role;
use bytes::Bytes;
use yrs::{Map, WriteTxn};

use super::client::Client;
use super::node::Node;
use super::world::{World, seed_update};

/// Edits of one burst; together they are larger than the feed.
const BURST: usize = 20;

impl World {
    pub(super) fn trouble(&mut self) {
        let index = self.rng.usize(0..self.clients.len());
        let connected = self.clients[index].1.connection.is_some();
        match self.rng.u16(0..1000) {
            0..350 => self.edit(index),
            350..420 if connected => {
                let frame = self.clients[index].1.cursor();
                self.send(index, frame);
            }
            420..520 if connected => {
                let frame = self.clients[index].1.barrier();
                self.send(index, frame);
            }
            520..600 if !connected => self.connect(index),
            600..620 => self.disconnect(index),
            620..630 if connected => {
                let slow_until = self.time + self.rng.u64(100..6_000);
                if let Some(connection) = &mut self.clients[index].1.connection {
                    connection.slow_until = slow_until;
                }
            }
            630..634 => self.crash(),
            634..638 => self.vanish(index),
            638..644 if connected => self.malformed(index),
            644..648 => self.stranger(),
            648..658 => self.server_edit(),
            658..660 => self.jump(),
            660..664 => self.burst(index),
            _ => {}
        }
    }

    fn edit(&mut self, index: usize) {
        let client = &mut self.clients[index].1;
        if client.role == Role::Viewer {
            return self.viewer_edit(index);
        }
        // Once in a while a frame gets lost on the way to the socket, as buggy clients do.
        let forget = self.rng.u8(0..60) == 0 || client.connection.is_none();
        let frame = client.edit(&mut self.rng, forget);
        self.happened.edits += 1;
        if !forget {
            self.send(index, frame);
        }
    }

    /// More bytes at once than the feed keeps, so that slow readers fall out of it.
    fn burst(&mut self, index: usize) {
        if self.clients[index].1.role == Role::Viewer {
            return;
        }
        for _ in 0..BURST {
            let online = self.clients[index].1.connection.is_some();
            let frame = self.clients[index].1.big_edit(FEED_BYTES / BURST + 1, !online);
            self.happened.edits += 1;
            if online {
                self.send(index, frame);
            }
        }
    }

    /// A viewer's frame with a real edit, made by a document of its own so that the viewer itself stays honest.
    fn viewer_edit(&mut self, index: usize) {
        let Some(connection) = &self.clients[index].1.connection else { return };
        if connection.up.iter().any(|(at, _)| *at > self.time + 100) {
            return;
        }
        let key = format!("viewer.{}", self.time);
        let id = 1_000_000 + self.time;
        let user = self.clients[index].1.user.clone();
        let mut evil = Client::new(id, user, Role::Editor);
        let frame = evil.edit(&mut self.rng, false);
        self.forbidden.extend(evil.edits());
        self.forbidden.insert(key);
        self.happened.viewers_refused += 1;
        self.send(index, frame);
    }

    /// The node dies with everything in memory; what it had appended stays in the log.
    fn crash(&mut self) {
        let index = self.rng.usize(0..self.nodes.len());
        self.happened.crashes += 1;
        for client in 0..self.clients.len() {
            self.remember(client);
        }
        self.nodes[index] = Node::new(NodeId(self.rng.u64(1..)));
        for (_, client) in &mut self.clients {
            if client.connection.as_ref().is_some_and(|c| c.node == index) {
                client.disconnect();
            }
        }
    }

    /// A browser is closed for good, with everything that only it had; somebody else comes.
    fn vanish(&mut self, index: usize) {
        for client in 0..self.clients.len() {
            self.remember(client);
        }
        self.disconnect(index);
        self.clients.remove(index);
        self.happened.vanished += 1;
        self.newcomer();
    }

    /// P1: what is acknowledged, and what anybody but its author holds, must be there for ever.
    pub(super) fn remember(&mut self, index: usize) {
        let (room, client) = &self.clients[index];
        let own = format!("c{}.", client.id);
        let seen = client.edits().into_iter().filter(|key| !key.starts_with(&own));
        self.promised[*room].extend(seen.chain(client.acked.iter().cloned()));
    }

    fn malformed(&mut self, index: usize) {
        let frames: [&[u8]; 5] = [
            b"",
            b"\x00\x02\x03\x00\x00",
            b"\x00\x09\x00",
            b"\x01\x01\xff",
            b"\x00\x02\x04\x01\x01",
        ];
        let frame = Bytes::copy_from_slice(frames[self.rng.usize(0..frames.len())]);
        self.send(index, frame);
    }

    /// P11: somebody comes with another history of the same diagram and must be turned away.
    fn stranger(&mut self) {
        let (room, node) =
            (self.rng.usize(0..self.rooms.len()), self.rng.usize(0..self.nodes.len()));
        self.client_ids += 1;
        let mut stranger = Client::new(self.client_ids, "stranger".parse().unwrap(), Role::Editor);
        stranger.receive(&frame::step2(&seed_update(&mut self.rng)));
        stranger.edit(&mut self.rng, false);
        self.forbidden.extend(stranger.edits());
        self.sessions += 1;
        let session = SessionId(self.sessions);
        let room = self.rooms[room].clone();
        self.at_node(node, |node, around| {
            let user = stranger.user.clone();
            node.join(&room, session, user, Role::Editor, around);
            for frame in stranger.hello() {
                node.receive(&room, session, &frame, around);
            }
        });
        // Its Step2 follows its Step1 without waiting for anything.
        let have = StateVector::default();
        let step1 = frame::step1(&have);
        for frame in stranger.receive(&step1) {
            self.at_node(node, |node, around| node.receive(&room, session, &frame, around));
        }
        for _ in 0..400 {
            self.tick();
            match self.at_node(node, |node, around| node.pull(&room, session, around)) {
                Some(Err(code)) => {
                    let known = code == CloseCode::OtherHistory || !code.is_permanent();
                    assert!(known, "seed {}: {code:?}", self.seed);
                    self.happened.strangers += u64::from(code == CloseCode::OtherHistory);
                    return;
                }
                Some(Ok(frames)) => {
                    // G4: a Step2 would merge two histories in the stranger.
                    assert!(frames.iter().all(|f| !f.starts_with(&[0, 1])), "seed {}", self.seed);
                }
                None => {}
            }
        }
        self.nodes[node].leave(&room, session);
    }

    fn server_edit(&mut self) {
        let (room, node) =
            (self.rng.usize(0..self.rooms.len()), self.rng.usize(0..self.nodes.len()));
        self.happened.server_edits += 1;
        let request = RequestId(self.happened.server_edits);
        let key = format!("server.{}", request.0);
        let edit = Edit {
            author: "rest".parse().unwrap(),
            origin: "rest",
            change: Box::new(move |txn| {
                let edits = txn.get_or_insert_map("edits");
                edits.insert(txn, key, 1_i64);
            }),
        };
        let room = self.rooms[room].clone();
        self.at_node(node, |node, around| node.edit(&room, request, edit, around));
    }

    fn jump(&mut self) {
        self.jump += self.rng.i64(-86_400_000..86_400_000);
    }
}
