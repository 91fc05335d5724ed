//! Tests of nodes that are started again with other arguments when their network grows.

use serde_json::Value;

use crate::described::KV;
use crate::story::{Tools, has};

/// A program that starts a node with at most one neighbour.
const FEW: &str = "case \"$*\" in *,*) echo too many neighbours; exit 1 ;; esac\nexec node \"$@\"\n";

/// Returns a scenario, and a description of the service whose nodes are started by a program with a list of nodes.
fn started_by(program: &str, list: &str, scenario: &str) -> Tools {
    let start = format!(
        "links = \"restart\"\nready = {{ log = \"listening\" }}\n[start]\n\
         command = \"\"\"{program} {{folder}}/kv.js --name {{name}} --host {{host}} --port {{port}}\n    \
         --peers {{{list}: '{{host}}:{{port}}' join ','}}\"\"\"\n\
         environment = {{ KV_NOTE = \"{{{list}: '{{name}}' join '+'}}\" }}\n\
         [[start.before]]\nexec = \"sh -c 'echo once >> {{data}}/before'\"\n"
    );
    let commands = &KV[KV.find("[commands.get]").expect("a command")..];
    let commands = &commands[..commands.find("[commands.addPeer]").expect("one")];
    let own = "\
[commands.note]
http = \"GET /note\"
arguments = []
changes = false
[commands.before]
exec = \"cat {data}/before\"
answer = \"trim\"
arguments = []
changes = false
";
    Tools::new()
        .file("kv.js", include_str!("described/kv.js"))
        .file("few.sh", FEW)
        .file("kv.toml", &format!("{start}{commands}{own}"))
        .file("one.scn", scenario)
}

fn service(list: &str, scenario: &str) -> Tools {
    started_by("node", list, scenario)
}

/// Returns the starts, the readiness and the ends of nodes in the journal, in order: `c starting`, `c running`, ….
fn lives(tools: &Tools) -> Vec<String> {
    let nodes = tools.events("one", "node");
    let name =
        |index: &Value| nodes.iter().find(|node| node["node"] == *index).map(|node| node["name"].clone());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let life =
        |event: &Value| format!("{} {}", text(&name(&event["node"]).expect("a node")), text(&event["life"]));
    tools.events("one", "life").iter().map(life).collect()
}

#[test]
fn a_network_grows_by_restarts_of_the_nodes_whose_neighbours_change() {
    if !has("node") {
        return;
    }
    let tools = service(
        "peers",
        "# It grows.\nnetwork a-b\na: set k v\nexpect b: get k == v within 5s\nexpect b: note == a\nnetwork b-c\n\
         expect a: note == b\nexpect b: note == a+c\nexpect c: note == b\nexpect all: before == once\n\
         expect c: get k == v within 5s\nexpect converged within 5s\n",
    );
    tools.run("test one.scn --driver kv.toml").code(0);
    let lives = lives(&tools);
    let since = lives.iter().position(|life| life == "c starting").expect("c is started");
    let after = &lives[since..since + 6];
    let expected = ["c starting", "c running", "b ending", "b stopped", "b starting", "b running"];
    assert_eq!(after, expected, "{lives:#?}");
    assert_eq!(lives.iter().filter(|life| *life == "a starting").count(), 1, "{lives:#?}");
    let log = tools.read("logs/one/b.log");
    assert_eq!(log.matches("listening").count(), 2, "{log}");
}

#[test]
fn a_new_link_alone_restarts_the_end_that_dials() {
    if !has("node") {
        return;
    }
    let tools = service(
        "dials",
        "# A link is added.\nnetwork a-b, b-c\nnetwork c-a\nexpect a: note == b\nexpect b: note == c\n\
         expect c: note == a\n",
    );
    tools.run("test one.scn --driver kv.toml").code(0);
    let lives = lives(&tools);
    let starts = |node: &str| lives.iter().filter(|life| **life == format!("{node} starting")).count();
    assert_eq!([starts("a"), starts("b"), starts("c")], [1, 1, 2], "{lives:#?}");
}

#[test]
fn nodes_that_know_all_are_restarted_in_turn_and_those_that_do_not_run_later() {
    if !has("node") {
        return;
    }
    let tools = service(
        "nodes",
        "# Each knows all.\nnetwork a-b-c-d-e\nstop a\nkill b\npause c\nnetwork e-f\n\
         expect d, e, f: note == a+b+c+d+e+f\nstart a, b\nexpect a, b: note == a+b+c+d+e+f\nresume c\n\
         expect c: note == a+b+c+d+e\nrestart c\nexpect c: note == a+b+c+d+e+f\n",
    );
    tools.run("test one.scn --driver kv.toml").code(0);
    let lives = lives(&tools);
    let since = lives.iter().position(|life| life == "f running").expect("f is started");
    let in_turn = ["d ending", "d stopped", "d starting", "d running", "e ending", "e stopped", "e starting"];
    assert_eq!(lives[since + 1..since + 8], in_turn, "{lives:#?}");
}

#[test]
fn a_write_that_a_restart_for_a_neighbour_takes_from_memory_is_not_lost() {
    if !has("node") {
        return;
    }
    // Only the end that dials knows the other one, which has therefore no copy when it is restarted.
    let tools = service(
        "dials",
        "# Nobody else has it.\nnetwork a\na: set k v\nnetwork a-b\nexpect all: get k fails absent\n\
         expect converged within 5s\n",
    );
    tools.run("test one.scn --driver kv.toml").code(0);
}

#[test]
fn a_node_that_does_not_come_back_fails_the_step_by_name() {
    if !has("node") {
        return;
    }
    let tools = started_by("sh {folder}/few.sh", "peers", "# It has too many.\nnetwork a-b\nnetwork b-c\n");
    let ended = tools.run("test one.scn --driver kv.toml");
    let said = ["one.scn:3:1", "node `b` did not start", "too many neighbours"];
    assert!(said.iter().all(|said| ended.out.contains(said)), "{ended:#?}");
    ended.code(3);
    tools.expect_nothing_left();
}

#[test]
fn a_detached_network_grows_by_restarts_too() {
    if !has("node") {
        return;
    }
    let tools = service("peers", "");
    tools.up("a-b --driver kv.toml");
    tools.run("do 'a: set k v' 'expect b: get k == v within 5s'").code(0);
    tools.run("do 'network b-c' 'expect b: note == a+c' 'expect c: get k == v within 5s'").code(0);
    tools.run("do 'a: note'").check(0, "b\n", "");
    let logs = tools.run("logs --grep listening").out.clone();
    let starts = |node: &str| logs.lines().filter(|line| line.starts_with(node)).count();
    assert_eq!([starts("a"), starts("b"), starts("c")], [1, 2, 1], "{logs}");
    tools.run("stop").code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_description_that_names_no_other_node_is_refused_for_restarts() {
    let check = |start: &str| {
        let text = format!("links = \"restart\"\n{start}\n[commands.get]\nhttp = \"GET /{{key}}\"\n");
        let tools = Tools::new().file("x.toml", &text).file("one.scn", "# One.\nnetwork a\n");
        let ended = tools.run("check one.scn --driver x.toml");
        let said = [
            "no node is started with its neighbours",
            "x.toml:1:9",
            "to `start.command`",
            "links = \"none\"",
        ];
        assert!(said.iter().all(|said| ended.err.contains(said)), "{ended:#?}");
        ended.code(2);
    };
    check("[start]\ncommand = \"x --port {port} {if other: '--join {first.host}'}\"");
    // A file is written once.
    check("[start]\ncommand = \"x {data}/x.conf\"\nfiles = { \"x.conf\" = \"{peers: '{host}'}\" }");
    check("");
    let accepted = "[start]\ncommand = \"x {if other: '{others: \\\"--join {host}\\\"}'}\"";
    let text = format!("links = \"restart\"\n{accepted}\n[commands.get]\nhttp = \"GET /{{key}}\"\n");
    let tools = Tools::new().file("x.toml", &text).file("one.scn", "# One.\nnetwork a\n");
    tools.run("check one.scn --driver x.toml").code(0);
}
