//! Netlink requests to the kernel, about its networks and its sockets.

mod netlink;
mod sockets;

pub(in crate::world) use netlink::{Netlink, NetlinkError};
pub(in crate::world) use sockets::{Connection, State, connections};
