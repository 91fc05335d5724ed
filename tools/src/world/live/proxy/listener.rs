//! The listener at which one node dials another: each accepted connection is one between the two.

use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::{JoinSet, spawn_local};
use tokio::time::sleep;

use super::connection;
use super::link::Link;

/// The most connections of one link at a time. A node has one and makes another while that goes down; a few
/// more wait for the end of a silence. Further connections wait to be accepted. Chosen: well above those, and
/// low enough that a node that dials without end takes few of the harness's files.
const CONNECTIONS_MAX: usize = 32;
/// The wait where the system has no room for one more connection: other programs may make room. The end of a
/// connection ends it early. Chosen: a person's time to close a program.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// Listens for the dialling node from now on; returns the address.
pub(super) fn open(link: Link) -> io::Result<String> {
    // The socket is bound at once: the node may dial as soon as it has the address.
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let proxy = listener.local_addr()?.to_string();
    let listener = TcpListener::from_std(listener)?;
    spawn_local(accept(listener, Rc::new(link)));
    Ok(proxy)
}

/// Accepts connections, in silence as well: a cut cable keeps no node from dialling, and reports nothing
/// either.
async fn accept(listener: TcpListener, link: Rc<Link>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((near, _)) => {
                connections.spawn_local(connection::carry(near, Rc::clone(&link)));
                continue;
            }
            Err(error) => link.shortages.report("a connection of a link cannot be accepted", &error),
        }
        tokio::select! {
            () = sleep(RETRY_WAIT) => {}
            Some(_) = connections.join_next() => {}
        }
    }
}
