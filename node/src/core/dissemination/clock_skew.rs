//! The skew between the clocks of this node and its neighbours, as far as it holds versions back.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::figure::millis;
use crate::core::io::ConnId;

/// The state of clocks that differ too much.
#[derive(Debug, Default)]
pub(in crate::core) struct ClockSkew {
    /// The clocks of neighbours that deferred versions of this node.
    pub(super) behind: BTreeMap<ConnId, ClockReading>,
    /// The deferred versions of neighbours whose authors' clocks are ahead.
    pub(super) ahead: BTreeMap<ConnId, Deferral>,
    /// The time of the last log line about a deferred version.
    pub(super) deferral_logged: Option<Duration>,
    /// True if it was logged that stamps given here are ahead of the clock.
    pub(super) lead_logged: bool,
}

/// A neighbour's wall clock, as the neighbour reported it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockReading {
    /// The wall clock, in milliseconds since 1970.
    pub(super) wall_ms: u64,
    /// The time of the report, by this node's monotonic clock.
    pub(super) at: Duration,
}

impl ClockReading {
    /// Returns the neighbour's wall clock at a later time, in milliseconds since 1970.
    pub(super) fn wall_ms_at(&self, now: Duration) -> u64 {
        self.wall_ms.saturating_add(millis(now.saturating_sub(self.at)))
    }
}

/// The deferred versions of one neighbour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deferral {
    /// The earliest time at which one of them is due, by the wall clock in milliseconds.
    pub(super) due_ms: u64,
    /// The time of the last notice to the neighbour, by the monotonic clock.
    pub(super) notified: Duration,
}

impl ClockSkew {
    /// Forgets a link that is down.
    pub(in crate::core) fn remove_link(&mut self, conn: ConnId) {
        self.behind.remove(&conn);
        self.ahead.remove(&conn);
    }
}
