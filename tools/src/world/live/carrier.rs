//! Carriers: the movers of traffic between nodes.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use super::bypass::BypassFacts;
use super::error::LinkError;
use crate::world::{Bypass, LinkChange, NodeIndex};

/// A callback for a shortage of the environment, in words for people. Any thread may call it.
pub type ShortageCallback = Arc<dyn Fn(String) + Send + Sync>;

/// A carrier moves traffic between nodes and applies the faults and shapes of links to it.
pub trait Carrier {
    /// Sets the callback for shortages. It is set before there is any link.
    fn on_shortage(&mut self, callback: ShortageCallback) {
        // A carrier without resources of its own lacks nothing.
        drop(callback);
    }

    /// Returns the address at which `from` dials `to`, which listens at `address`: the same each time.
    fn route(&mut self, from: NodeIndex, to: NodeIndex, address: &str) -> Result<String, LinkError>;

    /// Changes the effect of links on traffic.
    fn change(&mut self, changes: &[LinkChange]) -> Result<(), LinkError>;

    /// Sets the partition, in place of the one before.
    fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), LinkError>;

    /// Finds connections between nodes that the carrier does not carry, though a fault concerns one of their
    /// ends.
    fn bypasses(&self, facts: &BypassFacts<'_>) -> io::Result<BTreeSet<Bypass>>;

    /// Returns the number of packets that the carrier lost because it could not carry them.
    fn packets_lost(&self) -> u64 {
        0
    }
}

/// The kernel's loopback: nodes dial each other, and nothing stands between them.
#[derive(Debug, Clone, Copy)]
pub struct Direct;

impl Carrier for Direct {
    fn route(&mut self, _from: NodeIndex, _to: NodeIndex, address: &str) -> Result<String, LinkError> {
        Ok(address.to_owned())
    }

    fn change(&mut self, _changes: &[LinkChange]) -> Result<(), LinkError> {
        Err(LinkError::NothingBetween)
    }

    fn set_partition(&mut self, _sets: &[Vec<NodeIndex>]) -> Result<(), LinkError> {
        Err(LinkError::NothingBetween)
    }

    fn bypasses(&self, _scene: &BypassFacts<'_>) -> io::Result<BTreeSet<Bypass>> {
        // There is no fault that could be bypassed.
        Ok(BTreeSet::new())
    }
}
