//! Who moves traffic between nodes.

use crate::world::{LinkChange, NodeIndex};

/// Moves traffic between nodes, and does to it what links are told to.
pub trait Carrier {
    /// Where `from` dials `to`, which listens at `address`.
    fn route(&self, from: NodeIndex, to: NodeIndex, address: &str) -> String;

    /// Changes what links do. The reason why not is for people.
    fn change(&mut self, changes: &[LinkChange]) -> Result<(), String>;
}

/// The kernel's loopback: nodes dial each other, and nothing stands between them.
#[derive(Debug, Clone, Copy)]
pub struct Direct;

impl Carrier for Direct {
    fn route(&self, _from: NodeIndex, _to: NodeIndex, address: &str) -> String {
        address.to_owned()
    }

    fn change(&mut self, _changes: &[LinkChange]) -> Result<(), String> {
        Err("links of this world cannot be changed: nothing stands between the nodes".to_owned())
    }
}
