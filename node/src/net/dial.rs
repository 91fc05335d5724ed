//! Connections that this node makes.

use std::rc::Rc;

use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::byc;
use super::connection;
use super::shell::Shell;
use super::socket_config;
use crate::core::DialId;
use crate::wire::Limits;

/// Dials `address`, tells the shell what came of it, and serves the connection. Its patience
/// has no end: whoever asked for it calls it off.
pub(super) async fn connect(shell: Rc<Shell>, dial: DialId, address: Rc<str>) {
    if let Some(place) = address.strip_suffix(byc::PATH) {
        return Box::pin(connect_byc(shell, dial, &address, place)).await;
    }
    // Boxed, for a connection lives much longer than its beginning.
    match Box::pin(open(&address, shell.limits())).await {
        Err(reason) => shell.dial_failed(dial, reason),
        Ok(socket) => {
            if let Some((conn, outbox)) = shell.dialled(dial, Rc::clone(&address)) {
                connection::serve(shell, conn, outbox, address, socket).await;
            }
        }
    }
}

/// The same, of a node that is spoken to in the other protocol.
async fn connect_byc(shell: Rc<Shell>, dial: DialId, address: &Rc<str>, place: &str) {
    match Box::pin(byc::open(place)).await {
        Err(reason) => shell.dial_failed(dial, reason),
        Ok((socket, opened)) => {
            if let Some((conn, outbox)) = shell.dialled_byc(dial, Rc::clone(address), &opened) {
                byc::serve(shell, conn, outbox, Rc::clone(address), socket).await;
            }
        }
    }
}

/// A WebSocket to `host:port`; the error is for people.
pub(super) async fn open(address: &str, limits: &Limits) -> Result<WebSocketStream<TcpStream>, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| reason(&error))?;
    // Frames are small and gathered here; waiting for more would only cost time. A socket that
    // does not take the option is slower, and works.
    let _ = stream.set_nodelay(true);
    let request = format!("ws://{address}/");
    match client_async_with_config(request, stream, Some(socket_config(limits))).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => {
            Err(format!("no node listens there: the upgrade was answered with {}", response.status()))
        }
        Err(Error::Io(error)) => Err(reason(&error)),
        Err(error) => Err(format!("no node listens there: {error}")),
    }
}

/// An error of the system without its number.
pub(super) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "nobody listens there".to_owned(),
        std::io::ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        _ => error.to_string(),
    }
}
