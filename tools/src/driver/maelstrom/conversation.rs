//! One node, from its `init` to its end: what it is asked, what it answers, and what it says to others.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

use super::language::{body, outcome};
use super::lines::{Ended, Lines};
use super::message::{self, CLIENT, Message};
use crate::driver::pending::{Pending, Unasked, at};
use crate::driver::{Exchange, Meeting, Receiver, Request, Told, Undelivered, What};
use crate::world::{Answer, NodeIndex, Outcome, Value as Held};

/// As much of a line as a report shows, in characters.
const SHOWN: usize = 200;

/// One node that is spoken to.
pub(super) struct Conversation {
    node: NodeIndex,
    id: String,
    exchange: Rc<dyn Exchange>,
    post: Rc<dyn Receiver>,
    tell: Rc<dyn Fn(Told)>,
    pending: Pending<String>,
    /// The numbers of the questions by which the node learns who it is.
    init: u64,
    topology: u64,
    sent: Sent,
    /// Whether it broke its protocol: then it is heard no more.
    broken: Cell<bool>,
}

/// What a node has sent.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    messages: u64,
    to_clients: u64,
    to_services: u64,
    bytes: u64,
}

impl Drop for Conversation {
    /// The node may end before it has answered: what was asked ends all the same.
    fn drop(&mut self) {
        self.give_up("it has ended");
    }
}

impl Conversation {
    /// Speaks to a node until it closes its standard output, and after that only says so.
    pub(super) async fn hold(meeting: Meeting) -> String {
        let mut requests = meeting.requests.lock().await;
        let conversation = RefCell::new(Self {
            node: meeting.node,
            id: message::id(meeting.node),
            post: meeting.exchange.receiver(meeting.node),
            exchange: meeting.exchange,
            tell: meeting.tell,
            pending: Pending::new(),
            init: 0,
            topology: 0,
            sent: Sent::default(),
            broken: Cell::new(false),
        });
        if let Some(stdio) = meeting.stdio {
            let post = Rc::clone(&conversation.borrow().post);
            let mut lines = Lines::new(stdio.output);
            let mut input = stdio.input;
            // Whoever is never told who it is takes no message of anybody else.
            if let Err(why) = Self::introduce(&conversation, &mut input, &mut lines).await {
                return why;
            }
            if meeting.spec.workload.as_deref() == Some("broadcast") {
                conversation.borrow_mut().tell_topology();
            } else {
                (conversation.borrow().tell)(Told::Reached);
            }
            // What is written may wait for a node that reads only once it has been read.
            let reading = pin!(Self::read(&conversation, Some(&mut lines), &mut requests));
            let writing = pin!(write(&*post, &mut input));
            if let Either::Right(((), reading)) = select(reading, writing).await {
                // It closed its standard input: it may still speak.
                post.close();
                reading.await;
            }
            post.close();
        }
        // It will answer nothing more. Usually it has ended, which is told by whoever sees that.
        Self::read(&conversation, None, &mut requests).await;
        "the harness took leave".to_owned()
    }

    /// Tells the node who it is, and waits until it has taken that.
    async fn introduce(
        this: &RefCell<Self>,
        input: &mut pipe::Sender,
        lines: &mut Lines,
    ) -> Result<(), String> {
        let hello = {
            let this = &mut *this.borrow_mut();
            let ids: Vec<String> = this.exchange.members().into_iter().map(message::id).collect();
            this.init = this.pending.number();
            let body = json!({ "type": "init", "msg_id": this.init, "node_id": this.id, "node_ids": ids });
            message::line(CLIENT, &this.id, &body)
        };
        if input.write_all(&hello).await.is_err() {
            return Err("it closed its standard input before it was told who it is".to_owned());
        }
        while this.borrow().init != 0 {
            if this.borrow().broken.get() {
                return Err("it broke its protocol before it answered `init`".to_owned());
            }
            let taken = lines.next(|line| this.borrow_mut().take(line)).await;
            taken.map_err(|ended| match ended {
                Ended::Closed => "it closed its standard output before it answered `init`".to_owned(),
                Ended::Endless => {
                    this.borrow().broke("wrote a line without end".to_owned());
                    "it wrote a line without end".to_owned()
                }
            })?;
        }
        Ok(())
    }

    /// Tells the node whom the topology links it to.
    fn tell_topology(&mut self) {
        let neighbours = |node: NodeIndex| -> Vec<String> {
            self.exchange.neighbours(node).into_iter().map(message::id).collect()
        };
        let members = self.exchange.members().into_iter();
        let topology: Map<String, Value> =
            members.map(|node| (message::id(node), json!(neighbours(node)))).collect();
        self.topology = self.pending.number();
        let body = json!({ "type": "topology", "msg_id": self.topology, "topology": topology });
        // Nothing lies there yet.
        let _: Result<(), Undelivered> = self.post.put(&message::line(CLIENT, &self.id, &body));
    }

    /// Takes what the node says and what it is to be asked, until it closes its standard output; what it
    /// is to be asked alone where it has.
    async fn read(
        this: &RefCell<Self>,
        mut lines: Option<&mut Lines>,
        requests: &mut mpsc::UnboundedReceiver<Request>,
    ) {
        loop {
            let deadline = this.borrow().pending.deadline();
            let speaks = lines.is_some();
            let taken = async {
                match &mut lines {
                    Some(lines) => lines.next(|line| this.borrow_mut().take(line)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                taken = taken => match taken {
                    // Who breaks its protocol may do so for ever.
                    Ok(()) if this.borrow().broken.get() => return,
                    Ok(()) => {}
                    Err(Ended::Closed) => return,
                    Err(Ended::Endless) => {
                        return this.borrow().broke("wrote a line without end".to_owned());
                    }
                },
                request = requests.recv() => match request {
                    Some(request) if speaks => this.borrow_mut().ask(request),
                    Some(request) => {
                        let reason = "it closed its standard output".to_owned();
                        (this.borrow().tell)(Told::Ended(request.id, Outcome::Unknown { reason }));
                    }
                    None => return,
                },
                () = at(deadline) => {
                    let this = &mut *this.borrow_mut();
                    this.pending.expire(|request, outcome| (this.tell)(Told::Ended(request.id, outcome)));
                }
            }
        }
    }

    /// Asks the node.
    fn ask(&mut self, request: Request) {
        let words = match &request.what {
            What::Words(words) => words.as_slice(),
            // The harness is the network, and nothing is told unasked.
            What::Wire(_) | What::Watch => return (self.tell)(Told::Ended(request.id, Outcome::Done)),
        };
        if let [stats, names @ ..] = words
            && stats == "stats"
        {
            return (self.tell)(Told::Ended(request.id, self.sent.answer(names)));
        }
        match body(words) {
            Err(message) => {
                let outcome = Outcome::Refused { code: "refused".to_owned(), message };
                (self.tell)(Told::Ended(request.id, outcome));
            }
            Ok(mut body) => {
                let kind = words.first().cloned().unwrap_or_default();
                body.insert("msg_id".to_owned(), self.pending.begin(request, kind).into());
                // What is not taken is given up in its time, as what is not answered.
                let _: Result<(), Undelivered> =
                    self.post.put(&message::line(CLIENT, &self.id, &Value::Object(body)));
            }
        }
    }

    /// Takes a line that the node wrote.
    fn take(&mut self, line: &[u8]) {
        if self.broken.get() || line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let message = match Message::parse(line) {
            Ok(message) => message,
            Err(why) => {
                return self.broke(format!(
                    "wrote `{}`, {why}; standard output is for messages, standard error for all else",
                    shown(line)
                ));
            }
        };
        if message.src != self.id {
            let src = &message.src;
            return self.broke(format!("wrote a message as `{src}`, and is `{}`: {}", self.id, shown(line)));
        }
        self.sent.bytes += line.len() as u64;
        if let Some(to) = message::node(&message.dest) {
            self.sent.messages += 1;
            self.carry(to, line);
        } else if message.dest == CLIENT {
            self.sent.to_clients += 1;
            self.answered(message.body(), line);
        } else if let Some(reply) = self.exchange.call(&message.dest, &self.id, &message.body()) {
            self.sent.to_services += 1;
            let reply = message::line(&message.dest, &self.id, &Value::Object(reply));
            if self.post.put(&reply).is_err() {
                self.broke(format!("asks `{}` and reads no answer", message.dest));
            }
        } else {
            self.broke(format!("wrote a message to `{}`, who is nobody: {}", message.dest, shown(line)));
        }
    }

    /// Hands a line for another node over.
    fn carry(&self, to: NodeIndex, line: &[u8]) {
        let id = message::id;
        match self.exchange.send(self.node, to, line) {
            Ok(()) => {}
            Err(Undelivered::Nobody) => {
                self.broke(format!("wrote a message to `{}`, who is nobody: {}", id(to), shown(line)));
            }
            Err(Undelivered::Flooded { waiting }) => {
                self.broke(format!("floods `{}`: {} MiB of messages wait for that", id(to), waiting >> 20));
            }
        }
    }

    /// The node answers the harness.
    fn answered(&mut self, body: Map<String, Value>, line: &[u8]) {
        let Some(number) = body.get("in_reply_to").and_then(Value::as_u64) else {
            return self.broke(format!("wrote to a client without `in_reply_to`: {}", shown(line)));
        };
        if number == self.init && number != 0 {
            self.init = 0;
            match outcome("init", body) {
                Ok(Outcome::Answered(_)) => {}
                Ok(other) => self.broke(format!("refused `init`: {}", said(&other))),
                Err(why) => self.broke(why),
            }
            return;
        }
        if number == self.topology && number != 0 {
            // Who needs no topology says so, and is as ready.
            self.topology = 0;
            return (self.tell)(Told::Reached);
        }
        match self.pending.end(number) {
            Ok((request, kind)) => match outcome(&kind, body) {
                Ok(outcome) => (self.tell)(Told::Ended(request.id, outcome)),
                Err(why) => {
                    // The cause before what comes of it.
                    self.broke(format!("{why}: {}", shown(line)));
                    let reason = format!("it {why}");
                    (self.tell)(Told::Ended(request.id, Outcome::Unknown { reason }));
                }
            },
            Err(Unasked::GivenUp) => {}
            Err(Unasked::Never) => {
                self.broke(format!("answered message {number}, which it was never asked: {}", shown(line)));
            }
            Err(Unasked::Answered) => {
                self.broke(format!("answered message {number} twice: {}", shown(line)));
            }
        }
    }

    fn broke(&self, how: String) {
        if !self.broken.replace(true) {
            (self.tell)(Told::Broke(how));
        }
    }

    fn give_up(&mut self, why: &str) {
        let tell = &self.tell;
        self.pending.give_up(why, |request, outcome| tell(Told::Ended(request.id, outcome)));
    }
}

/// Writes what comes for a node until it closes its standard input.
async fn write(post: &dyn Receiver, input: &mut pipe::Sender) {
    loop {
        if input.write_all(&post.next().await).await.is_err() {
            return;
        }
    }
}

impl Sent {
    /// The answer to `stats`, or to one figure of it.
    fn answer(self, names: &[String]) -> Outcome {
        let figures = [
            ("bytes_sent", self.bytes),
            ("client_messages", self.to_clients),
            ("messages_sent", self.messages),
            ("service_messages", self.to_services),
        ];
        let value = if let Some(wanted) = names.first() {
            let Some((_, figure)) = figures.iter().find(|(name, _)| name == wanted) else {
                let message = format!("there is no figure `{wanted}`");
                return Outcome::Refused { code: "refused".to_owned(), message };
            };
            Held::Text(figure.to_string())
        } else {
            Held::List(figures.iter().map(|(name, figure)| format!("{name}={figure}")).collect())
        };
        Outcome::Answered(Answer { value, written: None })
    }
}

/// A line as a report shows it.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.trim_ascii_end());
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}… ({} bytes)", &text[..cut], line.len()),
        None => text.into_owned(),
    }
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { message, .. } => message.clone(),
        Outcome::Unknown { reason } => reason.clone(),
        _ => "it did not say why".to_owned(),
    }
}
