//! Which workload, and its settings.

use thiserror::Error;

use super::{Workload, counter, echo, lin_kv, set, txn, unique_ids};
use crate::text::nearest;

/// A name that is none of those there are.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct UnknownName {
    message: String,
}

impl UnknownName {
    fn of(what: &str, name: &str, known: &[&str]) -> Self {
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        Self { message: format!("unknown {what} `{name}`: {help}") }
    }
}

/// A workload, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What is said comes back.
    Echo,
    /// No id is given twice.
    UniqueIds,
    /// What one node is told, all learn.
    Broadcast,
    /// A set that only grows.
    GSet,
    /// A counter that only grows.
    GCounter,
    /// A counter.
    PnCounter,
    /// Registers that behave as if there were one of each.
    LinKv,
    /// Transactions that read and write registers.
    TxnRwRegister,
}

impl Kind {
    /// All of them, by name.
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

    /// The workload of that name.
    pub fn named(name: &str) -> Result<Self, UnknownName> {
        let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind).ok_or_else(|| UnknownName::of("workload", name, &names))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// The workload with these settings.
    #[must_use]
    pub fn workload(self, options: &Options) -> Box<dyn Workload> {
        match self {
            Self::Echo => Box::new(echo::Echo),
            Self::UniqueIds => Box::new(unique_ids::UniqueIds),
            Self::Broadcast => Box::new(set::Set::broadcast()),
            Self::GSet => Box::new(set::Set::grow_only()),
            Self::GCounter => Box::new(counter::Counter::grow_only()),
            Self::PnCounter => Box::new(counter::Counter::both_ways()),
            Self::LinKv => Box::new(lin_kv::LinKv::new(options)),
            Self::TxnRwRegister => Box::new(txn::TxnRwRegister::new(options)),
        }
    }
}

/// What transactions promise (Adya 1999).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConsistencyModel {
    /// Writes of different transactions are in one order.
    ReadUncommitted,
    /// And what is read was committed, and final.
    ReadCommitted,
}

impl ConsistencyModel {
    const ALL: &'static [(&'static str, Self)] =
        &[("read-uncommitted", Self::ReadUncommitted), ("read-committed", Self::ReadCommitted)];

    /// The model of that name.
    pub fn named(name: &str) -> Result<Self, UnknownName> {
        const STRONGER: &[&str] = &[
            "repeatable-read",
            "snapshot-isolation",
            "serializable",
            "strict-serializable",
            "strong-session-serializable",
        ];
        let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
        if STRONGER.contains(&name) {
            let message = format!("`{name}` is not checked yet: there are {}", names.join(", "));
            return Err(UnknownName { message });
        }
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, model)| *model).ok_or_else(|| UnknownName::of("consistency model", name, &names))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, model)| *model == self).map_or("", |(name, _)| name)
    }
}

/// The settings of workloads with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many keys are in use at a time.
    pub keys: usize,
    /// After how many writes a key is replaced by a new one.
    pub writes_per_key: u64,
    /// How many reads and writes a transaction has at most.
    pub txn_length: u64,
    /// What transactions are held to.
    pub model: ConsistencyModel,
}

impl Default for Options {
    fn default() -> Self {
        Self { keys: 10, writes_per_key: 16, txn_length: 4, model: ConsistencyModel::ReadUncommitted }
    }
}

/// The keys in use: each is replaced by a new one after so many writes.
#[derive(Debug)]
pub(super) struct Keys {
    /// Each with how often it was written.
    used: Vec<(u64, u64)>,
    next: u64,
    writes_max: u64,
}

impl Keys {
    pub(super) fn new(options: &Options) -> Self {
        let count = options.keys.max(1) as u64;
        Self {
            used: (0..count).map(|key| (key, 0)).collect(),
            next: count,
            writes_max: options.writes_per_key.max(1),
        }
    }

    /// The key at a place.
    pub(super) fn key(&self, place: usize) -> u64 {
        self.used[place].0
    }

    /// How many are in use.
    pub(super) fn len(&self) -> usize {
        self.used.len()
    }

    /// The key at a place is written: it, and how often it was written with this.
    pub(super) fn write(&mut self, place: usize) -> (u64, u64) {
        self.used[place].1 += 1;
        let written = self.used[place];
        if written.1 >= self.writes_max {
            self.used[place] = (self.next, 0);
            self.next += 1;
        }
        written
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
        let said = |name: &str| ConsistencyModel::named(name).unwrap_err().to_string();
        assert_eq!(
            said("serializable"),
            "`serializable` is not checked yet: there are read-uncommitted, read-committed"
        );
        assert!(said("read-comitted").ends_with("did you mean `read-committed`?"));
        assert_eq!(ConsistencyModel::named("read-committed"), Ok(ConsistencyModel::ReadCommitted));
    }

    #[test]
    fn a_key_is_replaced_when_it_was_written_often() {
        let mut keys = Keys::new(&Options { keys: 2, writes_per_key: 2, ..Options::default() });
        assert_eq!([keys.write(0), keys.write(0), keys.write(0)], [(0, 1), (0, 2), (2, 1)]);
        assert_eq!((keys.len(), keys.key(1)), (2, 1));
    }
}
