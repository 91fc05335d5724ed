//! Encoding: from frames to text. It is written by hand, field after field into one sink: every
//! message passes here, and no step of it can fail.

use super::object::{Object, quote, write_hex};
use super::sink::{Length, Sink};
use crate::wire::census::Resident;
use crate::wire::frame::{Change, Command, Frame, Notice, Reply, RequestId};
use crate::wire::message::{Announced, Message};
use crate::wire::peer::{Hello, PeerInfo};
use crate::wire::policy::Policy;
use crate::wire::range::{Leaf, RangeSummary};
use crate::wire::refusal::Refusal;
use crate::wire::version::{Kind, Version};

/// Returns the text of the frame.
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

/// Appends the text of the frame.
pub fn encode_into(frame: &Frame, out: &mut String) {
    write_frame(out, frame);
}

/// Returns the length of the frame's text in bytes, without writing it.
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

/// Returns the text of a refusal: of a request or, without an id, of a frame that could not be
/// read.
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
        Command::Count
        | Command::Peers
        | Command::Nodes
        | Command::Ping
        | Command::Digest
        | Command::Stats => {}
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
        Reply::Nodes { nodes, complete } => {
            object.text("type", "nodes").list("nodes", nodes, write_resident).flag("complete", *complete);
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
        Message::Stray(version) => {
            object.text("type", "push").flag("stray", true);
            write_version_object(object.field("version"), version);
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
        Message::Census { id } => {
            object.text("type", "census").number("census", *id);
        }
        Message::Counted { id, nodes, last } => {
            object
                .text("type", "counted")
                .number("census", *id)
                .list("nodes", nodes, write_resident)
                .flag("last", *last);
        }
        Message::Alive { id, node, name, value } => {
            object.text("type", "alive").number("sign", *id).hex("node", node).text("name", name);
            if let Some(value) = value {
                object.text("value", value);
            }
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
    // The id under `last` covers the whole version, whatever the policy.
    object.hex("id", &version.id(Policy::Last).truncated::<16>());
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

fn write_resident<S: Sink>(out: &mut S, resident: &Resident) {
    let mut object = Object::open(out);
    object.text("name", &resident.name).text("address", &resident.address).hex("node", &resident.node).list(
        "links",
        &resident.links,
        |out, link| {
            out.push('[');
            write_hex(out, &link.to);
            out.push(',');
            out.push_number(link.silent_ms);
            out.push(']');
        },
    );
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
