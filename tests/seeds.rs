//! Tests of `tools test --seeds`, which runs each scenario with each seed and prints a summary.

use crate::story::Tools;

const SYNC: &str = "\
network a-b
a: set nom Reimert
expect all: get nom == Reimert within 30s
";

/// The text of a scenario that fails if a neighbour of `a` is drawn: with about one seed in two.
const SOMETIMES: &str = "\
network ring(4)
let v = random
$v: set k 1
expect converged within 30s
expect a: peers not contains $v
expect $v: get k == 1
";

#[test]
fn a_seed_range_that_is_empty_or_reversed_is_refused() {
    let tools = Tools::new().file("sync.scn", SYNC);
    for (seeds, told) in [
        ("9..3", "the range 9..3 is reversed: did you mean 3..9?"),
        ("..", "a seed is a number, a range two of them: 5, or 1..200"),
        ("1..", "a seed is a number, a range two of them: 5, or 1..200"),
        ("a..b", "`a` is no seed"),
        ("0..10000000", "has more than 10000000 seeds"),
    ] {
        let ended = tools.run(&format!("test sync.scn --world sim --seeds {seeds}"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{seeds}: {ended:#?}");
        assert!(ended.err.contains(told), "{seeds}: {}", ended.err);
    }
    let ended = tools.run("test sync.scn --world sim --seeds 1..2 --seed 3");
    assert!(ended.code(2).err.contains("cannot be used with"), "{}", ended.err);
    assert!(!tools.path("logs").exists());
}

#[test]
fn many_seeds_are_summed_up_and_write_nothing() {
    let two = "param net = a-b | a-b-c\nnetwork $net\nexpect converged\n";
    let tools = Tools::new().file("s/sync.scn", SYNC).file("s/two.scn", two);
    let out = "\
seeds 1..50
ok sync [time] · 2 nodes · 50 seeds · in sim
ok two[net=a-b] [time] · 2 nodes · 50 seeds · in sim
ok two[net=a-b-c] [time] · 3 nodes · 50 seeds · in sim
150 runs of 3 scenarios with 50 seeds passed: [time] simulated in [time]
";
    tools.run("test s --world sim --seeds 1..50").check(0, out, "");
    assert!(!tools.path("logs").exists());
    // A range of one seed is an ordinary run.
    tools.run("test s/sync.scn --world sim --seeds 7").code(0);
    assert_eq!(tools.events("sync", "plan")[0]["seed"], 7);
}

#[test]
fn a_failing_seed_is_named_with_the_command_that_replays_it() {
    let tools = Tools::new().file("some times.scn", SOMETIMES);
    let ended = tools.run("test 'some times.scn' --world sim --seeds 1..40 --timeout-factor 3 --json");
    let report = ended.code(1).json();
    let all = report["scenarios"].as_array().unwrap();
    let (passed, failed) = (&all[0]["seeds"]["passed"], &all[0]["seeds"]["failed"]);
    let (passed, failed) = (passed.as_u64().unwrap(), failed.as_u64().unwrap());
    assert!(passed > 0 && failed > 0 && passed + failed == 40, "{passed} passed, {failed} failed");

    let ended = tools.run("test 'some times.scn' --world sim --seeds 1..40 --timeout-factor 3");
    ended.code(1);
    // Every failed seed has a line, in order. A few of the different reasons are explained at length.
    let lines: Vec<&str> = ended.out.lines().filter(|line| line.contains("; again: ")).collect();
    assert_eq!(lines.len() as u64, failed, "{}", ended.out);
    let explained = ended.out.lines().filter(|line| line.contains("some times failed: ")).count();
    assert!((1..=3).contains(&explained), "{}", ended.out);
    let summary = format!("{passed} of 40 runs of 1 scenario with 40 seeds passed, {failed} failed: ");
    assert!(ended.out.contains(&summary), "{}", ended.out);
    let raw = ended.raw.lines().filter_map(|line| line.split_once("; again: tools "));
    for (line, again) in raw.take(3) {
        let reason = line.split_once("times.scn:").expect("its place").1;
        let (place, message) = reason.split_once(": ").expect("its reason");
        let alone = tools.run(again);
        assert!(alone.code(1).out.contains(&format!("some times failed: {message}\n")), "{}", alone.out);
        assert!(alone.out.contains(&format!("times.scn:{place}:1\n")), "{}", alone.out);
        assert!(tools.path("logs/some-times/run.jsonl").exists());
    }
}

#[test]
fn reports_for_programs_stay_small_however_many_seeds_fail() {
    let tools = Tools::new().file("wrong.scn", "network a-b\nexpect a: count == 5\n").file("sync.scn", SYNC);
    let line =
        "test sync.scn wrong.scn --world sim --seeds 1..300 --junit junit.xml --report-json report.json";
    let ended = tools.run(line);
    ended.code(1);
    let report: serde_json::Value = serde_json::from_str(&tools.read("report.json")).unwrap();
    let all = report["scenarios"].as_array().unwrap();
    let of = |name: &str| all.iter().filter(|entry| entry["scenario"] == name).count();
    assert_eq!((of("sync"), of("wrong")), (1, 21));
    let junit = tools.read("junit.xml");
    assert!(junit.contains("<testsuites name=\"tools test\" tests=\"22\" skipped=\"0\" failures=\"21\""));
    assert!(junit.contains("<failure message=\"0 of 300 seeds passed\" type=\"seeds\"/>"), "{junit}");
}

#[test]
fn a_scenario_for_another_world_is_skipped_once() {
    let other = "worlds process\nnetwork a-b\nexpect converged\n";
    let tools = Tools::new().file("s/sync.scn", SYNC).file("s/other.scn", other);
    let ended = tools.run("test s --world sim --seeds 1..9");
    ended.code(0);
    assert_eq!(
        ended.out.matches("skipped other: it is for the worlds process\n").count(),
        1,
        "{}",
        ended.out
    );
    let summary = "9 runs of 1 scenario with 9 seeds passed, 1 scenario skipped: ";
    assert!(ended.out.contains(summary), "{}", ended.out);
}

#[test]
fn many_seeds_run_on_processes_and_failed_runs_keep_their_logs() {
    // A seed does not repeat a run in real time, so that the logs and the journal of a failed run are kept.
    let tools = Tools::new().file("sometimes.scn", SOMETIMES);
    let ended = tools.run("test sometimes.scn --seeds 1..8 -j 2 --report-json report.json");
    let report: serde_json::Value = serde_json::from_str(&tools.read("report.json")).unwrap();
    let all = report["scenarios"].as_array().unwrap();
    let failed = all[0]["seeds"]["failed"].as_u64().unwrap();
    assert!((1..8).contains(&failed), "{}", ended.out);
    ended.code(1);
    let kept = std::fs::read_dir(tools.path("logs")).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<_> = kept.filter(|path| path.is_dir()).collect();
    assert_eq!(kept.len() as u64, failed, "{kept:?}");
    for entry in &all[1..] {
        let folder = entry["logs"].as_str().unwrap();
        assert_eq!(folder, format!("logs/sometimes.seed-{}", entry["seed"]));
        assert!(tools.path(folder).join("run.jsonl").exists() && tools.path(folder).join("a.log").exists());
    }
    assert!(ended.out.contains(" of 8 runs of 1 scenario with 8 seeds passed, "), "{}", ended.out);
}
