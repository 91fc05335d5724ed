//! The messages between the harness and its guard: one message a packet, with open files beside it.

use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The longest message, in bytes. A socket takes 208 KiB at once by Linux's default (`net.core.wmem_default`),
/// the kernel's own overhead included.
const PACKET: usize = 192 << 10;
/// The most files that come with a message: three streams and a network.
const FILES: usize = 4;

/// A request of the harness to its guard: the start of a program.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Start {
    /// The number by which replies name the program.
    pub id: u64,
    pub program: OsString,
    pub arguments: Vec<String>,
    /// The variables of the environment that the program has beside those of the harness.
    pub environment: Vec<(String, String)>,
    /// The working folder of the program, if it is not that of the harness.
    pub folder: Option<PathBuf>,
}

/// A report of the guard to the harness.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum GuardReport {
    /// The guard can begin.
    Ready,
    /// The guard cannot hold the programs that it is to start, for this reason.
    Unfit(String),
    /// A program runs, as this process of the machine. The process is none if it ended before it was known.
    Started { id: u64, process: Option<i32> },
    /// A program could not be started; the error is given by its number.
    NotStarted { id: u64, error: i32 },
    /// A program has ended, with a code or by a signal.
    Ended { id: u64, code: Option<i32>, signal: Option<i32> },
}

/// Makes the two ends of a channel for messages.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Sends a message and these files. If `wait` is set, waits for room in the socket.
pub(super) fn send(
    socket: impl AsFd,
    message: &impl Serialize,
    files: &[BorrowedFd],
    wait: bool,
) -> io::Result<()> {
    let bytes = serde_json::to_vec(message).map_err(io::Error::other)?;
    if bytes.len() > PACKET {
        return Err(io::ErrorKind::ArgumentListTooLong.into());
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let flags = if wait { SendFlags::NOSIGNAL } else { SendFlags::NOSIGNAL | SendFlags::DONTWAIT };
    loop {
        match sendmsg(&socket, &[IoSlice::new(&bytes)], &mut beside, flags) {
            Err(rustix::io::Errno::INTR) => {}
            sent => return Ok(sent.map(drop)?),
        }
    }
}

/// The room for one message, used again for the next: zeroing it for each would take longer than the message.
pub(super) struct Room(Vec<u8>);

impl Room {
    pub(super) fn new() -> Self {
        Self(vec![0; PACKET])
    }
}

/// Receives the next message and the files that came with it; none if the other end has closed.
pub(super) fn receive<M: DeserializeOwned>(
    socket: impl AsFd,
    Room(bytes): &mut Room,
    wait: bool,
) -> io::Result<Option<(M, Vec<OwnedFd>)>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let flags = if wait { RecvFlags::CMSG_CLOEXEC } else { RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT };
    let received = loop {
        match recvmsg(&socket, &mut [IoSliceMut::new(bytes)], &mut beside, flags) {
            Err(rustix::io::Errno::INTR) => {}
            received => break received?.bytes,
        }
    };
    let mut files = Vec::new();
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            files.extend(rights);
        }
    }
    if received == 0 {
        return Ok(None);
    }
    let message = serde_json::from_slice(bytes.get(..received).unwrap_or_default());
    Ok(Some((message.map_err(io::Error::other)?, files)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_with_their_files() {
        let (one, other) = pair().unwrap();
        let arguments = vec!["x".repeat(100_000), "é\n\"".to_owned()];
        let start = Start {
            id: 7,
            program: "p".into(),
            arguments: arguments.clone(),
            environment: Vec::new(),
            folder: None,
        };
        send(&one, &start, &[one.as_fd(), other.as_fd()], true).unwrap();
        let mut room = Room::new();
        let (received, files) = receive::<Start>(&other, &mut room, true).unwrap().unwrap();
        assert_eq!((received.id, received.arguments, files.len()), (7, arguments, 2));
        let nothing = receive::<Start>(&other, &mut room, false).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        let long = Start {
            id: 8,
            program: "p".into(),
            arguments: vec!["x".repeat(PACKET)],
            environment: Vec::new(),
            folder: None,
        };
        assert_eq!(send(&one, &long, &[], true).unwrap_err().kind(), io::ErrorKind::ArgumentListTooLong);
        drop((one, files));
        assert!(receive::<Start>(&other, &mut room, true).unwrap().is_none());
    }
}
