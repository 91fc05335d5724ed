//! The capture: the way of packets out of the kernel to the harness, and back.
//!
//! The packet filter marks the packets of shaped directions, and the hub routes marked packets to an interface
//! of their own. Its other end lies in a namespace of its own, where a packet socket hears nothing else. A raw
//! socket sends packets on from the hub, with their headers as they are.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, eth, ipproto, recv, sendto,
    socket_with, sockopt,
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
pub(super) const PACKET_MAX: usize = 1 << 16;

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
            ("the rule that leads packets to shaped links", marked(CARRIED, TABLE)),
        ])?;
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
        let raw = hub.within(|| {
            socket(AddressFamily::INET, SocketType::RAW, SocketFlags::empty(), ipproto::RAW)
        })??;
        Ok(Self { packets, raw, _space: space })
    }

    /// Returns the next packet, complete, if one waits.
    pub(super) fn receive<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        loop {
            match recv(&self.packets, &mut *buffer, RecvFlags::empty()) {
                Ok((length, _)) => {
                    packet::complete(&mut buffer[..length]);
                    return Ok(Some(&buffer[..length]));
                }
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
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
    NetnsError::Packets(error.into())
}
