//! Tests of networks that are driven by hand: answers are printed, and `ps` shows the faults in force.

use crate::story::Tools;

#[test]
fn the_state_and_the_log_of_a_node_are_printed_like_answers() {
    let tools = Tools::new();
    tools.up("a-b");
    tools.run("do 'all: state'").check(0, "a: running\nb: running\n", "");
    tools.run("do 'a: state'").check(0, "running\n", "");
    let log = tools.run("do 'a: log'").code(0).out.clone();
    assert!(log.lines().next().is_some_and(|line| line.contains("listening on")), "{log}");
    let logs = tools.run("do 'all: log'").code(0).out.clone();
    assert!(logs.lines().any(|line| line.starts_with("a: ") && line.contains("listening on")), "{logs}");
    assert!(logs.lines().any(|line| line.starts_with("b: ") && line.contains("listening on")), "{logs}");
    assert!(logs.lines().all(|line| line.starts_with("a: ") || line.starts_with("b: ")), "{logs}");
}

/// The source of an adapter that answers, refuses or fails, depending on the request.
const ADAPTER: &str = r#"read -r request
case "$request" in
*'["none"]'*) echo '{"error": {"code": "absent", "message": "no such key"}}' ;;
*'["dead"]'*) exit 1 ;;
*'"command":"get"'*) printf '%s\n' '{"ok": "a value of\ntwo lines"}' ;;
*'"command":"keys"'*) echo '{"ok": []}' ;;
*) echo '{"ok": true}' ;;
esac
"#;

#[test]
fn cli_asks_nodes_of_every_driver() {
    let exec = "sh -c 'exec \"$TOOLS\" node --name {name} --listen {host}:{port}'".replace('"', "\\\"");
    let tools = Tools::new().file("ad.sh", ADAPTER);
    tools.up(&format!("a --driver ask --adapter 'sh ad.sh' --exec \"{exec}\""));
    tools.run("cli --node a get k").check(0, "a value of\ntwo lines\n", "");
    tools.run("cli --node a set k 'some words'").code(0);
    tools.run("cli --node a get none").check(1, "", "error: no such key\n");
    let silent = tools.run("cli --node a get dead");
    silent.code(3);
    assert!(silent.err.starts_with("error: `a` gave no answer: "), "{}", silent.err);
    let wrong = tools.run("cli --node a gte k");
    wrong.code(2);
    assert!(wrong.err.contains("did you mean `get`?"), "{}", wrong.err);
    let watched = tools.run("cli --node a watch");
    watched.code(2);
    assert!(watched.err.contains("does not report its changes"), "{}", watched.err);
    // Asks of foreign nodes are recorded like those of native nodes.
    let recorded = tools.run("record").code(0).raw.clone();
    let asked: Vec<&str> = recorded.lines().filter(|line| line.contains("a: ")).collect();
    assert_eq!(asked, ["try a: get k", "a: set k \"some words\"", "try a: get none"]);
}

#[test]
fn ps_shows_faulty_links_shifted_clocks_and_killed_nodes() {
    let tools = Tools::new();
    tools.up("a-b-c-d --faults");
    let faults = || tools.ps()["faults"].clone();
    assert!(faults().is_null());
    tools.run("do 'cut a->b' 'cut b-c' 'link c-d delay 200ms rate 1mbit' 'clock d +10s'").code(0);
    tools.run("do 'partition a, b | c'").code(0);
    tools.run("stop a").code(0);
    tools.run("kill b").code(0);
    let expected = serde_json::json!({
        "cuts": ["a->b", "b-c"],
        "sides": [["a", "b"], ["c"]],
        "shapes": ["c-d delay 200ms rate 1mbit"],
        "clocks": ["d +10s"],
    });
    assert_eq!(faults(), expected);
    let table = tools.run("ps").code(0).out.clone();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[1].contains(" stopped ") && lines[2].contains(" killed "), "{table}");
    let said = ["cut a->b, b-c", "partition a, b | c", "link c-d delay 200ms rate 1mbit", "clock d +10s"];
    assert_eq!(lines[lines.len() - 4..], said);
    tools.run("do 'start a' 'start b' 'heal' 'link c-d clear' 'clock d -10s'").code(0);
    assert!(faults().is_null());
    assert_eq!(tools.ps()["nodes"][1]["state"], "running");
}

#[test]
fn logs_shows_the_nodes_of_the_last_run_or_all_with_a_flag() {
    let tools = Tools::new();
    tools.up("old-older");
    tools.run("stop").code(0);
    tools.up("a-b");
    let nodes = |line: &str| -> Vec<String> {
        let shown = tools.run(line).code(0).out.clone();
        let mut names: Vec<String> =
            shown.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect();
        names.sort();
        names.dedup();
        names
    };
    assert_eq!(nodes("logs"), ["a", "b"]);
    assert_eq!(nodes("logs --all"), ["a", "b", "old", "older"]);
    assert_eq!(nodes("logs older"), ["older"]);
    // A node that is added later belongs to the run as well.
    tools.run("do 'network b-old'").code(0);
    assert_eq!(nodes("logs"), ["a", "b", "old"]);
    tools.run("stop").code(0);
    assert_eq!(nodes("logs"), ["a", "b", "old"]);
}

#[test]
fn watch_shows_keys_and_values() {
    let tools = Tools::new();
    tools.up("a-b");
    tools.run("cli --node a set before 1").code(0);
    let mut watching = tools.begin("cli --node a watch");
    watching.line("stored before 1");
    tools.run("cli --node b set nom 'Reimert the\nfirst'").code(0);
    watching.line("stored nom Reimert the\\nfirst");
    tools.run("cli --node a delete nom").code(0);
    watching.line("deleted nom");
    tools.run("stop").code(0);
    watching.ended().code(3);
}

#[test]
fn fuzz_and_maelstrom_write_junit_reports() {
    let tools = Tools::new();
    tools.run("fuzz --seeds 1..3 --junit fuzz.xml").code(0);
    let report = tools.read("fuzz.xml");
    assert!(report.contains("tests=\"1\"") && report.contains("name=\"seeds 1..3\""), "{report}");
    let ended =
        tools.run("maelstrom echo --exec 'sh -c \"echo why >&2; exit 7\"' --time 1s --junit echo.xml");
    ended.code(3);
    let report = tools.read("echo.xml");
    assert!(report.contains("errors=\"1\"") && report.contains("type=\"broken\""), "{report}");
    assert!(report.contains("why"), "{report}");
    // The report is opened before the run, which may take long.
    let ended = tools.run("fuzz --seeds 1..3 --junit no/such/fuzz.xml");
    ended.code(3);
    assert!(ended.err.starts_with("error: cannot write no/such/fuzz.xml: "), "{}", ended.err);
    assert_eq!(ended.out, "");
}
