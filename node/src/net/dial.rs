//! Connections that this node makes.

use std::rc::Rc;

use tokio::task::{AbortHandle, spawn_local};

use super::byc;
use super::chapter::Peers;
use super::connection;
use super::shell::{Dialler, Shell};
use super::websocket;
use crate::core::DialId;

/// The reason why no link is made to a peer that answers without our mark.
const OTHER_MAKE: &str = "a node of another make is there";

/// The dialler on TCP: one task a dial, which then serves the connection. It has no time-out: the core
/// cancels the dial.
pub(super) struct TcpDialler {
    /// The peers of which another make may answer; there, no frame of ours is sent to a node without our mark.
    pub(super) peers: Rc<Peers>,
}

impl Dialler for TcpDialler {
    fn start(&self, shell: Rc<Shell>, dial: DialId, address: Rc<str>) -> AbortHandle {
        spawn_local(connect(shell, dial, address, Rc::clone(&self.peers))).abort_handle()
    }
}

/// Dials `address`, reports the outcome to the shell, and serves the connection.
async fn connect(shell: Rc<Shell>, dial: DialId, address: Rc<str>, peers: Rc<Peers>) {
    if let Some(host_port) = address.strip_suffix(byc::PATH) {
        return Box::pin(connect_byc(shell, dial, &address, host_port)).await;
    }
    if !peers.may_dial(&address) {
        return shell.on_dial_failed(dial, OTHER_MAKE.to_owned());
    }
    // Boxed, since a connection lives much longer than its handshake.
    match Box::pin(websocket::open(&address, shell.limits())).await {
        Err(error) => shell.on_dial_failed(dial, error.to_string()),
        Ok((_, marked)) if !peers.admit(&address, marked) => {
            shell.on_dial_failed(dial, OTHER_MAKE.to_owned());
        }
        Ok((socket, _)) => {
            if let Some((conn, queue)) = shell.add_dialled(dial, Rc::clone(&address)) {
                connection::serve(shell, conn, queue, address, socket).await;
            }
        }
    }
}

/// Dials a node of the other protocol, as [`connect`] does for the native one.
async fn connect_byc(shell: Rc<Shell>, dial: DialId, address: &Rc<str>, host_port: &str) {
    match Box::pin(byc::open(host_port)).await {
        Err(error) => shell.on_dial_failed(dial, error.to_string()),
        Ok((transport, server)) => {
            if let Some((conn, queue)) = shell.add_dialled_byc(dial, Rc::clone(address), &server) {
                byc::serve(shell, conn, queue, Rc::clone(address), transport).await;
            }
        }
    }
}
