//! `tools do`: steps of the scenario language, on a network that runs.

use crate::story::Tools;

#[test]
fn answers_are_printed_and_expectations_are_silent() {
    let tools = Tools::new();
    tools.up("a-b-c");
    tools.run("do 'a: set nom Reimert'").check(0, "[stamp]\n", "");
    tools.run("do 'expect all: get nom == Reimert within 30s'").check(0, "", "");
    tools.run("do 'a: get nom'").check(0, "Reimert\n", "");
    tools.run("do 'all: get nom' 'b: count'").check(0, "a: Reimert\nb: Reimert\nc: Reimert\n1\n", "");
    tools.run("do 'try all: get prenom'").check(
        0,
        "a: error: key `prenom` is absent\nb: error: key `prenom` is absent\nc: error: key `prenom` is absent\n",
        "",
    );
    tools.run("do 'b: peers'").check(0, "a c\n", "");
}

#[test]
fn what_let_keeps_stays_known_to_the_steps_after_it() {
    let tools = Tools::new();
    tools.up("a-b");
    tools.run("do 'a: set nom Reimert' 'let won = a: get nom' 'b: set copy $won' 'b: get copy'").check(
        0,
        "[stamp]\nReimert\n[stamp]\nReimert\n",
        "",
    );
}

#[test]
fn a_failing_expectation_explains_itself() {
    let tools = Tools::new();
    tools.up("'a-b, c'");
    tools.run("do 'a: set nom Reimert' 'expect b: get nom == Reimert within 30s'").code(0);
    let err = "\
error: expected == Damien
 --> step:1:1
 1 | expect all: get nom == Damien
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = when: [time] after the run began

  nodes
    a, b  Reimert                              since [time]
    c     error: key `nom` is absent (absent)
";
    let ended = tools.run("do 'expect all: get nom == Damien' 'a: set after x'");
    ended.check(1, "", err);
    // What stands after it was not done.
    tools.run("cli --node a count").check(0, "1\n", "");
}

#[test]
fn a_wrong_step_is_shown_and_nothing_is_done() {
    let tools = Tools::new();
    tools.up("a-b");
    let err = "\
error: unknown step `kil`
 --> step:2:1
 2 | kil b
   | ^^^
   = help: did you mean `kill`?
";
    tools.run("do 'a: set nom Reimert' 'kil b'").check(2, "", err);
    tools.run("cli --node a count").check(0, "0\n", "");
    let err = "\
error: unknown node `bb`
 --> step:2:6
 2 | kill bb
   |      ^^
   = help: did you mean `b`?
";
    tools.run("do 'a: set nom Reimert' 'kill bb'").check(2, "", err);
    tools.run("cli --node a count").check(0, "0\n", "");
}

#[test]
fn steps_are_read_from_standard_input_line_by_line() {
    let tools = Tools::new();
    tools.up("a-b");
    let input = "# by hand\na: set nom Reimert\n\nexpect b: get nom == Reimert within 30s\nb: get nom\n";
    tools.run_with("do", input).check(0, "[stamp]\nReimert\n", "");
    let ended = tools.run_with("do", "a: get nom\nexpect a: get nom == Damien\na: count\nkil b\n");
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), "Reimert\n1\n"));
}

#[test]
fn a_network_that_runs_can_grow() {
    let tools = Tools::new();
    tools.up("a-b");
    tools.run("do 'a: set nom Reimert' 'network b-c, c-a' 'expect c: get nom == Reimert within 30s'").code(0);
    let state = tools.ps();
    assert_eq!(state["links"], serde_json::json!([["a", "b"], ["b", "c"], ["c", "a"]]));
    assert_eq!(state["nodes"][2]["port"], tools.port() + 2);
}

#[test]
fn what_came_of_steps_is_there_for_programs_too() {
    let tools = Tools::new();
    tools.up("a-b");
    let out = "{\"reply\":\"steps\",\"output\":[\"0\"],\"error\":null,\"code\":0}\n";
    tools.run("do --json 'a: count'").check(0, out, "");
    let ended = tools.run("kill --json c");
    ended.code(2);
    assert!(ended.out.contains("\"code\":2") && ended.err.is_empty(), "{}{}", ended.out, ended.err);
    tools.run("stop --json").check(0, "{\"reply\":\"stopping\"}\n", "");
}
