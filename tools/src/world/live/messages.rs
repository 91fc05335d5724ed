//! The log of messages that the router carries: a line of JSON for each message that is sent, and for each that
//! arrives. It is bounded; the last line then says so.
//!
//! `{"at_s": 0.0123, "event": "send", "id": 7, "message": {…}}`: the number is the same where the message arrives,
//! so that a message that never arrives has one line, and a duplicate three.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::rc::Rc;

use tokio::time::Instant;

use crate::world::folder::create_file;

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
}

/// The log of messages of one run, if they are logged. Clones write to the same file.
#[derive(Debug, Clone, Default)]
pub(super) struct MessageLog(Option<Rc<LogFile>>);

#[derive(Debug)]
struct LogFile {
    choice: MessageLogging,
    began: Instant,
    file: RefCell<BufWriter<File>>,
    written: Cell<u64>,
    is_full: Cell<bool>,
    /// The number of the last message.
    last: Cell<u64>,
}

impl MessageLog {
    /// Creates the log in the folder of a run that began at that moment.
    pub(super) fn create(folder: &Path, choice: MessageLogging, began: Instant) -> io::Result<Self> {
        if !choice.sent && !choice.arrived {
            return Ok(Self(None));
        }
        let file = RefCell::new(BufWriter::new(create_file(folder, MESSAGES)?));
        let (written, is_full, last) = (Cell::new(0), Cell::new(false), Cell::new(0));
        Ok(Self(Some(Rc::new(LogFile { choice, began, file, written, is_full, last }))))
    }

    /// Returns true if messages are logged.
    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Logs a message that is sent. Returns its number, or 0 if messages are not logged.
    pub(super) fn sent(&self, line: &[u8]) -> u64 {
        let Some(log) = &self.0 else { return 0 };
        let id = log.last.get() + 1;
        log.last.set(id);
        if log.choice.sent {
            log.write("send", id, line);
        }
        id
    }

    /// Logs a message that arrives.
    pub(super) fn arrived(&self, id: u64, line: &[u8]) {
        if let Some(log) = self.0.as_ref().filter(|log| log.choice.arrived) {
            log.write("recv", id, line);
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
        let log = MessageLog::create(folder.path(), choice, Instant::now()).unwrap();
        let id = log.sent(b"{\"src\":\"n0\"}\n");
        log.arrived(id, b"{\"src\":\"n0\"}\n");
        log.sent(b"{\"src\":\"n1\"}");
        drop(log);
        let text = std::fs::read_to_string(folder.path().join(MESSAGES)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_message_is_logged_where_it_is_sent_and_where_it_arrives() {
        let both = MessageLogging { sent: true, arrived: true, bytes_max: 1_000 };
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
    fn a_log_that_is_full_says_so_once() {
        let lines = logged(MessageLogging { sent: true, arrived: true, bytes_max: 80 });
        let events: Vec<&Value> = lines.iter().map(|line| &line["event"]).collect();
        assert_eq!(events, ["send", "full"]);
        assert_eq!(lines[1]["bytes_max"], 80);
    }
}
