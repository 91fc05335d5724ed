//! Tests of `tools list`, `check` and `graph`, which read and start nothing.

use crate::story::Tools;

const LATENCY: &str = "\
# Both ends write at once.
# All agree.

param net = line(4) | ring(4)
tags quick
network $net
together { first: set Ville Paris 10000; last: set Ville Tokio 10001 }
expect all: get Ville agree within 5s
";

#[test]
fn scenarios_are_listed() {
    let tools = Tools::new()
        .file("scenarios/latency.scn", LATENCY)
        .file("scenarios/star.scn", "# A star.\nnetwork a-b\n");
    let out =
        "latency  net (2)  quick  Both ends write at once. All agree.\nstar     -        -      A star.\n";
    tools.run("list").check(0, out, "");
    let list = tools.run("list --json").code(0).json();
    assert_eq!((&list[0]["name"], &list[0]["combinations"]), (&"latency".into(), &2.into()));
    let err = "error: there is no `scenario`: did you mean `scenarios`?\n";
    tools.run("list scenario").check(2, "", err);
}

#[test]
fn scenarios_are_checked_without_starting_anything() {
    let wrong = "network a-b\na: set x 1\nexpect all: get x = 1\n";
    let tools = Tools::new().file("good.scn", LATENCY).file("wrong.scn", wrong);
    tools.run("check good.scn").check(0, "1 scenario, no errors\n", "");
    let ended = tools.run("check good.scn wrong.scn");
    ended.code(2);
    assert!(ended.err.contains(" --> wrong.scn:3:"), "{}", ended.err);
    let json = tools.run("check wrong.scn --json");
    json.code(2);
    assert_eq!((&json.json()[0]["file"], &json.json()[0]["line"]), (&"wrong.scn".into(), &3.into()));
    assert!(!tools.path("logs").exists());
}

#[test]
fn a_topology_is_drawn() {
    let tools = Tools::new();
    let ended = tools.run("graph 'ring(5)'");
    ended.code(0);
    assert!(ended.out.starts_with("5 nodes, 5 links, connected\n"), "{}", ended.out);
    tools.run("graph a-b --format dot").check(0, "graph {\n    a -- b;\n}\n", "");
    tools.run("graph a-b --format mermaid").check(0, "graph LR\n    a --- b\n", "");
    let json = tools.run("graph a-b --json").code(0).json();
    assert_eq!(json["nodes"], serde_json::json!(["a", "b"]));
    assert!(tools.run("graph ring:5 --format svg").code(0).raw.starts_with("<svg "));
    tools.run("graph a-b --format dot -o net.dot").check(0, "", "");
    assert_eq!(tools.read("net.dot"), "graph {\n    a -- b;\n}\n");
    // `graph` reads the format that it writes.
    tools.run("graph @net.dot --format mermaid").check(0, "graph LR\n    a --- b\n", "");
}

#[test]
fn help_names_every_command() {
    let tools = Tools::new();
    let help = tools.run("--help").code(0).out.clone();
    let commands = "run ps stop start kill restart pause resume cli do logs test check list graph node";
    for command in commands.split(' ') {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))),
            "{command}: {help}"
        );
        let usage = tools.run(&format!("{command} --help")).code(0).out.clone();
        assert!(usage.contains("Usage: tools"), "{usage}");
    }
    assert!(!help.contains("guard"), "{help}");
    tools.run("--version").check(0, &format!("tools {}\n", env!("CARGO_PKG_VERSION")), "");
}
