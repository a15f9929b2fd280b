//! Who is here: the latest awareness state of each client, sent on in ticks.
//!
//! PURE. Ownership of ids (W1), coalescing (W2), translated clocks and ends (W3). States are opaque JSON,
//! never stored and never replayed to their own client. Must not know the document.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use super::Now;
use crate::id::{ClientId, SessionId, UserId};
use crate::limits::{AWARENESS_TICK, AWARENESS_TIMEOUT};
use crate::protocol::frame::{self, AwarenessEntry, write_awareness_entry};

/// Outbound clocks start here: 2026-01-01, seconds since the Unix epoch.
const CLOCK_EPOCH: u64 = 1_767_225_600;
/// Outbound clock steps per second: as many as ticks, so that a restart never goes back (W3). A u32
/// lasts until 2031; stock clients read clocks up to 2^53.
const CLOCK_RATE: u64 = 25;
/// How far behind the newest outbound clock a relayed entry can be: a minute. Clients' own clocks are far below.
const RELAY_CLOCKS: u64 = 60 * CLOCK_RATE;
/// Sessions that make the tick as long again: in a room of 1,000, cursors come five times a second (W2).
const TICK_GROWS_EVERY: u32 = 250;

#[derive(Debug)]
struct State {
    session: SessionId,
    user: UserId,
    json: Bytes,
    clock_in: u32,
    clock_out: u64,
    renewed: Duration,
}

/// The states of one room.
#[derive(Debug, Default)]
pub struct Awareness {
    /// Clients that are here.
    states: BTreeMap<ClientId, State>,
    /// The id that each connection announced first, even while it has no state.
    own: BTreeMap<SessionId, ClientId>,
    /// Changed since the last tick; a client without a state has left.
    dirty: BTreeSet<ClientId>,
    /// The highest clock sent for those that left and who they were, for as long as others may relay it.
    left: BTreeMap<ClientId, (u64, SessionId)>,
    /// When the next tick goes out, while something changed.
    due: Option<Duration>,
    /// The end of the pause behind the last tick.
    pause: Duration,
    /// The highest time base seen: the wall clock may jump back, outbound clocks may not.
    base: u64,
}

/// The states that changed in one tick, encoded once for all receivers.
#[derive(Debug)]
pub struct Cursors {
    count: usize,
    entries: Bytes,
    own: BTreeMap<SessionId, Range<usize>>,
}

impl Awareness {
    /// Takes the entries of one frame; what the session does not own is dropped unread (W1).
    pub fn receive(
        &mut self,
        session: SessionId,
        user: &UserId,
        entries: &[AwarenessEntry],
        now: Now,
    ) {
        let own = match (self.own.get(&session), entries) {
            (Some(own), _) => *own,
            (None, [only]) if self.may_claim(only, user) => {
                self.claim(session, user, only.client);
                only.client
            }
            (None, _) => return,
        };
        for entry in entries.iter().filter(|e| e.client == own) {
            self.take(session, user, entry, now);
        }
    }

    /// The connection is over; a state that a newer connection took over stays (W1).
    pub fn leave(&mut self, session: SessionId, now: Now) {
        let Some(client) = self.own.remove(&session) else { return };
        if self.states.get(&client).is_some_and(|s| s.session == session) {
            self.remove(client, now);
        }
    }

    /// All current states but the receiver's own, with clocks above all that anybody saw (W3).
    pub fn all(&mut self, receiver: SessionId, now: Now) -> Option<Bytes> {
        let base = self.advance_base(now);
        let mut entries = Vec::new();
        let mut count = 0;
        for (client, state) in self.states.iter_mut().filter(|(_, s)| s.session != receiver) {
            state.clock_out = next_clock(state.clock_out, base);
            write_awareness_entry(&mut entries, *client, state.clock_out, &state.json);
            count += 1;
        }
        (count > 0).then(|| frame::awareness(count, &[&entries]))
    }

    /// When [`tick`](Self::tick) wants to be called.
    pub fn deadline(&self) -> Option<Duration> {
        let expiry = self.states.values().map(|s| s.renewed + AWARENESS_TIMEOUT).min();
        match (self.due, expiry) {
            (Some(due), Some(expiry)) => Some(due.min(expiry)),
            (due, expiry) => due.or(expiry),
        }
    }

    /// What changed, once it is due, or half-way there when an edit goes out anyway (`flush`, W2).
    pub fn tick(&mut self, sessions: usize, flush: bool, now: Now) -> Option<Cursors> {
        self.expire(now);
        let due = self.due.is_some_and(|due| due <= now.mono);
        let early = flush && now.mono + AWARENESS_TICK / 2 >= self.pause;
        if self.dirty.is_empty() || !(due || early) {
            return None;
        }
        let sessions = u32::try_from(sessions).unwrap_or(u32::MAX);
        self.pause = now.mono + AWARENESS_TICK * (1 + sessions / TICK_GROWS_EVERY);
        self.due = None;
        let base = self.advance_base(now);
        let mut entries = Vec::new();
        let mut own = BTreeMap::new();
        let mut count = 0;
        for client in &std::mem::take(&mut self.dirty) {
            let start = entries.len();
            let session = if let Some(state) = self.states.get_mut(client) {
                state.clock_out = next_clock(state.clock_out, base);
                write_awareness_entry(&mut entries, *client, state.clock_out, &state.json);
                state.session
            } else if let Some((clock, session)) = self.left.get_mut(client) {
                *clock = next_clock(*clock, base);
                write_awareness_entry(&mut entries, *client, *clock, b"null");
                *session
            } else {
                continue;
            };
            own.insert(session, start..entries.len());
            count += 1;
        }
        self.left.retain(|_, (clock, _)| *clock + RELAY_CLOCKS > base);
        Some(Cursors { count, entries: entries.into(), own })
    }

    /// Clients with a state.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether nobody has a state.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    fn advance_base(&mut self, now: Now) -> u64 {
        let millis = now.unix.saturating_sub(Duration::from_secs(CLOCK_EPOCH)).as_millis();
        let base = u64::try_from(millis).unwrap_or(u64::MAX) / (1000 / CLOCK_RATE);
        self.base = self.base.max(base);
        self.base
    }

    /// Whether the only entry of a session's first frame can be its own. A stock client without a state sends on
    /// what it sees of others, with the clocks that it got from here: such a frame claims nothing.
    fn may_claim(&self, entry: &AwarenessEntry, user: &UserId) -> bool {
        if entry.is_null() || entry.client.is_server() {
            return false;
        }
        let state = self.states.get(&entry.client);
        let sent = state.map(|s| s.clock_out).or(self.left.get(&entry.client).map(|l| l.0));
        let relayed = sent.is_some_and(|sent| {
            (sent.saturating_sub(RELAY_CLOCKS)..=sent).contains(&u64::from(entry.clock))
        });
        !relayed && state.is_none_or(|state| state.user == *user)
    }

    fn claim(&mut self, session: SessionId, user: &UserId, client: ClientId) {
        self.own.retain(|_, id| *id != client);
        self.own.insert(session, client);
        if let Some(state) = self.states.get_mut(&client) {
            state.session = session;
            state.user = user.clone();
            state.clock_in = 0;
        }
    }

    fn take(&mut self, session: SessionId, user: &UserId, entry: &AwarenessEntry, now: Now) {
        let known = self.states.get(&entry.client).map_or(0, |s| s.clock_in);
        if entry.is_null() {
            if entry.clock >= known {
                self.remove(entry.client, now);
            }
            return;
        }
        if entry.clock <= known || entry.check().is_err() {
            return;
        }
        let left = self.left.remove(&entry.client).map_or(0, |(clock, _)| clock);
        let state = self.states.entry(entry.client).or_insert_with(|| State {
            session,
            user: user.clone(),
            json: Bytes::new(),
            clock_in: 0,
            clock_out: left,
            renewed: now.mono,
        });
        state.json = entry.state.clone();
        state.clock_in = entry.clock;
        state.renewed = now.mono;
        self.dirty.insert(entry.client);
        self.due.get_or_insert(self.pause.max(now.mono));
    }

    fn remove(&mut self, client: ClientId, now: Now) {
        if let Some(state) = self.states.remove(&client) {
            self.left.insert(client, (state.clock_out, state.session));
            self.dirty.insert(client);
            self.due = Some(now.mono);
        }
    }

    fn expire(&mut self, now: Now) {
        let silent: Vec<_> = self
            .states
            .iter()
            .filter(|(_, s)| s.renewed + AWARENESS_TIMEOUT <= now.mono)
            .map(|(client, _)| *client)
            .collect();
        for client in silent {
            self.remove(client, now);
        }
    }
}

impl Cursors {
    /// The frame for one receiver: its own entry is cut out; `None` when nothing else is left.
    pub fn frame_for(&self, receiver: SessionId) -> Option<Bytes> {
        let Some(own) = self.own.get(&receiver) else {
            return Some(frame::awareness(self.count, &[&self.entries]));
        };
        if self.count == 1 {
            return None;
        }
        let parts = (self.entries.get(..own.start), self.entries.get(own.end..));
        let (Some(before), Some(behind)) = parts else { return None };
        Some(frame::awareness(self.count - 1, &[before, behind]))
    }

    /// Bytes of all entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn next_clock(last: u64, base: u64) -> u64 {
    last.saturating_add(1).max(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::frame::{Message, awareness_entries, decode};

    const A: SessionId = SessionId(1);
    const B: SessionId = SessionId(2);
    const C: SessionId = SessionId(3);

    fn at(millis: u64) -> Now {
        let mono = Duration::from_millis(millis);
        Now { mono, unix: Duration::from_secs(CLOCK_EPOCH + 1_000_000) + mono }
    }

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    fn state(client: u64, clock: u32, json: &str) -> AwarenessEntry {
        let state = Bytes::copy_from_slice(json.as_bytes());
        AwarenessEntry { client: ClientId(client), clock, state }
    }

    fn read(frame: &Bytes) -> Vec<(u64, u32, String)> {
        let messages = decode(frame).unwrap();
        let [Message::Awareness(body)] = messages.as_slice() else { panic!("{messages:?}") };
        awareness_entries(body)
            .unwrap()
            .into_iter()
            .map(|e| (e.client.0, e.clock, String::from_utf8_lossy(&e.state).into()))
            .collect()
    }

    fn clients(frame: Option<Bytes>) -> Vec<(u64, String)> {
        let entries = frame.map(|frame| read(&frame)).unwrap_or_default();
        entries.into_iter().map(|(client, _, state)| (client, state)).collect()
    }

    #[test]
    fn w1_the_first_single_id_is_the_connections_own_and_foreign_ids_are_dropped() {
        let mut awareness = Awareness::default();
        awareness.receive(A, &user("ana"), &[state(1, 1, "{}"), state(2, 1, "{}")], at(0));
        assert!(awareness.is_empty(), "two ids tell nothing");
        awareness.receive(A, &user("ana"), &[state(1, 1, r#"{"a":1}"#)], at(0));
        awareness.receive(A, &user("ana"), &[state(9, 1, r#"{"b":1}"#)], at(0));
        assert_eq!(clients(awareness.all(B, at(0))), [(1, r#"{"a":1}"#.into())]);
    }

    #[test]
    fn w1_nobody_takes_over_the_id_of_another_user() {
        let mut awareness = Awareness::default();
        awareness.receive(A, &user("ana"), &[state(1, 1, r#"{"a":1}"#)], at(0));
        awareness.receive(B, &user("bob"), &[state(1, 9, r#"{"b":1}"#)], at(0));
        awareness.receive(B, &user("bob"), &[state(1, 10, "null")], at(0));
        assert_eq!(clients(awareness.all(C, at(0))), [(1, r#"{"a":1}"#.into())]);
    }

    #[test]
    fn w1_who_repeats_what_it_saw_of_others_does_not_become_them() {
        let mut awareness = Awareness::default();
        awareness.receive(A, &user("ana"), &[state(1, 1, r#"{"a":1}"#)], at(0));
        let seen = read(&awareness.tick(2, true, at(0)).unwrap().frame_for(B).unwrap())[0].1;
        awareness.receive(A, &user("ana"), &[state(1, 2, r#"{"a":2}"#)], at(50));
        awareness.tick(2, true, at(50));
        // Another tab of the same user, which has no state of its own.
        awareness.receive(B, &user("ana"), &[state(1, seen, r#"{"a":1}"#)], at(100));
        assert_eq!(clients(awareness.all(C, at(100))), [(1, r#"{"a":2}"#.into())]);
        awareness.leave(B, at(100));
        assert!(awareness.tick(1, true, at(100)).is_none(), "no end, and nothing new");

        awareness.leave(A, at(200));
        let left = read(&awareness.tick(1, true, at(200)).unwrap().frame_for(C).unwrap())[0].1;
        for (clock, json) in [(left, "null"), (seen, r#"{"a":1}"#)] {
            awareness.receive(C, &user("bob"), &[state(1, clock, json)], at(10_000));
        }
        awareness.receive(C, &user("bob"), &[state(3, 1, r#"{"c":1}"#)], at(10_000));
        assert_eq!(clients(awareness.all(A, at(10_000))), [(3, r#"{"c":1}"#.into())]);
    }

    #[test]
    fn w1_the_end_of_a_half_open_connection_does_not_remove_the_reconnected_client() {
        let mut awareness = Awareness::default();
        awareness.receive(A, &user("ana"), &[state(1, 5, r#"{"a":1}"#)], at(0));
        awareness.receive(B, &user("ana"), &[state(1, 2, r#"{"a":2}"#)], at(1));
        awareness.tick(2, true, at(1));
        awareness.leave(A, at(2));
        assert!(awareness.tick(1, true, at(2)).is_none());
        assert_eq!(clients(awareness.all(C, at(2))), [(1, r#"{"a":2}"#.into())]);
    }

    #[test]
    fn w2_a_burst_of_cursors_becomes_one_entry_with_the_last_one() {
        let mut awareness = Awareness::default();
        awareness.receive(A, &user("ana"), &[state(1, 1, r#"{"x":1}"#)], at(0));
        assert!(awareness.tick(2, false, at(0)).is_some(), "the first one does not wait");
        for n in 2..20 {
            awareness.receive(
                A,
                &user("ana"),
                &[state(1, n, &format!("{{\"x\":{n}}}"))],
                at(u64::from(n)),
            );
            assert!(awareness.tick(2, false, at(u64::from(n))).is_none());
        }
        assert_eq!(awareness.deadline(), Some(AWARENESS_TICK));
        let cursors = awareness.tick(2, false, at(40)).unwrap();
        assert_eq!(clients(cursors.frame_for(B)), [(1, r#"{"x":19}"#.into())]);
    }

    #[test]
    fn w2_a_receivers_own_entry_is_cut_out_wherever_it_stands() {
        let mut awareness = Awareness::default();
        for (session, client) in [(A, 1), (B, 2), (C, 3)] {
            awareness.receive(session, &user("ana"), &[state(client, 1, "{}")], at(0));
        }
        let cursors = awareness.tick(3, true, at(0)).unwrap();
        for (session, others) in [(A, [2, 3]), (B, [1, 3]), (C, [1, 2])] {
            let seen: Vec<_> = clients(cursors.frame_for(session)).iter().map(|c| c.0).collect();
            assert_eq!(seen, others);
        }
        assert_eq!(clients(cursors.frame_for(SessionId(9))).len(), 3);
    }

    #[test]
    fn w2_a_tick_with_nothing_but_the_receivers_own_entry_sends_it_nothing() {
        let mut awareness = Awareness::default();
        awareness.receive(A, &user("ana"), &[state(1, 1, "{}")], at(0));
        assert!(awareness.tick(1, true, at(0)).unwrap().frame_for(A).is_none());
    }

    #[test]
    fn w3_a_leaver_is_announced_at_once_and_a_silent_one_after_45_seconds() {
        let mut awareness = Awareness::default();
        awareness.receive(A, &user("ana"), &[state(1, 1, "{}")], at(0));
        awareness.receive(B, &user("bob"), &[state(2, 1, "{}")], at(0));
        awareness.tick(2, true, at(0));
        awareness.leave(A, at(10));
        let cursors = awareness.tick(1, false, at(10)).unwrap();
        assert_eq!(clients(cursors.frame_for(B)), [(1, "null".into())]);
        assert_eq!(awareness.deadline(), Some(AWARENESS_TIMEOUT));
        let cursors = awareness.tick(1, false, at(45_000)).unwrap();
        assert_eq!(clients(cursors.frame_for(C)), [(2, "null".into())]);
        assert!(awareness.is_empty());
    }

    #[test]
    fn w3_a_receiver_that_comes_back_sees_a_clock_above_all_it_saw_even_after_a_restart() {
        let mut awareness = Awareness::default();
        awareness.receive(A, &user("ana"), &[state(1, 1, "{}")], at(0));
        let first = read(&awareness.all(B, at(0)).unwrap())[0].1;
        let again = read(&awareness.all(B, at(1)).unwrap())[0].1;
        assert!(again > first);
        let mut restarted = Awareness::default();
        restarted.receive(A, &user("ana"), &[state(1, 1, "{}")], at(1000));
        let later = read(&restarted.all(B, at(1000)).unwrap())[0].1;
        assert!(later > again);
    }

    #[test]
    fn a_renewed_state_is_passed_on_and_a_stale_one_is_not() {
        let mut awareness = Awareness::default();
        awareness.receive(A, &user("ana"), &[state(1, 5, "{}")], at(0));
        awareness.tick(2, true, at(0));
        awareness.receive(A, &user("ana"), &[state(1, 5, "{}")], at(100));
        assert!(awareness.tick(2, true, at(100)).is_none());
        awareness.receive(A, &user("ana"), &[state(1, 6, "{}")], at(15_000));
        assert!(awareness.tick(2, true, at(15_000)).is_some());
    }
}
