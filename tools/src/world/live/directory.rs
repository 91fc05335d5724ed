//! Whose address is whose, and on which way one node dials another.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::carrier::Carrier;
use crate::driver::Directory;
use crate::world::{LinkChange, NodeIndex};

/// The addresses of all nodes that were ever started, and the carrier between them.
pub(super) struct Addresses {
    carrier: Box<dyn Carrier>,
    nodes: BTreeMap<NodeIndex, (String, String)>,
    by_name: BTreeMap<String, NodeIndex>,
    by_address: BTreeMap<String, NodeIndex>,
}

impl Addresses {
    pub(super) fn new(carrier: Box<dyn Carrier>) -> Self {
        Self { carrier, nodes: BTreeMap::new(), by_name: BTreeMap::new(), by_address: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, node: NodeIndex, name: &str, address: &str) {
        self.by_name.insert(name.to_owned(), node);
        self.by_address.insert(address.to_owned(), node);
        self.nodes.insert(node, (name.to_owned(), address.to_owned()));
    }

    pub(super) fn name_of(&self, node: NodeIndex) -> Option<String> {
        self.nodes.get(&node).map(|(name, _)| name.clone())
    }

    pub(super) fn change(&mut self, changes: &[LinkChange]) -> Result<(), String> {
        self.carrier.change(changes)
    }
}

impl Directory for RefCell<Addresses> {
    fn address(&self, from: NodeIndex, to: &str) -> Option<String> {
        let addresses = self.borrow();
        let to = *addresses.by_name.get(to)?;
        let (_, address) = addresses.nodes.get(&to)?;
        Some(addresses.carrier.route(from, to, address))
    }

    fn name(&self, address: &str) -> Option<String> {
        let addresses = self.borrow();
        let node = addresses.by_address.get(address)?;
        addresses.name_of(*node)
    }
}
