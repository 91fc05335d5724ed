//! Tests of the node that leads: who it is, as the nodes say, and the steps that name it.

use crate::story::{Tools, has};

/// Nodes that hold what they are told, each by itself, and believe in the leader that they are told of.
const DESCRIPTION: &str = "\
[start]
command = \"python3 {folder}/node.py {host} {port}\"
[commands.get]
http = \"GET /kv/{key}\"
means = { 404 = \"absent\" }
[commands.set]
http = \"PUT /kv/{key}\"
body = \"{value}\"
[commands.leader]
http = \"GET /leader\"
means = { 404 = \"unavailable\" }
[commands.follow]
http = \"PUT /leader\"
body = \"{who}\"
arguments = [\"who\"]
";

fn nodes(scenario: &str) -> Tools {
    Tools::new()
        .file("node.py", include_str!("leader/node.py"))
        .file("kv.toml", DESCRIPTION)
        .file("one.scn", scenario)
}

#[test]
fn steps_act_on_the_node_that_most_say_leads() {
    if !has("python3") {
        return;
    }
    let scenario = "\
# Each step asks anew who leads.
network clique(3)
all: follow b
leader: set k first
expect b: get k == first
expect all but leader: get k fails absent
expect all: leader == b
expect leader: leader in a b
a: follow a
let boss = leader
expect $boss: get k == first
each one in leader {
  expect $one: get k == first
}
kill leader
# The dead node leads nobody, and one of two is not more than half.
together {
  do {
    wait 300ms
    all: follow c
  }
  until leader: set k second within 20s
}
expect c: get k == second
expect a: get k fails absent
start $boss
pause leader
# After its new start, `b` knows of none.
expect b: leader fails unavailable
resume c
";
    let tools = nodes(scenario);
    tools.run("test one.scn --driver kv.toml").code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_step_without_a_leader_fails_with_what_each_node_says() {
    if !has("python3") {
        return;
    }
    let tools = nodes(
        "# Nobody agrees.\nnetwork clique(3)\na: follow b\nb: follow \" \"\nuntil leader: set k v within 1s\n",
    );
    let ended = tools.run("test one.scn --driver kv.toml");
    ended.code(1);
    for said in [
        "in 1 s no running node was named as the leader by more than half of those that run",
        "a  b",
        "b  error: it knows no leader (unavailable)",
        "c  error: HTTP 404 (unavailable)",
    ] {
        assert!(ended.out.contains(said), "`{said}` is not said: {ended:#?}");
    }
    tools.expect_nothing_left();
}

#[test]
fn a_node_called_leader_is_that_node() {
    let tools = Tools::new().file(
        "one.scn",
        "# A name comes before what nodes say.\nnetwork leader-b-c\nleader: set k v\nexpect all: get k == v within 5s\ncut leader-b\nleader: set k w\n\
         expect all but leader: get k == v\njoin leader-b\nexpect all: get k == w within 5s\nkill leader\n\
         expect all but leader: get k == w\n",
    );
    tools.run("test one.scn --world sim").code(0);
}

#[test]
fn nodes_that_cannot_be_asked_who_leads_have_no_leader() {
    let tools = Tools::new().file(
        "one.scn",
        "# Our nodes have no leader.\nnode leader data=disk\nnetwork a-b\nleader: set k v\ncut leader-a\nexpect a: get k == v\n",
    );
    let ended = tools.run("check one.scn");
    ended.code(2);
    for said in [
        "unknown node `leader`",
        "no node can be asked who leads, and none is called `leader`",
        "one.scn:4:1",
        "one.scn:5:5",
    ] {
        assert!(ended.err.contains(said), "`{said}` is not said: {ended:#?}");
    }
}
