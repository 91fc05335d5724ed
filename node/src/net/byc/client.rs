//! The client's end of a connection to a node of this protocol.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::client_transport::ClientTransport;
use super::heartbeat::{Heartbeat, HeartbeatAction};
use super::opening::open;
use super::packet::{Envelope, EnvelopeKind, Packet, acknowledgement, elements, error_in, event, unreadable};
use super::protocol::PATH;
use crate::net::address::normalise;
use crate::net::client::Lost;
use crate::net::io_error;

/// The longest time that connecting may take. Chosen: more than the core gives a dial (`Timing::dial`, 3 s),
/// since a person or a test waits for it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The most orders that may wait to be sent, and the most received events that may wait to be read. Chosen: a
/// burst of small events; a program that reads none of them loses its connection.
const QUEUE: usize = 256;
/// The most answers that may be pending, those whose caller has stopped waiting included. Chosen: four times
/// what a node of this crate takes from one client at a time.
const ASKED_MAX: usize = 4_096;

/// A connection to a node. A task of its own serves it: it answers pings while nothing is asked, and many
/// requests may be pending at a time.
#[derive(Debug)]
pub struct BycClient {
    orders: mpsc::Sender<Order>,
    events: Mutex<mpsc::Receiver<BycEvent>>,
    /// The reason why the connection ended. It is set before any caller can see that the connection ended.
    lost: Arc<OnceLock<Lost>>,
    task: AbortHandle,
    polls: bool,
}

/// The outcome of an event: its result, which may be `null`, or the error in its acknowledgement.
pub type BycResult = Result<Box<RawValue>, String>;

/// An event that the node sent.
#[derive(Debug)]
pub struct BycEvent {
    /// The event's name.
    pub name: String,
    /// The event's arguments, as JSON texts.
    pub arguments: Vec<Box<RawValue>>,
    /// The number to [`acknowledge`](BycClient::acknowledge), if the node asks for an acknowledgement.
    pub ack: Option<u64>,
}

/// The reason why an event has no answer. The node may or may not have carried it out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The node did not answer within the time that the caller gave.
    #[error("the node does not answer `{0}`")]
    Silent(String),
    /// The connection has ended or cannot be used any more.
    #[error(transparent)]
    Lost(#[from] Lost),
}

#[derive(Debug)]
enum Order {
    Emit { name: String, arguments: Vec<Box<RawValue>>, answer: oneshot::Sender<BycResult> },
    Acknowledge { ack: u64, result: BycResult },
}

/// Returns a value as an argument of an event. A value that cannot be JSON, such as a map whose keys are
/// no texts, becomes `null`.
#[must_use]
pub fn argument<T: serde::Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

impl BycClient {
    /// Connects to a node at `host:port`, or a port of this machine, for at most five seconds.
    pub async fn connect(address: &str) -> Result<Self, Lost> {
        let not_connected = |reason| Lost::NotConnected { address: address.to_owned(), reason };
        let host_port = address.strip_suffix(PATH).unwrap_or(address);
        let host_port =
            normalise(host_port, "127.0.0.1").map_err(|error| not_connected(error.to_string()))?;
        let (transport, server) = match timeout(CONNECT_TIMEOUT, Box::pin(open(&host_port))).await {
            Ok(opened) => opened.map_err(|error| not_connected(error.to_string()))?,
            Err(_) => return Err(not_connected(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))),
        };
        let (orders, from_client) = mpsc::channel(QUEUE);
        let (to_client, events) = mpsc::channel(QUEUE);
        let lost = Arc::new(OnceLock::new());
        let polls = transport.is_polling();
        let start = Instant::now();
        let heartbeat = Heartbeat::client(Duration::ZERO, server.ping_interval, server.ping_timeout);
        let mut pump = Pump { transport, heartbeat, start, asked: BTreeMap::new(), last: 0, to_client };
        let why = Arc::clone(&lost);
        let task = tokio::spawn(async move {
            let mut orders = from_client;
            let lost = pump.run(&mut orders).await;
            // Nothing else sets the reason. The pump, and with it the pending answers, is dropped after this.
            let _ = why.set(lost);
        });
        Ok(Self { orders, events: Mutex::new(events), lost, task: task.abort_handle(), polls })
    }

    /// Returns true if the node takes no WebSocket. Its session is then polled, over HTTP connections that
    /// are often opened anew.
    #[must_use]
    pub fn polls(&self) -> bool {
        self.polls
    }

    /// Sends an event and waits up to `patience` for its acknowledgement.
    pub async fn request(
        &self,
        name: &str,
        arguments: &[Box<RawValue>],
        patience: Duration,
    ) -> Result<BycResult, NoAnswer> {
        let (answer, answered) = oneshot::channel();
        let order = Order::Emit { name: name.to_owned(), arguments: arguments.to_vec(), answer };
        let asked = async {
            self.orders.send(order).await.ok()?;
            answered.await.ok()
        };
        match timeout(patience, asked).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(NoAnswer::Lost(self.why())),
            Err(_) => Err(NoAnswer::Silent(name.to_owned())),
        }
    }

    /// Waits for the next event that the node sends.
    pub async fn event(&self) -> Result<BycEvent, Lost> {
        self.events.lock().await.recv().await.ok_or_else(|| self.why())
    }

    /// Acknowledges an event that the node sent.
    pub async fn acknowledge(&self, ack: u64, result: BycResult) -> Result<(), Lost> {
        self.orders.send(Order::Acknowledge { ack, result }).await.map_err(|_| self.why())
    }

    /// Returns the reason of the end of the connection, or of a missing answer if it is still up.
    fn why(&self) -> Lost {
        let busy = || Lost::Broken("too many requests wait for an answer".to_owned());
        self.lost.get().cloned().unwrap_or_else(busy)
    }
}

impl Drop for BycClient {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The state of the task that serves the connection.
struct Pump {
    transport: ClientTransport,
    heartbeat: Heartbeat,
    start: Instant,
    asked: BTreeMap<u64, oneshot::Sender<BycResult>>,
    last: u64,
    to_client: mpsc::Sender<BycEvent>,
}

impl Pump {
    async fn run(&mut self, orders: &mut mpsc::Receiver<Order>) -> Lost {
        let mut batch = VecDeque::new();
        loop {
            let due = self.start + self.heartbeat.due();
            tokio::select! {
                biased;
                message = self.transport.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if let Err(lost) = self.received(&text, &mut batch) {
                            return lost;
                        }
                    }
                    Some(Ok(Message::Close(_))) | None => {
                        return Lost::Closed("it sent nothing more".to_owned());
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return broken(&error),
                },
                order = orders.recv() => match order {
                    Some(order) => self.carry_out(order, &mut batch),
                    None => return Lost::Broken("this end gave it up".to_owned()),
                },
                () = tokio::time::sleep_until(due) => {
                    if self.heartbeat.check(self.start.elapsed()) == HeartbeatAction::End {
                        return Lost::Broken("the node was silent for too long".to_owned());
                    }
                }
            }
            while let Some(text) = batch.pop_front() {
                if let Err(error) = self.transport.feed(Message::text(text)).await {
                    return broken(&error);
                }
            }
            if let Err(error) = self.transport.flush().await {
                return broken(&error);
            }
        }
    }

    fn carry_out(&mut self, order: Order, batch: &mut VecDeque<String>) {
        match order {
            Order::Emit { name, arguments, answer } => {
                if self.asked.len() >= ASKED_MAX {
                    self.asked.retain(|_, answer| !answer.is_closed());
                    if self.asked.len() >= ASKED_MAX {
                        // Dropping the sender tells the caller that there is no answer.
                        return;
                    }
                }
                self.last += 1;
                self.asked.insert(self.last, answer);
                let arguments: Vec<&str> = arguments.iter().map(|argument| argument.get()).collect();
                batch.push_back(event(Some(self.last), &name, &arguments));
            }
            Order::Acknowledge { ack, result } => {
                let result = result.as_ref().map(|json| json.get()).map_err(String::as_str);
                batch.push_back(acknowledgement(ack, result));
            }
        }
    }

    fn received(&mut self, text: &str, batch: &mut VecDeque<String>) -> Result<(), Lost> {
        self.heartbeat.on_received(self.start.elapsed());
        let message = match Packet::read(text) {
            Some(Packet::Ping(data)) => {
                batch.push_back(format!("3{data}"));
                return Ok(());
            }
            Some(Packet::Message(message)) => message,
            Some(Packet::Close) => return Err(Lost::Closed("it closed the session".to_owned())),
            Some(_) => return Ok(()),
            None => return Err(malformed(text)),
        };
        let envelope = Envelope::read(message).ok_or_else(|| malformed(text))?;
        match (envelope.kind, envelope.ack) {
            (EnvelopeKind::Ack, Some(number)) => {
                if let Some(answer) = self.asked.remove(&number) {
                    // The caller may have stopped waiting.
                    let _ = answer.send(answer_in(envelope.data));
                }
            }
            (EnvelopeKind::Event, ack) => {
                let mut elements = elements(envelope.data).ok_or_else(|| malformed(text))?.into_iter();
                let name = elements.next().and_then(|name| serde_json::from_str(name.get()).ok());
                let name: String = name.ok_or_else(|| malformed(text))?;
                let event = BycEvent { name, arguments: elements.map(ToOwned::to_owned).collect(), ack };
                if self.to_client.try_send(event).is_err() {
                    return Err(Lost::Broken(format!("this end did not read the last {QUEUE} events")));
                }
            }
            (EnvelopeKind::Disconnect, _) => {
                return Err(Lost::Closed("it ended the conversation".to_owned()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns the reason why a connection cannot be used any more.
fn broken(error: &Error) -> Lost {
    Lost::Broken(match error {
        Error::Io(error) => io_error::describe(error),
        error => error.to_string(),
    })
}

/// Reads an acknowledgement, `[error, result]`.
fn answer_in(data: &str) -> BycResult {
    let elements = elements(data).unwrap_or_default();
    match elements.first().and_then(|error| error_in(error)) {
        Some(error) => Err(error),
        None => Ok(elements.get(1).map_or(RawValue::NULL, |result| result).to_owned()),
    }
}

fn malformed(text: &str) -> Lost {
    Lost::Malformed(unreadable(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_is_an_error_and_a_result() {
        let said = |data| answer_in(data).map(|result| result.get().to_owned());
        assert_eq!(said("[null,true]"), Ok("true".to_owned()));
        assert_eq!(said("[false,[1]]"), Ok("[1]".to_owned()));
        assert_eq!(said("[]"), Ok("null".to_owned()));
        assert_eq!(said("[\"neighbor exists\"]"), Err("neighbor exists".to_owned()));
        for result_first in ["[true]", "[{\"value\":1}]", "[[3000]]", "[7,null]"] {
            let error = said(result_first).unwrap_err();
            assert!(error.contains("an acknowledgement is (error, result)"), "{error}");
        }
    }
}
