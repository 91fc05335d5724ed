//! Tests of wrong input: it gets one message with its place, a caret and a suggestion, before anything is
//! started.

use crate::story::Tools;

/// Checks that `run`, `run --detach` and `graph` refuse a topology with the same message.
#[track_caller]
fn check_topology(topology: &str, err: &str) {
    let tools = Tools::new();
    for command in ["run -p @PORT", "run -p @PORT --detach", "graph"] {
        tools.run(&format!("{command} '{topology}'")).check(2, "", err);
    }
    assert!(!tools.path("logs").exists(), "nothing was to be started");
}

/// Checks that `test`, a dry run and `check` refuse a scenario with this message.
#[track_caller]
fn check_scenario(text: &str, err: &str) {
    let tools = Tools::new().file("x.scn", text);
    tools.run("test x.scn").check(2, "", err);
    tools.run("test x.scn --dry-run").check(2, "", err);
    let checked = tools.run("check x.scn");
    checked.code(2);
    assert!(checked.err.starts_with(err), "{}", checked.err);
    assert!(!tools.path("logs").exists(), "nothing was to be started");
}

#[test]
fn a_syntax_error_in_a_topology() {
    check_topology(
        "a-b, c-",
        "\
error: a node is missing behind `c-`
 --> topology:1:7
 1 | a-b, c-
   |       ^
   = help: write for example `c-b`
",
    );
}

#[test]
fn an_unknown_generator() {
    check_topology(
        "a-b, rign(5)",
        "\
error: unknown generator `rign`
 --> topology:1:6
 1 | a-b, rign(5)
   |      ^^^^
   = help: did you mean `ring`?
",
    );
}

#[test]
fn a_self_link() {
    check_topology(
        "a-b, c-c",
        "\
error: `c` is linked to itself
 --> topology:1:6
 1 | a-b, c-c
   |      ^^^
   = help: a link joins two different nodes, as `c-b` does
",
    );
}

#[test]
fn a_mistake_in_a_file_is_reported_with_its_place_in_the_file() {
    let tools = Tools::new().file("net.txt", "a-b\n# more\nb-c, c-c\n");
    let err = "\
error: `c` is linked to itself
 --> net.txt:3:6
 3 | b-c, c-c
   |      ^^^
   = help: a link joins two different nodes, as `c-b` does; `--lenient` leaves such links out
";
    tools.run("run @net.txt -p @PORT").check(2, "", err);
}

#[test]
fn a_syntax_error_in_a_scenario() {
    check_scenario(
        "network a-b\nexpect a: get x ==\n",
        "\
error: expected a value after `==`, but the line ends
 --> x.scn:2:19
 2 | expect a: get x ==
   |                   ^
   = help: quote words of the language that are data: `\"for\"`; nothing at all is `is empty`
",
    );
}

#[test]
fn an_unknown_step() {
    check_scenario(
        "netwrok a-b\n",
        "\
error: unknown step `netwrok`
 --> x.scn:1:1
 1 | netwrok a-b
   | ^^^^^^^
   = help: did you mean `network`?
",
    );
}

#[test]
fn an_unknown_unit() {
    check_scenario(
        "network a-b\nwait 5sec\n",
        "\
error: unknown unit `sec`
 --> x.scn:2:7
 2 | wait 5sec
   |       ^^^
   = help: did you mean `s`?
",
    );
}

#[test]
fn an_unknown_command() {
    check_scenario(
        "network a-b\na: gte x\nexpect converged\n",
        "\
error: `native` nodes have no command `gte`
 --> x.scn:2:4
 2 | a: gte x
   |    ^^^
   = help: did you mean `get`?
",
    );
}

#[test]
fn an_unknown_node() {
    check_scenario(
        "network alice-bob\nalcie: set x 1\nexpect converged\n",
        "\
error: unknown node `alcie`
 --> x.scn:2:1
 2 | alcie: set x 1
   | ^^^^^
   = help: did you mean `alice`?
",
    );
}

#[test]
fn a_self_link_in_a_scenario() {
    check_scenario(
        "network a-b\nnetwork b-c, c-c\n",
        "\
error: `c` is linked to itself
 --> x.scn:2:14
 2 | network b-c, c-c
   |              ^^^
   = help: a link joins two different nodes, as `c-b` does
",
    );
}

#[test]
fn a_step_that_this_world_cannot_do() {
    let tools = Tools::new().file("x.scn", "network a-b\nlink a-b loss 5%\nexpect converged\n");
    let ended = tools.run("test x.scn");
    ended.code(2);
    assert!(
        ended.err.contains(" --> x.scn:2:1\n 2 | link a-b loss 5%\n   | ^^^^^^^^^^^^^^^^"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("sim"), "it names a world that can: {}", ended.err);
    assert!(!tools.path("logs").exists());
}

#[test]
fn one_wrong_scenario_prevents_all_runs() {
    let tools =
        Tools::new().file("s/a.scn", "network a-b\nexpect converged\n").file("s/b.scn", "netwrok a-b\n");
    tools.run("test s").code(2);
    assert!(!tools.path("logs").exists());
}

#[test]
fn wrong_usage() {
    let tools = Tools::new();
    for (line, told) in [
        ("rnu a-b", "unrecognized subcommand 'rnu'"),
        ("restrt a", "similar subcommands exist: 'maelstrom', 'test', 'start', 'restart'"),
        ("run a-b --prot 3000", "similar argument"),
        ("run a-b -p 0", "a port is a number from 1 to 65535"),
        ("run a-b -p 70000", "70000"),
        ("run a-b --for 5", "a bare number is no duration"),
        ("run a-b --world proces", "did you mean `process`?"),
        ("run a-b --driver natvie", "did you mean `native`?"),
        ("run a-b --policy oldset", "did you mean `oldest`?"),
        ("run a-b --exec ''", "a program"),
        ("run @no/such/file", "cannot read the topology `no/such/file`"),
        ("test --timeout-factor 0", "a factor is a number"),
        ("test no/such.scn", "there is no `no/such.scn`"),
        ("", "Usage"),
    ] {
        let ended = tools.run(line);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{line}: {ended:#?}");
        assert!(ended.err.contains(told), "{line}: {}", ended.err);
    }
    assert!(!tools.path("logs").exists());
}
