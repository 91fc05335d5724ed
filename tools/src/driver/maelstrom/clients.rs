//! The clients of one node. Each has a name of its own, numbers its messages from 1, is bound to the node, and
//! waits for one answer at a time. An answer is that of the node that repeats the number of the question, whichever
//! node it is; all other messages to the client are ignored.
//!
//! A client whose question was given up asks nothing more: its answer may still come.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};

use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::language::outcome;
use super::message;
use crate::driver::pending::late;
use crate::driver::{Answered, ClientInbox, DriverEvent, Mailbox, Request, RequestBody, Router, Undelivered};
use crate::world::{NodeIndex, Outcome};

/// The clients of one node.
pub(super) struct Clients {
    this: Weak<Self>,
    node: NodeIndex,
    /// The id of the node.
    id: String,
    router: Rc<dyn Router>,
    mailbox: Rc<dyn Mailbox>,
    report: Rc<dyn Fn(DriverEvent)>,
    state: RefCell<State>,
    progress: Cell<Progress>,
    /// The notification that the node has become ready.
    pub(super) news: Notify,
}

#[derive(Default)]
struct State {
    idle: Vec<Client>,
    /// The questions under way, by the names of the clients.
    waiting: BTreeMap<String, Waiting>,
    /// The deadlines of the requests, with the names of the clients, the next one first.
    deadlines: BTreeSet<(Instant, String)>,
}

/// A client that asks nothing at the moment.
struct Client {
    name: String,
    /// The number of its last message.
    last: u64,
}

/// A question under way.
struct Waiting {
    /// The number of its message.
    number: u64,
    question: Question,
    /// The `in_reply_to` of an ignored answer to the client, or null, if there was such an answer.
    ignored: Option<Value>,
}

/// A question of a client to the node.
enum Question {
    /// The node is told its id, and its neighbours next if that is wanted.
    Init { topology: bool },
    /// The node is told its neighbours.
    Topology,
    /// A request of the runner, and the type of its message.
    Request(Request, String),
}

/// The progress of a node towards readiness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// It has not answered `init`.
    Started,
    /// It knows its id.
    Initialised,
    /// It can be asked.
    Ready,
}

impl Clients {
    pub(super) fn new(
        node: NodeIndex,
        router: &Rc<dyn Router>,
        mailbox: &Rc<dyn Mailbox>,
        report: &Rc<dyn Fn(DriverEvent)>,
    ) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            this: this.clone(),
            node,
            id: router.id(node),
            router: Rc::clone(router),
            mailbox: Rc::clone(mailbox),
            report: Rc::clone(report),
            state: RefCell::default(),
            progress: Cell::new(Progress::Started),
            news: Notify::new(),
        })
    }

    /// Tells the node its id, and then its neighbours if `topology` is true.
    pub(super) fn initialise(&self, topology: bool) {
        let ids: Vec<String> =
            self.router.members().into_iter().map(|member| self.router.id(member)).collect();
        let body = Map::from_iter([
            ("type".to_owned(), json!("init")),
            ("node_id".to_owned(), json!(self.id)),
            ("node_ids".to_owned(), json!(ids)),
        ]);
        self.ask(body, Question::Init { topology });
    }

    /// Returns true if the node has answered `init`.
    pub(super) fn is_initialised(&self) -> bool {
        self.progress.get() != Progress::Started
    }

    /// Returns true if the node can be asked.
    pub(super) fn is_ready(&self) -> bool {
        self.progress.get() == Progress::Ready
    }

    /// Puts a request with this body to the node.
    pub(super) fn request(&self, request: Request, kind: String, body: Map<String, Value>) {
        self.ask(body, Question::Request(request, kind));
    }

    /// Returns the next deadline of a request.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.state.borrow().deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Gives up the requests past their deadlines.
    pub(super) fn expire(&self) {
        let now = Instant::now();
        loop {
            let mut state = self.state.borrow_mut();
            let Some((_, name)) = state.deadlines.first().filter(|(deadline, _)| *deadline <= now).cloned()
            else {
                return;
            };
            state.deadlines.pop_first();
            let waiting = state.waiting.remove(&name);
            drop(state);
            self.router.close_client(&name);
            if let Some(Waiting { number, question: Question::Request(request, _), ignored }) = waiting {
                (self.report)(DriverEvent::Ended(request.id, expired(&request, number, ignored)));
            }
        }
    }

    /// Gives up all requests: their outcome is unknown, with this reason.
    pub(super) fn give_up(&self, why: &str) {
        let State { idle, waiting, .. } = self.state.take();
        for Client { name, .. } in idle {
            self.router.close_client(&name);
        }
        for (name, Waiting { question, .. }) in waiting {
            self.router.close_client(&name);
            if let Question::Request(request, _) = question {
                let reason = why.to_owned();
                (self.report)(DriverEvent::Ended(request.id, Outcome::Unknown { reason }));
            }
        }
    }

    /// Has an idle client, or a new one, ask the node.
    fn ask(&self, mut body: Map<String, Value>, question: Question) {
        let mut state = self.state.borrow_mut();
        let client = state.idle.pop();
        let Client { name, last } = client
            .unwrap_or_else(|| Client { name: self.router.open_client(self.this.clone() as _), last: 0 });
        let number = last + 1;
        body.insert("msg_id".to_owned(), number.into());
        if let Question::Request(request, _) = &question {
            state.deadlines.insert((request.deadline, name.clone()));
        }
        let line = message::line(&name, &self.id, &Value::Object(body));
        state.waiting.insert(name, Waiting { number, question, ignored: None });
        // A message that finds no room is given up at its deadline, like one without an answer.
        let _: Result<(), Undelivered> = self.mailbox.put(&line);
    }

    /// Tells the node its neighbours.
    fn send_topology(&self) {
        let id = |node| self.router.id(node);
        let neighbours = |node| self.router.neighbours(node).into_iter().map(id).collect::<Vec<_>>();
        let members = self.router.members().into_iter();
        let topology: Map<String, Value> = members.map(|node| (id(node), json!(neighbours(node)))).collect();
        let body = [("type".to_owned(), json!("topology")), ("topology".to_owned(), Value::Object(topology))];
        self.ask(Map::from_iter(body), Question::Topology);
    }

    fn on_ready(&self) {
        self.progress.set(Progress::Ready);
        self.news.notify_one();
        (self.report)(DriverEvent::Reached);
    }

    /// Ends a question with the body of its answer.
    fn end(&self, question: Question, body: Map<String, Value>, blame: &dyn Fn(String)) {
        match question {
            Question::Init { topology } => {
                match outcome("init", false, body) {
                    Ok(Outcome::Answered(_)) => {}
                    Ok(other) => return blame(format!("refused `init`: {}", said(&other))),
                    Err(why) => return blame(why),
                }
                self.progress.set(Progress::Initialised);
                if topology { self.send_topology() } else { self.on_ready() }
            }
            // A node that needs no topology answers with an error, and is ready as well.
            Question::Topology => self.on_ready(),
            Question::Request(request, kind) => match outcome(&kind, is_of_key(&request.body), body) {
                Ok(outcome) => (self.report)(DriverEvent::Ended(request.id, outcome)),
                Err(why) => {
                    let reason = format!("it {why}");
                    // The cause is reported before its consequence.
                    blame(why);
                    (self.report)(DriverEvent::Ended(request.id, Outcome::Unknown { reason }));
                }
            },
        }
    }
}

impl ClientInbox for Clients {
    fn on_answer(&self, client: &str, body: Map<String, Value>, blame: &dyn Fn(String)) -> Answered {
        let mut state = self.state.borrow_mut();
        let repeated = body.get("in_reply_to");
        match state.waiting.get_mut(client) {
            Some(waiting) if repeated.and_then(whole) == Some(waiting.number) => {}
            Some(waiting) => {
                waiting.ignored = Some(repeated.cloned().unwrap_or_default());
                return Answered::Ignored;
            }
            None => return Answered::Ignored,
        }
        let Some(Waiting { number, question, .. }) = state.waiting.remove(client) else {
            return Answered::Ignored;
        };
        if let Question::Request(request, _) = &question {
            state.deadlines.remove(&(request.deadline, client.to_owned()));
            state.idle.push(Client { name: client.to_owned(), last: number });
            drop(state);
        } else {
            // As in the original, a client that told the node its id or its neighbours asks nothing more.
            drop(state);
            self.router.close_client(client);
        }
        self.end(question, body, blame);
        Answered::Taken
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.give_up("it has ended");
    }
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Clients").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Returns the outcome of a request whose deadline has passed. The reason names the last answer to its client that
/// was ignored: the node may have meant it for this request.
fn expired(request: &Request, number: u64, ignored: Option<Value>) -> Outcome {
    let other = match ignored {
        None => return late(request),
        Some(Value::Null) => "an answer without `in_reply_to`".to_owned(),
        Some(Value::Number(other)) => format!("an answer to message {other}"),
        Some(_) => "an answer whose `in_reply_to` is no number".to_owned(),
    };
    match late(request) {
        Outcome::Unknown { reason } => {
            Outcome::Unknown { reason: format!("{reason} but {other}, and it was asked as message {number}") }
        }
        outcome => outcome,
    }
}

/// Returns a whole number in any notation: some languages write `1.0` for 1.
fn whole(value: &Value) -> Option<u64> {
    /// The bound up to which doubles represent every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let number =
            value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..=EXACT).contains(number))?;
        format!("{number:.0}").parse().ok()
    })
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { message, .. } => message.clone(),
        Outcome::Unknown { reason } => reason.clone(),
        _ => "it did not say why".to_owned(),
    }
}

/// Returns true if the request is about one key.
fn is_of_key(what: &RequestBody) -> bool {
    matches!(what, RequestBody::Words(words) if words.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let read = |text: &str| whole(&serde_json::from_str(text).unwrap());
        for one in ["1", "1.0", "1e0", "10e-1"] {
            assert_eq!(read(one), Some(1), "{one}");
        }
        assert_eq!(read("0.0"), Some(0));
        for other in ["1.5", "-1", "-1.0", "1e300", "\"1\"", "null", "[1]"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
