//! A check for kinds of operations that no node has ever done. A checker that looks only at operations that
//! happened finds no problem in nodes that do nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{CheckResult, Completion, History, Operation};

/// The most nodes that are named. Chosen: they fit on a line.
const NODES_MAX: usize = 8;

/// The operations of one kind.
#[derive(Default)]
struct Asked<'a> {
    operations: Vec<usize>,
    nodes: BTreeSet<&'a str>,
    refused: usize,
    done: bool,
}

/// Finds kinds of operations that were asked for, and never done.
pub(super) fn undone(history: &History, verdict: &mut CheckResult) {
    let mut kinds: BTreeMap<&str, Asked<'_>> = BTreeMap::new();
    for (index, operation) in history.operations().iter().enumerate() {
        let asked = kinds.entry(operation.kind()).or_default();
        asked.operations.push(index);
        asked.nodes.insert(history.node(operation.node));
        asked.refused += usize::from(matches!(operation.outcome, Completion::Failed { .. }));
        asked.done |= operation.is_ok() || says_what_is_there(operation);
    }
    for (kind, asked) in kinds.into_iter().filter(|(_, asked)| !asked.done) {
        let named: Vec<&str> = asked.nodes.iter().copied().take(NODES_MAX).collect();
        let more = match asked.nodes.len().saturating_sub(NODES_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "no `{kind}` was ever done, of {} asked of {}{more}: {} refused, {} of unknown outcome",
            asked.operations.len(),
            named.join(", "),
            asked.refused,
            asked.operations.len() - asked.refused,
        );
        verdict.problem("never_done", message, asked.operations);
    }
}

/// Returns true if the refusal depends on the register's value: the operation was tried, and the refusal is
/// its answer.
pub(super) fn says_what_is_there(operation: &Operation) -> bool {
    let Completion::Failed { code, .. } = &operation.outcome else { return false };
    matches!(
        (operation.kind(), code.as_str()),
        ("cas", "absent" | "precondition_failed") | ("read", "absent")
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    fn messages(sample: &Sample) -> Vec<String> {
        let mut verdict = CheckResult::default();
        undone(&sample.history, &mut verdict);
        verdict.problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn a_kind_that_nobody_ever_does_is_told_with_the_nodes() {
        let mut sample = Sample::new();
        sample.unknown(0, "echo 1").failed(2, "echo 2", "refused").unknown(2, "echo 3").done(1, "read");
        assert_eq!(
            messages(&sample),
            ["no `echo` was ever done, of 3 asked of n0, n2: 1 refused, 2 of unknown outcome"]
        );
        sample.text(1, "echo 4", "4");
        assert_eq!(messages(&sample), Vec::<String>::new());
    }

    #[test]
    fn to_find_another_value_is_an_answer() {
        let mut sample = Sample::new();
        sample.failed(0, "cas 1 2 3", "precondition_failed").failed(1, "read 1", "absent");
        assert_eq!(messages(&sample), Vec::<String>::new());
        let mut sample = Sample::new();
        sample.failed(0, "cas 1 2 3", "unsupported");
        assert_eq!(messages(&sample).len(), 1);
    }
}
