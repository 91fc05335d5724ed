//! The client's end of a connection, for programs that ask a node.
//!
//! [`Client`] asks one thing at a time and queues the notices that come between. Split, its
//! [`Sender`] and [`Receiver`] ask many things without waiting and receive frames in the order
//! in which the node sent them.

use std::collections::VecDeque;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::address::normalise;
use super::websocket;
use crate::wire::{Command, Frame, Limits, Malformed, Notice, Refusal, Reply, RequestId, decode, encode};

/// The reason why a connection cannot be used any more. Requests that have no answer may or may not have
/// been carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The connection could not be made.
    #[error("cannot connect to {address}: {reason}")]
    NotConnected {
        /// The address that was dialled.
        address: String,
        /// The reason, as a text for people.
        reason: String,
    },
    /// The node closed the connection, for this reason.
    #[error("the node closed the connection: {0}")]
    Closed(String),
    /// The connection ended without a close frame: the node died, or the network failed.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The node sent a text that is no frame.
    #[error("the node sent an unreadable message: {0}")]
    Malformed(Malformed),
}

/// A connection to a node.
#[derive(Debug)]
pub struct Client {
    sender: Sender,
    receiver: Receiver,
    next: RequestId,
    /// True once the client has asked for notices: others are not queued.
    watching: bool,
}

/// The half that sends requests.
#[derive(Debug)]
pub struct Sender {
    sink: SplitSink<WebSocketStream<TcpStream>, Message>,
}

/// The half that receives answers and notices.
#[derive(Debug)]
pub struct Receiver {
    stream: SplitStream<WebSocketStream<TcpStream>>,
    limits: Limits,
    /// Notices that came while an answer was waited for.
    notices: VecDeque<Notice>,
}

impl Client {
    /// Connects to a node at `host:port`, `ws://host:port/`, or a port of this machine. Only the system's
    /// own time-out applies; the caller has to set another.
    pub async fn connect(address: &str) -> Result<Self, Lost> {
        let not_connected = |reason| Lost::NotConnected { address: address.to_owned(), reason };
        let host_port = normalise(address, "127.0.0.1").map_err(|error| not_connected(error.to_string()))?;
        let limits = Limits::default();
        let socket = Box::pin(websocket::open(&host_port, &limits)).await;
        let (socket, _) = socket.map_err(|error| not_connected(error.to_string()))?;
        let (sink, stream) = socket.split();
        Ok(Self {
            sender: Sender { sink },
            receiver: Receiver { stream, limits, notices: VecDeque::new() },
            next: 0,
            watching: false,
        })
    }

    /// Sends a request and waits for its answer. If the caller stops waiting, a late answer is ignored.
    pub async fn request(&mut self, command: Command) -> Result<Result<Reply, Refusal>, Lost> {
        let asked = self.next;
        self.next += 1;
        self.watching |= matches!(command, Command::Watch { .. });
        self.sender.send(asked, command).await?;
        loop {
            match self.receiver.read().await? {
                Frame::Reply { id, result } if id == asked => return Ok(result),
                Frame::Notice(notice) if self.watching => self.receiver.notices.push_back(notice),
                Frame::Notice(_) | Frame::Request { .. } | Frame::Reply { .. } | Frame::Message(_) => {}
            }
        }
    }

    /// Waits for the next notice. Notices that came between a request and its answer are returned first.
    pub async fn notice(&mut self) -> Result<Notice, Lost> {
        loop {
            if let Frame::Notice(notice) = self.receiver.next().await? {
                return Ok(notice);
            }
        }
    }

    /// Returns the two halves, to be used at the same time. The caller chooses request ids from now on.
    /// Queued notices come first.
    #[must_use]
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    /// Closes the connection and waits until the node has closed its end.
    pub async fn close(mut self) {
        if self.sender.close().await.is_ok() {
            while self.receiver.next().await.is_ok() {}
        }
    }
}

impl Sender {
    /// Sends a request. The answer repeats its id.
    pub async fn send(&mut self, id: RequestId, command: Command) -> Result<(), Lost> {
        self.feed(id, command).await?;
        self.flush().await
    }

    /// Queues a request, to be sent with others by one [`flush`](Self::flush).
    pub async fn feed(&mut self, id: RequestId, command: Command) -> Result<(), Lost> {
        let text = encode(&Frame::Request { id, command });
        self.sink.feed(Message::text(text)).await.map_err(|error| broken(&error))
    }

    /// Sends the queued requests.
    pub async fn flush(&mut self) -> Result<(), Lost> {
        self.sink.flush().await.map_err(|error| broken(&error))
    }

    /// Sends a close frame; the other half sees the end.
    pub async fn close(&mut self) -> Result<(), Lost> {
        self.sink.send(Message::Close(None)).await.map_err(|error| broken(&error))
    }
}

impl Receiver {
    /// Waits for the next frame, in the order in which the node sent them. Nothing is lost if the caller
    /// stops waiting. An error about a frame that the node could not read, and so not match, comes as
    /// [`Lost::Malformed`] with the node's refusal; more frames may follow it.
    pub async fn next(&mut self) -> Result<Frame, Lost> {
        match self.notices.pop_front() {
            Some(notice) => Ok(Frame::Notice(notice)),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Frame, Lost> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return decode(&text, &self.limits).map_err(Lost::Malformed),
                Some(Ok(Message::Close(frame))) => return Err(Lost::Closed(reason(frame))),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(broken(&error)),
                None => return Err(Lost::Closed(reason(None))),
            }
        }
    }
}

fn reason(frame: Option<CloseFrame>) -> String {
    match frame {
        None => "it sent nothing more".to_owned(),
        Some(frame) if frame.reason.is_empty() => format!("code {}", frame.code),
        Some(frame) => frame.reason.to_string(),
    }
}

fn broken(error: &tokio_tungstenite::tungstenite::Error) -> Lost {
    Lost::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_may_be_used_from_any_thread() {
        fn check<T: Send>(_: impl FnOnce(Client, Sender, Receiver) -> T) {}
        check(|mut client, _, _| async move { client.request(Command::Count).await });
        check(|_, mut sender, mut receiver| async move {
            let _ = sender.send(0, Command::Count).await;
            receiver.next().await
        });
    }
}
