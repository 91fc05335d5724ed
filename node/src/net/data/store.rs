//! What a file holds: who the node is, and the greatest version of each key that was handed over.

use std::sync::Arc;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::record;
use crate::wire::{Hex, NodeId, Policy, Version};

/// Versions by key.
const VERSIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("versions");
/// `format`, `node`, `policy`.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
/// How records are written now.
const FORMAT: &[u8] = b"1";

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("{0}")]
    Database(#[from] redb::Error),
    #[error("its record of key `{0}` makes no sense")]
    Record(String),
    #[error("it does not say whose it is")]
    Nobody,
    #[error("it was written by another version of this program (format {0})")]
    Format(String),
    #[error("it was written under the policy `{0}`")]
    Policy(String),
}

/// An open file.
#[derive(Debug)]
pub(super) struct Store {
    database: Database,
    policy: Policy,
}

impl Store {
    /// Makes an empty database the store of a node, at once.
    pub(super) fn create(database: Database, policy: Policy, node: NodeId) -> Result<Self, redb::Error> {
        let transaction = database.begin_write()?;
        {
            let mut about = transaction.open_table(ABOUT)?;
            about.insert("format", FORMAT)?;
            about.insert("node", &node.0[..])?;
            about.insert("policy", policy.name().as_bytes())?;
            transaction.open_table(VERSIONS)?;
        }
        transaction.commit()?;
        Ok(Self { database, policy })
    }

    /// The store in this database, and whose it is.
    pub(super) fn open(database: Database, policy: Policy) -> Result<(Self, NodeId), Unusable> {
        let about = database.begin_read().map_err(redb::Error::from)?;
        let about = about.open_table(ABOUT).map_err(|error| match error {
            redb::TableError::TableDoesNotExist(_) => Unusable::Nobody,
            error => Unusable::Database(error.into()),
        })?;
        let entry = |name: &str| -> Result<Option<Vec<u8>>, Unusable> {
            Ok(about.get(name).map_err(redb::Error::from)?.map(|bytes| bytes.value().to_vec()))
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let format = entry("format")?.ok_or(Unusable::Nobody)?;
        if format != FORMAT {
            return Err(Unusable::Format(text(format)));
        }
        let written = entry("policy")?.map(text).unwrap_or_default();
        if written != policy.name() {
            return Err(Unusable::Policy(written));
        }
        let node = entry("node")?.and_then(|id| <[u8; 16]>::try_from(id).ok()).ok_or(Unusable::Nobody)?;
        drop(about);
        Ok((Self { database, policy }, Hex(node)))
    }

    /// All that is kept, in the order of keys.
    pub(super) fn load(&self) -> Result<Vec<Arc<Version>>, Unusable> {
        let transaction = self.database.begin_read().map_err(redb::Error::from)?;
        let versions = transaction.open_table(VERSIONS).map_err(redb::Error::from)?;
        let mut loaded = Vec::new();
        for entry in versions.iter().map_err(redb::Error::from)? {
            let (key, version) = entry.map_err(redb::Error::from)?;
            let version = record::decode(key.value(), version.value());
            let version = version.ok_or_else(|| Unusable::Record(key.value().to_owned()))?;
            loaded.push(Arc::new(version));
        }
        Ok(loaded)
    }

    /// Keeps versions, all or none of them: they are on the disk when this returns. A version that is
    /// less than the one kept of its key changes nothing.
    pub(super) fn keep<'v>(
        &self,
        versions: impl IntoIterator<Item = &'v Arc<Version>>,
    ) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(VERSIONS)?;
            for version in versions {
                // What is handed over comes in the order of writes, and what a neighbour told meanwhile
                // may lie before it.
                let kept =
                    table.get(version.key())?.and_then(|kept| record::decode(version.key(), kept.value()));
                if kept.is_none_or(|kept| kept.rank(self.policy) < version.rank(self.policy)) {
                    table.insert(version.key(), &record::encode(version)[..])?;
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
