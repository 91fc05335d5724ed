//! The conversation with one node, from its `init` to its end: its lines are carried to nodes, services and
//! clients, and requests go to it.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use tokio::sync::mpsc;

use super::clients::Clients;
use super::language::body;
use super::line_writer::forward_lines;
use super::lines::{EndOfLines, Lines};
use super::message::Message;
use crate::driver::pending::at;
use crate::driver::{
    Answered, Call, DriverEvent, Mailbox, NodeSession, Request, RequestBody, Router, Undelivered,
};
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
    clients: Rc<Clients>,
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
    /// The answers that no client waited for.
    ignored: u64,
}

impl Conversation {
    /// Speaks to a node until it closes its standard output. Later requests end at once with an unknown
    /// outcome. Returns the reason for the end.
    pub(super) async fn serve(session: NodeSession) -> String {
        let mut requests = session.requests.lock().await;
        let (node, router, report) = (session.node, session.router, session.report);
        let mailbox = router.open_mailbox(node);
        let clients = Clients::new(node, &router, &mailbox, &report);
        let conversation = RefCell::new(Self {
            node,
            id: router.id(node),
            router,
            mailbox: Rc::clone(&mailbox),
            report,
            clients: Rc::clone(&clients),
            sent: Sent::default(),
            broken: Cell::new(false),
        });
        if let Some(stdio) = session.stdio {
            let mut lines = Lines::new(stdio.output);
            // It stands in the mailbox before any message of another node.
            clients.initialise(session.spec.workload.as_deref() == Some("broadcast"));
            // Reading and writing do not wait for each other: a node may read only after its own output has
            // been read.
            let reading = pin!(Self::read(&conversation, Some(&mut lines), &mut requests));
            let writing = pin!(forward_lines(&*mailbox, stdio.input, session.spec.many_lines));
            let ended = match select(reading, writing).await {
                Either::Left((ended, _)) => ended,
                Either::Right((0, _)) => {
                    Some("it closed its standard input before it received `init`".to_owned())
                }
                Either::Right((_, reading)) => {
                    // The node closed its standard input, and may still write.
                    mailbox.close();
                    reading.await
                }
            };
            mailbox.close();
            if let Some(why) = ended {
                return why;
            }
        }
        // The node will answer nothing more. Usually it has ended, which the world reports.
        Self::read(&conversation, None, &mut requests).await;
        "the harness closed the connection".to_owned()
    }

    /// Handles the node's lines and the requests to it, until it closes its standard output. Without `lines`,
    /// handles requests only. Returns the reason for the end of a node that has not answered `init`.
    async fn read(
        this: &RefCell<Self>,
        mut lines: Option<&mut Lines>,
        requests: &mut mpsc::UnboundedReceiver<Request>,
    ) -> Option<String> {
        let clients = Rc::clone(&this.borrow().clients);
        loop {
            let speaks = lines.is_some();
            let taken = async {
                match &mut lines {
                    Some(lines) => lines.next(|line| this.borrow_mut().on_line(line)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                taken = taken => {
                    let ended = match taken {
                        // A node that broke its protocol might go on doing so for ever.
                        Ok(()) if this.borrow().broken.get() => "it broke its protocol",
                        Ok(()) => continue,
                        Err(EndOfLines::Closed) => "it closed its standard output",
                        Err(EndOfLines::Unended(line)) => {
                            this.borrow().report_unended(&line);
                            "it wrote a message without the end of its line"
                        }
                        Err(EndOfLines::Endless) => {
                            this.borrow().report_violation("wrote a line without end".to_owned());
                            "it wrote a line without end"
                        }
                    };
                    return (!clients.is_initialised()).then(|| format!("{ended} before it answered `init`"));
                },
                // A node that is not ready is asked later.
                request = requests.recv(), if clients.is_ready() || !speaks => match request {
                    Some(request) if speaks => this.borrow().ask(request),
                    Some(request) => {
                        let reason = "it closed its standard output".to_owned();
                        (this.borrow().report)(DriverEvent::Ended(request.id, Outcome::Unknown { reason }));
                    }
                    None => return None,
                },
                () = at(clients.deadline()) => clients.expire(),
                // The answer that made the node ready may have come by way of another node.
                () = clients.news.notified() => {}
            }
        }
    }

    /// Sends a request to the node, or ends it at once.
    fn ask(&self, request: Request) {
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
            let answer = self.sent.answer(self.mailbox.waiting() as u64, names);
            return (self.report)(DriverEvent::Ended(request.id, answer));
        }
        match body(words) {
            Err(message) => {
                let outcome = Outcome::Refused { code: "refused".to_owned(), message };
                (self.report)(DriverEvent::Ended(request.id, outcome));
            }
            Ok(body) => {
                let kind = words.first().cloned().unwrap_or_default();
                self.clients.request(request, kind, body);
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
        // A node may pass on the message of a client, or of another node, under the name of that.
        let src = &*message.src;
        if src != self.id && self.router.node(src).is_none() && !self.router.has_client(src) {
            return self.report_violation(format!(
                "wrote a message as `{src}`, which does not exist, and is `{}`: {}",
                self.id,
                shown(line)
            ));
        }
        self.sent.bytes += line.len() as u64;
        if let Some(to) = self.router.node(&message.dest) {
            self.sent.messages += 1;
            return self.send_to_node(to, line);
        }
        let body = match message.body() {
            Ok(body) => body,
            Err(why) => return self.report_violation(format!("wrote `{}`, {why}", shown(line))),
        };
        if self.router.has_client(&message.dest) {
            self.sent.to_clients += 1;
            self.router.log_answer(line);
            let blame = |why: String| self.report_violation(format!("{why}: {}", shown(line)));
            if self.router.answer(&message.dest, body, &blame) == Answered::Ignored {
                self.sent.ignored += 1;
            }
            return;
        }
        let (service, client) = (message.dest.into_owned(), message.src.into_owned());
        // The answer goes to the node that the request names.
        let to = self.router.node(&client).unwrap_or(self.node);
        match self.router.call(to, Call { service, client, body, bytes: line.len() }) {
            Ok(()) => self.sent.to_services += 1,
            Err(Undelivered::Nobody) => self.report_stranger(line),
            Err(Undelivered::Flooded { .. }) => {
                self.report_violation(format!("asks a service and reads no answer: {}", shown(line)));
            }
        }
    }

    /// Carries a line to another node.
    fn send_to_node(&self, to: NodeIndex, line: &[u8]) {
        // The last line of a file may lack its newline.
        let ended =
            if line.ends_with(b"\n") { Cow::Borrowed(line) } else { Cow::Owned([line, b"\n"].concat()) };
        match self.router.send(self.node, to, &ended) {
            Ok(()) => {}
            Err(Undelivered::Nobody) => self.report_stranger(line),
            Err(Undelivered::Flooded { waiting }) => {
                let id = self.router.id(to);
                let how = format!("floods `{id}`: {} MiB of messages wait for that", waiting >> 20);
                self.report_misconduct(Misconduct::Flood(how));
            }
        }
    }

    /// Reports a message to a name that does not exist.
    fn report_stranger(&self, line: &[u8]) {
        let dest = Message::parse(line).map(|message| message.dest.into_owned()).unwrap_or_default();
        self.report_violation(format!("wrote a message to `{dest}`, which does not exist: {}", shown(line)));
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
}

impl Sent {
    /// Returns the answer to `stats`, or to one figure of it.
    fn answer(self, unread: u64, names: &[String]) -> Outcome {
        let figures = [
            ("answers_ignored", self.ignored),
            ("bytes_sent", self.bytes),
            ("client_messages", self.to_clients),
            ("messages_sent", self.messages),
            ("messages_unread", unread),
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
