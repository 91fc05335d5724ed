//! The law of monotonic reads: at one node, a client never reads an older version of a key than before.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::read::{Answer, KnownVersion, Read, went_back};
use super::tombstones::tombstones;
use super::{Breach, Law};
use crate::driver::policy_of;
use crate::run::answers::{ABSENT, Observed};
use crate::run::state::Node;
use crate::world::NodeIndex;

/// Judges the law of **monotonic reads**. An answer is compared with the answers of the same node in the
/// same incarnation that had ended before its ask began. A node with a data folder must also honour
/// every write that it acknowledged in an earlier incarnation.
///
/// - An answer must tell of a version at least as great as before; of a greater one, if its own clock
///   made the stamp.
/// - To hold nothing after a version was told of is going back as well. So is to hold no value of a key
///   that nobody has asked to delete.
///
/// Evidence: the clients' history.
pub(in crate::run) fn monotonic_reads(read: &Read<'_>) -> Option<Breach> {
    let before = read.before?;
    let how = match read.answer {
        Answer::Holds(rank) | Answer::Kept(rank) if *rank < *before.rank => {
            "it tells of an older version than before"
        }
        Answer::Wrote(rank) if *rank <= *before.rank => "what it wrote loses to what it told of before",
        Answer::Nothing => "it tells of nothing, after it told of a version",
        _ => return None,
    };
    Some(went_back(Law::MonotonicReads, read, before, how))
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
    before: Option<Rc<KnownVersion>>,
}

/// The kinds of ask that tell of one key.
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

/// The greatest version of each key that each node has told of.
#[derive(Debug, Default)]
pub(super) struct Reads {
    told: BTreeMap<NodeIndex, BTreeMap<Rc<str>, Greatest>>,
    /// The keys that somebody has asked to delete. Each has the ranks of its acknowledged tombstones,
    /// the greatest of each node.
    deletes: BTreeMap<Rc<str>, BTreeMap<NodeIndex, Box<str>>>,
}

#[derive(Debug, Default)]
struct Greatest {
    /// The incarnation in which `told` was told.
    incarnation: u64,
    told: Option<Rc<KnownVersion>>,
    /// The greatest version that it acknowledged and has on disk, in whatever incarnation.
    kept: Option<Rc<KnownVersion>>,
}

impl Greatest {
    /// Returns the version that an answer of that incarnation must not be below.
    fn floor(&self, incarnation: u64) -> Option<Rc<KnownVersion>> {
        let told = self.told.as_ref().filter(|_| self.incarnation == incarnation);
        [told, self.kept.as_ref()]
            .into_iter()
            .flatten()
            .max_by(|one, other| one.rank.cmp(&other.rank))
            .cloned()
    }
}

impl Reads {
    /// Records an ask that is about to be submitted. Returns none if it tells of no key.
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

    /// Records the outcome of an ask. Returns the law that it breaks, if any.
    pub(super) fn end(
        &mut self,
        asking: &Asking,
        node: &Node,
        observed: &Observed,
        at: Duration,
    ) -> Option<Breach> {
        // An answer to an ask of a former life says nothing of this one.
        if node.incarnation != asking.incarnation {
            return None;
        }
        let answer = asking.answer(observed, self.deletes.contains_key(&asking.key))?;
        let before = asking.before.as_deref();
        let read = Read { node: node.name(), key: &asking.key, ask: &asking.ask, at, answer, before };
        let broken = tombstones(&read).or_else(|| monotonic_reads(&read));
        if let Some(rank) = answer.rank() {
            self.record_version(asking, rank, at);
        }
        broken
    }

    /// Records the version that an answer tells of.
    fn record_version(&mut self, asking: &Asking, rank: &str, at: Duration) {
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
        let floor = |told: &Option<Rc<KnownVersion>>| told.as_ref().is_none_or(|told| *told.rank < *rank);
        let kept = asking.disk && asking.words.writes() && floor(&greatest.kept);
        let new_life = greatest.incarnation != asking.incarnation;
        let told = new_life || floor(&greatest.told);
        if !kept && !told {
            return;
        }
        let new = Rc::new(KnownVersion { rank: rank.into(), tombstone, ask: Rc::clone(&asking.ask), at });
        if kept {
            greatest.kept = Some(Rc::clone(&new));
        }
        if told {
            (greatest.incarnation, greatest.told) = (asking.incarnation, Some(new));
        }
    }
}

impl Asking {
    /// Returns the answer that an outcome gives about the key; none if it is another error, or silence.
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
            Observed::Refused { code, .. } if code == ABSENT => {
                Some(if self.words != Words::Stamp && delete_asked {
                    Answer::NoValue
                } else {
                    Answer::Nothing
                })
            }
            Observed::Refused { .. } | Observed::Silent(_) | Observed::Unasked => None,
        }
    }
}

#[cfg(test)]
mod tests;
