//! Reports for build servers, as `JUnit` XML.
//!
//! There is one suite for each file, in order of appearance, and one case for each scenario and choice of
//! parameters. If the same one ran more than once, its world and its seed are added to its name. A run that
//! did not hold is a failure; a run that the environment or a person ended is an error. Times are the
//! world's.
//!
//! A scenario that was run with many seeds is one case for all of them, which fails if one of them did. Each
//! of its first failing seeds is one more case.

use std::time::Duration;

use quick_junit::{
    FlakyOrRerun, NonSuccessKind, Property, Report as Junit, SerializeError, TestCase, TestCaseStatus,
    TestRerun, TestSuite, XmlString,
};

use super::case::{Case, cases};
use super::style::Style;
use super::sweep::Sweep;
use super::terminal::{excused, failure, measures, notes};
use super::wording::attempts;
use crate::run::{Report, Verdict};
use crate::text::{utc_seconds, xml};

/// Returns the reports, then those of scenarios with many seeds, as `JUnit` XML. An error comes from the XML
/// writer.
pub fn junit(reports: &[Report], sweeps: &[Sweep]) -> Result<String, SerializeError> {
    let cases = cases(reports, sweeps);
    let mut files: Vec<&str> = Vec::new();
    for case in &cases {
        if !files.contains(&case.report.file.as_str()) {
            files.push(&case.report.file);
        }
    }
    let mut junit = Junit::new("tools test");
    let mut time = Duration::ZERO;
    for file in files {
        let suite = suite(file, cases.iter().filter(|case| case.report.file == file));
        time += suite.time.unwrap_or_default();
        junit.add_test_suite(suite);
    }
    junit.set_time(time);
    junit.to_string()
}

/// Returns the suite of a file's cases.
fn suite<'a>(file: &str, cases: impl Iterator<Item = &'a Case<'a>>) -> TestSuite {
    let mut suite = TestSuite::new(&*xml(file));
    let (mut time, mut began_ms) = (Duration::ZERO, None);
    for case in cases {
        // The time of all seeds has that of each in it.
        if !case.is_part {
            time += case.duration();
        }
        let began = case.report.began_ms;
        began_ms = [began_ms, began].into_iter().flatten().min();
        suite.add_test_case(test_case(case));
    }
    suite.set_time(time);
    if let Some(began_ms) = began_ms {
        add_attribute(&mut suite.extra, "timestamp", &timestamp(began_ms));
    }
    add_attribute(&mut suite.extra, "file", file);
    suite
}

/// Returns a moment in the form that pytest and nextest write, so that readers know it.
fn timestamp(wall_ms: u64) -> String {
    utc_seconds(wall_ms) + "+00:00"
}

/// Adds an attribute that the library has no field for, or only one of another type.
fn add_attribute(extra: &mut impl Extend<(XmlString, XmlString)>, name: &str, value: &str) {
    extra.extend([(name.into(), XmlString::new(&*xml(value)))]);
}

fn test_case(case: &Case<'_>) -> TestCase {
    let report = case.report;
    let mut written = TestCase::new(&*xml(&case.name()), status(case));
    written.set_classname(&*xml(&report.file));
    written.set_time(case.duration());
    written.set_assertions(usize::try_from(case.held()).unwrap_or(usize::MAX));
    if let Some(began_ms) = report.began_ms {
        add_attribute(&mut written.extra, "timestamp", &timestamp(began_ms));
    }
    let place = case.place();
    add_attribute(&mut written.extra, "file", place.as_ref().map_or(&report.file, |place| place.file));
    if let Some(place) = place {
        add_attribute(&mut written.extra, "line", &place.line.to_string());
    }
    written.add_property(property("world", &report.world));
    if case.sweep.is_none() {
        written.add_property(property("seed", &report.seed.to_string()));
    }
    written.add_property(property("again", &case.again()));
    if let Some(sweep) = case.sweep {
        written.add_property(property("seeds", &format!("{}..{}", sweep.first, sweep.last)));
    }
    if let Some(made) = &report.attempts {
        written.add_property(property("attempts", &attempts(made)));
    }
    written
        .add_properties(report.params.iter().map(|(name, value)| property(&format!("param {name}"), value)));
    let said = if case.sweep.is_some() { String::new() } else { said(report) };
    if !said.is_empty() {
        written.set_system_out(&*xml(&said));
    }
    written
}

fn property(name: &str, value: &str) -> Property {
    Property::new(&*xml(name), &*xml(value))
}

/// Returns the purpose of the scenario and its figures, for people.
fn said(report: &Report) -> String {
    let mut said = if report.about.is_empty() { String::new() } else { format!("{}\n", report.about) };
    said.push_str(&measures(report, Style::PLAIN));
    said.push_str(&notes(report));
    if report.verdict.failure().is_none() {
        said.push_str(&excused(report, Style::PLAIN));
    }
    said
}

fn status(case: &Case<'_>) -> TestCaseStatus {
    let mut status = match &case.report.verdict {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Skipped(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(&*xml(reason));
            return status;
        }
        Verdict::Flaky(_) if !case.counts_as_failed() => {
            let mut status = TestCaseStatus::success();
            if case.sweep.is_none() {
                status.add_reruns(reruns(case.report, 0));
            }
            return status;
        }
        Verdict::Failed(_) | Verdict::Flaky(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Broken(_) | Verdict::Interrupted => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    status.set_message(&*xml(&case.placed_reason().unwrap_or_default())).set_type(case.kind());
    if case.sweep.is_none() && case.report.verdict.failure().is_some() {
        status.set_description(&*xml(&failure(case.report, Style::PLAIN)));
        // The first failing attempt is the failure itself, if none passed.
        status.add_reruns(reruns(case.report, 1));
        if matches!(case.report.verdict, Verdict::Flaky(_)) {
            status.set_rerun_kind(FlakyOrRerun::Flaky);
        }
    }
    status
}

/// Returns the attempts that did not pass, without the first `skipped` ones.
fn reruns(report: &Report, skipped: usize) -> Vec<TestRerun> {
    let failures = report.attempts.as_ref().map_or(&[][..], |made| &made.failures);
    failures.iter().skip(skipped).map(rerun).collect()
}

fn rerun(report: &Report) -> TestRerun {
    let case = Case::single(report);
    let kind = match report.verdict {
        Verdict::Broken(_) => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut rerun = TestRerun::new(kind);
    rerun.set_message(&*xml(&case.placed_reason().unwrap_or_default())).set_type(case.kind());
    rerun.set_stack_trace(&*xml(&failure(report, Style::PLAIN)));
    rerun
}

#[cfg(test)]
mod tests {
    use quick_junit::XmlString;

    use super::*;
    use crate::report::sample;
    use crate::run::FailureKind;

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
