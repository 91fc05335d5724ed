//! Checks of nodes that run already: their addresses, and the steps and options that are not for them.

use std::collections::BTreeMap;

use super::{SETTING, check};
use crate::scenario::tests::{brief, read};
use crate::scenario::{self, Setting};
use crate::world::{Declaration, NETNS, PROCESS, SIM};

/// Two nodes that run already, and one that is started.
const NETWORK: &str = "node a at=127.0.0.1:7000\nnode b at=[::1]:7001\nnetwork a-b, b-c";

#[track_caller]
fn check_in(setting: &Setting<'_>, text: &str, expected: &[&str]) {
    let (scenario, _) = read(text).unwrap_or_else(|diagnostic| panic!("{diagnostic}"));
    let found: Vec<String> = scenario::check(&scenario, setting).iter().map(brief).collect();
    let found: Vec<&str> =
        found.iter().map(String::as_str).filter(|line| !line.contains("expects nothing")).collect();
    assert_eq!(found, expected);
}

/// Checks a step after the network of two nodes that run already and one that is started.
#[track_caller]
fn check_step(world: &'static Declaration, step: &str, expected: &[&str]) {
    check_in(&Setting::of(world), &format!("{NETWORK}\n{step}"), expected);
}

#[test]
fn steps_that_start_or_end_a_node_are_not_for_one_that_runs_already() {
    let verbs = [
        ("kill", "killed"),
        ("stop", "stopped"),
        ("start", "started"),
        ("restart", "restarted"),
        ("pause", "paused"),
        ("resume", "resumed"),
    ];
    for (verb, done) in verbs {
        let why = format!("`a` cannot be {done}: it ran before, and the harness did not start it");
        let span = verb.len();
        let named = format!("4:1-{} {why} (name nodes that the harness starts)", span + 2);
        check_step(&PROCESS, &format!("{verb} a"), &[&named]);
        let all = format!("4:1-{} {why} (leave it out: `… but a, b`)", span + 4);
        check_step(&PROCESS, &format!("{verb} all"), &[&all]);
        check_step(&PROCESS, &format!("{verb} c"), &[]);
        check_step(&PROCESS, &format!("{verb} all but a, b"), &[]);
        check_step(&PROCESS, &format!("{verb} random of c"), &[]);
    }
    check_step(
        &PROCESS,
        "clock b +10s",
        &[
            "4:1-12 `b` cannot be given a clock: it ran before, and the harness did not start it (name nodes that the harness starts)",
        ],
    );
    check_step(
        &PROCESS,
        "disk a full",
        &[
            "4:1-11 `a` cannot be given a full disk: it ran before, and the harness did not start it (name nodes that the harness starts)",
        ],
    );
    check_step(
        &PROCESS,
        "expect a: log contains x",
        &[
            "4:11-3 the log of `a` is not known: the harness did not start it (its own program says where it writes)",
        ],
    );
    check_step(&PROCESS, "expect a: state == running", &[]);
}

#[test]
fn faults_are_for_links_in_which_the_harness_stands() {
    let why = "the harness does not stand between `a` and `b`: both ran before (it stands in links of nodes that it starts)";
    check_step(&PROCESS, "cut a-b", &[&format!("4:5-3 {why}")]);
    check_step(&PROCESS, "break b->a", &[&format!("4:7-4 {}", why.replace("`a` and `b`", "`b` and `a`"))]);
    check_step(&PROCESS, "link all delay 5ms", &[&format!("4:1-18 {why}")]);
    check_step(&PROCESS, "partition a | b, c", &[&format!("4:1-18 {why}")]);
    check_step(&PROCESS, "partition a, c | rest", &[&format!("4:1-21 {why}")]);
    for step in ["cut b-c", "link c-b delay 5ms", "partition a, b | c", "partition c | rest", "heal"] {
        check_step(&PROCESS, step, &[]);
    }
}

#[test]
fn options_of_a_start_are_not_for_a_node_that_runs_already() {
    let help = "(leave it out, or leave `at` out, and the harness starts the node)";
    for (option, span) in
        [("exec=x", 6), ("data=disk", 9), ("clock=+1s", 9), ("lines=many", 10), ("args=x", 6)]
    {
        let name = option.split_once('=').map_or("", |(name, _)| name);
        let expected =
            format!("2:8-{span} `a` runs already: `{name}` would have to be given to it at its start {help}");
        let driver = if name == "lines" { "driver=maelstrom exec=x" } else { "values=json" };
        let text =
            format!("node a at=127.0.0.1:7000\nnode a {option}\nnode b {driver}\nnetwork a, b\na: get x");
        let (scenario, _) = read(&text).unwrap_or_else(|diagnostic| panic!("{diagnostic}"));
        let found: Vec<String> = scenario::check(&scenario, &SETTING).iter().map(brief).collect();
        assert!(found.contains(&expected), "{option}: {found:#?}");
    }
    // For all means those that are started.
    check_in(&Setting::of(&PROCESS), "node all data=disk\nnode a at=127.0.0.1:7000\nnetwork a-b", &[]);
}

#[test]
fn an_address_is_that_of_one_node_and_has_a_port() {
    let process = Setting::of(&PROCESS);
    check_in(
        &process,
        "node a at=7000\nnetwork a",
        &[
            "1:11-4 `7000` is no address: a host and a port are expected, such as `127.0.0.1:7000` or `[::1]:7000`",
        ],
    );
    check_in(
        &process,
        "node all at=127.0.0.1:7000\nnetwork a",
        &["1:10-17 an address is that of one node (name the node, as in `node a at=127.0.0.1:7000`)"],
    );
    check_in(
        &process,
        "node a at=h:1\nnode b at=h:1\nnetwork a, b",
        &[
            "1:8-6 `a` and `b` have one address, h:1 (each node has an address of its own)",
            "2:8-6 `b` and `a` have one address, h:1 (each node has an address of its own)",
        ],
    );
    check_in(
        &process,
        "node a at=h:1,peer=2\nnetwork a",
        &["1:8-13 `native` nodes have no further port `peer` (leave it out: they have one port)"],
    );
}

#[test]
fn only_some_worlds_and_drivers_reach_a_node_that_runs_already() {
    let text = "node a at=127.0.0.1:7000\nnetwork a";
    check_in(
        &Setting::of(&SIM),
        text,
        &[
            "1:8-17 the world `sim` reaches no node that runs already: its time is virtual, and that of a node that runs already is real (worlds that do: process)",
        ],
    );
    check_in(
        &Setting::of(&NETNS),
        text,
        &[
            "1:8-17 the world `netns` reaches no node that runs already: its nodes have networks of their own, from which no port of this machine is reached (worlds that do: process)",
        ],
    );
    check_in(
        &Setting::of(&PROCESS),
        &format!("node all driver=maelstrom exec=x\n{text}"),
        &[
            "2:8-17 `a` is a `maelstrom` node: it speaks on its standard input and output, and has no address (leave `at` out: the harness starts such nodes)",
        ],
    );
}

#[test]
fn addresses_of_the_command_line_win_and_name_nodes_that_there_are() {
    let given = |option: &str, value: &str| BTreeMap::from([(option.to_owned(), value.to_owned())]);
    let options = given("at.a", "127.0.0.1:7000");
    let setting = Setting { options: &options, ..Setting::of(&PROCESS) };
    check_in(&setting, "node a at=127.0.0.1:8000\nnetwork a-b", &[]);
    check_in(
        &setting,
        "network a-b\nkill a",
        &[
            "2:1-6 `a` cannot be killed: it ran before, and the harness did not start it (name nodes that the harness starts)",
        ],
    );
    let options = given("at.alcie", "127.0.0.1:7000");
    check_in(
        &Setting { options: &options, ..Setting::of(&PROCESS) },
        "network alice-bob",
        &[
            "1:1-17 `--at alcie=…` is the address of a node that is not in this network (did you mean `alice`?)",
        ],
    );
    check("network a-b", &[]);
}
