//! Tests of the report for programs.

use super::*;
use crate::report::sample;

#[test]
fn a_failure_is_written_whole() {
    let mut report = sample::failed();
    if let Verdict::Failed(failure) = &mut report.verdict {
        failure.findings.drain(4..);
        failure.differences = vec!["`k` is a: 1; b: nothing".to_owned()];
    }
    assert_eq!(json(&[report], &[]).unwrap().trim_end(), include_str!("tests/failure.json").trim_end());
}

#[test]
fn figures_stay_what_they_are() {
    let mut report = sample::passed();
    report.measures = vec![("load".to_owned(), sample::figures())];
    let text = json(&[report], &[]).unwrap();
    for line in ["\"ok\": 1000,", "\"ack_p50\": 0.00085,", "\"duration\": 1.2,", "\"bytes\": 1250000,"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn every_entry_has_the_same_fields() {
    let reports = [sample::passed(), sample::failed(), sample::broken(), sample::skipped()];
    let value: serde_json::Value = serde_json::from_str(&json(&reports, &[]).unwrap()).unwrap();
    let fields =
        |entry: &serde_json::Value| entry.as_object().unwrap().keys().cloned().collect::<Vec<String>>();
    let entries = value["scenarios"].as_array().unwrap();
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| fields(entry) == fields(&entries[0])));
    assert_eq!(fields(&entries[1]["failure"]), fields(&entries[2]["failure"]));
    assert_eq!(entries[0]["failure"], serde_json::Value::Null);
    assert_eq!(entries[3]["verdict"], "skipped");
    assert!(entries[3]["reason"].as_str().unwrap().starts_with("the world `process` cannot"));
}

#[test]
fn what_is_checked_at_the_end_has_no_place() {
    let mut report = sample::failed();
    if let Verdict::Failed(failure) = &mut report.verdict {
        failure.at = None;
    }
    let reports = [report];
    let failure = document(&reports, &[]).scenarios.remove(0).failure.unwrap();
    assert_eq!((failure.file, failure.line, failure.column, failure.line_text), (None, None, None, None));
}

#[test]
fn many_seeds_are_one_entry_and_one_for_each_that_failed() {
    let sweeps = [sample::sweep()];
    let reports = [sample::skipped()];
    let value: serde_json::Value = serde_json::from_str(&json(&reports, &sweeps).unwrap()).unwrap();
    let entries = value["scenarios"].as_array().unwrap();
    let brief: Vec<String> = entries
        .iter()
        .map(|entry| format!("{} {} {}", entry["verdict"], entry["seed"], entry["failure"]["law"]))
        .collect();
    let expected =
        [r#""skipped" 417 null"#, r#""failed" 2 null"#, r#""failed" 2 null"#, r#""failed" 3 "convergence""#];
    assert_eq!(brief, expected);
    let seeds = serde_json::json!({
        "first": 1, "last": 3, "passed": 1, "failed": 2, "flaky": 0, "broken": 0, "interrupted": 0, "contrast": null,
        "reasons": [
            {
                "law": null, "file": "scenarios/sync.scn", "line": 5, "message": "expected `== Reimert` within 5 s",
                "runs": 1, "seed": 2, "again": "tools test scenarios/sync.scn --world sim --seed 2", "contrast": null,
            },
            {
                "law": "convergence", "file": null, "line": null,
                "message": "at the end the nodes do not hold the same, 5 s after the last step",
                "runs": 1, "seed": 3, "again": "tools test scenarios/sync.scn --world sim --seed 3", "contrast": null,
            },
        ],
    });
    assert_eq!((&entries[1]["seeds"], &entries[2]["seeds"]), (&seeds, &serde_json::Value::Null));
    assert_eq!(entries[1]["failure"], serde_json::Value::Null);
    assert_eq!(entries[1]["again"], "tools test scenarios/sync.scn --world sim --seeds 1..3");
    assert_eq!(entries[3]["again"], "tools test scenarios/sync.scn --world sim --seed 3");
}
