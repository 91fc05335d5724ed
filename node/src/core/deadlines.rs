//! Everything the core has promised itself to look at later: one deadline for each purpose.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Gathered announcements go out.
    Announce(ConnId),
    /// A version that was not yet due is due.
    Due(ConnId),
    /// The first announced version is to be grafted.
    Missing,
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
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    order: BTreeSet<(Duration, Timer)>,
    at: BTreeMap<Timer, Duration>,
}

impl Deadlines {
    /// Sets or moves a deadline.
    pub(super) fn set(&mut self, timer: Timer, at: Duration) {
        if let Some(before) = self.at.insert(timer.clone(), at) {
            if before == at {
                return;
            }
            self.order.remove(&(before, timer.clone()));
        }
        self.order.insert((at, timer));
    }

    /// Sets a deadline unless there is one already.
    pub(super) fn set_if_none(&mut self, timer: Timer, at: Duration) {
        if !self.at.contains_key(&timer) {
            self.set(timer, at);
        }
    }

    /// Gives up a deadline.
    pub(super) fn clear(&mut self, timer: &Timer) {
        if let Some(at) = self.at.remove(timer) {
            self.order.remove(&(at, timer.clone()));
        }
    }

    /// Takes out all deadlines that have come.
    pub(super) fn take_due(&mut self, now: Duration) -> Vec<Timer> {
        let mut due = Vec::new();
        while self.order.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, timer)) = self.order.pop_first() {
                self.at.remove(&timer);
                due.push(timer);
            }
        }
        due
    }

    /// The first deadline.
    pub(super) fn next(&self) -> Option<Duration> {
        self.order.first().map(|(at, _)| *at)
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
        deadlines.set(Timer::Missing, secs(4));
        deadlines.set(Timer::Pull, secs(3));
        deadlines.set_if_none(Timer::Pull, secs(1));
        assert_eq!(deadlines.next(), Some(secs(3)));
        assert_eq!(deadlines.take_due(secs(3)), [Timer::Pull]);
        deadlines.clear(&Timer::Missing);
        assert_eq!(deadlines.next(), None);
        assert_eq!(deadlines.take_due(secs(9)), []);
    }
}
