//! One editor: edits its own key at a steady rate, and checks that it gets everything that the others do.
//!
//! It writes the update that Yjs makes for `map.set(key, value)` on an existing key, without keeping a
//! document: a thousand of them must cost less than the server that they load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use atelier::id::ClientId;
use atelier::protocol::frame::{self, Message};
use atelier::protocol::lib0::{StateVector, Writer};
use atelier::protocol::lint;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::Failure;
use crate::server::Place;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The client id of the first bot.
const FIRST_CLIENT: u64 = 1_000;
/// Time that stragglers get after the last edit.
const PATIENCE: Duration = Duration::from_secs(10);
/// The count of a bot that still edits.
const EDITING: u32 = u32::MAX;
/// An edit in so many is followed by a barrier.
const BARRIER_EVERY: u32 = 4;

/// What every editor does.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Edits per second.
    pub edits: f64,
    /// Cursor moves per second.
    pub cursors: f64,
    /// For how long.
    pub time: Duration,
}

/// When each edit of each bot was sent, and how many there are.
#[derive(Debug)]
pub struct Sent {
    epoch: Instant,
    at_us: Vec<Vec<AtomicU64>>,
    counts: Vec<AtomicU32>,
}

impl Sent {
    /// Room for all edits of all bots.
    pub fn new(bots: usize, plan: &Plan) -> Self {
        let edits = (plan.edits * plan.time.as_secs_f64()) as usize + 16;
        let times = || (0..edits).map(|_| AtomicU64::new(0)).collect();
        Self {
            epoch: Instant::now(),
            at_us: (0..bots).map(|_| times()).collect(),
            counts: (0..bots).map(|_| AtomicU32::new(EDITING)).collect(),
        }
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// What bots saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Edits sent.
    pub edits: u64,
    /// Edits of others that arrived.
    pub deliveries: u64,
    /// Edits of others that never arrived.
    pub lost: u64,
    /// Cursors of others that arrived.
    pub cursors: u64,
    /// Times from an edit to its arrival, microseconds.
    pub delivery_us: Vec<u32>,
    /// Times from a barrier to its return, microseconds.
    pub ack_us: Vec<u32>,
}

impl Seen {
    /// Adds another bot's.
    pub fn add(&mut self, other: Self) {
        self.edits += other.edits;
        self.deliveries += other.deliveries;
        self.lost += other.lost;
        self.cursors += other.cursors;
        self.delivery_us.extend(other.delivery_us);
        self.ack_us.extend(other.ack_us);
    }
}

/// One editor, joined.
pub struct Bot {
    index: usize,
    /// Bots of the same room.
    room: std::ops::Range<usize>,
    sink: SplitSink<Socket, WsMessage>,
    stream: SplitStream<Socket>,
    sent: Arc<Sent>,
    edits: u32,
    awareness: u64,
    /// The clock reached by each bot of the room, as seen here.
    reached: Vec<u32>,
    seen: Seen,
}

impl Bot {
    /// Connects, and waits for the diagram.
    pub async fn join(
        index: usize,
        editors: usize,
        place: &Place,
        sent: Arc<Sent>,
    ) -> Result<Self, Failure> {
        let (socket, _) = tokio_tungstenite::connect_async(&place.url).await?;
        let (sink, stream) = socket.split();
        let first = index / editors * editors;
        let mut bot = Self {
            index,
            room: first..first + editors,
            sink,
            stream,
            sent,
            edits: 0,
            awareness: 0,
            reached: vec![0; editors],
            seen: Seen::default(),
        };
        bot.send(frame::step1(&StateVector::default())).await?;
        bot.move_cursor().await?;
        loop {
            let message = bot.stream.next().await.ok_or("closed while joining")??;
            let synced = message.into_data().starts_with(&[0, 1]);
            if synced {
                // Our whole state: nothing.
                bot.send(frame::step2(&[0, 0])).await?;
                return Ok(bot);
            }
        }
    }

    /// Edits for the planned time, then waits until everything of the room has arrived.
    pub async fn edit(mut self, plan: Plan) -> Result<Seen, Failure> {
        let offset = Duration::from_micros(self.index as u64 * 7_919 % 500_000);
        let mut edits = every(plan.edits, offset);
        let mut cursors = every(plan.cursors, offset / 2);
        let end = tokio::time::Instant::now() + plan.time;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end) => break,
                _ = edits.tick() => self.make_edit().await?,
                _ = cursors.tick(), if plan.cursors > 0.0 => self.move_cursor().await?,
                message = self.stream.next() => self.take(message.ok_or("closed")??)?,
            }
        }
        self.sent.counts[self.index].store(self.edits, Ordering::SeqCst);
        // Everybody is at the end of the plan now, give or take the scheduler.
        let patience = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < patience && self.missing() > 0 {
            let message = tokio::time::timeout_at(patience, self.stream.next()).await;
            if let Ok(message) = message {
                self.take(message.ok_or("closed")??)?;
            }
        }
        self.seen.edits = u64::from(self.edits);
        self.seen.lost = self.missing();
        Ok(self.seen)
    }

    async fn make_edit(&mut self) -> Result<(), Failure> {
        let clock = self.edits;
        let Some(slot) = self.sent.at_us[self.index].get(clock as usize) else { return Ok(()) };
        let now = self.sent.now_us();
        slot.store(now, Ordering::SeqCst);
        self.edits += 1;
        let update = set_key(FIRST_CLIENT + self.index as u64, clock);
        self.sink.feed(WsMessage::Binary(frame::update(&update))).await?;
        if clock.is_multiple_of(BARRIER_EVERY) {
            self.sink.feed(WsMessage::Binary(frame::barrier(&now.to_be_bytes()))).await?;
        }
        self.sink.flush().await?;
        Ok(())
    }

    async fn move_cursor(&mut self) -> Result<(), Failure> {
        self.awareness += 1;
        let state = format!(
            "{{\"user\":{{\"name\":\"Bot {}\"}},\"cursor\":{{\"x\":{},\"y\":40}}}}",
            self.index, self.awareness
        );
        let client = ClientId(FIRST_CLIENT + self.index as u64);
        let mut entry = Vec::new();
        frame::write_awareness_entry(&mut entry, client, self.awareness, state.as_bytes());
        self.send(frame::awareness(1, &[&entry])).await
    }

    async fn send(&mut self, frame: Bytes) -> Result<(), Failure> {
        Ok(self.sink.send(WsMessage::Binary(frame)).await?)
    }

    fn take(&mut self, message: WsMessage) -> Result<(), Failure> {
        let WsMessage::Binary(frame) = message else {
            if let WsMessage::Close(why) = message {
                return Err(format!("closed by the server: {why:?}").into());
            }
            return Ok(());
        };
        let now = self.sent.now_us();
        for message in frame::decode(&frame).map_err(|e| e.to_string())? {
            match message {
                Message::Update(update) | Message::Step2(update) => self.arrived(&update, now)?,
                Message::Awareness(body) => {
                    let entries = frame::awareness_entries(&body).map_err(|e| e.to_string())?;
                    self.seen.cursors += entries.len() as u64;
                }
                Message::Barrier(opaque) => {
                    let asked = opaque[..].try_into().map(u64::from_be_bytes).unwrap_or(now);
                    self.seen.ack_us.push(micros(now - asked));
                }
                Message::Step1(_)
                | Message::QueryAwareness
                | Message::Token(_)
                | Message::Unknown(_) => {}
            }
        }
        Ok(())
    }

    fn arrived(&mut self, update: &Bytes, now: u64) -> Result<(), Failure> {
        let outline = lint::outline_trusted(update).map_err(|e| e.to_string())?;
        for (client, _, end) in outline.writers() {
            let Some(bot) = client.0.checked_sub(FIRST_CLIENT).map(|at| at as usize) else {
                continue;
            };
            if !self.room.contains(&bot) || bot == self.index {
                continue;
            }
            let reached = &mut self.reached[bot - self.room.start];
            for clock in *reached..end {
                let sent = self.sent.at_us[bot][clock as usize].load(Ordering::SeqCst);
                self.seen.delivery_us.push(micros(now.saturating_sub(sent)));
                self.seen.deliveries += 1;
            }
            *reached = end.max(*reached);
        }
        Ok(())
    }

    /// Edits of the others that have not arrived; at least one of each that still edits.
    fn missing(&self) -> u64 {
        let others = self.room.clone().filter(|bot| *bot != self.index);
        others
            .map(|bot| {
                let count = self.sent.counts[bot].load(Ordering::SeqCst);
                let reached = self.reached[bot - self.room.start];
                if count == EDITING { 1 } else { u64::from(count.saturating_sub(reached)) }
            })
            .sum()
    }
}

/// The update of `root.set("bot <client>", "…")`: the first time a new entry, then one that replaces the last.
fn set_key(client: u64, clock: u32) -> Vec<u8> {
    let mut out = Writer::with_capacity(96);
    for header in [1, 1, client, u64::from(clock)] {
        out.var_uint(header);
    }
    if clock == 0 {
        // A value (8) under a key (0x20) of a root type (1).
        out.u8(0x28);
        out.var_uint(1);
        out.string("bench");
        out.string(&format!("bot {client}"));
    } else {
        // A value (8) behind its predecessor (0x80).
        out.u8(0x88);
        out.var_uint(client);
        out.var_uint(u64::from(clock) - 1);
    }
    // One value, a string (119).
    out.var_uint(1);
    out.u8(119);
    out.string(&format!("{{\"x\":{},\"y\":200,\"w\":100,\"h\":80}}", 100 + clock));
    if clock == 0 {
        out.var_uint(0);
    } else {
        for deletion in [1, client, 1, u64::from(clock) - 1, 1] {
            out.var_uint(deletion);
        }
    }
    out.finish()
}

fn every(per_second: f64, offset: Duration) -> tokio::time::Interval {
    let period = Duration::from_secs_f64(1.0 / per_second.max(0.001));
    let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + offset, period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    interval
}

fn micros(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
