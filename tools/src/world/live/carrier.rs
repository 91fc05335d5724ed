//! Who moves traffic between nodes.

use crate::world::{LinkChange, NodeIndex};

/// Moves traffic between nodes, and does to it what links are told to.
pub trait Carrier {
    /// Where `from` dials `to`, which listens at `address`: the same each time. The reason why there
    /// is no way is for people.
    fn route(&mut self, from: NodeIndex, to: NodeIndex, address: &str) -> Result<String, String>;

    /// Changes what links do. The reason why not is for people.
    fn change(&mut self, changes: &[LinkChange]) -> Result<(), String>;

    /// Puts sets of nodes apart, in the place of those before. The reason why not is for people.
    fn part(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), String>;
}

/// The kernel's loopback: nodes dial each other, and nothing stands between them.
#[derive(Debug, Clone, Copy)]
pub struct Direct;

const NOTHING_BETWEEN: &str = "links of this network cannot be changed: nothing stands between its nodes";

impl Carrier for Direct {
    fn route(&mut self, _from: NodeIndex, _to: NodeIndex, address: &str) -> Result<String, String> {
        Ok(address.to_owned())
    }

    fn change(&mut self, _changes: &[LinkChange]) -> Result<(), String> {
        Err(NOTHING_BETWEEN.to_owned())
    }

    fn part(&mut self, _sets: &[Vec<NodeIndex>]) -> Result<(), String> {
        Err(NOTHING_BETWEEN.to_owned())
    }
}
