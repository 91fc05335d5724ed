//! Tests of saved runs.

use super::*;
use crate::report::style::Style;
use crate::report::{document, failure, json, line, sample};

const PLAN: &str = r#"{"at_us":0,"event":"plan","scenario":"sync","file":"x.scn","text":"network a-b\n","params":{},"world":"process","seed":7}"#;

fn read(lines: &[&str]) -> Result<Report, SavedProblem> {
    let mut run = SavedRun::new();
    for line in lines {
        run.read(line.as_bytes())?;
    }
    run.report("here", Some(1_000))
}

/// Returns the report that its own saved run gives.
fn saved(report: &Report) -> Report {
    let reports = [report.clone()];
    let entry = document(&reports, &[]).scenarios.remove(0);
    let plan = serde_json::json!({
        "at_us": 0, "event": "plan", "format": 2, "scenario": "other", "file": report.file, "text": "x", "seed": 1,
    });
    let verdict = serde_json::json!({ "at_us": 5, "event": "verdict", "verdict": report.verdict.word(), "report": entry });
    read(&[
        &plan.to_string(),
        r#"{"at_us":4,"event":"later","of":["another version"]}"#,
        &verdict.to_string(),
    ])
    .unwrap()
}

#[test]
fn a_saved_report_is_the_report() {
    let mut measured = sample::passed();
    measured.measures = vec![("load".to_owned(), sample::figures())];
    measured.flags = vec![("log-limit".to_owned(), "4096".to_owned())];
    let reports =
        [measured, sample::failed(), sample::broken(), sample::skipped(), sample::flaky(), sample::hostile()];
    for report in reports {
        let again = saved(&report);
        let now = |report: &Report| Report { logs: Some("here".to_owned()), ..report.clone() };
        assert_eq!(json(std::slice::from_ref(&again), &[]).unwrap(), json(&[now(&report)], &[]).unwrap());
        assert_eq!(line(&again, Style::PLAIN), line(&report, Style::PLAIN));
        assert_eq!(failure(&again, Style::PLAIN), failure(&now(&report), Style::PLAIN));
    }
}

#[test]
fn an_old_record_has_its_verdict_and_the_reason() {
    let verdict = r#"{"at_us":2000000,"event":"verdict","verdict":"failed","message":"expected == 5"}"#;
    let node = r#"{"at_us":1,"event":"node","node":0,"name":"\"event\":\"verdict\""}"#;
    let report =
        read(&[PLAN, node, r#"{"at_us":9,"event":"held","line":2,"evaluations":1}"#, verdict]).unwrap();
    assert_eq!((report.verdict.word(), report.nodes, report.held), ("failed", 1, 1));
    assert_eq!((report.duration, report.seed), (Duration::from_secs(2), 7));
    assert_eq!(report.verdict.failure().unwrap().message, "expected == 5");
    assert_eq!((report.logs.as_deref(), report.began_ms), (Some("here"), Some(1_000)));
    let passed = read(&[PLAN, r#"{"at_us":1,"event":"verdict","verdict":"passed"}"#]).unwrap();
    assert_eq!(passed.verdict, Verdict::Passed);
}

#[test]
fn a_record_that_was_cut_short_did_not_pass() {
    let cut = r#"{"at_us":9000,"event":"verdict","verdict":"pas"#;
    let report = read(&[PLAN, r#"{"at_us":8000,"event":"done","op":1}"#, cut]).unwrap();
    assert_eq!((report.verdict.word(), report.duration), ("broken", Duration::from_millis(8)));
    let message = &report.verdict.failure().unwrap().message;
    assert_eq!(message, "the record was cut short, so the verdict is unknown");
    assert_eq!(read(&[PLAN]).unwrap().verdict.word(), "broken");
}

#[test]
fn other_files_are_refused() {
    assert_eq!(read(&[]).unwrap_err(), SavedProblem::Empty);
    for line in ["", "network a-b", "[]", r#"{"at_ns":0,"event":"run"}"#, "\u{0}"] {
        assert_eq!(read(&[line]).unwrap_err(), SavedProblem::NotARun, "{line}");
    }
    let newer = PLAN.replace("\"event\":\"plan\"", "\"event\":\"plan\",\"format\":3");
    assert_eq!(
        read(&[&newer]).unwrap_err().to_string(),
        "it has format 3, and this version reads formats up to 2"
    );
    let damaged = read(&[PLAN, r#"{"at_us":1,"event":"verdict","verdict":7}"#]).unwrap_err();
    assert!(damaged.to_string().starts_with("line 2 is the verdict, and cannot be read: "), "{damaged}");
}

#[test]
fn a_damaged_place_costs_no_memory() {
    let entry = r#"{"verdict":"failed","failure":{"message":"m","file":"x.scn","line":18446744073709551615,"column":1}}"#;
    let verdict = format!(r#"{{"at_us":1,"event":"verdict","verdict":"failed","report":{entry}}}"#);
    let report = read(&[PLAN, &verdict]).unwrap();
    assert_eq!(report.verdict.failure().unwrap().at, None);
}

#[test]
fn later_events_may_be_elsewhere() {
    let mut run = SavedRun::new();
    run.read(PLAN.as_bytes()).unwrap();
    assert!(!run.continues_elsewhere());
    run.read(br#"{"event":"continued","file":"run.last.jsonl"}"#).unwrap();
    assert!(run.continues_elsewhere());
}
