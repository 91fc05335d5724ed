//! The deadlines of the core, one for each purpose.

use std::sync::Arc;
use std::time::Duration;

use super::io::ConnId;

/// The purpose of a deadline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A dial and its `auth` have taken too long, or a pause before the next dial is over.
    Dial(Arc<str>),
    /// A link may have gone silent.
    KeepAlive(ConnId),
    /// A second connection of a linked node has not been used.
    Provisional(ConnId),
    /// A version that was put off on this link is due.
    Deferral(ConnId),
    /// A pull has had no answer for too long.
    Pull,
    /// A link marked for reconciliation may have its turn.
    MarkedRound,
    /// The periodic round is due.
    PeriodicRound,
    /// The changed list of neighbours is to be sent.
    Neighbours,
    /// Something is due in a census.
    Census,
    /// The number of versions that were not named in the log is due.
    UnnamedVersions,
}

/// The deadlines in order of time; those of one moment in order of purpose.
///
/// They are one allocation, searched from end to end for a purpose. There is one deadline for each
/// link and a handful besides, and they are set with links and rounds, not with every message.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// The deadlines in reverse order: the first one last.
    order: Vec<(Duration, Timer)>,
    /// The time of the first deadline: read with every input, and so not from another allocation.
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
        self.update_next();
    }

    /// Sets a deadline unless there is one already.
    pub(super) fn set_if_none(&mut self, timer: Timer, at: Duration) {
        if self.find(&timer).is_none() {
            self.set(timer, at);
        }
    }

    /// Removes a deadline.
    pub(super) fn clear(&mut self, timer: &Timer) {
        if let Some(index) = self.find(timer) {
            self.order.remove(index);
            self.update_next();
        }
    }

    /// Removes the deadlines that have passed and returns their purposes, in order.
    pub(super) fn remove_due(&mut self, now: Duration) -> Vec<Timer> {
        if self.next.is_none_or(|at| at > now) {
            return Vec::new();
        }
        let first = self.order.partition_point(|(at, _)| *at > now);
        let due = self.order.drain(first..).rev().map(|(_, timer)| timer).collect();
        self.update_next();
        due
    }

    /// Returns the time of the first deadline.
    pub(super) fn next(&self) -> Option<Duration> {
        self.next
    }

    fn update_next(&mut self) {
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
        deadlines.set(Timer::MarkedRound, secs(4));
        deadlines.set(Timer::Pull, secs(3));
        deadlines.set_if_none(Timer::Pull, secs(1));
        assert_eq!(deadlines.next(), Some(secs(3)));
        assert_eq!(deadlines.remove_due(secs(3)), [Timer::Pull]);
        deadlines.clear(&Timer::MarkedRound);
        assert_eq!(deadlines.next(), None);
        assert_eq!(deadlines.remove_due(secs(9)), []);
    }
}
