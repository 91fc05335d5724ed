//! The law that no acknowledged write is lost, for stores that give no stamps.

use super::nothing_lost::lost_line;
use crate::run::state::UnstampedWrite;

/// A key that a node was asked for at the end.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct HeldKey<'a> {
    pub key: &'a str,
    /// The node, which stands for all of its component.
    pub witness: &'a str,
    /// The value that it holds; none if it holds nothing.
    pub held: Option<&'a str>,
    /// The writes of the key that no later one of the same node replaced, acknowledged or not.
    pub writes: &'a [UnstampedWrite],
}

/// Judges the law of **nothing lost** where versions have no order that a client sees. At the end a key has the value of
/// a write that no later acknowledged write at the same node has replaced, or of one of unknown outcome. Nothing is held
/// only if that write was a delete. Two writes at different nodes are in no order: either may be the last.
/// Evidence: the clients' history, and `get` at one node of each component.
///
/// Returns one line for each key with a lost write. `name` names a node.
pub(in crate::run) fn nothing_lost_unstamped(
    keys: &[HeldKey<'_>],
    name: impl Fn(&UnstampedWrite) -> String,
) -> Vec<String> {
    let is_lost = |held: &&HeldKey<'_>| !held.writes.iter().any(|write| write.value.as_deref() == held.held);
    let line = |held: &HeldKey<'_>| {
        let write = held.writes.iter().filter(|write| write.acknowledged).max_by_key(|write| write.ended)?;
        let holds = held.held.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"));
        Some(lost_line(held.key, &name(write), write.ended, held.witness, &holds))
    };
    keys.iter().filter(is_lost).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run::state::Custody;
    use crate::world::NodeIndex;

    fn write(value: Option<&str>, acknowledged: bool) -> UnstampedWrite {
        UnstampedWrite {
            by: NodeIndex(0),
            custody: Custody::Life(1),
            value: value.map(str::to_owned),
            began: Duration::ZERO,
            ended: Duration::from_secs(1),
            acknowledged,
        }
    }

    #[track_caller]
    fn check(writes: &[UnstampedWrite], held: Option<&str>, expected: &[&str]) {
        let held = HeldKey { key: "k", witness: "b", held, writes };
        assert_eq!(nothing_lost_unstamped(&[held], |_| "a".to_owned()), expected);
    }

    #[test]
    fn a_key_has_a_value_that_may_be_the_last() {
        check(&[write(Some("x"), true)], Some("x"), &[]);
        check(&[write(Some("x"), true), write(Some("y"), false)], Some("y"), &[]);
        check(&[write(Some("x"), true), write(None, false)], None, &[]);
    }

    #[test]
    fn a_write_is_lost_where_nothing_or_what_was_replaced_is_held() {
        check(&[write(Some("x"), true)], None, &["`k`, acknowledged by a at 1 s: b holds nothing"]);
        check(&[write(Some("x"), true)], Some("old"), &["`k`, acknowledged by a at 1 s: b holds `old`"]);
        check(&[write(None, true)], Some("old"), &["`k`, acknowledged by a at 1 s: b holds `old`"]);
        // Of writes that nobody acknowledged, none can be lost.
        check(&[write(Some("x"), false)], None, &[]);
    }
}
