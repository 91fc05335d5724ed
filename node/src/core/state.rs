//! The state of one node: all that the core remembers between two inputs.
//!
//! This file knows the data alone. The handlers are `impl Core` blocks, one file a subject.

use std::sync::Arc;
use std::time::Duration;

use rand_pcg::Pcg32;
use rand_pcg::rand_core::{Rng, SeedableRng};

use super::clients::{Counters, Watchers};
use super::config::Config;
use super::deadlines::Deadlines;
use super::dissemination::{ClockSkew, Missing, Trees};
use super::io::{ConnId, Now, Output};
use super::links::{Dials, Link};
use super::log::RateLimits;
use super::mutant::Mutant;
use super::presence::{Rolls, Signs};
use super::reconciliation::Rounds;
use super::sorted_map::SortedMap;
use super::storage::{Clock, Pending, Store};
use crate::wire::{Digest, KeyHash, PeerInfo, Prefix, RequestId, Version};

/// The state of one node.
pub struct Core {
    pub(super) config: Config,
    pub(super) now: Now,
    pub(super) rng: Pcg32,
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) pending: Pending,
    /// Neighbours, by connection.
    pub(super) links: SortedMap<ConnId, Link>,
    pub(super) dials: Dials,
    pub(super) clock_skew: ClockSkew,
    pub(super) trees: Trees,
    pub(super) missing: Missing,
    pub(super) rounds: Rounds,
    pub(super) rolls: Rolls,
    pub(super) signs: Signs,
    pub(super) watchers: Watchers,
    pub(super) counters: Counters,
    pub(super) deadlines: Deadlines,
    pub(super) rate_limits: RateLimits,
    /// The time at which gathered announcements are sent.
    pub(super) announce_at: Option<Duration>,
    pub(super) next_request: RequestId,
    /// The outputs of the present call: the driver's own vector for its duration, so that nothing
    /// is allocated.
    pub(super) out: Vec<Output>,
    /// Versions learnt from neighbours in this call, to be persisted with the next commit.
    pub(super) to_persist: Vec<Arc<Version>>,
    /// The time of the last [`Output::Wake`].
    pub(super) wake: Option<Duration>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("name", &self.config.name)
            .field("node", &self.config.node)
            .field("digest", &self.digest())
            .field("links", &self.links.len())
            .finish_non_exhaustive()
    }
}

impl Core {
    /// Creates a node that holds no versions and has no links.
    #[must_use]
    pub fn new(config: Config, now: Now) -> Self {
        Self {
            rng: Pcg32::seed_from_u64(config.seed),
            clock: Clock::default(),
            store: Store::new(config.policy),
            pending: Pending::default(),
            links: SortedMap::default(),
            dials: Dials::default(),
            clock_skew: ClockSkew::default(),
            trees: Trees::new(config.limits.trees, config.timing.graft),
            missing: Missing::new(config.limits.missing),
            rounds: Rounds::default(),
            rolls: Rolls::default(),
            signs: Signs::default(),
            watchers: Watchers::default(),
            counters: Counters::default(),
            deadlines: Deadlines::default(),
            rate_limits: RateLimits::default(),
            announce_at: None,
            next_request: 0,
            out: Vec::new(),
            to_persist: Vec::new(),
            wake: None,
            now,
            config,
        }
    }

    /// Draws from another seed from now on. A simulator uses it to draw the rest of a run anew.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = Pcg32::seed_from_u64(seed);
    }

    /// Loads the versions that were kept on disk, before the first input; they are best given in
    /// the order of keys. The clock starts at the greatest stamp among them.
    pub fn restore(&mut self, versions: impl IntoIterator<Item = Arc<Version>>) {
        let versions: Vec<_> = versions.into_iter().collect();
        // A planted mistake: stamps given before the restart are not known.
        if !self.mutated(Mutant::ForgetfulClock) {
            for version in &versions {
                self.clock.merge(version.stamp());
            }
        }
        self.store.restore(&versions);
    }

    /// Returns the digest of the versions held.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.store.digest()
    }

    /// Returns the version held for a key, tombstones included.
    #[must_use]
    pub fn version(&self, key: &str) -> Option<&Arc<Version>> {
        self.store.get(&KeyHash::of(key))
    }

    /// Returns the keys that have a value, in the order in which they first had it since the start of this
    /// node. Those that were on the disk come first, in order of their stamps.
    #[must_use]
    pub fn keys_as_inserted(&self) -> Vec<&str> {
        self.store.keys_as_inserted()
    }

    /// Returns all versions held, tombstones included, in the order of their keys' hashes.
    pub fn versions(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.store.range(Prefix::ALL, None).map(|held| &held.version)
    }

    /// Returns the neighbours whose links are up, in order of name, then address.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerInfo> {
        // A planted mistake: the end that accepted a link does not list it.
        let listed =
            self.links.values().filter(|link| link.dialled() || !self.mutated(Mutant::OneSidedPeers));
        let mut peers: Vec<_> = listed.map(Link::info).collect();
        peers.sort();
        peers
    }

    /// Returns the configuration of this node.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the latest moment of [`Now::monotonic`] at which this node is to be woken.
    #[must_use]
    pub fn wake(&self) -> Option<Duration> {
        [self.deadlines.next(), self.announce_at, self.missing.next()].into_iter().flatten().min()
    }

    /// Returns a pseudo-random number from `0..=most`.
    pub(super) fn draw(&mut self, most: u64) -> u64 {
        match most.checked_add(1) {
            // The bias does not matter for jitter and the order of rounds.
            Some(count) => self.rng.next_u64() % count,
            None => self.rng.next_u64(),
        }
    }
}
