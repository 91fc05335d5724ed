//! Tests of a detached network, driven from other terminals.

use crate::story::Tools;
use rustix::process::Signal;

#[test]
fn a_detached_network_is_listed_asked_and_stopped() {
    let tools = Tools::new();
    let out = "\
NODE  PORT  PID  NEIGHBOURS  LOG
a  [port+0]  [pid]  b c  logs/a.log
b  [port+1]  [pid]  a c  logs/b.log
c  [port+2]  [pid]  b a  logs/c.log
3 nodes and 3 links ready in [time]
try: tools cli --node a set nom Reimert   (tools stop ends the network)
";
    tools.up("").check(0, out, "");
    let out = "\
NODE  PORT  PID  STATE  NEIGHBOURS  LOG
a  [port+0]  [pid]  running  b c  logs/a.log
b  [port+1]  [pid]  running  a c  logs/b.log
c  [port+2]  [pid]  running  b a  logs/c.log
";
    tools.run("ps").check(0, out, "");
    tools.run("cli --node a set nom Reimert").check(0, "[stamp]\n", "");
    tools.run("cli --port @PORT get nom").check(0, "Reimert\n", "");
    tools.run("do 'expect all: get nom == Reimert within 30s'").check(0, "", "");
    tools.run("stop").check(0, "", "");
    tools.expect_nothing_left();
    let err = "error: no network is running in `logs`\n  = help: start one with `tools run --detach`\n";
    for command in ["ps", "ps --json", "stop", "kill a", "cli --node a keys", "do 'a: keys'", "do"] {
        tools.run(command).check(2, "", err);
    }
}

#[test]
fn up_and_down_are_other_names_for_run_and_stop() {
    let tools = Tools::new();
    tools.run("up a-b -p @PORT -d").code(0);
    tools.run("ps").code(0);
    tools.run("down").check(0, "", "");
    tools.expect_nothing_left();
}

#[test]
fn cli_asks_one_node() {
    let tools = Tools::new();
    tools.up("'a-b, c'");
    tools.run("cli --node a set nom 'Jean Reimert'").check(0, "[stamp]\n", "");
    tools.run("cli --node a get nom").check(0, "Jean Reimert\n", "");
    tools.run("cli --node a keys").check(0, "nom\n", "");
    tools.run("cli --node a count").check(0, "1\n", "");
    tools.run("cli --node a get prenom").check(1, "", "error: key `prenom` is absent\n");
    tools.run("cli --node a peers").check(0, "127.0.0.1:[port+1] b\n", "");
    tools.run("cli --node a addPeer b").check(1, "", "error: neighbor exists\n");
    tools.run("cli --node a addPeer c").check(0, "", "");
    tools.run("do 'expect c: peers == a'").check(0, "", "");
    let answer = tools.run("cli --node a --json get nom").code(0).json();
    assert_eq!(
        (&answer["result"]["type"], &answer["result"]["value"]),
        (&"value".into(), &"Jean Reimert".into())
    );
    let refused = tools.run("cli --node a --json get prenom");
    refused.code(1);
    assert_eq!(refused.json()["error"]["code"], "absent");
    let err = "error: there is no node `d` in the network of this folder\n";
    tools.run("cli --node d keys").check(2, "", err);
    tools.run("cli --node a gett nom").check(2, "", "error: unknown command `gett`: did you mean `get`?\n");
    // A delete has a stamp of its own.
    tools.run("cli --node a delete nom").check(0, "[stamp]\n", "");
    tools.run("cli --node a get nom").check(1, "", "error: key `nom` is absent\n");
}

#[test]
fn cli_reports_that_no_node_listens() {
    let tools = Tools::new();
    let ended = tools.run("cli --port @PORT keys");
    ended.code(3);
    assert!(ended.err.contains("127.0.0.1:[port+0]"), "{}", ended.err);
    assert!(
        ended.err.ends_with("= help: is a node running there? `tools ps` lists those of this folder\n"),
        "{}",
        ended.err
    );
}

#[test]
fn nodes_are_ended_and_started_frozen_and_thawed_by_name() {
    let tools = Tools::new();
    tools.up("ring:4");
    tools.run("cli --node a set nom Reimert").code(0);
    let states = || {
        let nodes = tools.ps()["nodes"].as_array().unwrap().clone();
        let states = nodes.iter().map(|node| node["state"].as_str().unwrap().to_owned());
        states.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(states(), "running running running running");
    tools.run("stop c").check(0, "", "");
    tools.run("kill d").check(0, "", "");
    tools.run("pause b").check(0, "", "");
    assert_eq!(states(), "running paused stopped killed");
    assert_eq!(tools.ps()["nodes"][2]["pid"], serde_json::Value::Null);
    let ended = tools.run("stop c");
    ended.code(1);
    assert!(ended.err.starts_with("error: cannot stop `c`: it is stopped\n"), "{}", ended.err);
    tools.run("resume b").check(0, "", "");
    tools.run("start c d").check(0, "", "");
    assert_eq!(states(), "running running running running");
    tools.run("do 'expect all: get nom == Reimert within 30s'").check(0, "", "");
    let before = tools.ps()["nodes"][0]["pid"].clone();
    tools.run("restart a,b").check(0, "", "");
    assert_ne!(tools.ps()["nodes"][0]["pid"], before);
    tools.run("do 'expect a: peers == b d' 'expect all: get nom == Reimert within 30s'").check(0, "", "");
    tools.run("kill all").check(0, "", "");
    assert_eq!(states(), "killed killed killed killed");
    let ended = tools.run("kill e");
    ended.code(2);
    assert!(ended.err.starts_with("error: unknown node `e`\n"), "{}", ended.err);
}

#[test]
fn a_second_network_in_the_same_folder_is_refused() {
    let tools = Tools::new();
    tools.up("a-b");
    let err = "error: a network is already running in logs: end it with `tools stop`, or use another folder with \
               --logs\n";
    tools.run(&format!("run c-d -p {}", tools.port() + 8)).check(3, "", err);
    tools.run(&format!("run c-d -p {} --detach", tools.port() + 8)).check(3, "", err);
    tools.run("cli --node b keys").check(0, "", "");
    tools.run("stop").check(0, "", "");
    // `stop` returns only when the folder is free.
    tools.up("c-d");
}

#[test]
fn a_folder_is_free_as_soon_as_its_network_is_stopped() {
    let tools = Tools::new();
    for _ in 0..12 {
        tools.up("a-b");
        // A command may follow the previous one at once.
        tools.run("cli --node b count").check(0, "0\n", "");
        tools.run("stop").check(0, "", "");
    }
}

#[test]
fn logs_are_merged_cut_and_searched() {
    let tools = Tools::new();
    tools.up("a-b");
    tools.run("cli --node a set nom Reimert").code(0);
    tools.run("logs --grep 'set nom'").check(0, "a | [when] INFO set nom\n", "");
    tools.run("logs a -n 1").check(0, "a | [when] INFO set nom\n", "");
    let listening = "\
a | [when] INFO listening on 127.0.0.1:[port+0] as a (id [id], policy last, network [network])
b | [when] INFO listening on 127.0.0.1:[port+1] as b (id [id], policy last, network [network])
";
    let found = tools.run("logs --grep listening");
    let mut lines: Vec<&str> = found.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, listening.lines().collect::<Vec<_>>());
    let ended = tools.run("logs c");
    ended.code(2);
    assert!(ended.err.contains("`c`"), "{}", ended.err);
}

#[test]
fn logs_are_followed_until_the_run_ends() {
    let tools = Tools::new();
    tools.up("a-b");
    let mut logs = tools.begin("logs --follow");
    logs.line(" listening ");
    tools.run("cli --node b set nom Reimert").code(0);
    assert!(logs.line(" set nom").starts_with('b'));
    tools.run("stop").code(0);
    let ended = logs.ended();
    ended.code(0);
    assert_eq!(ended.err, "");
}

#[test]
fn a_network_in_the_foreground_is_stopped_from_another_terminal() {
    let tools = Tools::new();
    let mut network = tools.begin("run a-b -p @PORT");
    network.line("try: ");
    tools.run("cli --node a set nom Reimert").code(0);
    tools.run("stop").check(0, "", "");
    network.ended().code(0);
}

#[test]
fn ctrl_c_ends_a_network_in_order() {
    let tools = Tools::new();
    let mut network = tools.begin("run ring:5 -p @PORT");
    network.line("try: ");
    network.signal(Signal::INT);
    let ended = network.ended();
    ended.code(130);
    assert_eq!(ended.err, "");
    tools.expect_nothing_left();
    // In an orderly end, the last line of every node says so.
    for name in ["a", "b", "c", "d", "e"] {
        let log = tools.read(&format!("logs/{name}.log"));
        assert!(log.lines().last().is_some_and(|line| line.contains(" INFO end")), "{log}");
    }
    assert!(!tools.path("logs/.tools.sock").exists());
}

#[test]
fn a_detached_network_ends_by_itself_when_its_time_is_up() {
    let tools = Tools::new();
    tools.run("run a-b -p @PORT --detach --for 300ms").code(0);
    tools.expect_nothing_left();
    tools.run("ps").code(2);
}

#[test]
fn loops_without_waits_do_not_starve_other_steps() {
    let tools = Tools::new();
    let scenario = "\
# Loops that are answered at once, turns without room, and steps that end with a node.
timeout 30s
network a-b
together { do { repeat at 50/s { try a: set k 1 } }; wait 200ms }
together { wait 200ms; repeat { expect all: state == running } }
together { wait 200ms; repeat { a: log } }
together { kill b; try b: set k v; try b: set k w }
together { wait 200ms; repeat { try b: get x } }
start b
repeat 12000 at 100000/s as i { a: set k$i $i }
expect all: count == 12001 within 20s
";
    let tools = tools.file("spin.scn", scenario);
    tools.run("test spin.scn --seed 1").code(0);
}
