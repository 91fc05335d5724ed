//! Connections of this protocol whose one transport does not change.

use std::net::IpAddr;
use std::rc::Rc;

use tokio::net::TcpStream;
use tokio::task::spawn_local;
use tokio_tungstenite::WebSocketStream;

use super::handshake::{draw_session_id, open_packet};
use super::protocol::PACKET_MAX;
use crate::core::ConnId;
use crate::net::connection;
use crate::net::shell::Shell;
use crate::net::transport::Transport;
use crate::net::write_queue::WriteQueue;

/// Serves a connection until its end, and runs the timer of its conversation.
pub(in crate::net) async fn serve(
    shell: Rc<Shell>,
    conn: ConnId,
    queue: Rc<WriteQueue>,
    peer: Rc<str>,
    transport: impl Transport,
) {
    let timer = spawn_local(run_conversation_timer(Rc::clone(&shell), conn));
    connection::serve(shell, conn, queue, peer, transport).await;
    timer.abort();
}

/// Serves a client or node that came by WebSocket alone, from this host.
pub(in crate::net) async fn accept(
    shell: Rc<Shell>,
    host: IpAddr,
    from: Rc<str>,
    socket: WebSocketStream<TcpStream>,
) {
    let Some(id) = draw_session_id() else { return };
    let (conn, queue) = shell.add_accepted_byc(Rc::clone(&from), host, id.clone());
    shell.queue_text(conn, open_packet(&id, false, PACKET_MAX));
    serve(shell, conn, queue, from, socket).await;
}

/// Wakes a conversation whenever something in it is due. Returns only when the conversation is gone.
pub(super) async fn run_conversation_timer(shell: Rc<Shell>, conn: ConnId) {
    while let Some(due) = shell.conversation_due(conn) {
        tokio::select! {
            () = tokio::time::sleep_until(due) => shell.on_conversation_due(conn),
            () = shell.conversation_rearmed(conn) => {}
        }
    }
}
