//! A session's two ends for its socket: the inbox into the room and the outbox out of it.
//!
//! Shell. The outbox merges what is sent to the session alone with what everybody gets from the
//! shared feed, in order, and tells the room when it fell behind (G3). Must not know WebSockets.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};

use super::core::Input;
use super::feed::{Entry, Feed};
use super::outbox;
use super::registry::Lease;
use super::session::{Incoming, Role};
use super::task::{From, Mail};
use super::watch::Place;
use crate::id::SessionId;
use crate::limits::DIRECT_FRAMES;
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
    /// Given back behind the lease: who hears of it finds the session gone.
    _place: Option<Place>,
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
        (lease, place): (Lease, Option<Place>),
    ) -> (Self, Arc<Channel>) {
        let channel = Arc::new(Channel::default());
        let inbox = Inbox {
            session,
            channel: Arc::clone(&channel),
            mailbox: mailbox.clone(),
            lease: Some(lease),
            _place: place,
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

    /// Tells the room what the session may do from now on. Does not wait for its socket, which may not read.
    ///
    /// # Errors
    /// When the room has ended.
    pub async fn set_role(&self, role: Role) -> Result<(), Left> {
        let input = Input::From { session: self.session, incoming: Incoming::Role(role) };
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
                Some(outbox::Outgoing::Frames(frames)) => return Outgoing::Frames(frames),
                Some(outbox::Outgoing::Close(code)) => return Outgoing::Close(code),
                Some(outbox::Outgoing::Behind(reached)) => {
                    let incoming = Incoming::Behind(reached);
                    let input = Input::From { session: self.session, incoming };
                    // Told only once it is in the mailbox: this future may be dropped before.
                    if let Ok(place) = self.mailbox.reserve().await {
                        place.send(Mail { input, from: From::Nobody });
                    }
                    self.channel.outbox.lock().told();
                    continue;
                }
                None => {}
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

/// A session's outbox, shared by the room's task and the socket's writer.
#[derive(Debug, Default)]
pub(super) struct Channel {
    outbox: Mutex<outbox::Outbox>,
    wake: Notify,
    drained: Notify,
}

impl Channel {
    pub(super) fn send(&self, position: u64, frames: Arc<[Bytes]>) {
        self.outbox.lock().send(position, frames);
        self.wake.notify_one();
    }

    pub(super) fn attach(&self, from: u64, reached: Arc<StateVector>) {
        self.outbox.lock().attach(from, reached);
        self.wake.notify_one();
    }

    pub(super) fn close(&self, code: CloseCode) {
        self.outbox.lock().close(code);
        self.wake.notify_one();
        self.drained.notify_one();
    }

    async fn has_room(&self) -> Result<(), Left> {
        loop {
            let drained = self.drained.notified();
            {
                let outbox = self.outbox.lock();
                if outbox.is_closed() {
                    return Err(Left);
                }
                if outbox.waiting() < DIRECT_FRAMES {
                    return Ok(());
                }
            }
            drained.await;
        }
    }

    fn pull(&self, session: SessionId, feed: &SharedFeed) -> Option<outbox::Outgoing> {
        let out = self.outbox.lock().pull(session, &feed.feed.lock());
        self.drained.notify_one();
        out
    }
}
