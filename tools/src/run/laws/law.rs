//! The names of the laws.

/// The name of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// After heal and quiet, all running nodes of a component hold the same versions.
    Convergence,
    /// No acknowledged write is lost.
    NothingLost,
    /// No version that loses to a tombstone replaces it.
    Tombstones,
    /// At one node, a client never reads an older version of a key than before.
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
    /// All laws.
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

    /// Returns the law's name for programs: as its serialisation is.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Convergence => "convergence",
            Self::NothingLost => "nothing_lost",
            Self::Tombstones => "tombstones",
            Self::MonotonicReads => "monotonic_reads",
            Self::SymmetricLinks => "symmetric_links",
            Self::StoredIncrease => "stored_increase",
            Self::Payloads => "payloads",
            Self::Queues => "queues",
        }
    }

    /// Returns the law's name in reports.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_for_programs_is_the_serialisation() {
        for law in Law::ALL {
            assert_eq!(serde_json::to_value(law).unwrap(), law.key());
        }
    }
}
