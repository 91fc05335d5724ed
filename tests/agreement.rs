//! Agreement with reality: what comes out in virtual time comes out on real processes as well. Where
//! the two differ, one of them is wrong.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::shipped::{entries, shipped, text};
use crate::story::Tools;

/// How far apart the copies of values may be that the two worlds count: as far as scenarios let them.
const TOLERANCE: f64 = 0.05;
/// The same where there is one way only between two nodes, so that nothing is announced or asked for:
/// there every message and every byte is known.
const TOLERANCE_TREE: f64 = 0.01;
/// Shapes without a circle.
const TREES: [&str; 3] = ["line(12)", "star(12)", "tree(15, arity=2)"];

/// What came out of each shipped scenario in a world, by name.
fn ran(tools: &Tools, world: &str) -> BTreeMap<String, Value> {
    // One at a time and with stretched deadlines: a busy machine is no disagreement.
    let line = format!("test scenarios --world {world} --seed 1 -j 1 --timeout-factor 5 --json");
    let ended = tools.run(&line);
    let report = ended.json();
    entries(&report).iter().map(|entry| (text(&entry["scenario"]).to_owned(), entry.clone())).collect()
}

/// Each scenario as it came out in both, those aside that one of them cannot express.
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

/// How a figure differs, if by more than this share of it.
fn apart(figure: &str, virtually: &Value, really: &Value, tolerance: f64) -> Option<String> {
    let of = |entry: &Value| entry["figures"][figure].as_f64().expect("a figure");
    let (virtually, really) = (of(virtually), of(really));
    ((virtually - really).abs() > tolerance * virtually.max(really))
        .then(|| format!("{figure} is {virtually} in virtual time and {really} on processes"))
}

/// The measures of an entry.
fn measures(entry: &Value) -> &[Value] {
    entry["measures"].as_array().expect("measures")
}

/// How the two came out differently, if they did.
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
    /// A machine that is busy for half a second makes nodes of real time ask for what is on its way.
    /// What differs for a better reason differs again.
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

/// A scenario that does not hold fails in both, at the same place and for the same reason.
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
fn what_is_false_is_false_in_both_for_the_same_reason() {
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
