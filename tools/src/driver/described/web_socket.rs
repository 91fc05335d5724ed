//! Requests by messages over a WebSocket: each is answered by the next message.

use std::io;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::http::ANSWER_MAX;
use super::idle::{Idle, is_quiet};

/// The client of one node. Its connections are kept by their paths.
#[derive(Debug, Default)]
pub(super) struct WebSocketClient {
    idle: Idle<(String, WebSocketStream<TcpStream>)>,
}

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebSocketError {
    /// No connection was made: the node has not been asked.
    #[error("cannot be reached: {}", crate::text::io_cause(.0))]
    Connect(io::Error),
    /// The node does not speak the protocol there: it has not been asked.
    #[error("no WebSocket is served there: {0}")]
    Handshake(Box<Error>),
    /// The node takes no requests there: it has not been asked.
    #[error("the node refuses requests there: {0}")]
    Refused(String),
    /// The connection ended before the answer.
    #[error("the connection ended before the answer{}", .0.as_ref().map_or_else(String::new, |error| format!(": {error}")))]
    Broken(Option<Box<Error>>),
}

impl WebSocketError {
    /// Returns the error of a connection that broke.
    pub(super) fn broken(error: Error) -> Self {
        Self::Broken(Some(Box::new(error)))
    }
}

impl WebSocketClient {
    /// Sends a message and reads the next one.
    pub(super) async fn ask(
        &self,
        host: &str,
        port: u16,
        path: &str,
        message: &str,
        changes: bool,
    ) -> Result<Vec<u8>, WebSocketError> {
        // A connection for another path is given up: a description has one path as a rule.
        self.idle
            .exchange(
                changes,
                |(other, stream)| other == path && is_quiet(stream.get_ref()),
                async || Ok((path.to_owned(), connect(host, port, path).await?)),
                async |(_, stream)| exchange(stream, message).await,
                |error| matches!(error, WebSocketError::Broken(_)),
            )
            .await
    }
}

async fn exchange(stream: &mut WebSocketStream<TcpStream>, message: &str) -> Result<Vec<u8>, WebSocketError> {
    stream.send(Message::text(message)).await.map_err(WebSocketError::broken)?;
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_bytes().to_vec()),
            Some(Ok(Message::Binary(bytes))) => return Ok(bytes.to_vec()),
            Some(Ok(Message::Close(_))) | None => return Err(WebSocketError::Broken(None)),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(WebSocketError::broken(error)),
        }
    }
}

/// Opens a WebSocket.
pub(super) async fn connect(
    host: &str,
    port: u16,
    path: &str,
) -> Result<WebSocketStream<TcpStream>, WebSocketError> {
    let stream = TcpStream::connect((host, port)).await.map_err(WebSocketError::Connect)?;
    stream.set_nodelay(true).map_err(WebSocketError::Connect)?;
    let config =
        WebSocketConfig::default().max_message_size(Some(ANSWER_MAX)).max_frame_size(Some(ANSWER_MAX));
    let address = format!("ws://{host}:{port}{path}");
    let opened = client_async_with_config(address, stream, Some(config)).await;
    opened.map(|(stream, _)| stream).map_err(|error| WebSocketError::Handshake(Box::new(error)))
}
