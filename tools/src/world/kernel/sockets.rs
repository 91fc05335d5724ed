//! The TCP connections of a network namespace, as the kernel lists them (`sock_diag`).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use netlink_packet_core::{
    DecodeError, NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, Parseable as _,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags, Timer,
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use super::Netlink;

/// The place of the remaining time in an answer, in bytes: `idiag_expires` of `struct inet_diag_msg`
/// (`linux/inet_diag.h`). The library reads it for other timers only.
const EXPIRES: std::ops::Range<usize> = 52..56;
/// The time that a connection stays listed after its end: `TCP_TIMEWAIT_LEN` of the kernel, a constant.
const TIME_WAIT: Duration = Duration::from_mins(1);
/// The file of the time, in seconds, for which an end that was closed waits for the other to be closed
/// (`tcp(7)`). It is set for the namespace of the thread that reads it.
const FIN_TIMEOUT: &str = "/proc/sys/net/ipv4/tcp_fin_timeout";
/// The state of a connection at which both ends may send: `TCP_ESTABLISHED` of `net/tcp_states.h`.
const ESTABLISHED: u8 = 1;
/// The state of an end that was closed and whose close is not acknowledged: `TCP_FIN_WAIT1`.
const FIN_WAIT_1: u8 = 4;
/// The state of an end that was closed, and waits for the other to be closed: `TCP_FIN_WAIT2`.
const FIN_WAIT_2: u8 = 5;
/// The state of an end that stays listed after both were closed: `TCP_TIME_WAIT`.
const TIME_WAIT_STATE: u8 = 6;

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::world) struct Connection {
    /// The kernel's name of the connection.
    pub(in crate::world) id: SocketId,
    /// The address of this end, and of the other.
    pub(in crate::world) local: SocketAddr,
    pub(in crate::world) remote: SocketAddr,
    /// The number by which `/proc/PID/fd` knows the socket; 0 where no process has it any more.
    pub(in crate::world) inode: u64,
    pub(in crate::world) state: State,
}

/// The state of an end, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum State {
    /// Both ends may speak.
    Open,
    /// The connection ended so long ago: in order, or this end was closed and the other is yet to be.
    Ended(Duration),
    /// The connection begins or ends.
    Passing,
}

/// Lists the connections of this thread's namespace, those that ended in the last minute included. Listeners
/// are left out. The list is no snapshot: one may be missing from it while others come and go.
pub(in crate::world) fn connections() -> io::Result<Vec<Connection>> {
    let mut kernel = Netlink::new(NETLINK_SOCK_DIAG)?;
    let fin_timeout = fin_timeout();
    let mut found = Vec::new();
    for family in [AF_INET, AF_INET6] {
        list(&mut kernel, family, fin_timeout, &mut found)?;
    }
    Ok(found)
}

fn list(
    kernel: &mut Netlink,
    family: u8,
    fin_timeout: Option<Duration>,
    found: &mut Vec<Connection>,
) -> io::Result<()> {
    let any = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
    let mut message = NetlinkMessage::from(SockDiagMessage::InetRequest(InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all() - StateFlags::LISTEN,
        socket_id: any,
    }));
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut bytes = Vec::new();
    kernel.write(&mut message, &mut bytes);
    kernel.send(&bytes)?;
    let mut end = None;
    while end.is_none() {
        kernel.read(|message: NetlinkMessage<Listed>| match message.payload {
            NetlinkPayload::InnerMessage(listed) => found.push(listed.connection(fin_timeout)),
            NetlinkPayload::Done(_) => end = Some(Ok(())),
            NetlinkPayload::Error(error) => end = Some(Err(error.to_io())),
            _ => {}
        })?;
    }
    end.unwrap_or(Ok(()))
}

/// An answer of the kernel, with the remaining time in milliseconds, which the library leaves out.
struct Listed {
    header: InetResponseHeader,
    left: u32,
}

impl NetlinkDeserializable for Listed {
    type Error = DecodeError;

    fn deserialize(_: &NetlinkHeader, payload: &[u8]) -> Result<Self, DecodeError> {
        let left = payload.get(EXPIRES).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes);
        Ok(Self { header: InetResponseHeader::parse(payload)?, left })
    }
}

impl Listed {
    /// Returns the end. `fin_timeout` is the namespace's, if ends in that state tell their age by it.
    fn connection(self, fin_timeout: Option<Duration>) -> Connection {
        let Self { header, left } = self;
        let id = header.socket_id;
        let address = |ip: IpAddr, port| SocketAddr::new(ip.to_canonical(), port);
        let ended = |listed_for: Option<Duration>| {
            let age = listed_for.map(|time| time.saturating_sub(Duration::from_millis(left.into())));
            age.map_or(State::Passing, State::Ended)
        };
        Connection {
            local: address(id.source_address, id.source_port),
            remote: address(id.destination_address, id.destination_port),
            inode: header.inode.into(),
            state: match (header.state, &header.timer) {
                (ESTABLISHED, _) => State::Open,
                // The end was closed, and only that is yet to be acknowledged, which the other kernel does
                // within 40 ms.
                (FIN_WAIT_1, _) if header.inode == 0 && header.send_queue <= 1 => {
                    State::Ended(Duration::ZERO)
                }
                (FIN_WAIT_2, Some(Timer::TimeWait)) => ended(fin_timeout),
                (TIME_WAIT_STATE, Some(Timer::TimeWait)) => ended(Some(TIME_WAIT)),
                _ => State::Passing,
            },
            id,
        }
    }
}

/// Returns the time for which a closed end waits for the other in this thread's namespace. Returns none if it
/// cannot be read or is longer than [`TIME_WAIT`]: such an end has another timer first.
fn fin_timeout() -> Option<Duration> {
    let set = std::fs::read_to_string(FIN_TIMEOUT).ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(set)).filter(|time| *time <= TIME_WAIT)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd as _;

    use super::*;

    /// Returns the end with this local port. The kernel's list is no snapshot: it comes in parts, and a connection is
    /// passed over if others before it come or go between two of them. So it is read again.
    fn end_at(port: u16, remote: u16) -> Option<Connection> {
        let is_it = |end: &Connection| end.local.port() == port && end.remote.port() == remote;
        (0..10).find_map(|_| connections().unwrap().into_iter().find(is_it))
    }

    #[test]
    fn a_connection_is_listed_with_its_owner_and_after_its_end_with_its_age() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = listener.local_addr().unwrap().port();
        let near = TcpStream::connect(("127.0.0.1", there)).unwrap();
        let far = listener.accept().unwrap().0;
        let here = near.local_addr().unwrap().port();
        let open = end_at(here, there).unwrap();
        assert_eq!(open.state, State::Open);
        let link = std::fs::read_link(format!("/proc/self/fd/{}", near.as_raw_fd())).unwrap();
        assert_eq!(link.to_string_lossy(), format!("socket:[{}]", open.inode));
        // The end that is closed first waits: for the other, then for packets still under way.
        let has_ended = || {
            let ended = end_at(here, there).unwrap();
            assert_eq!(ended.inode, 0);
            assert!(matches!(ended.state, State::Ended(age) if age < Duration::from_secs(30)), "{ended:?}");
        };
        drop(near);
        has_ended();
        drop(far);
        has_ended();
    }
}
