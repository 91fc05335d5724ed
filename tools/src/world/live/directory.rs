//! The directory of nodes: their addresses, and the addresses at which they dial each other.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::time::Instant;

use super::bypass::{BypassFacts, Owner, Span};
use super::carrier::Carrier;
use super::error::LinkError;
use crate::driver::{self, AddressError, Contacts, Directory, Place, Reach, ReachError, policy_of};
use crate::world::partition::Partition;
use crate::world::{Bypass, Direction, LinkChange, NodeIndex, NodeSpec};

/// The addresses of all nodes that were ever started, and the carrier between them.
pub(super) struct NodeDirectory {
    carrier: Box<dyn Carrier>,
    nodes: BTreeMap<NodeIndex, Entry>,
    by_name: BTreeMap<String, NodeIndex>,
    by_address: BTreeMap<String, NodeIndex>,
    /// The cut directions, and the partition: clients of the harness beside a node respect them too.
    cut: BTreeSet<Direction>,
    partition: Partition,
}

struct Entry {
    name: String,
    address: String,
    /// The addresses of all its ports.
    addresses: Vec<String>,
    ports: Vec<u16>,
    /// The contacts of clients that other nodes led here.
    contacts: Rc<Contacts>,
    /// True if it ran before.
    attached: bool,
    /// The declaration of the driver, if there is such a driver.
    driver: Option<&'static driver::Declaration>,
    policy: Option<String>,
    /// True if the node is to report every version that it stores.
    watched: bool,
}

impl NodeDirectory {
    pub(super) fn new(carrier: Box<dyn Carrier>) -> Self {
        Self {
            carrier,
            nodes: BTreeMap::new(),
            by_name: BTreeMap::new(),
            by_address: BTreeMap::new(),
            cut: BTreeSet::new(),
            partition: Partition::default(),
        }
    }

    /// Adds a node that is about to be started, at a place.
    pub(super) fn add(&mut self, node: NodeIndex, spec: &NodeSpec, place: &Place) {
        let address = place.address();
        self.by_name.insert(spec.name.clone(), node);
        let ports = place.ports().into_iter().filter(|port| *port != 0);
        let mut addresses: Vec<_> = ports.map(|port| Place { port, ..place.clone() }.address()).collect();
        // A node may be listed by the name of its host.
        addresses.extend(spec.at.as_ref().map(crate::world::Attachment::address));
        self.by_address.extend(addresses.iter().map(|address| (address.clone(), node)));
        // A foreign program may treat the policy as it likes.
        let policy = policy_of(spec).filter(|_| spec.exec.is_none()).map(str::to_owned);
        let (name, ports) = (spec.name.clone(), place.ports());
        let driver = driver::declaration_of(&spec.driver);
        let attached = spec.at.is_some();
        let contacts = self.nodes.get(&node).map(|before| Rc::clone(&before.contacts)).unwrap_or_default();
        let watched = false;
        self.nodes.insert(
            node,
            Entry { name, address, addresses, ports, contacts, attached, driver, policy, watched },
        );
    }

    pub(super) fn name_of(&self, node: NodeIndex) -> Option<String> {
        self.nodes.get(&node).map(|entry| entry.name.clone())
    }

    pub(super) fn change(&mut self, changes: &[LinkChange]) -> Result<(), LinkError> {
        self.carrier.change(changes)?;
        for change in changes {
            match change {
                LinkChange::Cut(direction) => {
                    self.cut.insert(*direction);
                }
                LinkChange::Join(direction) => {
                    self.cut.remove(direction);
                }
                LinkChange::Break(_) | LinkChange::Shape(..) => {}
            }
        }
        Ok(())
    }

    /// Finds connections between nodes that the carrier does not carry. Fails where the system does not list them.
    pub(super) fn bypasses(
        &self,
        since: BTreeMap<NodeIndex, Instant>,
        was_contacted: &dyn Fn(NodeIndex, &Span) -> bool,
        owners: &dyn Fn(&BTreeSet<u64>) -> BTreeMap<u64, Owner>,
    ) -> std::io::Result<BTreeSet<Bypass>> {
        let address = |entry: &Entry| entry.address.parse::<SocketAddr>().ok();
        // A port of another host says nothing about the connections of this one.
        let is_here = |entry: &Entry, address: &SocketAddr| !entry.attached || address.ip().is_loopback();
        let here = self.nodes.iter().filter_map(|(node, entry)| Some((node, entry, address(entry)?)));
        let here = here.filter(|(_, entry, address)| is_here(entry, address));
        let addresses = here.map(|(node, _, address)| (*node, address)).collect();
        let attached = self.nodes.iter().filter(|(_, entry)| entry.attached).map(|(node, _)| *node).collect();
        let was_led = |node, span: &Span| {
            let contacts = self.nodes.get(&node).map(|entry| &entry.contacts);
            contacts.is_some_and(|contacts| contacts.covers(span.earliest, span.latest))
        };
        let was_contacted = &|node, span: &Span| was_contacted(node, span) || was_led(node, span);
        let facts = BypassFacts { since, addresses, attached, was_contacted, owners };
        self.carrier.bypasses(&facts)
    }

    /// Returns the number of packets that the carrier could not carry.
    pub(super) fn packets_lost(&self) -> u64 {
        self.carrier.packets_lost()
    }

    pub(super) fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), LinkError> {
        self.carrier.set_partition(sets)?;
        self.partition = Partition::new(sets);
        Ok(())
    }

    /// Returns true if requests or answers between two nodes are lost.
    fn are_apart(&self, from: NodeIndex, to: NodeIndex) -> bool {
        let ways = [Direction { from, to }, Direction { from: to, to: from }];
        ways.into_iter().any(|way| self.cut.contains(&way) || self.partition.separates(way))
    }
}

/// Returns true if an address is one of this machine: then a program there reaches what listens on loopback.
fn is_of_this_machine(address: &str) -> bool {
    let Ok(address) = address.parse::<SocketAddr>() else { return false };
    // Only an address of its own may be bound; the port does not matter.
    address.ip().is_loopback() || std::net::UdpSocket::bind((address.ip(), 0)).is_ok()
}

impl Directory for RefCell<NodeDirectory> {
    fn reach(&self, from: NodeIndex, address: &str) -> Result<Reach, ReachError> {
        let directory = self.borrow();
        let found = directory.by_address.get(address);
        let Some((to, entry)) = found.and_then(|to| Some((*to, directory.nodes.get(to)?))) else {
            return Err(ReachError::NoNode(address.to_owned()));
        };
        if directory.are_apart(from, to) {
            let from = directory.name_of(from).unwrap_or_default();
            return Err(ReachError::Apart { from, to: entry.name.clone() });
        }
        // A proxy in front of a node carries the traffic of nodes.
        let is_own = entry.addresses.iter().any(|own| own == address);
        let address = if is_own { address } else { &entry.address };
        Ok(Reach { address: address.to_owned(), contacts: Rc::clone(&entry.contacts) })
    }

    fn address(&self, from: NodeIndex, to: &str) -> Result<String, AddressError> {
        let NodeDirectory { carrier, nodes, by_name, by_address, .. } = &mut *self.borrow_mut();
        let index = by_name.get(to).copied();
        let Some((index, entry)) = index.and_then(|index| Some((index, nodes.get(&index)?))) else {
            return Err(AddressError::NoNode(to.to_owned()));
        };
        let dialler = nodes.get(&from).filter(|dialler| dialler.attached);
        // The link of two nodes that ran before outlives the run, so that no proxy stands in it.
        if dialler.is_some() && entry.attached {
            return Ok(entry.address.clone());
        }
        if dialler.is_some_and(|dialler| !is_of_this_machine(&dialler.address)) {
            return Err(AddressError::Elsewhere {
                from: dialler.map_or_else(String::new, |node| node.name.clone()),
                to: to.to_owned(),
            });
        }
        let route = carrier.route(from, index, &entry.address);
        let route = route.map_err(|error| AddressError::NoLink(Box::new(error)))?;
        // A node may list a neighbour by the address that it was given.
        by_address.entry(route.clone()).or_insert(index);
        Ok(route)
    }

    fn name(&self, address: &str) -> Option<String> {
        let directory = self.borrow();
        let node = directory.by_address.get(address)?;
        directory.name_of(*node)
    }

    fn ports(&self, name: &str) -> Option<(NodeIndex, Vec<u16>)> {
        let directory = self.borrow();
        let node = *directory.by_name.get(name)?;
        Some((node, directory.nodes.get(&node)?.ports.clone()))
    }

    fn driver(&self, name: &str) -> Option<&'static driver::Declaration> {
        let directory = self.borrow();
        let node = directory.by_name.get(name)?;
        directory.nodes.get(node).and_then(|entry| entry.driver)
    }

    fn policy(&self, node: NodeIndex) -> Option<String> {
        self.borrow().nodes.get(&node)?.policy.clone()
    }

    fn watch(&self, node: NodeIndex) {
        if let Some(entry) = self.borrow_mut().nodes.get_mut(&node) {
            entry.watched = true;
        }
    }

    fn is_watched(&self, address: &str) -> bool {
        let directory = self.borrow();
        let node = directory.by_address.get(address).and_then(|node| directory.nodes.get(node));
        node.is_some_and(|entry| entry.watched)
    }
}
