//! One connection to one node: requests go out, answers and what the node tells come in.

use std::rc::Rc;

use node::net::client::{Lost, Receiver, Sender};
use node::wire::{Command, Frame, Notice, Reply, RequestId};
use tokio::sync::mpsc;

use super::language::{changed, command, outcome};
use crate::driver::pending::{Pending, at};
use crate::driver::{BYC, Directory, Request, Told, What};
use crate::world::{NodeIndex, Outcome};

/// What ends the address of a node that is to be dialled by Socket.IO.
const PATH: &str = "/byc";

/// One connection to one node.
pub(super) struct Conversation {
    directory: Rc<dyn Directory>,
    tell: Rc<dyn Fn(Told)>,
    /// Each with the pages of `keys` so far.
    pending: Pending<Vec<String>>,
}

impl Conversation {
    /// With nothing asked yet.
    pub(super) fn new(directory: Rc<dyn Directory>, tell: Rc<dyn Fn(Told)>) -> Self {
        Self { directory, tell, pending: Pending::new() }
    }
}

impl Drop for Conversation {
    /// The node may end before its connection does: the conversation is broken off then, and what was
    /// asked ends all the same.
    fn drop(&mut self) {
        self.give_up("it has ended");
    }
}

impl Conversation {
    /// Carries requests and answers until the connection ends; why it did. The node tells of every
    /// change from the beginning, and of every version if `versions` are wanted.
    pub(super) async fn hold(
        &mut self,
        mut sender: Sender,
        mut receiver: Receiver,
        requests: &tokio::sync::Mutex<mpsc::UnboundedReceiver<Request>>,
        versions: bool,
    ) -> String {
        let watch = self.pending.number();
        if let Err(lost) = sender.send(watch, Command::Watch { versions }).await {
            return lost.to_string();
        }
        let mut requests = requests.lock().await;
        loop {
            let deadline = self.pending.deadline();
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
                    let id = self.pending.begin(request, Vec::new());
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
            What::Watch => {
                self.directory.watch(request.node);
                return Ok(Command::Watch { versions: true });
            }
            What::Wire(to) => return self.add_peer(request.node, to),
            What::Words(words) => words,
        };
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["addPeer" | "add-peer", to] => self.add_peer(request.node, to),
            words => command(words),
        }
    }

    fn add_peer(&self, from: NodeIndex, to: &str) -> Result<Command, String> {
        let mut address = self.directory.address(from, to)?;
        if self.directory.driver(to).is_some_and(|driver| driver == BYC.name) {
            address.push_str(PATH);
        }
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
                if let Ok((request, mut pages)) = self.pending.end(id) {
                    let after = keys.last().cloned();
                    pages.extend(keys);
                    let id = self.pending.begin(request, pages);
                    return sender.send(id, Command::Keys { after }).await;
                }
            }
            Frame::Reply { id, result } => {
                if let Ok((request, pages)) = self.pending.end(id) {
                    let words = match &request.what {
                        What::Words(words) => words.as_slice(),
                        What::Wire(_) | What::Watch => &[],
                    };
                    let name =
                        |address: &str| self.directory.name(address.strip_suffix(PATH).unwrap_or(address));
                    let policy = self.directory.policy(request.node);
                    let policy = policy.and_then(|policy| policy.parse().ok());
                    let outcome = outcome(words, policy, result, pages, &name);
                    (self.tell)(Told::Ended(request.id, outcome));
                }
            }
            Frame::Request { .. } | Frame::Message(_) => {}
        }
        Ok(())
    }

    fn expire(&mut self) {
        self.pending.expire(|request, outcome| (self.tell)(Told::Ended(request.id, outcome)));
    }

    pub(super) fn give_up(&mut self, lost: &str) {
        self.pending.give_up(lost, |request, outcome| (self.tell)(Told::Ended(request.id, outcome)));
    }
}
