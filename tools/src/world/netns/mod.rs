//! The world `netns`: each node is a process with a network of its own in the kernel, on this machine.
//!
//! A run has a network namespace for itself, the *hub*, and each node one that is wired to it by a pair
//! of virtual interfaces. Nodes have addresses of their own, any program that binds one and speaks to
//! others can live there, and all that passes between two of them passes the hub, where the kernel's
//! packet filter drops what a cut, a partition or loss takes.
//!
//! - No namespace has a name, and nothing is made in the network of the machine: when the last process
//!   of a run has ended, however it did, the kernel takes down all of it. Processes are ended as in
//!   `process`, by their standard input and by the guard.
//! - The thread that drives the world lives in its hub, so that whatever is dialled from there reaches
//!   the nodes. Other threads are started from it.
//! - The hub routes instead of bridging: a bridge has at most 1,023 ports, and its nodes would ask each
//!   other for their addresses, more of them than the kernel remembers for all namespaces together. Here
//!   nobody asks: the neighbours of every interface are written down.
//! - Delays, jitter and rates are done by proxies, as in `process`, since many kernels have no netem. A
//!   proxy stands at an address that is its own, so that cuts and loss find its packets too.

mod address;
mod carrier;
mod filter;
mod hub;
mod netlink;
mod privilege;
mod socket;
mod space;

use std::rc::Rc;
use std::sync::Arc;

use super::live::{Launcher, Live, Proxied};
use super::process::{Ground, Links, Options, Processes, Threshold, raise_for_links};
use super::{Declaration, NETNS, NETNS_DIRECT, NodeIndex};

pub use privilege::{able, join, prepare};

use carrier::Wires;
use hub::Hub;

/// A world of processes with networks of their own, all listening on this port. The thread that makes it
/// has to be the one that drives it. [`prepare`] comes first.
pub fn world(options: Options, port: u16, links: Links) -> std::io::Result<(Live, Rc<Processes>)> {
    let proxies = match links {
        Links::Direct => None,
        Links::Proxied => {
            raise_for_links()?;
            Some(Proxied::new(options.seed))
        }
    };
    let hub = Rc::new(Hub::new().map_err(std::io::Error::other)?);
    let ground = Networks { hub: Rc::clone(&hub), port, links };
    let seed = options.seed;
    let processes = Rc::new(Processes::new(options, Box::new(ground))?);
    let wires = Wires::new(hub, proxies).map_err(std::io::Error::other)?;
    let live = Live::new(Rc::clone(&processes) as Rc<dyn Launcher>, Box::new(wires), seed)?;
    Ok((live, processes))
}

/// A network for each node.
struct Networks {
    hub: Rc<Hub>,
    port: u16,
    links: Links,
}

impl Ground for Networks {
    fn declaration(&self) -> &'static Declaration {
        match self.links {
            Links::Direct => &NETNS_DIRECT,
            Links::Proxied => &NETNS,
        }
    }

    fn settle(&self, node: NodeIndex) -> Result<(String, u16), String> {
        Ok((address::of_node(node)?.to_string(), self.port))
    }

    fn threshold(&self, node: NodeIndex) -> Option<Arc<dyn Threshold>> {
        Some(self.hub.branch(node))
    }
}
