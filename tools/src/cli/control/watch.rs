//! The client's end of a watch: the state of the network, and its events as they come.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::{LINE, NetworkState, Reply, connect};

/// The longest line of a watch, in bytes, state or event.
const LINE_MAX: u64 = LINE;

/// A connection that brings the state of a network and its events.
#[derive(Debug)]
pub(in crate::cli) struct Watch {
    stream: BufReader<UnixStream>,
    line: String,
}

/// A message of a watch.
#[derive(Debug)]
pub(in crate::cli) enum Watched<'w> {
    /// The whole state.
    State(Box<NetworkState>),
    /// An event: a line of the journal.
    Event(&'w str),
}

impl Watch {
    /// Starts to watch the network of a folder. Returns `None` if no network runs there.
    pub(in crate::cli) fn start(logs: &Path) -> io::Result<Option<Self>> {
        let mut stream = match connect(logs) {
            Ok(stream) => stream,
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        stream.write_all(b"{\"do\":\"watch\"}\n")?;
        Ok(Some(Self { stream: BufReader::new(stream), line: String::new() }))
    }

    /// Waits for the next message. Returns `None` once the network has ended.
    pub(in crate::cli) fn next(&mut self) -> io::Result<Option<Watched<'_>>> {
        self.line.clear();
        let read = match self.stream.by_ref().take(LINE_MAX).read_line(&mut self.line) {
            Ok(read) => read,
            // The process of the network was killed.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error),
        };
        if read == 0 {
            return Ok(None);
        }
        // Of the lines of a journal none has a reply.
        if !self.line.starts_with("{\"reply\"") {
            return Ok(Some(Watched::Event(&self.line)));
        }
        match serde_json::from_str(&self.line)? {
            Reply::Network(state) => Ok(Some(Watched::State(state))),
            Reply::Busy => Err(super::client::busy()),
            _ => Err(super::unexpected()),
        }
    }
}
