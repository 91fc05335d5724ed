//! The law of stored versions: the versions of a key that a node stores strictly increase.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::convergence::Held;
use super::{Breach, Law};
use crate::run::results::Finding;
use crate::run::state::Node;
use crate::text;
use crate::world::NodeIndex;

/// The number of ranks of a key from which those that no node stores any more are forgotten. Chosen:
/// few bytes a key, and so many that a sweep over them is rare.
const RANKS: usize = 64;

/// A node's statement that it stores a version.
#[derive(Debug)]
pub(in crate::run) struct Storing<'a> {
    pub node: &'a str,
    pub key: &'a str,
    pub rank: &'a str,
    pub at: Duration,
    /// The version of that key that it stored last, in this incarnation.
    pub before: Option<&'a str>,
}

/// Judges the law that **stored versions increase**. Of one key, in one incarnation, a node stores
/// only versions greater than those it stored before. A version told a second time is not stored a
/// second time: a new watcher is first told of all versions held. Evidence: the statements of nodes by
/// `watch` with versions.
pub(in crate::run) fn stored_increase(storing: &Storing<'_>) -> Option<Breach> {
    let Storing { node, key, rank, at, before } = *storing;
    let before = before.filter(|before| *before > rank)?;
    Some(Breach {
        law: Law::StoredIncrease,
        message: format!("{node} stored a version of `{key}` that loses to the one it held"),
        findings: vec![Finding {
            node: node.to_owned(),
            held: format!("`{key}`: rank {rank}"),
            fits: false,
            since: Some(at),
        }],
        evidence: vec![
            format!("{node} had stored rank {before}"),
            format!("at {}, it stored rank {rank}", text::duration(at)),
        ],
    })
}

/// The versions that nodes have told of storing. A rank that many nodes store is kept once.
#[derive(Debug, Default)]
pub(super) struct Stores {
    by_key: BTreeMap<Box<str>, OfKey>,
}

#[derive(Debug, Default)]
struct OfKey {
    last: BTreeMap<NodeIndex, (u64, Rc<str>)>,
    /// The ranks, each with the wall time of its stamp, in milliseconds since 1970.
    ranks: BTreeMap<Rc<str>, u64>,
    /// The rank that a node told of last: most nodes store it next.
    latest: Option<Rc<str>>,
    /// The number of ranks from which unused ones are removed.
    room: usize,
}

impl OfKey {
    fn rank(&mut self, rank: &str, wall_ms: u64) -> Rc<str> {
        if let Some(latest) = self.latest.as_ref().filter(|latest| ***latest == *rank) {
            return Rc::clone(latest);
        }
        if let Some((known, _)) = self.ranks.get_key_value(rank) {
            self.latest = Some(Rc::clone(known));
            return Rc::clone(known);
        }
        if self.ranks.len() >= self.room {
            self.ranks.retain(|rank, _| Rc::strong_count(rank) > 1);
            self.room = RANKS.max(2 * self.ranks.len());
        }
        let new: Rc<str> = rank.into();
        self.ranks.insert(Rc::clone(&new), wall_ms);
        self.latest = Some(Rc::clone(&new));
        new
    }

    /// Returns the version that a node told of last, in this life.
    fn held(&self, node: NodeIndex, life: u64) -> Option<Held<'_>> {
        let (_, rank) = self.last.get(&node).filter(|(of, _)| *of == life)?;
        self.ranks.get(rank).map(|wall_ms| Held { rank, wall_ms: *wall_ms })
    }
}

impl Stores {
    /// Records a version that a node tells of storing. Returns the law that this breaks, if any.
    pub(super) fn stored(
        &mut self,
        index: NodeIndex,
        node: &Node,
        key: &str,
        rank: &str,
        wall_ms: u64,
        at: Duration,
    ) -> Option<Breach> {
        if !self.by_key.contains_key(key) {
            self.by_key.insert(key.into(), OfKey::default());
        }
        let of_key = self.by_key.get_mut(key)?;
        let known = of_key.last.get(&index).filter(|(life, _)| *life == node.incarnation);
        let before = known.map(|(_, rank)| &**rank);
        let broken = stored_increase(&Storing { node: node.name(), key, rank, at, before });
        let rank = of_key.rank(rank, wall_ms);
        of_key.last.insert(index, (node.incarnation, rank));
        broken
    }

    /// Returns the versions of each key that these nodes told of last, in these lives.
    pub(super) fn held_by(&self, lives: &[(NodeIndex, u64)]) -> impl Iterator<Item = Vec<Option<Held<'_>>>> {
        self.by_key
            .values()
            .map(|of_key| lives.iter().map(|(node, life)| of_key.held(*node, *life)).collect())
    }

    /// Returns the wall time of the stamp of a version, in milliseconds since 1970.
    pub(super) fn wall_ms(&self, key: &str, rank: &str) -> Option<u64> {
        self.by_key.get(key)?.ranks.get(rank).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::state::Network;
    use crate::world::NodeSpec;

    fn broken(stores: &mut Stores, network: &Network, rank: &str) -> Option<Law> {
        let node = NodeIndex(0);
        stores.stored(node, network.node(node), "k", rank, 0, Duration::ZERO).map(|broken| broken.law)
    }

    fn network() -> Network {
        let mut network = Network::default();
        network.add_node(NodeSpec { name: "a".to_owned(), ..NodeSpec::default() });
        network
    }

    #[test]
    fn greater_versions_and_the_same_told_again_are_fine() {
        let (mut stores, network) = (Stores::default(), network());
        assert_eq!(broken(&mut stores, &network, "5"), None);
        assert_eq!(broken(&mut stores, &network, "6"), None);
        assert_eq!(broken(&mut stores, &network, "6"), None);
    }

    #[test]
    fn a_version_that_loses_to_the_one_before_is_not() {
        let (mut stores, network) = (Stores::default(), network());
        assert_eq!(broken(&mut stores, &network, "5"), None);
        assert_eq!(broken(&mut stores, &network, "4"), Some(Law::StoredIncrease));
    }

    #[test]
    fn another_incarnation_begins_anew() {
        let (mut stores, mut network) = (Stores::default(), network());
        assert_eq!(broken(&mut stores, &network, "5"), None);
        network.begin_incarnation(NodeIndex(0));
        assert_eq!(broken(&mut stores, &network, "4"), None);
    }

    #[test]
    fn ranks_that_no_node_stores_any_more_are_let_go() {
        let (mut stores, network) = (Stores::default(), network());
        for rank in 0..10 * RANKS {
            assert_eq!(broken(&mut stores, &network, &format!("{rank:08}")), None);
        }
        assert!(stores.by_key["k"].ranks.len() <= RANKS);
    }
}
