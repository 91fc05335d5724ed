//! Versions that neighbours announced and nobody has brought yet: bounded, each with a deadline
//! after which its announcers are asked for it, one after another.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::io::ConnId;
use crate::wire::{Announced, KeyHash, Rank};

/// How many announcers of one version are remembered: a second and a third way suffice, and after
/// them comes reconciliation.
const ANNOUNCERS: usize = 4;

/// The announced and missing versions, at most one a key: the greatest.
#[derive(Debug, Default)]
pub(super) struct Missing {
    limit: usize,
    entries: BTreeMap<KeyHash, Entry>,
    order: BTreeSet<(Duration, KeyHash)>,
}

#[derive(Debug)]
struct Entry {
    announced: Announced,
    /// Who may still be asked, in the order of their announcements.
    announcers: Vec<ConnId>,
    /// Who announced a lesser version: what they have may be all there is, for anybody can announce
    /// what does not exist.
    outdone: Vec<ConnId>,
    /// Who was asked last.
    asked: Option<ConnId>,
    at: Duration,
}

/// What is to be done about a version that did not come in time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Ask this announcer for it.
    Graft(ConnId, Announced),
    /// All announcers were asked, the first of these last; the others announced lesser versions.
    GiveUp(Vec<ConnId>),
}

impl Missing {
    /// With room for as many versions.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Takes note of an announcement, to be looked at again at `at`. Answers false where there is
    /// no room for it.
    pub(super) fn note(&mut self, conn: ConnId, announced: Announced, at: Duration) -> bool {
        if let Some(entry) = self.entries.get_mut(&announced.key) {
            if announced.rank > entry.announced.rank {
                entry.announced = announced;
                for outdone in entry.asked.take().into_iter().chain(entry.announcers.split_off(0)) {
                    remember(&mut entry.outdone, outdone);
                }
            }
            let equal = announced.rank == entry.announced.rank;
            remember(if equal { &mut entry.announcers } else { &mut entry.outdone }, conn);
            return true;
        }
        if self.entries.len() >= self.limit {
            return false;
        }
        self.order.insert((at, announced.key));
        self.entries.insert(
            announced.key,
            Entry { announced, announcers: vec![conn], outdone: Vec::new(), asked: None, at },
        );
        true
    }

    /// Whether nothing is waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A version of this rank is there: it satisfies what was announced of its key up to it.
    pub(super) fn satisfied(&mut self, key: &KeyHash, rank: &Rank) {
        if self.entries.get(key).is_some_and(|entry| entry.announced.rank <= *rank) {
            self.remove(key);
        }
    }

    /// Forgets a link that is down, and with it what nobody else announced.
    pub(super) fn forget(&mut self, conn: ConnId) {
        let order = &mut self.order;
        self.entries.retain(|key, entry| {
            entry.announcers.retain(|announcer| *announcer != conn);
            entry.outdone.retain(|outdone| *outdone != conn);
            if entry.asked == Some(conn) {
                entry.asked = None;
            }
            let keep = !entry.announcers.is_empty() || !entry.outdone.is_empty() || entry.asked.is_some();
            if !keep {
                order.remove(&(entry.at, *key));
            }
            keep
        });
    }

    /// What is overdue now, one version at a time; one that is asked for is overdue again after
    /// `patience`.
    pub(super) fn overdue(&mut self, now: Duration, patience: Duration) -> Option<Overdue> {
        let (at, key) = self.order.first().copied().filter(|(at, _)| *at <= now)?;
        self.order.remove(&(at, key));
        let entry = self.entries.get_mut(&key)?;
        if entry.announcers.is_empty() {
            let mut given_up: Vec<_> = entry.asked.into_iter().collect();
            given_up.append(&mut entry.outdone);
            self.entries.remove(&key);
            return Some(Overdue::GiveUp(given_up));
        }
        let conn = entry.announcers.remove(0);
        entry.asked = Some(conn);
        entry.at = now + patience;
        self.order.insert((entry.at, key));
        Some(Overdue::Graft(conn, entry.announced))
    }

    /// When the next version is overdue.
    pub(super) fn next(&self) -> Option<Duration> {
        self.order.first().map(|(at, _)| *at)
    }

    /// How many versions are waited for.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn remove(&mut self, key: &KeyHash) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&(entry.at, *key));
        }
        if self.entries.is_empty() {
            // A tree map would keep room for what is awaited no more.
            self.entries.clear();
            self.order.clear();
        }
    }
}

/// Adds an announcer to so many that are remembered.
fn remember(announcers: &mut Vec<ConnId>, conn: ConnId) {
    if announcers.len() < ANNOUNCERS && !announcers.contains(&conn) {
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
        assert!(missing.note(ConnId(1), announced("a", 1), ms(500)));
        assert!(missing.note(ConnId(2), announced("a", 1), ms(900)));
        assert_eq!(missing.overdue(ms(499), PATIENCE), None);
        assert_eq!(missing.overdue(ms(500), PATIENCE), Some(Overdue::Graft(ConnId(1), announced("a", 1))));
        assert_eq!(missing.overdue(ms(500), PATIENCE), None);
        assert_eq!(missing.overdue(ms(750), PATIENCE), Some(Overdue::Graft(ConnId(2), announced("a", 1))));
        assert_eq!(missing.overdue(ms(1000), PATIENCE), Some(Overdue::GiveUp(vec![ConnId(2)])));
        assert_eq!((missing.len(), missing.next()), (0, None));
    }

    #[test]
    fn a_version_at_least_as_great_satisfies_an_announcement() {
        let mut missing = Missing::new(10);
        missing.note(ConnId(1), announced("a", 2), ms(500));
        missing.satisfied(&announced("a", 1).key, &announced("a", 1).rank);
        assert_eq!(missing.len(), 1);
        missing.satisfied(&announced("a", 3).key, &announced("a", 3).rank);
        assert_eq!((missing.len(), missing.next()), (0, None));
    }

    #[test]
    fn a_greater_announcement_takes_the_place_of_a_lesser_one() {
        let mut missing = Missing::new(10);
        missing.note(ConnId(1), announced("a", 1), ms(500));
        missing.note(ConnId(2), announced("a", 2), ms(600));
        missing.note(ConnId(1), announced("a", 1), ms(600));
        assert_eq!(missing.overdue(ms(500), PATIENCE), Some(Overdue::Graft(ConnId(2), announced("a", 2))));
        // The second time, it was the lesser one: there may be no greater one.
        let given_up = vec![ConnId(2), ConnId(1)];
        assert_eq!(missing.overdue(ms(750), PATIENCE), Some(Overdue::GiveUp(given_up)));
    }

    #[test]
    fn whoever_announced_less_than_what_never_comes_is_not_forgotten() {
        let mut missing = Missing::new(10);
        missing.note(ConnId(2), announced("a", 9), ms(500));
        missing.note(ConnId(1), announced("a", 1), ms(500));
        missing.forget(ConnId(2));
        assert_eq!(missing.overdue(ms(500), PATIENCE), Some(Overdue::GiveUp(vec![ConnId(1)])));
        assert_eq!((missing.len(), missing.next()), (0, None));
    }

    #[test]
    fn there_is_room_for_so_many_and_a_link_takes_its_own_with_it() {
        let mut missing = Missing::new(2);
        assert!(missing.note(ConnId(1), announced("a", 1), ms(500)));
        assert!(missing.note(ConnId(2), announced("b", 1), ms(500)));
        assert!(!missing.note(ConnId(1), announced("c", 1), ms(500)));
        missing.forget(ConnId(1));
        assert_eq!(missing.len(), 1);
        assert_eq!(missing.overdue(ms(500), PATIENCE), Some(Overdue::Graft(ConnId(2), announced("b", 1))));
        missing.forget(ConnId(2));
        assert_eq!((missing.len(), missing.next()), (0, None));
    }
}
