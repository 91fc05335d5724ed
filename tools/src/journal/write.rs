//! The writer of the events that come by the thousand. It writes what `serde_json` would write, in a third of the
//! time: names and numbers are copied whole, and texts without special characters, too.

use super::event::JournalEvent;
use super::result::StepResult;
use crate::world::{MessageClass, Party, Value};

/// The fields of a line that is being written.
struct Fields<'a>(&'a mut Vec<u8>);

impl Fields<'_> {
    fn number(&mut self, name: &'static str, number: u64) {
        self.name(name);
        self.digits(number);
    }

    fn text(&mut self, name: &'static str, text: &str) {
        self.name(name);
        self.quoted(text);
    }

    fn optional(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn party(&mut self, name: &'static str, party: &Party) {
        match party {
            Party::Node(node) => self.number(name, node.0 as u64),
            Party::Other(other) => self.text(name, other),
        }
    }

    fn name(&mut self, name: &'static str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn quoted(&mut self, text: &str) {
        let is_plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        if is_plain {
            self.0.reserve(text.len() + 2);
            self.0.push(b'"');
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(b'"');
        } else {
            // A text is written whatever it holds, and a vector takes it.
            let _: serde_json::Result<()> = serde_json::to_writer(&mut *self.0, text);
        }
    }

    fn digits(&mut self, mut number: u64) {
        // A number of 64 bits has at most 20 digits.
        let mut digits = [0; 20];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[first..]);
    }
}

/// Appends an entry of a frequent event, without a newline. Returns false, with nothing appended, for another one.
pub(super) fn append_frequent(at_us: Option<u64>, event: &JournalEvent, line: &mut Vec<u8>) -> bool {
    let Some(at_us) = at_us else { return false };
    let name = match event {
        JournalEvent::Sent { .. } => "sent",
        JournalEvent::Arrived { .. } => "arrived",
        JournalEvent::Stored { .. } => "stored",
        JournalEvent::Changed { .. } => "changed",
        JournalEvent::StepEnded { result: StepResult::Done, .. } => "step_ended",
        JournalEvent::Step { .. } => "step",
        JournalEvent::Answer { value: Value::Text(_) | Value::Json(_), .. } => "answer",
        _ => return false,
    };
    line.extend_from_slice(b"{\"at_us\":");
    let mut fields = Fields(line);
    fields.digits(at_us);
    fields.text("event", name);
    append_fields(event, &mut fields);
    line.push(b'}');
    true
}

fn append_fields(event: &JournalEvent, fields: &mut Fields<'_>) {
    match event {
        JournalEvent::Sent { message, from, to, kind, class, key, rank, keys, body, bytes } => {
            fields.number("message", *message);
            fields.party("from", from);
            fields.party("to", to);
            fields.text("kind", kind);
            fields.text("class", class_name(*class));
            fields.optional("key", key.as_deref());
            fields.optional("rank", rank.as_deref());
            if let Some(keys) = keys {
                fields.number("keys", *keys);
            }
            fields.optional("body", body.as_deref());
            fields.number("bytes", *bytes);
        }
        JournalEvent::Arrived { message } => fields.number("message", *message),
        JournalEvent::Stored { node, key, rank, wall_ms } => {
            fields.number("node", node.0 as u64);
            fields.text("key", key);
            fields.text("rank", rank);
            fields.number("wall_ms", *wall_ms);
        }
        JournalEvent::Changed { node, change } => {
            fields.number("node", node.0 as u64);
            fields.text("digest", &change.digest);
            fields.number("peers", change.peers);
        }
        JournalEvent::StepEnded { step, .. } => {
            fields.number("step", *step);
            fields.text("result", "done");
        }
        JournalEvent::Step { step, parent, kind, file, line, column, end_column, text } => {
            fields.number("step", *step);
            if let Some(parent) = parent {
                fields.number("parent", *parent);
            }
            fields.text("kind", kind);
            fields.text("file", file);
            fields.number("line", *line as u64);
            fields.number("column", *column as u64);
            fields.number("end_column", *end_column as u64);
            fields.text("text", text);
        }
        JournalEvent::Answer { op, value: Value::Text(value) | Value::Json(value), written } => {
            fields.number("op", op.0);
            fields.text("value", value);
            if let Some(written) = written {
                fields.name("written");
                fields.0.extend_from_slice(b"{\"stamp\":");
                fields.quoted(&written.stamp);
                fields.text("rank", &written.rank);
                fields.0.push(b'}');
            }
        }
        _ => {}
    }
}

fn class_name(class: MessageClass) -> &'static str {
    match class {
        MessageClass::Payload => "payload",
        MessageClass::Announcement => "announcement",
        MessageClass::Graft => "graft",
        MessageClass::Prune => "prune",
        MessageClass::Reconciliation => "reconciliation",
        MessageClass::Handshake => "handshake",
        MessageClass::KeepAlive => "keep_alive",
        MessageClass::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::JournalEntry;
    use crate::world::{NodeIndex, OpId};

    #[test]
    fn numbers_and_texts_are_written_as_serde_does() {
        let texts = ["", "plain", "\"quoted\"\\", "a\nb\t\u{1}", "é\u{7f}\u{2028}"];
        for (number, text) in [0, 9, 10, 1_234_567, u64::MAX].into_iter().zip(texts) {
            let event = JournalEvent::Stored {
                node: NodeIndex(3),
                key: text.to_owned(),
                rank: text.to_owned(),
                wall_ms: number,
            };
            check(event, true);
            check(JournalEvent::Done { op: OpId(number) }, false);
        }
    }

    #[track_caller]
    fn check(event: JournalEvent, is_frequent: bool) {
        let entry = JournalEntry { at_us: Some(7), event };
        let mut line = Vec::new();
        assert_eq!(append_frequent(entry.at_us, &entry.event, &mut line), is_frequent);
        if is_frequent {
            assert_eq!(String::from_utf8(line).unwrap(), serde_json::to_string(&entry).unwrap());
        }
    }
}
