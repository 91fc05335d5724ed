//! The hub, a namespace that all nodes of a run are wired to, and a namespace for each node.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd as _;
use std::sync::{Arc, OnceLock};

use netlink_packet_route::AddressFamily;
use netlink_packet_route::RouteNetlinkMessage::{self, NewAddress, NewLink, NewNeighbour, NewRoute, SetLink};
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

use super::address::{self, HUB, PROXIES};
use super::error::NetnsError;
use super::space::Space;
use crate::world::NodeIndex;
use crate::world::kernel::Netlink;
use crate::world::live::LaunchError;
use crate::world::process::NamespaceHandle;

/// The loopback interface of a new namespace.
const LOOPBACK: u32 = 1;
/// A node's only other interface.
const OUTWARD: u32 = 2;
/// The hub's interface to the first node; the others follow.
const FIRST_INWARD: u32 = 16;
/// The routing table of the addresses that the kernel takes for its own.
const TABLE_LOCAL: u8 = 255;
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
            ("the way to the proxies", local(PROXIES)),
        ])?;
        Ok(hub)
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
        let wrong = NetnsError::Namespace;
        let space = Space::new().map_err(wrong)?;
        let mut kernel = self.hub.within(Netlink::routes).and_then(|kernel| kernel).map_err(wrong)?;
        kernel.make(vec![
            ("the wire to a node", wire(inward, &space)),
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

/// Returns the request for a pair of interfaces: one in this namespace, the other in a node's.
fn wire(inward: u32, space: &Space) -> RouteNetlinkMessage {
    let mut peer = LinkMessage::default();
    peer.header.index = OUTWARD;
    peer.attributes = vec![
        LinkAttribute::IfName("eth0".to_owned()),
        LinkAttribute::Address(NODE_HARDWARE.to_vec()),
        LinkAttribute::NetNsFd(space.file().as_raw_fd()),
    ];
    let mut link = LinkMessage::default();
    link.header.index = inward;
    link.attributes = vec![
        LinkAttribute::IfName(format!("node{}", inward - FIRST_INWARD)),
        LinkAttribute::Address(HUB_HARDWARE.to_vec()),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
        ]),
    ];
    NewLink(link)
}

fn up(interface: u32) -> RouteNetlinkMessage {
    SetLink(raised(interface))
}

/// Returns the request to raise an interface and to forward packets that come in by it.
fn forwarding(interface: u32) -> RouteNetlinkMessage {
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

fn address_on(interface: u32, address: Ipv4Addr) -> RouteNetlinkMessage {
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
fn neighbour(interface: u32, address: Ipv4Addr, hardware: [u8; 6]) -> RouteNetlinkMessage {
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
fn way(interface: u32, to: Option<Ipv4Addr>, gateway: Option<Ipv4Addr>) -> RouteNetlinkMessage {
    let mut message = route(RouteHeader::RT_TABLE_MAIN, RouteType::Unicast, interface);
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

/// Returns the request that makes all addresses of a network the hub's own.
fn local((network, prefix): (Ipv4Addr, u8)) -> RouteNetlinkMessage {
    let mut message = route(TABLE_LOCAL, RouteType::Local, LOOPBACK);
    message.header.scope = RouteScope::Host;
    message.header.destination_prefix_length = prefix;
    message.attributes.push(RouteAttribute::Destination(RouteAddress::Inet(network)));
    NewRoute(message)
}

fn route(table: u8, kind: RouteType, interface: u32) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.table = table;
    message.header.protocol = RouteProtocol::Static;
    message.header.kind = kind;
    message.attributes = vec![RouteAttribute::Oif(interface)];
    message
}
