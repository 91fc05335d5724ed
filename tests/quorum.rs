//! Tests of a replicated service whose mistakes are planted: each is found from outside, and the service without them
//! passes while it is parted, paused and killed.

use crate::networks;
use crate::story::{Finished, PROGRAM, Tools, has};

/// The seeds with which the right service is tried. The script of all checks tries twenty.
const SEEDS: u64 = 2;

fn can() -> bool {
    has("node") && networks::can()
}

fn service() -> Tools {
    Tools::new()
        .file("register.js", include_str!("quorum/register.js"))
        .file("register.toml", include_str!("quorum/register.toml"))
        .file("load.scn", include_str!("quorum/load.scn"))
        .file("race.scn", include_str!("quorum/race.scn"))
        .file("behind.scn", include_str!("quorum/behind.scn"))
}

/// Runs a command on the service with this mistake.
fn run(tools: &Tools, mistake: &str, line: &str) -> Finished {
    tools.shell(&format!("REGISTER_MISTAKE={mistake} {PROGRAM} {line} --driver register.toml --world netns"))
}

/// Puts load on the service with this mistake.
fn ask(tools: &Tools, mistake: &str, line: &str) -> Finished {
    run(tools, mistake, &format!("workload lin-kv --settle 0 {line}"))
}

#[test]
fn a_description_of_a_service_takes_twenty_lines() {
    assert!(include_str!("quorum/register.toml").lines().count() <= 20);
}

#[test]
fn registers_of_a_majority_hold_while_nodes_are_parted_paused_and_killed() {
    if !can() {
        return;
    }
    let tools = service();
    let line = format!(
        "--partition --kill --pause --time 8s --interval 1s --timeout 2s --rate 100 --seed 1 --test-count {SEEDS}"
    );
    let ended = ask(&tools, "none", &line);
    assert_eq!(ended.out.matches("ok lin-kv").count(), usize::try_from(SEEDS).expect("few"), "{ended:#?}");
    let history = tools.read("logs/workload-lin-kv/history.jsonl");
    for said in ["\"partition ", "\"heal\"", "\"kill ", "\"start ", "\"pause ", "\"resume "] {
        assert!(history.contains(said), "`{said}` is not said: {ended:#?}");
    }
    ended.code(0);
    run(&tools, "none", "test race.scn behind.scn").code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_stale_read_is_found_by_a_workload() {
    if !can() {
        return;
    }
    let tools = service();
    let ended = ask(&tools, "stale", "--partition --time 6s --interval 1s --timeout 2s --rate 100 --seed 1");
    assert!(ended.out.contains("FAILED lin-kv") && ended.out.contains(" read "), "{ended:#?}");
    ended.code(1);
    tools.expect_nothing_left();
}

#[test]
fn a_lost_acknowledged_write_is_found_by_a_workload_and_by_a_scenario() {
    if !can() {
        return;
    }
    let tools = service();
    // One run in three does not meet it.
    let ended = ask(&tools, "lost", "--kill --time 8s --interval 1s --rate 200 --seed 1 --test-count 5");
    assert!(ended.out.contains("FAILED lin-kv"), "{ended:#?}");
    ended.code(1);
    let ended = run(&tools, "lost", "test behind.scn");
    assert!(ended.out.contains("expect all: get k == three"), "{ended:#?}");
    ended.code(1);
    tools.expect_nothing_left();
}

#[test]
fn a_divergence_that_never_heals_is_found_by_a_workload_and_by_a_scenario() {
    if !can() {
        return;
    }
    let tools = service();
    // On a busy machine, few writes meet.
    let ended = ask(&tools, "divergence", "--time 6s --rate 300 --seed 1 --test-count 5");
    assert!(ended.out.contains("FAILED lin-kv"), "{ended:#?}");
    ended.code(1);
    let ended = run(&tools, "divergence", "test race.scn");
    assert!(ended.out.contains("expect converged"), "{ended:#?}");
    ended.code(1);
    tools.expect_nothing_left();
}

#[test]
fn faults_by_hand_meet_a_load_that_is_judged() {
    if !can() {
        return;
    }
    let tools = service();
    let ended = run(&tools, "none", "test load.scn");
    ended.code(0);
    let ended = run(&tools, "stale", "test load.scn");
    for said in ["`lin-kv`: not linearizable: ", "| workload lin-kv {", " fit: the other "] {
        assert!(ended.out.contains(said), "`{said}` is not said: {ended:#?}");
    }
    ended.code(1);
    tools.expect_nothing_left();
}

#[test]
fn a_load_in_virtual_time_is_the_same_each_time() {
    let tools = Tools::new().file(
        "load.scn",
        "# Two nodes that converge are no single copy.\nnetwork a-b\nlink all delay 50ms\nworkload lin-kv { wait 1s } for 3s at 100/s\n",
    );
    let told = |ended: &Finished| {
        let lines = ended.out.lines().filter(|line| line.contains("lin-kv") || line.contains(" fit: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let one = tools.run("test load.scn --world sim --seed 7");
    assert!(one.out.contains("not linearizable: "), "{one:#?}");
    one.code(1);
    assert_eq!(told(&one), told(&tools.run("test load.scn --world sim --seed 7")));
}

#[test]
fn operations_of_several_loads_have_numbers_of_their_own() {
    let tools = Tools::new().file(
        "loads.scn",
        "# One node, two loads.\nnetwork a\nworkload lin-kv { wait 100ms } for 500ms at 50/s\nworkload lin-kv { wait 100ms } for 500ms at 50/s\n",
    );
    tools.run("test loads.scn --world sim --seed 7 --messages").code(0);
    let events = tools.read("logs/loads/run.jsonl");
    let events = events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let numbers: Vec<u64> = events
        .filter(|event| event["event"] == "operation")
        .filter_map(|event| event["number"].as_u64())
        .collect();
    let distinct: std::collections::BTreeSet<_> = numbers.iter().collect();
    assert!(numbers.len() > 20 && distinct.len() == numbers.len(), "{numbers:?}");
}
