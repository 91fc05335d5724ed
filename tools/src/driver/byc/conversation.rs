//! The conversation over one connection to a node: many events at a time, each until it is acknowledged or
//! late.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use node::net::byc::{BycClient, NoAnswer, argument};
use node::net::client::Lost;
use node::wire::Value as NodeValue;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::language::{Held, answered, dated, keys, ports, refusal, typed};
use crate::driver::pending::{RequestGuard, late};
use crate::driver::{DriverEvent, NodeSession, Request, RequestBody};
use crate::world::{Answer, Misconduct, Outcome, Value};

/// The most requests to one node that are under way at the same time. Chosen: above the load of any scenario on
/// one node; further ones wait.
const AT_ONCE: usize = 256;
/// The time that a node has to acknowledge `addPeer`. Some nodes never do. Chosen: a local dial takes
/// milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// The time reserved after that for asking the node for its list of neighbours. Chosen: many times an answer on
/// one machine.
const LOOK: Duration = Duration::from_millis(250);

/// Serves requests until the connection ends, and returns the reason.
pub(super) async fn serve(session: NodeSession) -> String {
    let client = match BycClient::connect(&session.place.address()).await {
        Ok(client) => client,
        Err(lost) => return ended(&session, &lost),
    };
    // While the client polls, it keeps making new connections. They are the harness's and no other node's.
    let _contact = client.polls().then(|| session.contacts.begin());
    (session.report)(DriverEvent::Reached);
    let mut requests = session.requests.lock().await;
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = under_way.next() => {}
            // Events that a node sends to a client that is no neighbour do not matter here.
            event = client.event() => if let Err(lost) = event {
                return ended(&session, &lost);
            },
            request = requests.recv(), if under_way.len() < AT_ONCE => match request {
                Some(request) => under_way.push(serve_request(&session, &client, request)),
                None => return "the harness closed the connection".to_owned(),
            },
        }
    }
}

/// Reports a fault of the node if it ended the connection, and returns the reason.
fn ended(session: &NodeSession, lost: &Lost) -> String {
    if let Lost::Malformed(malformed) = lost {
        let how = format!("sent an unreadable message: {}", malformed.refusal);
        (session.report)(DriverEvent::Misbehaved(Misconduct::Protocol(how)));
    }
    lost.to_string()
}

async fn serve_request(session: &NodeSession, client: &BycClient, request: Request) {
    // If the connection ends first, this is dropped and ends the request.
    let mut ending = RequestGuard::new(session, request);
    let deadline = ending.request.deadline;
    let asking = Asking { session, client, deadline };
    let answered = tokio::time::timeout_at(deadline, asking.answer(&ending.request.body)).await;
    ending.outcome = Some(match answered {
        Ok(Ok(outcome) | Err(Wrong::Outcome(outcome))) => outcome,
        Ok(Err(Wrong::Node(how))) => {
            (session.report)(DriverEvent::Misbehaved(Misconduct::Protocol(how.clone())));
            Outcome::Unknown { reason: format!("it {how}") }
        }
        Ok(Err(Wrong::Lost(lost))) => {
            ending.lost = Some(lost.to_string());
            return;
        }
        Err(_) => late(&ending.request),
    });
}

/// The reason why there is no regular answer.
enum Wrong {
    /// The outcome in its place.
    Outcome(Outcome),
    /// The node broke the protocol, in this way.
    Node(String),
    /// The connection ended before the answer came.
    Lost(NoAnswer),
}

/// A request under way.
struct Asking<'a> {
    session: &'a NodeSession,
    client: &'a BycClient,
    deadline: Instant,
}

impl Asking<'_> {
    async fn answer(&self, what: &RequestBody) -> Result<Outcome, Wrong> {
        let words = match what {
            RequestBody::Watch => return Ok(Outcome::Done),
            RequestBody::Wire(to) => return self.add_peer(to).await,
            RequestBody::Words(words) => words,
        };
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["get", key] => {
                let held = self.get(key).await?;
                Ok(Outcome::Answered(Answer { value: held.value(), written: held.written(key) }))
            }
            ["stamp", key] => Ok(stamped(key, &self.get(key).await?)),
            ["set", key, value] => self.set(key, value).await,
            ["set", key, value, date] => self.set_at(key, value, date).await,
            ["keys"] => Ok(answered(Value::List(self.keys().await?))),
            ["count"] => Ok(answered(Value::number(self.keys().await?.len()))),
            ["peers"] => {
                let host = &self.session.place;
                let at = |port: u16| crate::driver::Place { port, ..(**host).clone() }.address();
                let named = |port: u16| self.session.directory.name(&at(port)).unwrap_or(port.to_string());
                Ok(answered(Value::List(self.peers().await?.into_iter().map(named).collect())))
            }
            ["addPeer" | "add-peer", to] => self.add_peer(to).await,
            _ => Err(Wrong::Outcome(refusal(format!("`{}` cannot be asked like that", words.join(" "))))),
        }
    }

    async fn get(&self, key: &str) -> Result<Held, Wrong> {
        Held::read(&self.question("get", &[key]).await?).map_err(|how| answered_with("get", &how))
    }

    async fn keys(&self) -> Result<Vec<String>, Wrong> {
        keys(&self.question("keys", &[]).await?).map_err(|how| answered_with("keys", &how))
    }

    async fn peers(&self) -> Result<Vec<u16>, Wrong> {
        ports(&self.question("peers", &[]).await?).map_err(|how| answered_with("peers", &how))
    }

    /// Sets a value that the node dates itself.
    async fn set(&self, key: &str, value: &str) -> Result<Outcome, Wrong> {
        let value = typed(value).map_err(|error| Wrong::Outcome(refusal(error)))?;
        self.ask("set", &[argument(key), raw(value.json())]).await?;
        self.accepted(key, &value).await
    }

    /// Sets a value with a date.
    async fn set_at(&self, key: &str, value: &str, date: &str) -> Result<Outcome, Wrong> {
        let value = typed(value).map_err(|error| Wrong::Outcome(refusal(error)))?;
        let wrong = |_| Wrong::Outcome(refusal(format!("`{date}` is no date in milliseconds")));
        let dated = dated(key, &value, date.parse().map_err(wrong)?);
        self.ask("set", &[argument(key), dated]).await?;
        self.accepted(key, &value).await
    }

    /// Returns the outcome of a write that the node accepted. Its stamp is the one that the node gives: the
    /// date is read back, and there is none if the node holds another value meanwhile, or does not answer.
    async fn accepted(&self, key: &str, value: &NodeValue) -> Result<Outcome, Wrong> {
        Ok(match self.get(key).await {
            Ok(held) if held.is(value) => stamped(key, &held),
            Ok(_) | Err(Wrong::Outcome(_)) => Outcome::Done,
            Err(wrong @ (Wrong::Node(_) | Wrong::Lost(_))) => return Err(wrong),
        })
    }

    /// Links the node to another. Without an acknowledgement, the node's own list of neighbours decides.
    async fn add_peer(&self, to: &str) -> Result<Outcome, Wrong> {
        let unavailable = |message| Outcome::Refused { code: "unavailable".to_owned(), message };
        let session = self.session;
        let address = session
            .directory
            .address(session.node, to)
            .map_err(|error| Wrong::Outcome(refusal(error.to_string())))?;
        let port = address.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let port = port.ok_or_else(|| Wrong::Outcome(refusal(format!("`{address}` has no port"))))?;
        // Time is reserved to ask for the node's list of neighbours.
        let left = self.deadline.saturating_duration_since(Instant::now());
        let patience = PATIENCE.min(left.saturating_sub(LOOK));
        match self.client.request("addPeer", &[argument(&port)], patience).await {
            Ok(Ok(_)) => Ok(Outcome::Done),
            Ok(Err(error)) => Ok(refusal(error)),
            Err(NoAnswer::Silent(_)) if self.peers().await?.contains(&port) => Ok(Outcome::Done),
            Err(NoAnswer::Silent(_)) => {
                Ok(unavailable(format!("it does not acknowledge `addPeer`, and does not list {to}")))
            }
            Err(lost) => Err(Wrong::Lost(lost)),
        }
    }

    /// Puts a question to the node, which changes nothing.
    async fn question(&self, event: &str, arguments: &[&str]) -> Result<Box<RawValue>, Wrong> {
        let words: Vec<&str> = std::iter::once(event).chain(arguments.iter().copied()).collect();
        self.session.questions.count(words.join(" "));
        let arguments: Vec<Box<RawValue>> = arguments.iter().map(|word| argument(*word)).collect();
        let answered = self.ask(event, &arguments).await;
        if let Err(Wrong::Outcome(Outcome::Refused { message, .. })) = &answered {
            self.session.questions.count_error(message);
        }
        answered
    }

    /// Sends an event and returns its result.
    async fn ask(&self, event: &str, arguments: &[Box<RawValue>]) -> Result<Box<RawValue>, Wrong> {
        let patience = self.deadline.saturating_duration_since(Instant::now());
        match self.client.request(event, arguments, patience).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(Wrong::Outcome(refusal(error))),
            // The caller's time-out on the whole request reports the silence.
            Err(NoAnswer::Silent(_)) => std::future::pending().await,
            Err(lost) => Err(Wrong::Lost(lost)),
        }
    }
}

/// Returns the version that the node holds as the answer to `set` or `stamp`.
fn stamped(key: &str, held: &Held) -> Outcome {
    Outcome::Answered(Answer { value: Value::Text(held.stamp().to_string()), written: held.written(key) })
}

fn answered_with(event: &str, how: &str) -> Wrong {
    Wrong::Node(format!("answered `{event}` with {how}"))
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
