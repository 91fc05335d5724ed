//! The writes of stores that give no stamps, by key: the evidence that none that was acknowledged is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use super::history::Custody;
use crate::world::NodeIndex;

/// The most writes of one key that are kept. Chosen: no scenario has as many writes of unknown outcome. A key with more
/// is not judged.
const WRITES_MAX: usize = 1_000;

/// A write of a key, acknowledged or of unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct UnstampedWrite {
    /// The node that was asked.
    pub by: NodeIndex,
    /// The memory that must hold it, if it was acknowledged.
    pub custody: Custody,
    /// The value; none of a delete.
    pub value: Option<String>,
    pub began: Duration,
    pub ended: Duration,
    pub acknowledged: bool,
}

/// The writes that a later one may not have replaced, by key.
#[derive(Debug, Default)]
pub(in crate::run) struct UnstampedWrites {
    keys: BTreeMap<String, Vec<UnstampedWrite>>,
    /// True if nodes were asked for a change whose effect on keys nobody knows.
    has_other_changes: bool,
    /// True if some key was judged.
    pub was_judged: bool,
}

impl UnstampedWrites {
    /// Adds a write. One that was acknowledged replaces those that the same node acknowledged before it began. One of
    /// unknown outcome replaces nothing, and may yet replace everything.
    pub(in crate::run) fn add(&mut self, key: &str, write: UnstampedWrite) {
        let writes = self.keys.entry(key.to_owned()).or_default();
        if write.acknowledged {
            writes
                .retain(|other| !(other.acknowledged && other.by == write.by && other.ended <= write.began));
        }
        if writes.len() <= WRITES_MAX {
            writes.push(write);
        }
    }

    /// Records a change whose effect on keys nobody knows: nothing is judged any more.
    pub(in crate::run) fn add_other_change(&mut self) {
        self.has_other_changes = true;
    }

    /// Returns the keys that can be judged, with their writes.
    pub(in crate::run) fn keys(&self) -> impl Iterator<Item = (&str, &[UnstampedWrite])> {
        let keys =
            self.keys.iter().filter(|(_, writes)| !self.has_other_changes && writes.len() <= WRITES_MAX);
        keys.map(|(key, writes)| (key.as_str(), writes.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(by: usize, value: &str, began: u64, acknowledged: bool) -> UnstampedWrite {
        let [began, ended] = [began, began + 1].map(Duration::from_secs);
        let (by, custody) = (NodeIndex(by), Custody::Life(1));
        UnstampedWrite { by, custody, value: Some(value.to_owned()), began, ended, acknowledged }
    }

    #[track_caller]
    fn check(writes: &[UnstampedWrite], left: &[&str]) {
        let mut all = UnstampedWrites::default();
        for one in writes {
            all.add("k", one.clone());
        }
        let values: Vec<&str> =
            all.keys().flat_map(|(_, writes)| writes.iter().filter_map(|one| one.value.as_deref())).collect();
        assert_eq!(values, left);
    }

    #[test]
    fn a_later_write_replaces_those_of_the_same_node() {
        check(&[write(0, "x", 1, true), write(0, "y", 3, true)], &["y"]);
        check(&[write(0, "x", 1, true), write(1, "y", 3, true)], &["x", "y"]);
        check(&[write(0, "x", 1, false), write(0, "y", 3, true)], &["x", "y"]);
        check(&[write(0, "x", 1, true), write(0, "y", 3, false)], &["x", "y"]);
        // Two at the same time are in no order.
        check(&[write(0, "x", 1, true), write(0, "y", 1, true)], &["x", "y"]);
    }

    #[test]
    fn a_key_with_very_many_writes_is_not_judged() {
        let many: Vec<UnstampedWrite> = (0..2_000).map(|_| write(0, "x", 1, false)).collect();
        check(&many, &[]);
    }
}
