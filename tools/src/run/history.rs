//! What clients were promised: the writes that nodes acknowledged.

use std::collections::BTreeMap;
use std::time::Duration;

use super::desk::State;
use super::laws::Write;
use crate::world::NodeIndex;

/// A write that a node acknowledged. Of several of one key by one node in one incarnation only the
/// greatest is kept: whoever holds it holds a version at least as great as the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Acknowledged {
    /// Its place among the versions of its key.
    pub rank: String,
    /// When.
    pub at: Duration,
    /// Whether it was a delete.
    pub tombstone: bool,
}

/// The writes of a run, by who acknowledged them and in which incarnation, then by key.
#[derive(Debug, Default)]
pub(super) struct History {
    writes: BTreeMap<(NodeIndex, u64), BTreeMap<String, Acknowledged>>,
    /// How many expectations held.
    pub held: u64,
    /// Acknowledged writes that nobody answers for any more, in words.
    pub excused: Vec<String>,
}

impl History {
    fn acknowledged(&mut self, node: NodeIndex, incarnation: u64, key: &str, write: Acknowledged) {
        let keys = self.writes.entry((node, incarnation)).or_default();
        match keys.get_mut(key) {
            Some(known) if known.rank >= write.rank => {}
            Some(known) => *known = write,
            None => {
                keys.insert(key.to_owned(), write);
            }
        }
    }

    /// Each node's writes, with the incarnation in which it acknowledged them.
    pub(super) fn writes(&self) -> impl Iterator<Item = (NodeIndex, u64, &BTreeMap<String, Acknowledged>)> {
        self.writes.iter().map(|((node, incarnation), keys)| (*node, *incarnation, keys))
    }
}

impl State {
    /// Keeps account of an acknowledged write, for the end of the run and for measures under way.
    pub(super) fn acknowledged(&mut self, node: NodeIndex, key: &str, rank: &str, tombstone: bool) {
        let (now, incarnation) = (self.now, self.network.node(node).incarnation);
        let write = Acknowledged { rank: rank.to_owned(), at: now, tombstone };
        self.history.acknowledged(node, incarnation, key, write);
        if self.measures.is_active() {
            let tells = |node: &NodeIndex| self.network.node(*node).tells;
            let told_by: Vec<NodeIndex> =
                self.network.component_of(node).iter().copied().filter(tells).collect();
            self.measures.acknowledged(node, key, rank, now, &told_by);
        }
        if self.evidence.counts_copies() {
            let write = Write {
                key,
                rank,
                by: node,
                author: self.network.name(node),
                nodes: self.network.component_of(node).len(),
                sound: self.network.is_sound(),
            };
            let broken = self.evidence.acknowledged(&write, now);
            self.judged(broken);
        }
    }
}
