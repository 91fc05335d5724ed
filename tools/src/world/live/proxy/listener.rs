//! Where one node dials another: what is accepted there is a connection between them.

use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, spawn_local};
use tokio::time::sleep;

use super::connection;
use super::road::Road;

/// The most connections of one link at a time: a node has one and makes another while that goes down,
/// a few more wait for the end of a silence. Whoever comes then waits to be accepted.
const CONNECTIONS_MAX: usize = 32;
/// How long to wait where the system has no room for one more, unless one ends before: others may have
/// made room.
const REST: Duration = Duration::from_secs(1);

/// Listens at a host of the harness for a node that dials the one at `address`, from now on; where.
/// `way` is the road there, and the road back.
pub(super) fn open(address: &str, host: Ipv4Addr, way: [Rc<Road>; 2]) -> io::Result<String> {
    // It is bound at once: the node may dial as soon as it is told.
    let listener = std::net::TcpListener::bind((host, 0))?;
    listener.set_nonblocking(true)?;
    let proxy = listener.local_addr()?.to_string();
    let listener = TcpListener::from_std(listener)?;
    spawn_local(accept(listener, Rc::from(address), host, way));
    Ok(proxy)
}

/// Accepts in silence as well: a cut cable keeps nobody from dialling, and says nothing either.
async fn accept(listener: TcpListener, address: Rc<str>, host: Ipv4Addr, way: [Rc<Road>; 2]) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => accepted,
            Some(_) = connections.join_next() => continue,
        };
        if let Ok((near, _)) = accepted {
            connections.spawn_local(connection::carry(near, Rc::clone(&address), host, way.clone()));
            continue;
        }
        tokio::select! {
            () = sleep(REST) => {}
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Frames are small and gathered by the nodes: waiting for more would only add to the delay. A socket
/// that does not take the option is slower, and works.
pub(super) fn prompt(socket: &TcpStream) {
    let _: io::Result<()> = socket.set_nodelay(true);
}
