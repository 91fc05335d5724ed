//! Deliberate mistakes, one of which a node makes if it is told to: with them it is shown that
//! whoever looks for broken promises finds them.
//!
//! Only builds with the feature `mutants` can tell it to; in all others [`Core::mutated`] is a
//! constant `false`, and nothing of them is left. The mistakes are of the kind that is made,
//! reviewed and shipped: none of them is a crash, and each breaks a promise that can be watched.

use super::Core;
use crate::wire::Version;

/// A deliberate mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    not(feature = "mutants"),
    expect(unreachable_pub, reason = "a build without the feature shows it to nobody")
)]
pub enum Mutant {
    /// A version that comes by push is kept because it came last, whatever its stamp.
    ArrivalOrder,
    /// A graft is ignored, and counted on by whoever sent it.
    IgnoredGraft,
    /// Reconciliation passes tombstones over, and lets come back what was deleted.
    ForgottenTombstone,
    /// A new link is taken to be in step: neither now nor from time to time is it reconciled.
    UnreconciledLink,
    /// A client's write is acknowledged before it is kept.
    EarlyAcknowledgement,
    /// The clock does not begin at the greatest stamp that was kept, so that it can run backwards
    /// across a restart.
    ForgetfulClock,
    /// Reconciliation leaves out three of the 256 ranges that a key's hash can begin with: 0, 100
    /// and 200.
    SkippedRange,
    /// A link is listed only by the end that dialled it.
    OneSidedPeers,
    /// Tombstones are held, but not handed to the disk.
    UnkeptTombstone,
}

#[cfg(feature = "mutants")]
impl Mutant {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ArrivalOrder,
        Self::IgnoredGraft,
        Self::ForgottenTombstone,
        Self::UnreconciledLink,
        Self::EarlyAcknowledgement,
        Self::ForgetfulClock,
        Self::SkippedRange,
        Self::OneSidedPeers,
        Self::UnkeptTombstone,
    ];

    /// The word for it on command lines and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ArrivalOrder => "arrival-order",
            Self::IgnoredGraft => "ignored-graft",
            Self::ForgottenTombstone => "forgotten-tombstone",
            Self::UnreconciledLink => "unreconciled-link",
            Self::EarlyAcknowledgement => "early-acknowledgement",
            Self::ForgetfulClock => "forgetful-clock",
            Self::SkippedRange => "skipped-range",
            Self::OneSidedPeers => "one-sided-peers",
            Self::UnkeptTombstone => "unkept-tombstone",
        }
    }
}

#[cfg(feature = "mutants")]
impl std::fmt::Display for Mutant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(feature = "mutants")]
impl std::str::FromStr for Mutant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|mutant| mutant.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|mutant| format!("`{mutant}`")).collect();
            format!("unknown mutant `{text}`: it is one of {}", names.join(", "))
        })
    }
}

impl Core {
    /// Whether this node makes this mistake.
    #[cfg(feature = "mutants")]
    pub(super) fn mutated(&self, mutant: Mutant) -> bool {
        self.config.mutant == Some(mutant)
    }

    /// Whether this node makes this mistake: it makes none.
    #[cfg(not(feature = "mutants"))]
    #[expect(clippy::unused_self, reason = "stands for the one that a build with mutants has")]
    pub(super) fn mutated(&self, _: Mutant) -> bool {
        false
    }

    /// Whether a mistake stores a version that has lost.
    pub(super) fn stores_loser(&self, version: &Version, fetched: bool) -> bool {
        let deleted = || self.store.get(&version.key_hash()).is_some_and(|held| held.value().is_none());
        (!fetched && self.mutated(Mutant::ArrivalOrder))
            || (fetched && self.mutated(Mutant::ForgottenTombstone) && deleted())
    }

    /// Whether a mistake keeps a version in memory only.
    pub(super) fn leaves_unkept(&self, version: &Version) -> bool {
        self.mutated(Mutant::UnkeptTombstone) && version.value().is_none()
    }

    /// Whether a mistake leaves a version out of what reconciliation lists.
    pub(super) fn leaves_out(&self, version: &Version) -> bool {
        (self.mutated(Mutant::ForgottenTombstone) && version.value().is_none())
            || (self.mutated(Mutant::SkippedRange) && version.key_hash().0[0].is_multiple_of(100))
    }
}
