//! Tests of versions that are not yet due, which make no difference between nodes. All due versions must be
//! everywhere.

use serde_json::Value;

use crate::shipped::{entries, text};
use crate::story::Tools;

/// Steps after which three nodes each hold a version that no neighbour accepts yet. They are a write, a
/// delete, and a write from before its clock was mended. Each node writes once: a node that learns that its
/// clock is ahead refuses further writes.
const AHEAD: &str = "\
settle 1s
network a-b-c-d, a-e
a: set gone 1
expect converged within 5s
clock c, d +60s
c: set far 1
d: delete gone
clock e +60s
e: set mended 1
clock e -60s
a: set near 1
expect all: get near == 1 within 5s
expect a, b: get gone == 1
expect a, b: get far fails absent
expect converged within 300ms
";

/// Returns the notes of a report.
fn notes(report: &Value) -> Vec<&str> {
    entries(report)[0]["notes"].as_array().expect("notes").iter().map(text).collect()
}

#[test]
fn versions_not_yet_due_break_no_law_and_are_noted() {
    let tools = Tools::new().file("ahead.scn", AHEAD);
    for world in ["sim", "process"] {
        let report = tools.run(&format!("test ahead.scn --world {world} --seed 1 --json")).code(0).json();
        let notes = notes(&report);
        for place in ["at line 15 ", "at the end "] {
            let said = format!("{place}the nodes hold the same, but for versions that are not yet due");
            assert!(notes.iter().any(|note| note.starts_with(&said)), "{world}: {report:#}");
        }
        assert!(notes.iter().any(|note| note.starts_with("`settle ")), "{world}: {report:#}");
    }
    tools.run("test ahead.scn --world sim --seeds 2..40").code(0);
}

#[test]
fn due_versions_must_be_everywhere_even_beside_versions_not_yet_due() {
    let late = "\
settle 1s
network a-b-c
link b-c delay 8s
clock a +60s
a: set far 1
b: set near 1
";
    let tools = Tools::new().file("late.scn", late);
    let report = tools.run("test late.scn --world sim --seed 1 --json").code(1).json();
    assert_eq!(entries(&report)[0]["failure"]["law"], "convergence", "{report:#}");
}

#[test]
fn settling_waits_for_versions_that_come_due() {
    let text = "settle 70s\nnetwork a-b-c\nclock a +60s\na: set far 1\n";
    let tools = Tools::new().file("comes.scn", text);
    let report = tools.run("test comes.scn --world sim --seed 1 --json").code(0).json();
    assert_eq!(notes(&report), Vec::<&str>::new(), "{report:#}");
    let took = entries(&report)[0]["duration_ms"].as_u64().expect("a time");
    assert!((50_000..70_000).contains(&took), "{report:#}");
}

#[test]
fn versions_not_yet_due_are_no_difference_in_steps_by_hand() {
    let tools = Tools::new();
    tools.up("a-b");
    tools.run("do 'a: set near 1' 'expect converged within 30s'").code(0);
    tools.run("do 'clock a +60s' 'a: set far 1' 'expect converged within 300ms'").check(0, "[stamp]\n", "");
    let different =
        tools.run("do 'kill b' 'start b' 'expect b: count == 1 within 30s' 'expect b: count == 2'");
    assert!(different.code(1).err.contains("expected == 2"), "{}", different.err);
}
