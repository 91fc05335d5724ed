//! The contents of nodes over time, counted as the events come: holders of versions, and different digests.

use std::collections::BTreeMap;

use serde::Serialize;

/// The most keys that are followed, in the order in which they were first stored.
const KEYS_MAX: usize = 256;
/// The most versions of one key that are told apart; a key with more is no longer followed.
const RANKS_MAX: usize = 4_096;
/// The latest versions of a key that have curves.
const VERSIONS: usize = 4;
/// The most points of a curve; a curve with more is thinned.
const POINTS_MAX: usize = 600;
/// The most keys whose last contents are told.
const CONTENTS_MAX: usize = 40;

/// The points of a curve: the time in microseconds and the count from then on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct Points(Vec<(u64, u32)>);

impl Points {
    fn push(&mut self, at_us: u64, count: u32) {
        match self.0.last_mut() {
            Some(last) if last.0 == at_us => last.1 = count,
            Some(last) if last.1 == count => {}
            _ => self.0.push((at_us, count)),
        }
        if self.0.len() > POINTS_MAX {
            let last = self.0.last().copied();
            let mut even = 0;
            self.0.retain(|_| {
                even += 1;
                even % 2 == 1
            });
            self.0.extend(last.filter(|last| self.0.last() != Some(last)));
        }
    }
}

/// One version of a key, and the nodes that hold it or a newer one.
#[derive(Debug, Clone)]
struct Version {
    rank: u32,
    holders: u32,
    points: Points,
}

/// The versions of one key.
#[derive(Debug, Clone, Default)]
struct Key {
    /// The ranks by number, in the order in which they came.
    ranks: Vec<String>,
    numbers: BTreeMap<String, u32>,
    /// The number of the rank that each node holds.
    held: Vec<Option<u32>>,
    versions: Vec<Version>,
}

impl Key {
    fn number(&mut self, rank: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(rank) {
            return Some(*number);
        }
        let number = u32::try_from(self.ranks.len()).ok().filter(|_| self.ranks.len() < RANKS_MAX)?;
        self.ranks.push(rank.to_owned());
        self.numbers.insert(rank.to_owned(), number);
        let greatest = self.versions.iter().all(|version| self.ranks[version.rank as usize].as_str() < rank);
        if greatest {
            if self.versions.len() == VERSIONS {
                self.versions.remove(0);
            }
            self.versions.push(Version { rank: number, holders: 0, points: Points::default() });
        }
        Some(number)
    }

    /// Notes that a node holds this rank from now on, or nothing.
    fn set(&mut self, node: usize, rank: Option<u32>, at_us: u64) {
        if self.held.len() <= node {
            self.held.resize(node + 1, None);
        }
        let before = std::mem::replace(&mut self.held[node], rank);
        let text = |number: Option<u32>| number.map(|number| self.ranks[number as usize].as_str());
        let (before, now) = (text(before), text(rank));
        for version in &mut self.versions {
            let least = self.ranks[version.rank as usize].as_str();
            let holds = |rank: Option<&str>| rank.is_some_and(|rank| rank >= least);
            match (holds(before), holds(now)) {
                (false, true) => version.holders += 1,
                (true, false) => version.holders = version.holders.saturating_sub(1),
                _ => continue,
            }
            version.points.push(at_us, version.holders);
        }
    }
}

/// The contents of nodes over time.
#[derive(Debug, Clone, Default)]
pub(super) struct Curves {
    keys: BTreeMap<String, Option<Key>>,
    digests: Vec<Option<u64>>,
    different: BTreeMap<u64, u32>,
    points: Points,
    disks: Vec<bool>,
}

impl Curves {
    pub(super) fn on_stored(&mut self, node: usize, key: &str, rank: &str, at_us: u64) {
        if !self.keys.contains_key(key) {
            if self.keys.len() >= KEYS_MAX {
                return;
            }
            self.keys.insert(key.to_owned(), Some(Key::default()));
        }
        let Some(followed) = self.keys.get_mut(key) else { return };
        let Some(of_key) = followed else { return };
        match of_key.number(rank) {
            Some(number) => of_key.set(node, Some(number), at_us),
            None => *followed = None,
        }
    }

    pub(super) fn on_digest(&mut self, node: usize, digest: Option<&str>, at_us: u64) {
        if self.digests.len() <= node {
            self.digests.resize(node + 1, None);
        }
        let digest = digest.map(fingerprint);
        let before = std::mem::replace(&mut self.digests[node], digest);
        if let Some(before) = before
            && let Some(count) = self.different.get_mut(&before)
        {
            *count -= 1;
            if *count == 0 {
                self.different.remove(&before);
            }
        }
        if let Some(digest) = digest {
            *self.different.entry(digest).or_default() += 1;
        }
        self.points.push(at_us, u32::try_from(self.different.len()).unwrap_or(u32::MAX));
    }

    pub(super) fn on_launch(&mut self, node: usize, disk: bool) {
        if self.disks.len() <= node {
            self.disks.resize(node + 1, false);
        }
        self.disks[node] = disk;
    }

    /// Notes that a node has ended: without a disk it holds nothing any more.
    pub(super) fn on_end(&mut self, node: usize, at_us: u64) {
        self.on_digest(node, None, at_us);
        if self.disks.get(node).copied().unwrap_or(false) {
            return;
        }
        for key in self.keys.values_mut().flatten() {
            key.set(node, None, at_us);
        }
    }

    /// Returns the curves for a page.
    pub(super) fn finish(self) -> FinishedCurves {
        let mut contents: Vec<Contents> = Vec::new();
        let mut versions = Vec::new();
        for (key, of_key) in self.keys {
            let Some(of_key) = of_key else { continue };
            for version in of_key.versions {
                let rank = of_key.ranks[version.rank as usize].clone();
                versions.push(VersionCurve { key: key.clone(), rank, holders: version.points });
            }
            let held = of_key.held.iter();
            let nodes = held.map(|rank| rank.map_or(-1, i64::from)).collect();
            contents.push(Contents { key, ranks: of_key.ranks, nodes });
        }
        contents.sort_by_key(|one| !one.differs());
        contents.truncate(CONTENTS_MAX);
        contents.iter_mut().for_each(Contents::drop_unused);
        versions.retain(|version| contents.iter().any(|one| one.key == version.key));
        FinishedCurves { versions, digests: self.points, contents }
    }
}

/// Returns a number that differs for different digests, all but surely (FNV-1a).
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The curves of a run and its last contents, for a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FinishedCurves {
    /// The nodes that hold a version or a newer one, over time.
    versions: Vec<VersionCurve>,
    /// The number of different digests over time.
    digests: Points,
    /// The contents at the end, keys on which nodes differ first.
    contents: Vec<Contents>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct VersionCurve {
    key: String,
    rank: String,
    holders: Points,
}

/// The versions of one key that nodes hold at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Contents {
    key: String,
    ranks: Vec<String>,
    /// The place in `ranks` of each node's version; -1 for a node without one.
    nodes: Vec<i64>,
}

impl Contents {
    fn differs(&self) -> bool {
        self.nodes.iter().any(|rank| Some(rank) != self.nodes.first())
    }

    /// Drops the ranks that no node holds at the end.
    fn drop_unused(&mut self) {
        let mut places = BTreeMap::new();
        let mut kept = Vec::new();
        for rank in &mut self.nodes {
            let Some(text) = usize::try_from(*rank).ok().and_then(|rank| self.ranks.get(rank)) else {
                continue;
            };
            *rank = *places.entry(*rank).or_insert_with(|| {
                kept.push(text.clone());
                i64::try_from(kept.len() - 1).unwrap_or(-1)
            });
        }
        self.ranks = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_of_each_version_are_counted_over_time() {
        let mut curves = Curves::default();
        for node in 0..3 {
            curves.on_stored(node, "k", "1", 10 + node as u64);
        }
        curves.on_stored(0, "k", "2", 20);
        curves.on_stored(1, "k", "2", 21);
        curves.on_end(1, 30);
        let finished = curves.finish();
        let points: Vec<&[(u64, u32)]> = finished.versions.iter().map(|one| &*one.holders.0).collect();
        assert_eq!(points, [&[(10, 1), (11, 2), (12, 3), (30, 2)][..], &[(20, 1), (21, 2), (30, 1)]]);
        assert_eq!(finished.contents[0].nodes, [0, -1, 1]);
        assert_eq!(finished.contents[0].ranks, ["2", "1"]);
    }

    #[test]
    fn a_node_with_a_disk_still_holds_its_versions_after_its_end() {
        let mut curves = Curves::default();
        curves.on_launch(0, true);
        curves.on_stored(0, "k", "1", 1);
        curves.on_end(0, 2);
        assert_eq!(curves.finish().contents[0].nodes, [0]);
    }

    #[test]
    fn digests_are_counted_and_curves_are_bounded() {
        let mut curves = Curves::default();
        for at in 0..10_000 {
            curves.on_digest(at % 7, Some(&(at / 7 % 3).to_string()), at as u64);
        }
        let finished = curves.finish();
        assert!(
            finished.digests.0.len() <= POINTS_MAX && finished.digests.0.iter().all(|point| point.1 <= 3)
        );
    }

    #[test]
    fn a_key_with_too_many_versions_and_too_many_keys_are_left_out() {
        let mut curves = Curves::default();
        for rank in 0..=RANKS_MAX {
            curves.on_stored(0, "k", &format!("{rank:08}"), 1);
        }
        for key in 0..KEYS_MAX * 2 {
            curves.on_stored(0, &format!("key {key}"), "1", 1);
        }
        assert_eq!(curves.keys.len(), KEYS_MAX);
        let finished = curves.finish();
        assert!(
            finished.contents.len() == CONTENTS_MAX && finished.contents.iter().all(|one| one.key != "k")
        );
    }
}
