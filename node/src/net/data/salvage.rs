//! A search for undamaged records in a file that cannot be opened.
//!
//! It follows no pointer of the file. It reads every page by itself as one of redb's leaves (redb,
//! docs/design.md, "B-tree pages"), and a record counts if its own check holds. So no damaged record is
//! taken for a good one, and other damage hides none. Leaves of former commits are found as well; of each key
//! the greatest version counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::record;
use super::store::about_check;
use super::summary::StoreSummary;
use crate::wire::{Hex, NodeId, Policy, Version};

/// The length of a page, in bytes (redb, docs/design.md): a leaf begins with one, and may go on over more.
const PAGE: usize = 4_096;
/// The longest leaf that is read, in bytes. Chosen: some times the need of the longest value
/// (`Limits::value`, 1,032,192 bytes).
const LEAF_MAX: usize = 4 << 20;
/// The most entries that are tried for a leaf whose own number is damaged: records have 45 bytes and more,
/// beside eight for their ends.
const ENTRIES_MAX: usize = PAGE / 53;
/// The longest key, in bytes (`Limits::key`).
const KEY_MAX: usize = 1_024;
/// The first byte of a leaf (redb, docs/design.md).
const IS_LEAF: u8 = 1;

/// The undamaged contents that were found in a file.
#[derive(Debug)]
pub(super) struct Salvage {
    /// The node that the file belongs to, and its policy.
    pub(super) owner: Option<(NodeId, Policy)>,
    /// The summary in the last commit that can be found.
    pub(super) summary: Option<StoreSummary>,
    /// The greatest undamaged version of each key.
    pub(super) versions: BTreeMap<Box<str>, Version>,
    /// The keys of damaged records, as far as they can be read.
    pub(super) damaged: BTreeSet<String>,
}

impl Salvage {
    /// Searches all of a file. It is read twice, since versions are compared under the file's policy.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let mut salvage =
            Self { owner: None, summary: None, versions: BTreeMap::new(), damaged: BTreeSet::new() };
        let mut about = About::default();
        each_leaf(file, |key, value, _| about.add_entry(key, value))?;
        salvage.owner = about.owner();
        salvage.summary = about.summary;
        let policy = salvage.owner.map_or(Policy::default(), |(_, policy)| policy);
        each_leaf(file, |key, value, certain| salvage.add_record(policy, key, value, certain))?;
        Ok(salvage)
    }

    /// Returns the summary of a file with just the versions found.
    pub(super) fn found(&self) -> StoreSummary {
        let mut summary = StoreSummary::default();
        self.versions.values().for_each(|version| summary.add(version));
        summary
    }

    /// Adds an entry of a leaf. Returns true for an undamaged record.
    fn add_record(&mut self, policy: Policy, key: &[u8], value: &[u8], certain: bool) -> bool {
        let Ok(key) = std::str::from_utf8(key) else { return false };
        let Some(version) = record::decode(key, value) else {
            if certain && record::resembles(value) {
                self.damaged.insert(key.to_owned());
            }
            return false;
        };
        match self.versions.get(key) {
            Some(other) if other.rank(policy) >= version.rank(policy) => {}
            _ => {
                self.versions.insert(key.into(), version);
            }
        }
        true
    }
}

/// The entries about the node that the pages hold, each read by itself.
#[derive(Default)]
struct About {
    nodes: BTreeSet<NodeId>,
    checks: BTreeSet<Vec<u8>>,
    summary: Option<StoreSummary>,
}

impl About {
    /// Adds an entry of a leaf. Returns true for an entry about the node.
    fn add_entry(&mut self, key: &[u8], value: &[u8]) -> bool {
        match key {
            b"node" => self.nodes.extend(<[u8; 16]>::try_from(value).map(Hex)),
            b"check" if value.len() == 16 => {
                self.checks.insert(value.to_vec());
            }
            b"state" => {
                let summary = StoreSummary::decode(value);
                let commits = |summary: Option<StoreSummary>| summary.map(|summary| summary.commits);
                if commits(summary) > commits(self.summary) {
                    self.summary = summary;
                }
            }
            _ => return false,
        }
        true
    }

    /// Returns the node and the policy for which a check was found.
    fn owner(&self) -> Option<(NodeId, Policy)> {
        let pairs = self
            .nodes
            .iter()
            .flat_map(|node| [Policy::Last, Policy::Oldest].into_iter().map(|policy| (*node, policy)));
        pairs.into_iter().find(|(node, policy)| self.checks.contains(&about_check(*node, *policy)[..]))
    }
}

/// Hands over every entry of every page that may be a leaf with keys and values of any length. The last
/// argument of `see` is true if the page's own head says that it is a leaf. `see` returns true if the entry
/// is one that is sought.
fn each_leaf(file: &File, mut see: impl FnMut(&[u8], &[u8], bool) -> bool) -> io::Result<()> {
    let length = file.metadata()?.len();
    let (mut page, mut leaf) = (vec![0; PAGE], Vec::new());
    for at in (0..length).step_by(PAGE) {
        let there = read(file, at, length, &mut page)?;
        let page = &page[..there];
        let Some(stated) = page.get(2..4).map(|count| usize::from(u16::from_le_bytes([count[0], count[1]])))
        else {
            break;
        };
        let mut look = |entries: usize, certain: bool| -> io::Result<bool> {
            let needs = leaf_length(page, entries);
            if needs <= page.len() {
                return Ok(each_entry(page, entries, |key, value| see(key, value, certain)));
            }
            leaf.resize(needs, 0);
            let there = read(file, at, length, &mut leaf)?;
            Ok(each_entry(&leaf[..there], entries, |key, value| see(key, value, certain)))
        };
        // Where the page's own head was damaged, another number of entries shows the undamaged ones.
        if !look(stated, page[0] == IS_LEAF)? {
            for entries in (1..=ENTRIES_MAX).filter(|entries| *entries != stated && fits(page, *entries)) {
                if look(entries, false)? {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Reads as many bytes as there are from a place on, and returns their number.
fn read(file: &File, at: u64, length: u64, out: &mut [u8]) -> io::Result<usize> {
    let there = usize::try_from(length - at).unwrap_or(usize::MAX).min(out.len());
    file.read_exact_at(&mut out[..there], at)?;
    Ok(there)
}

/// Returns true if the first key of a leaf with this many entries begins where it must.
fn fits(page: &[u8], entries: usize) -> bool {
    let begin = 4 + 8 * entries;
    end(page, 0).is_some_and(|end| end >= begin && end - begin <= KEY_MAX)
        && end(page, entries - 1).is_some_and(|end| end >= begin && end <= LEAF_MAX)
}

/// Returns the length of the leaf that begins with this page: the greatest end in it of at most [`LEAF_MAX`]
/// bytes. So a damaged end does not hide the other entries.
fn leaf_length(page: &[u8], entries: usize) -> usize {
    let ends = (entries..2 * entries).filter_map(|index| end(page, index)).filter(|end| *end <= LEAF_MAX);
    ends.max().unwrap_or_default()
}

/// Returns an end of a key or a value in a leaf: those of keys come first.
fn end(leaf: &[u8], index: usize) -> Option<usize> {
    let at = 4 + 4 * index;
    let bytes: [u8; 4] = leaf.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

/// Hands over the entries that lie within a leaf. Returns true if any was one that is sought.
fn each_entry(leaf: &[u8], entries: usize, mut see: impl FnMut(&[u8], &[u8]) -> bool) -> bool {
    let begin = 4 + 8 * entries;
    let values = entries.checked_sub(1).and_then(|last| end(leaf, last));
    let part = |from: Option<usize>, to: Option<usize>| leaf.get(from?..to?);
    let mut any = false;
    for index in 0..entries {
        let key_from = if index == 0 { Some(begin) } else { end(leaf, index - 1) };
        let value_from = if index == 0 { values } else { end(leaf, entries + index - 1) };
        let key = part(key_from, end(leaf, index));
        let value = part(value_from, end(leaf, entries + index));
        if let (Some(key), Some(value)) = (key, value) {
            any |= see(key, value);
        }
    }
    any
}
