//! The ports from which proxies dialled nodes: their connections are known by them, even after their end.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};

use crate::world::NodeIndex;

/// The most ports that are remembered: as many as there are. All nodes of a run are dialled less often in the
/// minute for which the kernel lists a connection after its end.
const REMEMBERED: usize = 1 << 16;

/// The last ports, each with the node that was dialled.
#[derive(Debug, Default)]
pub(super) struct DialledPorts(RefCell<Ports>);

#[derive(Debug, Default)]
struct Ports {
    known: BTreeSet<(NodeIndex, u16)>,
    in_order: VecDeque<(NodeIndex, u16)>,
}

impl DialledPorts {
    pub(super) fn remember(&self, node: NodeIndex, port: u16) {
        let Ports { known, in_order } = &mut *self.0.borrow_mut();
        if known.insert((node, port)) {
            in_order.push_back((node, port));
        }
        if in_order.len() > REMEMBERED
            && let Some(oldest) = in_order.pop_front()
        {
            known.remove(&oldest);
        }
    }

    pub(super) fn knows(&self, node: NodeIndex, port: u16) -> bool {
        self.0.borrow().known.contains(&(node, port))
    }
}
