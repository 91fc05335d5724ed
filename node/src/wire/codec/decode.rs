//! Decoding: from text to frames, within the limits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::fields::{self, Fields, malformed};
use super::{LABEL_MAX, Malformed, SIGN_VALUE_MAX};
use crate::wire::census::{Resident, SeenLink};
use crate::wire::frame::{Change, Command, Frame, Notice, Reply};
use crate::wire::hash::{Digest, Hex, KeyHash};
use crate::wire::limits::Limits;
use crate::wire::message::{Announced, Message};
use crate::wire::peer::{Hello, PeerInfo};
use crate::wire::range::{Leaf, RangeSummary};
use crate::wire::refusal::{ErrorCode, Refusal};
use crate::wire::stamp::Stamp;
use crate::wire::value::{Value, ValueError};
use crate::wire::version::{Kind, Version};

/// The maximum number of features that a node may declare.
///
/// Chosen: twenty times as many as the protocol has.
const FEATURES_MAX: usize = 64;

/// Reads one frame. Fails if the text is no frame or exceeds the limits; the error says how to
/// answer.
pub fn decode(text: &str, limits: &Limits) -> Result<Frame, Malformed> {
    let fields = Fields::read(text).map_err(|refusal| Malformed { id: None, refusal, answer: false })?;
    let id = fields.raw("id").and_then(|raw| raw.parse().ok());
    let answer = fields.has("result") || fields.has("error");
    let frame = if answer { read_reply(&fields, limits) } else { read_frame(&fields, limits) };
    frame.map_err(|refusal| Malformed { id, refusal, answer })
}

fn read_frame(fields: &Fields, limits: &Limits) -> Result<Frame, Refusal> {
    let kind = fields.text("type")?;
    if let Some(message) = read_message(&kind, fields, limits)? {
        return Ok(Frame::Message(message));
    }
    if let Some(notice) = read_notice(&kind, fields, limits)? {
        return Ok(Frame::Notice(notice));
    }
    match read_command(&kind, fields, limits)? {
        Some(command) => Ok(Frame::Request { id: fields.number("id")?, command }),
        None => Err(Refusal::new(ErrorCode::UnknownCommand, format!("unknown type `{}`", shown(&kind)))),
    }
}

/// Returns the beginning of a received word, at most 40 characters, for use in a message.
fn shown(word: &str) -> Cow<'_, str> {
    match word.char_indices().nth(40) {
        None => Cow::Borrowed(word),
        Some((end, _)) => Cow::Owned(format!("{}…", &word[..end])),
    }
}

fn read_reply(fields: &Fields, limits: &Limits) -> Result<Frame, Refusal> {
    let result = match fields.raw("error") {
        None => Ok(read_result(&Fields::nested("result", fields.required("result")?)?, limits)?),
        Some(error) => {
            let error = Fields::nested("error", error)?;
            let name = error.text("code")?;
            // An unknown code comes from a newer node, and is still a refusal.
            let code = ErrorCode::from_name(&name).unwrap_or(ErrorCode::Refused);
            let message = error.optional("message", fields::text)?.unwrap_or_default();
            Err(Refusal::new(code, message))
        }
    };
    match (fields.raw("id"), result) {
        (None | Some("null"), Err(refusal)) => Err(refusal),
        (_, result) => Ok(Frame::Reply { id: fields.number("id")?, result }),
    }
}

fn read_command(kind: &str, fields: &Fields, limits: &Limits) -> Result<Option<Command>, Refusal> {
    Ok(Some(match kind {
        "get" => Command::Get { key: key("key", fields.required("key")?, limits)? },
        "stamp" => Command::Stamp { key: key("key", fields.required("key")?, limits)? },
        "set" => Command::Set {
            key: key("key", fields.required("key")?, limits)?,
            value: value(fields.required("value")?, limits)?,
            date: fields.optional("date", fields::number)?,
        },
        "delete" => Command::Delete { key: key("key", fields.required("key")?, limits)? },
        "keys" => Command::Keys { after: fields.optional("after", |name, raw| key(name, raw, limits))? },
        "count" => Command::Count,
        "peers" => Command::Peers,
        "addPeer" => Command::AddPeer { address: label("address", fields.required("address")?)? },
        "auth" => Command::Auth(hello(fields)?),
        "nodes" => Command::Nodes,
        // A `ping` without an id is the keep-alive of a neighbour.
        "ping" => Command::Ping,
        "digest" => Command::Digest,
        "stats" => Command::Stats,
        "watch" => Command::Watch { versions: fields.flag("versions")? },
        _ => return Ok(None),
    }))
}

fn read_result(fields: &Fields, limits: &Limits) -> Result<Reply, Refusal> {
    Ok(match fields.text("type")?.as_ref() {
        "written" => Reply::Written {
            stamp: fields.parsed("stamp")?,
            author: fields.parsed("author")?,
            rank: fields.parsed("rank")?,
        },
        "value" => Reply::Value(Arc::new(version(fields, limits)?)),
        "keys" => Reply::Keys {
            keys: fields.list("keys", |name, raw| key(name, raw, limits))?,
            more: fields.flag("more")?,
        },
        "count" => Reply::Count(fields.number("count")?),
        "peers" => Reply::Peers(fields.list("peers", peer)?),
        "nodes" => {
            Reply::Nodes { nodes: fields.list("nodes", resident)?, complete: fields.flag("complete")? }
        }
        "added" => Reply::Added(peer("peer", fields.required("peer")?)?),
        "hello" => Reply::Hello(hello(fields)?),
        "digest" => Reply::Digest(digest(fields)?),
        "stats" => {
            let figures = Fields::nested("figures", fields.required("figures")?)?;
            let figure = |(name, raw): (&str, &str)| {
                Ok((Cow::Owned(name.to_owned()), fields::number::<u64>(name, raw)?))
            };
            Reply::Stats(figures.all().map(figure).collect::<Result<BTreeMap<_, _>, Refusal>>()?)
        }
        "watching" => Reply::Watching(change(fields)?),
        unknown => return Err(malformed(format!("unknown type of result `{}`", shown(unknown)))),
    })
}

fn read_notice(kind: &str, fields: &Fields, limits: &Limits) -> Result<Option<Notice>, Refusal> {
    Ok(Some(match kind {
        "changed" => Notice::Changed(change(fields)?),
        "stored" => Notice::Stored {
            key: key("key", fields.required("key")?, limits)?,
            stamp: fields.parsed("stamp")?,
            author: fields.parsed("author")?,
            rank: fields.parsed("rank")?,
        },
        _ => return Ok(None),
    }))
}

fn read_message(kind: &str, fields: &Fields, limits: &Limits) -> Result<Option<Message>, Refusal> {
    let version_of = |name: &str, raw| {
        let fields = Fields::nested(name, raw)?;
        let version = version(&fields, limits)?;
        Ok(Arc::new(match fields.optional("id", fields::parsed)? {
            Some(id) => version.with_id_of_sender(&id),
            None => version,
        }))
    };
    Ok(Some(match kind {
        "push" => {
            let version = version_of("version", fields.required("version")?)?;
            if fields.flag("stray")? { Message::Stray(version) } else { Message::Push(version) }
        }
        "announce" => {
            Message::Announce(fields.list("items", |name, raw| announced(&Fields::nested(name, raw)?))?)
        }
        "graft" => Message::Graft(announced(fields)?),
        "prune" => Message::Prune { author: fields.parsed("author")? },
        "ranges" => {
            Message::Ranges { ranges: fields.list("ranges", range)?, settled: fields.flag("settled")? }
        }
        "leaves" => Message::Leaves {
            leaves: fields.list("leaves", leaf)?,
            settled: fields.flag("settled")?,
            answer: fields.flag("answer")?,
        },
        "want" => Message::Want { keys: fields.list("hashes", fields::parsed)? },
        "want_range" => Message::WantRange {
            prefix: fields.parsed("prefix")?,
            after: fields.optional("after", fields::parsed)?,
        },
        "have" => Message::Have {
            versions: fields.list("versions", version_of)?,
            more: fields.optional("more", fields::parsed)?,
        },
        "early" => Message::Early { wall_ms: fields.number("wall")? },
        "neighbours" => Message::Neighbours(fields.list("peers", peer)?),
        "census" => Message::Census { id: fields.number("census")? },
        "counted" => Message::Counted {
            id: fields.number("census")?,
            nodes: fields.list("nodes", resident)?,
            last: fields.flag("last")?,
        },
        "alive" => Message::Alive {
            id: fields.number("sign")?,
            node: fields.parsed("node")?,
            name: label_or_empty("name", fields)?,
            value: fields.optional("value", sign_value)?,
        },
        "ping" if !fields.has("id") => Message::Ping,
        "pong" => Message::Pong,
        _ => return Ok(None),
    }))
}

/// Reads the value of a sign of life.
fn sign_value(name: &str, raw: &str) -> Result<String, Refusal> {
    let value = fields::text(name, raw)?;
    if value.len() > SIGN_VALUE_MAX {
        let message = format!("`{name}` has {} bytes; at most {SIGN_VALUE_MAX} are taken", value.len());
        return Err(Refusal::new(ErrorCode::Refused, message));
    }
    Ok(value.into_owned())
}

fn key(name: &str, raw: &str, limits: &Limits) -> Result<String, Refusal> {
    let key = fields::text(name, raw)?;
    if key.len() > limits.key {
        let message = format!("`{name}` has {} bytes; at most {} are taken", key.len(), limits.key);
        return Err(Refusal::new(ErrorCode::Refused, message));
    }
    Ok(key.into_owned())
}

fn value(raw: &str, limits: &Limits) -> Result<Value, Refusal> {
    Value::new(raw, limits).map_err(|error| {
        let code = match error {
            ValueError::NotJson(_) => ErrorCode::Malformed,
            ValueError::TooLong(..) | ValueError::TooDeep(_) => ErrorCode::Refused,
        };
        Refusal::new(code, error.to_string())
    })
}

/// Reads a name or an address, of at most [`LABEL_MAX`] bytes.
fn label(name: &str, raw: &str) -> Result<String, Refusal> {
    let label = fields::text(name, raw)?;
    if label.len() > LABEL_MAX {
        let message = format!("`{name}` has {} bytes; at most {LABEL_MAX} are taken", label.len());
        return Err(Refusal::new(ErrorCode::Refused, message));
    }
    Ok(label.into_owned())
}

/// Reads an optional name or address; absent means empty.
fn label_or_empty(name: &str, fields: &Fields) -> Result<String, Refusal> {
    Ok(fields.optional(name, label)?.unwrap_or_default())
}

fn hello(fields: &Fields) -> Result<Hello, Refusal> {
    let features = fields.optional("features", fields::items)?.unwrap_or_default();
    if features.len() > FEATURES_MAX {
        return Err(Refusal::new(ErrorCode::Refused, format!("more than {FEATURES_MAX} `features`")));
    }
    Ok(Hello {
        protocol: fields.number("protocol")?,
        features: features.into_iter().map(|raw| label("features", raw)).collect::<Result<_, _>>()?,
        network: label("network", fields.required("network")?)?,
        node: fields.parsed("node")?,
        policy: fields.parsed("policy")?,
        name: label_or_empty("name", fields)?,
        address: label_or_empty("address", fields)?,
    })
}

fn peer(name: &str, raw: &str) -> Result<PeerInfo, Refusal> {
    let fields = Fields::nested(name, raw)?;
    Ok(PeerInfo {
        name: label_or_empty("name", &fields)?,
        address: label("address", fields.required("address")?)?,
        node: fields.parsed("node")?,
        dialled: fields.flag("dialled")?,
    })
}

/// Reads a node of a census. Links beyond the greatest number are left out.
fn resident(name: &str, raw: &str) -> Result<Resident, Refusal> {
    let fields = Fields::nested(name, raw)?;
    let mut links = fields.list("links", seen_link)?;
    links.truncate(Resident::LINKS_MAX);
    Ok(Resident {
        node: fields.parsed("node")?,
        name: label_or_empty("name", &fields)?,
        address: label_or_empty("address", &fields)?,
        links,
    })
}

fn seen_link(name: &str, raw: &str) -> Result<SeenLink, Refusal> {
    match fields::items(name, raw)?.as_slice() {
        [to, silent] => {
            Ok(SeenLink { to: fields::parsed(name, to)?, silent_ms: fields::number(name, silent)? })
        }
        _ => Err(malformed(format!("each of `{name}` should be a node and a time in milliseconds"))),
    }
}

fn digest(fields: &Fields) -> Result<Digest, Refusal> {
    Ok(Digest { count: fields.number("count")?, fingerprint: fields.parsed("fingerprint")? })
}

fn change(fields: &Fields) -> Result<Change, Refusal> {
    Ok(Change {
        incarnation: fields.number("incarnation")?,
        sequence: fields.number("sequence")?,
        digest: digest(fields)?,
        peers: fields.number("peers")?,
    })
}

fn version(fields: &Fields, limits: &Limits) -> Result<Version, Refusal> {
    let kind = match (fields.raw("value"), fields.flag("deleted")?) {
        (Some(raw), false) => Kind::Set(value(raw, limits)?),
        (None, true) => Kind::Tombstone,
        (None, false) => return Err(malformed("`value` is missing, and `deleted` is not true")),
        (Some(_), true) => return Err(malformed("a version has a `value` or is `deleted`, not both")),
    };
    let stamp = Stamp { wall_ms: fields.number("wall")?, counter: fields.number("counter")? };
    let key = key("key", fields.required("key")?, limits)?;
    Ok(Version::new(&key, kind, stamp, fields.parsed("author")?))
}

fn announced(fields: &Fields) -> Result<Announced, Refusal> {
    Ok(Announced {
        key: fields.parsed("hash")?,
        author: fields.parsed("author")?,
        rank: fields.parsed("rank")?,
    })
}

fn range(name: &str, raw: &str) -> Result<RangeSummary, Refusal> {
    let fields = Fields::nested(name, raw)?;
    Ok(RangeSummary {
        prefix: fields.parsed("prefix")?,
        count: fields.number("count")?,
        fingerprint: fields.parsed("fingerprint")?,
    })
}

fn leaf(name: &str, raw: &str) -> Result<Leaf, Refusal> {
    let fields = Fields::nested(name, raw)?;
    Ok(Leaf { prefix: fields.parsed("prefix")?, items: fields.list("items", leaf_item)? })
}

fn leaf_item(name: &str, raw: &str) -> Result<(KeyHash, Hex<16>), Refusal> {
    match fields::items(name, raw)?.as_slice() {
        [hash, id] => Ok((fields::parsed(name, hash)?, fields::parsed(name, id)?)),
        _ => Err(malformed(format!("each of `{name}` should be a key's hash and an id"))),
    }
}
