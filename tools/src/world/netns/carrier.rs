//! The faults and shapes of links: by the packet filter of the hub, and by proxies where it has no means.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use super::address;
use super::error::NetnsError;
use super::filter::Filter;
use super::hub::Hub;
use super::socket;
use crate::scenario::Shape;
use crate::world::kernel::{self, State};
use crate::world::live::{BypassFacts, Carrier, LinkError, Proxied, ShortageCallback, Span};
use crate::world::{Bypass, Direction, LinkChange, NodeIndex};

/// A carrier for networks in the kernel, which moves the traffic. With proxies, links that are dialled
/// through them can be shaped.
pub(super) struct Wires {
    hub: Rc<Hub>,
    filter: Filter,
    proxies: Option<Proxied>,
}

impl Wires {
    /// Creates a carrier without links, in the hub of this thread.
    pub(super) fn new(hub: Rc<Hub>, proxies: Option<Proxied>) -> Result<Self, NetnsError> {
        Ok(Self { hub, filter: Filter::new()?, proxies })
    }

    /// Applies a change to the proxies: traffic under way in a proxy is past the filter.
    fn change_proxies(&mut self, change: &LinkChange) -> Result<(), LinkError> {
        self.proxies.as_mut().map_or(Ok(()), |proxies| proxies.change(std::slice::from_ref(change)))
    }

    /// Resets the connections that one end has to the other.
    fn reset(&self, Direction { from, to }: Direction) -> Result<(), NetnsError> {
        let branch = self.hub.branch(from);
        let Some(space) = branch.space() else { return Ok(()) };
        let ends: BTreeSet<Ipv4Addr> = self.filter.ends(Direction { from, to }).into_iter().collect();
        let done = space.within(|| socket::reset(&ends)).and_then(|done| done);
        done.map_err(NetnsError::Reset)
    }
}

impl Carrier for Wires {
    fn on_shortage(&mut self, callback: ShortageCallback) {
        if let Some(proxies) = &mut self.proxies {
            proxies.on_shortage(callback);
        }
    }

    fn route(&mut self, from: NodeIndex, to: NodeIndex, address: &str) -> Result<String, LinkError> {
        let there = Direction { from, to };
        match &mut self.proxies {
            Some(proxies) if from != to => {
                let host = match self.filter.proxy(there) {
                    Some(host) => host,
                    None => self.filter.add_proxy(there, address::of_proxy)?,
                };
                proxies.open_proxy(there, address, host)
            }
            _ => Ok(address.to_owned()),
        }
    }

    fn change(&mut self, changes: &[LinkChange]) -> Result<(), LinkError> {
        for change in changes {
            match change {
                LinkChange::Cut(direction) => {
                    self.filter.cut(*direction, true);
                    self.change_proxies(change)?;
                }
                LinkChange::Join(direction) => {
                    self.filter.cut(*direction, false);
                    self.change_proxies(change)?;
                }
                LinkChange::Break(direction) => {
                    self.change_proxies(change)?;
                    self.reset(*direction)?;
                }
                LinkChange::Shape(direction, shapes) => {
                    let lost = shapes.iter().rev().find_map(|shape| match shape {
                        Shape::Loss(share) => Some(*share),
                        _ => None,
                    });
                    self.filter.lose(*direction, lost.unwrap_or(0.0));
                    let rest: Vec<Shape> =
                        shapes.iter().filter(|shape| !matches!(shape, Shape::Loss(_))).copied().collect();
                    match &mut self.proxies {
                        Some(proxies) => proxies.change(&[LinkChange::Shape(*direction, rest)])?,
                        None if rest.is_empty() => {}
                        None => return Err(LinkError::NoProxy),
                    }
                }
            }
        }
        Ok(self.filter.apply()?)
    }

    fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), LinkError> {
        self.filter.set_partition(sets);
        if let Some(proxies) = &mut self.proxies {
            proxies.set_partition(sets)?;
        }
        Ok(self.filter.apply()?)
    }

    /// Finds connections from address to address of two nodes. Those that are dialled through proxies come
    /// from the proxies' addresses, and those of the harness and of adapters from the hub's address.
    fn bypasses(&self, facts: &BypassFacts<'_>) -> io::Result<BTreeSet<Bypass>> {
        let nodes: BTreeMap<IpAddr, NodeIndex> =
            facts.addresses.iter().map(|(node, address)| (address.ip(), *node)).collect();
        let mut found = BTreeSet::new();
        for (node, since) in &facts.since {
            let branch = self.hub.branch(*node);
            let Some(space) = branch.space() else { continue };
            let (ends, listed) = Span::of(|| space.within(kernel::connections).and_then(|ends| ends));
            for end in ends? {
                let counts = match end.state {
                    State::Open => true,
                    State::Ended(age) => listed.before(age).is_some_and(|ended| ended.earliest > *since),
                    State::Passing => false,
                };
                let other = nodes.get(&end.remote.ip()).filter(|other| *other != node);
                let (true, Some(other)) = (counts, other) else { continue };
                // The end with the lower port is the one that listens: the kernel gives high ports to
                // dialling ends.
                let [from, to] =
                    if end.local.port() < end.remote.port() { [*other, *node] } else { [*node, *other] };
                found.insert(Bypass { from: Some(from), to });
            }
        }
        Ok(found)
    }
}
