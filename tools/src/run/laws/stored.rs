//! The versions that a node stores of a key strictly increase.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use super::{Broken, Law};
use crate::run::failure::Finding;
use crate::run::network::Node;
use crate::text;
use crate::world::NodeIndex;

/// How many ranks of a key are remembered before those that no node stores any more are let go.
const RANKS: usize = 64;

/// That a node tells of a version it stores.
#[derive(Debug)]
pub(in crate::run) struct Storing<'a> {
    pub node: &'a str,
    pub key: &'a str,
    pub rank: &'a str,
    pub at: Duration,
    /// What it stored of that key last, in this incarnation.
    pub before: Option<&'a str>,
}

/// **Stored versions increase.** Of one key, in one incarnation, a node stores only what is greater than what
/// it stored before. A version told a second time is not stored a second time: whoever begins to
/// watch is first told of what is held. Evidence: what nodes tell by `watch` with versions.
pub(in crate::run) fn stored_increase(storing: &Storing<'_>) -> Option<Broken> {
    let Storing { node, key, rank, at, before } = *storing;
    let before = before.filter(|before| *before > rank)?;
    Some(Broken {
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

/// What nodes have told that they store. A rank that many nodes store is kept once.
#[derive(Debug, Default)]
pub(super) struct Stores {
    by_key: BTreeMap<Box<str>, OfKey>,
}

#[derive(Debug, Default)]
struct OfKey {
    last: BTreeMap<NodeIndex, (u64, Rc<str>)>,
    ranks: BTreeSet<Rc<str>>,
    /// How many ranks there may be before they are looked through.
    room: usize,
}

impl OfKey {
    fn rank(&mut self, rank: &str) -> Rc<str> {
        if let Some(known) = self.ranks.get(rank) {
            return Rc::clone(known);
        }
        if self.ranks.len() >= self.room {
            self.ranks.retain(|rank| Rc::strong_count(rank) > 1);
            self.room = RANKS.max(2 * self.ranks.len());
        }
        let new: Rc<str> = rank.into();
        self.ranks.insert(Rc::clone(&new));
        new
    }
}

impl Stores {
    /// A node tells of a version it stores: which law that breaks, if any.
    pub(super) fn stored(
        &mut self,
        index: NodeIndex,
        node: &Node,
        key: &str,
        rank: &str,
        at: Duration,
    ) -> Option<Broken> {
        if !self.by_key.contains_key(key) {
            self.by_key.insert(key.into(), OfKey::default());
        }
        let of_key = self.by_key.get_mut(key)?;
        let known = of_key.last.get(&index).filter(|(life, _)| *life == node.incarnation);
        let before = known.map(|(_, rank)| &**rank);
        let broken = stored_increase(&Storing { node: node.name(), key, rank, at, before });
        let rank = of_key.rank(rank);
        of_key.last.insert(index, (node.incarnation, rank));
        broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::network::Network;
    use crate::world::NodeSpec;

    fn broken(stores: &mut Stores, network: &Network, rank: &str) -> Option<Law> {
        let node = NodeIndex(0);
        stores.stored(node, network.node(node), "k", rank, Duration::ZERO).map(|broken| broken.law)
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
