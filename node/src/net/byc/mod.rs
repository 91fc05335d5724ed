//! `/byc`: nodes and clients of another make, which speak Socket.IO 5 over Engine.IO 4.
//!
//! Whatever comes over a connection becomes a conversation's: it answers for the core what can be
//! looked up, and translates the rest into the core's frames and back. To the core, a neighbour of this
//! protocol is one without features: versions are pushed to it whole, and what it holds is learnt by
//! asking for its keys. The policy of all of them is `oldest`, so links need that.
//!
//! - `packet`, `dated`, `call`: what stands in packets, in values and in events;
//! - `conversation`, `questions`, `neighbour`, `beat`: what is said, without a socket;
//! - `polling`: sessions by long-polling, and their upgrade;
//! - [`Client`]: the other end, for this node's dials and for programs that ask a node.
//!
//! The server's side of Engine.IO is written out here, for it has to share the core's one thread and its
//! bounds in bytes: a session's queue is the connection's own, whatever transport empties it.

mod beat;
mod call;
mod client;
mod conversation;
mod dated;
mod neighbour;
mod packet;
mod polling;
mod questions;

pub use client::{Answer, Client, Event, NoAnswer, argument};

pub(super) use client::{Opened, open};
pub(super) use conversation::{Conversation, Effect, Scene};
pub(super) use polling::{Sessions, Wanted};

use std::net::IpAddr;
use std::rc::Rc;

use tokio::net::TcpStream;
use tokio::task::spawn_local;
use tokio_tungstenite::WebSocketStream;

use polling::greeting;

use super::connection;
use super::outbox::Outbox;
use super::shell::Shell;
use crate::core::ConnId;

/// The path, and the end of addresses that are to be spoken to in this protocol.
pub(super) const PATH: &str = "/byc";
/// The longest packet of this protocol that is read or written, in bytes: a listing of some 70,000 keys.
pub(super) const PACKET_MAX: usize = 8 << 20;
/// Why there are no links under another policy.
pub(super) const LINKS_NEED_OLDEST: &str =
    "links of this protocol need the policy `oldest`: start the node with --policy oldest";

/// Serves a connection by WebSocket alone until its end.
pub(super) async fn serve(
    shell: Rc<Shell>,
    conn: ConnId,
    outbox: Rc<Outbox>,
    from: Rc<str>,
    socket: WebSocketStream<TcpStream>,
) {
    let looking = spawn_local(look_after(Rc::clone(&shell), conn));
    connection::serve(shell, conn, outbox, from, socket).await;
    looking.abort();
}

/// Serves somebody who came by WebSocket alone, from this host.
pub(super) async fn accept(
    shell: Rc<Shell>,
    host: IpAddr,
    from: Rc<str>,
    socket: WebSocketStream<TcpStream>,
) {
    let Some(id) = polling::name() else { return };
    let (conn, outbox) = shell.accepted_byc(Rc::clone(&from), host, id.clone());
    shell.say(conn, greeting(&id, false, PACKET_MAX));
    serve(shell, conn, outbox, from, socket).await;
}

/// Looks after a conversation whenever something is due in it. Never returns while there is one.
async fn look_after(shell: Rc<Shell>, conn: ConnId) {
    while let Some(due) = shell.conversation_due(conn) {
        tokio::select! {
            () = tokio::time::sleep_until(due) => shell.look_after(conn),
            () = shell.conversation_changed(conn) => {}
        }
    }
}
