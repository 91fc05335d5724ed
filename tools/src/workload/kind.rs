//! The workloads by name.

use super::options::{Options, UnknownName};
use super::{Workload, counter, echo, lin_kv, set, txn, unique_ids};

/// A workload, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An echo: a node answers with the text that it was sent.
    Echo,
    /// Unique ids: no id is given twice.
    UniqueIds,
    /// A broadcast: all nodes learn each value that one node was told.
    Broadcast,
    /// A set that only grows.
    GSet,
    /// A counter that only increases.
    GCounter,
    /// A counter that increases and decreases.
    PnCounter,
    /// Linearizable registers: each behaves like a single copy.
    LinKv,
    /// Transactions that read and write registers.
    TxnRwRegister,
}

impl Kind {
    /// All workloads, by name.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("broadcast", Self::Broadcast),
        ("echo", Self::Echo),
        ("g-counter", Self::GCounter),
        ("g-set", Self::GSet),
        ("lin-kv", Self::LinKv),
        ("pn-counter", Self::PnCounter),
        ("txn-rw-register", Self::TxnRwRegister),
        ("unique-ids", Self::UniqueIds),
    ];

    /// Returns the workload of that name, or an error that suggests one.
    pub fn named(name: &str) -> Result<Self, UnknownName> {
        let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind).ok_or_else(|| UnknownName::of("workload", name, &names))
    }

    /// Returns the name of the workload.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// Returns the operations that the workload asks: `read KEY` of a register, or the whole with `read`.
    #[must_use]
    pub fn commands(self) -> &'static [&'static str] {
        match self {
            Self::Echo => &["echo"],
            Self::UniqueIds => &["generate"],
            Self::Broadcast => &["broadcast", "read"],
            Self::GSet | Self::GCounter | Self::PnCounter => &["add", "read"],
            Self::LinKv => &["read KEY", "write", "cas"],
            Self::TxnRwRegister => &["txn"],
        }
    }

    /// Returns true if a read has all that was ever added, so that a second load finds what the first one left.
    #[must_use]
    pub fn reads_the_whole(self) -> bool {
        self.commands().contains(&"read")
    }

    /// Returns true if answers can be judged where nodes may hold data of before: the sum of a counter has no sign of
    /// who added what.
    #[must_use]
    pub fn is_judged_beside_older_data(self) -> bool {
        !matches!(self, Self::GCounter | Self::PnCounter)
    }

    /// Returns the workload with these settings.
    #[must_use]
    pub fn workload(self, options: &Options) -> Box<dyn Workload> {
        match self {
            Self::Echo => Box::new(echo::Echo),
            Self::UniqueIds => Box::new(unique_ids::UniqueIds),
            Self::Broadcast => Box::new(set::Set::broadcast(options)),
            Self::GSet => Box::new(set::Set::grow_only(options)),
            Self::GCounter => Box::new(counter::Counter::grow_only()),
            Self::PnCounter => Box::new(counter::Counter::both_ways()),
            Self::LinKv => Box::new(lin_kv::LinKv::new(options)),
            Self::TxnRwRegister => Box::new(txn::TxnRwRegister::new(options)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_others_refused() {
        for (name, kind) in Kind::ALL {
            assert_eq!((Kind::named(name), kind.name()), (Ok(*kind), *name));
        }
        let said = |name: &str| Kind::named(name).unwrap_err().to_string();
        assert_eq!(said("brodcast"), "unknown workload `brodcast`: did you mean `broadcast`?");
        assert!(said("kafka").starts_with("unknown workload `kafka`: there are broadcast, echo"));
    }
}
