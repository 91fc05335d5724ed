//! Deliberate mistakes, of which a node makes one if its configuration says so. They show that a
//! check of the protocol's promises finds a broken one.
//!
//! Only builds with the feature `mutants` can make them. In all others `Core::mutated` is a
//! constant `false`, and no trace of them is left. The mistakes are of the kind that is made,
//! reviewed and shipped: none of them is a crash, and each breaks a promise that can be observed.

/// A deliberate mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    not(feature = "mutants"),
    expect(unreachable_pub, reason = "a build without the feature shows it to nobody")
)]
pub enum Mutant {
    /// A version that comes by push is stored because it came last, whatever its stamp.
    ArrivalOrder,
    /// A received graft is ignored, and a sent one counts as answered.
    IgnoredGraft,
    /// Reconciliation passes over tombstones, and brings deleted keys back.
    ForgottenTombstone,
    /// A new link is assumed to be in step: it is reconciled neither at its start nor periodically.
    UnreconciledLink,
    /// A client's write is acknowledged before it is kept.
    EarlyAcknowledgement,
    /// The clock does not start at the greatest stamp that was kept, so that it can run backwards
    /// across a restart.
    ForgetfulClock,
    /// Reconciliation leaves out three of the 256 ranges given by the first byte of a key's hash:
    /// 0, 100 and 200.
    SkippedRange,
    /// A link is listed only by the end that dialled it.
    OneSidedPeers,
    /// Tombstones are held, but not handed to the disk.
    UnkeptTombstone,
}

#[cfg(feature = "mutants")]
impl Mutant {
    /// All mistakes.
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

    /// Returns the word for it on command lines and in reports.
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

/// Error of a text that names no mistake; holds the text.
#[cfg(feature = "mutants")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown mutant `{0}`: it is one of {names}", names = Mutant::ALL.map(|mutant| format!("`{mutant}`")).join(", "))]
pub struct UnknownMutant(String);

#[cfg(feature = "mutants")]
impl std::str::FromStr for Mutant {
    type Err = UnknownMutant;

    fn from_str(text: &str) -> Result<Self, UnknownMutant> {
        Self::ALL
            .into_iter()
            .find(|mutant| mutant.name() == text)
            .ok_or_else(|| UnknownMutant(text.to_owned()))
    }
}
