//! Resets of connections from outside: the kernel ends one as if its program had aborted it.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{NLM_F_ACK, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_packet_sock_diag::{SOCK_DESTROY, SockDiagMessage};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use crate::world::kernel::{Netlink, State, connections};

/// Resets the connections of this thread's namespace to these addresses, whichever end dialled. The other
/// ends are informed, as far as packets get there.
pub(super) fn reset(to: &BTreeSet<Ipv4Addr>) -> io::Result<()> {
    let mut kernel = Netlink::new(NETLINK_SOCK_DIAG)?;
    for end in connections()? {
        let is_meant = matches!(end.remote.ip(), IpAddr::V4(other) if to.contains(&other));
        if is_meant && !matches!(end.state, State::Ended(_)) {
            let family = if end.id.source_address.is_ipv4() { AF_INET } else { AF_INET6 };
            destroy(&mut kernel, family, end.id)?;
        }
    }
    Ok(())
}

/// Ends a connection. A connection that has ended meanwhile is no error.
fn destroy(kernel: &mut Netlink, family: u8, socket_id: SocketId) -> io::Result<()> {
    let mut message = NetlinkMessage::from(SockDiagMessage::InetRequest(InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id,
    }));
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
