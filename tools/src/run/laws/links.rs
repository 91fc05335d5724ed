//! The law of symmetric links: at quiet, a node lists another as its neighbour exactly if that one lists it.

use std::collections::{BTreeMap, BTreeSet};

use crate::run::state::Network;
use crate::world::{Direction, NodeIndex};

/// The neighbours that each running node lists; nodes that cannot be asked are absent.
pub(in crate::run) type Lists = BTreeMap<NodeIndex, BTreeSet<NodeIndex>>;

/// Two nodes whose lists do not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::run) enum Unmatched {
    /// The first lists the second, which does not list it.
    OneSided(NodeIndex, NodeIndex),
    /// The two are linked and nothing is between them, and neither lists the other.
    Missing(NodeIndex, NodeIndex),
}

impl Unmatched {
    /// Returns the evidence in words.
    pub(in crate::run) fn describe(self, network: &Network) -> String {
        match self {
            Self::OneSided(one, other) => {
                let (one, other) = (network.name(one), network.name(other));
                format!("{one} lists {other}, and {other} does not list {one}")
            }
            Self::Missing(one, other) => {
                let (one, other) = (network.name(one), network.name(other));
                format!("{one}-{other} is open, and neither lists the other")
            }
        }
    }
}

/// Judges the law of **symmetric links** for one node. Returns the pairs that break it.
///
/// - Of two running nodes between which traffic may pass both ways, each lists the other or neither
///   does.
/// - A link that was asked for and is open is listed.
///
/// Pairs between which traffic may not pass are not judged: an end notices silence when its patience is
/// over. Evidence: `peers` of every running node.
pub(in crate::run) fn symmetric_links(network: &Network, lists: &Lists, node: NodeIndex) -> Vec<Unmatched> {
    let Some(list) = lists.get(&node) else { return Vec::new() };
    let mut unmatched = Vec::new();
    let sound = |other: NodeIndex| {
        network.permits(Direction { from: node, to: other })
            && network.permits(Direction { from: other, to: node })
    };
    for &other in list {
        let back = lists.get(&other).is_none_or(|theirs| theirs.contains(&node));
        if !back && sound(other) {
            unmatched.push(Unmatched::OneSided(node, other));
        }
    }
    for link in network.links_of(node) {
        let (one, other) = link.ends();
        let far = if one == node { other } else { one };
        let theirs = lists.get(&far);
        let neither = !list.contains(&far) && theirs.is_some_and(|theirs| !theirs.contains(&node));
        if neither && network.is_open(link) {
            unmatched.push(Unmatched::Missing(one, other));
        }
    }
    unmatched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::state::{Life, Link};
    use crate::world::NodeSpec;

    const A: NodeIndex = NodeIndex(0);
    const B: NodeIndex = NodeIndex(1);

    /// Returns a network of a-b and c, all running.
    fn network() -> Network {
        let mut network = Network::default();
        for name in ["a", "b", "c"] {
            let (node, _) = network.add_node(NodeSpec { name: name.to_owned(), ..NodeSpec::default() });
            network.set_life(node, Life::Running, 0);
        }
        network.add_link(Link { from: A, to: B });
        network
    }

    #[track_caller]
    fn check(network: &Network, lists: [&[usize]; 3], expected: &[&str]) {
        let lists: Lists = (0..)
            .zip(lists)
            .map(|(node, list)| (NodeIndex(node), list.iter().copied().map(NodeIndex).collect()))
            .collect();
        let unmatched: BTreeSet<Unmatched> =
            network.indices().flat_map(|node| symmetric_links(network, &lists, node)).collect();
        let lines: Vec<String> = unmatched.into_iter().map(|one| one.describe(network)).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn links_that_both_ends_list_match_asked_for_or_not() {
        check(&network(), [&[1], &[0], &[]], &[]);
        check(&network(), [&[1, 2], &[0], &[0]], &[]);
    }

    #[test]
    fn a_link_that_one_end_lists_does_not_match() {
        check(&network(), [&[], &[0], &[]], &["b lists a, and a does not list b"]);
        check(&network(), [&[1, 2], &[0], &[]], &["a lists c, and c does not list a"]);
    }

    #[test]
    fn an_open_link_is_listed() {
        check(&network(), [&[], &[], &[]], &["a-b is open, and neither lists the other"]);
    }

    #[test]
    fn a_cut_link_may_be_listed_or_not() {
        let mut network = network();
        network.cut(Direction { from: B, to: A });
        check(&network, [&[1], &[], &[]], &[]);
        check(&network, [&[], &[], &[]], &[]);
    }

    #[test]
    fn a_node_that_does_not_run_is_not_judged() {
        let mut network = network();
        network.set_life(B, Life::Stopped, 0);
        let lists = Lists::from([(A, BTreeSet::from([B]))]);
        assert_eq!(symmetric_links(&network, &lists, A), []);
    }
}
