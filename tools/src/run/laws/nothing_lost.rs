//! The law that no acknowledged write is lost.

use std::time::Duration;

use crate::text;

/// An acknowledged write that a node answers for, and the version of its key that is held at the end.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct HeldWrite<'a> {
    pub key: &'a str,
    /// The node that acknowledged it.
    pub by: &'a str,
    /// The time of the acknowledgement.
    pub at: Duration,
    /// The rank that was acknowledged.
    pub acknowledged: &'a str,
    /// True if it was a delete.
    pub tombstone: bool,
    /// A node of the component, which stands for it: all of them hold the same.
    pub witness: &'a str,
    /// The rank that the witness holds, if any.
    pub held: Option<&'a str>,
}

/// Judges the law of **nothing lost**. Every running node of a component holds each write that a node of
/// the component answers for, or a greater version of its key. A node answers for a write that it
/// acknowledged if it has run ever since, or keeps its data on disk. A write that no node acknowledged
/// may or may not be there. Evidence: the clients' history, and `stamp` at one node of each component
/// that converged.
///
/// Returns one line for each write that is lost.
pub(in crate::run) fn nothing_lost(writes: &[HeldWrite<'_>]) -> Vec<String> {
    let lost = |writes: &&HeldWrite<'_>| writes.held.is_none_or(|rank| rank < writes.acknowledged);
    let line = |writes: &HeldWrite<'_>| {
        let held = if writes.held.is_some() { "an older version" } else { "nothing" };
        lost_line(writes.key, writes.by, writes.at, writes.witness, held)
    };
    writes.iter().filter(lost).map(line).collect()
}

/// Returns the line for a write of a key that a node acknowledged, and another one has lost.
pub(super) fn lost_line(key: &str, by: &str, at: Duration, witness: &str, held: &str) -> String {
    format!("`{key}`, acknowledged by {by} at {}: {witness} holds {held}", text::duration(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(held: Option<&str>, expected: &[&str]) {
        let at = Duration::from_secs(1);
        let (key, by, witness, acknowledged, tombstone) = ("k", "a", "b", "5", false);
        let held = HeldWrite { key, by, at, acknowledged, tombstone, witness, held };
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
