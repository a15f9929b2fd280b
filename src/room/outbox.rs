//! What goes out to one session, in order: frames of its own at their place in the shared feed.
//!
//! PURE. Holds places and numbers, and only those frames that are for this session alone. Must not
//! know sockets or wake anybody.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::feed::{Feed, Reader};
use crate::id::SessionId;
use crate::limits::WRITE_BYTES;
use crate::protocol::close::CloseCode;
use crate::protocol::lib0::StateVector;

/// The outgoing side of one session.
#[derive(Debug, Default)]
pub struct Outbox {
    own: VecDeque<Own>,
    frames: usize,
    reader: Option<Reader>,
    behind: Option<Arc<StateVector>>,
    closed: Option<CloseCode>,
}

#[derive(Debug)]
enum Own {
    /// Frames to send behind this position of the feed.
    Frames(u64, Arc<[Bytes]>),
    /// The feed is read from here on.
    Attach(Reader),
}

/// What the writer does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// Send these messages, all in one write.
    Frames(Vec<Bytes>),
    /// Say good-bye and close.
    Close(CloseCode),
    /// Tell the room that the session has only reached this state (G3), then [`Outbox::told`].
    Behind(Arc<StateVector>),
}

impl Outbox {
    /// Frames for this session alone, behind what stands before `position` in the feed.
    pub fn send(&mut self, position: u64, frames: Arc<[Bytes]>) {
        self.frames += frames.len();
        self.own.push_back(Own::Frames(position, frames));
    }

    /// The feed is read from here on, by somebody who has reached this state.
    pub fn attach(&mut self, from: u64, reached: Arc<StateVector>) {
        self.own.push_back(Own::Attach(Reader::new(from, reached)));
    }

    /// The session ends once what stands here is sent.
    pub fn close(&mut self, code: CloseCode) {
        self.closed.get_or_insert(code);
    }

    /// The room knows that the session is behind.
    pub fn told(&mut self) {
        self.behind = None;
    }

    /// Frames of its own that wait.
    pub fn waiting(&self) -> usize {
        self.frames
    }

    /// Whether the session is to end.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// The next thing to do, `None` until something comes.
    pub fn pull(&mut self, session: SessionId, feed: &Feed) -> Option<Outgoing> {
        let mut frames = Vec::new();
        let mut bytes = 0;
        while bytes < WRITE_BYTES && self.behind.is_none() {
            let until = match self.own.front() {
                Some(Own::Frames(position, _)) => *position,
                Some(Own::Attach(_)) => 0,
                None => u64::MAX,
            };
            if let Some(reader) = &mut self.reader
                && reader.next() < until
            {
                let taken = feed.take(reader, session, until, WRITE_BYTES - bytes);
                if let Some(reached) = taken.behind {
                    self.reader = None;
                    self.behind = Some(reached);
                    break;
                }
                bytes += taken.frames.iter().map(Bytes::len).sum::<usize>();
                frames.extend(taken.frames);
                if bytes >= WRITE_BYTES {
                    break;
                }
            }
            match self.own.pop_front() {
                Some(Own::Frames(_, own)) => {
                    self.frames -= own.len();
                    bytes += own.iter().map(Bytes::len).sum::<usize>();
                    frames.extend(own.iter().cloned());
                }
                Some(Own::Attach(reader)) => self.reader = Some(reader),
                None => break,
            }
        }
        if !frames.is_empty() {
            return Some(Outgoing::Frames(frames));
        }
        if let Some(code) = self.closed {
            return Some(Outgoing::Close(code));
        }
        self.behind.clone().map(Outgoing::Behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::FEED_ENTRIES;
    use crate::room::feed::Entry;

    const ME: SessionId = SessionId(1);

    fn frame(n: u8) -> Bytes {
        Bytes::from(vec![n])
    }

    fn own(n: u8) -> Arc<[Bytes]> {
        [frame(n)].into()
    }

    fn none() -> Arc<StateVector> {
        Arc::default()
    }

    #[test]
    fn own_frames_keep_their_place_in_the_feed() {
        let (mut feed, mut outbox) = (Feed::default(), Outbox::default());
        outbox.attach(0, none());
        feed.push(Entry::Update(frame(1), None));
        outbox.send(feed.end(), own(2));
        feed.push(Entry::Update(frame(3), None));
        let out = outbox.pull(ME, &feed);
        assert_eq!(out, Some(Outgoing::Frames(vec![frame(1), frame(2), frame(3)])));
        assert_eq!(outbox.pull(ME, &feed), None);
    }

    #[test]
    fn nothing_of_the_feed_comes_before_the_joiners_state() {
        let (mut feed, mut outbox) = (Feed::default(), Outbox::default());
        feed.push(Entry::Update(frame(1), None));
        outbox.send(feed.end(), own(9));
        assert_eq!(outbox.pull(ME, &feed), Some(Outgoing::Frames(vec![frame(9)])));
        outbox.send(feed.end(), own(8));
        outbox.attach(1, none());
        feed.push(Entry::Update(frame(2), None));
        assert_eq!(outbox.pull(ME, &feed), Some(Outgoing::Frames(vec![frame(8), frame(2)])));
    }

    #[test]
    fn g3_a_reader_that_fell_out_waits_for_one_state_and_goes_on_behind_it() {
        let (mut feed, mut outbox) = (Feed::default(), Outbox::default());
        outbox.attach(0, none());
        for _ in 0..=FEED_ENTRIES {
            feed.push(Entry::Update(frame(1), None));
        }
        assert_eq!(outbox.pull(ME, &feed), Some(Outgoing::Behind(none())));
        outbox.told();
        assert_eq!(outbox.pull(ME, &feed), None);
        outbox.send(feed.end(), own(7));
        outbox.attach(feed.end(), none());
        feed.push(Entry::Update(frame(2), None));
        assert_eq!(outbox.pull(ME, &feed), Some(Outgoing::Frames(vec![frame(7), frame(2)])));
    }

    #[test]
    fn what_stands_here_goes_out_before_the_close() {
        let (feed, mut outbox) = (Feed::default(), Outbox::default());
        outbox.send(0, own(1));
        outbox.close(CloseCode::Restart);
        assert_eq!(outbox.pull(ME, &feed), Some(Outgoing::Frames(vec![frame(1)])));
        assert_eq!(outbox.pull(ME, &feed), Some(Outgoing::Close(CloseCode::Restart)));
    }
}
