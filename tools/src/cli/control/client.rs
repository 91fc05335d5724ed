//! The client's end of the control socket: one connection for each request.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::net::sockopt::socket_peercred;

use super::{LINE, NetworkState, Reply, Request, at_socket};
use crate::text::io_cause;

/// Connects to the network of a folder. Only the network's owner and root may; others get `PermissionDenied`.
pub(in crate::cli) fn connect(logs: &Path) -> io::Result<UnixStream> {
    let stream = at_socket(logs, |path| UnixStream::connect(path))?;
    let (owner, user) = (socket_peercred(&stream)?.uid, rustix::process::geteuid());
    if owner == user || user.is_root() {
        return Ok(stream);
    }
    let reason = format!("the network in {} belongs to the user {owner}", logs.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, reason))
}

/// Asks the network of a folder and returns its reply, or `None` if no network runs there.
pub(in crate::cli) fn ask(logs: &Path, request: &Request) -> io::Result<Option<Reply>> {
    let mut stream = match connect(logs) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) if error.get_ref().is_some() => return Err(error),
        Err(error) => {
            let reason = format!("cannot reach the network in `{}`: {}", logs.display(), io_cause(&error));
            return Err(io::Error::new(error.kind(), reason));
        }
    };
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut line = String::new();
    BufReader::new((&stream).take(LINE)).read_line(&mut line)?;
    if line.is_empty() {
        return Err(io::Error::other("the network ended before it answered"));
    }
    match serde_json::from_str(&line)? {
        Reply::Busy => Err(busy()),
        reply => Ok(Some(reply)),
    }
}

/// Sends a request without a reply to the network of a folder. Fails if no network runs there.
pub(in crate::cli) fn send(logs: &Path, request: &Request) -> io::Result<()> {
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    connect(logs)?.write_all(line.as_bytes())
}

/// Returns the state of the network of a folder, or `None` if no network runs there.
pub(in crate::cli) fn state(logs: &Path) -> io::Result<Option<NetworkState>> {
    match ask(logs, &Request::Ps)? {
        Some(Reply::Network(state)) => Ok(Some(*state)),
        Some(_) => Err(unexpected()),
        None => Ok(None),
    }
}

/// Waits until the network of a folder has ended.
pub(in crate::cli) fn wait_for_end(logs: &Path) -> io::Result<()> {
    let Ok(mut stream) = connect(logs) else { return Ok(()) };
    let mut said = Vec::new();
    let attended =
        stream.write_all(b"{\"do\":\"attend\"}\n").and_then(|()| stream.take(LINE).read_to_end(&mut said));
    match attended {
        // The network ended before it had read the request.
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            Ok(())
        }
        Ok(0) => Ok(()),
        // An attended connection carries no reply but `Busy`.
        Ok(_) => Err(busy()),
        Err(error) => Err(error),
    }
}

pub(super) fn busy() -> io::Error {
    io::Error::other("too many requests wait for the network: try again later")
}

/// Returns the error for a reply of another kind than the request asks for.
pub(in crate::cli) fn unexpected() -> io::Error {
    io::Error::other("the network sent a reply of another kind: is it of another version of tools?")
}
