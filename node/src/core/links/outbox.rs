//! The queue of frames for one neighbour: bounded, in order, handed to the socket on credit.
//!
//! The socket is given frames only while the weight that it has not yet written stays below
//! [`Limits::in_flight`]. The rest waits here, up to [`Limits::outbox`]. Beyond that bound payloads
//! are discarded, and the link is reconciled later.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::wire::{Frame, Limits, Message};

/// The queue of one link, and the credit of its socket.
#[derive(Debug, Default)]
pub(in crate::core) struct Outbox {
    queue: VecDeque<Arc<Frame>>,
    queued: usize,
    in_flight: usize,
    /// The time since which the credit has been used up and the socket has reported nothing.
    stalled: Option<Duration>,
}

/// The result of offering a frame to the queue.
#[derive(Debug, PartialEq)]
pub(in crate::core) enum Offered {
    /// The frame is to be handed to the socket now.
    Ready(Arc<Frame>),
    /// The frame waits in the queue.
    Queued,
    /// The queue exceeded its bound: payloads were discarded.
    Overflow,
}

impl Outbox {
    /// Takes a frame: for the socket if there is credit and nothing waits, for the queue otherwise.
    pub(in crate::core) fn offer(&mut self, frame: Arc<Frame>, now: Duration, limits: &Limits) -> Offered {
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
            // Not even announcements and questions are read: discards them too, since
            // reconciliation makes up for them.
            self.queue = VecDeque::new();
            self.queued = 0;
        }
        Offered::Overflow
    }

    /// Records that the socket wrote frames of this weight.
    pub(in crate::core) fn written(&mut self, weight: usize, now: Duration, limits: &Limits) {
        self.in_flight = self.in_flight.saturating_sub(weight);
        self.stalled = (self.in_flight >= limits.in_flight).then_some(now);
    }

    /// Returns the next frame for the socket, if there is credit and a frame waits.
    pub(in crate::core) fn next(&mut self, now: Duration, limits: &Limits) -> Option<Arc<Frame>> {
        if self.in_flight >= limits.in_flight {
            return None;
        }
        let frame = self.queue.pop_front()?;
        let weight = weight(&frame);
        self.queued -= weight;
        self.hand_over(weight, now, limits);
        if self.queue.is_empty() {
            // The queue releases the memory of a burst.
            self.queue = VecDeque::new();
        }
        Some(frame)
    }

    /// Returns true if a frame waits for credit.
    pub(in crate::core) fn is_backlogged(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Returns the weight of the waiting frames.
    pub(in crate::core) fn queued(&self) -> usize {
        self.queued
    }

    /// Returns the time since which the credit has been used up and the socket has reported
    /// nothing.
    pub(super) fn stalled(&self) -> Option<Duration> {
        self.stalled
    }

    /// Moves the beginning of a stall to this moment at the earliest: no report could arrive before
    /// it.
    pub(super) fn postpone_stall(&mut self, before: Duration) {
        self.stalled = self.stalled.map(|since| since.max(before));
    }

    fn hand_over(&mut self, weight: usize, now: Duration, limits: &Limits) {
        self.in_flight += weight;
        if self.in_flight >= limits.in_flight && self.stalled.is_none() {
            self.stalled = Some(now);
        }
    }
}

/// Returns the weight of a frame against the bounds; only messages have one.
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
        // A push of a one-letter key weighs 169.
        Limits { in_flight: 260, outbox: 380, ..Limits::default() }
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
        outbox.written(338, NOW, &limits);
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
        outbox.written(338, NOW, &limits);
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
