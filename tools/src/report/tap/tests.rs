//! Tests of the report for consumers of TAP.

use super::*;
use crate::report::sample;

/// Returns the documents of the YAML blocks, as a reader of YAML sees them.
fn blocks(text: &str) -> Vec<yaml_rust2::Yaml> {
    text.split("  ---\n")
        .skip(1)
        .map(|rest| {
            let block = rest.split("  ...\n").next().unwrap();
            yaml_rust2::YamlLoader::load_from_str(block).unwrap().remove(0)
        })
        .collect()
}

/// Returns the lines outside of YAML blocks.
fn points(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("  ")).collect()
}

#[test]
fn every_verdict_is_a_test_point() {
    let interrupted = Report { verdict: Verdict::Interrupted, ..sample::skipped() };
    let reports = [
        sample::passed(),
        sample::failed(),
        sample::skipped(),
        sample::broken(),
        Report { scenario: "other".to_owned(), ..sample::flaky() },
        interrupted,
    ];
    let text = tap(&reports, &[]);
    let expected = [
        "TAP version 14",
        "ok 1 - latency[net=line(26),policy=last]",
        "not ok 2 - sync in process seed 417",
        "ok 3 - loss in process seed 417 # SKIP the world `process` cannot lose packets; `netns` and `sim` can",
        "not ok 4 - sync in netns seed 417",
        "ok 5 - other (1 of 2 attempts passed)",
        "not ok 6 - loss in process seed 417",
        "Bail out! interrupted",
        "1..6",
    ];
    assert_eq!(points(&text), expected);
    let blocks = blocks(&text);
    assert_eq!(blocks.len(), 5);
    assert_eq!(blocks[0]["verdict"].as_str(), Some("passed"));
    assert_eq!(blocks[0]["duration_ms"].as_i64(), Some(412));
    assert_eq!(blocks[1]["message"].as_str(), Some("expected `== Reimert` within 5 s"));
    assert_eq!(
        (blocks[1]["file"].as_str(), blocks[1]["line"].as_i64()),
        (Some("scenarios/sync.scn"), Some(5))
    );
    assert_eq!(blocks[1]["again"].as_str(), Some("tools test scenarios/sync.scn --seed 417"));
    let details: Vec<&str> =
        blocks[1]["details"].as_vec().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(details.join("\n"), failure(&reports[1], Style::PLAIN).trim_end());
    assert_eq!(
        blocks[3]["message"].as_str(),
        Some("flaky, 1 of 2 attempts passed: expected `== Reimert` within 5 s")
    );
    assert_eq!(blocks[4]["kind"].as_str(), Some("interrupted"));
}

#[test]
fn a_flaky_scenario_is_not_ok_where_every_attempt_had_to_pass() {
    let mut report = sample::flaky();
    if let Some(made) = &mut report.attempts {
        made.rule = crate::run::AttemptRule::Repeat;
    }
    assert!(tap(&[report], &[]).contains("\nnot ok 1 - sync (1 of 2 attempts passed)\n"));
}

#[test]
fn many_seeds_are_one_point_and_one_for_each_that_failed() {
    let text = tap(&[], &[sample::sweep()]);
    let expected = [
        "TAP version 14",
        "not ok 1 - sync in sim seeds 1..3",
        "not ok 2 - sync in sim seed 2",
        "not ok 3 - sync in sim seed 3",
        "1..3",
    ];
    assert_eq!(points(&text), expected);
    assert_eq!(blocks(&text)[0]["message"].as_str(), Some("1 of 3 seeds passed"));
}

#[test]
fn points_written_as_they_come_are_the_same_document() {
    let (reports, sweeps) = ([sample::passed(), sample::skipped()], [sample::sweep()]);
    let mut points = TapPoints::default();
    let mut text = points.version().to_owned();
    for report in &reports {
        text += &points.run(report);
    }
    text += &points.sweep(&sweeps[0]);
    text += &points.plan();
    assert_eq!(text, tap(&reports, &sweeps));
    assert_eq!(tap(&[], &[]), "TAP version 14\n1..0 # SKIP no scenario was run\n");
}

#[test]
fn hostile_text_stays_in_its_place() {
    let skipped = Report { verdict: Verdict::Skipped(sample::HOSTILE.to_owned()), ..sample::hostile() };
    let text = tap(&[sample::hostile(), skipped], &[]);
    let points = points(&text);
    assert_eq!(points.len(), 4, "{points:?}");
    assert!(
        points[1].starts_with("not ok 1 - x\\\\n::error::owned\\\\r\\\\n\\# SKIP\\\\nnot ok 9"),
        "{}",
        points[1]
    );
    // Of the second point one `#` alone begins a directive.
    assert_eq!(points[2].replace("\\#", "").matches('#').count(), 1, "{}", points[2]);
    let blocks = blocks(&text);
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0]["file"].as_str(), Some(sample::HOSTILE));
    assert!(text.chars().all(|character| character == '\n' || is_plain(character)));
}
