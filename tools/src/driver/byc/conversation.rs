//! One connection to one node: many events at a time, each until it is acknowledged or late.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use node::net::byc::{Client, NoAnswer, argument};
use node::net::client::Lost;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::language::{Held, answered, keys, ports, refusal, typed};
use crate::driver::pending::{Ending, late};
use crate::driver::{Meeting, Request, Told, What};
use crate::world::{Answer, Outcome, Value};

/// How many things one node is asked at once.
const AT_ONCE: usize = 256;
/// How long a node may take to acknowledge `addPeer`. Some never do.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much of its time is left to ask the node for its list then.
const LOOK: Duration = Duration::from_millis(250);

/// Asks what is to be asked until the connection ends; why it did.
pub(super) async fn hold(meeting: Meeting) -> String {
    let client = match Client::connect(&meeting.place.address()).await {
        Ok(client) => client,
        Err(lost) => return ended(&meeting, &lost),
    };
    (meeting.tell)(Told::Reached);
    let mut requests = meeting.requests.lock().await;
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = under_way.next() => {}
            // What a node tells those who ask, and are no neighbours, is of no matter here.
            event = client.event() => if let Err(lost) = event {
                return ended(&meeting, &lost);
            },
            request = requests.recv(), if under_way.len() < AT_ONCE => match request {
                Some(request) => under_way.push(serve(&meeting, &client, request)),
                None => return "the harness took leave".to_owned(),
            },
        }
    }
}

/// Says so if it is the node's fault that the connection ended.
fn ended(meeting: &Meeting, lost: &Lost) -> String {
    if let Lost::Malformed(malformed) = lost {
        (meeting.tell)(Told::Broke(format!("said what cannot be read: {}", malformed.refusal)));
    }
    lost.to_string()
}

async fn serve(meeting: &Meeting, client: &Client, request: Request) {
    // The connection may end before there is an answer: then this is dropped, and says so.
    let mut ending = Ending::new(meeting, request);
    let deadline = ending.request.deadline;
    let asking = Asking { meeting, client, deadline };
    let answered = tokio::time::timeout_at(deadline, asking.answer(&ending.request.what)).await;
    ending.outcome = Some(match answered {
        Ok(Ok(outcome) | Err(Wrong::Outcome(outcome))) => outcome,
        Ok(Err(Wrong::Node(how))) => {
            (meeting.tell)(Told::Broke(how.clone()));
            Outcome::Unknown { reason: format!("it {how}") }
        }
        Err(_) => late(&ending.request),
    });
}

/// Why there is no answer as it should be.
enum Wrong {
    /// What came of it instead.
    Outcome(Outcome),
    /// The node broke the protocol, in this way.
    Node(String),
}

/// One request, being asked.
struct Asking<'a> {
    meeting: &'a Meeting,
    client: &'a Client,
    deadline: Instant,
}

impl Asking<'_> {
    async fn answer(&self, what: &What) -> Result<Outcome, Wrong> {
        let words = match what {
            What::Watch => return Ok(Outcome::Done),
            What::Wire(to) => return self.add_peer(to).await,
            What::Words(words) => words,
        };
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["get", key] => {
                let held = self.get(key).await?;
                let (value, written) = (Value::Text(held.text()), Some(held.written(key)));
                Ok(Outcome::Answered(Answer { value, written }))
            }
            ["stamp", key] => Ok(stamped(key, &self.get(key).await?)),
            ["set", key, value] => self.set(key, value).await,
            ["set", key, value, date] => self.set_at(key, value, date).await,
            ["keys"] => Ok(answered(Value::List(self.keys().await?))),
            ["count"] => Ok(answered(Value::Text(self.keys().await?.len().to_string()))),
            ["peers"] => {
                let host = &self.meeting.place;
                let at = |port: u16| crate::driver::Place { port, ..(**host).clone() }.address();
                let named = |port: u16| self.meeting.directory.name(&at(port)).unwrap_or(port.to_string());
                Ok(answered(Value::List(self.peers().await?.into_iter().map(named).collect())))
            }
            ["addPeer" | "add-peer", to] => self.add_peer(to).await,
            _ => Err(Wrong::Outcome(refusal(format!("`{}` cannot be asked like that", words.join(" "))))),
        }
    }

    async fn get(&self, key: &str) -> Result<Held, Wrong> {
        Held::read(&self.ask("get", &[argument(key)]).await?).map_err(|how| answered_with("get", &how))
    }

    async fn keys(&self) -> Result<Vec<String>, Wrong> {
        keys(&self.ask("keys", &[]).await?).map_err(|how| answered_with("keys", &how))
    }

    async fn peers(&self) -> Result<Vec<u16>, Wrong> {
        ports(&self.ask("peers", &[]).await?).map_err(|how| answered_with("peers", &how))
    }

    /// A value that the node dates: the date is learnt afterwards.
    async fn set(&self, key: &str, value: &str) -> Result<Outcome, Wrong> {
        let value = typed(value).map_err(|error| Wrong::Outcome(refusal(error)))?;
        self.ask("set", &[argument(key), raw(value.json())]).await?;
        Ok(match self.get(key).await {
            Ok(held) => stamped(key, &held),
            Err(wrong @ Wrong::Node(_)) => return Err(wrong),
            Err(Wrong::Outcome(_)) => Outcome::Done,
        })
    }

    async fn set_at(&self, key: &str, value: &str, date: &str) -> Result<Outcome, Wrong> {
        let value = typed(value).map_err(|error| Wrong::Outcome(refusal(error)))?;
        let wrong = |_| Wrong::Outcome(refusal(format!("`{date}` is no date in milliseconds")));
        let held = Held::new(value, date.parse().map_err(wrong)?);
        self.ask("set", &[argument(key), held.argument(key)]).await?;
        Ok(stamped(key, &held))
    }

    /// Links the node to another. Where nothing is said of it, the node's own list decides.
    async fn add_peer(&self, to: &str) -> Result<Outcome, Wrong> {
        let unavailable = |message| Outcome::Refused { code: "unavailable".to_owned(), message };
        let meeting = self.meeting;
        let address =
            meeting.directory.address(meeting.node, to).map_err(|why| Wrong::Outcome(refusal(why)))?;
        let port = address.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let port = port.ok_or_else(|| Wrong::Outcome(refusal(format!("`{address}` has no port"))))?;
        // Its own list is asked for while there is time for that.
        let left = self.deadline.saturating_duration_since(Instant::now());
        let patience = PATIENCE.min(left.saturating_sub(LOOK));
        match self.client.ask("addPeer", &[argument(&port)], patience).await {
            Ok(Ok(_)) => Ok(Outcome::Done),
            Ok(Err(error)) => Ok(refusal(error)),
            Err(NoAnswer::Silent(_)) if self.peers().await?.contains(&port) => Ok(Outcome::Done),
            Err(NoAnswer::Silent(_)) => {
                Ok(unavailable(format!("it does not acknowledge `addPeer`, and does not list {to}")))
            }
            Err(lost) => Err(Wrong::Outcome(Outcome::Unknown { reason: lost.to_string() })),
        }
    }

    /// Sends an event and takes its result.
    async fn ask(&self, event: &str, arguments: &[Box<RawValue>]) -> Result<Box<RawValue>, Wrong> {
        let patience = self.deadline.saturating_duration_since(Instant::now());
        match self.client.ask(event, arguments, patience).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(Wrong::Outcome(refusal(error))),
            // Whoever waits for all of it says for how long that was.
            Err(NoAnswer::Silent(_)) => std::future::pending().await,
            Err(lost) => Err(Wrong::Outcome(Outcome::Unknown { reason: lost.to_string() })),
        }
    }
}

/// A version that the node holds, as `set` and `stamp` answer with it.
fn stamped(key: &str, held: &Held) -> Outcome {
    let written = held.written(key);
    Outcome::Answered(Answer { value: Value::Text(written.stamp.clone()), written: Some(written) })
}

fn answered_with(event: &str, how: &str) -> Wrong {
    Wrong::Node(format!("answered `{event}` with {how}"))
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
