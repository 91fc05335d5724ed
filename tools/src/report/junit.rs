//! Reports for build servers, as `JUnit` XML.
//!
//! There is one suite for each file, in order of appearance, and one case for each scenario and choice of
//! parameters. If the same one ran more than once, its world and its seed are added to its name. A run that
//! did not hold is a failure; a run that the environment or a person ended is an error. Times are the
//! world's.
//!
//! A scenario that was run with many seeds is one case for all of them, which fails if one of them did. Each
//! of its first failing seeds is one more case.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Property, Report as Junit, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

use super::style::Style;
use super::sweep::Sweep;
use super::terminal::{excused, failure, measures, notes};
use super::wording::{again, command, count};
use crate::run::{Failure, FailureKind, Report, Verdict};
use crate::text::xml;

/// Returns the reports, then those of scenarios with many seeds, as `JUnit` XML. An error comes from the XML
/// writer.
pub fn junit(reports: &[Report], sweeps: &[Sweep]) -> Result<String, SerializeError> {
    let mut runs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut files: Vec<&str> = Vec::new();
    for report in reports.iter().chain(sweeps.iter().map(|sweep| &sweep.gravest)) {
        *runs.entry((&report.file, &report.scenario)).or_default() += 1;
        if !files.contains(&report.file.as_str()) {
            files.push(&report.file);
        }
    }
    let mut junit = Junit::new("tools test");
    let swept: Duration = sweeps.iter().map(|sweep| sweep.duration).sum();
    junit.set_time(reports.iter().map(|report| report.duration).sum::<Duration>() + swept);
    for file in files {
        let mut suite = TestSuite::new(&*xml(file));
        let mut time = Duration::ZERO;
        for report in reports.iter().filter(|report| report.file == file) {
            let several = runs.get(&(file, report.scenario.as_str())).is_some_and(|runs| *runs > 1);
            suite.add_test_case(case(report, several));
            time += report.duration;
        }
        for sweep in sweeps.iter().filter(|sweep| sweep.gravest.file == file) {
            suite.add_test_case(all_seeds(sweep));
            suite.add_test_cases(sweep.failures.iter().map(|report| case(report, true)));
            time += sweep.duration;
        }
        suite.set_time(time);
        junit.add_test_suite(suite);
    }
    junit.to_string()
}

/// Returns one case for all seeds of a scenario.
fn all_seeds(sweep: &Sweep) -> TestCase {
    let report = &sweep.gravest;
    let status = match &report.verdict {
        Verdict::Passed | Verdict::Skipped(_) => TestCaseStatus::success(),
        verdict => {
            let failed = matches!(verdict, Verdict::Failed(_));
            let mut status = TestCaseStatus::non_success(if failed {
                NonSuccessKind::Failure
            } else {
                NonSuccessKind::Error
            });
            let seeds = count(sweep.seeds(), "seed");
            status.set_message(format!("{} of {seeds} passed", sweep.passed)).set_type("seeds");
            status
        }
    };
    let seeds = format!("{}..{}", sweep.first, sweep.last);
    let mut case =
        TestCase::new(&*xml(&format!("{} in {} seeds {seeds}", report.scenario, report.world)), status);
    case.set_classname(&*xml(&report.file));
    case.set_time(sweep.duration);
    case.set_assertions(usize::try_from(sweep.held).unwrap_or(usize::MAX));
    case.add_properties([
        property("world", &report.world),
        property("again", &command(report, &format!("--seeds {seeds}"))),
        property("seeds", &seeds),
    ]);
    case.add_properties(params(report));
    case
}

fn property(name: &str, value: &str) -> Property {
    Property::new(&*xml(name), &*xml(value))
}

fn params(report: &Report) -> impl Iterator<Item = Property> {
    report.params.iter().map(|(name, value)| property(&format!("param {name}"), value))
}

fn case(report: &Report, several: bool) -> TestCase {
    let name = if several {
        format!("{} in {} seed {}", report.scenario, report.world, report.seed)
    } else {
        report.scenario.clone()
    };
    let mut case = TestCase::new(&*xml(&name), status(report));
    case.set_classname(&*xml(&report.file));
    case.set_time(report.duration);
    case.set_assertions(usize::try_from(report.held).unwrap_or(usize::MAX));
    case.add_properties([
        property("world", &report.world),
        property("seed", &report.seed.to_string()),
        property("again", &again(report)),
    ]);
    case.add_properties(params(report));
    let mut said = if report.about.is_empty() { String::new() } else { format!("{}\n", report.about) };
    said.push_str(&measures(report, Style::PLAIN));
    said.push_str(&notes(report));
    if report.verdict.failure().is_none() {
        said.push_str(&excused(report, Style::PLAIN));
    }
    if !said.is_empty() {
        case.set_system_out(&*xml(&said));
    }
    case
}

fn status(report: &Report) -> TestCaseStatus {
    let (kind, message, ty, text) = match &report.verdict {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Skipped(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(&*xml(reason));
            return status;
        }
        Verdict::Failed(failed) => (NonSuccessKind::Failure, message(failed), kind(failed.kind), true),
        Verdict::Broken(broken) => (NonSuccessKind::Error, message(broken), kind(broken.kind), true),
        Verdict::Interrupted => {
            (NonSuccessKind::Error, "interrupted before its end".to_owned(), "interrupted", false)
        }
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(&*xml(&message)).set_type(ty);
    if text {
        status.set_description(&*xml(&failure(report, Style::PLAIN)));
    }
    status
}

/// Returns the failure's message behind its place: people read a list of failures without the full texts.
fn message(failure: &Failure) -> String {
    let message = failure.message.lines().next().unwrap_or_default();
    match &failure.at {
        Some(at) => {
            format!("{}:{}: {}", at.source.name(), at.source.place(at.span).line, message)
        }
        None => message.to_owned(),
    }
}

/// Returns the name that the kind has in JSON.
fn kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Expectation => "expectation",
        FailureKind::NotAsked => "not_asked",
        FailureKind::Step => "step",
        FailureKind::Died => "died",
        FailureKind::Misbehaved => "misbehaved",
        FailureKind::Flood => "flood",
        FailureKind::Bypassed => "bypassed",
        FailureKind::Timeout => "timeout",
        FailureKind::End => "end",
        FailureKind::Environment => "environment",
    }
}

#[cfg(test)]
mod tests {
    use quick_junit::XmlString;

    use super::*;
    use crate::report::sample;

    fn parsed(reports: &[Report]) -> Junit {
        Junit::deserialize_from_str(&junit(reports, &[]).unwrap()).unwrap()
    }

    fn names(suite: &TestSuite) -> Vec<&str> {
        suite.test_cases.iter().map(|case| case.name.as_str()).collect()
    }

    fn of(text: Option<&XmlString>) -> &str {
        text.map_or("", XmlString::as_str)
    }

    fn non_success(case: &TestCase) -> (NonSuccessKind, &str, &str, &str) {
        let TestCaseStatus::NonSuccess { kind, message, ty, description, .. } = &case.status else {
            panic!("{case:?}");
        };
        (*kind, of(message.as_ref()), of(ty.as_ref()), of(description.as_ref()))
    }

    #[test]
    fn every_verdict_has_its_place() {
        let interrupted = Report { verdict: Verdict::Interrupted, ..sample::skipped() };
        let reports = [
            sample::passed(),
            sample::failed(),
            sample::broken(),
            Report { scenario: "other".to_owned(), ..sample::passed() },
            sample::skipped(),
            interrupted,
        ];
        let junit = parsed(&reports);
        assert_eq!((junit.tests, junit.failures, junit.errors, junit.skipped), (6, 1, 2, 1));
        let suites: Vec<&str> = junit.test_suites.iter().map(|suite| suite.name.as_str()).collect();
        assert_eq!(suites, ["scenarios/latency.scn", "scenarios/sync.scn", "scenarios/loss.scn"]);
        let [latency, sync, loss] = &junit.test_suites[..] else { panic!("{junit:?}") };
        assert_eq!(names(latency), ["latency[net=line(26),policy=last]", "other"]);
        assert_eq!(names(sync), ["sync in process seed 417", "sync in netns seed 417"]);
        assert_eq!(latency.time, Some(Duration::from_millis(824)));
        assert_eq!(latency.test_cases[0].status, TestCaseStatus::success());
        assert_eq!(latency.test_cases[0].assertions, Some(3));

        let (kind, message, ty, text) = non_success(&sync.test_cases[0]);
        assert_eq!((kind, ty), (NonSuccessKind::Failure, "expectation"));
        assert_eq!(message, "scenarios/sync.scn:5: expected `== Reimert` within 5 s");
        assert_eq!(text.trim(), failure(&reports[1], Style::PLAIN).trim());
        let (kind, _, ty, _) = non_success(&sync.test_cases[1]);
        assert_eq!((kind, ty), (NonSuccessKind::Error, "environment"));
        let (kind, message, ..) = non_success(&loss.test_cases[1]);
        assert_eq!((kind, message), (NonSuccessKind::Error, "interrupted before its end"));
        let TestCaseStatus::Skipped { message, .. } = &loss.test_cases[0].status else { panic!("{loss:?}") };
        assert!(message.as_ref().unwrap().as_str().starts_with("the world `process` cannot"));
    }

    #[test]
    fn a_case_says_where_it_came_from_and_what_it_measured() {
        let mut report = sample::passed();
        report.measures = vec![("load".to_owned(), sample::figures())];
        report.excused = vec!["`k`".to_owned()];
        let junit = parsed(&[report]);
        let case = &junit.test_suites[0].test_cases[0];
        let properties: Vec<String> = case
            .properties
            .iter()
            .map(|property| format!("{}={}", property.name.as_str(), property.value.as_str()))
            .collect();
        let expected = [
            "world=process",
            "seed=417",
            "again=tools test scenarios/latency.scn --seed 417 --param net='line(26)' --param policy=last",
            "param net=line(26)",
            "param policy=last",
        ];
        assert_eq!(properties, expected);
        let out = case.system_out.as_ref().unwrap().as_str();
        assert!(out.starts_with("latency: both ends write at once; all agree.\nmeasure load\n"), "{out}");
        assert!(out.trim_end().ends_with("without a disk\n  `k`"), "{out}");
    }

    #[test]
    fn what_was_not_asked_in_time_is_a_kind_of_its_own() {
        let mut report = sample::failed();
        if let Verdict::Failed(failure) = &mut report.verdict {
            failure.kind = FailureKind::NotAsked;
        }
        let json = crate::report::json(std::slice::from_ref(&report), &[]).unwrap();
        assert!(json.contains("\"kind\": \"not_asked\""), "{json}");
        let junit = parsed(&[report]);
        let (kind, _, ty, _) = non_success(&junit.test_suites[0].test_cases[0]);
        assert_eq!((kind, ty), (NonSuccessKind::Failure, "not_asked"));
    }

    #[test]
    fn what_xml_cannot_hold_does_not_break_it() {
        let mut report = sample::failed();
        if let Verdict::Failed(failure) = &mut report.verdict {
            failure.message = "a < b & \"c\" ]]> \u{0}\u{1b}\u{fffe}\u{ffff}".to_owned();
            failure.logs[0].lines.push("]]> \u{1}".to_owned());
        }
        report.file = "\u{ffff}.scn".to_owned();
        report.scenario = "\u{fffe}".to_owned();
        report.about = "\u{1}\u{fffe}".to_owned();
        report.params.insert("\u{fffe}".to_owned(), "\u{ffff}".to_owned());
        let text = junit(std::slice::from_ref(&report), &[]).unwrap();
        assert!(text.chars().all(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')), "{text}");
        let junit = parsed(&[report]);
        let (_, message, _, text) = non_success(&junit.test_suites[0].test_cases[0]);
        assert!(message.contains("a < b & \"c\" ]]> \\u{0}\\u{1b}\\u{fffe}\\u{ffff}"), "{message}");
        assert!(text.contains("]]> \\u{1}"), "{text}");
    }

    #[test]
    fn many_seeds_are_one_case_and_one_for_each_that_failed() {
        let text = junit(&[], &[sample::sweep()]).unwrap();
        let junit = Junit::deserialize_from_str(&text).unwrap();
        assert_eq!((junit.tests, junit.failures, junit.errors), (3, 3, 0));
        let suite = &junit.test_suites[0];
        let expected = ["sync in sim seeds 1..3", "sync in sim seed 2", "sync in sim seed 3"];
        assert_eq!(names(suite), expected);
        let (kind, message, ty, _) = non_success(&suite.test_cases[0]);
        assert_eq!((kind, message, ty), (NonSuccessKind::Failure, "1 of 3 seeds passed", "seeds"));
        assert_eq!(suite.time, Some(sample::sweep().duration));
    }
}
