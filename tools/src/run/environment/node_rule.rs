//! A rule of options: a scenario gives them to nodes before their start.

use super::Environment;
use super::selection::resolve;
use crate::run::state::Network;
use crate::scenario::{Item, Pick, Subject};
use crate::world::NodeIndex;

/// Options that a scenario gave to nodes before their start.
#[derive(Debug, Clone)]
pub(in crate::run) struct NodeRule {
    pub who: Pick,
    pub options: Vec<(String, String)>,
    pub environment: Environment,
}

impl NodeRule {
    /// Returns true if the rule is about this node. Names that have not appeared yet match no node.
    pub(in crate::run) fn names(&self, network: &Network, node: NodeIndex) -> bool {
        let among = |items: &[Item]| {
            items.iter().any(|item| {
                resolve(network, &self.environment, std::slice::from_ref(item))
                    .is_ok_and(|nodes| nodes.contains(&node))
            })
        };
        match &self.who {
            Pick::All(Subject::Everyone) => true,
            Pick::All(Subject::Of(items)) | Pick::Items(items) => among(items),
            Pick::All(Subject::But(items)) => !among(items),
            // Options are not given to a random choice: the nodes are not all known yet.
            Pick::Random(..) | Pick::RandomHalf(_) => false,
        }
    }
}
