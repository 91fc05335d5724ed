//! The signs of life that have passed here, and the rate at which they may.

use std::collections::VecDeque;
use std::time::Duration;

use crate::core::bucket::Bucket;
use crate::wire::NodeId;

/// The number of signs that a node remembers. Chosen: a sign reaches all nodes within seconds, and so many pass in that
/// time at most.
const SEEN_MAX: usize = 256;
/// The milliseconds between two signs on average. Chosen: ten a second are more than a person sends.
const INTERVAL_MS: u64 = 100;
/// The number of signs that may come at once.
const BURST: u32 = 20;

/// The signs of life that have passed here.
#[derive(Debug, Default)]
pub(in crate::core) struct Signs {
    /// The newest ones, the newest last: the node that was asked, and its number.
    seen: VecDeque<(NodeId, u64)>,
    rate: Bucket<INTERVAL_MS, BURST>,
}

impl Signs {
    /// Records a sign. Returns false if it has passed before, or if too many come.
    pub(super) fn admit(&mut self, node: NodeId, id: u64, now: Duration) -> bool {
        if self.seen.contains(&(node, id)) || self.rate.next() > now {
            return false;
        }
        self.rate.take(now);
        if self.seen.len() == SEEN_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back((node, id));
        true
    }
}
