//! The report of tests of workloads for build servers: one case a test, as `JUnit` XML.

use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Property, Report as Junit, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

use super::run::WorkloadRun;
use crate::report::style::Style;
use crate::workload::runner::End;

/// The cases of tests that have ended, each test one case.
#[derive(Debug, Default)]
pub struct WorkloadCases {
    cases: Vec<TestCase>,
    /// The name of the suite, and of the report.
    suite: String,
    duration: Duration,
}

impl WorkloadCases {
    /// Adds a test.
    pub fn add(&mut self, run: &WorkloadRun<'_>) {
        let report = run.report;
        let mut case = TestCase::new(report.kind.name(), status(run));
        case.set_classname(run.origin());
        run.origin().clone_into(&mut self.suite);
        case.set_time(report.duration);
        case.add_properties([
            Property::new("seed", report.seed.to_string()),
            Property::new("again", run.again),
        ]);
        case.set_system_out(run.terminal(Style::PLAIN));
        self.duration += report.duration;
        self.cases.push(case);
    }

    /// Returns the report of all tests as XML. An error comes from the XML writer.
    pub fn junit(self) -> Result<String, SerializeError> {
        let mut suite = TestSuite::new(self.suite.clone());
        suite.set_time(self.duration);
        suite.add_test_cases(self.cases);
        let mut junit = Junit::new(self.suite);
        junit.set_time(self.duration);
        junit.add_test_suite(suite);
        junit.to_string()
    }
}

/// Returns the status of the case: a success or a failure for a test that was judged, else an error.
fn status(run: &WorkloadRun<'_>) -> TestCaseStatus {
    let kind = match &run.report.end {
        End::Judged(verdict) if verdict.is_valid() => return TestCaseStatus::success(),
        End::Judged(_) | End::Died { .. } | End::Misbehaved { .. } => NonSuccessKind::Failure,
        End::Broken { .. } | End::Interrupted => NonSuccessKind::Error,
    };
    let reason = run.reason().or_else(|| match &run.report.end {
        End::Judged(verdict) => verdict.problems.first().map(|problem| problem.message.clone()),
        _ => None,
    });
    let reason = reason.unwrap_or_else(|| run.word().to_owned());
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(reason.lines().next().unwrap_or_default()).set_type(run.word());
    status.set_description(run.terminal(Style::PLAIN));
    status
}
