//! The workload of unique ids: no id is given twice.

use std::collections::BTreeMap;

use super::{CheckResult, History, Workload};
use crate::random::Rng;

/// The workload `unique-ids`: `generate` is answered with an id that no node has given before.
#[derive(Debug)]
pub(super) struct UniqueIds;

impl Workload for UniqueIds {
    fn next(&mut self, _: &mut Rng) -> Vec<String> {
        vec!["generate".to_owned()]
    }

    fn check(&self, history: &History) -> CheckResult {
        let mut verdict = CheckResult::default();
        let mut given: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut count = 0;
        for (index, operation) in history.of_kind("generate").filter(|(_, operation)| operation.is_ok()) {
            count += 1;
            if let Some(id) = operation.text() {
                given.entry(id).or_default().push(index);
            } else {
                let message = format!("{} gave no id", history.node(operation.node));
                verdict.problem("no_id", message, vec![index]);
            }
        }
        for (id, operations) in given.iter().filter(|(_, operations)| operations.len() > 1) {
            let by: Vec<&str> =
                operations.iter().map(|index| history.node(history.operations()[*index].node)).collect();
            let message = match by.as_slice() {
                [one, other] => format!("the id {id} was given twice, by {one} and by {other}"),
                more => format!("the id {id} was given {} times, first by {}", more.len(), more[0]),
            };
            verdict.problem("duplicate", message, operations.clone());
        }
        verdict.counted("ids", count);
        verdict.counted("distinct", given.len());
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    #[test]
    fn an_id_that_is_given_twice_is_shown_with_both() {
        let mut sample = Sample::new();
        sample.text(0, "generate", "a").text(1, "generate", "b").unknown(1, "generate");
        assert!(UniqueIds.check(&sample.history).is_valid());
        sample.text(2, "generate", "a");
        let verdict = UniqueIds.check(&sample.history);
        assert_eq!(verdict.problems[0].message, "the id a was given twice, by n0 and by n2");
        assert_eq!(verdict.problems[0].operations, [0, 3]);
        assert_eq!((verdict.count("ids"), verdict.count("distinct")), (Some(3), Some(2)));
        assert_eq!(sample.history.line(3), "#3 client 2 at n2, 0.060 s to 0.070 s: generate → a");
    }
}
