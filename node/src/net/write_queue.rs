//! The queue of frames to be written to one connection, and the way the connection is to end.
//!
//! Every turn of the core may fill it. The connection's own task empties it, and is woken for that.
//! Each kind of frame has its bound:
//!
//! - messages to a neighbour: the core bounds them;
//! - answers to a client: no further request is read while many bytes are queued;
//! - frames to a client that it did not just ask for: a client that does not read them is dropped;
//! - answers to a neighbour: a neighbour that does not read them is dropped.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// The most bytes that may be queued for one client that it did not just ask for. Chosen: eight of the
/// longest frames (`Limits::frame`).
const UNASKED_MAX: usize = 8 << 20;
/// The most bytes of answers that may be queued for one neighbour. A node that knows no ranges asks for
/// sixteen values at a time, each of at most 1 MiB; this is twice as much.
const ANSWERS_MAX: usize = 32 << 20;
/// The number of queued bytes above which no further request is read from a client. So the sending of a
/// client that asks faster than it reads is held up before it is dropped. Chosen: one of the longest frames.
const CLIENT_PAUSE: usize = 1 << 20;
/// The bytes of one flush, unless one frame is longer: how far a slow reader must come in the time that
/// it is given. Chosen: a link of 56 kbit/s carries it in that time (10 s).
const BATCH: usize = 64 << 10;

/// The least bytes that a frame counts as: its cost beside its text. Otherwise frames of one byte would take
/// two hundred times as much memory as is counted. Chosen: a power of two above that cost.
const FRAME_MIN: usize = 256;

/// One frame to write.
pub(super) struct Outgoing {
    pub(super) text: Utf8Bytes,
    /// The weight that the core counts: only messages between neighbours have one.
    pub(super) weight: usize,
    /// The length in bytes if the statistics of writes include the frame, else 0.
    pub(super) counted: u64,
    /// True if the frame answers what this very connection just sent.
    pub(super) asked: bool,
}

impl Outgoing {
    /// Returns the memory that the frame counts as, in bytes.
    fn cost(&self) -> usize {
        self.text.len().max(FRAME_MIN)
    }
}

/// The next thing that the connection's task writes.
pub(super) enum Batch {
    Frames(Vec<Outgoing>),
    Close(CloseCode, String),
}

/// The error of a full queue: the other end does not read.
#[derive(Debug)]
pub(super) struct Full;

struct Queued {
    outgoing: Outgoing,
    /// True if the frame counts against a bound of this queue.
    bounded: bool,
}

#[derive(Default)]
pub(super) struct WriteQueue {
    frames: RefCell<VecDeque<Queued>>,
    bytes: Cell<usize>,
    bounded: Cell<usize>,
    link: Cell<bool>,
    closing: RefCell<Option<(CloseCode, String)>>,
    /// True while the core waits for room.
    awaited: Cell<bool>,
    ending: Cell<bool>,
    dropped: Cell<bool>,
    wakers: RefCell<Vec<Waker>>,
}

impl WriteQueue {
    pub(super) fn push(&self, outgoing: Outgoing) -> Result<(), Full> {
        if outgoing.weight > 0 {
            self.link.set(true);
        }
        let cost = outgoing.cost();
        let (bounded, most) =
            if self.is_link() { (outgoing.weight == 0, ANSWERS_MAX) } else { (!outgoing.asked, UNASKED_MAX) };
        if bounded {
            if self.bounded.get() + cost > most {
                return Err(Full);
            }
            self.bounded.set(self.bounded.get() + cost);
        }
        self.bytes.set(self.bytes.get() + cost);
        self.frames.borrow_mut().push_back(Queued { outgoing, bounded });
        self.wake();
        Ok(())
    }

    /// Returns true if a neighbour is at the other end: known from the first message to it.
    pub(super) fn is_link(&self) -> bool {
        self.link.get()
    }

    /// Asks for a notice of room after one of the next flushes.
    pub(super) fn await_room(&self) {
        self.awaited.set(true);
    }

    /// Returns true, once, if there is now the room that the core waited for.
    pub(super) fn has_awaited_room(&self) -> bool {
        self.bytes.get() < BATCH && self.awaited.replace(false)
    }

    /// Ends the connection once the queued frames are written. The first reason stays.
    pub(super) fn close(&self, code: CloseCode, reason: String) {
        if !self.ending.replace(true) {
            *self.closing.borrow_mut() = Some((code, reason));
            self.wake();
        }
    }

    /// Ends the connection at once and drops the queued frames.
    pub(super) fn drop_now(&self) {
        self.dropped.set(true);
        self.ending.set(true);
        self.frames.borrow_mut().clear();
        self.bytes.set(0);
        self.wake();
    }

    /// Returns the next batch; the close comes after the last frame, once.
    pub(super) fn poll_batch(&self, context: &Context) -> Poll<Batch> {
        let mut frames = self.frames.borrow_mut();
        if frames.is_empty() {
            if let Some((code, reason)) = self.closing.take() {
                return Poll::Ready(Batch::Close(code, reason));
            }
            return self.pend(context);
        }
        let (mut batch, mut bytes) = (Vec::with_capacity(frames.len().min(64)), 0);
        while bytes < BATCH
            && let Some(Queued { outgoing, bounded }) = frames.pop_front()
        {
            let cost = outgoing.cost();
            bytes += cost;
            if bounded {
                self.bounded.set(self.bounded.get().saturating_sub(cost));
            }
            batch.push(outgoing);
        }
        if frames.is_empty() {
            // A burst should not hold memory after it is over.
            frames.shrink_to(16);
        }
        let before = self.bytes.replace(self.bytes.get().saturating_sub(bytes));
        if before > CLIENT_PAUSE && self.bytes.get() <= CLIENT_PAUSE {
            // The reader may be waiting for this room.
            self.wake();
        }
        Poll::Ready(Batch::Frames(batch))
    }

    /// Becomes ready when a request may be read. Neighbours are always read: two that wait for each
    /// other would wait for ever, and the core bounds the answers to them.
    pub(super) fn poll_room(&self, context: &Context) -> Poll<()> {
        if self.is_link() || self.bytes.get() <= CLIENT_PAUSE {
            return Poll::Ready(());
        }
        self.pend(context)
    }

    /// Becomes ready once the connection is to end.
    pub(super) fn poll_ending(&self, context: &Context) -> Poll<()> {
        if self.ending.get() { Poll::Ready(()) } else { self.pend(context) }
    }

    /// Becomes ready once the connection was dropped.
    pub(super) fn poll_dropped(&self, context: &Context) -> Poll<()> {
        if self.dropped.get() { Poll::Ready(()) } else { self.pend(context) }
    }

    /// Registers a waker. All wakers belong to the connection's one task; a polled session has a few.
    fn pend<T>(&self, context: &Context) -> Poll<T> {
        let mut wakers = self.wakers.borrow_mut();
        if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            wakers.push(context.waker().clone());
        }
        Poll::Pending
    }

    fn wake(&self) {
        for waker in self.wakers.borrow_mut().drain(..) {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(length: usize, weight: usize, asked: bool) -> Outgoing {
        Outgoing { text: "x".repeat(length).into(), weight, counted: 0, asked }
    }

    fn context() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    /// Checks the number of frames of 1 MiB that the queue takes, up to 100.
    #[track_caller]
    fn check_room(queue: &WriteQueue, weight: usize, asked: bool, expected: usize) {
        let taken = (0..100).take_while(|_| queue.push(outgoing(1 << 20, weight, asked)).is_ok()).count();
        assert_eq!(taken, expected);
    }

    #[test]
    fn each_kind_of_frame_has_its_bound() {
        // Unasked frames; answers, where the reader pauses; messages to a neighbour, bounded by the core.
        check_room(&WriteQueue::default(), 0, false, 8);
        check_room(&WriteQueue::default(), 0, true, 100);
        check_room(&WriteQueue::default(), 1, false, 100);
        let link = WriteQueue::default();
        link.push(outgoing(1, 1, false)).unwrap();
        check_room(&link, 0, true, 32);
    }

    #[test]
    fn a_frame_counts_as_what_it_costs_however_short_it_is() {
        let queue = WriteQueue::default();
        let taken = (0..1_000_000).take_while(|_| queue.push(outgoing(1, 0, false)).is_ok()).count();
        assert_eq!(taken, UNASKED_MAX / FRAME_MIN);
        let queue = WriteQueue::default();
        while queue.poll_room(&context()).is_ready() {
            queue.push(outgoing(1, 0, true)).unwrap();
        }
        assert_eq!(queue.frames.borrow().len(), CLIENT_PAUSE / FRAME_MIN + 1);
    }

    #[test]
    fn room_that_is_waited_for_is_told_once_when_little_is_left() {
        let queue = WriteQueue::default();
        queue.await_room();
        for _ in 0..3 {
            queue.push(outgoing(BATCH, 0, true)).unwrap();
        }
        for is_last in [false, false, true] {
            assert!(!queue.has_awaited_room());
            assert!(matches!(queue.poll_batch(&context()), Poll::Ready(Batch::Frames(_))));
            if is_last {
                assert!(queue.has_awaited_room() && !queue.has_awaited_room());
            }
        }
    }

    #[test]
    fn room_comes_back_as_frames_leave() {
        let queue = WriteQueue::default();
        check_room(&queue, 0, false, 8);
        assert!(queue.poll_room(&context()).is_pending());
        for _ in 0..8 {
            assert!(
                matches!(queue.poll_batch(&context()), Poll::Ready(Batch::Frames(batch)) if batch.len() == 1)
            );
        }
        assert!(queue.poll_batch(&context()).is_pending());
        assert!(queue.poll_room(&context()).is_ready());
        check_room(&queue, 0, false, 8);
    }

    #[test]
    fn the_close_comes_after_the_last_frame_and_once() {
        let queue = WriteQueue::default();
        queue.push(outgoing(1, 0, true)).unwrap();
        queue.close(CloseCode::Away, "first".to_owned());
        queue.close(CloseCode::Normal, "second".to_owned());
        assert!(matches!(queue.poll_batch(&context()), Poll::Ready(Batch::Frames(_))));
        assert!(
            matches!(queue.poll_batch(&context()), Poll::Ready(Batch::Close(CloseCode::Away, reason)) if reason == "first")
        );
        assert!(queue.poll_batch(&context()).is_pending());
    }
}
