//! The carrier that stands between nodes: each dialled link runs through a proxy of the harness.
//!
//! The harness has one listener on loopback for each pair of a dialling node and a dialled node. The dialling
//! node gets its address. The proxy joins each accepted connection to a connection of its own to the dialled
//! node. It carries bytes in both directions, each as its channel says: held while the channel is silent, late and
//! slow by the model of `world::link`. A node that dials an address that it was not given bypasses the proxy.
//!
//! - As in `sim`, a connection takes two round trips, and silence is reported to no node. At most 128 KiB are
//!   under way in a direction before its writer has to wait. The sockets between add what the kernel buffers.
//! - Traffic that was under way when a node ended still arrives. A reset loses it.
//! - Nothing is lost on the way: segments are the kernel's business, and loopback loses none.
//!
//! The proxies carry only while the world is driven, as everything in it.

mod channel;
mod connection;
mod dialled_ports;
mod link;
mod listener;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use procfs::process::{FDTarget, Process};

use super::bypass::{self, BypassFacts, Span};
use super::carrier::{Carrier, ShortageCallback};
use super::error::LinkError;
use crate::world::{Bypass, Direction, LinkChange, NodeIndex, kernel};

use channel::Channels;
use dialled_ports::DialledPorts;
use link::{Link, ShortageReporter};

/// A carrier by proxies, which apply the faults and shapes of links to traffic.
#[derive(Debug)]
pub struct Proxied {
    channels: Channels,
    /// The address at which each node dials each other.
    listeners: BTreeMap<Direction, String>,
    dialled: Rc<DialledPorts>,
    shortages: ShortageReporter,
}

impl Proxied {
    /// Creates a carrier without links. Draws come from the seed; their order comes from real time.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let (channels, listeners) = (Channels::new(seed), BTreeMap::new());
        Self { channels, listeners, dialled: Rc::default(), shortages: ShortageReporter::default() }
    }

    /// Opens the proxy of a direction, unless it is open already, and returns its address.
    fn open_proxy(&mut self, there: Direction, address: &str) -> Result<String, LinkError> {
        if let Some(proxy) = self.listeners.get(&there) {
            return Ok(proxy.clone());
        }
        let back = Direction { from: there.to, to: there.from };
        let channels = [self.channels.get(there), self.channels.get(back)];
        let link = Link {
            to: there.to,
            address: address.to_owned(),
            channels,
            dialled: Rc::clone(&self.dialled),
            shortages: self.shortages.clone(),
        };
        let proxy = listener::open(link).map_err(|error| {
            self.shortages.report("a link cannot be made", &error);
            LinkError::Listen { address: address.to_owned(), error }
        })?;
        self.listeners.insert(there, proxy.clone());
        Ok(proxy)
    }
}

impl Carrier for Proxied {
    fn on_shortage(&mut self, callback: ShortageCallback) {
        self.shortages = ShortageReporter::new(callback);
    }

    fn route(&mut self, from: NodeIndex, to: NodeIndex, address: &str) -> Result<String, LinkError> {
        // Nothing stands between a node and itself.
        if from == to {
            return Ok(address.to_owned());
        }
        self.open_proxy(Direction { from, to }, address)
    }

    fn change(&mut self, changes: &[LinkChange]) -> Result<(), LinkError> {
        for change in changes {
            self.channels.change(change)?;
        }
        Ok(())
    }

    fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), LinkError> {
        self.channels.set_partition(sets);
        Ok(())
    }

    fn bypasses(&self, facts: &BypassFacts<'_>) -> std::io::Result<BTreeSet<Bypass>> {
        let is_ours = |node, port| self.dialled.knows(node, port);
        let ours = sockets_of_this_process()?;
        let look = || -> std::io::Result<bypass::BypassScan> {
            let (connections, listed) = Span::of(kernel::connections);
            Ok(bypass::scan(&connections?, facts, is_ours, &ours, &listed))
        };
        let mut first = look()?;
        let unread = bypass::judge(&first.candidates, facts, &mut first.found);
        if !unread.is_empty() {
            // An adapter may have ended between the list and the look at its owner. A connection that is
            // still there has an owner that may not be read.
            let again = look()?.candidates.intersection(&unread).copied().collect();
            bypass::count_unread(&again, facts, &mut first.found);
        }
        Ok(first.found)
    }
}

/// Returns the inodes of the sockets of the harness itself.
fn sockets_of_this_process() -> std::io::Result<BTreeSet<u64>> {
    let files = Process::myself().and_then(|this| this.fd()).map_err(std::io::Error::other)?;
    Ok(files
        .flatten()
        .filter_map(|file| match file.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect())
}
