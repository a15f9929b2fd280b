//! What must hold when the simulated world is at peace again.

use std::collections::{BTreeMap, BTreeSet};

use atelier::id::Seq;
use atelier::protocol::frame;
use atelier::room::session::Role;

use super::client::{Client, content};
use super::world::World;

impl World {
    pub(super) fn check_replicas(&mut self) {
        let seed = self.seed;
        for index in 0..self.clients.len() {
            self.remember(index);
            self.happened.acked += self.clients[index].1.acked.len() as u64;
            self.happened.refused_barriers += self.clients[index].1.refused;
        }
        for room in 0..self.rooms.len() {
            let truth = self.truth(room);
            self.check_awareness(room);
            for (_, client) in self.clients.iter().filter(|(of, _)| *of == room) {
                let id = client.id;
                assert_eq!(client.content(), truth, "P3: seed {seed}: client {id} diverged");
            }
            let have = edits_of(&truth);
            for key in &self.promised[room] {
                assert!(have.contains(key), "P1: seed {seed}: {key} is lost");
            }
            for key in &self.forbidden {
                assert!(!have.contains(key), "P8, P11: seed {seed}: {key} got in");
            }
        }
    }

    /// W1–W3: in the end everybody sees everybody else of the same node, with the last state, and nobody else.
    fn check_awareness(&self, room: usize) {
        let at = |client: &Client| client.connection.as_ref().map(|c| c.node);
        let here = || self.clients.iter().filter(|(of, _)| *of == room).map(|(_, client)| client);
        for client in here() {
            let others = here().filter(|c| at(c) == at(client) && c.id != client.id);
            let others: BTreeMap<_, _> = others.map(|c| (c.id, c.cursor_state())).collect();
            assert_eq!(client.others(), others, "W: seed {}: client {}", self.seed, client.id);
        }
    }

    pub(super) fn check_stored(&mut self) {
        let seed = self.seed;
        for node in &self.nodes {
            assert!(node.live_rooms().is_empty(), "seed {seed}: a room without sessions stays");
            assert!(node.is_idle(), "seed {seed}: something is still on its way to the log");
        }
        for room in 0..self.rooms.len() {
            let truth = self.truth(room);
            if let Some((_, client)) = self.clients.iter().find(|(of, _)| *of == room) {
                assert_eq!(client.content(), truth, "L4: seed {seed}: a snapshot changed the room");
            }
            let history = self.log.read(&self.rooms[room], Seq(0)).unwrap();
            assert!(history.rows.is_empty(), "seed {seed}: retired without a snapshot");
        }
    }

    /// What the log holds.
    fn truth(&mut self, room: usize) -> String {
        let history = self.log.read(&self.rooms[room], Seq(0)).unwrap();
        let state = history.snapshot.as_ref().map(|s| &s.state);
        let rows = history.rows.iter().flat_map(|row| &row.updates);
        let updates: Vec<_> = state.into_iter().chain(rows).collect();
        let mut log = Client::new(999_999_999, "log".parse().unwrap(), Role::Viewer);
        for update in updates {
            log.receive(&frame::update(update));
        }
        content(&log.doc)
    }
}

fn edits_of(content: &str) -> BTreeSet<String> {
    content.lines().filter_map(|line| line.split_once('=')).map(|(k, _)| k.to_owned()).collect()
}
