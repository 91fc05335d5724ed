//! The censuses that this node takes part in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::core::io::ConnId;
use crate::wire::{CensusId, NodeId, RequestId, Resident};

/// The greatest number of censuses that a node takes part in at once. Chosen: more people than look at one network at the
/// same moment; beyond it, a node counts itself alone.
pub(super) const CENSUSES_MAX: usize = 16;
/// The number of past censuses that a node remembers. Chosen: a late message about one is of a few seconds ago.
const PAST_MAX: usize = 256;
/// The greatest weight of the nodes in one answer. Arithmetic: half of the longest frame, since a control character in a
/// name takes six bytes on the wire.
const ANSWER_WEIGHT_MAX: usize = 512 << 10;

/// The censuses that this node takes part in, and its own.
#[derive(Debug, Default)]
pub(in crate::core) struct Rolls {
    /// The censuses under way.
    pub(super) open: BTreeMap<CensusId, Roll>,
    /// The past ones, the newest last.
    past: VecDeque<CensusId>,
    /// The census that clients of this node wait for.
    pub(super) own: Option<OwnRoll>,
}

/// The part of this node in one census.
#[derive(Debug)]
pub(super) struct Roll {
    /// The neighbour that asked; none if this node began the census.
    pub(super) parent: Option<ConnId>,
    /// The neighbours that have not answered, or not to the end.
    pub(super) waiting: BTreeSet<ConnId>,
    /// Nodes that were counted and not passed on yet.
    pub(super) gathered: Vec<Resident>,
    /// The time at which they are passed on, although others may follow.
    pub(super) pass_at: Option<Duration>,
    /// The time at which the neighbours that have not answered are given up.
    pub(super) until: Duration,
}

/// The census that clients of this node wait for.
#[derive(Debug)]
pub(super) struct OwnRoll {
    pub(super) id: CensusId,
    pub(super) asked_by: Vec<(ConnId, RequestId)>,
    /// The nodes that were counted.
    pub(super) nodes: BTreeMap<NodeId, Resident>,
    weight: usize,
    /// True if all answered in time, and all nodes have room in the answer.
    pub(super) is_complete: bool,
}

impl OwnRoll {
    pub(super) fn new(id: CensusId, asked_by: (ConnId, RequestId)) -> Self {
        Self { id, asked_by: vec![asked_by], nodes: BTreeMap::new(), weight: 0, is_complete: true }
    }

    /// Adds a node that was counted, if there is room for it.
    pub(super) fn add(&mut self, resident: Resident) {
        if self.nodes.contains_key(&resident.node) {
            return;
        }
        self.weight += resident.weight();
        if self.weight > ANSWER_WEIGHT_MAX {
            self.is_complete = false;
        } else {
            self.nodes.insert(resident.node, resident);
        }
    }
}

impl Rolls {
    /// Returns true if this node has taken part in a census, or does.
    pub(super) fn is_known(&self, id: CensusId) -> bool {
        self.open.contains_key(&id) || self.past.contains(&id)
    }

    /// Records that this node's part in a census is over.
    pub(super) fn end(&mut self, id: CensusId) {
        if self.past.len() == PAST_MAX {
            self.past.pop_front();
        }
        self.past.push_back(id);
    }

    /// Returns the time at which something is due.
    pub(super) fn next(&self) -> Option<Duration> {
        let times = self.open.values().flat_map(|roll| [Some(roll.until), roll.pass_at]);
        times.flatten().min()
    }
}
