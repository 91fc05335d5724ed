//! The effects of a planted mistake ([`Mutant`]) on the rules of the core.

use super::mutant::Mutant;
use super::state::Core;
use crate::wire::Version;

impl Core {
    /// Returns true if this node makes this mistake.
    #[cfg(feature = "mutants")]
    pub(super) fn mutated(&self, mutant: Mutant) -> bool {
        self.config.mutant == Some(mutant)
    }

    /// Returns false: without the feature a node makes no mistake.
    #[cfg(not(feature = "mutants"))]
    #[expect(clippy::unused_self, reason = "stands for the one that a build with mutants has")]
    pub(super) fn mutated(&self, _: Mutant) -> bool {
        false
    }

    /// Returns true if a mistake stores a version that has lost.
    pub(super) fn stores_loser(&self, version: &Version, fetched: bool) -> bool {
        let deleted = || self.store.get(&version.key_hash()).is_some_and(|held| held.value().is_none());
        (!fetched && self.mutated(Mutant::ArrivalOrder))
            || (fetched && self.mutated(Mutant::ForgottenTombstone) && deleted())
    }

    /// Returns true if a mistake keeps a version in memory only.
    pub(super) fn skips_disk(&self, version: &Version) -> bool {
        self.mutated(Mutant::UnkeptTombstone) && version.value().is_none()
    }

    /// Returns true if a mistake leaves a version out of the lists of reconciliation.
    pub(super) fn omits_from_leaf(&self, version: &Version) -> bool {
        (self.mutated(Mutant::ForgottenTombstone) && version.value().is_none())
            || (self.mutated(Mutant::SkippedRange) && version.key_hash().0[0].is_multiple_of(100))
    }
}
