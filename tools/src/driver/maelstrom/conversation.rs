//! The conversation with one node, from its `init` to its end: requests, answers, and messages to other
//! nodes.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

use super::language::{body, outcome};
use super::lines::{EndOfLines, Lines};
use super::message::{self, CLIENT, Message};
use crate::driver::pending::{Pending, Unasked, at};
use crate::driver::{DriverEvent, Mailbox, NodeSession, Request, RequestBody, Router, Undelivered};
use crate::world::{Answer, Misconduct, NodeIndex, Outcome, Value as Held};

/// The most characters of a line that a report shows. Chosen: two to three lines of a terminal.
const SHOWN: usize = 200;

/// The conversation with one node.
pub(super) struct Conversation {
    node: NodeIndex,
    id: String,
    router: Rc<dyn Router>,
    mailbox: Rc<dyn Mailbox>,
    report: Rc<dyn Fn(DriverEvent)>,
    pending: Pending<String>,
    /// The numbers of the messages that tell the node its id and its neighbours; 0 once they are answered.
    init: u64,
    topology: u64,
    sent: Sent,
    /// True once the node broke its protocol; then it is read no more.
    broken: Cell<bool>,
}

/// The counts of a node's sent messages and bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    messages: u64,
    to_clients: u64,
    to_services: u64,
    bytes: u64,
}

impl Drop for Conversation {
    /// Ends all requests, even if the node ends before it has answered.
    fn drop(&mut self) {
        self.give_up("it has ended");
    }
}

impl Conversation {
    /// Speaks to a node until it closes its standard output. Later requests end at once with an unknown
    /// outcome. Returns the reason for the end.
    pub(super) async fn serve(session: NodeSession) -> String {
        let mut requests = session.requests.lock().await;
        let conversation = RefCell::new(Self {
            node: session.node,
            id: message::id(session.node),
            mailbox: session.router.open_mailbox(session.node),
            router: session.router,
            report: session.report,
            pending: Pending::new(),
            init: 0,
            topology: 0,
            sent: Sent::default(),
            broken: Cell::new(false),
        });
        if let Some(stdio) = session.stdio {
            let mailbox = Rc::clone(&conversation.borrow().mailbox);
            let mut lines = Lines::new(stdio.output);
            let mut input = stdio.input;
            // A node that does not know its id accepts no messages of other nodes.
            if let Err(why) = Self::initialise(&conversation, &mut input, &mut lines).await {
                return why;
            }
            if session.spec.workload.as_deref() == Some("broadcast") {
                conversation.borrow_mut().send_topology();
            } else {
                (conversation.borrow().report)(DriverEvent::Reached);
            }
            // Reading and writing do not wait for each other: a node may read only after its own output has
            // been read.
            let reading = pin!(Self::read(&conversation, Some(&mut lines), &mut requests));
            let writing = pin!(write(&*mailbox, &mut input));
            if let Either::Right(((), reading)) = select(reading, writing).await {
                // The node closed its standard input, and may still write.
                mailbox.close();
                reading.await;
            }
            mailbox.close();
        }
        // The node will answer nothing more. Usually it has ended, which the world reports.
        Self::read(&conversation, None, &mut requests).await;
        "the harness closed the connection".to_owned()
    }

    /// Sends the node its id in `init`, and waits until it has answered.
    async fn initialise(
        this: &RefCell<Self>,
        input: &mut pipe::Sender,
        lines: &mut Lines,
    ) -> Result<(), String> {
        let hello = {
            let this = &mut *this.borrow_mut();
            let ids: Vec<String> = this.router.members().into_iter().map(message::id).collect();
            this.init = this.pending.number();
            let body = json!({ "type": "init", "msg_id": this.init, "node_id": this.id, "node_ids": ids });
            message::line(CLIENT, &this.id, &body)
        };
        if input.write_all(&hello).await.is_err() {
            return Err("it closed its standard input before it received `init`".to_owned());
        }
        while this.borrow().init != 0 {
            if this.borrow().broken.get() {
                return Err("it broke its protocol before it answered `init`".to_owned());
            }
            let taken = lines.next(|line| this.borrow_mut().on_line(line)).await;
            taken.map_err(|ended| match ended {
                EndOfLines::Closed => "it closed its standard output before it answered `init`".to_owned(),
                EndOfLines::Endless => {
                    this.borrow().report_violation("wrote a line without end".to_owned());
                    "it wrote a line without end".to_owned()
                }
                EndOfLines::Unended(line) => {
                    this.borrow().report_unended(&line);
                    "it wrote a message without the end of its line".to_owned()
                }
            })?;
        }
        Ok(())
    }

    /// Sends the node its neighbours in the topology.
    fn send_topology(&mut self) {
        let neighbours = |node: NodeIndex| -> Vec<String> {
            self.router.neighbours(node).into_iter().map(message::id).collect()
        };
        let members = self.router.members().into_iter();
        let topology: Map<String, Value> =
            members.map(|node| (message::id(node), json!(neighbours(node)))).collect();
        self.topology = self.pending.number();
        let body = json!({ "type": "topology", "msg_id": self.topology, "topology": topology });
        // The mailbox is still empty, so that this cannot fail.
        let _: Result<(), Undelivered> = self.mailbox.put(&message::line(CLIENT, &self.id, &body));
    }

    /// Handles the node's lines and the requests to it, until it closes its standard output. Without `lines`,
    /// handles requests only.
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
                    Some(lines) => lines.next(|line| this.borrow_mut().on_line(line)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                taken = taken => match taken {
                    // A node that broke its protocol might go on doing so for ever.
                    Ok(()) if this.borrow().broken.get() => return,
                    Ok(()) => {}
                    Err(EndOfLines::Closed) => return,
                    Err(EndOfLines::Unended(line)) => return this.borrow().report_unended(&line),
                    Err(EndOfLines::Endless) => {
                        return this.borrow().report_violation("wrote a line without end".to_owned());
                    }
                },
                request = requests.recv() => match request {
                    Some(request) if speaks => this.borrow_mut().ask(request),
                    Some(request) => {
                        let reason = "it closed its standard output".to_owned();
                        (this.borrow().report)(DriverEvent::Ended(request.id, Outcome::Unknown { reason }));
                    }
                    None => return,
                },
                () = at(deadline) => {
                    let this = &mut *this.borrow_mut();
                    this.pending.expire(|request, outcome| (this.report)(DriverEvent::Ended(request.id, outcome)));
                }
            }
        }
    }

    /// Sends a request to the node, or ends it at once.
    fn ask(&mut self, request: Request) {
        let words = match &request.body {
            RequestBody::Words(words) => words.as_slice(),
            // The harness is the network, and these nodes report nothing unrequested.
            RequestBody::Wire(_) | RequestBody::Watch => {
                return (self.report)(DriverEvent::Ended(request.id, Outcome::Done));
            }
        };
        if let [stats, names @ ..] = words
            && stats == "stats"
        {
            return (self.report)(DriverEvent::Ended(request.id, self.sent.answer(names)));
        }
        match body(words) {
            Err(message) => {
                let outcome = Outcome::Refused { code: "refused".to_owned(), message };
                (self.report)(DriverEvent::Ended(request.id, outcome));
            }
            Ok(mut body) => {
                let kind = words.first().cloned().unwrap_or_default();
                body.insert("msg_id".to_owned(), self.pending.begin(request, kind).into());
                // A message that finds no room is given up at its deadline, like one without an answer.
                let _: Result<(), Undelivered> =
                    self.mailbox.put(&message::line(CLIENT, &self.id, &Value::Object(body)));
            }
        }
    }

    /// Handles a line that the node wrote.
    fn on_line(&mut self, line: &[u8]) {
        if self.broken.get() || line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let message = match Message::parse(line) {
            Ok(message) => message,
            Err(why) => {
                return self.report_violation(format!(
                    "wrote `{}`, {why}; standard output is for messages, standard error for all else",
                    shown(line)
                ));
            }
        };
        if message.src != self.id {
            let src = &message.src;
            return self.report_violation(format!(
                "wrote a message as `{src}`, and is `{}`: {}",
                self.id,
                shown(line)
            ));
        }
        self.sent.bytes += line.len() as u64;
        if let Some(to) = message::node(&message.dest) {
            self.sent.messages += 1;
            return self.send_to_node(to, line);
        }
        let body = match message.body() {
            Ok(body) => body,
            Err(why) => return self.report_violation(format!("wrote `{}`, {why}", shown(line))),
        };
        if message.dest == CLIENT {
            self.sent.to_clients += 1;
            self.on_reply(body, line);
        } else if let Some(reply) = self.router.call(&message.dest, &self.id, &body) {
            self.sent.to_services += 1;
            let reply = message::line(&message.dest, &self.id, &Value::Object(reply));
            if self.mailbox.put(&reply).is_err() {
                self.report_violation(format!("asks `{}` and reads no answer", message.dest));
            }
        } else {
            self.report_violation(format!(
                "wrote a message to `{}`, which does not exist: {}",
                message.dest,
                shown(line)
            ));
        }
    }

    /// Carries a line to another node.
    fn send_to_node(&self, to: NodeIndex, line: &[u8]) {
        let id = message::id;
        // The last line of a file may lack its newline.
        let ended =
            if line.ends_with(b"\n") { Cow::Borrowed(line) } else { Cow::Owned([line, b"\n"].concat()) };
        let line = &*ended;
        match self.router.send(self.node, to, line) {
            Ok(()) => {}
            Err(Undelivered::Nobody) => {
                self.report_violation(format!(
                    "wrote a message to `{}`, which does not exist: {}",
                    id(to),
                    shown(line)
                ));
            }
            Err(Undelivered::Flooded { waiting }) => {
                let how = format!("floods `{}`: {} MiB of messages wait for that", id(to), waiting >> 20);
                self.report_misconduct(Misconduct::Flood(how));
            }
        }
    }

    /// Handles an answer to the harness.
    fn on_reply(&mut self, body: Map<String, Value>, line: &[u8]) {
        let Some(number) = body.get("in_reply_to").and_then(whole) else {
            return self
                .report_violation(format!("wrote to a client without `in_reply_to`: {}", shown(line)));
        };
        if number == self.init && number != 0 {
            self.init = 0;
            match outcome("init", false, body) {
                Ok(Outcome::Answered(_)) => {}
                Ok(other) => self.report_violation(format!("refused `init`: {}", said(&other))),
                Err(why) => self.report_violation(why),
            }
            return;
        }
        if number == self.topology && number != 0 {
            // A node that needs no topology answers with an error, and is ready as well.
            self.topology = 0;
            return (self.report)(DriverEvent::Reached);
        }
        match self.pending.end(number) {
            Ok((request, kind)) => match outcome(&kind, is_of_key(&request.body), body) {
                Ok(outcome) => (self.report)(DriverEvent::Ended(request.id, outcome)),
                Err(why) => {
                    // The cause is reported before its consequence.
                    self.report_violation(format!("{why}: {}", shown(line)));
                    let reason = format!("it {why}");
                    (self.report)(DriverEvent::Ended(request.id, Outcome::Unknown { reason }));
                }
            },
            Err(Unasked::GivenUp) => {}
            Err(Unasked::Never) => {
                self.report_violation(format!(
                    "answered message {number}, which it was never asked: {}",
                    shown(line)
                ));
            }
            Err(Unasked::Answered) => {
                self.report_violation(format!("answered message {number} twice: {}", shown(line)));
            }
        }
    }

    /// Reports a whole message without a newline.
    fn report_unended(&self, line: &[u8]) {
        self.report_violation(format!(
            "wrote `{}` and does not end the line: each message is followed by a newline, and standard output is \
             to be flushed after it",
            shown(line)
        ));
    }

    fn report_violation(&self, how: String) {
        self.report_misconduct(Misconduct::Protocol(how));
    }

    /// Reports, only once, that the node did something that no node may do.
    fn report_misconduct(&self, how: Misconduct) {
        if !self.broken.replace(true) {
            (self.report)(DriverEvent::Misbehaved(how));
        }
    }

    fn give_up(&mut self, why: &str) {
        let report = &self.report;
        self.pending.give_up(why, |request, outcome| report(DriverEvent::Ended(request.id, outcome)));
    }
}

/// Writes the lines from a node's mailbox to its standard input until the node closes that.
async fn write(mailbox: &dyn Mailbox, input: &mut pipe::Sender) {
    loop {
        if input.write_all(&mailbox.next().await).await.is_err() {
            return;
        }
    }
}

impl Sent {
    /// Returns the answer to `stats`, or to one figure of it.
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
            Held::number(figure)
        } else {
            Held::List(figures.iter().map(|(name, figure)| format!("{name}={figure}")).collect())
        };
        Outcome::Answered(Answer { value, written: None })
    }
}

/// Returns a line as a report shows it.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.trim_ascii_end());
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}… ({} bytes)", &text[..cut], line.len()),
        None => text.into_owned(),
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
