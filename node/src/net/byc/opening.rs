//! The beginning of a session with a node of this protocol: the transport, the open packet, the namespace.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use hyper::StatusCode;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::client_transport::ClientTransport;
use super::handshake::{Handshake, Server};
use super::http_client::ExchangeError;
use super::packet::{Envelope, EnvelopeKind, Packet, unreadable};
use super::poller::Poller;
use super::protocol::{PACKET_MAX, PATH};
use crate::net::{io_error, websocket};
use crate::wire::{Limits, Malformed};

/// The most characters of a server's answer that an error quotes: a line or two.
const QUOTED_MAX: usize = 120;
/// The most characters of a server's reason that an error quotes: some lines.
const REASON_MAX: usize = 200;

/// The reason why no session was opened. No connection is left behind.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum OpenError {
    /// The connection failed.
    #[error("{}", io_error::describe(.0))]
    Io(#[from] std::io::Error),
    /// The server answered the upgrade to a WebSocket with a status of HTTP.
    #[error(transparent)]
    UpgradeRefused(UpgradeRefused),
    /// The server takes no WebSocket, and cannot be polled.
    #[error("{upgrade}; it cannot be polled either: {polling}")]
    NotPolled { upgrade: UpgradeRefused, polling: ExchangeError },
    /// The server does not speak the WebSocket protocol.
    #[error("no node of this protocol listens there: {0}")]
    NoServer(Error),
    /// The server sent a packet that does not belong here.
    #[error("the node sent an unreadable message: {0}")]
    Malformed(Malformed),
    /// The server closed the connection.
    #[error("it closed the connection before the session began")]
    Closed,
    /// The server refused the namespace.
    #[error("it refuses the session: {0}")]
    Refused(String),
    /// The session broke while this end joined the namespace.
    #[error(transparent)]
    Broken(Error),
}

/// The answer of a server that did not upgrade to a WebSocket.
#[derive(Debug, thiserror::Error)]
#[error("a WebSocket at {PATH} was answered with HTTP {status}{}{}", quoted(.body), meaning(*.status))]
pub(in crate::net) struct UpgradeRefused {
    status: StatusCode,
    body: String,
}

impl UpgradeRefused {
    fn new(status: StatusCode, body: &[u8]) -> Self {
        Self { status, body: String::from_utf8_lossy(body).trim().chars().take(QUOTED_MAX).collect() }
    }
}

fn quoted(body: &str) -> String {
    if body.is_empty() { String::new() } else { format!(" (`{body}`)") }
}

/// Returns the likely reason for a status.
fn meaning(status: StatusCode) -> &'static str {
    match status.as_u16() {
        404 => "; nothing is served there: the path of the server has to be /byc",
        400 => "; a server of socket.io 4 answers so where it takes no WebSocket, or not this version",
        _ => "",
    }
}

/// Opens a session with the node at `host:port` and joins its namespace: by a WebSocket, or by polling where
/// the node takes none. There is no time-out: the caller has one.
pub(in crate::net) async fn open(host_port: &str) -> Result<(ClientTransport, Server), OpenError> {
    let stream = TcpStream::connect(host_port).await?;
    // A socket that does not take the option is slower, and works.
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr()?;
    let settings = websocket::settings(&Limits { frame: PACKET_MAX, ..Limits::default() });
    let request = format!("ws://{host_port}{PATH}/?EIO=4&transport=websocket");
    match client_async_with_config(request, stream, Some(settings)).await {
        Ok((socket, _)) => join(ClientTransport::WebSocket(Box::new(socket)), peer).await,
        Err(Error::Io(error)) => Err(OpenError::Io(error)),
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            let upgrade = UpgradeRefused::new(response.status(), body);
            match Poller::begin(host_port).await {
                Ok(poller) => join(ClientTransport::Polling(poller), peer).await,
                // The same answer is not quoted twice.
                Err(ExchangeError::Refused(status, _)) if status == upgrade.status => {
                    Err(OpenError::UpgradeRefused(upgrade))
                }
                Err(polling) => Err(OpenError::NotPolled { upgrade, polling }),
            }
        }
        Err(error) => Err(OpenError::NoServer(error)),
    }
}

/// Joins the namespace over a transport, after the server's open packet.
async fn join(
    mut transport: ClientTransport,
    peer: SocketAddr,
) -> Result<(ClientTransport, Server), OpenError> {
    let mut handshake: Option<Handshake> = None;
    loop {
        let text = match transport.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Err(Error::Io(error))) if transport.is_polling() => return Err(OpenError::Io(error)),
            _ => return Err(OpenError::Closed),
        };
        let malformed = || OpenError::Malformed(unreadable(&text));
        let answer = match (Packet::read(&text), &handshake) {
            (Some(Packet::Open(json)), None) => {
                handshake = Some(serde_json::from_str(json).map_err(|_| malformed())?);
                "40".to_owned()
            }
            (Some(Packet::Ping(data)), _) => format!("3{data}"),
            (Some(Packet::Message(message)), Some(handshake)) => match Envelope::read(message) {
                Some(Envelope { kind: EnvelopeKind::Connect, .. }) => {
                    return Ok((transport, handshake.server_at(peer)));
                }
                Some(Envelope { kind: EnvelopeKind::ConnectError, data, .. }) => {
                    return Err(OpenError::Refused(data.chars().take(REASON_MAX).collect()));
                }
                _ => continue,
            },
            _ => return Err(malformed()),
        };
        transport.send(Message::text(answer)).await.map_err(OpenError::Broken)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_speaks_http_is_told_with_its_status() {
        let said = |status, body: &[u8]| UpgradeRefused::new(status, body).to_string();
        let not_found = said(StatusCode::NOT_FOUND, b"Cannot GET /byc/\n");
        let expected = "HTTP 404 Not Found (`Cannot GET /byc/`); nothing is served there";
        assert!(not_found.contains(expected), "{not_found}");
        let bad = said(StatusCode::BAD_REQUEST, b"{\"code\":0}");
        assert!(bad.contains("HTTP 400 Bad Request") && bad.contains("takes no WebSocket"), "{bad}");
        assert!(said(StatusCode::OK, b"").ends_with("HTTP 200 OK"));
    }
}
