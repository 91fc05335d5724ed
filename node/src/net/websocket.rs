//! The WebSocket connections: their settings, the opening of one, and its closing for a fault.

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::io_error;
use super::transport::Transport;
use crate::wire::Limits;

/// The most bytes that are read and thrown away from a connection that was closed for a fault. Chosen: twice
/// the longest message of any protocol here (`byc::PACKET_MAX`), so that a whole message on its way fits.
const DISCARDED_MAX: usize = 16 << 20;
/// The longest reason in a close frame, in bytes (RFC 6455, 5.5: 125 bytes, two of which are the code).
const REASON_MAX: usize = 123;

/// The reason why a WebSocket could not be opened. No connection is left behind.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebSocketError {
    /// The connection failed.
    #[error("{}", io_error::describe(.0))]
    Io(#[from] std::io::Error),
    /// The server answered the upgrade with a status of HTTP.
    #[error("no node listens there: the upgrade was answered with {0}")]
    Status(StatusCode),
    /// The server does not speak the WebSocket protocol.
    #[error("no node listens there: {0}")]
    Protocol(Error),
}

/// Returns the buffer sizes and limits of a WebSocket. The buffers are small, since there may be a thousand
/// nodes on one machine; a larger frame makes room for itself.
pub(super) fn settings(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .write_buffer_size(16 << 10)
        // One frame of the node waits there at a time. Beside it lie the pongs to a peer that pings and
        // reads nothing: where there is no room, only the last pong is kept.
        .max_write_buffer_size(limits.outbox)
        .max_message_size(Some(limits.frame))
        .max_frame_size(Some(limits.frame))
}

/// The header of an upgrade, and of the answer to it, that says: a node or a client of ours.
pub(super) const MARK: HeaderName = HeaderName::from_static("kv-node");

/// Opens a WebSocket to `host:port`. Returns true with it if the answer has our mark.
pub(super) async fn open(
    address: &str,
    limits: &Limits,
) -> Result<(WebSocketStream<TcpStream>, bool), WebSocketError> {
    let stream = TcpStream::connect(address).await?;
    // Frames are small and gathered here, so Nagle's algorithm would only add delay. A socket that
    // does not take the option is slower, and works.
    let _ = stream.set_nodelay(true);
    let mut request = format!("ws://{address}/").into_client_request().map_err(WebSocketError::Protocol)?;
    request.headers_mut().insert(MARK, HeaderValue::from_static("1"));
    match client_async_with_config(request, stream, Some(settings(limits))).await {
        Ok((socket, answer)) => Ok((socket, answer.headers().contains_key(MARK))),
        Err(Error::Http(response)) => Err(WebSocketError::Status(response.status())),
        Err(Error::Io(error)) => Err(WebSocketError::Io(error)),
        Err(error) => Err(WebSocketError::Protocol(error)),
    }
}

/// Returns a close frame. A reason that is too long is cut.
pub(super) fn close_frame(code: CloseCode, reason: &str) -> CloseFrame {
    let mut end = reason.len().min(REASON_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    CloseFrame { code, reason: Utf8Bytes::from(&reason[..end]) }
}

impl Transport for WebSocketStream<TcpStream> {
    /// Sends the reason, then reads on for a while. A socket that is closed with unread bytes in it is reset,
    /// and the reason would be lost.
    async fn close_for_fault(mut self, code: CloseCode, reason: &str) {
        if self.close(Some(close_frame(code, reason))).await.is_err() {
            return;
        }
        let mut stream = self.into_inner();
        if stream.shutdown().await.is_err() {
            return;
        }
        let (mut scratch, mut total) = (vec![0; 16 << 10], 0);
        while let Ok(count) = stream.read(&mut scratch).await
            && count > 0
            && total < DISCARDED_MAX
        {
            total += count;
        }
    }
}
