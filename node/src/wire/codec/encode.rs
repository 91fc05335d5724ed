//! Frames to text. Written by hand, field after field into one sink: this is on the path of
//! every message, and there is nothing in it that could fail.

use super::sink::{Length, Sink};
use crate::wire::frame::{Change, Command, Frame, Hello, Notice, PeerInfo, Refusal, Reply, RequestId};
use crate::wire::hash::Hex;
use crate::wire::message::{Announced, Leaf, Message, RangeSummary};
use crate::wire::version::{Kind, Rank, Stamp, Version};

/// The frame's text.
#[must_use]
pub fn encode(frame: &Frame) -> String {
    let weight = match frame {
        Frame::Message(message) => message.weight(),
        Frame::Reply { result: Ok(Reply::Value(version)), .. } => version.weight(),
        _ => 0,
    };
    let mut out = String::with_capacity(weight + 128);
    encode_into(frame, &mut out);
    out
}

/// Appends the frame's text.
pub fn encode_into(frame: &Frame, out: &mut String) {
    write_frame(out, frame);
}

/// How many bytes the frame's text has, without writing it.
#[must_use]
pub fn encoded_len(frame: &Frame) -> usize {
    let mut length = Length::default();
    write_frame(&mut length, frame);
    length.0
}

fn write_frame<S: Sink>(out: &mut S, frame: &Frame) {
    let mut object = Object::open(out);
    match frame {
        Frame::Request { id, command } => {
            object.number("id", *id).text("type", command.name());
            write_command(&mut object, command);
        }
        Frame::Reply { id, result } => {
            object.number("id", *id);
            match result {
                Ok(reply) => {
                    let mut result = Object::open(object.field("result"));
                    write_reply(&mut result, reply);
                    result.close();
                }
                Err(refusal) => write_refusal(&mut object, refusal),
            }
        }
        Frame::Notice(notice) => write_notice(&mut object, notice),
        Frame::Message(message) => write_message(&mut object, message),
    }
    object.close();
}

/// The text of a refusal: of a request, or, without an id, of a frame that could not be read.
#[must_use]
pub fn encode_refusal(id: Option<RequestId>, refusal: &Refusal) -> String {
    let mut out = String::with_capacity(64 + refusal.message.len());
    let mut object = Object::open(&mut out);
    match id {
        Some(id) => object.number("id", id),
        None => object.raw("id", "null"),
    };
    write_refusal(&mut object, refusal);
    object.close();
    out
}

fn write_refusal<S: Sink>(object: &mut Object<S>, refusal: &Refusal) {
    let mut error = Object::open(object.field("error"));
    error.text("code", refusal.code.name()).text("message", &refusal.message);
    error.close();
}

fn write_command<S: Sink>(object: &mut Object<S>, command: &Command) {
    match command {
        Command::Get { key } | Command::Stamp { key } | Command::Delete { key } => {
            object.text("key", key);
        }
        Command::Set { key, value, date } => {
            object.text("key", key).raw("value", value.json());
            if let Some(date) = date {
                object.number("date", *date);
            }
        }
        Command::Keys { after } => {
            if let Some(after) = after {
                object.text("after", after);
            }
        }
        Command::AddPeer { address } => {
            object.text("address", address);
        }
        Command::Auth(hello) => write_hello(object, hello),
        Command::Watch { versions } => {
            if *versions {
                object.flag("versions", true);
            }
        }
        Command::Count | Command::Peers | Command::Digest | Command::Stats => {}
    }
}

fn write_reply<S: Sink>(object: &mut Object<S>, reply: &Reply) {
    match reply {
        Reply::Written { stamp, author, rank } => {
            object.text("type", "written").stamp(*stamp).hex("author", author).rank(rank);
        }
        Reply::Value(version) => {
            object.text("type", "value");
            write_version(object, version);
        }
        Reply::Keys { keys, more } => {
            object.text("type", "keys").list("keys", keys, |out, key| quote(out, key)).flag("more", *more);
        }
        Reply::Count(count) => {
            object.text("type", "count").number("count", *count);
        }
        Reply::Peers(peers) => {
            object.text("type", "peers").list("peers", peers, write_peer);
        }
        Reply::Added(peer) => {
            write_peer(object.text("type", "added").field("peer"), peer);
        }
        Reply::Hello(hello) => {
            object.text("type", "hello");
            write_hello(object, hello);
        }
        Reply::Digest(digest) => {
            object
                .text("type", "digest")
                .number("count", digest.count)
                .hex("fingerprint", &digest.fingerprint);
        }
        Reply::Stats(figures) => {
            let mut inner = Object::open(object.text("type", "stats").field("figures"));
            for (name, figure) in figures {
                inner.separate();
                quote(inner.out, name);
                inner.out.push(':');
                inner.out.push_number(*figure);
            }
            inner.close();
        }
        Reply::Watching(change) => {
            object.text("type", "watching");
            write_change(object, change);
        }
    }
}

fn write_notice<S: Sink>(object: &mut Object<S>, notice: &Notice) {
    match notice {
        Notice::Changed(change) => {
            object.text("type", "changed");
            write_change(object, change);
        }
        Notice::Stored { key, stamp, author, rank } => {
            object.text("type", "stored").text("key", key).stamp(*stamp).hex("author", author).rank(rank);
        }
    }
}

fn write_message<S: Sink>(object: &mut Object<S>, message: &Message) {
    match message {
        Message::Push(version) => {
            write_version_object(object.text("type", "push").field("version"), version);
        }
        Message::Announce(items) => {
            object.text("type", "announce").list("items", items, |out, item| {
                let mut object = Object::open(out);
                write_announced(&mut object, item);
                object.close();
            });
        }
        Message::Graft(announced) => write_announced(object.text("type", "graft"), announced),
        Message::Prune { author } => {
            object.text("type", "prune").hex("author", author);
        }
        Message::Ranges { ranges, settled } => {
            object.text("type", "ranges").list("ranges", ranges, write_range).flag("settled", *settled);
        }
        Message::Leaves { leaves, settled, answer } => {
            object
                .text("type", "leaves")
                .list("leaves", leaves, write_leaf)
                .flag("settled", *settled)
                .flag("answer", *answer);
        }
        Message::Want { keys } => {
            object.text("type", "want").list("hashes", keys, write_hex);
        }
        Message::WantRange { prefix, after } => {
            object.text("type", "want_range").shown("prefix", prefix);
            if let Some(after) = after {
                object.hex("after", after);
            }
        }
        Message::Have { versions, more } => {
            object
                .text("type", "have")
                .list("versions", versions, |out, version| write_version_object(out, version));
            if let Some(more) = more {
                object.shown("more", more);
            }
        }
        Message::Early { wall_ms } => {
            object.text("type", "early").number("wall", *wall_ms);
        }
        Message::Neighbours(peers) => {
            object.text("type", "neighbours").list("peers", peers, write_peer);
        }
        Message::Ping => {
            object.text("type", "ping");
        }
        Message::Pong => {
            object.text("type", "pong");
        }
    }
}

fn write_hello<S: Sink>(object: &mut Object<S>, hello: &Hello) {
    object
        .number("protocol", hello.protocol.into())
        .list("features", &hello.features, |out, feature| quote(out, feature))
        .text("network", &hello.network)
        .hex("node", &hello.node)
        .text("policy", hello.policy.name())
        .text("name", &hello.name)
        .text("address", &hello.address);
}

fn write_change<S: Sink>(object: &mut Object<S>, change: &Change) {
    object
        .number("incarnation", change.incarnation)
        .number("sequence", change.sequence)
        .number("count", change.digest.count)
        .hex("fingerprint", &change.digest.fingerprint)
        .number("peers", change.peers);
}

fn write_version_object<S: Sink>(out: &mut S, version: &Version) {
    let mut object = Object::open(out);
    write_version(&mut object, version);
    object.close();
}

fn write_version<S: Sink>(object: &mut Object<S>, version: &Version) {
    object.text("key", version.key());
    match version.kind() {
        Kind::Set(value) => object.raw("value", value.json()),
        Kind::Tombstone => object.flag("deleted", true),
    };
    let stamp = version.stamp();
    object
        .number("wall", stamp.wall_ms)
        .number("counter", stamp.counter.into())
        .hex("author", &version.author());
}

fn write_announced<S: Sink>(object: &mut Object<S>, announced: &Announced) {
    object.hex("hash", &announced.key).hex("author", &announced.author).rank(&announced.rank);
}

fn write_peer<S: Sink>(out: &mut S, peer: &PeerInfo) {
    let mut object = Object::open(out);
    object
        .text("name", &peer.name)
        .text("address", &peer.address)
        .hex("node", &peer.node)
        .flag("dialled", peer.dialled);
    object.close();
}

fn write_range<S: Sink>(out: &mut S, range: &RangeSummary) {
    let mut object = Object::open(out);
    object.shown("prefix", &range.prefix).number("count", range.count).hex("fingerprint", &range.fingerprint);
    object.close();
}

fn write_leaf<S: Sink>(out: &mut S, leaf: &Leaf) {
    let mut object = Object::open(out);
    object.shown("prefix", &leaf.prefix).list("items", &leaf.items, |out, (hash, id)| {
        out.push('[');
        write_hex(out, hash);
        out.push(',');
        write_hex(out, id);
        out.push(']');
    });
    object.close();
}

/// A JSON object as it grows.
struct Object<'a, S> {
    out: &'a mut S,
    empty: bool,
}

impl<'a, S: Sink> Object<'a, S> {
    fn open(out: &'a mut S) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    fn close(self) {
        self.out.push('}');
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
    }

    /// Begins a field; its value is to be written next.
    fn field(&mut self, name: &str) -> &mut S {
        self.separate();
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self.out
    }

    fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.field(name).push_str(json);
        self
    }

    fn text(&mut self, name: &str, text: &str) -> &mut Self {
        quote(self.field(name), text);
        self
    }

    fn number(&mut self, name: &str, number: u64) -> &mut Self {
        self.field(name).push_number(number);
        self
    }

    fn flag(&mut self, name: &str, flag: bool) -> &mut Self {
        self.raw(name, if flag { "true" } else { "false" })
    }

    fn hex<const N: usize>(&mut self, name: &str, hex: &Hex<N>) -> &mut Self {
        write_hex(self.field(name), hex);
        self
    }

    fn rank(&mut self, rank: &Rank) -> &mut Self {
        let out = self.field("rank");
        out.push('"');
        out.push_hex(rank.bytes());
        out.push('"');
        self
    }

    fn stamp(&mut self, stamp: Stamp) -> &mut Self {
        self.shown("stamp", &stamp)
    }

    /// What shows itself without any character that JSON would escape.
    fn shown(&mut self, name: &str, shown: &impl std::fmt::Display) -> &mut Self {
        let out = self.field(name);
        // No sink fails.
        let _ = write!(out, "\"{shown}\"");
        self
    }

    fn list<T>(&mut self, name: &str, items: &[T], mut item: impl FnMut(&mut S, &T)) -> &mut Self {
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

fn write_hex<S: Sink, const N: usize>(out: &mut S, hex: &Hex<N>) {
    out.push('"');
    out.push_hex(&hex.0);
    out.push('"');
}

/// Writes a JSON string. What needs no escape, which is nearly always all of it, is copied in
/// one piece.
fn quote<S: Sink>(out: &mut S, text: &str) {
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
