//! The faults in force that only proxies make, and that connections may bypass.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::network::Network;
use crate::world::{Ability, Direction, NodeIndex};

/// The faults in force that connections may bypass.
#[derive(Debug, Default)]
pub(in crate::run) struct ProxiedFaults {
    /// The abilities of the world that connections may bypass.
    pub proxied: &'static [Ability],
    /// True if connections that have ended count. They do not count by hand: then a
    /// person may have made them.
    pub ended_count: bool,
    /// The nodes that a fault concerns, each with the time since which it does.
    pub since: BTreeMap<NodeIndex, Duration>,
}

impl ProxiedFaults {
    /// Begins to watch a world that has these abilities only by proxies.
    pub(in crate::run) fn of_world(&mut self, proxied: &'static [Ability], ended_count: bool) {
        (self.proxied, self.ended_count) = (proxied, ended_count);
    }

    /// Returns true if cuts can be bypassed.
    pub(in crate::run) fn silence(&self) -> bool {
        self.proxied.contains(&Ability::Cut)
    }

    /// Returns true if shapes can be bypassed.
    pub(in crate::run) fn delays(&self) -> bool {
        self.proxied.contains(&Ability::Shape)
    }

    /// Updates the nodes that faults concern from the present state of links.
    pub(in crate::run) fn update(&mut self, network: &Network, now: Duration) {
        let mut concerned = BTreeSet::new();
        if self.silence() {
            network.silenced(&mut concerned);
        }
        if self.delays() {
            network.slowed(&mut concerned);
        }
        self.since.retain(|node, _| concerned.contains(node));
        for node in concerned {
            self.since.entry(node).or_insert(now);
        }
    }

    /// Returns true if traffic between these two should feel a fault.
    pub(in crate::run) fn concern(&self, network: &Network, one: NodeIndex, other: NodeIndex) -> bool {
        [Direction { from: one, to: other }, Direction { from: other, to: one }].into_iter().any(
            |direction| {
                (self.silence() && !network.permits(direction))
                    || (self.delays() && network.is_slowed(direction))
            },
        )
    }
}
