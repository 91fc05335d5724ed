//! Requests by events of Socket.IO 4 over a WebSocket: each is answered by its acknowledgement.
//!
//! The packets are those of Engine.IO 4 and Socket.IO 5 (the revision of the protocol that version 4 of the library
//! speaks), in the default namespace.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value as Json;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::idle::{Idle, is_quiet};
use super::web_socket::{WebSocketError, connect};

/// The client of one node.
#[derive(Debug, Default)]
pub(super) struct SocketIoClient {
    idle: Idle<(String, Session)>,
}

/// A session with a server, which has one request at a time.
#[derive(Debug)]
struct Session {
    stream: WebSocketStream<TcpStream>,
    /// The number of the last event.
    last: u64,
}

/// A packet of the server.
#[derive(Debug, PartialEq, Eq)]
enum Packet<'a> {
    /// The session is open.
    Open,
    /// A sign of life is asked for.
    Ping,
    /// The namespace is joined.
    Joined,
    /// The namespace is refused.
    Refused(&'a str),
    /// The acknowledgement of an event, with its arguments.
    Acknowledged(u64, &'a str),
    /// The server ends the session.
    Ended,
    /// Something that was not asked for: an event, or what a later version knows.
    Other,
}

impl<'a> Packet<'a> {
    fn read(text: &'a str) -> Self {
        match text.split_at_checked(1) {
            Some(("0", _)) => Self::Open,
            Some(("1", _)) => Self::Ended,
            Some(("2", _)) => Self::Ping,
            Some(("4", packet)) => match packet.split_at_checked(1) {
                Some(("0", _)) => Self::Joined,
                Some(("1", _)) => Self::Ended,
                Some(("4", reason)) => Self::Refused(reason),
                Some(("3", rest)) => {
                    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                    let (id, arguments) = rest.split_at(digits);
                    id.parse().map_or(Self::Other, |id| Self::Acknowledged(id, arguments))
                }
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

impl SocketIoClient {
    /// Sends an event with these arguments, and returns the arguments of its acknowledgement, a list in JSON.
    pub(super) async fn ask(
        &self,
        (host, port): (&str, u16),
        path: &str,
        event: &str,
        arguments: Vec<Json>,
        changes: bool,
    ) -> Result<Vec<u8>, WebSocketError> {
        let mut words = vec![Json::from(event)];
        words.extend(arguments);
        let words = Json::Array(words).to_string();
        self.idle
            .exchange(
                changes,
                |(other, session)| other == path && is_quiet(session.stream.get_ref()),
                async || Ok((path.to_owned(), Session::open(host, port, path).await?)),
                async |(_, session)| session.exchange(&words).await,
                |error| matches!(error, WebSocketError::Broken(_)),
            )
            .await
    }
}

impl Session {
    /// Opens a session and joins the default namespace.
    async fn open(host: &str, port: u16, path: &str) -> Result<Self, WebSocketError> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}EIO=4&transport=websocket");
        let mut session = Self { stream: connect(host, port, &path).await?, last: 0 };
        loop {
            let text = session.next().await?;
            match Packet::read(&text) {
                Packet::Open => session.send("40").await?,
                Packet::Joined => return Ok(session),
                Packet::Refused(reason) => return Err(WebSocketError::Refused(reason.to_owned())),
                _ => {}
            }
        }
    }

    async fn exchange(&mut self, words: &str) -> Result<Vec<u8>, WebSocketError> {
        self.last += 1;
        let last = self.last;
        self.send(&format!("42{last}{words}")).await?;
        loop {
            let text = self.next().await?;
            if let Packet::Acknowledged(id, arguments) = Packet::read(&text)
                && id == last
            {
                return Ok(arguments.as_bytes().to_vec());
            }
        }
    }

    async fn send(&mut self, text: &str) -> Result<(), WebSocketError> {
        self.stream.send(Message::text(text)).await.map_err(WebSocketError::broken)
    }

    /// Returns the next packet that is no question for a sign of life.
    async fn next(&mut self) -> Result<String, WebSocketError> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => match Packet::read(&text) {
                    Packet::Ping => self.send("3").await?,
                    Packet::Ended => return Err(WebSocketError::Broken(None)),
                    _ => return Ok(text.as_str().to_owned()),
                },
                Some(Ok(Message::Close(_))) | None => return Err(WebSocketError::Broken(None)),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(WebSocketError::broken(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_told_apart() {
        for (text, expected) in [
            ("0{\"sid\":\"x\"}", Packet::Open),
            ("2", Packet::Ping),
            ("40{\"sid\":\"x\"}", Packet::Joined),
            ("44{\"message\":\"no\"}", Packet::Refused("{\"message\":\"no\"}")),
            ("431[null,5]", Packet::Acknowledged(1, "[null,5]")),
            ("4312[]", Packet::Acknowledged(12, "[]")),
            ("41", Packet::Ended),
            ("1", Packet::Ended),
            ("42[\"news\",1]", Packet::Other),
            ("43[]", Packet::Other),
            ("6", Packet::Other),
            ("é", Packet::Other),
            ("", Packet::Other),
        ] {
            assert_eq!(Packet::read(text), expected, "{text}");
        }
    }
}
