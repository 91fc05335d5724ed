//! Tests of `tools run`, from a topology in one line to a running network.

use crate::story::Tools;
use rustix::process::Signal;

#[test]
fn one_line_starts_a_network() {
    let tools = Tools::new();
    let out = "\
NODE  PORT  PID  NEIGHBOURS  LOG
a  [port+0]  [pid]  b c  logs/a.log
b  [port+1]  [pid]  a c  logs/b.log
c  [port+2]  [pid]  b a  logs/c.log
3 nodes and 3 links ready in [time]
try: tools cli --node a set nom Reimert
";
    tools.run("run 'a-b, b-c, c-a' -p @PORT --for 1ms").check(0, out, "");
    tools.expect_nothing_left();
    for name in ["a", "b", "c"] {
        let log = tools.read(&format!("logs/{name}.log"));
        assert!(
            log.contains(" INFO listening on 127.0.0.1:") && log.contains(&format!(" as {name} (id ")),
            "{log}"
        );
        assert_eq!(tools.read(&format!("logs/{name}.err")), "");
    }
    let record = tools.read("logs/run.jsonl");
    let events: Vec<serde_json::Value> =
        record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&events[0]["event"], &events[0]["text"]), (&"plan".into(), &"a-b, b-c, c-a".into()));
    assert_eq!(events.iter().filter(|event| event["event"] == "wire").count(), 3);
}

#[test]
fn the_default_topology_is_a_clique_of_three() {
    let tools = Tools::new();
    let state = tools.run("run -p @PORT --for 1ms --json").code(0).json();
    assert_eq!(state["links"], serde_json::json!([["a", "b"], ["b", "c"], ["c", "a"]]));
}

#[test]
fn json_output_is_one_line_with_the_whole_state() {
    let tools = Tools::new();
    let mut network = tools.begin("run 'a-b, c' -p @PORT --json");
    let line = network.line("{");
    let mut state: serde_json::Value = serde_json::from_str(&line).unwrap();
    let processes = tools.processes();
    for node in state["nodes"].as_array_mut().unwrap() {
        let id = node["pid"].take().as_i64().unwrap();
        let process = processes.iter().find(|process| i64::from(process.id) == id).expect("the process runs");
        let name = node["name"].as_str().unwrap();
        assert!(process.command.contains(&format!(" node --supervised --name {name} ")), "{process:?}");
    }
    assert!(state["ready_ms"].take().as_u64().is_some());
    let port = tools.port();
    let node = |name: &str, port: u16, peers: &[&str]| {
        let log = format!("logs/{name}.log");
        serde_json::json!({
            "name": name, "host": "127.0.0.1", "port": port, "driver": "native", "pid": null, "peers": peers,
            "log": log, "state": "running",
        })
    };
    let expected = serde_json::json!({
        "nodes": [node("a", port, &["b"]), node("b", port + 1, &["a"]), node("c", port + 2, &[])],
        "links": [["a", "b"]],
        "ready_ms": null,
    });
    assert_eq!(state, expected);
    network.signal(Signal::INT);
    assert_eq!(network.ended().raw, format!("{line}\n"));
}

#[test]
fn a_topology_is_text_an_option_a_file_or_standard_input() {
    let tools = Tools::new().file("net.txt", "# two\na-b\nb-c  # and one more\n");
    let links = |line: &str, input: &str| {
        let ended = tools.run_with(&format!("run {line} -p @PORT --for 1ms --json"), input);
        ended.code(0).json()["links"].clone()
    };
    let line = serde_json::json!([["a", "b"], ["b", "c"]]);
    assert_eq!(links("-n a-b-c", ""), line);
    assert_eq!(links("--topology 'a-b, b-c'", ""), line);
    assert_eq!(links("@net.txt", ""), line);
    assert_eq!(links("-", "graph { a -- b -- c }"), line);
    let ring = serde_json::json!([["a", "b"], ["b", "c"], ["c", "d"], ["d", "e"], ["e", "a"]]);
    assert_eq!(links("ring:5", ""), ring);
    assert_eq!(links("'ring(5)'", ""), ring);
}

#[test]
fn arguments_after_two_dashes_reach_every_node() {
    let tools = Tools::new();
    tools.up("line:3 -- --auto-connect");
    // The topology does not link `a` and `c`, which find each other through `b`.
    tools.run("do 'expect a: peers == b c within 30s' 'expect c: peers == a b within 30s'").check(0, "", "");
    let nodes =
        tools.processes().into_iter().filter(|process| process.command.contains(" node --supervised "));
    let with: Vec<bool> = nodes.map(|process| process.command.ends_with(" --auto-connect")).collect();
    assert_eq!(with, [true; 3]);
}

#[test]
fn a_policy_reaches_every_node() {
    let tools = Tools::new();
    tools.up("a-b --policy oldest");
    tools.run("cli --node a set nom Reimert").code(0);
    tools.run("do 'expect b: get nom == Reimert within 30s'").code(0);
    tools.run("cli --node b set nom Damien").check(1, "", "error: key `nom` exists\n");
}

#[test]
fn another_log_folder_is_another_network() {
    let tools = Tools::new();
    tools.up("a-b");
    let other = tools.run(&format!("run x-y -p {} --logs elsewhere --detach", tools.port() + 8));
    other.code(0);
    assert!(other.out.contains("try: tools cli --node x --logs elsewhere set nom Reimert"), "{}", other.out);
    tools.run("cli --node x --logs elsewhere set nom Reimert").code(0);
    tools.run("cli --node y --logs elsewhere count").code(0);
    tools.run("cli --node a count").check(0, "0\n", "");
    tools.run("stop --logs elsewhere").check(0, "", "");
    tools.run("cli --node a count").check(0, "0\n", "");
}

#[test]
fn a_node_that_dies_is_reported_and_the_others_go_on() {
    let tools = Tools::new();
    let mut network = tools.begin("run a-b -p @PORT --json");
    let state: serde_json::Value = serde_json::from_str(&network.line("{")).unwrap();
    let id = i32::try_from(state["nodes"][1]["pid"].as_i64().unwrap()).unwrap();
    crate::story::kill(id, Signal::KILL).unwrap();
    let told = network.problem("died");
    assert_eq!(told, "node `b` died unasked: SIGKILL (`tools start b` starts it again)");
    tools.run("start b").check(0, "", "");
    tools.run("do 'expect b: peers == a within 30s'").check(0, "", "");
    network.signal(Signal::INT);
    network.ended().code(130);
}

#[test]
fn a_scenario_is_not_a_topology() {
    let err = "error: `x.scn` is a scenario\n  = help: run it with `tools test x.scn`\n";
    Tools::new().file("x.scn", "network a-b\n").run("run x.scn -p @PORT").check(2, "", err);
}

#[test]
fn a_file_name_without_an_at_sign_gets_a_suggestion() {
    let tools = Tools::new().file("net.txt", "a-b\n");
    let ended = tools.run("run net.txt -p @PORT");
    ended.code(2);
    assert!(ended.err.contains("write `@net.txt`"), "{}", ended.err);
}
