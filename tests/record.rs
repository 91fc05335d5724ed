//! `tools record`: what was done by hand, as a scenario that does it again.

use crate::story::{Tools, until};

/// The lines of a recording, its pauses aside: how long somebody waited is for nobody to say.
fn without_pauses(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("wait ") && !line.is_empty()).collect()
}

#[test]
fn what_was_done_by_hand_can_be_done_again_in_every_world() {
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
    tools.run("do 'expect a: get nom == Damien' 'kill a'").code(1);
    tools.run("do 'kil a'").code(2);
    tools.run("do 'kill random'").code(0);
    let nodes = tools.ps()["nodes"].as_array().expect("nodes").clone();
    let killed = nodes.iter().find(|node| node["state"] != "running").expect("one was killed");
    let killed = killed["name"].as_str().expect("a name");
    tools.run(&format!("start {killed}")).code(0);
    let recorded = tools.run("record").code(0).raw.clone();
    tools.run("stop").code(0);
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
        "do {",
        "  let v = a: get during",
        "  a: set copy $v",
        "}",
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
fn a_recording_begins_with_how_the_network_was_started_and_knows_who_died() {
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
fn there_is_nothing_to_be_had_where_nothing_was_done_by_hand() {
    let tools = Tools::new();
    let err = "error: no network is running in `logs`\n  = help: start one with `tools run --detach`\n";
    tools.run("record").check(2, "", err);
}
