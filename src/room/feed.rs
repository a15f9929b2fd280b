//! The shared feed of a room: each frame is made once and kept in one ring; sessions only hold a place in it.
//!
//! PURE. A reader that fell out of the ring is told so and gets one diff instead (G3): memory per
//! slow session is a number and a state vector. Must not know the document or a socket.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::awareness::Cursors;
use crate::id::SessionId;
use crate::limits::{FEED_BYTES, FEED_ENTRIES};
use crate::protocol::lib0::StateVector;

/// One thing that goes to every session.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A committed update, framed; sometimes with the state that everybody has reached by it.
    Update(Bytes, Option<Arc<StateVector>>),
    /// Awareness states; may be skipped.
    Cursors(Arc<Cursors>),
}

impl Entry {
    fn bytes(&self) -> usize {
        match self {
            Self::Update(frame, _) => frame.len(),
            Self::Cursors(cursors) => cursors.len(),
        }
    }
}

/// The ring.
#[derive(Debug, Default)]
pub struct Feed {
    entries: VecDeque<Entry>,
    /// The position of the oldest entry kept.
    start: u64,
    bytes: usize,
}

/// A session's place in the feed.
#[derive(Debug, Clone)]
pub struct Reader {
    next: u64,
    reached: Arc<StateVector>,
}

/// What a reader got.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Frames to send, in order.
    pub frames: Vec<Bytes>,
    /// The reader fell out of the ring: it needs a diff from this state.
    pub behind: Option<Arc<StateVector>>,
}

impl Feed {
    /// Appends an entry; the oldest make room.
    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        // The newest entry stays whatever its size: a big one alone must still reach those in step.
        while self.entries.len() > 1
            && (self.bytes > FEED_BYTES || self.entries.len() > FEED_ENTRIES)
        {
            if let Some(old) = self.entries.pop_front() {
                self.bytes -= old.bytes();
                self.start += 1;
            }
        }
    }

    /// The position behind the newest entry.
    pub fn end(&self) -> u64 {
        self.start + self.entries.len() as u64
    }

    /// Takes what `session` has not seen, up to position `until` and about `max_bytes`.
    pub fn take(
        &self,
        reader: &mut Reader,
        session: SessionId,
        until: u64,
        max_bytes: usize,
    ) -> Taken {
        if reader.next < self.start {
            return Taken { frames: Vec::new(), behind: Some(Arc::clone(&reader.reached)) };
        }
        let mut frames = Vec::new();
        let mut bytes = 0;
        let skip = usize::try_from(reader.next - self.start).unwrap_or(usize::MAX);
        for entry in self.entries.iter().skip(skip) {
            if reader.next >= until || bytes >= max_bytes {
                break;
            }
            reader.next += 1;
            let frame = match entry {
                Entry::Update(frame, mark) => {
                    if let Some(mark) = mark {
                        reader.reached = Arc::clone(mark);
                    }
                    Some(frame.clone())
                }
                Entry::Cursors(cursors) => cursors.frame_for(session),
            };
            if let Some(frame) = frame {
                bytes += frame.len();
                frames.push(frame);
            }
        }
        Taken { frames, behind: None }
    }
}

impl Reader {
    /// A reader that has everything before `next`, and at least the state `reached`.
    pub fn new(next: u64, reached: Arc<StateVector>) -> Self {
        Self { next, reached }
    }

    /// The position of the next entry that it wants.
    pub fn next(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ClientId;

    const ME: SessionId = SessionId(1);

    fn frame(n: u8) -> Bytes {
        Bytes::from(vec![n])
    }

    fn state(clock: u32) -> Arc<StateVector> {
        Arc::new(StateVector([(ClientId(1), clock)].into_iter().collect()))
    }

    #[test]
    fn g2_a_reader_gets_every_update_once_and_in_order() {
        let mut feed = Feed::default();
        let mut reader = Reader::new(0, state(0));
        feed.push(Entry::Update(frame(1), None));
        feed.push(Entry::Update(frame(2), None));
        let taken = feed.take(&mut reader, ME, feed.end(), usize::MAX);
        assert_eq!(taken.frames, [frame(1), frame(2)]);
        feed.push(Entry::Update(frame(3), None));
        let taken = feed.take(&mut reader, ME, feed.end(), usize::MAX);
        assert_eq!(taken.frames, [frame(3)]);
        assert_eq!(feed.take(&mut reader, ME, feed.end(), usize::MAX), Taken::default());
    }

    #[test]
    fn g3_slow_reader_is_sent_a_diff_from_its_last_mark_not_skipped() {
        let mut feed = Feed::default();
        let mut reader = Reader::new(0, state(0));
        feed.push(Entry::Update(frame(0), Some(state(1))));
        feed.take(&mut reader, ME, feed.end(), usize::MAX);
        for _ in 0..=FEED_ENTRIES {
            feed.push(Entry::Update(frame(1), Some(state(9))));
        }
        assert_eq!(feed.take(&mut reader, ME, feed.end(), usize::MAX).behind, Some(state(1)));
    }

    #[test]
    fn p9_the_ring_is_bounded_in_bytes_and_entries() {
        let mut feed = Feed::default();
        for _ in 0..3 {
            feed.push(Entry::Update(Bytes::from(vec![0; FEED_BYTES / 2]), None));
        }
        assert_eq!((feed.end(), feed.start, feed.bytes), (3, 1, FEED_BYTES));
        for _ in 0..FEED_ENTRIES * 2 {
            feed.push(Entry::Update(frame(1), None));
        }
        assert!(feed.entries.len() <= FEED_ENTRIES);
    }

    #[test]
    fn a_frame_larger_than_the_ring_still_reaches_those_in_step() {
        let mut feed = Feed::default();
        let mut reader = Reader::new(0, state(0));
        feed.push(Entry::Update(Bytes::from(vec![0; FEED_BYTES + 1]), None));
        assert_eq!(feed.take(&mut reader, ME, feed.end(), usize::MAX).frames.len(), 1);
    }
}
