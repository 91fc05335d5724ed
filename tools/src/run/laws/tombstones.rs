//! Nothing that loses to a tombstone replaces it.

use super::reads::{Answer, Read, broken};
use super::{Broken, Law, Owed};
use crate::text;

/// **Tombstones**, as clients see it: a node that has told of a tombstone never again tells, in the
/// same life or after it acknowledged it to a disk, of a version that loses to it. Evidence: the
/// clients' history, of which acknowledged deletes name the tombstones.
pub(in crate::run) fn tombstones(read: &Read<'_>) -> Option<Broken> {
    let before = read.before.filter(|before| before.tombstone)?;
    let Answer::Holds(rank) = read.answer else { return None };
    (*rank < *before.rank).then(|| {
        broken(Law::Tombstones, read, before, "it tells of a version that loses to the tombstone it had")
    })
}

/// **Tombstones**, at the end: where an acknowledged delete is answered for, the version that is held of
/// the key does not lose to it. Which writes are answered for is what [`nothing_lost`] says; that
/// nothing at all is held is a loss, and its matter. Evidence: acknowledged deletes, and `stamp`.
///
/// [`nothing_lost`]: super::nothing_lost()
pub(in crate::run) fn tombstones_stay(owed: &[Owed<'_>]) -> Vec<String> {
    let replaced =
        |owed: &&Owed<'_>| owed.tombstone && owed.held.is_some_and(|rank| rank < owed.acknowledged);
    let line = |owed: &Owed<'_>| {
        format!(
            "`{}`, whose delete {} acknowledged at {}: {} holds a version that loses to the tombstone",
            owed.key,
            owed.by,
            text::duration(owed.at),
            owed.witness
        )
    };
    owed.iter().filter(replaced).map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;
    use crate::run::laws::reads::Told;

    fn read(tombstone: bool, answer: Answer<'_>) -> Option<Law> {
        let before = Told { rank: "5".into(), tombstone, ask: Rc::from("delete k"), at: Duration::ZERO };
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
        let held = Owed { key: "k", by: "a", witness: "b", at, acknowledged: "5", tombstone, held };
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
