//! The laws: what holds of every network, whatever a scenario expects.
//!
//! Each is one function over its evidence, pure, in a file of its own: what clients were told
//! ([`reads`], [`tombstones`], [`nothing_lost`]), what nodes tell of themselves by `watch`
//! ([`convergence`], [`stored`]), by `peers` ([`links`]) and by `stats` ([`queues`]), or what a
//! world sees that sees all traffic ([`payloads`]). Evidence that nobody gives breaks no law.
//!
//! [`Evidence`] keeps what is told while a run lasts, bounded by nodes and keys rather than by how
//! often they are asked. Laws that can be judged as evidence comes end the run at once; the others
//! are judged at its end (`finish`).

mod convergence;
mod evidence;
mod links;
mod nothing_lost;
mod payloads;
mod queues;
mod reads;
mod stored;
mod tombstones;

pub(super) use convergence::convergence;
pub(super) use evidence::Evidence;
pub(super) use links::{Lists, Unmatched, symmetric_links};
pub(super) use nothing_lost::{Owed, nothing_lost};
pub(super) use payloads::Write;
pub(super) use queues::queues;
pub(super) use tombstones::tombstones_stay;

use super::failure::Finding;

/// A law that was broken, with the evidence in words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Broken {
    pub law: Law,
    /// What happened: a lower-case fragment.
    pub message: String,
    /// The nodes it happened at, and what they told.
    pub findings: Vec<Finding>,
    /// The evidence: one line each.
    pub evidence: Vec<String>,
}

/// One law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// After heal and quiet, all running nodes of a component hold the same versions.
    Convergence,
    /// No acknowledged write is lost.
    NothingLost,
    /// Nothing that loses to a tombstone replaces it.
    Tombstones,
    /// What a client is told of a key at one node never goes back.
    MonotonicReads,
    /// At quiet, a node lists another as its neighbour exactly if that one lists it.
    SymmetricLinks,
    /// The versions that a node stores of a key strictly increase.
    StoredIncrease,
    /// A write on a quiet network costs no more copies than a tree and a little.
    Payloads,
    /// Every queue stays within its bound.
    Queues,
}

impl Law {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Convergence,
        Self::NothingLost,
        Self::Tombstones,
        Self::MonotonicReads,
        Self::SymmetricLinks,
        Self::StoredIncrease,
        Self::Payloads,
        Self::Queues,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Convergence => "convergence",
            Self::NothingLost => "nothing lost",
            Self::Tombstones => "tombstones",
            Self::MonotonicReads => "monotonic reads",
            Self::SymmetricLinks => "symmetric links",
            Self::StoredIncrease => "stored versions increase",
            Self::Payloads => "payloads",
            Self::Queues => "queues",
        }
    }
}

impl std::fmt::Display for Law {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
