//! The hub, a namespace that all nodes of a run are wired to, and a namespace for each node.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Arc, OnceLock};

use super::address::{self, HUB};
use super::error::NetnsError;
use super::request::{End, LOOPBACK, OUTWARD, address_on, forwarding, neighbour, up, way, wire};
use super::space::Space;
use crate::world::NodeIndex;
use crate::world::kernel::Netlink;
use crate::world::live::LaunchError;
use crate::world::process::NamespaceHandle;

/// The hub's interface to the first node; the others follow.
const FIRST_INWARD: u32 = 16;
/// The link-layer address of every interface of the hub: each is alone with one node.
const HUB_HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];
/// The link-layer address of every node.
const NODE_HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// The namespace of a run. When it is dropped, the thread that made it returns to its earlier namespace.
pub(super) struct Hub {
    /// The namespace in which the thread was before.
    home: Space,
    space: Arc<Space>,
    branches: RefCell<BTreeMap<NodeIndex, Arc<Branch>>>,
}

impl Hub {
    /// Makes a hub, and moves this thread into it.
    pub(super) fn new() -> Result<Self, NetnsError> {
        let wrong = NetnsError::Namespace;
        let home = Space::current().map_err(wrong)?;
        let space = Arc::new(Space::new().map_err(wrong)?);
        space.enter().map_err(wrong)?;
        // From here on the thread returns when the hub is dropped, whatever fails.
        let hub = Self { home, space, branches: RefCell::default() };
        let mut kernel = Netlink::routes().map_err(wrong)?;
        kernel.make(vec![
            ("the loopback of the hub", up(LOOPBACK)),
            ("the address of the hub", address_on(LOOPBACK, HUB)),
        ])?;
        Ok(hub)
    }

    /// Does some work in the hub.
    pub(super) fn within<T>(&self, work: impl FnOnce() -> T) -> Result<T, NetnsError> {
        self.space.within(work).map_err(NetnsError::Enter)
    }

    /// Returns the way to a node's namespace, which is made when the node is first started.
    pub(super) fn branch(&self, node: NodeIndex) -> Arc<Branch> {
        let mut branches = self.branches.borrow_mut();
        let branch = branches.entry(node).or_insert_with(|| {
            Arc::new(Branch { node, hub: Arc::clone(&self.space), space: OnceLock::new() })
        });
        Arc::clone(branch)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // A thread that cannot return serves no other world: making one would fail with the reason.
        let _: io::Result<()> = self.home.enter();
    }
}

/// A node's namespace, and the wire from it to the hub.
pub(super) struct Branch {
    node: NodeIndex,
    hub: Arc<Space>,
    space: OnceLock<Space>,
}

impl Branch {
    /// Returns the namespace, if it was made.
    pub(super) fn space(&self) -> Option<&Space> {
        self.space.get()
    }

    fn made(&self) -> Result<&Space, NetnsError> {
        if let Some(space) = self.space.get() {
            return Ok(space);
        }
        // A node is not started twice at a time.
        let space = self.make()?;
        Ok(self.space.get_or_init(|| space))
    }

    fn make(&self) -> Result<Space, NetnsError> {
        let node = address::of_node(self.node)?;
        let inward = u32::try_from(self.node.0)
            .ok()
            .and_then(|number| FIRST_INWARD.checked_add(number))
            .ok_or(NetnsError::NoInterface)?;
        let name = format!("node{}", self.node.0);
        let near = End { name: &name, hardware: HUB_HARDWARE };
        let far = End { name: "eth0", hardware: NODE_HARDWARE };
        let wrong = NetnsError::Namespace;
        let space = Space::new().map_err(wrong)?;
        let mut kernel = self.hub.within(Netlink::routes).and_then(|kernel| kernel).map_err(wrong)?;
        kernel.make(vec![
            ("the wire to a node", wire(inward, near, far, &space, None)),
            ("the hub's end of a wire", forwarding(inward)),
            ("the neighbour at the end of a wire", neighbour(inward, node, NODE_HARDWARE)),
            ("the way to a node", way(inward, Some(node), None)),
        ])?;
        let mut kernel = space.within(Netlink::routes).and_then(|kernel| kernel).map_err(wrong)?;
        kernel.make(vec![
            ("the loopback of a node", up(LOOPBACK)),
            ("a node's end of a wire", up(OUTWARD)),
            ("the address of a node", address_on(OUTWARD, node)),
            ("the neighbour of a node", neighbour(OUTWARD, HUB, HUB_HARDWARE)),
            ("the way to the hub", way(OUTWARD, Some(HUB), None)),
            ("the way to everybody", way(OUTWARD, None, Some(HUB))),
        ])?;
        Ok(space)
    }
}

impl NamespaceHandle for Branch {
    fn network(&self) -> Result<File, LaunchError> {
        Ok(self.made()?.file().try_clone().map_err(NetnsError::Enter)?)
    }
}
