//! Versions that neighbours announced and that have not come yet. Their number is bounded; each has
//! a deadline after which its announcers are asked for it, one after another.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::core::io::ConnId;
use crate::wire::{Announced, KeyHash, Rank};

/// The maximum number of announcers remembered for one version.
///
/// Chosen: a second and a third path suffice, and after them comes reconciliation.
const ANNOUNCERS_MAX: usize = 4;

/// The announced and missing versions, at most one a key: the greatest.
#[derive(Debug, Default)]
pub(in crate::core) struct Missing {
    /// The maximum number of versions.
    limit: usize,
    entries: BTreeMap<KeyHash, Entry>,
    /// The keys in the order in which their versions are overdue.
    order: BTreeSet<(Duration, KeyHash)>,
}

/// One announced version, and its announcers.
#[derive(Debug)]
struct Entry {
    announced: Announced,
    /// The announcers that may still be asked, in the order of their announcements.
    announcers: Vec<ConnId>,
    /// The announcers of a lesser version. Theirs may be the greatest that exists, since anybody
    /// can announce a version that does not exist.
    lesser_announcers: Vec<ConnId>,
    /// The announcer that was asked last.
    asked: Option<ConnId>,
    /// The time at which the version is overdue.
    at: Duration,
}

/// The action for a version that did not come in time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The announcer to ask for the version, by a graft.
    Graft(ConnId, Announced),
    /// The announcers of a version that is given up: the one that was asked last, if its link is
    /// up, then those of lesser versions.
    GiveUp(Vec<ConnId>),
}

impl Missing {
    /// Creates an empty set with room for `limit` versions.
    pub(in crate::core) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Records an announcement whose version is overdue at `at`. Returns false if there is no room
    /// for it.
    pub(in crate::core) fn add(&mut self, conn: ConnId, announced: Announced, at: Duration) -> bool {
        if let Some(entry) = self.entries.get_mut(&announced.key) {
            if announced.rank > entry.announced.rank {
                entry.announced = announced;
                for announcer in entry.asked.take().into_iter().chain(entry.announcers.split_off(0)) {
                    add_announcer(&mut entry.lesser_announcers, announcer);
                }
            }
            let equal = announced.rank == entry.announced.rank;
            add_announcer(if equal { &mut entry.announcers } else { &mut entry.lesser_announcers }, conn);
            return true;
        }
        if self.entries.len() >= self.limit {
            return false;
        }
        self.order.insert((at, announced.key));
        self.entries.insert(
            announced.key,
            Entry { announced, announcers: vec![conn], lesser_announcers: Vec::new(), asked: None, at },
        );
        true
    }

    /// Returns true if no version is awaited.
    pub(in crate::core) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Records that a version of this rank is held: it satisfies the announcement of its key up to
    /// that rank.
    pub(in crate::core) fn satisfy(&mut self, key: &KeyHash, rank: &Rank) {
        if self.entries.get(key).is_some_and(|entry| entry.announced.rank <= *rank) {
            self.remove(key);
        }
    }

    /// Forgets a link that is down, and the versions that no other link announced.
    pub(in crate::core) fn remove_link(&mut self, conn: ConnId) {
        let order = &mut self.order;
        self.entries.retain(|key, entry| {
            entry.announcers.retain(|announcer| *announcer != conn);
            entry.lesser_announcers.retain(|announcer| *announcer != conn);
            if entry.asked == Some(conn) {
                entry.asked = None;
            }
            let keep =
                !entry.announcers.is_empty() || !entry.lesser_announcers.is_empty() || entry.asked.is_some();
            if !keep {
                order.remove(&(entry.at, *key));
            }
            keep
        });
    }

    /// Returns the action for the next overdue version, if any. A version that is grafted is
    /// overdue again after `patience`.
    pub(super) fn next_overdue(&mut self, now: Duration, patience: Duration) -> Option<Overdue> {
        let (at, key) = self.order.first().copied().filter(|(at, _)| *at <= now)?;
        self.order.remove(&(at, key));
        let entry = self.entries.get_mut(&key)?;
        if entry.announcers.is_empty() {
            let mut given_up: Vec<_> = entry.asked.into_iter().collect();
            given_up.append(&mut entry.lesser_announcers);
            self.entries.remove(&key);
            return Some(Overdue::GiveUp(given_up));
        }
        let conn = entry.announcers.remove(0);
        entry.asked = Some(conn);
        entry.at = now + patience;
        self.order.insert((entry.at, key));
        Some(Overdue::Graft(conn, entry.announced))
    }

    /// Returns the time at which the next version is overdue.
    pub(in crate::core) fn next(&self) -> Option<Duration> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Returns the number of awaited versions.
    pub(in crate::core) fn len(&self) -> usize {
        self.entries.len()
    }

    fn remove(&mut self, key: &KeyHash) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&(entry.at, *key));
        }
        if self.entries.is_empty() {
            // An empty tree map would keep the memory of its last node.
            self.entries.clear();
            self.order.clear();
        }
    }
}

/// Adds an announcer, unless it is known or [`ANNOUNCERS_MAX`] are remembered.
fn add_announcer(announcers: &mut Vec<ConnId>, conn: ConnId) {
    if announcers.len() < ANNOUNCERS_MAX && !announcers.contains(&conn) {
        announcers.push(conn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Hex, Kind, Policy, Stamp, Version};

    const PATIENCE: Duration = Duration::from_millis(250);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn announced(key: &str, wall_ms: u64) -> Announced {
        let version = Version::new(key, Kind::Tombstone, Stamp { wall_ms, counter: 0 }, Hex([1; 16]));
        Announced { key: version.key_hash(), author: version.author(), rank: version.rank(Policy::Last) }
    }

    #[test]
    fn announcers_are_asked_in_turn_and_then_it_is_given_up() {
        let mut missing = Missing::new(10);
        assert!(missing.add(ConnId(1), announced("a", 1), ms(500)));
        assert!(missing.add(ConnId(2), announced("a", 1), ms(900)));
        assert_eq!(missing.next_overdue(ms(499), PATIENCE), None);
        assert_eq!(
            missing.next_overdue(ms(500), PATIENCE),
            Some(Overdue::Graft(ConnId(1), announced("a", 1)))
        );
        assert_eq!(missing.next_overdue(ms(500), PATIENCE), None);
        assert_eq!(
            missing.next_overdue(ms(750), PATIENCE),
            Some(Overdue::Graft(ConnId(2), announced("a", 1)))
        );
        assert_eq!(missing.next_overdue(ms(1000), PATIENCE), Some(Overdue::GiveUp(vec![ConnId(2)])));
        assert_eq!((missing.len(), missing.next()), (0, None));
    }

    #[test]
    fn a_version_at_least_as_great_satisfies_an_announcement() {
        let mut missing = Missing::new(10);
        missing.add(ConnId(1), announced("a", 2), ms(500));
        missing.satisfy(&announced("a", 1).key, &announced("a", 1).rank);
        assert_eq!(missing.len(), 1);
        missing.satisfy(&announced("a", 3).key, &announced("a", 3).rank);
        assert_eq!((missing.len(), missing.next()), (0, None));
    }

    #[test]
    fn a_greater_announcement_takes_the_place_of_a_lesser_one() {
        let mut missing = Missing::new(10);
        missing.add(ConnId(1), announced("a", 1), ms(500));
        missing.add(ConnId(2), announced("a", 2), ms(600));
        missing.add(ConnId(1), announced("a", 1), ms(600));
        assert_eq!(
            missing.next_overdue(ms(500), PATIENCE),
            Some(Overdue::Graft(ConnId(2), announced("a", 2)))
        );
        // The second announcement was the lesser one: there may be no greater version.
        let given_up = vec![ConnId(2), ConnId(1)];
        assert_eq!(missing.next_overdue(ms(750), PATIENCE), Some(Overdue::GiveUp(given_up)));
    }

    #[test]
    fn the_announcer_of_a_lesser_version_is_remembered() {
        let mut missing = Missing::new(10);
        missing.add(ConnId(2), announced("a", 9), ms(500));
        missing.add(ConnId(1), announced("a", 1), ms(500));
        missing.remove_link(ConnId(2));
        assert_eq!(missing.next_overdue(ms(500), PATIENCE), Some(Overdue::GiveUp(vec![ConnId(1)])));
        assert_eq!((missing.len(), missing.next()), (0, None));
    }

    #[test]
    fn there_is_room_for_so_many_and_a_link_takes_its_own_with_it() {
        let mut missing = Missing::new(2);
        assert!(missing.add(ConnId(1), announced("a", 1), ms(500)));
        assert!(missing.add(ConnId(2), announced("b", 1), ms(500)));
        assert!(!missing.add(ConnId(1), announced("c", 1), ms(500)));
        missing.remove_link(ConnId(1));
        assert_eq!(missing.len(), 1);
        assert_eq!(
            missing.next_overdue(ms(500), PATIENCE),
            Some(Overdue::Graft(ConnId(2), announced("b", 1)))
        );
        missing.remove_link(ConnId(2));
        assert_eq!((missing.len(), missing.next()), (0, None));
    }
}
