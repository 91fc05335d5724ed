//! The lead of this node's clock and stamps over its neighbours' clocks.
//!
//! A neighbour defers versions that are stamped too far ahead of its clock. A node that knows of
//! this refuses the writes of its clients, since they would not spread.

use super::clock_skew::ClockReading;
use crate::core::figure::millis;
use crate::core::io::ConnId;
use crate::core::log::LogEvent;
use crate::core::state::Core;

impl Core {
    /// Handles a neighbour's notice that it deferred a version of this node.
    pub(in crate::core) fn on_early(&mut self, conn: ConnId, wall_ms: u64) {
        let reading = ClockReading { wall_ms, at: self.now.monotonic };
        let first = self.clock_skew.behind.insert(conn, reading).is_none();
        // Stamps given while this clock was ahead count as well.
        let stamped_ms = self.stamps_ahead_ms().map_or(0, |_| self.clock.last().wall_ms);
        let ahead_ms = self.now.wall_ms.max(stamped_ms).saturating_sub(wall_ms);
        if first
            && ahead_ms > millis(self.config.timing.ahead)
            && let Some(link) = self.links.get(&conn)
        {
            let peer = link.label();
            self.log(LogEvent::ClockAhead { peer, ahead_ms });
        }
    }

    /// Returns the lead of this node's clock over a neighbour's, if it is too much for the
    /// neighbour to accept versions written here.
    pub(in crate::core) fn clock_ahead_ms(&self) -> Option<u64> {
        let ahead_ms = self.lead_over_slowest_ms(self.now.wall_ms)?;
        (ahead_ms > millis(self.config.timing.ahead)).then_some(ahead_ms)
    }

    /// Returns the lead of the greatest stamp here if a neighbour deferred a version with such a stamp. Then this
    /// node's clock was ahead, and the neighbour would defer every version that is stamped after it.
    pub(in crate::core) fn clock_was_ahead_ms(&self) -> Option<u64> {
        let ahead_ms = self.stamps_ahead_ms()?;
        let lead_ms = self.lead_over_slowest_ms(self.clock.last().wall_ms)?;
        (lead_ms > millis(self.config.timing.ahead)).then_some(ahead_ms)
    }

    /// Returns the time from which neighbours accept versions stamped here, in milliseconds since
    /// 1970.
    pub(in crate::core) fn stamps_due_ms(&self) -> u64 {
        self.clock.last().wall_ms.saturating_sub(millis(self.config.timing.ahead))
    }

    /// Logs that stamps are ahead of this node's clock, once for as long as they are.
    pub(in crate::core) fn log_stamps_ahead(&mut self) {
        let ahead_ms = self.stamps_ahead_ms();
        if let Some(ahead_ms) = ahead_ms
            && !self.clock_skew.lead_logged
        {
            self.log(LogEvent::StampsAhead { ahead_ms, due_ms: self.stamps_due_ms() });
        }
        self.clock_skew.lead_logged = ahead_ms.is_some();
    }

    /// Returns the lead of the greatest stamp here over this node's clock, if neighbours do not
    /// accept that much. The clock was ahead when it took the stamp, or is behind now.
    fn stamps_ahead_ms(&self) -> Option<u64> {
        let ahead_ms = self.clock.last().wall_ms.saturating_sub(self.now.wall_ms);
        (ahead_ms > millis(self.config.timing.ahead)).then_some(ahead_ms)
    }

    /// Returns the lead of a wall time over the slowest clock among the neighbours that deferred
    /// versions of this node; none if no neighbour did.
    fn lead_over_slowest_ms(&self, wall_ms: u64) -> Option<u64> {
        let now = self.now.monotonic;
        let leads =
            self.clock_skew.behind.values().map(|reading| wall_ms.saturating_sub(reading.wall_ms_at(now)));
        leads.max()
    }
}
