//! The history of the clients: the writes that nodes acknowledged.

use std::collections::BTreeMap;
use std::time::Duration;

use super::due::DueMoment;
use super::network::Node;
use crate::world::NodeIndex;

/// The most notes that a report lists. Chosen: a person reads them on one screen.
const NOTES: usize = 20;

/// A write that a node acknowledged. Of all writes of one key in one custody only the greatest is kept.
/// A node that holds it holds a version at least as great as the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Acknowledged {
    /// The place of its version among those of its key.
    pub rank: String,
    /// The time of the acknowledgement.
    pub at: Duration,
    /// True if it was a delete.
    pub tombstone: bool,
}

/// The memory of a node that must hold a write. There are at most three for each node, so that the
/// history grows with nodes and keys and not with the number of lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::run) enum Custody {
    /// The node's disk, in any life.
    Disk,
    /// The memory of lives that have ended.
    EndedLives,
    /// The memory of this life, by its incarnation: the last in which the node acknowledged a write.
    Life(u64),
}

impl Custody {
    /// Returns true if the node, as it runs now, still answers for the writes in this custody.
    pub(in crate::run) fn lasts(self, node: &Node) -> bool {
        match self {
            Self::Disk => true,
            Self::EndedLives => false,
            Self::Life(incarnation) => node.incarnation == incarnation,
        }
    }
}

/// The writes of a run, by node and custody, then by key.
#[derive(Debug, Default)]
pub(in crate::run) struct History {
    writes: BTreeMap<(NodeIndex, Custody), BTreeMap<String, Acknowledged>>,
    /// The number of expectations that held.
    pub held: u64,
    /// Acknowledged writes that no node answers for any more, in words.
    pub excused: Vec<String>,
    /// The limits of the checks that were made, in words, each once.
    pub notes: Vec<String>,
    /// The moment up to which versions had to be due, if nodes were found to hold the same
    /// apart from later ones.
    pub due_until: Option<DueMoment>,
}

impl History {
    /// Adds a limit of the checks, unless it is known or the list is full.
    pub(in crate::run) fn add_note(&mut self, note: String) {
        if self.notes.len() < NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Adds a write that a node acknowledged.
    pub(in crate::run) fn acknowledged(
        &mut self,
        node: NodeIndex,
        custody: Custody,
        key: &str,
        write: Acknowledged,
    ) {
        if let Custody::Life(incarnation) = custody
            && !self.writes.contains_key(&(node, custody))
        {
            self.end_lives(node, incarnation);
        }
        keep_greatest(self.writes.entry((node, custody)).or_default(), key, write);
    }

    /// Moves the writes that a node acknowledged in earlier lives into the custody of ended lives.
    fn end_lives(&mut self, node: NodeIndex, incarnation: u64) {
        let earlier = (node, Custody::Life(0))..(node, Custody::Life(incarnation));
        let ended: Vec<_> = self.writes.extract_if(earlier, |_, _| true).collect();
        for (key, write) in ended.into_iter().flat_map(|(_, keys)| keys) {
            keep_greatest(self.writes.entry((node, Custody::EndedLives)).or_default(), &key, write);
        }
    }

    /// Returns the writes of each node, with the custody that must hold them.
    pub(in crate::run) fn writes(
        &self,
    ) -> impl Iterator<Item = (NodeIndex, Custody, &BTreeMap<String, Acknowledged>)> {
        self.writes.iter().map(|((node, custody), keys)| (*node, *custody, keys))
    }
}

/// Adds a write of a key unless one at least as great is known.
fn keep_greatest(keys: &mut BTreeMap<String, Acknowledged>, key: &str, write: Acknowledged) {
    match keys.get_mut(key) {
        Some(known) if known.rank >= write.rank => {}
        Some(known) => *known = write,
        None => {
            keys.insert(key.to_owned(), write);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: NodeIndex = NodeIndex(0);

    fn write(rank: u64) -> Acknowledged {
        Acknowledged { rank: format!("{rank:08}"), at: Duration::from_secs(rank), tombstone: false }
    }

    fn ranks(history: &History) -> Vec<(Custody, &str)> {
        history.writes().flat_map(|(_, by, keys)| keys.values().map(move |one| (by, &*one.rank))).collect()
    }

    #[test]
    fn the_history_grows_with_keys_and_not_with_lives() {
        let mut history = History::default();
        for life in 0..1000 {
            history.acknowledged(NODE, Custody::Life(life), "k", write(life));
            history.acknowledged(NODE, Custody::Disk, "k", write(life));
        }
        let expected = [
            (Custody::Disk, "00000999"),
            (Custody::EndedLives, "00000998"),
            (Custody::Life(999), "00000999"),
        ];
        assert_eq!(ranks(&history), expected);
    }

    #[test]
    fn a_lesser_write_replaces_none() {
        let mut history = History::default();
        history.acknowledged(NODE, Custody::Life(1), "k", write(5));
        history.acknowledged(NODE, Custody::Life(1), "k", write(4));
        assert_eq!(ranks(&history), [(Custody::Life(1), "00000005")]);
    }
}
