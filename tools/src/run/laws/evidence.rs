//! What is told while a run lasts, kept for the laws that are judged as it comes.

use std::time::Duration;

use super::Broken;
use super::payloads::{Copies, Write};
use super::reads::{Asking, Reads};
use super::stored::Stores;
use crate::run::judge::Observed;
use crate::run::network::Node;
use crate::world::NodeIndex;

/// The evidence of one run. Nothing is kept until a scenario runs: whoever does steps by hand makes
/// no claims.
#[derive(Debug, Default)]
pub(in crate::run) struct Evidence {
    kept: bool,
    reads: Reads,
    stores: Stores,
    copies: Copies,
    /// Whether the world tells of copies.
    counts_copies: bool,
    /// Whether the steps have ended: what reads break then is told after what else is found.
    at_end: bool,
    deferred: Option<Broken>,
}

impl Evidence {
    /// A scenario begins: its laws are judged from now on.
    pub(in crate::run) fn keep(&mut self) {
        self.kept = true;
    }

    /// Something has failed: what is told from now on is for its report.
    pub(in crate::run) fn close(&mut self) {
        self.kept = false;
    }

    /// An ask is about to be submitted; none if no law is about it.
    pub(in crate::run) fn asked(
        &mut self,
        index: NodeIndex,
        node: &Node,
        words: &[String],
    ) -> Option<Asking> {
        if self.kept { self.reads.begin(index, node, words) } else { None }
    }

    /// An ask ended.
    pub(in crate::run) fn answered(
        &mut self,
        asking: &Asking,
        node: &Node,
        observed: &Observed,
        now: Duration,
    ) -> Option<Broken> {
        let broken = self.reads.end(asking, node, observed, now);
        if self.at_end {
            self.deferred = self.deferred.take().or(broken);
            return None;
        }
        broken
    }

    /// The steps have ended. A write that is lost makes a read go back as well, and so may a network
    /// that does not converge: the law that says more is told first.
    pub(in crate::run) fn steps_ended(&mut self) {
        self.at_end = true;
    }

    /// A node told that it stored a version.
    pub(in crate::run) fn stored(
        &mut self,
        index: NodeIndex,
        node: &Node,
        key: &str,
        rank: &str,
        now: Duration,
    ) -> Option<Broken> {
        if self.kept { self.stores.stored(index, node, key, rank, now) } else { None }
    }

    /// A world told that a copy of a version left a node.
    pub(in crate::run) fn sent(&mut self, key: &str, rank: &str, now: Duration) -> Option<Broken> {
        if !self.kept {
            return None;
        }
        self.counts_copies = true;
        self.copies.sent(key, rank, now)
    }

    /// Whether the world tells of copies, so that what writes cost can be judged.
    pub(in crate::run) fn counts_copies(&self) -> bool {
        self.counts_copies
    }

    /// A node acknowledged a write.
    pub(in crate::run) fn acknowledged(&mut self, write: &Write<'_>, now: Duration) -> Option<Broken> {
        self.copies.acknowledged(write, now)
    }

    /// A fault, or a link or a life that changes.
    pub(in crate::run) fn disturbed(&mut self, now: Duration) {
        self.copies.disturbed(now);
    }

    /// All else has been looked at: judges what is left.
    pub(in crate::run) fn end(&mut self, now: Duration) -> Option<Broken> {
        self.deferred.take().or_else(|| self.copies.judge(now))
    }
}
