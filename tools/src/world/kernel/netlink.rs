//! Netlink: requests to the kernel about its networks, and its answers.

use std::io;
use std::os::fd::AsRawFd as _;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkDeserializable, NetlinkMessage,
    NetlinkPayload, NetlinkSerializable,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

/// The reason why the kernel did not carry out requests. Those before the first that failed hold.
#[derive(Debug, thiserror::Error)]
pub(in crate::world) enum NetlinkError {
    /// The socket to the kernel failed.
    #[error("the kernel's networks cannot be reached: {0}")]
    Unreachable(io::Error),
    /// The kernel refused a request.
    #[error("{what} cannot be made: {error}")]
    Refused { what: &'static str, error: io::Error },
}

/// A conversation with the kernel, about the namespace in which it was begun.
pub(in crate::world) struct Netlink {
    socket: Socket,
    number: u32,
}

impl Netlink {
    /// Begins a conversation about networks, in the namespace of this thread.
    pub(in crate::world) fn routes() -> io::Result<Self> {
        Self::new(NETLINK_ROUTE)
    }

    pub(in crate::world) fn new(protocol: isize) -> io::Result<Self> {
        let socket = Socket::new(protocol)?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, number: 0 })
    }

    /// Sends all of these requests at once, and waits for the answers. Each request comes with a name of what
    /// it makes. The error names the first request that failed.
    pub(in crate::world) fn make(
        &mut self,
        requests: Vec<(&'static str, RouteNetlinkMessage)>,
    ) -> Result<(), NetlinkError> {
        let mut bytes = Vec::new();
        let first = self.number;
        let whats: Vec<&'static str> = requests.iter().map(|(what, _)| *what).collect();
        for (_, request) in requests {
            let mut message = NetlinkMessage::from(request);
            message.header.flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
            self.write(&mut message, &mut bytes);
        }
        self.socket.send(&bytes, 0).map_err(NetlinkError::Unreachable)?;
        let mut failed: Option<(usize, io::Error)> = None;
        let mut left = whats.len();
        while left > 0 {
            self.read(|message: NetlinkMessage<RouteNetlinkMessage>| {
                let NetlinkPayload::Error(answer) = message.payload else { return };
                left -= 1;
                let index = message.header.sequence_number.wrapping_sub(first) as usize;
                if answer.code.is_some() && failed.as_ref().is_none_or(|(earlier, _)| index < *earlier) {
                    failed = Some((index, answer.to_io()));
                }
            })
            .map_err(NetlinkError::Unreachable)?;
        }
        match failed {
            None => Ok(()),
            Some((index, error)) => {
                let what = whats.get(index).copied().unwrap_or("something");
                Err(NetlinkError::Refused { what, error })
            }
        }
    }

    /// Appends a message to others, with a number of its own.
    pub(in crate::world) fn write<M: NetlinkSerializable>(
        &mut self,
        message: &mut NetlinkMessage<M>,
        to: &mut Vec<u8>,
    ) {
        message.header.sequence_number = self.number;
        self.number = self.number.wrapping_add(1);
        let kind = message.header.message_type;
        message.finalize();
        // A kind that was set before stays.
        if kind != 0 {
            message.header.message_type = kind;
        }
        let start = to.len();
        to.resize(start + message.buffer_len(), 0);
        message.serialize(&mut to[start..]);
    }

    /// Sends the messages that were written.
    pub(in crate::world) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.socket.send(bytes, 0).map(drop)
    }

    /// Waits for the next packet, and hands each of its messages to `take`.
    pub(in crate::world) fn read<M: NetlinkDeserializable>(
        &self,
        mut take: impl FnMut(NetlinkMessage<M>),
    ) -> io::Result<()> {
        let (bytes, _) = self.socket.recv_from_full()?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<M>::deserialize(rest).map_err(io::Error::other)?;
            // Messages begin at multiples of four.
            let length = (message.header.length as usize).next_multiple_of(4);
            rest = rest.get(length.max(4)..).unwrap_or_default();
            take(message);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Netlink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Netlink").field(&self.socket.as_raw_fd()).finish()
    }
}
