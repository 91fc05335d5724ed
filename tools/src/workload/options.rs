//! The settings of workloads, and the models of consistency.

use thiserror::Error;

use crate::text::nearest;

/// The error for an unknown name of a workload or of a consistency model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct UnknownName {
    message: String,
}

impl UnknownName {
    pub(super) fn of(what: &str, name: &str, known: &[&str]) -> Self {
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        Self { message: format!("unknown {what} `{name}`: {help}") }
    }
}

/// The guarantee of transactions (Adya 1999).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConsistencyModel {
    /// Writes of different transactions are in one order.
    ReadUncommitted,
    /// Also, every value that is read was committed, and is final.
    ReadCommitted,
}

impl ConsistencyModel {
    const ALL: &'static [(&'static str, Self)] =
        &[("read-uncommitted", Self::ReadUncommitted), ("read-committed", Self::ReadCommitted)];

    /// Returns the model of that name, or an error that suggests one.
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

    /// Returns the name of the model.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, model)| *model == self).map_or("", |(name, _)| name)
    }
}

/// The settings of workloads with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The number of keys in use at a time.
    pub keys: usize,
    /// The number of writes after which a key is replaced by a new one.
    pub writes_per_key: u64,
    /// The most reads and writes in a transaction.
    pub txn_length: u64,
    /// The model that transactions are held to.
    pub model: ConsistencyModel,
}

impl Default for Options {
    fn default() -> Self {
        // The defaults of Maelstrom for transactions.
        Self { keys: 10, writes_per_key: 16, txn_length: 4, model: ConsistencyModel::ReadUncommitted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_and_others_refused() {
        let said = |name: &str| ConsistencyModel::named(name).unwrap_err().to_string();
        assert_eq!(
            said("serializable"),
            "`serializable` is not checked yet: there are read-uncommitted, read-committed"
        );
        assert!(said("read-comitted").ends_with("did you mean `read-committed`?"));
        assert_eq!(ConsistencyModel::named("read-committed"), Ok(ConsistencyModel::ReadCommitted));
    }
}
