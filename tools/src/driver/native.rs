//! Our own protocol: JSON frames over one WebSocket, requests matched by id, changes told.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use node::net::client::{Client, Lost, Receiver, Sender};
use node::wire::{Command, Frame, Limits, Notice, Refusal, Reply, RequestId, Value as NodeValue, encode};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{CommandLine, Declaration, Directory, Driver, NATIVE, Place, Request, Told, What};
use crate::text;
use crate::world::{Answer, Change, NodeIndex, NodeSpec, Outcome, Value, Written};

/// The native protocol's driver.
#[derive(Debug, Clone, Copy)]
pub struct Native;

impl Driver for Native {
    fn declaration(&self) -> &'static Declaration {
        &NATIVE
    }

    fn command_line(&self, spec: &NodeSpec, place: &Place) -> Result<CommandLine, String> {
        let Some(exec) = &spec.exec else {
            let mut arguments = vec!["node".to_owned(), "--supervised".to_owned()];
            let policy = spec.policy.as_deref().unwrap_or("last");
            for (flag, value) in [
                ("--name", spec.name.as_str()),
                ("--listen", &place.address()),
                ("--network", &place.network),
                ("--policy", policy),
            ] {
                arguments.extend([flag.to_owned(), value.to_owned()]);
            }
            arguments.extend(spec.args.iter().cloned());
            return Ok(CommandLine { program: place.program.clone(), arguments, supervised: true });
        };
        super::fill_in(exec, spec, place)
    }

    fn serve(
        &self,
        address: String,
        directory: Rc<dyn Directory>,
        requests: Rc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Request>>>,
        tell: Rc<dyn Fn(Told)>,
    ) -> LocalBoxFuture<'static, String> {
        Box::pin(async move {
            let client = match Client::connect(&address).await {
                Ok(client) => client,
                Err(lost) => return lost.to_string(),
            };
            let (sender, receiver) = client.split();
            let mut conversation = Conversation {
                directory,
                tell,
                under_way: BTreeMap::new(),
                deadlines: BTreeSet::new(),
                last: 0,
            };
            let lost = conversation.hold(sender, receiver, &requests).await;
            conversation.give_up(&lost);
            lost
        })
    }
}

/// One connection to one node.
struct Conversation {
    directory: Rc<dyn Directory>,
    tell: Rc<dyn Fn(Told)>,
    under_way: BTreeMap<RequestId, UnderWay>,
    /// When each request under way is given up, the next one first.
    deadlines: BTreeSet<(Instant, RequestId)>,
    last: RequestId,
}

impl Drop for Conversation {
    /// The node may end before its connection does: the conversation is broken off then, and what was
    /// asked ends all the same.
    fn drop(&mut self) {
        self.give_up("it has ended");
    }
}

/// A request that has not been answered.
struct UnderWay {
    request: Request,
    /// The pages of `keys` so far.
    keys: Vec<String>,
}

impl Conversation {
    /// Carries requests and answers until the connection ends; why it did.
    async fn hold(
        &mut self,
        mut sender: Sender,
        mut receiver: Receiver,
        requests: &tokio::sync::Mutex<mpsc::UnboundedReceiver<Request>>,
    ) -> String {
        let watch = self.number();
        if let Err(lost) = sender.send(watch, Command::Watch { versions: false }).await {
            return lost.to_string();
        }
        let mut requests = requests.lock().await;
        loop {
            let deadline = self.deadlines.first().map(|(deadline, _)| *deadline);
            let sent = tokio::select! {
                frame = receiver.next() => match frame {
                    Ok(frame) => self.take(frame, watch, &mut sender).await,
                    Err(Lost::Malformed(_)) => Ok(()),
                    Err(lost) => return lost.to_string(),
                },
                request = requests.recv() => match request {
                    // What is asked at the same time goes out together.
                    Some(request) => self.ask_all(request, &mut requests, &mut sender).await,
                    None => return "the harness took leave".to_owned(),
                },
                () = at(deadline) => { self.expire(); Ok(()) }
            };
            if let Err(lost) = sent {
                return lost.to_string();
            }
        }
    }

    async fn ask_all(
        &mut self,
        first: Request,
        requests: &mut mpsc::UnboundedReceiver<Request>,
        sender: &mut Sender,
    ) -> Result<(), Lost> {
        let mut next = Some(first);
        while let Some(request) = next {
            match self.command(&request) {
                Ok(command) => {
                    let id = self.begin(UnderWay { request, keys: Vec::new() });
                    sender.feed(id, command).await?;
                }
                Err(message) => {
                    let outcome = Outcome::Refused { code: "refused".to_owned(), message };
                    (self.tell)(Told::Ended(request.id, outcome));
                }
            }
            next = requests.try_recv().ok();
        }
        sender.flush().await
    }

    /// The command that a request stands for.
    fn command(&self, request: &Request) -> Result<Command, String> {
        let words = match &request.what {
            What::Watch => return Ok(Command::Watch { versions: true }),
            What::Wire(to) => return self.add_peer(request.node, to),
            What::Words(words) => words,
        };
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["addPeer" | "add-peer", to] => self.add_peer(request.node, to),
            words => command(words),
        }
    }

    fn add_peer(&self, from: NodeIndex, to: &str) -> Result<Command, String> {
        let address = self.directory.address(from, to).ok_or_else(|| format!("there is no node `{to}`"))?;
        Ok(Command::AddPeer { address })
    }

    async fn take(&mut self, frame: Frame, watch: RequestId, sender: &mut Sender) -> Result<(), Lost> {
        match frame {
            Frame::Notice(Notice::Changed(change)) => (self.tell)(Told::Changed(changed(&change))),
            Frame::Notice(Notice::Stored { key, rank, .. }) => {
                (self.tell)(Told::Stored(key, rank.to_string()));
            }
            Frame::Reply { id, result: Ok(Reply::Watching(change)) } if id == watch => {
                (self.tell)(Told::Changed(changed(&change)));
                (self.tell)(Told::Reached);
            }
            Frame::Reply { id, result: Ok(Reply::Keys { keys, more: true }) } => {
                if let Some(mut waiting) = self.end(id) {
                    let after = keys.last().cloned();
                    waiting.keys.extend(keys);
                    let id = self.begin(waiting);
                    return sender.send(id, Command::Keys { after }).await;
                }
            }
            Frame::Reply { id, result } => {
                if let Some(waiting) = self.end(id) {
                    let outcome = self.outcome(&waiting, result);
                    (self.tell)(Told::Ended(waiting.request.id, outcome));
                }
            }
            Frame::Request { .. } | Frame::Message(_) => {}
        }
        Ok(())
    }

    fn outcome(&self, waiting: &UnderWay, result: Result<Reply, Refusal>) -> Outcome {
        let reply = match result {
            Ok(reply) => reply,
            Err(refusal) => {
                return Outcome::Refused { code: refusal.code.name().to_owned(), message: refusal.message };
            }
        };
        let text = |text: String| Outcome::Answered(Answer { value: Value::Text(text), written: None });
        match reply {
            Reply::Written { stamp, rank, .. } => {
                let written = Written { stamp: stamp.to_string(), rank: rank.to_string() };
                let value = Value::Text(written.stamp.clone());
                Outcome::Answered(Answer { value, written: Some(written) })
            }
            Reply::Value(version) => text(version.value().map(NodeValue::text).unwrap_or_default()),
            Reply::Keys { keys, .. } => {
                let keys = waiting.keys.iter().cloned().chain(keys).collect();
                Outcome::Answered(Answer { value: Value::List(keys), written: None })
            }
            Reply::Count(count) => text(count.to_string()),
            Reply::Peers(peers) => {
                let name = |address: String| self.directory.name(&address).unwrap_or(address);
                let peers = peers.into_iter().map(|peer| name(peer.address)).collect();
                Outcome::Answered(Answer { value: Value::List(peers), written: None })
            }
            Reply::Digest(digest) => text(digest.to_string()),
            Reply::Stats(stats) => match &waiting.request.what {
                What::Words(words) if words.len() > 1 => match stats.get(words[1].as_str()) {
                    Some(figure) => text(figure.to_string()),
                    None => Outcome::Refused {
                        code: "refused".to_owned(),
                        message: format!("the node has no figure `{}`", words[1]),
                    },
                },
                _ => {
                    let figures = stats.iter().map(|(name, figure)| format!("{name}={figure}")).collect();
                    Outcome::Answered(Answer { value: Value::List(figures), written: None })
                }
            },
            Reply::Added(_) | Reply::Hello(_) | Reply::Watching(_) => Outcome::Done,
        }
    }

    fn expire(&mut self) {
        let now = Instant::now();
        while let Some((_, id)) = self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now) {
            if let Some(waiting) = self.end(id) {
                let reason = format!("nothing came within {}", text::duration(waiting.request.patience));
                (self.tell)(Told::Ended(waiting.request.id, Outcome::Unknown { reason }));
            }
        }
    }

    fn begin(&mut self, waiting: UnderWay) -> RequestId {
        let id = self.number();
        self.deadlines.insert((waiting.request.deadline, id));
        self.under_way.insert(id, waiting);
        id
    }

    fn end(&mut self, id: RequestId) -> Option<UnderWay> {
        let waiting = self.under_way.remove(&id)?;
        self.deadlines.remove(&(waiting.request.deadline, id));
        Some(waiting)
    }

    fn give_up(&mut self, lost: &str) {
        for (_, waiting) in std::mem::take(&mut self.under_way) {
            (self.tell)(Told::Ended(waiting.request.id, Outcome::Unknown { reason: lost.to_owned() }));
        }
    }

    fn number(&mut self) -> RequestId {
        self.last += 1;
        self.last
    }
}

/// A command of the native protocol as people type it, `addPeer` aside.
pub fn command(words: &[&str]) -> Result<Command, String> {
    let limits = Limits::default();
    let value = |text: &str| NodeValue::typed(text, &limits).map_err(|error| error.to_string());
    Ok(match *words {
        ["get", key] => Command::Get { key: key.to_owned() },
        ["stamp", key] => Command::Stamp { key: key.to_owned() },
        ["set", key, text] => Command::Set { key: key.to_owned(), value: value(text)?, date: None },
        ["set", key, text, date] => {
            let date = date.parse().map_err(|_| format!("`{date}` is no date in milliseconds"))?;
            Command::Set { key: key.to_owned(), value: value(text)?, date: Some(date) }
        }
        ["delete", key] => Command::Delete { key: key.to_owned() },
        ["keys"] => Command::Keys { after: None },
        ["count"] => Command::Count,
        ["peers"] => Command::Peers,
        ["digest"] => Command::Digest,
        ["stats"] | ["stats", _] => Command::Stats,
        ["addPeer" | "add-peer", address] => Command::AddPeer { address: address.to_owned() },
        [] => return Err("there is nothing to ask".to_owned()),
        [command, ..] => return Err(format!("`{command}` cannot be asked like that")),
    })
}

fn changed(change: &node::wire::Change) -> Change {
    Change { digest: change.digest.to_string(), peers: change.peers }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// How long a node may take to answer a person.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a node answered a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The answer alone.
    pub lines: Vec<String>,
    /// The whole reply.
    pub json: String,
}

/// Why a person got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The words are no command.
    #[error("{0}")]
    Usage(String),
    /// The node said no.
    #[error("{message}")]
    Refused {
        /// For people.
        message: String,
        /// The whole reply.
        json: String,
    },
    /// There is no node, or it said nothing.
    #[error("{0}")]
    Lost(String),
}

/// Asks a node at an address, as a person does, and waits for the answer.
pub fn ask(address: &str, words: &[String]) -> Result<Said, AskError> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let asked = command(&words).map_err(AskError::Usage)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| AskError::Lost(error.to_string()))?;
    let asking = async {
        let lost = |lost: Lost| AskError::Lost(lost.to_string());
        let mut client = Client::connect(address).await.map_err(lost)?;
        let mut result = client.request(asked).await.map_err(lost)?;
        // The pages of `keys` are put together.
        while let Ok(Reply::Keys { keys, more: true }) = &mut result {
            let after = keys.last().cloned();
            let mut all = std::mem::take(keys);
            result = client.request(Command::Keys { after }).await.map_err(lost)?;
            if let Ok(Reply::Keys { keys, .. }) = &mut result {
                all.append(keys);
                *keys = all;
            }
        }
        let json = encode(&Frame::Reply { id: 1, result: result.clone() });
        match result {
            Ok(reply) => Ok(Said { lines: lines(&reply, words.get(1).copied()), json }),
            Err(refusal) => Err(AskError::Refused { message: refusal.message, json }),
        }
    };
    let patient = async { tokio::time::timeout(PATIENCE, asking).await };
    runtime.block_on(patient).unwrap_or_else(|_| {
        Err(AskError::Lost(format!("{address} did not answer within {}", text::duration(PATIENCE))))
    })
}

/// Tells of every change of a node at an address, as a person reads it, until it ends or `told`
/// says that it is enough.
pub fn watch(address: &str, mut told: impl FnMut(&Change) -> bool) -> Result<(), AskError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| AskError::Lost(error.to_string()))?;
    runtime.block_on(async {
        let lost = |lost: Lost| AskError::Lost(lost.to_string());
        let mut client = Client::connect(address).await.map_err(lost)?;
        let first = client.request(Command::Watch { versions: false }).await.map_err(lost)?;
        let mut more = match first {
            Ok(Reply::Watching(change)) => told(&changed(&change)),
            _ => return Err(AskError::Lost("the node does not tell of its changes".to_owned())),
        };
        while more {
            if let Notice::Changed(change) = client.notice().await.map_err(lost)? {
                more = told(&changed(&change));
            }
        }
        Ok(())
    })
}

/// A reply as a person reads it.
fn lines(reply: &Reply, figure: Option<&str>) -> Vec<String> {
    match reply {
        Reply::Written { stamp, .. } => vec![stamp.to_string()],
        Reply::Value(version) => vec![version.value().map(NodeValue::text).unwrap_or_default()],
        Reply::Keys { keys, .. } => keys.clone(),
        Reply::Count(count) => vec![count.to_string()],
        Reply::Peers(peers) => {
            peers.iter().map(|peer| format!("{} {}", peer.address, peer.name).trim_end().to_owned()).collect()
        }
        Reply::Added(_) | Reply::Hello(_) | Reply::Watching(_) => Vec::new(),
        Reply::Digest(digest) => vec![digest.to_string()],
        Reply::Stats(stats) => match figure {
            Some(name) => {
                stats.iter().filter(|(known, _)| **known == name).map(|(_, n)| n.to_string()).collect()
            }
            None => stats.iter().map(|(name, n)| format!("{name} {n}")).collect(),
        },
    }
}
