//! What lies ready for one neighbour: bounded, in order, handed to the socket on credit.
//!
//! The socket is given frames only while what it has not yet written stays below
//! [`Limits::in_flight`]; the rest waits here, up to [`Limits::outbox`]. Beyond that payloads are
//! let go of: whoever fills the queue reconciles the link later.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::wire::{Frame, Limits, Message};

/// The queue of one link.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Arc<Frame>>,
    queued: usize,
    in_flight: usize,
    /// Since when the credit has been used up without a word from the socket.
    stalled: Option<Duration>,
}

/// What became of a frame that was offered.
#[derive(Debug, PartialEq)]
pub(super) enum Offered {
    /// It is to be handed to the socket now.
    Ready(Arc<Frame>),
    /// It waits.
    Queued,
    /// The queue ran over: payloads were discarded.
    Overflow,
}

impl Outbox {
    /// Takes a frame.
    pub(super) fn offer(&mut self, frame: Arc<Frame>, now: Duration, limits: &Limits) -> Offered {
        let weight = weight(&frame);
        if self.queue.is_empty() && self.in_flight < limits.in_flight {
            self.hand_over(weight, now, limits);
            return Offered::Ready(frame);
        }
        self.queued += weight;
        self.queue.push_back(frame);
        if self.queued <= limits.outbox {
            return Offered::Queued;
        }
        self.queue.retain(|frame| !matches!(&**frame, Frame::Message(message) if message.is_payload()));
        self.queued = self.queue.iter().map(|frame| self::weight(frame)).sum();
        if self.queued > limits.outbox {
            // Not even announcements and questions are read: all of it can be found again.
            self.queue = VecDeque::new();
            self.queued = 0;
        }
        Offered::Overflow
    }

    /// The socket wrote as much as this.
    pub(super) fn written(&mut self, weight: usize, now: Duration, limits: &Limits) {
        self.in_flight = self.in_flight.saturating_sub(weight);
        self.stalled = (self.in_flight >= limits.in_flight).then_some(now);
    }

    /// The next frame for the socket, if it has room and one waits.
    pub(super) fn next(&mut self, now: Duration, limits: &Limits) -> Option<Arc<Frame>> {
        if self.in_flight >= limits.in_flight {
            return None;
        }
        let frame = self.queue.pop_front()?;
        let weight = weight(&frame);
        self.queued -= weight;
        self.hand_over(weight, now, limits);
        if self.queue.is_empty() {
            // A burst does not keep its memory.
            self.queue = VecDeque::new();
        }
        Some(frame)
    }

    /// Whether anything waits for credit.
    pub(super) fn is_backlogged(&self) -> bool {
        !self.queue.is_empty()
    }

    /// What waits, by weight.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// Since when the credit has been used up without a word from the socket.
    pub(super) fn stalled(&self) -> Option<Duration> {
        self.stalled
    }

    /// Nothing could be heard of the socket before this moment.
    pub(super) fn excuse(&mut self, before: Duration) {
        self.stalled = self.stalled.map(|since| since.max(before));
    }

    fn hand_over(&mut self, weight: usize, now: Duration, limits: &Limits) {
        self.in_flight += weight;
        if self.in_flight >= limits.in_flight && self.stalled.is_none() {
            self.stalled = Some(now);
        }
    }
}

/// What a frame counts against the bounds: messages alone do.
fn weight(frame: &Frame) -> usize {
    match frame {
        Frame::Message(message) => Message::weight(message),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Hex, Kind, Stamp, Version};

    const NOW: Duration = Duration::ZERO;

    fn push(key: &str) -> Arc<Frame> {
        let version = Version::new(key, Kind::Tombstone, Stamp::default(), Hex([0; 16]));
        Arc::new(Frame::Message(Message::Push(Arc::new(version))))
    }

    fn ping() -> Arc<Frame> {
        Arc::new(Frame::Message(Message::Ping))
    }

    fn limits() -> Limits {
        // A push of a one-letter key weighs 129.
        Limits { in_flight: 200, outbox: 300, ..Limits::default() }
    }

    #[test]
    fn frames_leave_in_order_while_there_is_credit() {
        let (mut outbox, limits) = (Outbox::default(), limits());
        assert_eq!(outbox.offer(push("a"), NOW, &limits), Offered::Ready(push("a")));
        assert_eq!(outbox.offer(push("b"), NOW, &limits), Offered::Ready(push("b")));
        assert_eq!(outbox.offer(push("c"), NOW, &limits), Offered::Queued);
        assert_eq!(outbox.offer(ping(), NOW, &limits), Offered::Queued);
        assert_eq!(outbox.next(NOW, &limits), None);
        assert_eq!(outbox.stalled(), Some(NOW));
        outbox.written(258, NOW, &limits);
        assert_eq!(outbox.stalled(), None);
        // Credit does not let a later frame overtake.
        assert_eq!(outbox.offer(push("d"), NOW, &limits), Offered::Queued);
        assert_eq!(outbox.next(NOW, &limits), Some(push("c")));
        assert_eq!(outbox.next(NOW, &limits), Some(ping()));
        assert_eq!(outbox.next(NOW, &limits), Some(push("d")));
        assert_eq!(outbox.next(NOW, &limits), None);
        assert!(!outbox.is_backlogged());
    }

    #[test]
    fn an_overflow_lets_go_of_payloads_and_keeps_the_rest() {
        let (mut outbox, limits) = (Outbox::default(), limits());
        for key in ["a", "b", "c"] {
            outbox.offer(push(key), NOW, &limits);
        }
        assert_eq!(outbox.offer(ping(), NOW, &limits), Offered::Queued);
        assert_eq!(outbox.offer(push("d"), NOW, &limits), Offered::Queued);
        assert_eq!(outbox.offer(push("e"), NOW, &limits), Offered::Overflow);
        assert_eq!(outbox.queued(), 16);
        outbox.written(258, NOW, &limits);
        assert_eq!(outbox.next(NOW, &limits), Some(ping()));
    }

    #[test]
    fn a_queue_of_questions_alone_is_bounded_too() {
        let (mut outbox, limits) = (Outbox::default(), limits());
        outbox.offer(push("a"), NOW, &limits);
        outbox.offer(push("b"), NOW, &limits);
        let overflows = (0..100).filter(|_| outbox.offer(ping(), NOW, &limits) == Offered::Overflow).count();
        assert!(overflows > 0 && outbox.queued() <= limits.outbox);
    }
}
