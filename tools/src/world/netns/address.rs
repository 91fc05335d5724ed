//! The addresses of nodes and proxies in the network of a run.

use std::net::Ipv4Addr;

use super::error::NetnsError;
use crate::world::NodeIndex;

/// The address of the hub, at which nodes see the harness.
pub(super) const HUB: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The address of the first node; the others follow.
const FIRST_NODE: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 0);
/// The address of the first proxy; the others follow, to the end of the network 10.
const FIRST_PROXY: Ipv4Addr = Ipv4Addr::new(10, 128, 0, 0);
/// The network of all proxies, by the length of its prefix.
pub(super) const PROXIES: (Ipv4Addr, u8) = (FIRST_PROXY, 9);

/// Returns the address of a node: the same in every run.
pub(super) fn of_node(node: NodeIndex) -> Result<Ipv4Addr, NetnsError> {
    nth(FIRST_NODE, node.0, FIRST_PROXY.to_bits()).ok_or(NetnsError::NoNodeAddress)
}

/// Returns the address of a proxy, by its number.
pub(super) fn of_proxy(number: usize) -> Result<Ipv4Addr, NetnsError> {
    nth(FIRST_PROXY, number, u32::from(11_u8) << 24).ok_or(NetnsError::NoLinkAddress)
}

fn nth(first: Ipv4Addr, number: usize, end: u32) -> Option<Ipv4Addr> {
    let bits = first.to_bits().checked_add(u32::try_from(number).ok()?)?;
    (bits < end).then(|| Ipv4Addr::from_bits(bits))
}
