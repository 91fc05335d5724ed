//! The events that a node logs: severity and text of each.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::level::Level;
use super::utc::utc;
use crate::wire::{NodeId, Version};

/// An event that a node logs. The driver writes one line for each: its [`level`](Self::level) and,
/// by `Display`, its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEvent {
    /// A link is up and listed at both ends.
    LinkUp {
        /// The neighbour's name or, without one, its address.
        peer: String,
        /// True if this node dialled the connection.
        dialled: bool,
    },
    /// A link is down.
    LinkDown {
        /// The neighbour's name or, without one, its address.
        peer: String,
        /// The reason, for people.
        reason: String,
    },
    /// A broken link is dialled again.
    Redial {
        /// The address that is dialled.
        address: String,
        /// The pause before the dial.
        after: Duration,
    },
    /// This node refused a link.
    Refused {
        /// The name or address of the node that was refused.
        peer: String,
        /// The reason, for people.
        reason: String,
    },
    /// A dialled node refused the link.
    RefusedByPeer {
        /// The address that was dialled.
        address: String,
        /// The reason that the node gave, for people.
        reason: String,
    },
    /// A version was put off, since its author's clock is ahead.
    NotYetDue {
        /// The key of the version.
        key: String,
        /// The lead of its stamp over this node's wall clock, in milliseconds.
        ahead_ms: u64,
    },
    /// A neighbour reports that this node's clock is ahead.
    ClockAhead {
        /// The neighbour's name or address.
        peer: String,
        /// The lead of this node's clock over the neighbour's, in milliseconds.
        ahead_ms: u64,
    },
    /// The queue to a neighbour overflowed: payloads were discarded, and the link will be
    /// reconciled.
    Overflow {
        /// The neighbour's name or address.
        peer: String,
    },
    /// Versions handed to the disk could not be kept.
    NotKept {
        /// The reason, for people.
        reason: String,
    },
    /// A client of this node wrote a version.
    Written {
        /// The key of the version.
        key: String,
        /// True if the version is a tombstone.
        tombstone: bool,
    },
    /// A version came from a neighbour and is held now.
    Arrived {
        /// The version.
        version: Arc<Version>,
        /// The neighbour's name or address.
        peer: String,
        /// The author, if it is not this neighbour.
        author: Option<NodeId>,
    },
    /// Clients of this node wrote more versions than are logged one by one.
    WrittenMore {
        /// The number of those that were not named.
        versions: u64,
    },
    /// More versions came from neighbours than are logged one by one.
    ArrivedMore {
        /// The number of those that were not named.
        versions: u64,
        /// The name or address of the neighbour that sent the first of them.
        peer: String,
        /// True if other neighbours sent some of them.
        others: bool,
    },
    /// A node was asked for a sign of life.
    Alive {
        /// The node's name or, without one, the beginning of its id.
        of: String,
    },
    /// A node of another make sent a value.
    Heard {
        /// The JSON text.
        value: String,
        /// The node that it was sent to, as in [`LogEvent::Alive`].
        of: String,
    },
    /// A version was refused: its content does not match its id.
    Damaged {
        /// The name or address of the neighbour that sent it.
        peer: String,
        /// The key, as received.
        key: String,
    },
    /// The last stamp of this node is ahead of its clock: the clock was ahead once, or is behind
    /// now.
    StampsAhead {
        /// The lead of the stamp over the clock, in milliseconds.
        ahead_ms: u64,
        /// The time from which neighbours accept versions with that stamp, in milliseconds since
        /// 1970.
        due_ms: u64,
    },
    /// A link was replaced by one to a node of the same identity at another address.
    Moved {
        /// The id that both nodes have.
        node: NodeId,
        /// The name or address of the node that was there before.
        before: String,
        /// The name or address of the node that is there now.
        now: String,
    },
}

impl LogEvent {
    /// Returns the severity of the event.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::LinkUp { .. }
            | Self::LinkDown { .. }
            | Self::Redial { .. }
            | Self::Alive { .. }
            | Self::Heard { .. }
            | Self::Written { .. }
            | Self::Arrived { .. }
            | Self::WrittenMore { .. }
            | Self::ArrivedMore { .. } => Level::Info,
            Self::Refused { .. }
            | Self::RefusedByPeer { .. }
            | Self::NotKept { .. }
            | Self::NotYetDue { .. }
            | Self::ClockAhead { .. }
            | Self::Damaged { .. }
            | Self::StampsAhead { .. }
            | Self::Moved { .. }
            | Self::Overflow { .. } => Level::Warn,
        }
    }
}

impl fmt::Display for LogEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkUp { peer, dialled } => {
                let end = if *dialled { "dialled here" } else { "dialled there" };
                write!(f, "link to {peer} is up, {end}")
            }
            Self::LinkDown { peer, reason } => write!(f, "link to {peer} is down: {reason}"),
            Self::Redial { address, after } => {
                write!(f, "dialling {address} again in {} ms", after.as_millis())
            }
            Self::Refused { peer, reason } => write!(f, "refused {peer}: {reason}"),
            Self::RefusedByPeer { address, reason } => write!(f, "{address} refused the link: {reason}"),
            Self::NotYetDue { key, ahead_ms } => {
                let key = brief(key);
                write!(
                    f,
                    "put off a version of {key}: it is stamped {ahead_ms} ms ahead of this node's clock"
                )
            }
            Self::ClockAhead { peer, ahead_ms } => {
                write!(
                    f,
                    "{peer} reports that this node's clock is {ahead_ms} ms ahead, or was: writes are refused meanwhile; \
                     set the clock right"
                )
            }
            Self::Overflow { peer } => {
                write!(f, "{peer} reads slowly: payloads were discarded, and the link will be reconciled")
            }
            Self::Alive { of } => write!(f, "I'm alive (ping from {of})"),
            Self::Heard { value, of } => write!(f, "{value} (from a node of another make, by {of})"),
            Self::NotKept { reason } => write!(f, "cannot store the writes of clients: {reason}"),
            Self::Written { key, tombstone: false } => write!(f, "set {}", brief(key)),
            Self::Written { key, tombstone: true } => write!(f, "deleted {}", brief(key)),
            Self::Arrived { version, peer, author } => {
                let what = if version.value().is_some() { "" } else { "the deletion of " };
                write!(f, "received {what}{} from {peer}", brief(version.key()))?;
                author.map_or(Ok(()), |author| write!(f, ", written by {}", author.truncated::<4>()))
            }
            Self::WrittenMore { versions } => {
                let noun = if *versions == 1 { "write" } else { "writes" };
                write!(f, "took {versions} more {noun}")
            }
            Self::ArrivedMore { versions, peer, others } => {
                let noun = if *versions == 1 { "version" } else { "versions" };
                let others = if *others { " and others" } else { "" };
                write!(f, "received {versions} more {noun} from {peer}{others}")
            }
            Self::Damaged { peer, key } => {
                let key = brief(key);
                write!(
                    f,
                    "refused a version of {key} from {peer}: it was damaged on its way or at {peer}, and is asked for again"
                )
            }
            Self::StampsAhead { ahead_ms, due_ms } => {
                let due = utc(*due_ms);
                write!(
                    f,
                    "the last write here is stamped {ahead_ms} ms ahead of this node's clock: neighbours take it from {due} on, \
                     and writes are refused once one puts it off; `tools node restamp --data FOLDER` gives it the present time"
                )
            }
            Self::Moved { node, before, now } => {
                write!(
                    f,
                    "{now} has the identity of {before} ({node}): if both run, their data folders are copies of one another; \
                     start one of them with an empty folder (--data)"
                )
            }
        }
    }
}

/// Returns the beginning of a key, at most 80 characters.
fn brief(key: &str) -> Cow<'_, str> {
    match key.char_indices().nth(80) {
        None => Cow::Borrowed(key),
        Some((end, _)) => Cow::Owned(format!("{}…", &key[..end])),
    }
}
