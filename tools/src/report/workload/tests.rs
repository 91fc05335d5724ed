//! Tests with reports of tests that were made up.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::report::Style;
use crate::workload::runner::{Agreement, End, Figures, Report};
use crate::workload::{Answer, CheckResult, Completion, History, Kind, Operation, Percentiles};
use crate::world::{Misconduct, NodeIndex, Value};

fn report(lost: bool) -> Report {
    let mut history = History::new(vec!["n0".to_owned(), "n1".to_owned()]);
    let ms = Duration::from_millis;
    let push = |history: &mut History, words: &str, at: u64, node: usize, last, answer| {
        history.push(Operation {
            client: node,
            node: NodeIndex(node),
            words: words.split(' ').map(str::to_owned).collect(),
            last,
            invoked: ms(at),
            completed: ms(at + 5),
            outcome: Completion::Ok(answer),
        });
    };
    push(&mut history, "broadcast 7", 100, 0, false, Answer::Done);
    for node in [0, 1] {
        let held = if lost && node == 1 { Vec::new() } else { vec!["7".to_owned()] };
        let answer = history.answer(Value::List(held));
        push(&mut history, "read", 200, node, true, answer);
    }
    let verdict: CheckResult = Kind::Broadcast.workload(&crate::workload::Options::default()).check(&history);
    Report {
        kind: Kind::Broadcast,
        nodes: 2,
        seed: 417,
        history,
        faults: vec![(ms(150), "partition n0 | n1".to_owned()), (ms(180), "heal".to_owned())],
        end: End::Judged(verdict),
        figures: Figures::default(),
        agreement: None,
        conditions: Vec::new(),
        judged_up_to: None,
        duration: ms(250),
    }
}

fn told(report: &Report) -> (String, serde_json::Value) {
    let run = WorkloadRun {
        report,
        logs: Path::new("logs"),
        history: Path::new("logs/history.jsonl"),
        again: "tools maelstrom …",
    };
    (run.terminal(Style::PLAIN), run.json())
}

#[test]
fn a_valid_run_is_told_in_figures() {
    let (text, json) = told(&report(false));
    assert!(text.starts_with("ok broadcast 0.25 s · 2 nodes · 0 operations · seed 417\n\n"), "{text}");
    assert!(text.contains("  stable latency  p0 0 s  p50 0 s"), "{text}");
    assert!(text.contains("  faults          partition n0 | n1 at 0.15 s, heal at 0.18 s\n"), "{text}");
    assert_eq!((&json["valid"], &json["counts"]["lost"]), (&true.into(), &0.into()));
}

#[test]
fn what_is_wrong_is_told_with_its_operations() {
    let (text, json) = told(&report(true));
    let told = "lost: 7, acknowledged by n0 at 0.105 s, is not in the final read of n1
    #0 client 0 at n0, 0.100 s to 0.105 s: broadcast 7 → done
    #2 client 1 at n1, 0.200 s to 0.205 s: final read → []\n";
    assert!(text.starts_with("FAILED broadcast") && text.contains(told), "{text}");
    assert_eq!(json["verdict"], "invalid");
    assert_eq!(json["problems"][0]["operations"][1]["node"], "n1");
}

#[test]
fn who_died_is_named_with_its_last_words() {
    let end = End::Died {
        node: "n1".to_owned(),
        how: "exit code 7".to_owned(),
        at: Duration::from_millis(1_500),
        log: vec!["oh \u{1b}[31m no".to_owned()],
    };
    let (text, json) = told(&Report { end, ..report(false) });
    assert!(text.contains("node n1 died unasked at 1.500 s: exit code 7\n    oh \\u{1b}[31m no\n"), "{text}");
    assert_eq!((&json["verdict"], &json["valid"]), (&"died".into(), &false.into()));
    for (how, verdict, reason) in [
        (
            Misconduct::Protocol("floods".to_owned()),
            "misbehaved",
            "node n0 broke its protocol at 0.000 s: it floods",
        ),
        (Misconduct::Flood("floods".to_owned()), "flood", "node n0 flooded at 0.000 s: it floods"),
    ] {
        let end = End::Misbehaved { node: "n0".to_owned(), how, at: Duration::ZERO };
        let json = told(&Report { end, ..report(false) }).1;
        assert_eq!((&json["verdict"], &json["reason"]), (&verdict.into(), &reason.into()));
    }
}

#[test]
fn what_is_lost_is_told_with_the_messages_that_nobody_has_read() {
    let mut report = report(true);
    report.figures.unread = [("n1".to_owned(), 1_200)].into();
    report.figures.ignored = 1;
    let (text, json) = told(&report);
    assert!(text.contains("n1\n    unread at the final reads: 1200 messages of n1\n    #0 "), "{text}");
    assert!(text.contains("\n  ignored         1 answer that no client waited for\n"), "{text}");
    assert_eq!(json["unread"], serde_json::json!({ "n1": 1_200 }));
}

#[test]
fn what_was_acknowledged_in_a_partition_is_told_with_it() {
    let mut report = report(true);
    report.faults = vec![(Duration::from_millis(50), "partition n0 | n1".to_owned())];
    let (text, json) = told(&report);
    let acknowledged = "0.100 s to 0.105 s: broadcast 7 → done (during partition n0 | n1)\n";
    assert!(text.contains(acknowledged) && text.contains("final read → []\n"), "{text}");
    let operations = &json["problems"][0]["operations"];
    assert_eq!((&operations[0]["fault"], &operations[1]["fault"]), (&"partition n0 | n1".into(), &().into()));
}

#[test]
fn the_first_line_tells_what_was_not_as_planned() {
    let mut report = report(false);
    report.judged_up_to = Some(crate::workload::ConsistencyModel::ReadCommitted);
    report.figures.rate_missed = Some((142.4, 1_000.0));
    report.agreement = Some(Agreement::InTime(Duration::from_secs(10)));
    report.conditions = vec!["loss 5 %".to_owned()];
    let (text, json) = told(&report);
    let first = "ok broadcast valid up to read-committed · 142 of 1,000 operations a second · 0.25 s · ";
    assert!(text.starts_with(first), "{text}");
    assert!(text.contains("  agreement       in the final reads, 10 s after the last operation\n"), "{text}");
    assert!(text.contains("  network         loss 5 %\n"), "{text}");
    assert!(text.contains("  stderr          logs/NODE.err\n"), "{text}");
    assert_eq!((&json["verdict"], &json["valid"]), (&"valid up to read-committed".into(), &true.into()));
}

#[test]
fn a_latency_that_never_ended_is_no_number() {
    let mut report = report(false);
    report.figures.latency = Percentiles::of(vec![Duration::from_millis(3); 97], 3);
    let (text, json) = told(&report);
    let line = "  latency         p50 3 ms  p95 3 ms  p99 never  max never; 3 of 100 never ended\n";
    assert!(text.contains(line), "{text}");
    assert_eq!((&json["latency_s"]["p50"], &json["latency_s"]["p99"]), (&0.003.into(), &().into()));
}

#[test]
fn the_report_of_a_run_has_the_problem_and_its_operations_and_comes_back_from_a_record() {
    let report = report(true);
    let run = WorkloadRun {
        report: &report,
        logs: Path::new("logs"),
        history: Path::new("logs/history.jsonl"),
        again: "tools maelstrom broadcast --seed 417",
    };
    let as_run = run.as_run("process", 1_795_247_651_123);
    let failure = as_run.verdict.failure().expect("a failure");
    assert_eq!(failure.message, "7, acknowledged by n0 at 0.105 s, is not in the final read of n1");
    assert_eq!(
        failure.differences,
        [
            "#0 client 0 at n0, 0.100 s to 0.105 s: broadcast 7 → done",
            "#2 client 1 at n1, 0.200 s to 0.205 s: final read → []",
        ]
    );
    assert_eq!(crate::report::again(&as_run), "tools maelstrom broadcast --seed 417");
    let mut saved = crate::report::SavedRun::new();
    let plan =
        serde_json::json!({ "event": "plan", "format": 2, "scenario": "broadcast", "world": "process" });
    saved.read(plan.to_string().as_bytes()).unwrap();
    let entry = crate::report::entry(&as_run);
    let verdict = serde_json::json!({ "at_us": 1, "event": "verdict", "verdict": "failed", "report": entry });
    saved.read(verdict.to_string().as_bytes()).unwrap();
    assert_eq!(saved.report("logs", None).unwrap(), as_run);
}

#[test]
fn each_end_of_a_test_has_its_verdict() {
    let word = |end| {
        let report = Report { end, ..report(false) };
        let (logs, history) = (Path::new("logs"), Path::new("h"));
        let run = WorkloadRun { report: &report, logs, history, again: "tools maelstrom" };
        run.as_run("process", 1).verdict.word()
    };
    let died = End::Died {
        node: "n1".to_owned(),
        how: "exit code 7".to_owned(),
        at: Duration::ZERO,
        log: Vec::new(),
    };
    let undecided = CheckResult { undecided: Some("too much".to_owned()), ..CheckResult::default() };
    assert_eq!(word(report(false).end), "passed");
    assert_eq!([word(died), word(End::Judged(undecided))], ["failed", "failed"]);
    assert_eq!(word(End::Broken { reason: "no python".to_owned() }), "broken");
    assert_eq!(word(End::Interrupted), "interrupted");
}
