//! JSON objects, written field after field into a sink.

use super::sink::Sink;
use crate::wire::hash::Hex;
use crate::wire::rank::Rank;
use crate::wire::stamp::Stamp;

/// A JSON object that is being written.
pub(super) struct Object<'a, S> {
    pub(super) out: &'a mut S,
    empty: bool,
}

impl<'a, S: Sink> Object<'a, S> {
    /// Begins an object.
    pub(super) fn open(out: &'a mut S) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Ends the object.
    pub(super) fn close(self) {
        self.out.push('}');
    }

    /// Writes a comma, unless the object is still empty.
    pub(super) fn separate(&mut self) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
    }

    /// Begins a field; the caller writes its value next.
    pub(super) fn field(&mut self, name: &str) -> &mut S {
        self.separate();
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self.out
    }

    /// Writes a field whose value is JSON text already.
    pub(super) fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.field(name).push_str(json);
        self
    }

    /// Writes a field with a string.
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        quote(self.field(name), text);
        self
    }

    /// Writes a field with a number.
    pub(super) fn number(&mut self, name: &str, number: u64) -> &mut Self {
        self.field(name).push_number(number);
        self
    }

    /// Writes a field with a boolean.
    pub(super) fn flag(&mut self, name: &str, flag: bool) -> &mut Self {
        self.raw(name, if flag { "true" } else { "false" })
    }

    /// Writes a field with bytes, as hexadecimal digits.
    pub(super) fn hex<const N: usize>(&mut self, name: &str, hex: &Hex<N>) -> &mut Self {
        write_hex(self.field(name), hex);
        self
    }

    /// Writes the field `rank`.
    pub(super) fn rank(&mut self, rank: &Rank) -> &mut Self {
        let out = self.field("rank");
        out.push('"');
        out.push_hex(rank.bytes());
        out.push('"');
        self
    }

    /// Writes the field `stamp`.
    pub(super) fn stamp(&mut self, stamp: Stamp) -> &mut Self {
        self.shown("stamp", &stamp)
    }

    /// Writes a string field from a `Display` whose text has no character that JSON would escape.
    pub(super) fn shown(&mut self, name: &str, shown: &impl std::fmt::Display) -> &mut Self {
        let out = self.field(name);
        // No sink fails.
        let _ = write!(out, "\"{shown}\"");
        self
    }

    /// Writes a field with an array; `item` writes each of its items.
    pub(super) fn list<T>(&mut self, name: &str, items: &[T], mut item: impl FnMut(&mut S, &T)) -> &mut Self {
        let out = self.field(name);
        out.push('[');
        for (index, each) in items.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            item(out, each);
        }
        out.push(']');
        self
    }
}

/// Writes bytes as a string of hexadecimal digits.
pub(super) fn write_hex<S: Sink, const N: usize>(out: &mut S, hex: &Hex<N>) {
    out.push('"');
    out.push_hex(&hex.0);
    out.push('"');
}

/// Writes a JSON string. A stretch without escapes, which is nearly always the whole text, is
/// copied in one piece.
pub(super) fn quote<S: Sink>(out: &mut S, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                // No sink fails.
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}
