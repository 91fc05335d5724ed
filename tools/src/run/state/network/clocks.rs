//! The clocks of nodes: the shift of each, and the greatest distance between two of them or a right clock.

use std::collections::BTreeMap;

use crate::world::NodeIndex;

/// The shifts of the nodes' clocks.
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks {
    /// The shift of each node that has one, in milliseconds.
    shifts_ms: BTreeMap<NodeIndex, i64>,
    /// The greatest distance that there ever was between two clocks, of nodes or right, in milliseconds.
    pub(super) apart_ms_max: u64,
}

impl Clocks {
    /// Shifts a node's clock by so many milliseconds more.
    pub(super) fn shift(&mut self, node: NodeIndex, offset_ms: i64) {
        let shift = self.shifts_ms.entry(node).or_default();
        *shift = shift.saturating_add(offset_ms);
        if *shift == 0 {
            self.shifts_ms.remove(&node);
        }
        self.apart_ms_max = self.apart_ms_max.max(self.spread_ms());
    }

    /// Returns the nodes with shifted clocks, each with its shift in milliseconds.
    pub(super) fn shifts(&self) -> impl Iterator<Item = (NodeIndex, i64)> {
        self.shifts_ms.iter().map(|(node, shift)| (*node, *shift))
    }

    /// Returns the shift of a node's clock, in milliseconds.
    pub(super) fn shift_of(&self, node: NodeIndex) -> i64 {
        self.shifts_ms.get(&node).copied().unwrap_or(0)
    }

    /// Returns the greatest distance between two clocks, in milliseconds. A right clock is always one of them.
    pub(super) fn spread_ms(&self) -> u64 {
        let shifts = || self.shifts_ms.values().copied().chain([0]);
        shifts().max().unwrap_or(0).abs_diff(shifts().min().unwrap_or(0))
    }

    /// Returns true if no clock is shifted.
    pub(super) fn are_right(&self) -> bool {
        self.shifts_ms.is_empty()
    }
}
