//! The transport of a session, from the client's end: a WebSocket, or polling.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::poller::Poller;
use crate::net::transport::Transport;

/// The transport of a session, from the client's end.
pub(in crate::net) enum ClientTransport {
    /// One connection for both directions.
    WebSocket(Box<WebSocketStream<TcpStream>>),
    /// Polling over HTTP, where the server takes no WebSocket.
    Polling(Poller),
}

impl ClientTransport {
    /// Returns true if the session polls.
    pub(super) fn is_polling(&self) -> bool {
        matches!(self, Self::Polling(_))
    }
}

impl Stream for ClientTransport {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.poll_next_unpin(context),
            Self::Polling(poller) => poller.poll_next_unpin(context),
        }
    }
}

impl Sink<Message> for ClientTransport {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.poll_ready_unpin(context),
            Self::Polling(poller) => poller.poll_ready_unpin(context),
        }
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.start_send_unpin(message),
            Self::Polling(poller) => poller.start_send_unpin(message),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.poll_flush_unpin(context),
            Self::Polling(poller) => poller.poll_flush_unpin(context),
        }
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.poll_close_unpin(context),
            Self::Polling(poller) => poller.poll_close_unpin(context),
        }
    }
}

impl Transport for ClientTransport {
    async fn close_for_fault(self, code: CloseCode, reason: &str) {
        match self {
            Self::WebSocket(socket) => (*socket).close_for_fault(code, reason).await,
            // The end of a session by polling has no reason.
            Self::Polling(_) => {}
        }
    }
}
