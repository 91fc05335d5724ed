//! What the harness asks nodes, and what they tell it: the client's end of the native protocol.

use std::sync::Arc;
use std::time::Duration;

use node::core::{ConnId, Input};
use node::wire::{Command, Frame, Notice, Refusal, Reply, RequestId};

use super::node::{Late, Life};
use super::{Scheduled, Sim};
use crate::driver::native;
use crate::text;
use crate::world::{Event, NodeIndex, OpId, Outcome};

/// The harness's connection to each node.
pub(super) const CLIENT: ConnId = ConnId(0);

/// What is asked.
#[derive(Debug)]
pub(super) enum What {
    /// A command, nodes by name.
    Words(Vec<String>),
    /// To link itself to that node.
    Wire(NodeIndex),
    /// To tell of every version it stores.
    Watch,
    /// To tell of its changes, once it is ready.
    Reach,
}

/// Something that was asked and has not been answered.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: OpId,
    words: Vec<String>,
    /// Whether the node is being reached for the first time: its state is told with the answer.
    reach: bool,
    /// The pages of `keys` so far.
    keys: Vec<String>,
    /// How long it may take.
    patience: Duration,
}

/// A request on its way into a node.
#[derive(Debug)]
pub(super) struct Request {
    id: RequestId,
    command: Command,
}

impl Sim {
    /// Asks a node.
    pub(super) fn ask(&mut self, id: OpId, node: NodeIndex, what: What, deadline: Duration) {
        if !self.place(node).listens() {
            return self.ended(id, Outcome::Unknown { reason: "it is not running".to_owned() });
        }
        let command = match self.command(&what) {
            Ok(command) => command,
            Err(message) => {
                return self.ended(id, Outcome::Refused { code: "refused".to_owned(), message });
            }
        };
        let reach = matches!(what, What::Reach);
        let words = if let What::Words(words) = what { words } else { Vec::new() };
        let patience = deadline.saturating_sub(self.now);
        let asked = self.begin(node, Asked { id, words, reach, keys: Vec::new(), patience });
        self.request(node, Request { id: asked, command });
        if self.nodes[node.0].asks.contains_key(&asked) {
            self.schedule(deadline, Scheduled::GiveUp(node, asked));
        }
    }

    fn begin(&mut self, node: NodeIndex, asked: Asked) -> RequestId {
        let place = self.place(node);
        place.last_request += 1;
        place.asks.insert(place.last_request, asked);
        place.last_request
    }

    /// The command that is meant.
    fn command(&self, what: &What) -> Result<Command, String> {
        let add_peer = |to: Option<NodeIndex>, name: &str| {
            let address = to.and_then(|to| self.nodes.get(to.0)).map(|node| node.address.to_string());
            address
                .filter(|address| !address.is_empty())
                .map(|address| Command::AddPeer { address })
                .ok_or_else(|| format!("there is no node `{name}`"))
        };
        match what {
            What::Watch => Ok(Command::Watch { versions: true }),
            What::Reach => Ok(Command::Watch { versions: false }),
            What::Wire(to) => add_peer(Some(*to), ""),
            What::Words(words) => match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["addPeer" | "add-peer", to] => add_peer(self.by_name.get(*to).copied(), to),
                words => native::command(words),
            },
        }
    }

    /// A request has come to a node.
    pub(super) fn request(&mut self, node: NodeIndex, request: Request) {
        let place = &mut self.nodes[node.0];
        if place.life == Life::Frozen {
            return place.frozen.push_back(Late::Request(request));
        }
        let Request { id, command } = request;
        if matches!(command, Command::Stats) {
            // What sockets wrote is told to the core in large portions; figures are exact.
            self.report_written(node);
        }
        self.feed(node, Input::Received { conn: CLIENT, frame: Frame::Request { id, command }.into() });
    }

    /// A node said something to the harness.
    pub(super) fn said(&mut self, node: NodeIndex, frame: Arc<Frame>) {
        match Arc::unwrap_or_clone(frame) {
            Frame::Notice(Notice::Changed(change)) => {
                self.tell(Event::Changed { node, change: native::changed(&change) });
            }
            Frame::Notice(Notice::Stored { key, rank, .. }) => {
                self.tell(Event::Stored { node, key, rank: rank.to_string() });
            }
            Frame::Reply { id, result } => self.answered(node, id, result),
            Frame::Request { .. } | Frame::Message(_) => {}
        }
    }

    fn answered(&mut self, node: NodeIndex, id: RequestId, result: Result<Reply, Refusal>) {
        let Some(mut asked) = self.nodes[node.0].asks.remove(&id) else { return };
        match result {
            Ok(Reply::Keys { keys, more: true }) => {
                let after = keys.last().cloned();
                asked.keys.extend(keys);
                let id = self.begin(node, asked);
                let frame = Frame::Request { id, command: Command::Keys { after } };
                self.inputs.push_back(Input::Received { conn: CLIENT, frame: frame.into() });
            }
            Ok(Reply::Watching(change)) if asked.reach => {
                self.tell(Event::Changed { node, change: native::changed(&change) });
                self.ended(asked.id, Outcome::Done);
            }
            result => {
                let name = |address: &str| {
                    let index = self.by_address.get(address)?;
                    Some(self.nodes[index.0].name.to_string())
                };
                let policy = self.nodes[node.0].core.as_ref().map(|core| core.config().policy);
                let outcome = native::outcome(&asked.words, policy, result, asked.keys, &name);
                self.ended(asked.id, outcome);
            }
        }
    }

    /// An ask has had its time.
    pub(super) fn give_up(&mut self, node: NodeIndex, request: RequestId) {
        if let Some(asked) = self.nodes[node.0].asks.remove(&request) {
            let reason = format!("nothing came within {}", text::duration(asked.patience));
            self.ended(asked.id, Outcome::Unknown { reason });
        }
    }
}
