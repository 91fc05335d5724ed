//! Breaking connections from outside: the kernel ends one as if its program had aborted it.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_packet_sock_diag::{SOCK_DESTROY, SockDiagMessage};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use super::netlink::Netlink;

/// Resets the connections of this thread's namespace to these addresses, whoever began them. Their other
/// ends are told, as far as packets get there.
pub(super) fn reset(to: &BTreeSet<Ipv4Addr>) -> io::Result<()> {
    let mut kernel = Netlink::new(NETLINK_SOCK_DIAG)?;
    for family in [AF_INET, AF_INET6] {
        for socket_id in connections(&mut kernel, family)? {
            let other = match socket_id.destination_address.to_canonical() {
                IpAddr::V4(other) => other,
                IpAddr::V6(_) => continue,
            };
            if to.contains(&other) {
                destroy(&mut kernel, family, socket_id)?;
            }
        }
    }
    Ok(())
}

fn request(family: u8, states: StateFlags, socket_id: SocketId) -> NetlinkMessage<SockDiagMessage> {
    NetlinkMessage::from(SockDiagMessage::InetRequest(InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states,
        socket_id,
    }))
}

fn connections(kernel: &mut Netlink, family: u8) -> io::Result<Vec<SocketId>> {
    let any = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
    let states = StateFlags::all() - StateFlags::LISTEN - StateFlags::TIME_WAIT;
    let mut message = request(family, states, any);
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut bytes = Vec::new();
    kernel.write(&mut message, &mut bytes);
    kernel.send(&bytes)?;
    let mut found = Vec::new();
    let mut end = None;
    while end.is_none() {
        kernel.read(|message: NetlinkMessage<SockDiagMessage>| match message.payload {
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                found.push(response.header.socket_id);
            }
            NetlinkPayload::Done(_) => end = Some(Ok(())),
            NetlinkPayload::Error(error) => end = Some(Err(error.to_io())),
            _ => {}
        })?;
    }
    end.unwrap_or(Ok(())).map(|()| found)
}

/// One that has ended meanwhile is no error.
fn destroy(kernel: &mut Netlink, family: u8, socket_id: SocketId) -> io::Result<()> {
    let mut message = request(family, StateFlags::all(), socket_id);
    message.header.message_type = SOCK_DESTROY;
    message.header.flags = NLM_F_REQUEST | NLM_F_ACK;
    let mut bytes = Vec::new();
    kernel.write(&mut message, &mut bytes);
    kernel.send(&bytes)?;
    let mut answer = None;
    while answer.is_none() {
        kernel.read(|message: NetlinkMessage<SockDiagMessage>| {
            if let NetlinkPayload::Error(error) = message.payload {
                answer = Some(error.code.map(|_| error.to_io()));
            }
        })?;
    }
    match answer.flatten() {
        Some(error) if error.kind() == io::ErrorKind::Unsupported => {
            Err(io::Error::other("this kernel cannot break connections (it lacks CONFIG_INET_DIAG_DESTROY)"))
        }
        Some(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Some(_) | None => Ok(()),
    }
}
