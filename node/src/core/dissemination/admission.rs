//! Admission of neighbours' versions: a version is merged if it is intact, within the limits and due.
//!
//! A version stamped further ahead of this node's wall clock than
//! [`Timing::ahead`](crate::core::Timing::ahead) is not yet due. It is neither stored nor relayed, nor
//! does it move the clock. Its sender is notified, and a round with it finds the version once it is due.
//! For each link only the earliest due time is remembered: reconciliation finds the versions themselves.

use std::time::Duration;

use super::clock_skew::Deferral;
use crate::core::deadlines::Timer;
use crate::core::figure::millis;
use crate::core::io::ConnId;
use crate::core::log::LogEvent;
use crate::core::state::Core;
use crate::wire::{Message, Policy, Version};

/// The minimum time between two rounds, two messages to a neighbour or two log lines about clocks.
///
/// Chosen: one a second burdens neither log nor link, and is short beside the five seconds of
/// [`Timing::ahead`](crate::core::Timing::ahead) by which clocks have to differ.
const REPEAT_INTERVAL: Duration = Duration::from_secs(1);

impl Core {
    /// Returns true if a neighbour's version may be merged: it is intact, within the limits and
    /// due. Its stamp is then merged into the clock, even if the version does not win.
    pub(in crate::core) fn admit(&mut self, conn: ConnId, version: &Version) -> bool {
        if !version.is_intact() {
            self.refuse_damaged(conn, version);
            return false;
        }
        let limits = &self.config.limits;
        let size = version.value().map_or(0, |value| value.json().len());
        if version.key().len() > limits.key
            || size > limits.value
            // Under `oldest` no key is ever deleted.
            || (self.config.policy == Policy::Oldest && version.value().is_none())
        {
            return false;
        }
        let due_ms = version.stamp().wall_ms.saturating_sub(millis(self.config.timing.ahead));
        if due_ms > self.now.wall_ms {
            self.defer(conn, version, due_ms);
            return false;
        }
        self.clock.merge(version.stamp());
        true
    }

    /// Counts a version that does not match its id, and logs the first one of each link. The
    /// version is treated as if it had not come: an announced one is asked for again, and
    /// reconciliation finds it missing.
    fn refuse_damaged(&mut self, conn: ConnId, version: &Version) {
        self.counters.damaged += 1;
        let Some(link) = self.links.get_mut(&conn) else { return };
        if !std::mem::replace(&mut link.damage_logged, true) {
            let peer = link.label();
            self.log(LogEvent::Damaged { peer, key: version.key().to_owned() });
        }
    }

    /// Leaves out a version that is not yet due. Its sender is notified, and a round with the sender
    /// is scheduled for the due time.
    fn defer(&mut self, conn: ConnId, version: &Version, due_ms: u64) {
        let now = self.now;
        self.counters.not_due += 1;
        // The version came, so its announcers need not be asked for it.
        self.missing.satisfy(&version.key_hash(), &version.rank(self.config.policy));
        if self.clock_skew.deferral_logged.is_none_or(|at| now.monotonic >= at + REPEAT_INTERVAL) {
            self.clock_skew.deferral_logged = Some(now.monotonic);
            let ahead_ms = version.stamp().wall_ms.saturating_sub(now.wall_ms);
            self.log(LogEvent::NotYetDue { key: version.key().to_owned(), ahead_ms });
        }
        let known = self.clock_skew.ahead.get(&conn).copied();
        let due_ms = known.map_or(due_ms, |deferral| deferral.due_ms.min(due_ms));
        let mut notified = known.map_or(now.monotonic, |deferral| deferral.notified);
        if known.is_none() || now.monotonic >= notified + REPEAT_INTERVAL {
            notified = now.monotonic;
            self.send_message(conn, Message::Early { wall_ms: now.wall_ms });
        }
        self.clock_skew.ahead.insert(conn, Deferral { due_ms, notified });
        let wait = Duration::from_millis(due_ms - now.wall_ms.min(due_ms)).max(REPEAT_INTERVAL);
        self.deadlines.set(Timer::Deferral(conn), now.monotonic + wait);
    }

    /// Marks a link whose deferred versions are due: the next round with it finds them.
    pub(in crate::core) fn on_due(&mut self, conn: ConnId) {
        self.clock_skew.ahead.remove(&conn);
        self.rounds.mark(conn, false);
    }
}
