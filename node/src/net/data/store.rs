//! The contents of a file: the node's id, and the greatest version of each key that was handed over.
//!
//! The file also has a short summary of its contents (`summary`). It shows a missing version, or one that a
//! lost commit left in an older form, and not only a damaged one.

use redb::{Database, ReadableDatabase as _, ReadableTable as _, Table, TableDefinition, WriteTransaction};

use super::record;
use super::summary::StoreSummary;
use crate::wire::{Hex, NodeId, Policy, Version};

/// Records by key. The keys are text; as bytes, so that a damaged one is an error and no panic.
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
/// Records that were found damaged in a page that is whole, by key.
const DAMAGED: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("damaged");
/// Records without a check, by key: the table of files of the first format.
const UNCHECKED: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("versions");
/// The entries `format`, `node`, `policy`, `check` (of these) and `state`.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
/// The first format: records have no check, and there is no count of them.
const FIRST: &[u8] = b"1";
/// The format in which files are written.
const FORMAT: &[u8] = b"2";

/// The reason why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum StoreError {
    /// The storage library reports an error, damage included.
    #[error("{0}")]
    Database(#[from] redb::Error),
    /// A record was damaged since the file was opened.
    #[error("the record of key `{0}` was damaged while the file was in use")]
    Record(String),
    /// A file of the first format has a record that cannot be read.
    #[error("the record of key `{0}` cannot be read")]
    Unchecked(String),
    /// The file holds fewer or other versions than were committed.
    #[error("it should hold {expected} and holds {found}")]
    Incomplete { expected: StoreSummary, found: StoreSummary },
    /// The last acknowledged commits are missing.
    #[error(
        "its last commits are missing: {acknowledged} were acknowledged, and it goes back to number {commits}"
    )]
    Behind { commits: u64, acknowledged: u64 },
    /// The file is no store, or its beginning is damaged: no node and no policy can be read.
    #[error("it does not name its node")]
    NoOwner,
    /// The file comes from a later version of this program.
    #[error("it was written by another version of this program (format {0})")]
    Format(String),
    /// The file belongs to a node of another policy.
    #[error("it was written under the policy `{0}`")]
    Policy(String),
}

/// An open store.
#[derive(Debug)]
pub(super) struct DiskStore {
    database: Database,
    node: NodeId,
    policy: Policy,
    summary: StoreSummary,
    /// True for a file of the first format until it is upgraded.
    first: bool,
}

impl DiskStore {
    /// Makes an empty database the store of a node, with a commit. Its commits are counted on from `commits`.
    pub(super) fn create(
        database: Database,
        policy: Policy,
        node: NodeId,
        commits: u64,
    ) -> Result<Self, redb::Error> {
        let transaction = database.begin_write()?;
        let summary = StoreSummary::empty(commits + 1);
        {
            let mut about = transaction.open_table(ABOUT)?;
            about.insert("format", FORMAT)?;
            about.insert("node", &node.0[..])?;
            about.insert("policy", policy.name().as_bytes())?;
            about.insert("check", &about_check(node, policy)[..])?;
            about.insert("state", &summary.encode()[..])?;
            transaction.open_table(RECORDS)?;
        }
        transaction.commit()?;
        Ok(Self { database, node, policy, summary, first: false })
    }

    /// Opens the store in a database. Without a policy the file's own is used; another one is refused.
    pub(super) fn open(database: Database, policy: Option<Policy>) -> Result<Self, StoreError> {
        let about = database.begin_read().map_err(redb::Error::from)?;
        let about = about.open_table(ABOUT).map_err(|error| match error {
            redb::TableError::TableDoesNotExist(_) => StoreError::NoOwner,
            error => StoreError::Database(error.into()),
        })?;
        let entry = |name: &str| -> Result<Option<Vec<u8>>, StoreError> {
            Ok(about.get(name).map_err(redb::Error::from)?.map(|bytes| bytes.value().to_vec()))
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let format = entry("format")?.ok_or(StoreError::NoOwner)?;
        let first = format == FIRST;
        if !first && format != FORMAT {
            return Err(StoreError::Format(text(format)));
        }
        let written = entry("policy")?.map(text).unwrap_or_default();
        let Ok(own) = written.parse::<Policy>() else { return Err(StoreError::NoOwner) };
        if policy.is_some_and(|policy| policy != own) {
            return Err(StoreError::Policy(written));
        }
        let node = entry("node")?.and_then(|id| <[u8; 16]>::try_from(id).ok()).ok_or(StoreError::NoOwner)?;
        let node = Hex(node);
        if !first && entry("check")?.is_none_or(|check| check != about_check(node, own)) {
            return Err(StoreError::NoOwner);
        }
        let summary = match entry("state")? {
            _ if first => StoreSummary::default(),
            bytes => bytes.and_then(|bytes| StoreSummary::decode(&bytes)).ok_or(StoreError::NoOwner)?,
        };
        drop(about);
        Ok(Self { database, node, policy: own, summary, first })
    }

    /// Returns the id of the node that the store belongs to.
    pub(super) fn node(&self) -> NodeId {
        self.node
    }

    /// Returns the policy under which the store was written.
    pub(super) fn policy(&self) -> Policy {
        self.policy
    }

    /// Returns the number of the last commit.
    pub(super) fn commits(&self) -> u64 {
        self.summary.commits
    }

    /// Reads and checks all versions, in the order of keys. Returns the keys of damaged records, which were
    /// left out.
    pub(super) fn read(&self, mut each: impl FnMut(Version)) -> Result<Vec<Vec<u8>>, StoreError> {
        if self.first {
            return self.read_unchecked(each).map(|()| Vec::new());
        }
        let transaction = self.database.begin_read().map_err(redb::Error::from)?;
        let records = transaction.open_table(RECORDS).map_err(redb::Error::from)?;
        let mut found = StoreSummary::empty(self.summary.commits);
        let mut damaged = Vec::new();
        for entry in records.iter().map_err(redb::Error::from)? {
            let (key, record) = entry.map_err(redb::Error::from)?;
            match decode(key.value(), record.value()) {
                Some(version) => {
                    found.add(&version);
                    each(version);
                }
                None => damaged.push(key.value().to_vec()),
            }
        }
        let complete = if damaged.is_empty() {
            found == self.summary
        } else {
            found.versions + damaged.len() as u64 == self.summary.versions
        };
        if complete { Ok(damaged) } else { Err(StoreError::Incomplete { expected: self.summary, found }) }
    }

    fn read_unchecked(&self, mut each: impl FnMut(Version)) -> Result<(), StoreError> {
        let transaction = self.database.begin_read().map_err(redb::Error::from)?;
        let versions = transaction.open_table(UNCHECKED).map_err(redb::Error::from)?;
        for entry in versions.iter().map_err(redb::Error::from)? {
            let (key, record) = entry.map_err(redb::Error::from)?;
            let version = record::decode_unchecked(key.value(), record.value());
            each(version.ok_or_else(|| StoreError::Unchecked(key.value().to_owned()))?);
        }
        Ok(())
    }

    /// Sets damaged records aside, so that versions fetched from neighbours take their place.
    pub(super) fn set_aside(&mut self, damaged: &[Vec<u8>]) -> Result<(), StoreError> {
        if damaged.is_empty() {
            return Ok(());
        }
        self.commit(|transaction, summary| {
            let mut records = transaction.open_table(RECORDS)?;
            let mut aside = transaction.open_table(DAMAGED)?;
            for key in damaged {
                if let Some(record) = records.remove(&key[..])? {
                    aside.insert(&key[..], record.value())?;
                }
            }
            // The ids of those set aside are not known, so the sum of the others is computed anew.
            *summary = StoreSummary::empty(summary.commits);
            for entry in records.iter()? {
                let (key, record) = entry?;
                if let Some(version) = decode(key.value(), record.value()) {
                    summary.add(&version);
                }
            }
            Ok(())
        })
    }

    /// Writes a file of the first format anew in the present one.
    pub(super) fn upgrade_format(&mut self) -> Result<(), StoreError> {
        if !self.first {
            return Ok(());
        }
        let (node, policy) = (self.node, self.policy);
        let mut versions = Vec::new();
        self.read_unchecked(|version| versions.push(version))?;
        self.commit(|transaction, summary| {
            let mut records = transaction.open_table(RECORDS)?;
            for version in &versions {
                records.insert(version.key().as_bytes(), &record::encode(version)[..])?;
                summary.add(version);
            }
            transaction.delete_table(UNCHECKED)?;
            let mut about = transaction.open_table(ABOUT)?;
            about.insert("format", FORMAT)?;
            about.insert("check", &about_check(node, policy)[..])?;
            Ok(())
        })?;
        self.first = false;
        Ok(())
    }

    /// Merges versions, all or none of them: they are on the disk when this returns. A version that is less
    /// than the one stored of its key changes nothing.
    pub(super) fn merge<V: AsRef<Version>>(
        &mut self,
        versions: impl IntoIterator<Item = V>,
    ) -> Result<(), StoreError> {
        let policy = self.policy;
        self.commit(|transaction, summary| {
            let mut records = transaction.open_table(RECORDS)?;
            for version in versions {
                let version = version.as_ref();
                // Versions come in the order of writes, and one that a neighbour sent meanwhile may be less
                // than the one that is stored.
                let stored = stored(&records, version.key())?;
                if stored.as_ref().is_none_or(|stored| stored.rank(policy) < version.rank(policy)) {
                    put_record(&mut records, summary, stored.as_ref(), version)?;
                }
            }
            Ok(())
        })
    }

    /// Replaces the stored versions of these keys, whether the new ones are greater or less: all or none.
    pub(super) fn replace(&mut self, versions: &[Version]) -> Result<(), StoreError> {
        self.commit(|transaction, summary| {
            let mut records = transaction.open_table(RECORDS)?;
            for version in versions {
                let stored = stored(&records, version.key())?;
                put_record(&mut records, summary, stored.as_ref(), version)?;
            }
            Ok(())
        })
    }

    /// Makes one commit, with the summary after it.
    fn commit(
        &mut self,
        work: impl FnOnce(&WriteTransaction, &mut StoreSummary) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(redb::Error::from)?;
        let mut summary = self.summary;
        summary.commits += 1;
        work(&transaction, &mut summary)?;
        transaction.open_table(ABOUT)?.insert("state", &summary.encode()[..])?;
        transaction.commit().map_err(redb::Error::from)?;
        self.summary = summary;
        Ok(())
    }
}

/// Returns the version stored of a key.
fn stored(
    records: &Table<'_, &'static [u8], &'static [u8]>,
    key: &str,
) -> Result<Option<Version>, StoreError> {
    let Some(record) = records.get(key.as_bytes())? else { return Ok(None) };
    // All of the file was right when it was opened.
    record::decode(key, record.value()).map(Some).ok_or_else(|| StoreError::Record(key.to_owned()))
}

/// Puts the record of a version in the place of the one stored of its key.
fn put_record(
    records: &mut Table<'_, &'static [u8], &'static [u8]>,
    summary: &mut StoreSummary,
    stored: Option<&Version>,
    version: &Version,
) -> Result<(), StoreError> {
    if let Some(stored) = stored {
        summary.remove(stored);
    }
    summary.add(version);
    records.insert(version.key().as_bytes(), &record::encode(version)[..])?;
    Ok(())
}

fn decode(key: &[u8], record: &[u8]) -> Option<Version> {
    record::decode(std::str::from_utf8(key).ok()?, record)
}

/// Returns the check of the node's id and policy: it shows damage to either.
pub(super) fn about_check(node: NodeId, policy: Policy) -> [u8; 16] {
    let about = [b"about 2\0", &node.0[..], policy.name().as_bytes()].concat();
    Hex::<32>(*blake3::hash(&about).as_bytes()).truncated::<16>().0
}

impl From<redb::TableError> for StoreError {
    fn from(error: redb::TableError) -> Self {
        Self::Database(error.into())
    }
}

impl From<redb::StorageError> for StoreError {
    fn from(error: redb::StorageError) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(test)]
pub(super) mod tests;
