//! Tests of the types of values: a scenario sets and compares typed values, and a text is not a number.

use crate::story::Tools;

#[test]
fn a_named_scenario_that_is_skipped_is_no_success() {
    let skipped = "worlds netns\nnetwork a\nexpect a: count == 0\n";
    let tools = Tools::new().file("s/a.scn", skipped).file("s/b.scn", "network a\nexpect a: count == 0\n");
    for (named, word, code) in [("s/a.scn", "error", 2), ("s/a.scn s/b.scn", "warning", 0)] {
        let ended = tools.run(&format!("test {named} --world sim"));
        assert!(
            ended.err.contains(&format!("{word}: `s/a.scn` was named, and nothing of it was run")),
            "{ended:#?}"
        );
        assert!(ended.err.contains("add `--world netns`"), "{ended:#?}");
        ended.code(code);
    }
    tools.run("test s --world sim").code(0);
}

/// Checks that an expectation about a value that was set holds, or fails.
#[track_caller]
fn check(set: &str, claim: &str, holds: bool) {
    let tools =
        Tools::new().file("a.scn", &format!("network a-b\na: set k {set}\nexpect a: get k {claim}\n"));
    let ended = tools.run("test a.scn --world sim");
    assert_eq!(ended.code, Some(i32::from(!holds)), "{set} and {claim}: {ended:#?}");
}

#[test]
fn a_quoted_word_is_text_and_a_bare_word_that_is_json_is_that_value() {
    for (set, claim, holds) in [
        ("1234", "== \"01234\"", false),
        ("\"007\"", "== 7", false),
        ("\" 7\"", "== 7", false),
        ("7", "== \"7\"", false),
        ("\"7\"", "== \"7\"", true),
        ("1.0", "== 1", true),
        ("01234", "== \"01234\"", true),
        ("true", "== \"true\"", false),
        ("[1, 2]", "== [2, 1]", false),
        ("{\"b\": 1, \"a\": 2}", "== {\"a\": 2.0, \"b\": 1}", true),
    ] {
        check(set, claim, holds);
    }
}

#[test]
fn reports_distinguish_values_that_differ_only_in_type() {
    let tools = Tools::new().file("a.scn", "network a\na: set zip 1234\nexpect a: get zip == \"1234\"\n");
    let ended = tools.run("test a.scn --world sim");
    assert!(ended.out.contains("expected == \"1234\""), "{ended:#?}");
    assert!(ended.out.contains("a  1234"), "{ended:#?}");
    ended.code(1);
}
