//! The writer of the events that come by the thousand. It writes what `serde_json` would write, in a fraction of the
//! time: names and numbers are copied whole, and texts without special characters, too.

use super::event::JournalEvent;
use super::result::StepResult;
use crate::world::{MessageClass, Party, Value, Written};

/// The bytes that a line has at most beside its texts. A line that is longer is still written, after one more
/// allocation.
const LINE: usize = 256;

/// The bytes of a text that are looked at together.
const CHUNK: usize = 16;

/// Returns the name of a field, as it stands behind another field.
macro_rules! field {
    ($name:literal) => {
        concat!(",\"", $name, "\":").as_bytes()
    };
}

/// The fields of a line that is being written. Names come from [`field`].
struct Fields<'a>(&'a mut Vec<u8>);

impl Fields<'_> {
    #[inline]
    fn number(&mut self, name: &'static [u8], number: u64) {
        self.0.extend_from_slice(name);
        self.digits(number);
    }

    #[inline]
    fn text(&mut self, name: &'static [u8], text: &str) {
        self.0.extend_from_slice(name);
        self.quoted(text);
    }

    /// Appends a text of this program, which needs no escapes.
    #[inline]
    fn word(&mut self, name: &'static [u8], word: &'static str) {
        self.0.extend_from_slice(name);
        self.0.push(b'"');
        self.0.extend_from_slice(word.as_bytes());
        self.0.push(b'"');
    }

    fn optional(&mut self, name: &'static [u8], text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn step(&mut self, step: Option<u64>) {
        if let Some(step) = step {
            self.number(field!("step"), step);
        }
    }

    fn party(&mut self, name: &'static [u8], party: &Party) {
        match party {
            Party::Node(node) => self.number(name, node.0 as u64),
            Party::Other(other) => self.text(name, other),
        }
    }

    fn value(&mut self, value: &Value) {
        self.0.extend_from_slice(field!("value"));
        match value {
            Value::Text(text) | Value::Json(text) => self.quoted(text),
            Value::List(words) => self.list(words),
            Value::Done => self.0.extend_from_slice(b"null"),
        }
    }

    fn written(&mut self, written: Option<&Written>) {
        let Some(written) = written else { return };
        self.0.extend_from_slice(b",\"written\":{\"stamp\":");
        self.quoted(&written.stamp);
        self.text(field!("rank"), &written.rank);
        self.0.push(b'}');
    }

    fn list(&mut self, texts: &[String]) {
        self.0.push(b'[');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            self.quoted(text);
        }
        self.0.push(b']');
    }

    fn quoted(&mut self, text: &str) {
        if is_plain(text) {
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
        let begin = self.0.len();
        let count = number.checked_ilog10().unwrap_or(0) as usize + 1;
        self.0.resize(begin + count, b'0');
        for digit in self.0[begin..].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
}

/// Returns true for a text that JSON writes as it is. Chunks are looked at whole, which takes few instructions.
fn is_plain(text: &str) -> bool {
    let plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
    let mut chunks = text.as_bytes().chunks_exact(CHUNK);
    chunks.all(|chunk| chunk.iter().fold(true, |all, byte| all & plain(byte)))
        && text.as_bytes()[text.len() - text.len() % CHUNK..].iter().all(plain)
}

/// Appends an entry of a frequent event, without a newline. Returns false, with nothing appended, for another one.
pub(super) fn append_frequent(at_us: Option<u64>, event: &JournalEvent, line: &mut Vec<u8>) -> bool {
    let Some(at_us) = at_us else { return false };
    let is_frequent = matches!(
        event,
        JournalEvent::Sent { .. }
            | JournalEvent::Arrived { .. }
            | JournalEvent::Stored { .. }
            | JournalEvent::Changed { .. }
            | JournalEvent::StepEnded { result: StepResult::Done, .. }
            | JournalEvent::Step { .. }
            | JournalEvent::Ask { .. }
            | JournalEvent::Answer { .. }
            | JournalEvent::Done { .. }
            | JournalEvent::Refused { .. }
            | JournalEvent::Wire { .. }
            | JournalEvent::Life { .. }
            | JournalEvent::Link { .. }
            | JournalEvent::Log { .. }
    );
    if !is_frequent {
        return false;
    }
    line.reserve(LINE);
    line.extend_from_slice(b"{\"at_us\":");
    let mut fields = Fields(line);
    fields.digits(at_us);
    fields.word(field!("event"), event.name());
    append_fields(event, &mut fields);
    line.push(b'}');
    true
}

fn append_fields(event: &JournalEvent, fields: &mut Fields<'_>) {
    match event {
        JournalEvent::Arrived { message } => fields.number(field!("message"), *message),
        JournalEvent::Stored { node, key, rank, wall_ms } => {
            fields.number(field!("node"), node.0 as u64);
            fields.text(field!("key"), key);
            fields.text(field!("rank"), rank);
            fields.number(field!("wall_ms"), *wall_ms);
        }
        JournalEvent::Changed { node, change } => {
            fields.number(field!("node"), node.0 as u64);
            fields.text(field!("digest"), &change.digest);
            fields.number(field!("peers"), change.peers);
        }
        JournalEvent::Life { node, life } => {
            fields.number(field!("node"), node.0 as u64);
            fields.word(field!("life"), life.name());
        }
        JournalEvent::Link { from, to, up } => {
            fields.number(field!("from"), from.0 as u64);
            fields.number(field!("to"), to.0 as u64);
            fields.0.extend_from_slice(if *up { b",\"up\":true" } else { b",\"up\":false" });
        }
        JournalEvent::Log { node, level, text, left_out } => {
            fields.number(field!("node"), node.0 as u64);
            match level {
                Some(level) => fields.text(field!("level"), level),
                None => fields.0.extend_from_slice(b",\"level\":null"),
            }
            fields.optional(field!("text"), text.as_deref());
            if let Some(left_out) = left_out {
                fields.number(field!("left_out"), *left_out);
            }
        }
        JournalEvent::Sent { .. } => append_sent(event, fields),
        JournalEvent::Step { .. } | JournalEvent::StepEnded { .. } => append_step(event, fields),
        _ => append_operation(event, fields),
    }
}

fn append_sent(event: &JournalEvent, fields: &mut Fields<'_>) {
    let JournalEvent::Sent { message, from, to, kind, class, key, rank, keys, body, bytes } = event else {
        return;
    };
    fields.number(field!("message"), *message);
    fields.party(field!("from"), from);
    fields.party(field!("to"), to);
    fields.text(field!("kind"), kind);
    fields.word(field!("class"), class_name(*class));
    fields.optional(field!("key"), key.as_deref());
    fields.optional(field!("rank"), rank.as_deref());
    if let Some(keys) = keys {
        fields.number(field!("keys"), *keys);
    }
    fields.optional(field!("body"), body.as_deref());
    fields.number(field!("bytes"), *bytes);
}

fn append_step(event: &JournalEvent, fields: &mut Fields<'_>) {
    match event {
        JournalEvent::Step { step, parent, kind, file, line, column, end_column, text } => {
            fields.number(field!("step"), *step);
            if let Some(parent) = parent {
                fields.number(field!("parent"), *parent);
            }
            fields.text(field!("kind"), kind);
            fields.text(field!("file"), file);
            fields.number(field!("line"), *line as u64);
            fields.number(field!("column"), *column as u64);
            fields.number(field!("end_column"), *end_column as u64);
            fields.text(field!("text"), text);
        }
        JournalEvent::StepEnded { step, .. } => {
            fields.number(field!("step"), *step);
            fields.word(field!("result"), "done");
        }
        _ => {}
    }
}

fn append_operation(event: &JournalEvent, fields: &mut Fields<'_>) {
    match event {
        JournalEvent::Ask { op, node, words, step } => {
            fields.number(field!("op"), op.0);
            fields.number(field!("node"), node.0 as u64);
            fields.0.extend_from_slice(field!("words"));
            fields.list(words);
            fields.step(*step);
        }
        JournalEvent::Wire { op, from, to, step } => {
            fields.number(field!("op"), op.0);
            fields.number(field!("from"), from.0 as u64);
            fields.number(field!("to"), to.0 as u64);
            fields.step(*step);
        }
        JournalEvent::Answer { op, value, written } => {
            fields.number(field!("op"), op.0);
            fields.value(value);
            fields.written(written.as_ref());
        }
        JournalEvent::Done { op } => fields.number(field!("op"), op.0),
        JournalEvent::Refused { op, code, message } => {
            fields.number(field!("op"), op.0);
            fields.text(field!("code"), code);
            fields.text(field!("message"), message);
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
            check(JournalEvent::Unasked { op: OpId(number) }, false);
            // A special character is found wherever it stands.
            for at in 0..40 {
                let text = format!("{}{text}{}", "x".repeat(at), "y".repeat(40 - at));
                check(JournalEvent::Refused { op: OpId(number), code: text.clone(), message: text }, true);
            }
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
