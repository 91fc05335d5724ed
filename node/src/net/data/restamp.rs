//! The remedy for a node whose clock was ahead. Its versions from then get stamps of the present time, so
//! that neighbours accept them now and the node can write again.
//!
//! Nothing is lost: each key keeps its value or its deletion, and the writes keep their order. A node
//! that holds one of these versions already will prefer it once it is due.

use std::fmt;
use std::path::Path;

use super::folder::Folder;
use super::refusal::DataError;
use crate::core::{Clock, Timing};
use crate::wire::{Stamp, Version};

/// The outcome of a restamp.
#[derive(Debug)]
pub(in crate::net) struct Restamped {
    versions: usize,
    /// The greatest stamp before.
    greatest: Stamp,
    wall_ms: u64,
}

/// Stamps all versions that are ahead of this clock anew, all or none of them.
pub(in crate::net) fn restamp(path: &Path, wall_ms: u64) -> Result<Restamped, DataError> {
    if !path.is_dir() {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(DataError::Folder { folder: path.to_owned(), source });
    }
    let mut folder = Folder::lock(path, None)?;
    let due_ms = wall_ms.saturating_add(millis(Timing::default().ahead));
    let (mut clock, mut ahead, mut greatest) = (Clock::default(), Vec::new(), Stamp::default());
    let mut store = folder.read(|version| {
        greatest = greatest.max(version.stamp());
        if version.stamp().wall_ms > due_ms {
            ahead.push(version);
        } else {
            clock.merge(version.stamp());
        }
    })?;
    ahead.sort_by(|a, b| (a.stamp(), a.author(), a.key()).cmp(&(b.stamp(), b.author(), b.key())));
    let node = store.node();
    let restamped: Vec<_> = ahead
        .iter()
        .map(|version| Version::new(version.key(), version.kind().clone(), clock.tick(wall_ms), node))
        .collect();
    if !restamped.is_empty() {
        store.replace(&restamped).map_err(|error| folder.store_error(error))?;
        folder.acknowledge(store.commits())?;
    }
    Ok(Restamped { versions: restamped.len(), greatest, wall_ms })
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Display for Restamped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ahead_s = self.greatest.wall_ms.saturating_sub(self.wall_ms).div_ceil(1_000);
        match self.versions {
            0 => write!(f, "nothing is stamped more than 5 s ahead of this clock: nothing was changed"),
            1 => write!(f, "1 version, stamped {ahead_s} s ahead of this clock, has the present time now"),
            versions => write!(
                f,
                "{versions} versions, stamped up to {ahead_s} s ahead of this clock, have the present time now"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::wire::{Hex, Kind, Limits, NodeId, Policy, Value};

    const ME: NodeId = Hex([7; 16]);
    const NOW: u64 = 1_700_000_000_000;

    fn version(key: &str, value: Option<&str>, wall_ms: u64, author: u8) -> Arc<Version> {
        let kind = value.map(|value| Kind::Set(Value::typed(value, &Limits::default()).unwrap()));
        let stamp = Stamp { wall_ms, counter: 3 };
        Arc::new(Version::new(key, kind.unwrap_or(Kind::Tombstone), stamp, Hex([author; 16])))
    }

    fn held(path: &Path, policy: Policy) -> Vec<Arc<Version>> {
        Folder::open(path, policy, ME).unwrap().2.versions
    }

    #[test]
    fn what_was_stamped_ahead_keeps_value_and_order_and_has_the_present_time() {
        for policy in [Policy::Last, Policy::Oldest] {
            let path = tempfile::tempdir().unwrap();
            let (mut folder, mut store, _) = Folder::open(path.path(), policy, ME).unwrap();
            let hour = NOW + 3_600_000;
            let written = [
                version("a", Some("second"), hour + 1, 7),
                version("b", Some("first"), hour, 7),
                version("c", None, hour + 2, 9),
                version("d", Some("right"), NOW + 5_000, 9),
            ];
            store.merge(&written).unwrap();
            folder.acknowledge(store.commits()).unwrap();
            drop((store, folder));
            let said = restamp(path.path(), NOW).unwrap().to_string();
            assert_eq!(
                said,
                "3 versions, stamped up to 3601 s ahead of this clock, have the present time now"
            );
            let held = held(path.path(), policy);
            let kinds: Vec<_> = held.iter().map(|version| (version.key(), version.kind())).collect();
            let expected: Vec<_> = written.iter().map(|version| (version.key(), version.kind())).collect();
            assert_eq!(kinds, expected);
            assert_eq!(held[3], written[3]);
            let [a, b, c] = [0, 1, 2].map(|index| held[index].stamp());
            assert!(written[3].stamp() < b && b < a && a < c && c.wall_ms <= NOW + 5_000, "{a} {b} {c}");
            assert!(held[..3].iter().all(|version| version.author() == ME));
            let again = restamp(path.path(), NOW).unwrap().to_string();
            assert!(again.ends_with("nothing was changed"), "{again}");
        }
    }
}
