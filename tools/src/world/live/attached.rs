//! Nodes that run already: they are reached at an address, and neither started nor ended.

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpStream as Connection, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::error::{ControlError, LaunchError, ReadinessError};
use super::events::EventSender;
use super::launcher::Running;
use crate::driver::{Declaration, Stdio};
use crate::world::{Attachment, ExitStatus, OpId, Outcome, Signal};

/// The time in which a name of a host has to be resolved. Chosen: the resolver's own patience with one server.
const RESOLVE: Duration = Duration::from_secs(5);
/// The time in which one of several addresses of a host has to accept a connection, or another is tried. Chosen: many
/// times a round trip.
const TRY: Duration = Duration::from_secs(1);

/// A node that runs already. Its end is no event that the system tells: where nothing came back from it, the harness
/// looks whether anything still listens there.
pub(super) struct Attached {
    /// The address at which it listens.
    address: String,
    sender: EventSender,
    /// The outcomes of requests to which no answer came, until it is known whether the node has ended.
    held: RefCell<Vec<(OpId, Outcome)>>,
    /// The notification that nothing came back from the node.
    suspected: Notify,
    /// The notification that the harness is to leave it to itself.
    released: Notify,
}

impl Attached {
    pub(super) fn new(address: String, sender: EventSender) -> Self {
        let (suspected, released) = (Notify::new(), Notify::new());
        Self { address, sender, held: RefCell::default(), suspected, released }
    }

    /// Records that a connection to the node ended.
    pub(super) fn suspect(&self) {
        self.suspected.notify_one();
    }

    /// Holds the outcome of a request to which no answer came: the end of the node is told before it.
    pub(super) fn hold(&self, id: OpId, outcome: Outcome) {
        self.held.borrow_mut().push((id, outcome));
        self.suspected.notify_one();
    }

    /// Ends the requests that are held.
    pub(super) fn end_held(&self) {
        for (id, outcome) in self.held.take() {
            self.sender.ended(id, outcome);
        }
    }

    /// Returns true if nothing listens at the node's address any more. Silence is no evidence.
    async fn is_gone(&self) -> bool {
        let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        let attempt = timeout(TRY, TcpStream::connect(&self.address)).await;
        attempt.is_ok_and(|attempt| attempt.is_err_and(refused))
    }
}

impl Running for Attached {
    fn readiness(&self) -> LocalBoxFuture<'_, Result<(), ReadinessError>> {
        Box::pin(std::future::pending())
    }

    fn ended(&self) -> LocalBoxFuture<'_, ExitStatus> {
        Box::pin(async move {
            loop {
                tokio::select! {
                    () = self.released.notified() => return ExitStatus::Released,
                    () = self.suspected.notified() => {
                        if self.is_gone().await {
                            return ExitStatus::Gone;
                        }
                        self.end_held();
                    }
                }
            }
        })
    }

    fn put_clock_ahead(&self, _ahead_ms: i64) -> LocalBoxFuture<'_, Result<(), ControlError>> {
        Box::pin(async { Err(ControlError::NotStarted) })
    }

    fn obeys_clock(&self) -> Result<(), ControlError> {
        Ok(())
    }

    fn fill_disk(&self, _full: bool) -> LocalBoxFuture<'_, Result<(), ControlError>> {
        Box::pin(async { Err(ControlError::NotStarted) })
    }

    fn listens(&self) -> Vec<String> {
        Vec::new()
    }

    fn stdio(&self) -> Option<Stdio> {
        None
    }

    /// Leaves the node to itself where it is to end; it is never signalled.
    fn signal(&self, signal: Signal) -> Result<(), ControlError> {
        match signal {
            Signal::Kill | Signal::Stop => {
                self.released.notify_one();
                Ok(())
            }
            Signal::Pause | Signal::Resume => Err(ControlError::NotStarted),
        }
    }
}

/// Returns the host of a node that runs already, as a number, and its ports in the order of its driver: 0 for one that
/// was not given.
pub(super) fn resolved(at: &Attachment, driver: &Declaration) -> Result<(String, Vec<u16>), LaunchError> {
    let port = |(index, name): (usize, &&str)| {
        if index == driver.asked { at.port } else { at.ports.get(*name).copied().unwrap_or(0) }
    };
    let mut ports: Vec<u16> = driver.ports.iter().enumerate().map(port).collect();
    if ports.is_empty() {
        ports.push(at.port);
    }
    if at.host.parse::<std::net::IpAddr>().is_ok() {
        return Ok((at.host.clone(), ports));
    }
    let failed = |reason: String| LaunchError::Resolve { host: at.host.clone(), reason };
    let (sender, receiver) = mpsc::channel();
    let (host, port) = (at.host.clone(), at.port);
    // The system's resolver cannot be given up: its thread ends by itself.
    let begun = std::thread::Builder::new().spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(|found| choose(&found.collect::<Vec<_>>()));
        // Nobody waits any more if it took too long.
        let _: Result<(), _> = sender.send(found);
    });
    begun.map_err(|error| failed(crate::text::io_cause(&error)))?;
    let late = || failed(format!("the resolver did not answer within {}", crate::text::duration(RESOLVE)));
    let found = receiver.recv_timeout(RESOLVE).map_err(|_| late())?;
    match found {
        Ok(Some(address)) => Ok((address.ip().to_string(), ports)),
        Ok(None) => Err(failed("the resolver knows none".to_owned())),
        Err(error) => Err(failed(crate::text::io_cause(&error))),
    }
}

/// Returns the first of several addresses that accepts a connection, or the first of all. `localhost` often has one of
/// each family, and a program listens at one of them.
fn choose(found: &[SocketAddr]) -> Option<SocketAddr> {
    let accepts = |address: &&SocketAddr| Connection::connect_timeout(address, TRY).is_ok();
    let chosen = if found.len() > 1 { found.iter().find(accepts) } else { None };
    chosen.or(found.first()).copied()
}
