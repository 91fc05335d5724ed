//! The answers of nodes to the question of an expectation, and their judgement.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::run::answers::{Asked, Asks, CompareBy, FilledWord, Observed, agree};
use crate::run::state::Network;
use crate::run::steps::predicate::FilledPredicate;
use crate::world::NodeIndex;

/// The answers of nodes to the same question, asked again and again.
pub(super) struct Answers {
    pub any: bool,
    pub nodes: Vec<NodeIndex>,
    pub words: Vec<FilledWord>,
    /// The way in which the answers of all nodes are compared with each other.
    pub by: CompareBy,
    /// The way in which the answer of each node is compared with words.
    pub each_by: BTreeMap<NodeIndex, CompareBy>,
    pub judge: FilledPredicate,
    /// True if the answer can change without a change being told.
    pub polled: bool,
    pub latest: BTreeMap<NodeIndex, Latest>,
    /// The asks of the last look.
    pub asks: Asks,
    /// True if some node answered the last look otherwise than the one before.
    pub changed: bool,
}

/// The last answer of a node.
pub(super) struct Latest {
    pub observed: Observed,
    /// The time since which the node is known to give that answer.
    pub since: Duration,
    /// The count of changes when it was asked.
    pub asked_at: u64,
}

impl Answers {
    /// Stores an answer that counts as the node's latest.
    pub(super) fn store_latest(&mut self, asked: Asked, asked_at: u64, network: &Network) {
        let since = match self.latest.get(&asked.node) {
            Some(latest) if latest.observed.says_the_same(&asked.observed) => latest.since,
            Some(_) => {
                self.changed = true;
                asked.answered
            }
            // A node whose content nobody knew before is known from its first answer on.
            None => network.node(asked.node).known_since().unwrap_or(asked.answered),
        };
        self.latest.insert(asked.node, Latest { observed: asked.observed, since, asked_at });
    }

    /// Returns true if the result of asking a node is as expected.
    pub(super) fn fits(&self, node: NodeIndex, observed: &Observed) -> bool {
        self.judge.fits(observed, self.each_by.get(&node).copied().unwrap_or(self.by))
    }

    /// Returns true if the answers, taken together, satisfy the claim.
    pub(super) fn hold(&self) -> bool {
        let observed =
            || self.nodes.iter().filter_map(|node| self.latest.get(node)).map(|latest| &latest.observed);
        if self.judge.is_agree() {
            return agree(observed(), self.by);
        }
        let mut fitting =
            self.nodes.iter().filter_map(|node| Some(self.fits(*node, &self.latest.get(node)?.observed)));
        if self.any { fitting.any(|fits| fits) } else { fitting.all(|fits| fits) }
    }
}
