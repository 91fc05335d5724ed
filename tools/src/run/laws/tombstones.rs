//! The law of tombstones: no version that loses to a tombstone replaces it.

use super::read::{Answer, Read, went_back};
use super::{Breach, HeldWrite, Law};
use crate::text;

/// Judges the law of **tombstones** for an answer to a client. A node that has told of a tombstone never
/// tells of a version that loses to it in the same life. If it acknowledged the tombstone to a disk, it
/// does not do so in later lives either. Evidence: the clients' history, in which acknowledged deletes
/// name the tombstones.
pub(in crate::run) fn tombstones(read: &Read<'_>) -> Option<Breach> {
    let before = read.before.filter(|before| before.tombstone)?;
    let Answer::Holds(rank) = read.answer else { return None };
    (*rank < *before.rank).then(|| {
        went_back(Law::Tombstones, read, before, "it tells of a version that loses to the tombstone it had")
    })
}

/// Judges the law of **tombstones** at the end. If a node answers for an acknowledged delete, the
/// version held of the key does not lose to it. [`nothing_lost`] says which writes nodes answer for, and
/// judges a key that is not held at all. Evidence: acknowledged deletes, and `stamp`.
///
/// Returns one line for each tombstone that was replaced.
///
/// [`nothing_lost`]: super::nothing_lost()
pub(in crate::run) fn tombstones_stay(writes: &[HeldWrite<'_>]) -> Vec<String> {
    let replaced = |writes: &&HeldWrite<'_>| {
        writes.tombstone && writes.held.is_some_and(|rank| rank < writes.acknowledged)
    };
    let line = |writes: &HeldWrite<'_>| {
        format!(
            "`{}`, whose delete {} acknowledged at {}: {} holds a version that loses to the tombstone",
            writes.key,
            writes.by,
            text::duration(writes.at),
            writes.witness
        )
    };
    writes.iter().filter(replaced).map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;
    use crate::run::laws::read::KnownVersion;

    fn read(tombstone: bool, answer: Answer<'_>) -> Option<Law> {
        let before =
            KnownVersion { rank: "5".into(), tombstone, ask: Rc::from("delete k"), at: Duration::ZERO };
        let (node, key, ask, at) = ("a", "k", "get k", Duration::from_secs(1));
        tombstones(&Read { node, key, ask, at, answer, before: Some(&before) }).map(|broken| broken.law)
    }

    #[test]
    fn what_wins_over_a_tombstone_may_replace_it() {
        assert_eq!(read(true, Answer::Holds("6")), None);
        assert_eq!(read(true, Answer::Holds("5")), None);
        assert_eq!(read(true, Answer::NoValue), None);
        assert_eq!(read(false, Answer::Holds("4")), None, "that is no matter of tombstones");
    }

    #[test]
    fn what_loses_to_a_tombstone_may_not() {
        assert_eq!(read(true, Answer::Holds("4")), Some(Law::Tombstones));
    }

    fn at_the_end(tombstone: bool, held: Option<&str>) -> usize {
        let at = Duration::ZERO;
        let held = HeldWrite { key: "k", by: "a", witness: "b", at, acknowledged: "5", tombstone, held };
        tombstones_stay(&[held]).len()
    }

    #[test]
    fn at_the_end_a_deleted_key_holds_its_tombstone_or_what_wins_over_it() {
        assert_eq!(at_the_end(true, Some("5")), 0);
        assert_eq!(at_the_end(true, Some("7")), 0);
        assert_eq!(at_the_end(false, Some("4")), 0);
        assert_eq!(at_the_end(true, Some("4")), 1);
    }
}
