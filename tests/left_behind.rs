//! Nothing is left behind, however the harness ends: not of nodes that end by themselves when it
//! does, nor of somebody else's programs that do not.

use rustix::process::Signal;

use crate::story::{Process, Tools, has, kill, until};

/// A foreign program as bad as they come: deaf to SIGTERM and SIGHUP, and with a child in a session
/// of its own. It never answers at its port.
pub(crate) const STUBBORN: &str =
    "sh -c 'trap \"\" TERM HUP INT; setsid sleep 1111 & while :; do sleep 1112; done'";

/// A node of ours, started as somebody else's program would be, with such a child beside it.
pub(crate) const STUBBORN_NODE: &str = "sh -c 'trap \"\" TERM HUP INT; setsid sleep 1113 & \"$TOOLS\" node --name {name} --listen {host}:{port}; sleep 1114'";

pub(crate) fn quoted(exec: &str) -> String {
    shlex::try_quote(exec).expect("no zero byte").into_owned()
}

/// The process that started the nodes of a network: the harness itself, or a detached network's host.
fn harness(tools: &Tools) -> i32 {
    let found = tools.processes().into_iter().find(|process| process.command.contains(" node --supervised "));
    parent(&found.expect("a node runs"))
}

fn parent(process: &Process) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id)).expect("it runs");
    // The name stands in parentheses and may hold blanks; the state follows, then the parent.
    let rest = stat.rsplit(')').next().expect("a state");
    rest.split_whitespace().nth(1).and_then(|id| id.parse().ok()).expect("a parent")
}

#[test]
fn kill_9_of_the_harness_leaves_no_node() {
    let tools = Tools::new();
    let mut network = tools.begin("run ring:7 -p @PORT");
    network.line("try: ");
    assert_eq!(harness(&tools), network.id());
    network.signal(Signal::KILL);
    assert_eq!(network.ended().code, None);
    tools.expect_nothing_left();
    // What it left in the folder is in nobody's way.
    tools.run("ps").code(2);
    tools.up("ring:7");
}

#[test]
fn kill_9_of_a_detached_host_leaves_no_node() {
    let tools = Tools::new();
    tools.up("ring:7");
    kill(harness(&tools), Signal::KILL).unwrap();
    tools.expect_nothing_left();
    tools.run("ps").code(2);
    tools.up("ring:7");
}

#[test]
fn kill_9_during_a_test_leaves_no_node() {
    let tools = Tools::new().file("long.scn", "timeout 20m\nnetwork ring(5)\nwait 10m\n");
    let test = tools.begin("test long.scn");
    assert!(until(|| tools
        .processes()
        .iter()
        .filter(|one| one.command.contains(" node --supervised "))
        .count()
        == 5));
    test.signal(Signal::KILL);
    assert_eq!(test.ended().code, None);
    tools.expect_nothing_left();
}

#[test]
fn kill_9_leaves_nothing_of_a_frozen_node() {
    let tools = Tools::new();
    let mut network = tools.begin("run a-b-c -p @PORT");
    network.line("try: ");
    tools.run("pause b").code(0);
    network.signal(Signal::KILL);
    assert_eq!(network.ended().code, None);
    tools.expect_nothing_left();
}

#[test]
fn kill_9_leaves_nothing_of_a_foreign_program() {
    if !has("setsid") {
        return;
    }
    let tools = Tools::new();
    let mut network = tools.begin(&format!("run a-b -p @PORT --exec {}", quoted(STUBBORN_NODE)));
    network.line("try: ");
    assert!(until(|| tools.processes().iter().filter(|one| one.command == "sleep 1113").count() == 2));
    network.signal(Signal::KILL);
    assert_eq!(network.ended().code, None);
    tools.expect_nothing_left();
}

#[test]
fn kill_9_while_nodes_start_leaves_nothing() {
    if !has("setsid") {
        return;
    }
    // These never are ready: the harness waits for them when it is killed.
    let tools = Tools::new();
    let network = tools.begin(&format!("run a-b-c -p @PORT --exec {}", quoted(STUBBORN)));
    assert!(until(|| tools.processes().iter().filter(|one| one.command == "sleep 1111").count() == 3));
    network.signal(Signal::KILL);
    assert_eq!(network.ended().code, None);
    tools.expect_nothing_left();
}

#[test]
fn kill_9_in_the_middle_of_a_start_leaves_nothing() {
    let tools = Tools::new();
    for nodes in 1..=6 {
        let network = tools.begin("run clique:12 -p @PORT");
        let started =
            || tools.processes().iter().filter(|one| one.command.contains(" node --supervised ")).count();
        assert!(until(|| started() >= nodes));
        network.signal(Signal::KILL);
        drop(network);
        tools.expect_nothing_left();
    }
}

#[test]
fn an_orderly_end_leaves_nothing_of_a_stubborn_program() {
    if !has("setsid") {
        return;
    }
    let tools = Tools::new();
    let mut network = tools.begin(&format!("run a-b -p @PORT --exec {}", quoted(STUBBORN_NODE)));
    network.line("try: ");
    network.signal(Signal::INT);
    network.ended().code(130);
    // Its end is the end of all that came of it: nothing is left already.
    assert_eq!(tools.processes(), []);
}

#[test]
fn a_program_that_is_never_ready_is_taken_down() {
    if !has("setsid") {
        return;
    }
    let tools = Tools::new().file("x.scn", "network a-b\n");
    let ended = tools.run(&format!("test x.scn --timeout-factor 0.02 --exec {}", quoted(STUBBORN)));
    ended.code(3);
    assert!(ended.out.contains("it was not ready within [time], at 127.0.0.1:[port]"), "{}", ended.out);
    assert_eq!(tools.processes(), []);
}

#[test]
fn ctrl_c_while_nodes_start_leaves_nothing() {
    if !has("setsid") {
        return;
    }
    let tools = Tools::new();
    let network = tools.begin(&format!("run a-b -p @PORT --exec {}", quoted(STUBBORN)));
    assert!(until(|| tools.processes().iter().filter(|one| one.command == "sleep 1111").count() == 2));
    network.signal(Signal::INT);
    network.ended().code(130);
    assert_eq!(tools.processes(), []);
}

/// Whether this process, and so whatever it starts, ignores a signal.
fn ignores(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| (mask >> (signal.as_raw() - 1)) & 1 == 1)
}

#[test]
fn a_terminal_that_closes_ends_the_network() {
    if ignores(Signal::HUP) {
        // As under nohup: whoever starts this so wants it to live on.
        eprintln!("skipped: these tests were started with SIGHUP ignored, which children inherit");
        return;
    }
    let tools = Tools::new();
    let mut network = tools.begin("run a-b -p @PORT");
    network.line("try: ");
    network.signal(Signal::HUP);
    network.ended();
    tools.expect_nothing_left();
}

#[test]
fn a_node_that_a_person_starts_is_nobodys() {
    // Without a supervisor it stays until it is told to end.
    let tools = Tools::new();
    let node = tools.begin("node --name a --listen 127.0.0.1:@PORT");
    assert!(until(|| tools.run("cli --port @PORT count").code == Some(0)));
    node.signal(Signal::TERM);
    node.ended().code(0);
}
