//! Tests of the wiring of links to nodes that acknowledge a link before it is up.

use super::*;

/// A network of two nodes that know each other by ports.
const NODES: &str = "node all driver=byc exec=x\nnetwork a-b\n";

/// Returns a script in which `a` lists `b` from the start, and `b` lists `a` from a moment on. The answer to
/// `addPeer` is given.
fn lists_late(at: Duration, wired: Outcome) -> impl FnMut(Duration, &Operation) -> Reaction {
    move |now, operation| match operation {
        Operation::Wire { .. } => Reaction::outcome(wired.clone()),
        Operation::Ask { node: A, words, .. } if words[0] == "peers" => Reaction::outcome(lists(&["b"])),
        Operation::Ask { words, .. } if words[0] == "peers" => {
            Reaction::outcome(lists(if now < at { &[] } else { &["a"] }))
        }
        Operation::Ask { words, .. } if words[0] == "keys" => Reaction::outcome(lists(&[])),
        _ => Reaction::default(),
    }
}

fn exists() -> Outcome {
    Outcome::Refused { code: "neighbor_exists".to_owned(), message: "neighbor exists".to_owned() }
}

#[test]
fn a_link_is_up_when_both_ends_list_each_other() {
    for wired in [Outcome::Done, exists()] {
        let at = Duration::from_secs(7);
        let (verdict, told) = run(&format!("{NODES}wait 1ms\n"), Options::default(), lists_late(at, wired));
        assert_eq!(verdict, Verdict::Passed);
        let is_timer = |operation: &&(Duration, Operation)| matches!(operation.1, Operation::Timer { at } if at == operation.0 + Duration::from_millis(1));
        let waited = told.iter().find(is_timer).map(|(now, _)| *now).expect("the step `wait`");
        assert!(waited >= at && waited < at + Duration::from_secs(1), "the link was up at {waited:?}");
        let wires = told.iter().filter(|(_, operation)| matches!(operation, Operation::Wire { .. }));
        assert_eq!(wires.count(), 1, "an end that lists the other is not told to dial it again");
        let asked = told.iter().filter(|(_, operation)| asks(operation, "peers").is_some()).count();
        assert!((100..=200).contains(&asked), "both were asked {asked} times");
    }
}

#[test]
fn a_link_that_one_end_never_lists_is_reported_with_that_end() {
    let never = lists_late(Duration::MAX, Outcome::Done);
    let (verdict, _) = run(NODES, Options::default(), never);
    assert_eq!(failure(&verdict).message, "the link a-b did not come up: b does not list a");
    assert_eq!(failure(&verdict).when.as_secs(), 15);
}

#[test]
fn an_end_that_does_not_list_the_other_is_told_to_dial_it_again() {
    let mut dials = 0;
    let script = move |_: Duration, operation: &Operation| match operation {
        Operation::Wire { .. } => {
            dials += 1;
            Reaction::default()
        }
        Operation::Ask { node, words, .. } if words[0] == "peers" => {
            Reaction::outcome(lists(match (dials, *node) {
                (0 | 1, _) => &[],
                (_, A) => &["b"],
                _ => &["a"],
            }))
        }
        Operation::Ask { words, .. } if words[0] == "keys" => Reaction::outcome(lists(&[])),
        _ => Reaction::default(),
    };
    let (verdict, told) = run(NODES, Options::default(), script);
    assert_eq!(verdict, Verdict::Passed);
    let wires = told.iter().filter(|(_, operation)| matches!(operation, Operation::Wire { .. }));
    assert_eq!(wires.map(|(at, _)| at.as_secs()).collect::<Vec<_>>(), [0, 3]);
}

#[test]
fn at_the_end_nodes_that_tell_no_changes_are_asked_again_for_their_neighbours() {
    let at = Duration::from_secs(7);
    let mut late = lists_late(at, Outcome::Done);
    // The link is up at first, and then `b` no longer lists it for a while.
    let script = move |now: Duration, operation: &Operation| match operation {
        Operation::Ask { node: B, words, .. } if words[0] == "peers" && now < Duration::from_secs(1) => {
            Reaction::outcome(lists(&["a"]))
        }
        operation => late(now, operation),
    };
    let (verdict, _) = run(&format!("{NODES}wait 2s\n"), Options::default(), script);
    assert_eq!(verdict, Verdict::Passed);
}
