//! The schedule of rounds: a round begins with a link that comes up, with marked links in turn, and
//! periodically with one link after another.

use std::time::Duration;

use crate::core::deadlines::Timer;
use crate::core::figure::millis;
use crate::core::io::ConnId;
use crate::core::state::Core;
use crate::wire::{Message, Prefix};

/// The minimum time between two rounds with marked links, unless a pull ends before.
///
/// Chosen: an outbox that overflows marks its link with each overflow; ten rounds a second cost
/// little even then.
const ROUND_SPACING: Duration = Duration::from_millis(100);

impl Core {
    /// Begins a round with a neighbour.
    pub(in crate::core) fn begin_round(&mut self, conn: ConnId, settled: bool) {
        let Some(link) = self.links.get(&conn) else { return };
        self.counters.rounds += 1;
        if link.features.ranges {
            let ranges = vec![self.summary(Prefix::ALL)];
            self.send_message(conn, Message::Ranges { ranges, settled });
        } else {
            self.begin_key_scan(conn);
        }
    }

    /// Schedules the periodic rounds of a node that has links.
    pub(in crate::core) fn schedule_periodic_round(&mut self) {
        // The first round comes after a random part of the interval, so that nodes that started
        // together do not stay in step.
        let half_ms = millis(self.config.timing.reconcile) / 2;
        let wait = Duration::from_millis(half_ms + self.draw(half_ms));
        self.deadlines.set_if_none(Timer::PeriodicRound, self.now.monotonic + wait);
    }

    /// Begins a periodic round with the next link in turn.
    pub(in crate::core) fn periodic_round(&mut self) {
        let next = next_after(self.links.keys().copied(), self.rounds.periodic);
        let Some(conn) = next else { return };
        self.rounds.periodic = Some(conn);
        self.begin_round(conn, true);
        self.deadlines.set(Timer::PeriodicRound, self.now.monotonic + self.config.timing.reconcile);
    }

    /// Marks a link that is up, so that it has a round in its turn.
    pub(in crate::core) fn request_round(&mut self, conn: ConnId) {
        if self.links.contains_key(&conn) {
            self.rounds.mark(conn, false);
        }
    }

    /// Gives a marked link its turn, at once or as soon as the spacing of rounds allows.
    pub(in crate::core) fn begin_round_if_due(&mut self) {
        if self.rounds.pull.is_some() || !self.rounds.marked.keys().any(|conn| self.is_drained(*conn)) {
            return;
        }
        if self.rounds.next_at <= self.now.monotonic {
            self.next_marked_round();
        }
        if !self.rounds.marked.is_empty() {
            self.deadlines.set_if_none(Timer::MarkedRound, self.rounds.next_at);
        }
    }

    /// Begins a round with the next marked link in turn that has no backlog, unless a pull is under
    /// way.
    pub(in crate::core) fn next_marked_round(&mut self) {
        if self.rounds.pull.is_some() {
            return;
        }
        let drained = self.rounds.marked.keys().copied().filter(|conn| self.is_drained(*conn));
        let Some(conn) = next_after(drained, self.rounds.served) else { return };
        let settled = self.rounds.marked.remove(&conn).unwrap_or(false);
        self.rounds.served = Some(conn);
        self.rounds.next_at = self.now.monotonic + ROUND_SPACING;
        self.begin_round(conn, settled);
    }

    /// Forgets a link that is down: no round is due with it, and its pull ends.
    pub(in crate::core) fn remove_from_rounds(&mut self, conn: ConnId) {
        self.rounds.marked.remove(&conn);
        if self.rounds.pull.as_ref().is_some_and(|pull| pull.conn == conn) {
            self.end_pull();
        }
    }

    /// Returns true if a marked link other than this one could have its turn now.
    pub(super) fn another_link_waits(&self, conn: ConnId) -> bool {
        self.rounds.marked.keys().any(|other| *other != conn && self.is_drained(*other))
    }

    /// Returns true if the link is up and has no backlog.
    pub(super) fn is_drained(&self, conn: ConnId) -> bool {
        self.links.get(&conn).is_some_and(|link| !link.outbox.is_backlogged())
    }
}

/// Returns the first connection after `last` or, past the end, the first of all.
fn next_after(conns: impl Iterator<Item = ConnId> + Clone, last: Option<ConnId>) -> Option<ConnId> {
    conns.clone().find(|conn| Some(*conn) > last).or_else(|| conns.min())
}
