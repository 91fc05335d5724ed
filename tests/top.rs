//! `tools top`: the network of a folder in a terminal.

use rustix::process::Signal;

use crate::story::{Tools, kill, until};

#[test]
fn a_key_kills_the_chosen_node_and_the_screen_shows_its_death() {
    let tools = Tools::new();
    tools.up("ring:3");
    let mut terminal = tools.in_terminal("top", 80, 24);
    terminal.sees("3 of 3 nodes run");
    terminal.types("\u{1b}[Bk");
    terminal.sees("killed");
    assert_eq!(tools.ps()["nodes"][1]["state"], "killed");
    terminal.types("s");
    terminal.sees("running");
    terminal.types("q");
    assert_eq!(terminal.ends(), Some(0));
    // What was done there is part of the recording.
    let recorded = tools.run("record").out;
    assert!(recorded.contains("\nkill b\n") && recorded.contains("\nstart b\n"), "{recorded}");
}

#[test]
fn what_happens_elsewhere_is_seen_while_the_steps_go_on() {
    let tools = Tools::new();
    tools.up("a-b");
    let mut terminal = tools.in_terminal("top", 80, 24);
    terminal.sees("2 of 2 nodes run");
    let steps = tools.begin("do 'kill b' 'wait 1m'");
    terminal.sees("killed");
    // The network still performs the steps: an interrupt ends them before their time, and the network with them.
    let processes = tools.processes();
    let network =
        processes.iter().find(|process| process.command.contains(" run --hosted")).expect("it runs");
    kill(network.id, Signal::INT).expect("it is ours");
    assert_eq!(steps.ended().code, Some(130));
    assert_eq!(terminal.ends(), Some(0));
    tools.expect_nothing_left();
}

#[test]
fn a_step_is_typed_and_its_mistake_is_shown_with_its_place() {
    let tools = Tools::new();
    tools.up("a-b --faults");
    let mut terminal = tools.in_terminal("top", 80, 24);
    terminal.sees("2 of 2 nodes run");
    terminal.types(":kil a\r");
    terminal.sees("did you mean `kill`?");
    terminal.types(":cut a-b\r");
    terminal.sees("done: cut a-b");
    assert_eq!(tools.ps()["faults"]["cuts"], serde_json::json!(["a-b"]));
    terminal.types(":a: set k \"\u{9b}2J\"\r");
    terminal.types(":a: get k\r");
    terminal.sees("2J");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ends(), Some(130));
}

#[test]
fn the_screen_ends_with_its_network() {
    let tools = Tools::new();
    tools.up("a");
    let mut terminal = tools.in_terminal("top", 10, 5);
    terminal.sees("1 of 1");
    tools.run("stop").code(0);
    assert_eq!(terminal.ends(), Some(0));
    terminal.sees("the network in logs has ended");
}

#[test]
fn without_a_terminal_or_a_network_it_says_what_to_do() {
    let tools = Tools::new();
    let refused = tools.run("top");
    refused.code(2);
    assert!(
        refused.err.starts_with("error: `tools top` needs a terminal: standard output is none\n"),
        "{refused:?}"
    );
    assert!(refused.err.contains("`tools ps` prints the nodes once"), "{refused:?}");
    let mut terminal = tools.in_terminal("top", 80, 24);
    terminal.sees("no network is running in `logs`");
    terminal.sees("start one with `tools run --detach`");
}

#[test]
fn a_watcher_that_does_not_read_holds_up_nobody() {
    use std::io::Write as _;
    let tools = Tools::new();
    tools.up("a-b");
    let mut idle =
        std::os::unix::net::UnixStream::connect(tools.path("logs/.tools.sock")).expect("it listens");
    idle.write_all(b"{\"do\":\"watch\"}\n").expect("it listens");
    // The lines of these steps are more than the queue of a reader and the buffers of a socket have room for.
    let text = "x".repeat(1_000);
    tools.run(&format!("do 'repeat 10000 as i {{ a: set k {text} }}'")).code(0);
    tools.run(&format!("do 'expect b: get k == {text} within 10s'")).code(0);
    let mut terminal = tools.in_terminal("top", 80, 24);
    terminal.sees("2 of 2 nodes run");
    drop(idle);
    assert!(until(|| tools.run("stop").code == Some(0)));
}
