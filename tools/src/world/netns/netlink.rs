//! Netlink: what is asked of the kernel about its networks, and what it answers.

use std::io;
use std::os::fd::AsRawFd as _;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkDeserializable, NetlinkMessage,
    NetlinkPayload, NetlinkSerializable,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

/// A conversation with the kernel, about the namespace in which it was begun.
pub(super) struct Netlink {
    socket: Socket,
    number: u32,
}

impl Netlink {
    /// Begins one, about networks, in the namespace of this thread.
    pub(super) fn routes() -> io::Result<Self> {
        Self::new(NETLINK_ROUTE)
    }

    pub(super) fn new(protocol: isize) -> io::Result<Self> {
        let socket = Socket::new(protocol)?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, number: 0 })
    }

    /// Asks for all of these at once, and waits for the answers. Each comes with what it is, for the
    /// error, which is for people; the first counts.
    pub(super) fn make(&mut self, requests: Vec<(&'static str, RouteNetlinkMessage)>) -> Result<(), String> {
        let mut bytes = Vec::new();
        let first = self.number;
        let whats: Vec<&str> = requests.iter().map(|(what, _)| *what).collect();
        for (_, request) in requests {
            let mut message = NetlinkMessage::from(request);
            message.header.flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
            self.write(&mut message, &mut bytes);
        }
        let wrong = |error: io::Error| format!("the kernel's networks cannot be reached: {error}");
        self.socket.send(&bytes, 0).map_err(wrong)?;
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
            .map_err(wrong)?;
        }
        match failed {
            None => Ok(()),
            Some((index, error)) => {
                let what = whats.get(index).copied().unwrap_or("something");
                Err(format!("{what} cannot be made: {error}"))
            }
        }
    }

    /// Puts a message behind others, with a number of its own.
    pub(super) fn write<M: NetlinkSerializable>(
        &mut self,
        message: &mut NetlinkMessage<M>,
        to: &mut Vec<u8>,
    ) {
        message.header.sequence_number = self.number;
        self.number = self.number.wrapping_add(1);
        let kind = message.header.message_type;
        message.finalize();
        // What was said of its kind before stays.
        if kind != 0 {
            message.header.message_type = kind;
        }
        let start = to.len();
        to.resize(start + message.buffer_len(), 0);
        message.serialize(&mut to[start..]);
    }

    /// Sends what was written.
    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.socket.send(bytes, 0).map(drop)
    }

    /// Waits for what comes next: one message or several.
    pub(super) fn read<M: NetlinkDeserializable>(
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
