//! Tests of determinism: in virtual time, the same scenario, seed and binary give the same run, byte for
//! byte.

use crate::shipped::{entries, shipped, text};
use crate::story::Tools;

/// Returns the command that runs each shipped scenario, with each combination of parameters, alone in
/// `sim`.
fn commands(tools: &Tools, seed: u64) -> Vec<String> {
    let ended = tools.run(&format!("test scenarios --world sim --seed {seed} --json"));
    let report = ended.code(0).json();
    let commands: Vec<String> = entries(&report)
        .iter()
        .filter(|entry| entry["verdict"] != "skipped")
        .map(|entry| text(&entry["again"]).trim_start_matches("tools ").to_owned())
        .collect();
    assert!(commands.len() > 20, "{commands:#?}");
    std::fs::remove_dir_all(tools.path("logs")).expect("each has written its record");
    commands
}

#[test]
fn every_shipped_scenario_leaves_the_same_trace_twice_and_another_with_another_seed() {
    let tools = shipped();
    for command in commands(&tools, 5) {
        let traced = |command: &str, name: &str| {
            tools.run(&format!("{command} --trace {name}")).code(0);
            let record = std::fs::read_dir(tools.path("logs")).unwrap().map(Result::unwrap);
            let folders = record.filter(|entry| entry.path().is_dir());
            let record = folders.map(|entry| std::fs::read(entry.path().join("run.jsonl")).unwrap());
            let record: Vec<Vec<u8>> = record.collect();
            std::fs::remove_dir_all(tools.path("logs")).unwrap();
            (std::fs::read(tools.path(name)).unwrap(), record)
        };
        let first = traced(&command, "first.jsonl");
        assert!(first.0.len() > 1_000 && first.1.len() == 1, "{command}");
        // `assert_eq` would print both traces, which are too long to read.
        assert!(traced(&command, "again.jsonl") == first, "{command}: the same seed is another run");
        let other = command.replace("--seed 5", "--seed 6");
        assert!(traced(&other, "other.jsonl").0 != first.0, "{command}: another seed is the same run");
    }
}

#[test]
fn a_trace_is_lines_of_json_in_the_order_of_time() {
    let tools = shipped();
    tools.run("test scenarios/sync.scn --world sim --seed 5 --trace trace.jsonl").code(0);
    let trace = tools.read("trace.jsonl");
    let events: Vec<serde_json::Value> =
        trace.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let times: Vec<u64> = events.iter().map(|event| event["at_ns"].as_u64().expect("a time")).collect();
    assert!(times.is_sorted() && times[times.len() - 1] > 0);
    assert!(trace.ends_with('\n') && events.iter().all(|event| event["event"].is_string()));
}

#[test]
fn the_report_of_many_seeds_does_not_depend_on_the_number_of_jobs() {
    let wrong = "network ring(4)\nlet v = random\n$v: set k 1\nexpect a: get k == 1\n";
    let tools = shipped().file("scenarios/wrong.scn", wrong);
    let line = "test wrong sync latency --world sim --seeds 1..12 --report-json report.json";
    let ran = |jobs: u32, more: &str| {
        let ended = tools.run(&format!("{line} -j {jobs} {more}"));
        (ended.code(1).out.clone(), tools.read("report.json"))
    };
    let alone = ran(1, "");
    assert!(alone.0.contains("FAILED wrong seed "), "{}", alone.0);
    assert_eq!(ran(4, ""), alone);
    // The runs that `--fail-fast` leaves out do not depend on the number of jobs either.
    let fast = ran(1, "--fail-fast");
    assert_eq!(ran(4, "--fail-fast"), fast);
    assert!(fast.0.len() < alone.0.len());
}
