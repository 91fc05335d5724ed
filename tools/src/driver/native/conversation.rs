//! The conversation over one connection to a node: requests go out, answers and notices come in.

use std::rc::Rc;
use std::sync::Arc;

use node::net::client::{Lost, Receiver, Sender};
use node::wire::{Command, Frame, Notice, Refusal, Reply, RequestId};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::language::{CommandError, changed, command, outcome};
use super::notices::Notices;
use crate::driver::pending::{Pending, Unasked, at};
use crate::driver::{Backlog, Directory, DriverEvent, Request, RequestBody};
use crate::world::{Misconduct, NodeIndex, Outcome};

/// The conversation over one connection to a node.
pub(super) struct Conversation {
    directory: Rc<dyn Directory>,
    report: Rc<dyn Fn(DriverEvent)>,
    /// The requests under way, each with the keys from earlier pages of `keys`.
    pending: Pending<Vec<String>>,
    backlog: Arc<Backlog>,
    /// The state of the node's notices.
    notices: Notices,
    /// True once the node broke its protocol; then it is read no more.
    broken: bool,
}

impl Conversation {
    /// Creates a conversation without requests.
    pub(super) fn new(
        directory: Rc<dyn Directory>,
        report: Rc<dyn Fn(DriverEvent)>,
        backlog: Arc<Backlog>,
    ) -> Self {
        let notices = Notices::default();
        Self { directory, report, pending: Pending::new(), backlog, notices, broken: false }
    }
}

impl Drop for Conversation {
    /// Ends all requests. The node may end before its connection does, and then the conversation is dropped.
    fn drop(&mut self) {
        self.give_up("it has ended");
    }
}

impl Conversation {
    /// Carries requests and answers until the connection ends, and returns the reason. From the start the
    /// node reports every change, and with `versions` every version.
    pub(super) async fn serve(
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
                frame = read(&self.backlog, &mut receiver), if !self.broken => match frame {
                    Ok(frame) => self.on_frame(frame, watch, &mut sender).await,
                    // The node could not read a request; without its id, no request can be ended.
                    Err(Lost::Malformed(malformed)) if malformed.answer && malformed.id.is_none() => Ok(()),
                    Err(Lost::Malformed(malformed)) => {
                        self.report_violation(format!("sent an unreadable message: {}", malformed.refusal));
                        Ok(())
                    }
                    Err(lost) => return lost.to_string(),
                },
                request = requests.recv() => match request {
                    // Requests that are queued together are sent together.
                    Some(request) => self.send_all(request, &mut requests, &mut sender).await,
                    None => return "the harness closed the connection".to_owned(),
                },
                () = at(deadline) => { self.expire(); Ok(()) }
            };
            if let Err(lost) = sent {
                return lost.to_string();
            }
        }
    }

    async fn send_all(
        &mut self,
        first: Request,
        requests: &mut mpsc::UnboundedReceiver<Request>,
        sender: &mut Sender,
    ) -> Result<(), Lost> {
        let mut next = Some(first);
        while let Some(request) = next {
            match self.command(&request) {
                Ok(command) => {
                    if matches!(request.body, RequestBody::Watch) {
                        self.notices.catch_up();
                    }
                    let id = self.pending.begin(request, Vec::new());
                    sender.feed(id, command).await?;
                }
                Err(error) => {
                    let message = error.to_string();
                    let outcome = Outcome::Refused { code: "refused".to_owned(), message };
                    (self.report)(DriverEvent::Ended(request.id, outcome));
                }
            }
            next = requests.try_recv().ok();
        }
        sender.flush().await
    }

    /// Returns the command for a request.
    fn command(&self, request: &Request) -> Result<Command, CommandError> {
        let words = match &request.body {
            RequestBody::Watch => {
                self.directory.watch(request.node);
                return Ok(Command::Watch { versions: true });
            }
            RequestBody::Wire(to) => return self.add_peer(request.node, to),
            RequestBody::Words(words) => words,
        };
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["addPeer" | "add-peer", to] => self.add_peer(request.node, to),
            words => command(words),
        }
    }

    fn add_peer(&self, from: NodeIndex, to: &str) -> Result<Command, CommandError> {
        let mut address = self.directory.address(from, to)?;
        if let Some(driver) = self.directory.driver(to) {
            address.push_str(driver.dial_path);
        }
        Ok(Command::AddPeer { address })
    }

    /// Reports, only once, how the node broke its protocol. Open requests end at their deadlines.
    fn report_violation(&mut self, how: String) {
        self.report_misconduct(Misconduct::Protocol(how));
    }

    /// Reports, only once, that the node did something that no node may do.
    fn report_misconduct(&mut self, how: Misconduct) {
        if !std::mem::replace(&mut self.broken, true) {
            (self.report)(DriverEvent::Misbehaved(how));
        }
    }

    async fn on_frame(&mut self, frame: Frame, watch: RequestId, sender: &mut Sender) -> Result<(), Lost> {
        match frame {
            Frame::Notice(Notice::Changed(change)) => match self.notices.changed(&change, Instant::now()) {
                Ok(()) => (self.report)(DriverEvent::Changed(changed(&change))),
                Err(how) => self.report_misconduct(how),
            },
            Frame::Notice(Notice::Stored { key, rank, stamp, .. }) => match self.notices.stored() {
                Ok(()) => {
                    (self.report)(DriverEvent::Stored {
                        key,
                        rank: rank.to_string(),
                        wall_ms: stamp.wall_ms,
                    });
                }
                Err(how) => self.report_misconduct(how),
            },
            Frame::Reply { id, result: Ok(Reply::Watching(change)) }
                if id == watch && !self.notices.begun =>
            {
                self.notices.begin(&change);
                (self.report)(DriverEvent::Changed(changed(&change)));
                (self.report)(DriverEvent::Reached);
            }
            Frame::Reply { id, result } if id == watch && !self.notices.begun => {
                self.report_violation(match result {
                    Ok(_) => "answered `watch` with something else".to_owned(),
                    Err(refusal) => format!("refused `watch`: {}", refusal.message),
                });
            }
            Frame::Reply { id, result: Ok(Reply::Keys { keys, more: true }) } => {
                return self.on_keys_page(id, keys, sender).await;
            }
            Frame::Reply { id, result } => self.on_reply(id, result),
            Frame::Request { .. } | Frame::Message(_) => {}
        }
        Ok(())
    }

    /// Handles a page of keys that is not the last, and asks for the next.
    async fn on_keys_page(
        &mut self,
        id: RequestId,
        keys: Vec<String>,
        sender: &mut Sender,
    ) -> Result<(), Lost> {
        let Ok((request, mut pages)) = self.pending.end(id) else { return Ok(()) };
        let after = keys.last().cloned();
        // Pages that do not advance would never end.
        if after.is_none() || after.as_ref() <= pages.last() {
            self.report_violation(
                "answered `keys` with a page that does not follow the one before".to_owned(),
            );
            let reason = "its pages of keys have no end".to_owned();
            (self.report)(DriverEvent::Ended(request.id, Outcome::Unknown { reason }));
            return Ok(());
        }
        pages.extend(keys);
        let id = self.pending.begin(request, pages);
        sender.send(id, Command::Keys { after }).await
    }

    /// Handles the last reply to a request, and ends the request.
    fn on_reply(&mut self, id: RequestId, result: Result<Reply, Refusal>) {
        let (request, pages) = match self.pending.end(id) {
            Ok(ended) => ended,
            Err(Unasked::GivenUp) => return,
            Err(Unasked::Never) => {
                return self.report_violation(format!("answered request {id}, which it was never asked"));
            }
            Err(Unasked::Answered) => return self.report_violation(format!("answered request {id} twice")),
        };
        if matches!(request.body, RequestBody::Watch) {
            self.notices.caught_up();
        }
        let words = match &request.body {
            RequestBody::Words(words) => words.as_slice(),
            RequestBody::Wire(_) | RequestBody::Watch => &[],
        };
        // A neighbour's path, if it was dialled by one, is no part of its address.
        let name =
            |address: &str| self.directory.name(address.split_once('/').map_or(address, |(host, _)| host));
        let policy = self.directory.policy(request.node);
        let policy = policy.and_then(|policy| policy.parse().ok());
        let outcome = outcome(words, policy, result, pages, &name);
        (self.report)(DriverEvent::Ended(request.id, outcome));
    }

    fn expire(&mut self) {
        self.pending.expire(|request, outcome| (self.report)(DriverEvent::Ended(request.id, outcome)));
    }

    pub(super) fn give_up(&mut self, why: &str) {
        self.pending.give_up(why, |request, _| (self.report)(DriverEvent::Lost(request.id, why.to_owned())));
    }
}

/// Waits until the backlog has room, and returns the next frame.
async fn read(backlog: &Backlog, receiver: &mut Receiver) -> Result<Frame, Lost> {
    backlog.wait_for_room().await;
    receiver.next().await
}
