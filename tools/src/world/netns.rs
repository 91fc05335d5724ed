//! The world `netns`: each node is a process with a network of its own in the kernel, on this machine.
//!
//! A run has a network namespace for itself, the *hub*. Each node has a namespace that is wired to the hub by
//! a pair of virtual interfaces. Nodes have addresses of their own, so that any program that binds one and
//! speaks to others can live there. All traffic between two nodes passes the hub, where the kernel's packet
//! filter drops what a cut or a partition takes.
//!
//! - No namespace has a name, and nothing is made in the network of the machine. When the last process of a
//!   run has ended, however it did, the kernel takes down all of it. Processes are ended as in `process`, by
//!   their standard input and by the guard.
//! - The thread that drives the world lives in its hub, so that its dials reach the nodes. Other threads are
//!   started from it.
//! - The hub routes instead of bridging. A bridge has at most 1,023 ports. Its nodes would ask each other for
//!   their addresses, more of them than the kernel remembers for all namespaces together. With routes no node
//!   asks: the neighbours of every interface are written down.
//! - Shapes are the work of the harness, since many kernels have no netem. The packets of a link that has a
//!   shape leave the kernel's path in the hub and are carried by a thread (`packets`): those of either end, and of
//!   every protocol. Links without a shape stay in the kernel.

mod address;
mod carrier;
mod error;
mod filter;
mod hub;
mod packets;
mod privilege;
mod request;
mod socket;
mod space;

use std::rc::Rc;
use std::sync::Arc;

use super::live::{LaunchError, Launcher, Live};
use super::process::{NamespaceHandle, NetworkProvider, Options, Processes};
use super::{Declaration, NETNS, NodeIndex};

pub use error::NetnsError;
pub use privilege::{able, join, prepare};

use carrier::Wires;
use hub::Hub;

/// Creates a world of processes with networks of their own, all listening on this port. The thread that makes
/// it has to be the one that drives it. [`prepare`] comes first. `shaped` says that links will be shaped: a
/// machine that cannot do that is refused here, and not with the first shape.
pub fn world(options: Options, port: u16, shaped: bool) -> std::io::Result<(Live, Rc<Processes>)> {
    let hub = Rc::new(Hub::new().map_err(std::io::Error::other)?);
    let provider = Networks { hub: Rc::clone(&hub), port };
    let (seed, logs, messages) = (options.seed, options.logs.clone(), options.messages);
    let processes = Rc::new(Processes::new(options, Box::new(provider))?);
    let wires = Wires::new(hub, seed, shaped).map_err(std::io::Error::other)?;
    let live =
        Live::new(Rc::clone(&processes) as Rc<dyn Launcher>, Box::new(wires), seed, (&logs, messages))?;
    Ok((live, processes))
}

/// The provider of a network for each node.
struct Networks {
    hub: Rc<Hub>,
    port: u16,
}

impl NetworkProvider for Networks {
    fn declaration(&self) -> &'static Declaration {
        &NETNS
    }

    fn choose_address(&self, node: NodeIndex) -> Result<(String, u16), LaunchError> {
        Ok((address::of_node(node)?.to_string(), self.port))
    }

    fn choose_further_port(&self, index: usize) -> Result<u16, LaunchError> {
        // The node has its network for itself, so that the ports behind its first one are free.
        let port = u16::try_from(index).ok().and_then(|index| self.port.checked_add(index));
        port.ok_or_else(|| LaunchError::Place("there are no ports left above 65535".into()))
    }

    fn namespace(&self, node: NodeIndex) -> Option<Arc<dyn NamespaceHandle>> {
        Some(self.hub.branch(node))
    }
}
