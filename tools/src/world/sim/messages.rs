//! The messages between nodes, as the journal names them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use node::wire::{Announced, Command, Frame, KeyHash, Message as Wire, Policy, Rank, Reply, Version};

use crate::world::{Message, MessageClass, NodeIndex, Party};

/// The messages that were reported so far.
#[derive(Default)]
pub(super) struct Messages {
    /// The number of the last message.
    last: u64,
    /// The keys that messages carried, by hash: announcements name a version by its key's hash.
    keys: BTreeMap<KeyHash, Box<str>>,
    /// True while messages are numbered, and not reported.
    pub(super) are_muted: bool,
}

/// The versions that a message is about: the key and the rank of the first one, and their number.
#[derive(Default)]
struct Subject {
    key: Option<String>,
    rank: Option<String>,
    count: usize,
}

impl Messages {
    /// Numbers a message, and returns all that is reported of it. `policy` is that of the sender.
    pub(super) fn next(
        &mut self,
        from: NodeIndex,
        to: NodeIndex,
        frame: &Frame,
        policy: Policy,
        bytes: usize,
    ) -> Message {
        self.last += 1;
        let Subject { key, rank, count } = self.subject(frame, policy);
        let (kind, class) = kind(frame);
        Message {
            number: self.last,
            from: Party::Node(from),
            to: Party::Node(to),
            kind: Cow::Borrowed(kind),
            class,
            key,
            rank,
            keys: (count > 1).then_some(count as u64),
            body: None,
            bytes: bytes as u64,
        }
    }

    /// Numbers a message that is not reported. Returns its number.
    pub(super) fn pass(&mut self, frame: &Frame) -> u64 {
        self.last += 1;
        let carried = match frame {
            Frame::Message(Wire::Push(version) | Wire::Stray(version)) => Some(version),
            Frame::Message(Wire::Have { versions, .. }) => versions.first(),
            _ => None,
        };
        if let Some(version) = carried {
            self.learn(version);
        }
        self.last
    }

    /// Returns the versions that a frame is about.
    fn subject(&mut self, frame: &Frame, policy: Policy) -> Subject {
        let Frame::Message(message) = frame else { return Subject::default() };
        match message {
            Wire::Push(version) | Wire::Stray(version) => self.carried(version, policy, 1),
            Wire::Have { versions, .. } => versions
                .first()
                .map(|version| self.carried(version, policy, versions.len()))
                .unwrap_or_default(),
            Wire::Announce(items) => items
                .first()
                .map(|item| self.named(item.key, Some(&item.rank), items.len()))
                .unwrap_or_default(),
            Wire::Graft(Announced { key, rank, .. }) => self.named(*key, Some(rank), 1),
            Wire::Want { keys } => {
                keys.first().map(|key| self.named(*key, None, keys.len())).unwrap_or_default()
            }
            _ => Subject::default(),
        }
    }

    fn learn(&mut self, version: &Version) {
        self.keys.entry(version.key_hash()).or_insert_with(|| version.key().into());
    }

    fn carried(&mut self, version: &Version, policy: Policy, count: usize) -> Subject {
        self.learn(version);
        let rank = version.rank(policy).to_string();
        Subject { key: Some(version.key().to_owned()), rank: Some(rank), count }
    }

    fn named(&self, hash: KeyHash, rank: Option<&Rank>, count: usize) -> Subject {
        Subject {
            key: self.keys.get(&hash).map(|key| String::from(&**key)),
            rank: rank.map(ToString::to_string),
            count,
        }
    }
}

/// Returns the type of a frame in the protocol, and its purpose.
fn kind(frame: &Frame) -> (&'static str, MessageClass) {
    use MessageClass::{Announcement, Graft, Handshake, KeepAlive, Other, Payload, Prune, Reconciliation};
    match frame {
        Frame::Message(message) => match message {
            Wire::Push(_) => ("push", Payload),
            Wire::Stray(_) => ("stray", Payload),
            Wire::Announce(_) => ("announce", Announcement),
            Wire::Graft(_) => ("graft", Graft),
            Wire::Prune { .. } => ("prune", Prune),
            Wire::Ranges { .. } => ("ranges", Reconciliation),
            Wire::Leaves { .. } => ("leaves", Reconciliation),
            Wire::Want { .. } => ("want", Reconciliation),
            Wire::WantRange { .. } => ("want_range", Reconciliation),
            Wire::Have { versions, .. } if versions.is_empty() => ("have", Reconciliation),
            Wire::Have { .. } => ("have", Payload),
            Wire::Early { .. } => ("early", Other),
            Wire::Neighbours(_) => ("neighbours", Other),
            Wire::Census { .. } => ("census", Other),
            Wire::Counted { .. } => ("counted", Other),
            Wire::Alive { .. } => ("alive", Other),
            Wire::Ping => ("ping", KeepAlive),
            Wire::Pong => ("pong", KeepAlive),
        },
        Frame::Request { command: Command::Auth(_), .. } => ("auth", Handshake),
        Frame::Reply { result: Ok(Reply::Hello(_)), .. } => ("hello", Handshake),
        Frame::Request { command, .. } => (command.name(), Other),
        Frame::Reply { result: Err(_), .. } => ("refusal", Handshake),
        Frame::Reply { .. } => ("reply", Other),
        Frame::Notice(_) => ("notice", Other),
    }
}
