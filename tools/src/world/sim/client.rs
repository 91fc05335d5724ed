//! The client's end of the native protocol: asks of the harness, and the replies and notices of nodes.

use std::sync::Arc;
use std::time::Duration;

use node::core::Input;
use node::wire::{Command, Frame, Notice, Refusal, Reply, RequestId};

use super::node::{Deferred, Life};
use super::request::{AskBody, CLIENT, PendingAsk, Request};
use super::scheduled::Scheduled;
use super::state::Sim;
use crate::driver::{AddressError, CommandError, native};
use crate::text;
use crate::world::{Event, NodeIndex, OpId, Outcome};

impl Sim {
    /// Asks a node.
    pub(super) fn ask(&mut self, id: OpId, node: NodeIndex, body: AskBody, deadline: Duration) {
        if !self.place(node).listens() {
            return self.ended(id, Outcome::Unknown { reason: "it is not running".to_owned() });
        }
        let command = match self.command(&body) {
            Ok(command) => command,
            Err(error) => {
                let message = error.to_string();
                return self.ended(id, Outcome::Refused { code: "refused".to_owned(), message });
            }
        };
        let reach = matches!(body, AskBody::Reach);
        let words = if let AskBody::Words(words) = body { words } else { Vec::new() };
        let patience = deadline.saturating_sub(self.now);
        let asked = self.begin(node, PendingAsk { id, words, reach, keys: Vec::new(), patience });
        self.request(node, Request { id: asked, command });
        if self.nodes[node.0].asks.contains_key(&asked) {
            self.schedule(deadline, Scheduled::GiveUp(node, asked));
        }
    }

    fn begin(&mut self, node: NodeIndex, asked: PendingAsk) -> RequestId {
        let place = self.place(node);
        place.last_request += 1;
        place.asks.insert(place.last_request, asked);
        place.last_request
    }

    /// Translates an ask into the command of the native protocol.
    fn command(&self, body: &AskBody) -> Result<Command, CommandError> {
        let add_peer = |to: Option<NodeIndex>, name: &str| {
            let address = to.and_then(|to| self.nodes.get(to.0)).map(|node| node.address.to_string());
            address
                .filter(|address| !address.is_empty())
                .map(|address| Command::AddPeer { address })
                .ok_or_else(|| CommandError::Address(AddressError::NoNode(name.to_owned())))
        };
        match body {
            AskBody::Watch => Ok(Command::Watch { versions: true }),
            AskBody::Reach => Ok(Command::Watch { versions: false }),
            AskBody::Wire(to) => add_peer(Some(*to), ""),
            AskBody::Words(words) => match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["addPeer" | "add-peer", to] => add_peer(self.by_name.get(*to).copied(), to),
                words => native::command(words),
            },
        }
    }

    /// Delivers a request to a node.
    pub(super) fn request(&mut self, node: NodeIndex, request: Request) {
        let place = &mut self.nodes[node.0];
        if place.life == Life::Frozen {
            return place.frozen.push_back(Deferred::Request(request));
        }
        let Request { id, command } = request;
        if matches!(command, Command::Stats) {
            // Cores learn in large portions what their sockets wrote; figures have to be exact.
            self.report_written(node);
        }
        self.feed(node, Input::Received { conn: CLIENT, frame: Frame::Request { id, command }.into() });
    }

    /// Handles a frame from a node to the harness.
    pub(super) fn on_frame(&mut self, node: NodeIndex, frame: Arc<Frame>) {
        match Arc::unwrap_or_clone(frame) {
            Frame::Notice(Notice::Changed(change)) => {
                self.report(Event::Changed { node, change: native::changed(&change) });
            }
            Frame::Notice(Notice::Stored { key, rank, stamp, .. }) => {
                self.report(Event::Stored { node, key, rank: rank.to_string(), wall_ms: stamp.wall_ms });
            }
            Frame::Reply { id, result } => self.on_reply(node, id, result),
            Frame::Request { .. } | Frame::Message(_) => {}
        }
    }

    fn on_reply(&mut self, node: NodeIndex, id: RequestId, result: Result<Reply, Refusal>) {
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
                self.report(Event::Changed { node, change: native::changed(&change) });
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

    /// Ends an ask whose deadline has passed.
    pub(super) fn give_up(&mut self, node: NodeIndex, request: RequestId) {
        if let Some(asked) = self.nodes[node.0].asks.remove(&request) {
            let reason = format!("nothing came within {}", text::duration(asked.patience));
            self.ended(asked.id, Outcome::Unknown { reason });
        }
    }
}
