//! Whose address is whose, and on which way one node dials another.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::carrier::Carrier;
use crate::driver::{Directory, policy_of};
use crate::world::{LinkChange, NodeIndex, NodeSpec};

/// The addresses of all nodes that were ever started, and the carrier between them.
pub(super) struct Addresses {
    carrier: Box<dyn Carrier>,
    nodes: BTreeMap<NodeIndex, Entry>,
    by_name: BTreeMap<String, NodeIndex>,
    by_address: BTreeMap<String, NodeIndex>,
}

struct Entry {
    name: String,
    address: String,
    driver: String,
    policy: Option<String>,
    /// Whether it is to tell of every version it stores.
    watched: bool,
}

impl Addresses {
    pub(super) fn new(carrier: Box<dyn Carrier>) -> Self {
        Self { carrier, nodes: BTreeMap::new(), by_name: BTreeMap::new(), by_address: BTreeMap::new() }
    }

    /// A node is about to be started, at an address.
    pub(super) fn add(&mut self, node: NodeIndex, spec: &NodeSpec, address: &str) {
        self.by_name.insert(spec.name.clone(), node);
        self.by_address.insert(address.to_owned(), node);
        // What another program makes of the policy is its own affair.
        let policy = policy_of(spec).filter(|_| spec.exec.is_none()).map(str::to_owned);
        let (name, address) = (spec.name.clone(), address.to_owned());
        let driver = spec.driver.clone();
        self.nodes.insert(node, Entry { name, address, driver, policy, watched: false });
    }

    pub(super) fn name_of(&self, node: NodeIndex) -> Option<String> {
        self.nodes.get(&node).map(|entry| entry.name.clone())
    }

    pub(super) fn change(&mut self, changes: &[LinkChange]) -> Result<(), String> {
        self.carrier.change(changes)
    }

    pub(super) fn part(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), String> {
        self.carrier.part(sets)
    }
}

impl Directory for RefCell<Addresses> {
    fn address(&self, from: NodeIndex, to: &str) -> Result<String, String> {
        let Addresses { carrier, nodes, by_name, by_address } = &mut *self.borrow_mut();
        let index = by_name.get(to).copied();
        let Some((index, entry)) = index.and_then(|index| Some((index, nodes.get(&index)?))) else {
            return Err(format!("there is no node `{to}`"));
        };
        let route = carrier.route(from, index, &entry.address)?;
        // A node may list a neighbour by the address that it was given.
        by_address.entry(route.clone()).or_insert(index);
        Ok(route)
    }

    fn name(&self, address: &str) -> Option<String> {
        let addresses = self.borrow();
        let node = addresses.by_address.get(address)?;
        addresses.name_of(*node)
    }

    fn driver(&self, name: &str) -> Option<String> {
        let addresses = self.borrow();
        let node = addresses.by_name.get(name)?;
        addresses.nodes.get(node).map(|entry| entry.driver.clone())
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
        let addresses = self.borrow();
        let node = addresses.by_address.get(address).and_then(|node| addresses.nodes.get(node));
        node.is_some_and(|entry| entry.watched)
    }
}
