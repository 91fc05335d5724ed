//! The carrier that stands between nodes: each dialled link runs through a proxy of the harness.
//!
//! A node is told to dial a listener of the harness, one for each pair of who dials and who is
//! dialled, on loopback. What is accepted there is joined to a connection of its own to the node that
//! is meant, and bytes are carried in both directions, each as its road says: held while the road is
//! silent, late and slow by the model of `world::link`. A node that dials an address that it was not
//! given goes past all this.
//!
//! - As in `sim`, a connection takes two round trips, at most 128 KiB are under way in a direction
//!   before its writer has to wait, and silence is told to nobody. The sockets between add what the
//!   kernel buffers.
//! - What was under way when a node ended still arrives. A reset loses it.
//! - Nothing is lost on the way: segments are the kernel's business, and loopback loses none.
//!
//! It carries while the world is driven, as everything in it.

mod connection;
mod listener;
mod road;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::Carrier;
use crate::world::{Direction, LinkChange, NodeIndex};

use road::Roads;

/// What may be under way in one direction of a connection before its writer waits, in bytes: as much
/// as in `sim`.
const WINDOW: usize = 128 << 10;

/// Carries traffic by proxies, and does to it what links are told to.
#[derive(Debug)]
pub struct Proxied {
    roads: Roads,
    /// Where each node dials each other.
    listeners: BTreeMap<Direction, String>,
}

impl Proxied {
    /// With no link yet. What is drawn comes from the seed; when it is asked for, from real time.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { roads: Roads::new(seed), listeners: BTreeMap::new() }
    }

    /// Where one node dials another, at an address of the harness that the proxy has for itself, or
    /// shares with others. The reason why there is no way is for people.
    pub(in crate::world) fn stand(
        &mut self,
        there: Direction,
        address: &str,
        host: Ipv4Addr,
    ) -> Result<String, String> {
        if let Some(proxy) = self.listeners.get(&there) {
            return Ok(proxy.clone());
        }
        let back = Direction { from: there.to, to: there.from };
        let way = [self.roads.get(there), self.roads.get(back)];
        let proxy = listener::open(address, host, way)
            .map_err(|error| format!("a link to {address} cannot be listened for: {error}"))?;
        self.listeners.insert(there, proxy.clone());
        Ok(proxy)
    }
}

impl Carrier for Proxied {
    fn route(&mut self, from: NodeIndex, to: NodeIndex, address: &str) -> Result<String, String> {
        // Nothing stands between a node and itself.
        if from == to {
            return Ok(address.to_owned());
        }
        self.stand(Direction { from, to }, address, Ipv4Addr::LOCALHOST)
    }

    fn change(&mut self, changes: &[LinkChange]) -> Result<(), String> {
        for change in changes {
            self.roads.change(change)?;
        }
        Ok(())
    }

    fn part(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), String> {
        self.roads.part(sets);
        Ok(())
    }
}
