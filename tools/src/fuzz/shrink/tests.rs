//! Tests of the shrinker with invented failures, so that the result is known beforehand.

use super::*;
use crate::fuzz::plan::{Ask, NodeOption, Step, visit};
use crate::run::Law;

const SAME: Signature = Signature::Law(Law::Convergence);

/// Shrinks the plans of those seeds that fail so. The text of each result must be one of the expected.
#[track_caller]
fn check(seeds: std::ops::Range<u64>, fails: impl Fn(&Plan) -> bool, expected: &[&str]) {
    let mut found = 0;
    for seed in seeds {
        let plan = Plan::draw(seed);
        if !fails(&plan) {
            continue;
        }
        found += 1;
        let shrunk = shrink(&plan, &SAME, Budget::default(), |plan| fails(plan).then_some(SAME));
        let text = shrunk.plan.text("");
        assert!(expected.contains(&text.trim()), "seed {seed} is left with\n{text}\nof\n{}", plan.text(""));
        assert_eq!(shrunk.plan, shrunk.plan.mended());
        assert!(fails(&shrunk.plan));
    }
    assert!(found > 3, "{found} seeds fail");
}

fn steps(plan: &Plan) -> Vec<Step> {
    let mut steps = Vec::new();
    visit(&plan.steps, &mut |step| steps.push(step.clone()));
    steps
}

fn is_delete(step: &Step) -> bool {
    matches!(step, Step::Ask { ask: Ask::Delete(_), .. })
}

#[test]
fn a_delete_after_a_cut() {
    let fails = |plan: &Plan| {
        let steps = steps(plan);
        let cut = steps.iter().position(|step| matches!(step, Step::Cut(_)));
        cut.is_some_and(|cut| steps[cut..].iter().any(is_delete))
    };
    // The link of a cut, the way of it, and the node of two: each choice is as small as another.
    let ways = ["a-b", "a->b", "b->a"];
    let left = ways.map(|way| ["a", "b"].map(|node| (way, node))).concat();
    let left: Vec<String> =
        left.iter().map(|(way, node)| format!("network a-b\ncut {way}\ntry {node}: delete k1")).collect();
    check(0..400, fails, &left.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_hundred_turns_of_one_repeat() {
    let fails = |plan: &Plan| {
        let is_long = |step: &Step| matches!(step, Step::Repeat { count: Some(100..), .. });
        steps(plan).iter().any(is_long)
    };
    check(0..60, fails, &["network a\nrepeat 100 {\n  try a: set k1 1\n}"]);
}

#[test]
fn a_node_that_is_started_again_has_ended_before() {
    let fails = |plan: &Plan| {
        let is_start = |step: &Step| matches!(step, Step::Signal(crate::scenario::Verb::Start, _));
        plan.options.iter().any(|(_, option)| *option == NodeOption::Disk) && steps(plan).iter().any(is_start)
    };
    check(
        0..300,
        fails,
        &["node a data=disk\n\nnetwork a\nkill a\nstart a", "node a data=disk\n\nnetwork a\nstop a\nstart a"],
    );
}

#[test]
fn the_same_is_left_every_time_and_no_more_is_run_than_may_be() {
    let fails = |plan: &Plan| steps(plan).iter().any(is_delete).then_some(SAME);
    let plan = (0..1_000).map(Plan::draw).find(|plan| fails(plan).is_some()).unwrap();
    let run = |runs| shrink(&plan, &SAME, Budget { runs }, fails);
    assert_eq!(run(4_000).plan, run(4_000).plan);
    assert_eq!(run(7).runs, 7);
    assert!(run(0).plan == plan);
}

#[test]
fn another_failure_is_not_taken_for_this_one() {
    let plan = (0..1_000).map(Plan::draw).find(|plan| steps(plan).iter().any(is_delete)).unwrap();
    let fails = |plan: &Plan| {
        Some(if steps(plan).iter().any(is_delete) { SAME } else { Signature::Law(Law::Queues) })
    };
    let shrunk = shrink(&plan, &SAME, Budget::default(), fails);
    assert_eq!(shrunk.plan.text("").trim(), "network a\ntry a: delete k1");
}
