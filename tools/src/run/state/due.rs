//! The moment that decides which versions are due.

use std::time::Duration;

use super::network::Network;
use crate::driver::NATIVE_AHEAD;
use crate::world::NodeIndex;

/// A moment by a clock that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) struct DueMoment {
    /// The wall time, in milliseconds since 1970.
    pub wall_ms: u64,
}

impl DueMoment {
    /// Returns the greatest wall time of a stamp that is due at all nodes of a component.
    pub(in crate::run) fn due_ms(self, network: &Network, node: NodeIndex) -> u64 {
        let behind = network.component_of(node).iter().map(|node| network.shift_of(*node)).min();
        self.wall_ms.saturating_add(millis(NATIVE_AHEAD)).saturating_add_signed(behind.unwrap_or(0))
    }
}

/// Returns a duration in whole milliseconds.
pub(in crate::run) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
