//! The requests to the kernel from which the network of a run is made.

use std::net::Ipv4Addr;
use std::os::fd::AsRawFd as _;

use netlink_packet_route::AddressFamily;
use netlink_packet_route::RouteNetlinkMessage::{
    self, NewAddress, NewLink, NewNeighbour, NewRoute, NewRule, SetLink,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    AfSpecInet, AfSpecUnspec, InetDevConf, InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo,
    LinkMessage,
};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};

use super::space::Space;

/// The loopback interface of a new namespace.
pub(super) const LOOPBACK: u32 = 1;
/// The only other interface of a namespace at the end of a wire.
pub(super) const OUTWARD: u32 = 2;

/// One end of a wire: its interface, and its link-layer address.
#[derive(Debug, Clone, Copy)]
pub(super) struct End<'a> {
    pub(super) name: &'a str,
    pub(super) hardware: [u8; 6],
}

/// Returns the request for a pair of interfaces: one in this namespace, with this index, and the other in
/// another namespace. `segments` bounds the segments that the kernel may leave in one packet.
pub(super) fn wire(
    inward: u32,
    near: End<'_>,
    far: End<'_>,
    space: &Space,
    segments: Option<u32>,
) -> RouteNetlinkMessage {
    let mut peer = LinkMessage::default();
    peer.header.index = OUTWARD;
    peer.attributes = vec![
        LinkAttribute::IfName(far.name.to_owned()),
        LinkAttribute::Address(far.hardware.to_vec()),
        LinkAttribute::NetNsFd(space.file().as_raw_fd()),
    ];
    let mut link = LinkMessage::default();
    link.header.index = inward;
    link.attributes = vec![
        LinkAttribute::IfName(near.name.to_owned()),
        LinkAttribute::Address(near.hardware.to_vec()),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
        ]),
    ];
    link.attributes.extend(segments.map(LinkAttribute::GsoMaxSegs));
    NewLink(link)
}

pub(super) fn up(interface: u32) -> RouteNetlinkMessage {
    SetLink(raised(interface))
}

/// Returns the request to raise an interface and to forward packets that come in by it.
pub(super) fn forwarding(interface: u32) -> RouteNetlinkMessage {
    let mut link = raised(interface);
    let mut manner = InetDevConf::default();
    manner.forwarding = 1;
    let manner = AfSpecInet::DevConfRequest(manner);
    link.attributes = vec![LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet(vec![manner])])];
    SetLink(link)
}

fn raised(interface: u32) -> LinkMessage {
    let mut link = LinkMessage::default();
    link.header.index = interface;
    link.header.flags = LinkFlags::Up;
    link.header.change_mask = LinkFlags::Up;
    link
}

pub(super) fn address_on(interface: u32, address: Ipv4Addr) -> RouteNetlinkMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = 32;
    message.header.scope = AddressScope::Universe;
    message.header.index = interface;
    message.attributes =
        vec![AddressAttribute::Local(address.into()), AddressAttribute::Address(address.into())];
    NewAddress(message)
}

/// Returns the request for the neighbour at the end of a wire, which is permanent.
pub(super) fn neighbour(interface: u32, address: Ipv4Addr, hardware: [u8; 6]) -> RouteNetlinkMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.ifindex = interface;
    message.header.state = NeighbourState::Permanent;
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![
        NeighbourAttribute::Destination(NeighbourAddress::Inet(address)),
        NeighbourAttribute::LinkLayerAddress(hardware.to_vec()),
    ];
    NewNeighbour(message)
}

/// Returns the request for a route by an interface to an address, or to all: directly, or through a gateway.
pub(super) fn way(interface: u32, to: Option<Ipv4Addr>, gateway: Option<Ipv4Addr>) -> RouteNetlinkMessage {
    way_in(RouteHeader::RT_TABLE_MAIN, interface, to, gateway)
}

/// Returns the request for such a route in another table than the main one.
pub(super) fn way_in(
    table: u8,
    interface: u32,
    to: Option<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
) -> RouteNetlinkMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.table = table;
    message.header.protocol = RouteProtocol::Static;
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![RouteAttribute::Oif(interface)];
    message.header.scope = if gateway.is_some() { RouteScope::Universe } else { RouteScope::Link };
    if let Some(to) = to {
        message.header.destination_prefix_length = 32;
        message.attributes.push(RouteAttribute::Destination(RouteAddress::Inet(to)));
    }
    if let Some(gateway) = gateway {
        message.header.flags = RouteFlags::Onlink;
        message.attributes.push(RouteAttribute::Gateway(RouteAddress::Inet(gateway)));
    }
    NewRoute(message)
}

/// Returns the request to look up packets with a mark in a table of routes.
pub(super) fn marked(mark: u32, table: u8) -> RouteNetlinkMessage {
    let mut message = RuleMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.table = table;
    message.header.action = RuleAction::ToTable;
    message.attributes = vec![RuleAttribute::FwMark(mark)];
    NewRule(message)
}
