//! Everything the core has promised itself to look at later: one deadline for each purpose.

use std::sync::Arc;
use std::time::Duration;

use super::io::ConnId;

/// What a deadline is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A dial and its `auth` have taken too long, or a pause before the next dial is over.
    Dial(Arc<str>),
    /// A link may have gone silent.
    Alive(ConnId),
    /// A second connection of a linked node has not been used.
    Provisional(ConnId),
    /// A version that was not yet due is due.
    Due(ConnId),
    /// A pull has had no answer for too long.
    Pull,
    /// A link marked for reconciliation may have its turn.
    Round,
    /// The periodic round.
    Reconcile,
    /// The changed list of neighbours goes out.
    Neighbours,
}

/// Deadlines in order of time; those of one moment in order of purpose.
///
/// One allocation, searched from end to end for a purpose: there is one for each link and a
/// handful besides, and they are set when links and rounds are, not with every message.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// The first one last.
    order: Vec<(Duration, Timer)>,
    /// When the first one is: looked at with every input, and so not in another allocation.
    next: Option<Duration>,
}

impl Deadlines {
    /// Sets or moves a deadline.
    pub(super) fn set(&mut self, timer: Timer, at: Duration) {
        self.clear(&timer);
        let entry = (at, timer);
        let index = self.order.partition_point(|other| *other > entry);
        if self.order.len() == self.order.capacity() {
            self.order.reserve_exact(self.order.len() / 2 + 1);
        }
        self.order.insert(index, entry);
        self.note_next();
    }

    /// Sets a deadline unless there is one already.
    pub(super) fn set_if_none(&mut self, timer: Timer, at: Duration) {
        if self.find(&timer).is_none() {
            self.set(timer, at);
        }
    }

    /// Gives up a deadline.
    pub(super) fn clear(&mut self, timer: &Timer) {
        if let Some(index) = self.find(timer) {
            self.order.remove(index);
            self.note_next();
        }
    }

    /// Takes out all deadlines that have come.
    pub(super) fn take_due(&mut self, now: Duration) -> Vec<Timer> {
        if self.next.is_none_or(|at| at > now) {
            return Vec::new();
        }
        let first = self.order.partition_point(|(at, _)| *at > now);
        let due = self.order.drain(first..).rev().map(|(_, timer)| timer).collect();
        self.note_next();
        due
    }

    /// The first deadline.
    pub(super) fn next(&self) -> Option<Duration> {
        self.next
    }

    fn note_next(&mut self) {
        self.next = self.order.last().map(|(at, _)| *at);
    }

    fn find(&self, timer: &Timer) -> Option<usize> {
        self.order.iter().position(|(_, other)| other == timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_purpose_has_one_deadline() {
        let mut deadlines = Deadlines::default();
        deadlines.set(Timer::Pull, secs(5));
        deadlines.set(Timer::Round, secs(4));
        deadlines.set(Timer::Pull, secs(3));
        deadlines.set_if_none(Timer::Pull, secs(1));
        assert_eq!(deadlines.next(), Some(secs(3)));
        assert_eq!(deadlines.take_due(secs(3)), [Timer::Pull]);
        deadlines.clear(&Timer::Round);
        assert_eq!(deadlines.next(), None);
        assert_eq!(deadlines.take_due(secs(9)), []);
    }
}
