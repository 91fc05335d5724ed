//! The evidence that comes while a run lasts, kept for the laws that are judged as it comes.

use std::time::Duration;

use super::Breach;
use super::convergence::what_is_due_converges;
use super::payloads::{Copies, Write};
use super::reads::{Asking, Reads};
use super::stored::Stores;
use crate::run::answers::Observed;
use crate::run::state::{Network, Node};
use crate::world::NodeIndex;

/// The evidence of one run. Nothing is kept until a scenario runs: a person who performs steps by hand
/// makes no claims.
#[derive(Debug, Default)]
pub(in crate::run) struct Evidence {
    kept: Kept,
    reads: Reads,
    stores: Stores,
    copies: Copies,
    /// True if the world tells of copies.
    counts_copies: bool,
    /// True if the steps have ended: a law that an answer breaks from then on is told
    /// after all other findings.
    at_end: bool,
    deferred: Option<Breach>,
}

/// The extent of the evidence that is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kept {
    /// No evidence is kept.
    #[default]
    Nothing,
    /// The versions that nodes store are kept, and nothing is judged.
    Versions,
    /// All evidence is kept, and judged.
    Everything,
}

impl Evidence {
    /// Begins to keep all evidence: a scenario begins, and its laws are judged from now on.
    pub(in crate::run) fn start_judging(&mut self) {
        self.kept = Kept::Everything;
    }

    /// Stops keeping evidence: something has failed, and later answers are for its report.
    pub(in crate::run) fn stop_judging(&mut self) {
        self.kept = Kept::Nothing;
    }

    /// Records an ask that is about to be submitted. Returns none if no law is about it.
    pub(in crate::run) fn asked(
        &mut self,
        index: NodeIndex,
        node: &Node,
        words: &[String],
    ) -> Option<Asking> {
        if self.kept == Kept::Everything { self.reads.begin(index, node, words) } else { None }
    }

    /// Records the outcome of an ask. Returns the law that it breaks. Once the steps have ended, returns
    /// none and leaves that law to [`Self::end`].
    pub(in crate::run) fn answered(
        &mut self,
        asking: &Asking,
        node: &Node,
        observed: &Observed,
        now: Duration,
    ) -> Option<Breach> {
        let broken = self.reads.end(asking, node, observed, now);
        if self.at_end {
            self.deferred = self.deferred.take().or(broken);
            return None;
        }
        broken
    }

    /// Marks the steps as ended. A lost write also makes a read go back, and so may a network that does
    /// not converge: the law that says more is told first.
    pub(in crate::run) fn steps_ended(&mut self) {
        self.at_end = true;
    }

    /// Records a version that a node told of storing. Returns the law that this breaks, if any.
    pub(in crate::run) fn stored(
        &mut self,
        index: NodeIndex,
        node: &Node,
        key: &str,
        rank: &str,
        wall_ms: u64,
        now: Duration,
    ) -> Option<Breach> {
        if self.kept == Kept::Nothing {
            return None;
        }
        let broken = self.stores.stored(index, node, key, rank, wall_ms, now);
        broken.filter(|_| self.kept == Kept::Everything)
    }

    /// Keeps the versions that nodes store from now on, even if no scenario runs. Returns true if
    /// versions told before were not kept.
    pub(in crate::run) fn keep_versions(&mut self) -> bool {
        let begins = self.kept == Kept::Nothing;
        if begins {
            self.kept = Kept::Versions;
        }
        begins
    }

    /// Returns true if these nodes hold the same, apart from versions stamped later than `due_ms`. There
    /// must be at least one such version, and all of the nodes must tell of the versions they store.
    pub(in crate::run) fn hold_what_is_due(
        &self,
        network: &Network,
        nodes: &[NodeIndex],
        due_ms: u64,
    ) -> bool {
        let lives = nodes.iter().map(|index| (*index, network.node(*index)));
        let all_tell = lives.clone().all(|(_, node)| node.tells_versions());
        let lives: Vec<_> = lives.map(|(index, node)| (index, node.incarnation)).collect();
        all_tell && what_is_due_converges(self.stores.held_by(&lives), due_ms)
    }

    /// Returns the wall time of the stamp of a version that some node told of, in milliseconds since 1970.
    pub(in crate::run) fn wall_ms(&self, key: &str, rank: &str) -> Option<u64> {
        self.stores.wall_ms(key, rank)
    }

    /// Counts a copy of a version that left a node. Returns the law that was broken by an
    /// earlier write, if any.
    pub(in crate::run) fn sent(&mut self, key: &str, rank: &str, now: Duration) -> Option<Breach> {
        if self.kept != Kept::Everything {
            return None;
        }
        self.counts_copies = true;
        self.copies.sent(key, rank, now)
    }

    /// Returns true if the world tells of copies, so that the cost of writes can be judged.
    pub(in crate::run) fn counts_copies(&self) -> bool {
        self.counts_copies
    }

    /// Records a write that a node acknowledged. Returns the law that was broken by an earlier write, if any.
    pub(in crate::run) fn acknowledged(&mut self, write: &Write<'_>, now: Duration) -> Option<Breach> {
        self.copies.acknowledged(write, now)
    }

    /// Records a disturbance: a fault, or a change of a link or a life.
    pub(in crate::run) fn disturbed(&mut self, now: Duration) {
        self.copies.disturbed(now);
    }

    /// Judges the evidence that is left after all other checks. Returns the first broken law.
    pub(in crate::run) fn end(&mut self, now: Duration) -> Option<Breach> {
        self.deferred.take().or_else(|| self.copies.judge(now))
    }
}
