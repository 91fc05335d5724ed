//! Tests of suggestions: the message about wrong input names the input that was probably meant.

use crate::story::Tools;

/// Checks the help that `tools check` prints for a wrong step.
#[track_caller]
fn check_step(step: &str, help: &str) {
    let tools = Tools::new().file("x.scn", &format!("network a-b-c\n{step}\n"));
    let ended = tools.run("check x.scn");
    assert!(ended.err.contains(&format!("= help: {help}\n")), "{step}: {}", ended.err);
    assert!(ended.err.contains(" --> x.scn:2:"), "{step}: {}", ended.err);
}

#[test]
fn steps_of_other_languages_get_suggestions() {
    check_step("sleep 2s", "did you mean `wait 2s`?");
    check_step("assert a: get k == 1", "did you mean `expect a: get k == 1`?");
    check_step("crash a", "did you mean `kill a`?");
    check_step("any a..c: get k == 1", "write `expect any a..c: get k == 1`");
    check_step("let x = 5", "a value that is fixed is a parameter, above all steps: `param x = 5`");
    check_step("network $net", "declare it above all steps: `param net = ring(5)`");
}

#[test]
fn names_without_separators_get_suggestions() {
    check_step("kill a b", "write `kill a, b`");
    check_step("restart a b c", "write `restart a, b, c`");
    check_step("partition a b", "write `partition a | b`");
    check_step("partition a | b c", "write `partition a | b, c`");
    check_step("cut a-b b-c", "write `cut a-b, b-c`");
}

#[test]
fn an_ask_without_a_node_is_answered_with_an_example() {
    check_step("expect get k == 1", "write `expect all: get k == 1`");
    check_step("get k", "say first whom to ask: `all: get k`");
}

#[test]
fn wrong_words_on_the_command_line_get_suggestions() {
    let tools = Tools::new().file("ring.txt", "ring(3)\n").file("x.scn", "network a-b\n");
    tools.shell("printf 'a-b\\n# caf\\351\\nb-c\\n' > latin1.txt; cp latin1.txt latin1.scn").code(0);
    for (line, said) in [
        ("run -p @PORT --for 10 a-b", "a bare number is no duration: `10`; with a unit: `10s` or `10ms`"),
        ("test -j 0", "the number of runs side by side is a whole number, at least 1"),
        ("test nosuch x.scn", "no scenario is called `nosuch`"),
        ("run -p @PORT @x.scn", "`x.scn` is a scenario\n  = help: run it with `tools test x.scn`"),
        ("run -p @PORT @rnig.txt", "did you mean `@ring.txt`?"),
        ("run -p @PORT @ring", "did you mean `@ring.txt`?"),
        ("graph @nofile", "cannot read the topology `nofile`"),
        ("graph @latin1.txt", "line 2 is no UTF-8 text (byte 10 is 0xe9)"),
        ("check latin1.scn", "line 2 is no UTF-8 text (byte 10 is 0xe9)"),
    ] {
        let ended = tools.run(line);
        ended.code(2);
        assert!(ended.err.contains(said), "{line}: {}", ended.err);
    }
    assert!(!tools.path("logs").exists(), "nothing was to be started");
}

#[test]
fn the_last_value_of_a_repeated_node_option_counts() {
    let tools = Tools::new();
    tools.run("run a-b -p @PORT --detach -- --policy last --policy oldest").code(0);
    let log = tools.read("logs/a.log");
    assert!(log.contains("policy oldest"), "{log}");
    tools.run("stop").code(0);
}
