//! Tests of processes left behind: none is, however the harness ends. Some nodes here end with the harness;
//! some foreign programs do not.

use std::process::Command;

use rustix::process::Signal;

use crate::background::Background;
use crate::networks;
use crate::story::{PROGRAM, Process, Tools, has, kill, kill_and_wait, until};

/// The command line of the worst foreign program. It ignores SIGTERM and SIGHUP, has a child in a session
/// of its own, and never answers at its port.
pub(crate) const STUBBORN: &str =
    "sh -c 'trap \"\" TERM HUP INT; setsid sleep 1111 & while :; do sleep 1112; done'";

/// The command line of a native node, run as a foreign program, with such a child beside it.
pub(crate) const STUBBORN_NODE: &str = "sh -c 'trap \"\" TERM HUP INT; setsid sleep 1113 & \"$TOOLS\" node --name {name} --listen {host}:{port}; sleep 1114'";

pub(crate) fn quoted(exec: &str) -> String {
    shlex::try_quote(exec).expect("no zero byte").into_owned()
}

/// Returns the process that the nodes belong to: the harness, or the host of a detached network.
fn harness(tools: &Tools) -> i32 {
    parent(&guard(tools))
}

/// Returns the guard, the process that started the nodes.
fn guard(tools: &Tools) -> Process {
    let found = tools.processes().into_iter().find(|process| process.command.contains(" guard "));
    found.expect("a guard runs")
}

fn parent(process: &Process) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id)).expect("it runs");
    // The name in parentheses may contain blanks. The state follows it, then the parent.
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
    // The files that the killed harness left do not hinder the next run.
    tools.run("ps").code(2);
    tools.up("ring:7");
}

#[test]
fn kill_9_of_a_detached_host_leaves_no_node() {
    let tools = Tools::new();
    tools.up("ring:7");
    kill_and_wait(harness(&tools));
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
    // These nodes are never ready, so that the harness still waits when it is killed.
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
    // The command ends after all its processes, so that there is nothing to wait for.
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

/// Returns true if this process ignores a signal, as its children then do.
fn ignores(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| (mask >> (signal.as_raw() - 1)) & 1 == 1)
}

#[test]
fn a_terminal_that_closes_ends_the_network() {
    if ignores(Signal::HUP) {
        // Under nohup, a network is meant to outlive its terminal.
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
fn a_node_started_by_hand_runs_until_it_gets_a_signal() {
    // A node without a supervisor runs until it gets a signal.
    let tools = Tools::new();
    let node = tools.begin("node --name a --listen 127.0.0.1:@PORT");
    assert!(until(|| tools.run("cli --port @PORT count").code == Some(0)));
    node.signal(Signal::TERM);
    node.ended().code(0);
}

/// The command line of a node whose child has a session of its own and none of the environment that marks
/// the run.
const ESCAPING: &str =
    "sh -c 'env -i setsid sleep @TAG & exec \"$TOOLS\" node --name {name} --listen {host}:{port}'";

/// The source of a node with a child that forks and ends a thousand times a second, for at most a minute.
const COMET: &str = r#"
import os, sys, time
if os.fork() == 0:
    os.setsid()
    end = time.time() + 60
    while time.time() < end:
        if os.fork() != 0:
            os._exit(0)
        time.sleep(0.0005)
    os._exit(0)
os.execv(os.environ["TOOLS"], ["tools", "node", "--name", sys.argv[2], "--listen", sys.argv[3]])
"#;

/// The way in which a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Orderly,
    HarnessKilled,
    GuardKilled,
}

/// Returns the number of processes on this machine whose command line contains this text.
fn anywhere(text: &str) -> usize {
    let entries = std::fs::read_dir("/proc").expect("a system with /proc").filter_map(Result::ok);
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).replace('\0', " ").contains(text)).count()
}

/// Runs a node that leaves a process behind, in each world and with each kind of containment. Ends the run
/// in this way and checks that no command line contains `left` any more.
fn check_escapes(exec: &str, left: &str, end: End) {
    for world in ["process", "netns"] {
        if world == "netns" && !networks::can() {
            continue;
        }
        // The containment that this machine offers, and the weakest one, which every machine has.
        for containment in ["", "ancestor"] {
            let tools = Tools::new().file("comet.py", COMET);
            // No other story has processes with this tag.
            let tag = format!("{}{}", std::process::id(), tools.port());
            let (exec, left) = (exec.replace("@TAG", &tag), left.replace("@TAG", &tag));
            let mut command = Command::new(PROGRAM);
            command.args([
                "run",
                "a-b",
                "--world",
                world,
                "--port",
                &tools.port().to_string(),
                "--exec",
                &exec,
            ]);
            command.env("TOOLS_CONTAINMENT", containment);
            let network = tools.begin_other(command);
            check_end(&tools, network, &left, end);
        }
    }
}

#[track_caller]
fn check_end(tools: &Tools, mut network: Background, left: &str, end: End) {
    network.line("try: ");
    assert!(until(|| anywhere(left) > 0), "nothing escaped");
    match end {
        End::Orderly => network.signal(Signal::INT),
        End::HarnessKilled => network.signal(Signal::KILL),
        End::GuardKilled => {
            kill(guard(tools).id, Signal::KILL).expect("it runs");
            network.signal(Signal::INT);
        }
    }
    network.ended();
    // One look may miss a process that forks all the time.
    let gone = || (0..50).all(|_| anywhere(left) == 0);
    assert!(if end == End::HarnessKilled { until(gone) } else { gone() }, "{end:?} leaves {left}");
    tools.expect_nothing_left();
}

#[test]
fn an_escaped_child_is_ended_with_the_run() {
    if has("setsid") {
        check_escapes(ESCAPING, "sleep @TAG", End::Orderly);
    }
}

#[test]
fn an_escaped_child_does_not_outlive_a_killed_harness() {
    if has("setsid") {
        check_escapes(ESCAPING, "sleep @TAG", End::HarnessKilled);
    }
}

#[test]
fn an_escaped_child_does_not_outlive_a_killed_guard() {
    if has("setsid") {
        check_escapes(ESCAPING, "sleep @TAG", End::GuardKilled);
    }
}

#[test]
fn a_child_that_forks_all_the_time_is_ended_with_the_run() {
    if has("python3") {
        check_escapes("python3 comet.py @TAG {name} {host}:{port}", "comet.py @TAG", End::Orderly);
    }
}

#[test]
fn a_child_that_forks_all_the_time_does_not_outlive_a_killed_harness() {
    if has("python3") {
        check_escapes("python3 comet.py @TAG {name} {host}:{port}", "comet.py @TAG", End::HarnessKilled);
    }
}

#[test]
fn children_of_an_adapter_are_ended_with_the_run() {
    if !has("setsid") || !has("python3") {
        return;
    }
    for containment in ["", "ancestor"] {
        let tools = Tools::new();
        let tag = format!("{}{}", std::process::id(), tools.port());
        let adapter =
            format!("#!/bin/sh\nenv -i setsid sleep {tag} >/dev/null 2>&1 &\necho '{{\"ok\": 1}}'\n");
        let scenario = "settle 100ms\nnode a driver=ask exec=\"python3 -m http.server {port} --bind {host}\" \
                        adapter=\"sh ./adapter.sh\"\nnetwork a\nexpect a: get x == 1\n";
        let tools = tools.file("adapter.sh", &adapter).file("x.scn", scenario);
        let mut command = Command::new(PROGRAM);
        command.args(["test", "x.scn"]).env("TOOLS_CONTAINMENT", containment);
        tools.begin_other(command).ended().code(0);
        assert_eq!(anywhere(&format!("sleep {tag}")), 0);
    }
}

#[test]
fn ps_prints_the_process_ids_of_the_system() {
    let tools = Tools::new();
    tools.up("a");
    let pid = tools.ps()["nodes"][0]["pid"].as_i64().expect("a number");
    let process = tools.processes().into_iter().find(|process| i64::from(process.id) == pid);
    assert!(process.is_some_and(|process| process.command.contains(" node --supervised ")), "{pid}");
}
