//! Tests of `ps --all` and `stop --all`, which find all networks of this user, in any folder.

use crate::story::Tools;

/// Returns the names of the log folders of all running networks.
fn folders(tools: &Tools) -> Vec<String> {
    let listed = tools.run("ps --all --json").code(0).json();
    let name = |network: &serde_json::Value| {
        let path = network["logs"].as_str().expect("a path");
        path.rsplit('/').next().expect("a name").to_owned()
    };
    listed.as_array().expect("a list").iter().map(name).collect()
}

#[test]
fn ps_all_and_stop_all_reach_networks_in_every_folder() {
    let tools = Tools::new();
    tools.run("ps --all").check(0, "no network is running\n", "");
    tools.run("stop --all").check(0, "", "");
    tools.run("run --detach a-b -p @PORT --logs one").code(0);
    let next = tools.port() + 2;
    let mut other = tools.begin(&format!("run c -p {next} --logs two"));
    other.line("Ctrl-C ends the network");
    assert_eq!(folders(&tools), ["one", "two"]);
    tools.run("kill b --logs one").code(0);
    let table = tools.run("ps --all").code(0).out.clone();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["FOLDER", "PID", "NODES", "RUNNING"]);
    assert_eq!((&rows[1][2..], &rows[2][2..]), (&["2", "1"][..], &["1", "1"][..]));
    // `stop --all` also works from another folder, and after a folder was renamed.
    tools.shell("mv one moved").code(0);
    let ended = tools.shell("cd /; exec \"$TOOLS\" stop --all");
    ended.code(0);
    assert_eq!(ended.out.lines().count(), 2, "{ended:#?}");
    let other = other.ended();
    assert!(matches!(other.code, Some(0 | 130)), "{other:#?}");
    tools.expect_nothing_left();
    assert!(folders(&tools).is_empty());
}

#[test]
fn ps_all_omits_a_killed_network() {
    let tools = Tools::new();
    tools.up("a");
    let host = tools.run("ps --all --json").code(0).json()[0]["pid"].as_i64().expect("a process");
    tools.shell(&format!("kill -9 {host}")).code(0);
    tools.expect_nothing_left();
    assert!(folders(&tools).is_empty());
}
