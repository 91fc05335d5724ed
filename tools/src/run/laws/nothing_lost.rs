//! No acknowledged write is lost.

use std::time::Duration;

use crate::text;

/// An acknowledged write that somebody answers for, and what is held of its key at the end.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct Owed<'a> {
    pub key: &'a str,
    /// Who acknowledged it,
    pub by: &'a str,
    /// and when.
    pub at: Duration,
    /// The rank that was acknowledged.
    pub acknowledged: &'a str,
    /// Whether it was a delete.
    pub tombstone: bool,
    /// A node of the component: all of them hold the same.
    pub witness: &'a str,
    /// The rank that it holds, if any.
    pub held: Option<&'a str>,
}

/// **Nothing lost.** Every write that a node acknowledged which has run ever since or keeps its data
/// on disk, or a greater version of its key, is held by every running node of that node's component.
/// What nobody acknowledged may or may not be there. One line for each write that is lost. Evidence:
/// the clients' history, and `stamp` at one node of each component that converged.
pub(in crate::run) fn nothing_lost(owed: &[Owed<'_>]) -> Vec<String> {
    let lost = |owed: &&Owed<'_>| owed.held.is_none_or(|rank| rank < owed.acknowledged);
    let line = |owed: &Owed<'_>| {
        format!(
            "`{}`, acknowledged by {} at {}: {} holds {}",
            owed.key,
            owed.by,
            text::duration(owed.at),
            owed.witness,
            if owed.held.is_some() { "an older version" } else { "nothing" },
        )
    };
    owed.iter().filter(lost).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(held: Option<&str>, expected: &[&str]) {
        let at = Duration::from_secs(1);
        let (key, by, witness, acknowledged, tombstone) = ("k", "a", "b", "5", false);
        let held = Owed { key, by, at, acknowledged, tombstone, witness, held };
        assert_eq!(nothing_lost(&[held]), expected);
    }

    #[test]
    fn a_write_is_held_where_it_or_a_greater_version_is() {
        check(Some("5"), &[]);
        check(Some("6"), &[]);
    }

    #[test]
    fn a_write_is_lost_where_a_lesser_version_or_nothing_is_held() {
        check(Some("4"), &["`k`, acknowledged by a at 1 s: b holds an older version"]);
        check(None, &["`k`, acknowledged by a at 1 s: b holds nothing"]);
    }
}
