//! Tests of agreement between the worlds: a scenario has the same verdict and figures in virtual time and
//! on real processes. If the two differ, one of them is wrong.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::shipped::{entries, files, shipped, text};
use crate::story::Tools;

/// The tolerated difference between the two worlds in copies of values, as a share: the shipped scenarios
/// allow as much.
const TOLERANCE: f64 = 0.05;
/// The tolerated difference on trees. With one path between two nodes, nothing is announced or requested,
/// so that all messages and bytes are known.
const TOLERANCE_TREE: f64 = 0.01;
/// The networks of the shipped scenarios that are trees.
const TREES: [&str; 3] = ["line(12)", "star(12)", "tree(15, arity=2)"];

/// Runs each shipped scenario in a world. Returns the entries of the reports by scenario name. Each file
/// has its own command, because one command for all would take too long on a busy machine.
fn ran(tools: &Tools, world: &str) -> BTreeMap<String, Value> {
    let came_out = |file: &String| {
        // Jobs side by side and tight deadlines would make a busy machine look like a disagreement.
        let line = format!("test {file} --world {world} --seed 1 -j 1 --timeout-factor 5 --json");
        entries(&tools.run(&line).json()).to_vec()
    };
    let entries = files().iter().flat_map(came_out).collect::<Vec<_>>();
    entries.into_iter().map(|entry| (text(&entry["scenario"]).to_owned(), entry)).collect()
}

/// Returns each scenario with its entries from both worlds. Scenarios that a world skips are left out.
fn both() -> (Tools, Vec<(String, Value, Value)>) {
    let tools = shipped();
    let (virtually, mut really) = (ran(&tools, "sim"), ran(&tools, "process"));
    assert!(virtually.keys().eq(really.keys()));
    let both = virtually.into_iter().filter_map(|(name, virtual_entry)| {
        let real_entry = really.remove(&name)?;
        let skipped = [&virtual_entry, &real_entry].iter().any(|entry| entry["verdict"] == "skipped");
        (!skipped).then_some((name, virtual_entry, real_entry))
    });
    let both: Vec<_> = both.collect();
    assert!(both.len() > 15, "few scenarios are for both worlds");
    (tools, both)
}

/// Returns a message if a figure differs by more than `tolerance`, as a share of the larger value.
fn apart(figure: &str, virtually: &Value, really: &Value, tolerance: f64) -> Option<String> {
    let of = |entry: &Value| entry["figures"][figure].as_f64().expect("a figure");
    let (virtually, really) = (of(virtually), of(really));
    ((virtually - really).abs() > tolerance * virtually.max(really))
        .then(|| format!("{figure} is {virtually} in virtual time and {really} on processes"))
}

/// Returns the measures of an entry.
fn measures(entry: &Value) -> &[Value] {
    entry["measures"].as_array().expect("measures")
}

/// Returns a message if the results of the two worlds differ.
fn disagreement(name: &str, virtually: &Value, really: &Value) -> Option<String> {
    let came_out = |entry: &Value| ["verdict", "nodes", "held"].map(|field| entry[field].clone());
    if came_out(virtually) != came_out(really) || measures(virtually).len() != measures(really).len() {
        return Some(format!("{virtually:#}\n{really:#}"));
    }
    let is_tree = TREES.iter().any(|tree| name.ends_with(&format!("[net={tree}]")));
    let figures =
        [("ok", 0.0), ("refused", 0.0), ("unknown", 0.0), ("updates", 0.0), ("payloads", TOLERANCE)];
    let of_trees = ["payloads", "messages", "bytes"].map(|figure| (figure, TOLERANCE_TREE));
    let figures = figures.iter().chain(if is_tree { &of_trees[..] } else { &[] });
    let pairs = measures(virtually).iter().zip(measures(really));
    pairs
        .flat_map(|pair| figures.clone().map(move |figure| (pair, figure)))
        .find_map(|((virtually, really), (figure, tolerance))| apart(figure, virtually, really, *tolerance))
}

#[test]
fn verdicts_and_figures_are_the_same_on_processes() {
    /// The number of runs on processes before a difference counts. On a machine that stalls for half a
    /// second, nodes request values that are already on their way. Other differences appear in every run.
    const TRIES: usize = 5;
    let (tools, both) = both();
    for (name, virtually, mut really) in both.iter().cloned() {
        assert_eq!(virtually["verdict"], "passed", "{name}: {virtually:#}");
        let again = format!("{} --json", text(&really["again"]).trim_start_matches("tools "));
        let mut tries = 1;
        while let Some(how) = disagreement(&name, &virtually, &really) {
            assert!(tries < TRIES, "{name}, the {tries}th time: {how}");
            tries += 1;
            really = entries(&tools.run(&again).json())[0].clone();
        }
    }
    let measured: usize = both.iter().map(|(_, virtually, _)| measures(virtually).len()).sum();
    assert!(measured >= 10, "{measured} measures were compared");
}

/// Checks that a scenario fails in both worlds, at the same line and for the same reason.
#[track_caller]
fn check_fails_alike(text: &str) {
    let tools = Tools::new().file("false.scn", text);
    let failure = |world: &str| {
        let ended = tools.run(&format!("test false.scn --world {world} --seed 1 --json"));
        let report = ended.code(1).json();
        let failure = &entries(&report)[0]["failure"];
        ["kind", "law", "line", "message"].map(|field| failure[field].clone())
    };
    assert_eq!(failure("sim"), failure("process"), "{text}");
}

#[test]
fn a_failing_scenario_fails_in_both_worlds_for_the_same_reason() {
    check_fails_alike("network a-b\na: set x 1\nexpect all: get x == 2 within 200ms\n");
    check_fails_alike(
        "network line(3)\na: set x 1\nexpect all: get x == 1 within 30s\nexpect a: count == 2\n",
    );
    check_fails_alike("network a-b, c\nexpect c: addPeer b fails neighbor_exists\n");
    check_fails_alike("node all policy=oldest\nnetwork a-b\na: set x 1\na: set x 2\n");
    check_fails_alike("network a-b-c\nkill b\na: set x 1\nexpect c: get x == 1 within 300ms\n");
    check_fails_alike("network a-b\npause b\nb: get x\n");
    check_fails_alike("timeout 300ms\nnetwork a-b\nwait 20s\n");
}
