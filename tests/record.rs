//! Tests of `tools record`, which prints the steps done by hand as a scenario that repeats them.

use crate::story::{Tools, kill_and_wait, until};

/// Returns the lines of a recording without its pauses, whose lengths differ from run to run.
fn without_pauses(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("wait ") && !line.is_empty()).collect()
}

#[test]
fn a_recording_can_be_replayed_in_every_world() {
    let tools = Tools::new();
    tools.up("a-b-c-a --faults");
    let port_of_b = tools.ps()["nodes"][1]["port"].clone();
    tools.run("cli --node a set nom 'Reimert; {Damien}'").code(0);
    tools.run(&format!("cli --port {port_of_b} get prenom")).code(1);
    tools.run(&format!("cli --node a addPeer {port_of_b}")).code(1);
    tools.run("kill c").code(0);
    tools.run("do 'a: set during 1' 'expect b: get during == 1 within 30s'").code(0);
    tools.run("start c").code(0);
    tools.run("pause b").code(0);
    tools.run("resume b").code(0);
    tools.run("do 'cut a->b' 'together { b: set x 1; c: set y 2 }' 'join a->b'").code(0);
    tools.run("do 'let v = a: get during' 'a: set copy $v'").code(0);
    tools.run("do 'measure m { a: set d 1 }'").code(0);
    tools.run("do 'expect m.updates == 1' 'a: set again $v'").code(0);
    tools.run("do 'expect a: get nom == Damien' 'kill a'").code(1);
    tools.run("do 'kil a'").code(2);
    tools.run("do 'kill random'").code(0);
    let nodes = tools.ps()["nodes"].as_array().expect("nodes").clone();
    let killed = nodes.iter().find(|node| node["state"] != "running").expect("one was killed");
    let killed = killed["name"].as_str().expect("a name");
    tools.run(&format!("start {killed}")).code(0);
    let recorded = tools.run("record").code(0).raw.clone();
    tools.run("stop").code(0);
    assert_eq!(tools.run("record").code(0).raw, recorded, "it is kept when the network has ended");
    let (kill, start) = (format!("kill {killed}"), format!("start {killed}"));
    let expected = [
        "# What was done to this network by hand.",
        "network a-b-c-a",
        "a: set nom \"Reimert; {Damien}\"",
        "try b: get prenom",
        "try a: addPeer b",
        "kill c",
        "a: set during 1",
        "expect b: get during == 1 within 30s",
        "start c",
        "pause b",
        "resume b",
        "cut a->b",
        "together { b: set x 1; c: set y 2 }",
        "join a->b",
        "let v = a: get during",
        "a: set copy $v",
        "measure m { a: set d 1 }",
        "expect m.updates == 1",
        "a: set again $v",
        "# This failed: expect a: get nom == Damien",
        &kill,
        &start,
        "expect converged within 5s",
    ];
    assert_eq!(without_pauses(&recorded), expected);
    let tools = tools.file("mine.scn", &recorded);
    tools.run("check mine.scn").code(0);
    tools.run("test mine.scn --timeout-factor 5").code(0);
    tools.run("test mine.scn --world sim").code(0);
}

#[test]
fn a_recording_contains_the_options_of_the_network_and_unexpected_deaths() {
    let tools = Tools::new();
    tools.up("ring:3 --policy oldest --data data");
    let id = tools.ps()["nodes"][1]["pid"].as_i64().expect("a process");
    tools.shell(&format!("kill -9 {id}"));
    let gone = until(|| tools.ps()["nodes"][1]["state"] != "running");
    assert!(gone, "its end is not known");
    tools.run("do 'start b'").code(0);
    let recorded = tools.run("record").code(0).raw.clone();
    let expected = [
        "# What was done to this network by hand.",
        "node all data=disk",
        "node all policy=oldest",
        "network ring:3",
        "kill b  # it died unasked",
        "start b",
        "expect converged within 5s",
    ];
    assert_eq!(without_pauses(&recorded), expected);
    tools.run("stop").code(0);
    let tools = tools.file("mine.scn", &recorded);
    tools.run("test mine.scn --timeout-factor 5").code(0);
}

#[test]
fn record_is_refused_where_no_network_ran() {
    let tools = Tools::new();
    let err = "error: no network is running in `logs`, and none that ran there is recorded\n  = help: start one with \
               `tools run --detach`\n";
    tools.run("record").check(2, "", err);
}

#[test]
fn a_recording_outlives_a_network_that_was_killed() {
    let tools = Tools::new();
    tools.up("a");
    tools.run("do 'a: set k v'").code(0);
    let host = tools.run("ps --all --json").code(0).json()[0]["pid"].as_i64().expect("a process");
    kill_and_wait(host.try_into().expect("an id"));
    tools.expect_nothing_left();
    let recorded = tools.run("record").code(0).raw.clone();
    assert!(without_pauses(&recorded).contains(&"a: set k v"), "{recorded}");
    // The recording of the next network starts empty.
    tools.up("b");
    tools.run("stop").code(0);
    let recorded = tools.run("record").code(0).raw.clone();
    assert!(!recorded.contains("a: set k v") && recorded.contains("network b"), "{recorded}");
}
