//! Tests that kill the harness with SIGKILL in each phase of its work: no process and no socket of the run
//! stays.
//!
//! A phase is recognised by the nodes' logs or by the programs that run. Where possible, it lasts until the
//! harness is killed. The story's mark identifies the processes: each process with the mark of the run also
//! has that of the story, as have the guard and the harness.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rustix::process::Signal;
use tools::world::process::port_is_free;

use crate::background::Background;
use crate::left_behind::{STUBBORN, STUBBORN_NODE, quoted};
use crate::networks;
use crate::story::{Process, Tools, has, until};

/// A world of processes, with one kind of links between them.
struct World {
    arguments: &'static str,
    /// A step that makes the harness choose this kind of links, once `a-b` exists.
    touching: &'static str,
    /// A step that slows wiring down; empty where no step does.
    slow: &'static str,
}

/// The worlds of processes. Each is tried in every phase.
const WORLDS: [World; 4] = [
    World { arguments: "--world process", touching: "", slow: "" },
    // With a step that needs it, each link has a proxy.
    World { arguments: "--world process", touching: "cut a-b\n", slow: "link all delay 20s\n" },
    World { arguments: "--world netns", touching: "cut a-b\n", slow: "" },
    World { arguments: "--world netns", touching: "link a-b delay 1ms\n", slow: "link all delay 20s\n" },
];

/// Returns true if this machine has the world that a command line asks for.
fn has_world(arguments: &str) -> bool {
    !arguments.contains("netns") || networks::can()
}

/// The arguments of `run` that give each kind of links.
const LINKS: [&str; 4] = ["", "--faults", "--world netns", "--world netns --faults"];

/// Kills the harness and checks that none of its processes and sockets is left.
#[track_caller]
fn check_killed(tools: &Tools, harness: Background) {
    let sockets = sockets_of(tools);
    assert!(!sockets.is_empty(), "whoever talks to nodes has sockets");
    harness.signal(Signal::KILL);
    assert_eq!(harness.ended().code, None);
    tools.expect_nothing_left();
    // An ending process loses its environment before the system closes its files.
    assert!(until(|| sockets.is_disjoint(&sockets_here())), "sockets are left: {sockets:?}");
}

/// Returns the inode numbers of the sockets that the story's processes have open.
fn sockets_of(tools: &Tools) -> BTreeSet<String> {
    let files = |process: Process| std::fs::read_dir(format!("/proc/{}/fd", process.id)).ok();
    let files = tools.processes().into_iter().filter_map(files).flatten().filter_map(Result::ok);
    let targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    let number =
        |target: PathBuf| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned());
    targets.filter_map(number).collect()
}

/// Returns the inode numbers of all local and TCP sockets in this test's network namespace.
fn sockets_here() -> BTreeSet<String> {
    // The column of the inode number in each table.
    let tables = [("/proc/net/unix", 6), ("/proc/net/tcp", 9)];
    let numbers = tables.into_iter().flat_map(|(table, column)| {
        let text = std::fs::read_to_string(table).expect("a system with /proc");
        let number = |line: &str| line.split_whitespace().nth(column).map(str::to_owned);
        text.lines().filter_map(number).collect::<Vec<_>>()
    });
    numbers.collect()
}

/// Runs a scenario in each world and kills the harness as soon as `begun` returns true.
fn check_test(exec: Option<&str>, steps: impl Fn(&World) -> String, begun: impl Fn(&Tools) -> bool) {
    for world in WORLDS.iter().filter(|world| has_world(world.arguments)) {
        let tools = Tools::new().file("x.scn", &format!("timeout 20m\n{}", steps(world)));
        let exec = exec.map_or_else(String::new, |exec| format!(" --exec {}", quoted(exec)));
        let harness = tools.begin(&format!("test x.scn {}{exec}", world.arguments));
        assert!(until(|| begun(&tools)), "the phase never began");
        check_killed(&tools, harness);
    }
}

/// Runs a network with each kind of links and kills the harness when `begun` returns. The value that
/// `begun` returns lives until nothing else is left.
fn check_run<T>(arguments: &str, begun: impl Fn(&Tools, &mut Background) -> T) {
    for links in LINKS.into_iter().filter(|links| has_world(links)) {
        let tools = Tools::new();
        let mut harness = tools.begin(&format!("run {arguments} {links} -p @PORT"));
        let _kept = begun(&tools, &mut harness);
        check_killed(&tools, harness);
        assert!((tools.port()..tools.port() + 12).all(port_is_free), "a port is left");
    }
}

/// Returns true if the log of a node contains this text.
fn logged(tools: &Tools, log: &str, text: &str) -> bool {
    std::fs::read_to_string(tools.path(log)).is_ok_and(|log| log.contains(text))
}

/// Returns the number of the story's processes with exactly this command line.
fn running(tools: &Tools, command: &str) -> usize {
    tools.processes().iter().filter(|process| process.command == command).count()
}

#[test]
fn while_a_test_starts_its_nodes() {
    if has("setsid") {
        let steps = |world: &World| format!("network a-b-c\n{}", world.touching);
        // These nodes are never ready.
        check_test(Some(STUBBORN), steps, |tools| running(tools, "sleep 1111") == 3);
    }
}

#[test]
fn while_a_test_wires_its_nodes() {
    // Where no step slows wiring down, it may be over when the harness is killed.
    let steps =
        |world: &World| format!("network a-b\n{}{}network b-c\nwait 10m\n", world.touching, world.slow);
    check_test(None, steps, |tools| logged(tools, "logs/x/c.log", "listening on"));
}

#[test]
fn while_a_test_runs_its_steps() {
    let steps = |world: &World| {
        let World { touching, .. } = world;
        format!(
            "network a-b-c\n{touching}together {{\n  do {{ a: set phase steps; wait 10m }}\n  repeat at 50/s {{ c: set k v }}\n}}\n"
        )
    };
    check_test(None, steps, |tools| logged(tools, "logs/x/a.log", "set phase"));
}

#[test]
fn while_a_test_ends_its_nodes() {
    if has("setsid") {
        let steps = |world: &World| format!("network a-b\n{}", world.touching);
        // The node ends, but the shell that started it does not.
        check_test(Some(STUBBORN_NODE), steps, |tools| logged(tools, "logs/x/a.log", "ending: terminated"));
    }
}

#[test]
fn while_a_network_starts() {
    if has("setsid") {
        check_run(&format!("a-b-c --exec {}", quoted(STUBBORN)), |tools, _| {
            assert!(until(|| running(tools, "sleep 1111") == 3));
        });
    }
}

#[test]
fn while_a_network_is_wired() {
    check_run("clique:12", |tools, _| assert!(until(|| logged(tools, "logs/a.log", "is up"))));
}

#[test]
fn while_steps_of_another_terminal_run() {
    check_run("a-b-c", |tools, harness| {
        harness.line("try: ");
        // The other command ends with an error, because the network does not answer any more.
        let other = tools.begin("do 'a: set phase steps' 'wait 10m'");
        assert!(until(|| logged(tools, "logs/a.log", "set phase")));
        other
    });
}

#[test]
fn while_a_network_ends() {
    if has("setsid") {
        check_run(&format!("a-b --exec {}", quoted(STUBBORN_NODE)), |tools, harness| {
            harness.line("try: ");
            harness.signal(Signal::INT);
            assert!(until(|| logged(tools, "logs/a.log", "ending: ")));
        });
    }
}
