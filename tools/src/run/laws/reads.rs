//! What a client is told of a key at one node never goes back in merge order.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::{Broken, Law};
use crate::driver::policy_of;
use crate::run::failure::Finding;
use crate::run::judge::Observed;
use crate::run::network::Node;
use crate::text;
use crate::world::NodeIndex;

/// What a node told of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Told {
    /// The version's place among those of its key.
    pub rank: Box<str>,
    /// Whether that version is known to be a tombstone.
    pub tombstone: bool,
    /// The ask that it answered.
    pub ask: Rc<str>,
    /// When it was answered.
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
    pub before: Option<&'a Told>,
}

/// What an answer says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Answer<'a> {
    /// The node holds the version of this rank.
    Holds(&'a str),
    /// It wrote the version of this rank, with a stamp of its own clock.
    Wrote(&'a str),
    /// It wrote the version of this rank, with a date that it was given: it may have lost at once.
    Dated(&'a str),
    /// It took a write of a value that was there already: under `oldest` nothing is written then.
    Kept(&'a str),
    /// It holds no version.
    Nothing,
    /// It holds no value: no version or a tombstone, and somebody has asked to delete the key.
    NoValue,
}

impl<'a> Answer<'a> {
    /// The rank of the version that it tells of.
    fn rank(self) -> Option<&'a str> {
        match self {
            Self::Holds(rank) | Self::Wrote(rank) | Self::Dated(rank) | Self::Kept(rank) => Some(rank),
            Self::Nothing | Self::NoValue => None,
        }
    }
}

/// **Monotonic reads.** An answer is compared with answers that had ended before its ask began, of
/// one node in one incarnation; a node with a data folder is also held to every write that it
/// acknowledged in an earlier one. It tells of a version at least as great, and of a greater one
/// where its own clock made the stamp. To hold nothing, or no value of a key that nobody has asked
/// to delete, after a version was told of, is going back as well. Evidence: the clients' history.
pub(in crate::run) fn monotonic_reads(read: &Read<'_>) -> Option<Broken> {
    let before = read.before?;
    let how = match read.answer {
        Answer::Holds(rank) | Answer::Kept(rank) if *rank < *before.rank => {
            "it tells of an older version than before"
        }
        Answer::Wrote(rank) if *rank <= *before.rank => "what it wrote loses to what it told of before",
        Answer::Nothing => "it tells of nothing, after it told of a version",
        _ => return None,
    };
    Some(broken(Law::MonotonicReads, read, before, how))
}

/// The failure of an answer that goes back, with both answers.
pub(super) fn broken(law: Law, read: &Read<'_>, before: &Told, how: &str) -> Broken {
    let Read { node, key, ask, at, answer, .. } = read;
    let now = answer.rank().map_or_else(|| "nothing".to_owned(), |rank| format!("rank {rank}"));
    let kind = if before.tombstone { "a tombstone of " } else { "" };
    Broken {
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

/// An ask about a key that is under way.
#[derive(Debug)]
pub(in crate::run) struct Asking {
    node: NodeIndex,
    incarnation: u64,
    disk: bool,
    oldest: bool,
    key: Rc<str>,
    words: Words,
    ask: Rc<str>,
    before: Option<Rc<Told>>,
}

/// The asks that tell of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    Get,
    Stamp,
    Set,
    SetDated,
    Delete,
}

impl Words {
    fn of(words: &[String]) -> Option<(Self, &str)> {
        let (command, key) = (words.first()?.as_str(), words.get(1)?.as_str());
        let words = match (command, words.len()) {
            ("get", 2) => Self::Get,
            ("stamp", 2) => Self::Stamp,
            ("set", 3) => Self::Set,
            ("set", 4) => Self::SetDated,
            ("delete", 2) => Self::Delete,
            _ => return None,
        };
        Some((words, key))
    }

    fn writes(self) -> bool {
        matches!(self, Self::Set | Self::SetDated | Self::Delete)
    }
}

/// What nodes have told of keys: of each node and key the greatest.
#[derive(Debug, Default)]
pub(super) struct Reads {
    told: BTreeMap<NodeIndex, BTreeMap<Rc<str>, Greatest>>,
    /// Of keys that somebody has asked to delete: the ranks of their acknowledged tombstones, the
    /// greatest of each node.
    deletes: BTreeMap<Rc<str>, BTreeMap<NodeIndex, Box<str>>>,
}

#[derive(Debug, Default)]
struct Greatest {
    /// In this incarnation.
    incarnation: u64,
    told: Option<Rc<Told>>,
    /// What it acknowledged and has on disk, in whatever incarnation.
    kept: Option<Rc<Told>>,
}

impl Greatest {
    /// What an answer of that incarnation must not be below.
    fn floor(&self, incarnation: u64) -> Option<Rc<Told>> {
        let told = self.told.as_ref().filter(|_| self.incarnation == incarnation);
        [told, self.kept.as_ref()]
            .into_iter()
            .flatten()
            .max_by(|one, other| one.rank.cmp(&other.rank))
            .cloned()
    }
}

impl Reads {
    /// An ask is about to be submitted; none if it tells of no key.
    pub(super) fn begin(&mut self, index: NodeIndex, node: &Node, words: &[String]) -> Option<Asking> {
        let (kind, key) = Words::of(words)?;
        let (key, told) = match self.told.get(&index).and_then(|keys| keys.get_key_value(key)) {
            Some((key, told)) => (Rc::clone(key), Some(told)),
            None => (Rc::from(key), None),
        };
        let before = told.and_then(|told| told.floor(node.incarnation));
        if kind == Words::Delete {
            self.deletes.entry(Rc::clone(&key)).or_default();
        }
        Some(Asking {
            node: index,
            incarnation: node.incarnation,
            disk: node.spec.disk,
            oldest: policy_of(&node.spec) == Some("oldest"),
            ask: words.join(" ").into(),
            key,
            words: kind,
            before,
        })
    }

    /// An ask has ended: which law what came of it breaks, if any.
    pub(super) fn end(
        &mut self,
        asking: &Asking,
        node: &Node,
        observed: &Observed,
        at: Duration,
    ) -> Option<Broken> {
        // What a former life had under way is no word of this one.
        if node.incarnation != asking.incarnation {
            return None;
        }
        let answer = asking.answer(observed, self.deletes.contains_key(&asking.key))?;
        let before = asking.before.as_deref();
        let read = Read { node: node.name(), key: &asking.key, ask: &asking.ask, at, answer, before };
        let broken = super::tombstones::tombstones(&read).or_else(|| monotonic_reads(&read));
        if let Some(rank) = answer.rank() {
            self.keep(asking, rank, at);
        }
        broken
    }

    fn keep(&mut self, asking: &Asking, rank: &str, at: Duration) {
        let tombstones = self.deletes.get_mut(&asking.key);
        let tombstone = match tombstones {
            Some(ranks) if asking.words == Words::Delete => {
                let greatest = ranks.entry(asking.node).or_default();
                if **greatest < *rank {
                    *greatest = rank.into();
                }
                true
            }
            Some(ranks) => ranks.values().any(|known| **known == *rank),
            None => false,
        };
        let keys = self.told.entry(asking.node).or_default();
        if !keys.contains_key(&asking.key) {
            keys.insert(Rc::clone(&asking.key), Greatest::default());
        }
        let Some(greatest) = keys.get_mut(&asking.key) else { return };
        let floor = |told: &Option<Rc<Told>>| told.as_ref().is_none_or(|told| *told.rank < *rank);
        let kept = asking.disk && asking.words.writes() && floor(&greatest.kept);
        let new_life = greatest.incarnation != asking.incarnation;
        let told = new_life || floor(&greatest.told);
        if !kept && !told {
            return;
        }
        let new = Rc::new(Told { rank: rank.into(), tombstone, ask: Rc::clone(&asking.ask), at });
        if kept {
            greatest.kept = Some(Rc::clone(&new));
        }
        if told {
            (greatest.incarnation, greatest.told) = (asking.incarnation, Some(new));
        }
    }
}

impl Asking {
    /// What an outcome says of the key; nothing where it is an error of another kind, or silence.
    fn answer<'a>(&self, observed: &'a Observed, delete_asked: bool) -> Option<Answer<'a>> {
        match observed {
            Observed::Answered(answer) => {
                let rank = answer.written.as_ref()?.rank.as_str();
                Some(match self.words {
                    Words::Get | Words::Stamp => Answer::Holds(rank),
                    Words::Set | Words::Delete if self.oldest => Answer::Kept(rank),
                    Words::Set | Words::Delete => Answer::Wrote(rank),
                    Words::SetDated => Answer::Dated(rank),
                })
            }
            Observed::Refused { code, .. } if code == "absent" => {
                Some(if self.words != Words::Stamp && delete_asked {
                    Answer::NoValue
                } else {
                    Answer::Nothing
                })
            }
            Observed::Refused { .. } | Observed::Silent(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
