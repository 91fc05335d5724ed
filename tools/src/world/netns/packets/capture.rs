//! The capture: the way of packets out of the kernel to the harness, and back.
//!
//! The packet filter marks the packets of shaped directions, and the hub routes marked packets to an interface
//! of their own. Its other end lies in a namespace of its own, where a packet socket hears nothing else. A raw
//! socket sends packets on from the hub, with their headers as they are.

use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::sys::socket::sockopt::RxqOvfl;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Protocol, SendFlags, SocketFlags, SocketType, eth, ipproto, sendto, socket_with, sockopt,
};

use super::packet;
use crate::world::kernel::Netlink;
use crate::world::netns::address::CAPTURE;
use crate::world::netns::error::NetnsError;
use crate::world::netns::filter::CARRIED;
use crate::world::netns::hub::Hub;
use crate::world::netns::request::{End, OUTWARD, marked, neighbour, up, way_in, wire};
use crate::world::netns::space::Space;

/// The hub's interface to the capture: the first after loopback.
const INWARD: u32 = 2;
/// The table of routes for marked packets.
const TABLE: u8 = 100;
/// The link-layer addresses of the two ends. Packets go to a third one, so that the kernel at the far end hands
/// them to the packet socket and drops them then.
const NEAR: [u8; 6] = [2, 0, 0, 0, 1, 1];
const FAR: [u8; 6] = [2, 0, 0, 0, 1, 2];
const NOBODY: [u8; 6] = [2, 0, 0, 0, 1, 3];
/// The bytes that wait for the harness, where the system allows so many. Chosen: a tenth of a second at a gigabit
/// a second, counted as the kernel counts.
const RECEIVE_BUFFER: usize = 32 << 20;
/// The most bytes of a packet of IPv4.
const PACKET_MAX: usize = 1 << 16;

/// The room for one packet, and for the kernel's note on it.
pub(super) struct Buffer {
    pub(super) packet: Vec<u8>,
    control: Vec<u8>,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self { packet: vec![0; PACKET_MAX], control: nix::cmsg_space!(u32) }
    }
}

/// A packet that was received.
pub(super) struct Received {
    pub(super) length: usize,
    /// The number of packets that the kernel has dropped so far because they were not read in time, if any.
    pub(super) unread: Option<u64>,
}

/// The sockets by which packets come in and go out.
#[derive(Debug)]
pub(in crate::world::netns) struct Capture {
    packets: OwnedFd,
    raw: OwnedFd,
    /// The namespace of the far end. It lives as long as this.
    _space: Space,
}

impl Capture {
    /// Makes the way out of the hub and back. Nothing takes it until the filter marks packets.
    pub(in crate::world::netns) fn new(hub: &Hub) -> Result<Self, NetnsError> {
        let space = Space::new().map_err(NetnsError::Namespace)?;
        let mut kernel = hub.within(Netlink::routes)?.map_err(NetnsError::Namespace)?;
        let (near, far) = (End { name: "shaped", hardware: NEAR }, End { name: "shaped", hardware: FAR });
        kernel.make(vec![
            // One segment a packet, so that each has a draw of its own.
            ("the interface for shaped links", wire(INWARD, near, far, &space, Some(1))),
            ("the hub's end for shaped links", up(INWARD)),
            ("the neighbour at the end for shaped links", neighbour(INWARD, CAPTURE, NOBODY)),
            ("the way to shaped links", way_in(TABLE, INWARD, None, Some(CAPTURE))),
        ])?;
        let rule = vec![("the rule for packets of shaped links", marked(CARRIED, TABLE))];
        kernel.make(rule).map_err(|error| NetnsError::Lead(error.to_string()))?;
        let there = |work: &dyn Fn() -> Result<OwnedFd, NetnsError>| {
            space.within(work).map_err(NetnsError::Enter).and_then(|done| done)
        };
        let packets = there(&|| {
            let mut kernel = Netlink::routes().map_err(NetnsError::Namespace)?;
            kernel.make(vec![("the harness's end for shaped links", up(OUTWARD))])?;
            socket(AddressFamily::PACKET, SocketType::DGRAM, SocketFlags::NONBLOCK, eth::IP)
        })?;
        // Only root of the machine may exceed the system's limit.
        sockopt::set_socket_recv_buffer_size_force(&packets, RECEIVE_BUFFER)
            .or_else(|_| sockopt::set_socket_recv_buffer_size(&packets, RECEIVE_BUFFER))
            .map_err(wrong)?;
        setsockopt(&packets, RxqOvfl, &1).map_err(|error| NetnsError::PacketSocket(error.into()))?;
        let raw =
            hub.within(|| socket(AddressFamily::INET, SocketType::RAW, SocketFlags::empty(), ipproto::RAW))??;
        Ok(Self { packets, raw, _space: space })
    }

    /// Receives the next packet, if one waits, and completes it.
    pub(super) fn receive(&self, into: &mut Buffer) -> io::Result<Option<Received>> {
        let (socket, flags) = (self.packets.as_raw_fd(), MsgFlags::empty());
        loop {
            let mut parts = [IoSliceMut::new(&mut into.packet)];
            let message = match recvmsg::<()>(socket, &mut parts, Some(&mut into.control), flags) {
                Ok(message) => message,
                Err(nix::Error::EAGAIN) => return Ok(None),
                Err(nix::Error::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let unread = message.cmsgs()?.find_map(|control| match control {
                ControlMessageOwned::RxqOvfl(unread) => Some(u64::from(unread)),
                _ => None,
            });
            let length = message.bytes;
            packet::complete(&mut into.packet[..length]);
            return Ok(Some(Received { length, unread }));
        }
    }

    /// Sends a packet on, from the hub. What the kernel does not take is lost, as on a wire.
    pub(super) fn send(&self, packet: &[u8]) {
        let Some([_, to]) = packet::ends(packet) else { return };
        let _: rustix::io::Result<usize> = sendto(&self.raw, packet, SendFlags::empty(), &receiver(to));
    }

    /// Returns the socket that is readable when a packet waits.
    pub(super) fn packets(&self) -> &OwnedFd {
        &self.packets
    }
}

fn receiver(to: Ipv4Addr) -> SocketAddrV4 {
    SocketAddrV4::new(to, 0)
}

fn socket(
    family: AddressFamily,
    kind: SocketType,
    flags: SocketFlags,
    protocol: Protocol,
) -> Result<OwnedFd, NetnsError> {
    socket_with(family, kind, flags | SocketFlags::CLOEXEC, Some(protocol)).map_err(wrong)
}

fn wrong(error: Errno) -> NetnsError {
    NetnsError::PacketSocket(error.into())
}
