//! One connection to one node: requests go out, answers and what the node tells come in.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use node::net::client::{Lost, Receiver, Sender};
use node::wire::{Command, Frame, Notice, Reply, RequestId};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::language::{changed, command, outcome};
use crate::driver::{Directory, Request, Told, What};
use crate::text;
use crate::world::{NodeIndex, Outcome};

/// One connection to one node.
pub(super) struct Conversation {
    directory: Rc<dyn Directory>,
    tell: Rc<dyn Fn(Told)>,
    under_way: BTreeMap<RequestId, UnderWay>,
    /// When each request under way is given up, the next one first.
    deadlines: BTreeSet<(Instant, RequestId)>,
    last: RequestId,
}

impl Conversation {
    /// With nothing asked yet.
    pub(super) fn new(directory: Rc<dyn Directory>, tell: Rc<dyn Fn(Told)>) -> Self {
        Self { directory, tell, under_way: BTreeMap::new(), deadlines: BTreeSet::new(), last: 0 }
    }
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
    /// Carries requests and answers until the connection ends; why it did. The node tells of every
    /// change from the beginning, and of every version if `versions` are wanted.
    pub(super) async fn hold(
        &mut self,
        mut sender: Sender,
        mut receiver: Receiver,
        requests: &tokio::sync::Mutex<mpsc::UnboundedReceiver<Request>>,
        versions: bool,
    ) -> String {
        let watch = self.number();
        if let Err(lost) = sender.send(watch, Command::Watch { versions }).await {
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
        Ok(Command::AddPeer { address: self.directory.address(from, to)? })
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
                    let words = match &waiting.request.what {
                        What::Words(words) => words.as_slice(),
                        What::Wire(_) | What::Watch => &[],
                    };
                    let name = |address: &str| self.directory.name(address);
                    let policy = self.directory.policy(waiting.request.node);
                    let policy = policy.and_then(|policy| policy.parse().ok());
                    let outcome = outcome(words, policy, result, waiting.keys, &name);
                    (self.tell)(Told::Ended(waiting.request.id, outcome));
                }
            }
            Frame::Request { .. } | Frame::Message(_) => {}
        }
        Ok(())
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

    pub(super) fn give_up(&mut self, lost: &str) {
        for (_, waiting) in std::mem::take(&mut self.under_way) {
            (self.tell)(Told::Ended(waiting.request.id, Outcome::Unknown { reason: lost.to_owned() }));
        }
    }

    fn number(&mut self) -> RequestId {
        self.last += 1;
        self.last
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
