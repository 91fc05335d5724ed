//! The other end of a connection to a node of this protocol, by WebSocket.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::beat::{Beat, Due};
use super::packet::{Envelope, Kind, Packet, acknowledgement, elements, event};
use super::{PACKET_MAX, PATH};
use crate::net::address::normalise;
use crate::net::client::Lost;
use crate::net::{dial, socket_config};
use crate::wire::{ErrorCode, Limits, Malformed, Refusal};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How much may wait to be sent, and how much may have come and not been taken.
const QUEUE: usize = 256;
/// How many answers may be waited for, those that nobody wants any more included.
const ASKED_MAX: usize = 4_096;

/// A connection to a node, looked after by a task of its own: pings are answered while nothing is asked,
/// and many things may be asked at a time.
#[derive(Debug)]
pub struct Client {
    orders: mpsc::Sender<Order>,
    events: Mutex<mpsc::Receiver<Event>>,
    /// Why the connection ended: there before anybody can see that it did.
    lost: Arc<OnceLock<Lost>>,
    task: AbortHandle,
}

/// What came of an event: its result, which may be `null`, or the error that it was acknowledged with.
pub type Answer = Result<Box<RawValue>, String>;

/// An event that the node sent.
#[derive(Debug)]
pub struct Event {
    /// What it is called.
    pub name: String,
    /// What it brings: JSON texts.
    pub arguments: Vec<Box<RawValue>>,
    /// What to [`acknowledge`](Client::acknowledge), if the node asks for that.
    pub ack: Option<u64>,
}

/// Why an event has no answer. It may or may not have been carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The node said nothing for as long as was waited.
    #[error("the node does not answer `{0}`")]
    Silent(String),
    /// The connection is of no more use.
    #[error(transparent)]
    Lost(#[from] Lost),
}

#[derive(Debug)]
enum Order {
    Emit { name: String, arguments: Vec<Box<RawValue>>, answer: oneshot::Sender<Answer> },
    Acknowledge { ack: u64, result: Answer },
}

/// Something as an argument of an event. What cannot be JSON, such as a map with keys that are no texts,
/// becomes `null`.
#[must_use]
pub fn argument<T: serde::Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

impl Client {
    /// Connects to a node at `host:port`, or a port of this machine, for at most five seconds.
    pub async fn connect(address: &str) -> Result<Self, Lost> {
        let not_connected = |reason| Lost::NotConnected { address: address.to_owned(), reason };
        let place = address.strip_suffix(PATH).unwrap_or(address);
        let place = normalise(place, "127.0.0.1").map_err(|error| not_connected(error.to_string()))?;
        let (socket, opened) = match timeout(CONNECT, Box::pin(open(&place))).await {
            Ok(opened) => opened.map_err(not_connected)?,
            Err(_) => return Err(not_connected(format!("no answer within {} s", CONNECT.as_secs()))),
        };
        let (orders, from_client) = mpsc::channel(QUEUE);
        let (to_client, events) = mpsc::channel(QUEUE);
        let lost = Arc::new(OnceLock::new());
        let start = Instant::now();
        let beat = Beat::client(Duration::ZERO, opened.interval, opened.patience);
        let mut pump = Pump { socket, beat, start, asked: BTreeMap::new(), last: 0, to_client };
        let why = Arc::clone(&lost);
        let task = tokio::spawn(async move {
            let mut orders = from_client;
            let lost = pump.run(&mut orders).await;
            // Nobody else says why. What waits for answers ends with the pump, after this.
            let _ = why.set(lost);
        });
        Ok(Self { orders, events: Mutex::new(events), lost, task: task.abort_handle() })
    }

    /// Sends an event and waits so long for its acknowledgement.
    pub async fn ask(
        &self,
        name: &str,
        arguments: &[Box<RawValue>],
        patience: Duration,
    ) -> Result<Answer, NoAnswer> {
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

    /// The next event that the node sends.
    pub async fn event(&self) -> Result<Event, Lost> {
        self.events.lock().await.recv().await.ok_or_else(|| self.why())
    }

    /// Acknowledges an event that the node sent.
    pub async fn acknowledge(&self, ack: u64, result: Answer) -> Result<(), Lost> {
        self.orders.send(Order::Acknowledge { ack, result }).await.map_err(|_| self.why())
    }

    /// Why the connection ended; or why there is no answer on one that did not.
    fn why(&self) -> Lost {
        let busy = || Lost::Broken("too much is waited for".to_owned());
        self.lost.get().cloned().unwrap_or_else(busy)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What looks after the connection.
struct Pump {
    socket: WebSocketStream<TcpStream>,
    beat: Beat,
    start: Instant,
    asked: BTreeMap<u64, oneshot::Sender<Answer>>,
    last: u64,
    to_client: mpsc::Sender<Event>,
}

impl Pump {
    async fn run(&mut self, orders: &mut mpsc::Receiver<Order>) -> Lost {
        let mut batch = VecDeque::new();
        loop {
            let due = self.start + self.beat.due();
            tokio::select! {
                biased;
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if let Err(lost) = self.received(&text, &mut batch) {
                            return lost;
                        }
                    }
                    Some(Ok(Message::Close(_))) | None => {
                        return Lost::Closed("it said no more".to_owned());
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Lost::Broken(error.to_string()),
                },
                order = orders.recv() => match order {
                    Some(order) => self.carry_out(order, &mut batch),
                    None => return Lost::Broken("it was given up".to_owned()),
                },
                () = tokio::time::sleep_until(due) => {
                    if self.beat.look(self.start.elapsed()) == Due::Dead {
                        return Lost::Broken("the node was silent for too long".to_owned());
                    }
                }
            }
            while let Some(text) = batch.pop_front() {
                if let Err(error) = self.socket.feed(Message::text(text)).await {
                    return Lost::Broken(error.to_string());
                }
            }
            if let Err(error) = self.socket.flush().await {
                return Lost::Broken(error.to_string());
            }
        }
    }

    fn carry_out(&mut self, order: Order, batch: &mut VecDeque<String>) {
        match order {
            Order::Emit { name, arguments, answer } => {
                if self.asked.len() >= ASKED_MAX {
                    self.asked.retain(|_, answer| !answer.is_closed());
                    if self.asked.len() >= ASKED_MAX {
                        // Dropped: whoever asks is told that there is no answer.
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
        self.beat.heard(self.start.elapsed());
        let message = match Packet::read(text) {
            Some(Packet::Ping(data)) => {
                batch.push_back(format!("3{data}"));
                return Ok(());
            }
            Some(Packet::Message(message)) => message,
            Some(Packet::Close) => return Err(Lost::Closed("it closed the session".to_owned())),
            Some(_) => return Ok(()),
            None => return Err(unreadable(text)),
        };
        let envelope = Envelope::read(message).ok_or_else(|| unreadable(text))?;
        match (envelope.kind, envelope.ack) {
            (Kind::Ack, Some(number)) => {
                if let Some(answer) = self.asked.remove(&number) {
                    // Whoever asked may not wait any more.
                    let _ = answer.send(answer_in(envelope.data));
                }
            }
            (Kind::Event, ack) => {
                let mut elements = elements(envelope.data).ok_or_else(|| unreadable(text))?.into_iter();
                let name = elements.next().and_then(|name| serde_json::from_str(name.get()).ok());
                let name: String = name.ok_or_else(|| unreadable(text))?;
                let event = Event { name, arguments: elements.map(ToOwned::to_owned).collect(), ack };
                if self.to_client.try_send(event).is_err() {
                    return Err(Lost::Broken(format!("more than {QUEUE} events came that nobody took")));
                }
            }
            (Kind::Disconnect, _) => return Err(Lost::Closed("it ended the conversation".to_owned())),
            _ => {}
        }
        Ok(())
    }
}

/// What an acknowledgement says: `[error, result]`.
fn answer_in(data: &str) -> Answer {
    let elements = elements(data).unwrap_or_default();
    match elements.first().and_then(|error| super::questions::complaint(error)) {
        Some(error) => Err(error),
        None => Ok(elements.get(1).map_or(RawValue::NULL, |result| result).to_owned()),
    }
}

fn unreadable(text: &str) -> Lost {
    let text: String = text.chars().take(80).collect();
    let refusal = Refusal::new(ErrorCode::Malformed, format!("`{text}` is no packet of this protocol"));
    Lost::Malformed(Malformed { id: None, refusal, answer: false })
}

/// What is known of the server once it has let this end in.
#[derive(Debug)]
pub(in crate::net) struct Opened {
    /// Where it is.
    pub(super) peer: SocketAddr,
    /// The longest packet that it takes, in bytes.
    pub(super) most: usize,
    /// How often it pings, and how long it waits for the answer.
    pub(super) interval: Duration,
    pub(super) patience: Duration,
}

/// What a server says first.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Greeting {
    ping_interval: u64,
    ping_timeout: u64,
    #[serde(default)]
    max_payload: Option<usize>,
}

/// A WebSocket to `host:port` on which the namespace is joined; the error is for people. The caller has
/// the patience.
pub(in crate::net) async fn open(place: &str) -> Result<(WebSocketStream<TcpStream>, Opened), String> {
    let stream = TcpStream::connect(place).await.map_err(|error| dial::reason(&error))?;
    // A socket that does not take the option is slower, and works.
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr().map_err(|error| dial::reason(&error))?;
    let config = socket_config(&Limits { frame: PACKET_MAX, ..Limits::default() });
    let request = format!("ws://{place}{PATH}/?EIO=4&transport=websocket");
    let (mut socket, _) = match client_async_with_config(request, stream, Some(config)).await {
        Ok(socket) => socket,
        Err(Error::Io(error)) => return Err(dial::reason(&error)),
        Err(error) => return Err(format!("no node of this protocol listens there: {error}")),
    };
    let mut greeting: Option<Greeting> = None;
    loop {
        let text = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            _ => return Err("it closed the connection before it let anybody in".to_owned()),
        };
        let answer = match (Packet::read(&text), &greeting) {
            (Some(Packet::Open(json)), None) => {
                greeting = Some(serde_json::from_str(json).map_err(|_| unreadable(&text).to_string())?);
                "40".to_owned()
            }
            (Some(Packet::Ping(data)), _) => format!("3{data}"),
            (Some(Packet::Message(message)), Some(greeting)) => match Envelope::read(message) {
                Some(Envelope { kind: Kind::Connect, .. }) => {
                    let opened = Opened {
                        peer,
                        most: greeting.max_payload.unwrap_or(PACKET_MAX),
                        interval: Duration::from_millis(greeting.ping_interval),
                        patience: Duration::from_millis(greeting.ping_timeout),
                    };
                    return Ok((socket, opened));
                }
                Some(Envelope { kind: Kind::ConnectError, data, .. }) => {
                    return Err(format!("it lets nobody in: {}", data.chars().take(200).collect::<String>()));
                }
                _ => continue,
            },
            _ => return Err(unreadable(&text).to_string()),
        };
        socket.send(Message::text(answer)).await.map_err(|error| error.to_string())?;
    }
}
