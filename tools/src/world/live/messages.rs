//! The log of messages that the router carries: a line of JSON for each message that is sent, and for each that
//! arrives. It is bounded; the last line then says so. The same messages can be reported to the runner.
//!
//! `{"at_s": 0.0123, "event": "send", "id": 7, "message": {…}}`: the number is the same where the message arrives,
//! so that a message that never arrives has one line, and a duplicate three.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::rc::Rc;

use serde::Deserialize;
use tokio::time::Instant;

use super::events::EventSender;
use super::message_body::MessageBody;
use crate::world::folder::create_file;
use crate::world::{Event, Message, MessageClass, MessageEvent, NodeIndex, Party};

/// The name of the file in the folder of a run.
pub const MESSAGES: &str = "messages.jsonl";

/// The choice of messages that are logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageLogging {
    /// True if messages are logged as they are sent.
    pub sent: bool,
    /// True if messages are logged as they arrive.
    pub arrived: bool,
    /// The most bytes that are logged.
    pub bytes_max: u64,
    /// True if messages are reported to the runner.
    pub reported: bool,
}

/// The messages of one run: they are numbered if they are logged, or reported to the runner. Clones share all.
#[derive(Clone, Default)]
pub(super) struct MessageLog(Option<Rc<Numbered>>);

struct Numbered {
    file: Option<LogFile>,
    reports: Option<EventSender>,
    /// The number of the last message.
    last: Cell<u64>,
}

#[derive(Debug)]
struct LogFile {
    choice: MessageLogging,
    began: Instant,
    file: RefCell<BufWriter<File>>,
    written: Cell<u64>,
    is_full: Cell<bool>,
}

/// The parts of a message by which it is reported.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    src: Cow<'a, str>,
    #[serde(borrow)]
    dest: Cow<'a, str>,
    #[serde(borrow)]
    body: MessageBody<'a>,
}

impl MessageLog {
    /// Creates the log in the folder of a run that began at that moment. Reports go to `sender`, if they are chosen.
    pub(super) fn create(
        folder: &Path,
        choice: MessageLogging,
        began: Instant,
        sender: &EventSender,
    ) -> io::Result<Self> {
        let reports = choice.reported.then(|| sender.clone());
        let file = if choice.sent || choice.arrived {
            let file = RefCell::new(BufWriter::new(create_file(folder, MESSAGES)?));
            Some(LogFile { choice, began, file, written: Cell::new(0), is_full: Cell::new(false) })
        } else {
            None
        };
        let is_on = file.is_some() || reports.is_some();
        Ok(Self(is_on.then(|| Rc::new(Numbered { file, reports, last: Cell::new(0) }))))
    }

    /// Returns true if messages are logged or reported.
    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Logs and reports a message that is sent. Returns its number, or 0 if there is neither a log nor a report.
    /// `node` returns the node with an id.
    pub(super) fn sent(&self, line: &[u8], node: impl Fn(&str) -> Option<NodeIndex>) -> u64 {
        let Some(log) = &self.0 else { return 0 };
        let id = log.last.get() + 1;
        log.last.set(id);
        if let Some(file) = log.file.as_ref().filter(|file| file.choice.sent) {
            file.write("send", id, line);
        }
        if log.reports.is_some() {
            let message: serde_json::Result<Envelope<'_>> = serde_json::from_slice(line);
            // The router carries only lines with these parts.
            let Ok(Envelope { src, dest, body }) = message else { return id };
            let party = |id: &str| node(id).map_or_else(|| Party::Other(id.to_owned()), Party::Node);
            self.report(MessageEvent::Sent(Message {
                number: id,
                from: party(&src),
                to: party(&dest),
                kind: Cow::Owned(body.kind()),
                class: MessageClass::Other,
                key: None,
                rank: None,
                keys: None,
                body: body.brief(),
                bytes: line.len() as u64,
            }));
        }
        id
    }

    /// Logs and reports a message that arrives.
    pub(super) fn arrived(&self, id: u64, line: &[u8]) {
        let Some(log) = &self.0 else { return };
        if let Some(file) = log.file.as_ref().filter(|file| file.choice.arrived) {
            file.write("recv", id, line);
        }
        self.report(MessageEvent::Arrived { number: id });
    }

    /// Reports a message that is lost. A log has no line for it.
    pub(super) fn lost(&self, id: u64, reason: &'static str) {
        self.report(MessageEvent::Lost { number: id, reason });
    }

    fn report(&self, event: MessageEvent) {
        if let Some(sender) = self.0.as_ref().and_then(|log| log.reports.as_ref()) {
            sender.send(Event::Message(event));
        }
    }
}

impl LogFile {
    fn write(&self, event: &str, id: u64, line: &[u8]) {
        if self.is_full.get() {
            return;
        }
        let at_s = self.began.elapsed().as_secs_f64();
        let mut text =
            format!("{{\"at_s\":{at_s:.6},\"event\":\"{event}\",\"id\":{id},\"message\":").into_bytes();
        text.extend_from_slice(line.trim_ascii());
        text.extend_from_slice(b"}\n");
        let written = self.written.get() + text.len() as u64;
        if written > self.choice.bytes_max {
            self.is_full.set(true);
            let bytes = self.choice.bytes_max;
            text = format!("{{\"at_s\":{at_s:.6},\"event\":\"full\",\"bytes_max\":{bytes}}}\n").into_bytes();
        }
        self.written.set(written);
        // A log that cannot be written ends, and the run goes on.
        if self.file.borrow_mut().write_all(&text).is_err() {
            self.is_full.set(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn logged(choice: MessageLogging) -> Vec<Value> {
        let folder = tempfile::tempdir().unwrap();
        let (sender, _) = EventSender::new(Instant::now());
        let log = MessageLog::create(folder.path(), choice, Instant::now(), &sender).unwrap();
        let id = log.sent(b"{\"src\":\"n0\"}\n", |_| None);
        log.arrived(id, b"{\"src\":\"n0\"}\n");
        log.sent(b"{\"src\":\"n1\"}", |_| None);
        drop(log);
        let text = std::fs::read_to_string(folder.path().join(MESSAGES)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_message_is_logged_where_it_is_sent_and_where_it_arrives() {
        let both = MessageLogging { sent: true, arrived: true, bytes_max: 1_000, reported: false };
        let lines = logged(both);
        let of =
            |index: usize| (&lines[index]["event"], &lines[index]["id"], &lines[index]["message"]["src"]);
        assert_eq!(of(0), (&"send".into(), &1.into(), &"n0".into()));
        assert_eq!(of(1), (&"recv".into(), &1.into(), &"n0".into()));
        assert_eq!(of(2), (&"send".into(), &2.into(), &"n1".into()));
        assert!(lines.len() == 3 && lines[1]["at_s"].is_f64());
        assert_eq!(logged(MessageLogging { arrived: false, ..both }).len(), 2);
        assert_eq!(logged(MessageLogging { sent: false, ..both }).len(), 1);
        assert!(logged(MessageLogging::default()).is_empty());
    }

    #[test]
    fn a_message_is_reported_by_its_envelope() {
        let folder = tempfile::tempdir().unwrap();
        let (sender, mut events) = EventSender::new(Instant::now());
        let choice = MessageLogging { reported: true, ..MessageLogging::default() };
        let log = MessageLog::create(folder.path(), choice, Instant::now(), &sender).unwrap();
        let node = |id: &str| (id == "n0").then_some(NodeIndex(0));
        let line = br#"{"src":"c1","dest":"n0","body":{"type":"read","msg_id":1,"key":"x"}}"#;
        let id = log.sent(line, node);
        log.arrived(id, b"{}");
        log.lost(log.sent(b"no message", node), "why");
        let mut next = || match events.try_recv().unwrap().event {
            Event::Message(event) => event,
            other => panic!("{other:?}"),
        };
        let MessageEvent::Sent(message) = next() else { panic!("a message is sent first") };
        assert_eq!((message.from, message.to), (Party::Other("c1".to_owned()), Party::Node(NodeIndex(0))));
        assert_eq!((message.number, &*message.kind, message.bytes), (1, "read", line.len() as u64));
        assert_eq!(message.body.as_deref(), Some("\"x\""));
        assert_eq!(next(), MessageEvent::Arrived { number: 1 });
        assert_eq!(next(), MessageEvent::Lost { number: 2, reason: "why" });
        assert!(!folder.path().join(MESSAGES).exists());
    }

    #[test]
    fn a_log_that_is_full_says_so_once() {
        let lines = logged(MessageLogging { sent: true, arrived: true, bytes_max: 80, reported: false });
        let events: Vec<&Value> = lines.iter().map(|line| &line["event"]).collect();
        assert_eq!(events, ["send", "full"]);
        assert_eq!(lines[1]["bytes_max"], 80);
    }
}
