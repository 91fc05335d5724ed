//! The client's end of a session of Engine.IO by long-polling.
//!
//! Two tasks have a connection of HTTP each. One polls for packets, again as soon as it was answered. The
//! other posts outgoing packets, as many at a time as the server takes. Bounded queues lie between them and
//! the session, so that a session which reads nothing does not poll.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, SinkExt, Stream, sink};
use hyper::Method;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::handshake::Handshake;
use super::http_client::{ExchangeError, HttpClient};
use super::packet::Packet;
use super::protocol::{PACKET_MAX, PATH, SEPARATOR};

/// The number of packets that may lie between a task and the session, each way. Chosen: enough that a body of
/// small packets does not wait for the session packet by packet.
const QUEUE: usize = 64;
/// The longest time in which a server has to accept a body. Chosen: as long as this node gives a client that
/// posts one.
const POST_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time that closing the session may take. Chosen: as for a native connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest id of a session, in bytes. Chosen: the servers known have ids of 20 bytes, and this node one
/// of 32.
const SESSION_ID_MAX: usize = 256;
/// The most characters of a server's first packet that an error quotes: a line.
const QUOTED_MAX: usize = 80;

/// A packet of a session, or the reason of its end.
type Incoming = Result<String, Error>;

/// A session by polling.
pub(in crate::net) struct Poller {
    incoming: mpsc::Receiver<Incoming>,
    /// The sink of outgoing packets; `None` once the session is closed.
    outgoing: Option<Pin<Box<dyn Sink<String, Error = Error> + Send>>>,
    /// The task that polls.
    polling: AbortHandle,
}

impl Poller {
    /// Begins a session with the server at `host:port`. There is no time-out: the caller has one.
    pub(super) async fn begin(host_port: &str) -> Result<Self, ExchangeError> {
        let target = format!("{PATH}/?EIO=4&transport=polling");
        let mut http = HttpClient::new(host_port);
        let opened = http.exchange(Method::GET, &target, String::new()).await?;
        let first = opened.split(SEPARATOR).next().unwrap_or_default();
        let handshake: Option<Handshake> = match Packet::read(first) {
            Some(Packet::Open(json)) => serde_json::from_str(json).ok(),
            _ => None,
        };
        let handshake = handshake.filter(|handshake| is_session_id(&handshake.sid)).ok_or_else(|| {
            let quoted: String = first.chars().take(QUOTED_MAX).collect();
            ExchangeError::other(format!("it answered `{quoted}`, which begins no session"))
        })?;
        let target = format!("{target}&sid={}", handshake.sid);
        let (received, incoming) = mpsc::channel(QUEUE);
        let (queue, to_post) = mpsc::channel(QUEUE);
        let body_max = handshake.packet_max();
        let posting =
            post_packets(HttpClient::new(host_port), target.clone(), body_max, to_post, received.downgrade());
        // It ends by itself, once it has closed the session.
        tokio::spawn(posting);
        let polling = tokio::spawn(async move {
            let ended = poll(&mut http, &target, opened, &received).await;
            if let Some(error) = ended.into_error() {
                // A session that is over reads no more.
                let _ = received.send(Err(error)).await;
            }
        });
        let outgoing = sink::unfold(queue, |queue: mpsc::Sender<String>, text| async move {
            queue.send(text).await.map_err(|_| Error::ConnectionClosed)?;
            Ok(queue)
        });
        Ok(Self { incoming, outgoing: Some(Box::pin(outgoing)), polling: polling.abort_handle() })
    }

    fn sink(&mut self) -> Result<&mut Pin<Box<dyn Sink<String, Error = Error> + Send>>, Error> {
        self.outgoing.as_mut().ok_or(Error::AlreadyClosed)
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

impl Stream for Poller {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.poll_recv(context).map(|packet| packet.map(|packet| packet.map(Message::text)))
    }
}

impl Sink<Message> for Poller {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.sink()?.poll_ready_unpin(context)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        match message {
            Message::Text(text) => self.sink()?.start_send_unpin(text.as_str().to_owned()),
            // The task that posts packets closes the session when nothing more can come.
            Message::Close(_) => {
                self.outgoing = None;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outgoing.as_mut().map_or(Poll::Ready(Ok(())), |sink| sink.poll_flush_unpin(context))
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = self.as_mut().poll_flush(context);
        if flushed.is_ready() {
            self.outgoing = None;
        }
        flushed
    }
}

/// Polls for packets until the session ends, beginning with those of an answer that has come. Returns the
/// reason of the end.
async fn poll(
    http: &mut HttpClient,
    target: &str,
    mut answer: String,
    received: &mpsc::Sender<Incoming>,
) -> ExchangeError {
    loop {
        for packet in answer.split(SEPARATOR) {
            if packet.len() > PACKET_MAX {
                let too_long = CapacityError::MessageTooLong { size: packet.len(), max_size: PACKET_MAX };
                return ExchangeError::Faulty(Error::Capacity(too_long));
            }
            if received.send(Ok(packet.to_owned())).await.is_err() {
                return ExchangeError::Gone;
            }
        }
        answer = match http.exchange(Method::GET, target, String::new()).await {
            Ok(answer) => answer,
            Err(ended) => return ended,
        };
    }
}

/// Posts packets in bodies of at most `body_max` bytes, unless one alone is longer. Closes the session when
/// nothing more can come.
async fn post_packets(
    mut http: HttpClient,
    target: String,
    body_max: usize,
    mut packets: mpsc::Receiver<String>,
    received: mpsc::WeakSender<Incoming>,
) {
    let mut next = None;
    while let Some(body) = gather_body(&mut packets, &mut next, body_max).await {
        let error = match timeout(POST_TIMEOUT, http.exchange(Method::POST, &target, body)).await {
            Ok(Ok(_)) => continue,
            Ok(Err(ended)) => match ended.into_error() {
                Some(error) => error,
                // The task that polls sees it as well.
                None => return,
            },
            Err(_) => {
                let seconds = POST_TIMEOUT.as_secs();
                let reason = format!("it did not accept a message within {seconds} s");
                Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, reason))
            }
        };
        if let Some(received) = received.upgrade() {
            // A session that is over reads no more.
            let _ = received.send(Err(error)).await;
        }
        return;
    }
    // The server may have ended the session itself.
    let _ = timeout(CLOSE_TIMEOUT, http.exchange(Method::POST, &target, "1".to_owned())).await;
}

/// Waits for packets and returns a body of them: at least one, and at most `body_max` bytes if there are
/// several. A packet that did not fit is left in `next`.
async fn gather_body(
    packets: &mut mpsc::Receiver<String>,
    next: &mut Option<String>,
    body_max: usize,
) -> Option<String> {
    let mut body = match next.take() {
        Some(packet) => packet,
        None => packets.recv().await?,
    };
    while let Ok(packet) = packets.try_recv() {
        if body.len() + SEPARATOR.len_utf8() + packet.len() > body_max {
            *next = Some(packet);
            break;
        }
        body.push(SEPARATOR);
        body += &packet;
    }
    Some(body)
}

/// Returns true if a text is a session id that a query can hold without escapes.
fn is_session_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    !id.is_empty() && id.len() <= SESSION_ID_MAX && id.bytes().all(fits)
}

#[cfg(test)]
mod tests;
