//! A session's two ends for its socket: the inbox into the room and the outbox out of it.
//!
//! Shell. The outbox merges what is sent to the session alone with what everybody gets from the
//! shared feed, in order, and tells the room when it fell behind (G3). Must not know WebSockets.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};

use super::core::Input;
use super::feed::{Entry, Feed, Reader};
use super::registry::Lease;
use super::session::Incoming;
use super::task::{From, Mail};
use crate::id::SessionId;
use crate::limits::{DIRECT_FRAMES, WRITE_BYTES};
use crate::protocol::close::CloseCode;
use crate::protocol::lib0::StateVector;

/// One connected session.
#[derive(Debug)]
pub struct Member {
    /// To the room.
    pub inbox: Inbox,
    /// From the room.
    pub outbox: Outbox,
}

/// The way into a room for one session. Dropping it leaves the room.
#[derive(Debug)]
pub struct Inbox {
    session: SessionId,
    channel: Arc<Channel>,
    mailbox: mpsc::Sender<Mail>,
    lease: Option<Lease>,
}

/// The room closed this session: the outbox says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left;

/// What goes out to one session, in order.
#[derive(Debug)]
pub struct Outbox {
    session: SessionId,
    channel: Arc<Channel>,
    feed: Arc<SharedFeed>,
    grown: watch::Receiver<()>,
    mailbox: mpsc::Sender<Mail>,
}

/// What the writer does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// Send these messages, all in one write.
    Frames(Vec<Bytes>),
    /// Say good-bye and close.
    Close(CloseCode),
}

impl Member {
    pub(super) fn new(
        session: SessionId,
        mailbox: &mpsc::Sender<Mail>,
        feed: &Arc<SharedFeed>,
        lease: Lease,
    ) -> (Self, Arc<Channel>) {
        let channel = Arc::new(Channel::default());
        let inbox = Inbox {
            session,
            channel: Arc::clone(&channel),
            mailbox: mailbox.clone(),
            lease: Some(lease),
        };
        let outbox = Outbox {
            session,
            channel: Arc::clone(&channel),
            feed: Arc::clone(feed),
            grown: feed.grown.subscribe(),
            mailbox: mailbox.clone(),
        };
        (Self { inbox, outbox }, channel)
    }
}

impl Inbox {
    /// Passes a message on; waits while the room is behind, or while the socket takes nothing of what
    /// is already there for it (back-pressure on this socket alone).
    ///
    /// # Errors
    /// When the room has closed the session.
    pub async fn send(&self, incoming: Incoming) -> Result<(), Left> {
        self.channel.has_room().await?;
        let input = Input::From { session: self.session, incoming };
        self.mailbox.send(Mail { input, from: From::Nobody }).await.map_err(|_| Left)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        // Behind everything that this session has sent: an edit right before the end counts.
        let mail = Mail { input: Input::Leave { session: self.session }, from: From::Nobody };
        let lease = self.lease.take();
        if let Err(mpsc::error::TrySendError::Full(mail)) = self.mailbox.try_send(mail) {
            let mailbox = self.mailbox.clone();
            tokio::spawn(async move {
                // A room that ended meanwhile has forgotten the session anyway.
                drop(mailbox.send(mail).await);
                drop(lease);
            });
        }
    }
}

impl Outbox {
    /// Waits for the next thing to send. Cancel-safe.
    pub async fn next(&mut self) -> Outgoing {
        loop {
            self.grown.mark_unchanged();
            let woken = self.channel.wake.notified();
            match self.channel.pull(self.session, &self.feed) {
                Pulled::Out(out) => return out,
                Pulled::Behind(reached) => {
                    let incoming = Incoming::Behind(reached);
                    let input = Input::From { session: self.session, incoming };
                    if let Ok(place) = self.mailbox.reserve().await {
                        place.send(Mail { input, from: From::Nobody });
                    }
                    self.channel.state.lock().behind = None;
                    continue;
                }
                Pulled::Nothing => {}
            }
            tokio::select! {
                () = woken => {}
                // The feed outlives its outboxes: an error would mean that the room is gone, and that comes as a close.
                _ = self.grown.changed() => {}
            }
        }
    }
}

/// The room's feed, shared by its outboxes.
#[derive(Debug)]
pub(super) struct SharedFeed {
    feed: Mutex<Feed>,
    grown: watch::Sender<()>,
}

impl SharedFeed {
    pub(super) fn new() -> Self {
        Self { feed: Mutex::default(), grown: watch::Sender::new(()) }
    }

    pub(super) fn push(&self, entry: Entry) {
        self.feed.lock().push(entry);
    }

    pub(super) fn end(&self) -> u64 {
        self.feed.lock().end()
    }

    pub(super) fn wake(&self) {
        self.grown.send_replace(());
    }
}

/// What is on its way to one session alone.
#[derive(Debug, Default)]
pub(super) struct Channel {
    state: Mutex<ChannelState>,
    wake: Notify,
    drained: Notify,
}

#[derive(Debug, Default)]
struct ChannelState {
    direct: VecDeque<Direct>,
    frames: usize,
    reader: Option<Reader>,
    behind: Option<Arc<StateVector>>,
    closed: Option<CloseCode>,
}

#[derive(Debug)]
enum Direct {
    /// Frames to send behind this position of the feed.
    Frames(u64, Arc<[Bytes]>),
    /// The feed is read from here on.
    Attach(Reader),
}

enum Pulled {
    Out(Outgoing),
    Behind(Arc<StateVector>),
    Nothing,
}

impl Channel {
    pub(super) fn direct(&self, behind: u64, frames: Arc<[Bytes]>) {
        let mut state = self.state.lock();
        state.frames += frames.len();
        state.direct.push_back(Direct::Frames(behind, frames));
        drop(state);
        self.wake.notify_one();
    }

    pub(super) fn attach(&self, from: u64, reached: Arc<StateVector>) {
        self.state.lock().direct.push_back(Direct::Attach(Reader::new(from, reached)));
        self.wake.notify_one();
    }

    pub(super) fn close(&self, code: CloseCode) {
        self.state.lock().closed.get_or_insert(code);
        self.wake.notify_one();
        self.drained.notify_one();
    }

    async fn has_room(&self) -> Result<(), Left> {
        loop {
            let drained = self.drained.notified();
            {
                let state = self.state.lock();
                if state.closed.is_some() {
                    return Err(Left);
                }
                if state.frames < DIRECT_FRAMES {
                    return Ok(());
                }
            }
            drained.await;
        }
    }

    /// The next bytes for the socket: its own frames at their place in the feed.
    fn pull(&self, session: SessionId, feed: &SharedFeed) -> Pulled {
        let mut state = self.state.lock();
        let state = &mut *state;
        let mut frames = Vec::new();
        let mut bytes = 0;
        while bytes < WRITE_BYTES && state.behind.is_none() {
            let until = match state.direct.front() {
                Some(Direct::Frames(behind, _)) => *behind,
                Some(Direct::Attach(_)) => 0,
                None => u64::MAX,
            };
            if let Some(reader) = &mut state.reader
                && reader.next() < until
            {
                let taken = feed.feed.lock().take(reader, session, until, WRITE_BYTES - bytes);
                if let Some(reached) = taken.behind {
                    state.reader = None;
                    state.behind = Some(reached);
                    break;
                }
                bytes += taken.frames.iter().map(Bytes::len).sum::<usize>();
                frames.extend(taken.frames);
                if bytes >= WRITE_BYTES {
                    break;
                }
            }
            match state.direct.pop_front() {
                Some(Direct::Frames(_, own)) => {
                    state.frames -= own.len();
                    bytes += own.iter().map(Bytes::len).sum::<usize>();
                    frames.extend(own.iter().cloned());
                }
                Some(Direct::Attach(reader)) => state.reader = Some(reader),
                None => break,
            }
        }
        self.drained.notify_one();
        if !frames.is_empty() {
            return Pulled::Out(Outgoing::Frames(frames));
        }
        match (&state.behind, state.closed) {
            (_, Some(code)) => Pulled::Out(Outgoing::Close(code)),
            (Some(reached), None) => Pulled::Behind(Arc::clone(reached)),
            (None, None) => Pulled::Nothing,
        }
    }
}
