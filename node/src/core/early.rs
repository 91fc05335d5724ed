//! Clocks that lie: versions that are not yet due here, and neighbours to whom ours are not.
//!
//! A version stamped further ahead of this node's wall clock than
//! [`Timing::ahead`](super::Timing::ahead) is neither stored nor relayed, nor does it move the
//! clock; its sender is told, and asked for it again when it is due. Of what a link holds back
//! only the earliest moment is remembered: reconciliation finds the versions themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use super::deadlines::Timer;
use super::io::ConnId;
use super::log::LogEvent;
use super::{Core, millis};
use crate::wire::{Message, Policy, Version};

/// How long between two rounds, two words to a neighbour or two log lines about clocks.
const SELDOM: Duration = Duration::from_secs(1);

/// What is known of clocks that differ too much.
#[derive(Debug, Default)]
pub(super) struct Early {
    /// Wall clocks of neighbours that put our versions off, with when they told.
    behind: BTreeMap<ConnId, (u64, Duration)>,
    /// Neighbours from whom a version was put off: when it will be due by the wall clock, and when
    /// they were told last.
    ahead: BTreeMap<ConnId, (u64, Duration)>,
    logged: Option<Duration>,
}

impl Early {
    /// A link is down.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.behind.remove(&conn);
        self.ahead.remove(&conn);
    }
}

impl Core {
    /// Whether a neighbour's version may be looked at: well formed and due. The clock takes note of
    /// it then, whether it wins or not.
    pub(super) fn admit(&mut self, conn: ConnId, version: &Version) -> bool {
        let limits = &self.config.limits;
        let size = version.value().map_or(0, |value| value.json().len());
        if version.key().len() > limits.key
            || size > limits.value
            // Under `oldest` nothing is ever deleted.
            || (self.config.policy == Policy::Oldest && version.value().is_none())
        {
            return false;
        }
        let due_ms = version.stamp().wall_ms.saturating_sub(millis(self.config.timing.ahead));
        if due_ms > self.now.wall_ms {
            self.put_off(conn, version, due_ms);
            return false;
        }
        self.clock.merge(version.stamp());
        true
    }

    fn put_off(&mut self, conn: ConnId, version: &Version, due_ms: u64) {
        let now = self.now;
        self.stats.not_due += 1;
        // It came: whoever announced it need not be asked again.
        self.missing.satisfied(&version.key_hash(), &version.rank(self.config.policy));
        if self.early.logged.is_none_or(|at| now.monotonic >= at + SELDOM) {
            self.early.logged = Some(now.monotonic);
            let ahead_ms = version.stamp().wall_ms.saturating_sub(now.wall_ms);
            self.log(LogEvent::NotYetDue { key: version.key().to_owned(), ahead_ms });
        }
        let known = self.early.ahead.get(&conn).copied();
        let earliest = known.map_or(due_ms, |(before, _)| before.min(due_ms));
        let mut told = known.map_or(now.monotonic, |(_, told)| told);
        if known.is_none() || now.monotonic >= told + SELDOM {
            told = now.monotonic;
            self.tell(conn, Message::Early { wall_ms: now.wall_ms });
        }
        self.early.ahead.insert(conn, (earliest, told));
        let wait = Duration::from_millis(earliest - now.wall_ms.min(earliest)).max(SELDOM);
        self.deadlines.set(Timer::Due(conn), now.monotonic + wait);
    }

    /// What a link held back is due: the next round with it finds it.
    pub(super) fn on_due(&mut self, conn: ConnId) {
        self.early.ahead.remove(&conn);
        self.rounds.mark(conn, false);
    }

    /// A neighbour put off a version that it had from here.
    pub(super) fn on_early(&mut self, conn: ConnId, wall_ms: u64) {
        let first = self.early.behind.insert(conn, (wall_ms, self.now.monotonic)).is_none();
        let ahead_ms = self.now.wall_ms.saturating_sub(wall_ms);
        if first
            && ahead_ms > millis(self.config.timing.ahead)
            && let Some(link) = self.links.get(&conn)
        {
            let peer = link.label();
            self.log(LogEvent::ClockAhead { peer, ahead_ms });
        }
    }

    /// By how much this node's clock is ahead of a neighbour's, if that is too much for the
    /// neighbour to take what is written here.
    pub(super) fn clock_ahead_ms(&self) -> Option<u64> {
        let ahead_of = |(wall_ms, at): &(u64, Duration)| {
            let theirs = wall_ms.saturating_add(millis(self.now.monotonic.saturating_sub(*at)));
            self.now.wall_ms.saturating_sub(theirs)
        };
        let most = self.early.behind.values().map(ahead_of).max()?;
        (most > millis(self.config.timing.ahead)).then_some(most)
    }
}
