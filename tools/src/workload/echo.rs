//! The workload of echoes: a node answers with the text that it was sent.

use super::{CheckResult, History, Workload};
use crate::random::Rng;

/// The workload `echo`: every `echo TEXT` is answered with that text.
#[derive(Debug)]
pub(super) struct Echo;

impl Workload for Echo {
    fn next(&mut self, rng: &mut Rng) -> Vec<String> {
        vec!["echo".to_owned(), format!("Please echo {}", rng.below(1_000))]
    }

    fn check(&self, history: &History) -> CheckResult {
        let mut verdict = CheckResult::default();
        for (index, operation) in history.of_kind("echo") {
            let node = history.node(operation.node);
            if !operation.is_ok() {
                let message = format!("{node} was told `{}` and did not answer it", operation.argument(0));
                verdict.problem("unanswered", message, vec![index]);
            } else if operation.text() != Some(operation.argument(0)) {
                let said = operation.text().unwrap_or("nothing");
                let message = format!("{node} was told `{}` and answered `{said}`", operation.argument(0));
                verdict.problem("not_the_same", message, vec![index]);
            }
        }
        verdict.counted("echoed", history.operations().iter().filter(|one| one.is_ok()).count());
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    #[test]
    fn only_the_same_comes_back() {
        let mut sample = Sample::new();
        sample.text(0, "echo 1", "1");
        assert!(Echo.check(&sample.history).is_valid());
        sample.text(1, "echo 4", "5").done(1, "echo 6");
        let verdict = Echo.check(&sample.history);
        let messages: Vec<&str> = verdict.problems.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(messages, ["n1 was told `4` and answered `5`", "n1 was told `6` and answered `nothing`"]);
        assert_eq!(verdict.problems[0].operations, [1]);
    }

    #[test]
    fn every_echo_comes_back() {
        let mut sample = Sample::new();
        sample.text(0, "echo 1", "1").failed(1, "echo 2", "unavailable").unknown(2, "echo 3");
        let problems = Echo.check(&sample.history).problems;
        let messages: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(
            messages,
            ["n1 was told `2` and did not answer it", "n2 was told `3` and did not answer it"]
        );
        assert_eq!(problems[0].kind, "unanswered");
    }
}
