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

/// The other models by name, as Elle has them: none of them is judged.
const NOT_JUDGED: &[&str] = &[
    "causal-cerone",
    "conflict-serializable",
    "consistent-view",
    "cursor-stability",
    "forward-consistent-view",
    "linearizable",
    "monotonic-atomic-view",
    "monotonic-snapshot-read",
    "monotonic-view",
    "parallel-snapshot-isolation",
    "prefix",
    "read-atomic",
    "repeatable-read",
    "serializable",
    "session-serializable",
    "snapshot-isolation",
    "strict-serializable",
    "strong-read-committed",
    "strong-read-uncommitted",
    "strong-serializable",
    "strong-session-read-committed",
    "strong-session-read-uncommitted",
    "strong-session-serializable",
    "strong-session-snapshot-isolation",
    "strong-snapshot-isolation",
    "update-serializable",
    "view-serializable",
];

impl ConsistencyModel {
    const ALL: &'static [(&'static str, Self)] =
        &[("read-uncommitted", Self::ReadUncommitted), ("read-committed", Self::ReadCommitted)];

    /// The strongest model that is judged.
    pub const STRONGEST: Self = Self::ReadCommitted;

    /// Returns the strongest of the models of these names, separated by commas. The error suggests a name, or
    /// says that a model is not judged.
    pub fn strongest_of(names: &str) -> Result<Self, UnknownName> {
        let models: Vec<Self> =
            names.split(',').map(|name| Self::named(name.trim())).collect::<Result<_, _>>()?;
        Ok(models.into_iter().max().unwrap_or(Self::STRONGEST))
    }

    /// Fails if one of these names, separated by commas, is that of no model, judged or not.
    pub fn check_names(names: &str) -> Result<(), UnknownName> {
        let known = |name: &&str| NOT_JUDGED.contains(name);
        names
            .split(',')
            .map(str::trim)
            .filter(|name| !known(name))
            .try_for_each(|name| Self::named(name).map(drop))
    }

    /// Returns the model of that name, or an error that suggests one.
    pub fn named(name: &str) -> Result<Self, UnknownName> {
        let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
        if NOT_JUDGED.contains(&name) {
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
    /// The first key; the others are the next numbers.
    pub first_key: u64,
    /// True if nodes ran before, and may hold what nobody writes in this run.
    pub holds_more: bool,
    /// The number of keys in use at a time.
    pub keys: usize,
    /// The number of writes after which a key is replaced by a new one.
    pub writes_per_key: u64,
    /// The most reads and writes in a transaction.
    pub txn_length: u64,
    /// True if registers are asked for exchanges as well as for reads and writes.
    pub exchanges: bool,
    /// The model that transactions are held to.
    pub model: ConsistencyModel,
}

impl Options {
    /// Returns these options for nodes that ran before, at a wall time in milliseconds since 1970. The keys are others
    /// than those of a run at any other second.
    #[must_use]
    pub fn beside_older_data(self, wall_ms: u64) -> Self {
        // A million keys a second: no load comes so far. JSON numbers of this size are exact.
        let first_key = (wall_ms / 1_000).saturating_mul(1_000_000).saturating_add(self.first_key);
        Self { first_key, holds_more: true, ..self }
    }
}

impl Default for Options {
    fn default() -> Self {
        // The defaults of Maelstrom for transactions.
        Self {
            first_key: 0,
            holds_more: false,
            keys: 10,
            writes_per_key: 16,
            txn_length: 4,
            exchanges: true,
            model: ConsistencyModel::STRONGEST,
        }
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

    #[test]
    fn of_several_models_the_strongest_counts_and_each_is_judged() {
        let of = ConsistencyModel::strongest_of;
        assert_eq!(of("read-committed, read-uncommitted"), Ok(ConsistencyModel::ReadCommitted));
        assert_eq!(of("read-uncommitted"), Ok(ConsistencyModel::ReadUncommitted));
        assert!(of("read-committed,serializable").unwrap_err().to_string().contains("not checked yet"));
        assert!(ConsistencyModel::check_names("strict-serializable,read-committed").is_ok());
        assert!(ConsistencyModel::check_names("strict-serialisable").is_err());
    }
}
