//! One socket: a reader that feeds the room and a writer that empties the outbox, in one task.
//!
//! The reader waits while the room is behind or the client is too fast; the writer never makes the room wait.
//! Bytes are judged here for size and structure (ROOM S1); everything else is the room's.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error as WsError, Message as WsMessage};

use super::rights::Terms;
use super::{Admitted, Gate};
use crate::auth::{Keys, RoomGrant};
use crate::config;
use crate::limits;
use crate::protocol::close::CloseCode;
use crate::protocol::frame::{self, Message};
use crate::protocol::lint;
use crate::room::registry::{Inbox, Incoming, Left, Member, Outbox, Outgoing};

/// A server's WebSocket.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;
type Sink = SplitSink<Socket, WsMessage>;
type Stream = SplitStream<Socket>;

/// Answers of the reader that wait for the writer: tokens taken. More than a few at once is no honest client.
const REPLIES: usize = 4;
/// A write that waits this long was blocked, so its end shows that the client takes bytes.
const BLOCKED: Duration = Duration::from_millis(100);

/// Why a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// We say why.
    Close(CloseCode),
    /// The client said good-bye.
    Bye,
    /// The connection broke, or nobody answers at its end.
    Dead,
}

/// Runs an admitted socket until it ends; the member leaves the room with it. Tells `closing` the code that we
/// close it with, before the client can know.
pub(super) async fn serve(
    gate: &Gate,
    socket: Socket,
    admitted: Admitted,
    closing: impl FnOnce(CloseCode),
) {
    let Admitted { grant, rights, member: Member { inbox, mut outbox } } = admitted;
    let (mut sink, mut stream) = socket.split();
    let (terms, granted) = watch::channel(Terms { role: grant.role, expires: grant.expires });
    let (replies, replied) = mpsc::channel(REPLIES);
    let pulse = Pulse::new();
    let user = grant.user.clone();
    tracing::debug!(user.id = %user, role = ?grant.role, "joined");

    let reader = Reader {
        keys: &gate.keys,
        grant,
        inbox: &inbox,
        terms,
        replies: replies.clone(),
        pulse: &pulse,
        limiter: limiter(&gate.settings),
    };
    let end = tokio::select! {
        end = reader.run(&mut stream) => end,
        end = write(&mut sink, &mut outbox, replied, &pulse, &gate.settings) => end,
        () = token_end(granted.clone()) => End::Close(CloseCode::Token),
        code = rights.hold(granted, &inbox, replies) => End::Close(code),
        () = death(&pulse, gate.settings.dead_after) => End::Dead,
    };
    drop(inbox);
    tracing::debug!(user.id = %user, ?end, "left");
    match end {
        End::Close(code) => {
            closing(code);
            Box::pin(farewell(sink, stream, code)).await;
        }
        End::Bye => Box::pin(answer_bye(&mut stream)).await,
        End::Dead => {}
    }
}

/// Closes a socket that was never admitted.
pub(super) async fn refuse(socket: Socket, code: CloseCode) {
    let (sink, stream) = socket.split();
    farewell(sink, stream, code).await;
}

/// Sends our close frame and reads on until the client's: to drop the connection earlier would reset it, and
/// the client would never see the code.
async fn farewell(mut sink: Sink, mut stream: Stream, code: CloseCode) {
    let close = WsMessage::Close(Some(CloseFrame {
        code: code.number().into(),
        reason: code.reason().into(),
    }));
    let closing = async {
        let mut answered = sink.send(close).await.is_err();
        while let Some(Ok(message)) = stream.next().await {
            answered |= message.is_close();
        }
        answered
    };
    match timeout(limits::CLOSE_TIMEOUT, closing).await {
        Ok(true) => {}
        // The stream ended with a message that it could not read: what comes behind it are only bytes.
        Ok(false) => {
            if let Ok(mut socket) = sink.reunite(stream)
                && timeout(limits::LINGER_TIMEOUT, linger(socket.get_mut())).await.is_err()
            {
                tracing::debug!("the client did not stop sending");
            }
        }
        Err(_) => tracing::debug!("the client did not answer the close frame"),
    }
}

/// Reads on until the client pauses, or for long enough.
async fn linger(io: &mut TokioIo<Upgraded>) {
    let mut rest = vec![0; limits::SOCKET_FRAGMENT];
    let mut read = 0;
    while let Ok(Ok(more @ 1..)) = timeout(limits::LINGER_PAUSE, io.read(&mut rest)).await {
        read += more;
        if read > limits::LINGER_BYTES {
            break;
        }
    }
}

/// The close frame that answers the client's is written while reading on.
async fn answer_bye(stream: &mut Stream) {
    let closing = async { while let Some(Ok(_)) = stream.next().await {} };
    if timeout(limits::CLOSE_TIMEOUT, closing).await.is_err() {
        tracing::debug!("the client did not close its end");
    }
}

/// Waits until the newest token of the socket has ended.
async fn token_end(mut ends: watch::Receiver<Terms>) {
    loop {
        let end = ends.borrow_and_update().expires;
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(left) => return,
            changed = ends.changed() => {
                if changed.is_err() {
                    // The reader has ended, and with it the socket: somebody else says so.
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// Waits until the client has given no sign for so long that it counts as dead. Its timer moves only when it
/// fires: a busy socket pays nothing for it.
async fn death(pulse: &Pulse, after: Duration) {
    loop {
        let deadline = pulse.deadline(after);
        if deadline <= Instant::now() {
            return;
        }
        sleep_until(deadline).await;
    }
}

fn limiter(settings: &config::Socket) -> Option<DefaultDirectRateLimiter> {
    let sustained = std::num::NonZeroU32::new(settings.frames_per_second)?;
    let burst = std::num::NonZeroU32::new(settings.frames_burst)?;
    Some(RateLimiter::direct(Quota::per_second(sustained).allow_burst(burst)))
}

/// When the client was last heard, and when it last took bytes that had to wait: milliseconds since the start.
#[derive(Debug)]
struct Pulse {
    start: Instant,
    heard: AtomicU64,
    took: AtomicU64,
}

impl Pulse {
    fn new() -> Self {
        Self { start: Instant::now(), heard: AtomicU64::new(0), took: AtomicU64::new(0) }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn hear(&self) {
        self.heard.store(self.now(), Ordering::Relaxed);
    }

    fn take(&self) {
        self.took.store(self.now(), Ordering::Relaxed);
    }

    /// How long nothing was heard.
    fn silence(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.heard.load(Ordering::Relaxed)))
    }

    /// When the client counts as dead, unless it gives a sign before.
    fn deadline(&self, after: Duration) -> Instant {
        let last = self.heard.load(Ordering::Relaxed).max(self.took.load(Ordering::Relaxed));
        self.start + Duration::from_millis(last) + after
    }
}

/// From the socket to the room.
struct Reader<'a> {
    keys: &'a Keys,
    grant: RoomGrant,
    inbox: &'a Inbox,
    terms: watch::Sender<Terms>,
    replies: mpsc::Sender<Bytes>,
    pulse: &'a Pulse,
    limiter: Option<DefaultDirectRateLimiter>,
}

impl Reader<'_> {
    async fn run(mut self, stream: &mut Stream) -> End {
        while let Some(next) = stream.next().await {
            let message = match next {
                Ok(message) => message,
                Err(WsError::Capacity(_)) => return End::Close(CloseCode::TooBig),
                Err(WsError::Protocol(_) | WsError::Utf8(_)) => {
                    return End::Close(CloseCode::Malformed);
                }
                Err(_) => return End::Dead,
            };
            self.pulse.hear();
            self.slow_down().await;
            match message {
                WsMessage::Binary(bytes) => {
                    if let Err(end) = self.take(&bytes).await {
                        return end;
                    }
                    // Waiting for the room is not the client's silence.
                    self.pulse.hear();
                }
                WsMessage::Close(_) => return End::Bye,
                // The dialect is binary; a text says nothing to us and harms nobody.
                WsMessage::Text(_)
                | WsMessage::Ping(_)
                | WsMessage::Pong(_)
                | WsMessage::Frame(_) => {}
            }
        }
        End::Dead
    }

    async fn slow_down(&self) {
        let Some(limiter) = &self.limiter else { return };
        while let Err(not_yet) = limiter.check() {
            tokio::time::sleep(not_yet.wait_time_from(DefaultClock::default().now())).await;
        }
    }

    /// One frame: all its messages, or the reason to close.
    async fn take(&mut self, bytes: &Bytes) -> Result<(), End> {
        let malformed = |error: &dyn std::fmt::Display| {
            tracing::info!(user.id = %self.grant.user, %error, "malformed frame");
            End::Close(CloseCode::Malformed)
        };
        let messages = frame::decode(bytes).map_err(|error| malformed(&error))?;
        for message in messages {
            let answer = matches!(message, Message::Step2(_));
            let incoming = match message {
                Message::Step2(update) | Message::Update(update) => {
                    let outline = lint::outline(&update).map_err(|error| {
                        tracing::info!(user.id = %self.grant.user, %error, "malformed update");
                        End::Close(CloseCode::Malformed)
                    })?;
                    Incoming::Update { answer, update, outline }
                }
                Message::Token(token) => {
                    self.refresh(&token)?;
                    continue;
                }
                Message::Unknown(kind) => {
                    tracing::debug!(kind, "unknown message type ignored");
                    continue;
                }
                other => Incoming::Message(other),
            };
            if let Err(Left) = self.inbox.send(incoming).await {
                // The outbox says why; the writer is about to read it.
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }

    /// A fresh token for this socket: the same user and diagram, another end and maybe another role.
    fn refresh(&mut self, token: &str) -> Result<(), End> {
        let fresh = self.keys.room(token).map_err(|error| {
            tracing::info!(user.id = %self.grant.user, %error, "a fresh token was refused");
            End::Close(CloseCode::Token)
        })?;
        let same = (&fresh.org, &fresh.diagram, &fresh.user)
            == (&self.grant.org, &self.grant.diagram, &self.grant.user);
        if !same {
            return Err(End::Close(CloseCode::Forbidden));
        }
        // Another invitation: whom this socket's right hangs on is settled as it joins.
        if fresh.by != self.grant.by {
            return Err(End::Close(CloseCode::Token));
        }
        let shown = OffsetDateTime::from(fresh.expires).format(&Rfc3339).unwrap_or_default();
        if self.replies.try_send(frame::token_taken(&shown)).is_err() {
            return Err(End::Close(CloseCode::Malformed));
        }
        self.terms.send_replace(Terms { role: fresh.role, expires: fresh.expires });
        self.grant = fresh;
        Ok(())
    }
}

/// From the room to the socket: all that is there, then one flush. Also keeps quiet clients and proxies content.
async fn write(
    sink: &mut Sink,
    outbox: &mut Outbox,
    mut replies: mpsc::Receiver<Bytes>,
    pulse: &Pulse,
    settings: &config::Socket,
) -> End {
    let mut clock = Silence::new(settings.ping_after);
    // One timer, moved only when it fires: on a busy socket it costs nothing.
    let mut tick = pin!(sleep_until(clock.next()));
    loop {
        let frames = tokio::select! {
            biased;
            Some(reply) = replies.recv() => vec![reply],
            out = outbox.next() => match out {
                Outgoing::Frames(frames) => frames,
                Outgoing::Close(code) => return End::Close(code),
            },
            () = tick.as_mut() => {
                let due = clock.due(Instant::now(), pulse);
                tick.as_mut().reset(clock.next());
                if due.ping && sink.send(WsMessage::Ping(Bytes::new())).await.is_err() {
                    return End::Dead;
                }
                if !due.keepalive {
                    continue;
                }
                vec![frame::KEEPALIVE]
            }
        };
        for frame in frames {
            if feed(sink, frame, pulse).await.is_err() {
                return End::Dead;
            }
        }
        if timed(sink.flush(), pulse).await.is_err() {
            return End::Dead;
        }
        clock.wrote = Instant::now();
    }
}

/// When to break the silence: a keepalive frame when we were silent, a ping when the client was.
#[derive(Debug)]
struct Silence {
    wrote: Instant,
    pinged: Instant,
    ping_after: Duration,
}

/// What has to be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Due {
    keepalive: bool,
    ping: bool,
}

impl Silence {
    fn new(ping_after: Duration) -> Self {
        let now = Instant::now();
        Self { wrote: now, pinged: now, ping_after }
    }

    fn due(&mut self, now: Instant, pulse: &Pulse) -> Due {
        let keepalive = now - self.wrote >= limits::KEEPALIVE_AFTER;
        let checked = now - self.pinged >= self.ping_after;
        if checked {
            self.pinged = now;
        }
        if keepalive {
            self.wrote = now;
        }
        Due { keepalive, ping: checked && pulse.silence() >= self.ping_after }
    }

    fn next(&self) -> Instant {
        (self.wrote + limits::KEEPALIVE_AFTER).min(self.pinged + self.ping_after)
    }
}

/// Queues one message, a big one as fragments: tungstenite copies a frame whole, fragments it copies one by one.
async fn feed(sink: &mut Sink, mut message: Bytes, pulse: &Pulse) -> Result<(), WsError> {
    if message.len() <= limits::SOCKET_FRAGMENT {
        return timed(sink.feed(WsMessage::Binary(message)), pulse).await;
    }
    let mut kind = Data::Binary;
    while !message.is_empty() {
        let part = message.split_to(message.len().min(limits::SOCKET_FRAGMENT));
        let frame = Frame::message(part, OpCode::Data(kind), message.is_empty());
        timed(sink.feed(WsMessage::Frame(frame)), pulse).await?;
        kind = Data::Continue;
    }
    Ok(())
}

/// Notes that the client took bytes when the write had to wait for it.
async fn timed<T>(work: impl Future<Output = T>, pulse: &Pulse) -> T {
    let begun = Instant::now();
    let done = work.await;
    if begun.elapsed() >= BLOCKED {
        pulse.take();
    }
    done
}
