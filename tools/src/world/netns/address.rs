//! The addresses in the network of a run.

use std::net::Ipv4Addr;

use super::error::NetnsError;
use crate::world::NodeIndex;

/// The address of the hub, at which nodes see the harness.
pub(super) const HUB: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The address of the way to the harness, for packets of shaped links. Nothing listens there.
pub(super) const CAPTURE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The address of the first node; the others follow, to the end of the network 10.
const FIRST_NODE: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 0);
/// The last address of the network 10.
const LAST: Ipv4Addr = Ipv4Addr::new(10, 255, 255, 255);

/// Returns the address of a node: the same in every run.
pub(super) fn of_node(node: NodeIndex) -> Result<Ipv4Addr, NetnsError> {
    let bits = u32::try_from(node.0).ok().and_then(|number| FIRST_NODE.to_bits().checked_add(number));
    bits.filter(|bits| *bits <= LAST.to_bits()).map(Ipv4Addr::from_bits).ok_or(NetnsError::NoNodeAddress)
}

/// Returns the node that an address is for, whether it was started or not.
pub(super) fn node_at(address: Ipv4Addr) -> Option<NodeIndex> {
    let number = address.to_bits().checked_sub(FIRST_NODE.to_bits())?;
    (address <= LAST).then_some(NodeIndex(number as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_found_by_its_address() {
        for node in [0, 1, 255, 256, 100_000].map(NodeIndex) {
            assert_eq!(node_at(of_node(node).unwrap()), Some(node));
        }
        assert_eq!([HUB, CAPTURE, Ipv4Addr::new(11, 0, 0, 0)].map(node_at), [None; 3]);
    }
}
