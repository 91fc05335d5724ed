//! Tests of links between real processes that are cut, partitioned, broken and shaped.

use crate::story::Tools;

#[test]
fn links_of_a_running_network_can_be_cut_partitioned_broken_and_shaped() {
    let tools = Tools::new();
    tools.up("a-b-c --faults");
    let steps = [
        // A cut link is silent. It delivers the held traffic when it is joined.
        "'cut a-b' 'a: set x 1' 'expect b: get x fails absent for 300ms'",
        "'join a-b' 'expect c: get x == 1 within 30s'",
        // A partition separates two sets. Links across it that went down come up again when it heals.
        "'partition a | rest' 'c: set y 2' 'expect b: get y == 2 within 30s' 'expect a: get y fails absent'",
        "'restart a' heal 'expect a: get y == 2 within 30s' 'expect a: peers == b'",
        // A broken link is dialled again and keeps its delay: a reset may not bypass the shape.
        "'link b-c delay 200ms' 'break b-c' 'expect c: peers == b within 30s'",
        "'b: set z 3' 'expect c: get z fails absent' 'expect c: get z == 3 within 30s'",
        "'link b-c clear' 'expect b: peers == a c'",
        // Links that are added later can be cut as well.
        "'network c-d' 'cut c->d' 'c: set w 4' 'expect d: get w fails absent for 300ms'",
        "heal 'expect d: get w == 4 within 30s'",
    ];
    for steps in steps {
        tools.run(&format!("do {steps}")).code(0);
    }
    tools.run("cli --node a addPeer b").check(1, "", "error: neighbor exists\n");
}

#[test]
fn a_cut_without_proxies_is_refused_with_the_option_that_adds_them() {
    let tools = Tools::new();
    tools.up("a-b");
    let err = "\
error: this network cannot cut links: nothing stands between its nodes
 --> step:2:1
 2 | cut a-b
   | ^^^^^^^
   = help: start it with `tools run --faults`
";
    tools.run("do 'a: set x 1' 'cut a-b'").check(2, "", err);
    tools.run("cli --node a count").check(0, "0\n", "");
}

#[test]
fn auto_connect_is_refused_together_with_faults() {
    let tools = Tools::new();
    let err = "\
error: with `--auto-connect` nodes dial each other past the proxies of `--faults`
  = help: leave out one of the two
";
    tools.run("run a-b --faults -- --auto-connect").check(2, "", err);
    assert!(!tools.path("logs").exists());
}

#[test]
fn a_node_started_while_cut_off_is_linked_as_soon_as_it_is_reachable() {
    let text = "\
network line(4)
cut b-c
restart b
join b-c
expect b: peers == a c within 30s
partition a, b | c, d
kill b
start b
partition a | b, c, d
expect b: peers == c within 30s
heal
expect b: peers == a c
a: set x 1
expect d: get x == 1 within 30s
";
    Tools::new().file("cut.scn", text).run("test cut.scn").code(0);
}

#[test]
fn writes_held_by_a_cut_spread_after_their_node_was_killed_and_started() {
    let text = "\
node all data=disk
network a-b
cut a->b
repeat 100 as i { a: set k$i $i }
kill a
join a->b
start a
expect b: count == 100 within 30s
";
    Tools::new().file("kill.scn", text).run("test kill.scn").code(0);
}
