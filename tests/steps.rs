//! Tests of `tools do`, which performs steps of the scenario language on a running network.

use crate::story::{Tools, has};

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
fn a_let_value_is_known_to_later_steps() {
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
    // The step after the failed one was not performed.
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
fn results_of_steps_are_available_as_json() {
    let tools = Tools::new();
    tools.up("a-b");
    let out = "{\"reply\":\"steps\",\"output\":[\"0\"],\"error\":null,\"code\":0}\n";
    tools.run("do --json 'a: count'").check(0, out, "");
    let ended = tools.run("kill --json c");
    ended.code(2);
    assert!(ended.out.contains("\"code\":2") && ended.err.is_empty(), "{}{}", ended.out, ended.err);
    tools.run("stop --json").check(0, "{\"reply\":\"stopping\"}\n", "");
}

#[test]
fn let_values_and_measures_are_known_to_later_commands() {
    let tools = Tools::new();
    tools.up("a-b");
    tools.run("do 'a: set nom Reimert' 'let won = a: get nom' 'let who = random'").code(0);
    tools.run("do 'measure m { $who: set copy $won }'").code(0);
    tools.run("do 'expect all: get copy == $won within 30s' 'expect m.updates == 1'").code(0);
    let again = tools.run("do 'let won = b: get nom'");
    again.code(2);
    assert!(again.err.contains("something is kept as `won` already"), "{}", again.err);
    // A step that fails keeps no value.
    tools.run("do 'let lost = a: get none'").code(1);
    assert!(tools.run("do 'b: set copy $lost'").err.contains("unknown variable `$lost`"));
}

#[test]
fn a_block_on_standard_input_is_read_to_its_end() {
    let tools = Tools::new();
    tools.up("a-b");
    let input = "together {\n  a: set x 1\n  b: set y 2\n}\nexpect all: count == 2 within 30s\nrepeat 2 {\n a: set z 3\n}\n";
    tools.run_with("do", input).code(0);
    tools.run("do 'a: get z'").check(0, "3\n", "");
    // A block that is never closed is reported as such.
    let open = tools.run_with("do", "together {\n  a: set x 1\n");
    open.code(2);
    assert!(open.err.contains("this `{` is never closed"), "{}", open.err);
}

#[test]
fn the_prompt_helps() {
    if !has("script") {
        return;
    }
    let tools = Tools::new();
    tools.up("a-b");
    let typed = |text: &str| {
        tools.shell(&format!("printf '{text}' | script -qec '\"$TOOLS\" do' /dev/null")).code(0).out.clone()
    };
    let help = typed("help partition\\n");
    assert!(help.contains("silences links between sets of nodes"), "{help}");
    typed("together {\\na: set k v\\n}\\n");
    tools.run("do 'a: get k'").check(0, "v\n", "");
}

#[test]
fn until_asks_again_until_all_have_answered() {
    let check = |steps: &str, code: i32, said: &[&str]| {
        let tools = Tools::new().file("x.scn", &format!("# Until.\nnetwork a-b\n{steps}\n"));
        let ended = tools.run("test x.scn --world sim --seed 1");
        for said in said {
            assert!(ended.out.contains(said), "`{said}` is not said: {ended:#?}");
        }
        ended.code(code);
    };
    // The first ask of a frozen node ends after five seconds.
    let thaws = "pause b\ntogether {\n  until a, b: set k v within 20s\n  do { wait 7s; resume b }\n}\n";
    check(&format!("{thaws}expect b: get k == v"), 0, &["ok x"]);
    check(
        "pause b\nuntil b: set k v within 1s",
        1,
        &["`b: set k v` got", "also after 1 s", "asks for longer"],
    );
    // A deadline on a key that is never there.
    check("until a: get none within 300ms", 1, &["was refused", "(absent), also after 300 ms"]);
    let tools = Tools::new().file("x.scn", "network a-b\nuntil a: set k v\n");
    let wrong = tools.run("check x.scn");
    assert!(wrong.err.contains("expected the time in which `until` has to end"), "{wrong:#?}");
    wrong.code(2);
}
