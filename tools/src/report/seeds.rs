//! The report on plans that were drawn from seeds, for build servers, as `JUnit` XML.
//!
//! It has one case for all seeds, and one for each seed that did not hold or could not be run, up to a bound:
//! people do not read a report of a million failures.

use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Property, Report as Junit, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

/// The name of the suite, and of the report.
const SUITE: &str = "tools fuzz";
/// The most seeds that have a case of their own. Chosen: build servers show a hundred cases on one page.
const CASES_MAX: usize = 100;

/// The results of many seeds.
#[derive(Debug, Clone, Default)]
pub struct DrawnRuns {
    seeds: String,
    held: u64,
    broken: u64,
    unrun: u64,
    cases: Vec<DrawnRun>,
}

/// A seed that did not hold, or could not be run.
#[derive(Debug, Clone)]
pub struct DrawnRun {
    /// The seed.
    pub seed: u64,
    /// The kind of the failure: a law, or `environment` if the plan could not be run.
    pub kind: String,
    /// True if the run was judged; false if it could not be run.
    pub judged: bool,
    /// The reason, for people.
    pub message: String,
    /// The command that repeats the run.
    pub again: String,
}

impl DrawnRuns {
    /// Returns a report on these seeds without any result.
    #[must_use]
    pub fn new(seeds: &impl ToString) -> Self {
        Self { seeds: seeds.to_string(), ..Self::default() }
    }

    /// Adds a seed that held.
    pub fn add_held(&mut self) {
        self.held += 1;
    }

    /// Adds a seed that did not hold, or could not be run.
    pub fn add(&mut self, run: DrawnRun) {
        *(if run.judged { &mut self.broken } else { &mut self.unrun }) += 1;
        if self.cases.len() < CASES_MAX {
            self.cases.push(run);
        }
    }

    /// Returns the report as XML. An error comes from the XML writer.
    pub fn junit(&self, took: Duration) -> Result<String, SerializeError> {
        let mut suite = TestSuite::new(SUITE);
        let (held, all) = (self.held, self.held + self.broken + self.unrun);
        let status = match (self.broken, self.unrun) {
            (0, 0) => TestCaseStatus::success(),
            (0, _) => non_success(NonSuccessKind::Error, &format!("{held} of {all} seeds hold"), "seeds"),
            _ => non_success(NonSuccessKind::Failure, &format!("{held} of {all} seeds hold"), "seeds"),
        };
        let mut case = TestCase::new(format!("seeds {}", self.seeds), status);
        case.set_classname(SUITE).set_time(took);
        suite.add_test_case(case);
        for run in &self.cases {
            let kind = if run.judged { NonSuccessKind::Failure } else { NonSuccessKind::Error };
            let mut status = non_success(kind, run.message.lines().next().unwrap_or_default(), &run.kind);
            status.set_description(run.message.as_str());
            let mut case = TestCase::new(format!("seed {}", run.seed), status);
            case.set_classname(SUITE);
            case.add_property(Property::new("again", run.again.as_str()));
            suite.add_test_case(case);
        }
        suite.set_time(took);
        let mut junit = Junit::new(SUITE);
        junit.set_time(took);
        junit.add_test_suite(suite);
        junit.to_string()
    }
}

fn non_success(kind: NonSuccessKind, message: &str, ty: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message).set_type(ty);
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_that_do_not_hold_have_a_case_each_and_all_have_one() {
        let mut runs = DrawnRuns::new(&"1..200");
        let case = |seed, judged| DrawnRun {
            seed,
            kind: "nothing lost".to_owned(),
            judged,
            message: "a write\nis lost".to_owned(),
            again: format!("tools fuzz --seed {seed}"),
        };
        runs.add_held();
        let count = |runs: &DrawnRuns| {
            let junit = Junit::deserialize_from_str(&runs.junit(Duration::from_secs(1)).unwrap()).unwrap();
            (junit.tests, junit.failures, junit.errors)
        };
        assert_eq!(count(&runs), (1, 0, 0));
        runs.add(case(3, true));
        runs.add(case(4, false));
        assert_eq!(count(&runs), (3, 2, 1));
        (0..200).for_each(|seed| runs.add(case(seed, true)));
        assert_eq!(count(&runs), (101, 100, 1));
        let text = runs.junit(Duration::ZERO).unwrap();
        assert!(
            text.contains("message=\"1 of 203 seeds hold\"") && text.contains("message=\"a write\""),
            "{text}"
        );
    }
}
