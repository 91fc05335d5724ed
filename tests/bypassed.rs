//! Tests of faults that nodes bypass by connecting past their links, and of nodes that do not.

use crate::networks;
use crate::story::{Finished, Tools, has};

/// Runs a scenario with nodes that behave in this manner; `bypassed/node.py` defines the manners.
#[track_caller]
fn run(manner: &str, scenario: &str, more: &str) -> (Tools, Finished) {
    let tools = Tools::new()
        .file("node.py", include_str!("bypassed/node.py"))
        .file("adapter.py", include_str!("bypassed/adapter.py"))
        .file("one.scn", scenario);
    let program = format!("--driver ask --exec 'python3 node.py {{port}} {manner} {{host}}'");
    let ended = tools.run(&format!("test one.scn {program} --adapter 'python3 adapter.py' {more}"));
    (tools, ended)
}

/// Returns the kind and the message of the failure in the JSON report.
fn told(tools: &Tools) -> (String, String) {
    let report: serde_json::Value = serde_json::from_str(&tools.read("r.json")).expect("a report is JSON");
    let failure = &report["scenarios"][0]["failure"];
    let text = |field: &str| failure[field].as_str().unwrap_or_default().to_owned();
    (text("kind"), text("message"))
}

#[test]
fn a_partition_past_which_nodes_are_connected_fails_and_names_them_in_every_report() {
    if !has("python3") {
        return;
    }
    let scenario = "network a-b, b-c\na: set x 1\nexpect all: get x == 1 within 30s\npartition a | rest\n\
                    b: set y 2\nexpect a: get y fails absent\n";
    let (tools, ended) = run("told", scenario, "--report-json r.json --junit r.xml");
    let message = "the fault does nothing between `a` and `b`: they are connected past the link";
    let swapped = message.replace("`a` and `b`", "`b` and `a`");
    ended.code(1);
    assert!(ended.out.contains(message) || ended.out.contains(&swapped), "{ended:#?}");
    assert!(ended.out.contains("one.scn:4:1") && ended.out.contains("`--world netns`"), "{ended:#?}");
    let (kind, said) = told(&tools);
    assert_eq!(kind, "bypassed");
    assert!(said == message || said == swapped, "{said}");
    let junit = tools.read("r.xml");
    assert!(
        junit.contains("type=\"bypassed\"") && junit.contains("they are connected past the link"),
        "{junit}"
    );
}

#[test]
fn a_fault_that_is_bypassed_by_short_connections_fails_and_names_the_node() {
    if !has("python3") {
        return;
    }
    let scenario = "network a-b\nwait 1500ms\ncut a-b\na: set x 1\njoin a-b\n";
    let (tools, ended) = run("brief", scenario, "--report-json r.json");
    ended.code(1);
    let message = "the fault does nothing for `b`: its own port was dialled past its links";
    assert_eq!(told(&tools), ("bypassed".to_owned(), message.to_owned()), "{ended:#?}");
}

#[test]
fn delays_and_resets_that_are_bypassed_fail_as_well() {
    if !has("python3") {
        return;
    }
    for fault in ["link a-b delay 50ms", "break a-b"] {
        let scenario = format!("network a-b\na: set x 1\nexpect b: get x == 1 within 30s\n{fault}\n");
        let (tools, ended) = run("told", &scenario, "--report-json r.json");
        ended.code(1);
        let (kind, message) = told(&tools);
        assert_eq!(kind, "bypassed", "{fault}: {ended:#?}");
        assert!(message.contains("they are connected past the link"), "{message}");
    }
}

#[test]
fn a_node_that_dials_the_given_addresses_is_not_blamed() {
    if !has("python3") {
        return;
    }
    // Neither the connections of the harness and its adapters nor nodes that start again count as a bypass.
    let scenario = "settle 30s\nnetwork a-b, b-c\na: set x 1\nexpect all: get x == 1 within 30s\n\
                    partition a, b | c\na: set y 2\nexpect b: get y == 2 within 30s\n\
                    expect c: get y fails absent\nkill b\nstart b\n\
                    expect c: get y fails absent\nbreak a-b\nlink a-b delay 20ms\n\
                    expect b: get y == 2 within 30s\nheal\nlink all clear\n\
                    expect all: get y == 2 within 30s\n";
    let (_, ended) = run("given", scenario, "");
    ended.code(0);
}

#[test]
fn in_netns_no_fault_can_be_bypassed() {
    if !has("python3") || !networks::can() {
        return;
    }
    let network = "settle 30s\nnetwork a-b\na: set x 1\nexpect b: get x == 1 within 30s\n";
    for fault in ["cut a-b", "link a-b loss 100%", "link a-b delay 30s"] {
        let scenario = format!(
            "{network}{fault}\na: set y 2\nexpect b: get y fails absent\nlink a-b clear\njoin a-b\n\
             expect b: get y == 2 within 30s\n"
        );
        let (_, ended) = run("told", &scenario, "--world netns");
        assert_eq!(ended.code, Some(0), "{fault}: {ended:#?}");
    }
}
