//! A read: one answer about a key, beside the greatest version that its node had told of before.

use std::rc::Rc;
use std::time::Duration;

use super::breach::Breach;
use super::law::Law;
use crate::run::results::Finding;
use crate::text;

/// A version of a key that a node told of in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct KnownVersion {
    /// The version's place among those of its key.
    pub rank: Box<str>,
    /// True if that version is known to be a tombstone.
    pub tombstone: bool,
    /// The ask that it answered.
    pub ask: Rc<str>,
    /// The time of the answer.
    pub at: Duration,
}

/// An answer about a key, and the greatest version that the node had told of before it was asked.
#[derive(Debug)]
pub(in crate::run) struct Read<'a> {
    pub node: &'a str,
    pub key: &'a str,
    pub ask: &'a str,
    pub at: Duration,
    pub answer: Answer<'a>,
    pub before: Option<&'a KnownVersion>,
}

/// The content of an answer about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Answer<'a> {
    /// The node holds the version of this rank.
    Holds(&'a str),
    /// The node wrote the version of this rank, with a stamp of its own clock.
    Wrote(&'a str),
    /// The node wrote the version of this rank, with a date that it was given: it may have lost at once.
    Dated(&'a str),
    /// The node accepted a write, and may have held the value already: under `oldest` it writes nothing then.
    Kept(&'a str),
    /// The node holds no version.
    Nothing,
    /// The node holds no value: no version or a tombstone, and somebody has asked to delete the key.
    NoValue,
}

impl<'a> Answer<'a> {
    /// Returns the rank of the version that the answer tells of.
    pub(super) fn rank(self) -> Option<&'a str> {
        match self {
            Self::Holds(rank) | Self::Wrote(rank) | Self::Dated(rank) | Self::Kept(rank) => Some(rank),
            Self::Nothing | Self::NoValue => None,
        }
    }
}

/// Returns the breach by an answer that goes back, with both answers.
pub(super) fn went_back(law: Law, read: &Read<'_>, before: &KnownVersion, how: &str) -> Breach {
    let Read { node, key, ask, at, answer, .. } = read;
    let now = answer.rank().map_or_else(|| "nothing".to_owned(), |rank| format!("rank {rank}"));
    let kind = if before.tombstone { "a tombstone of " } else { "" };
    Breach {
        law,
        message: format!("{node} goes back on `{key}`: {how}"),
        findings: vec![Finding {
            node: (*node).to_owned(),
            held: format!("{ask}: {now}"),
            fits: false,
            since: Some(*at),
        }],
        evidence: vec![
            format!(
                "at {}, `{}` at {node} told of {kind}rank {}",
                text::duration(before.at),
                before.ask,
                before.rank
            ),
            format!("at {}, `{ask}`, asked after that, told of {now}", text::duration(*at)),
        ],
    }
}
