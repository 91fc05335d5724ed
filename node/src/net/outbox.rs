//! What lies ready to be written to one connection, and how the connection is to end.
//!
//! Filled from wherever the core was fed, emptied by the connection's own task, which is woken
//! for it. Each kind of frame has its bound: messages to a neighbour are bounded by the core; what
//! a client asked for, by reading no further question while much lies ready; what a client is told
//! unasked, and what a neighbour asks for, by dropping whoever does not read it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// What may lie ready for one client that it did not just ask for, in bytes: eight of the
/// longest frames.
const UNASKED_MAX: usize = 8 << 20;
/// What may lie ready for one neighbour that it asked for, in bytes: a node that knows no ranges
/// asks for sixteen values at a time.
const ANSWERS_MAX: usize = 32 << 20;
/// From here on no further request is read from a client: one that asks faster than it reads
/// finds its own sending held up before it is dropped.
const CLIENT_PAUSE: usize = 1 << 20;
/// What one flush takes, in bytes, unless one frame is longer: how far a slow reader must come
/// in the time it is given.
const BATCH: usize = 64 << 10;

/// One frame to write.
pub(super) struct Outgoing {
    pub(super) text: Utf8Bytes,
    /// What the core counts for it: only messages between neighbours weigh.
    pub(super) weight: usize,
    /// Its bytes where figures about writes include it, else 0.
    pub(super) counted: u64,
    /// Whether it follows from what this very connection just said.
    pub(super) asked: bool,
}

/// What the connection's task is to write next.
pub(super) enum Batch {
    Frames(Vec<Outgoing>),
    Close(CloseCode, String),
}

/// Nobody reads what lies ready.
#[derive(Debug)]
pub(super) struct Full;

struct Queued {
    outgoing: Outgoing,
    /// Whether it counts against a bound of this queue.
    bounded: bool,
}

#[derive(Default)]
pub(super) struct Outbox {
    frames: RefCell<VecDeque<Queued>>,
    bytes: Cell<usize>,
    bounded: Cell<usize>,
    link: Cell<bool>,
    closing: RefCell<Option<(CloseCode, String)>>,
    ending: Cell<bool>,
    dropped: Cell<bool>,
    wakers: RefCell<Vec<Waker>>,
}

impl Outbox {
    pub(super) fn push(&self, outgoing: Outgoing) -> Result<(), Full> {
        if outgoing.weight > 0 {
            self.link.set(true);
        }
        let length = outgoing.text.len();
        let (bounded, most) =
            if self.is_link() { (outgoing.weight == 0, ANSWERS_MAX) } else { (!outgoing.asked, UNASKED_MAX) };
        if bounded {
            if self.bounded.get() + length > most {
                return Err(Full);
            }
            self.bounded.set(self.bounded.get() + length);
        }
        self.bytes.set(self.bytes.get() + length);
        self.frames.borrow_mut().push_back(Queued { outgoing, bounded });
        self.wake();
        Ok(())
    }

    /// Whether a neighbour is at the other end: known from the first message to it.
    pub(super) fn is_link(&self) -> bool {
        self.link.get()
    }

    /// Ends the connection once what lies ready is written. The first reason stays.
    pub(super) fn close(&self, code: CloseCode, reason: String) {
        if !self.ending.replace(true) {
            *self.closing.borrow_mut() = Some((code, reason));
            self.wake();
        }
    }

    /// Ends the connection where it stands.
    pub(super) fn drop_now(&self) {
        self.dropped.set(true);
        self.ending.set(true);
        self.frames.borrow_mut().clear();
        self.bytes.set(0);
        self.wake();
    }

    /// The next batch; the close comes after the last frame, once.
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
            let length = outgoing.text.len();
            bytes += length;
            if bounded {
                self.bounded.set(self.bounded.get().saturating_sub(length));
            }
            batch.push(outgoing);
        }
        if frames.is_empty() {
            // A burst should not be remembered in memory.
            frames.shrink_to(16);
        }
        let before = self.bytes.replace(self.bytes.get().saturating_sub(bytes));
        if before > CLIENT_PAUSE && self.bytes.get() <= CLIENT_PAUSE {
            // The reader may be waiting for just this.
            self.wake();
        }
        Poll::Ready(Batch::Frames(batch))
    }

    /// Ready when a request may be read. Neighbours are always read: two that wait for each
    /// other would wait for ever, and the core bounds what they make it say.
    pub(super) fn poll_room(&self, context: &Context) -> Poll<()> {
        if self.is_link() || self.bytes.get() <= CLIENT_PAUSE {
            return Poll::Ready(());
        }
        self.pend(context)
    }

    /// Ready when the connection was told to end.
    pub(super) fn poll_ending(&self, context: &Context) -> Poll<()> {
        if self.ending.get() { Poll::Ready(()) } else { self.pend(context) }
    }

    /// Ready when the connection was dropped.
    pub(super) fn poll_dropped(&self, context: &Context) -> Poll<()> {
        if self.dropped.get() { Poll::Ready(()) } else { self.pend(context) }
    }

    /// Those who wait here belong to one task; of a session that is polled, to a few.
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

    /// How many frames of 1 MiB the queue takes, up to 100.
    #[track_caller]
    fn check_room(outbox: &Outbox, weight: usize, asked: bool, expected: usize) {
        let taken = (0..100).take_while(|_| outbox.push(outgoing(1 << 20, weight, asked)).is_ok()).count();
        assert_eq!(taken, expected);
    }

    #[test]
    fn each_kind_of_frame_has_its_bound() {
        // Told unasked; asked for, where the reader pauses; a neighbour's, bounded by the core.
        check_room(&Outbox::default(), 0, false, 8);
        check_room(&Outbox::default(), 0, true, 100);
        check_room(&Outbox::default(), 1, false, 100);
        let link = Outbox::default();
        link.push(outgoing(1, 1, false)).unwrap();
        check_room(&link, 0, true, 32);
    }

    #[test]
    fn room_comes_back_as_frames_leave() {
        let outbox = Outbox::default();
        check_room(&outbox, 0, false, 8);
        assert!(outbox.poll_room(&context()).is_pending());
        for _ in 0..8 {
            assert!(
                matches!(outbox.poll_batch(&context()), Poll::Ready(Batch::Frames(batch)) if batch.len() == 1)
            );
        }
        assert!(outbox.poll_batch(&context()).is_pending());
        assert!(outbox.poll_room(&context()).is_ready());
        check_room(&outbox, 0, false, 8);
    }

    #[test]
    fn the_close_comes_after_the_last_frame_and_once() {
        let outbox = Outbox::default();
        outbox.push(outgoing(1, 0, true)).unwrap();
        outbox.close(CloseCode::Away, "first".to_owned());
        outbox.close(CloseCode::Normal, "second".to_owned());
        assert!(matches!(outbox.poll_batch(&context()), Poll::Ready(Batch::Frames(_))));
        assert!(
            matches!(outbox.poll_batch(&context()), Poll::Ready(Batch::Close(CloseCode::Away, reason)) if reason == "first")
        );
        assert!(outbox.poll_batch(&context()).is_pending());
    }
}
