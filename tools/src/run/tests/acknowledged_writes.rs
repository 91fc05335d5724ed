//! Tests of the check at the end that acknowledged writes are held.

use std::time::Duration;

use super::double::{Reaction, holds};
use super::{A, B, asks, failure, report, run};
use crate::run::{FailureKind, Law, Options, Verdict};
use crate::world::{NodeIndex, Operation, Outcome};

fn silence() -> Outcome {
    Outcome::Unknown { reason: "5 s passed".to_owned() }
}

fn refused(code: &str) -> Outcome {
    Outcome::Refused { code: code.to_owned(), message: "no".to_owned() }
}

/// Runs one node that acknowledged `k` and answers `stamp` with these, the last for ever. Returns the
/// verdict and the number of times that `stamp` was asked.
fn asked_at_the_end(answers: Vec<fn() -> Outcome>) -> (Verdict, usize) {
    let mut turn = 0;
    let (verdict, told) = run("network a\na: set k v\n", Options::default(), move |_, operation| {
        if asks(operation, "stamp").is_none() {
            return Reaction::default();
        }
        let answer = answers[turn.min(answers.len() - 1)];
        turn += 1;
        Reaction::outcome(answer())
    });
    (verdict, told.iter().filter(|(_, operation)| asks(operation, "stamp").is_some()).count())
}

#[test]
fn a_node_that_says_that_it_holds_nothing_has_lost_what_it_acknowledged() {
    let (verdict, asked) = asked_at_the_end(vec![|| refused("absent")]);
    assert_eq!((failure(&verdict).law, asked), (Some(Law::NothingLost), 1));
    assert_eq!(failure(&verdict).differences.len(), 1);
}

#[test]
fn a_node_that_does_not_say_what_it_holds_is_asked_again() {
    assert_eq!(asked_at_the_end(vec![silence, || holds("v", "5")]), (Verdict::Passed, 2));
    assert_eq!(
        asked_at_the_end(vec![|| refused("unavailable"), silence, || holds("v", "5")]).0,
        Verdict::Passed
    );
}

#[test]
fn silence_at_the_end_is_a_missed_answer_and_breaks_no_law() {
    let refuses = || refused("unavailable");
    for (answer, held) in
        [(silence as fn() -> Outcome, "no answer: 5 s passed"), (refuses, "error: no (unavailable)")]
    {
        let (verdict, asked) = asked_at_the_end(vec![answer]);
        let failure = failure(&verdict);
        assert_eq!((failure.kind, failure.law, asked), (FailureKind::Step, None, 3));
        assert_eq!(failure.message, "what a holds of `k` at the end is not known: it was asked 3 times");
        assert_eq!(failure.findings[0].held, held);
    }
}

#[test]
fn silence_excuses_no_write_of_a_node_that_ended() {
    let text = "network a-b\na: set k v\nkill a\n";
    let answer = |outcome: fn() -> Outcome| {
        report(text, Options::default(), move |_, operation| match asks(operation, "stamp") {
            Some(_) => Reaction::outcome(outcome()),
            None => Reaction::default(),
        })
        .0
    };
    assert!(answer(|| holds("v", "5")).excused.is_empty());
    assert_eq!(answer(|| holds("v", "4")).excused.len(), 1);
    assert_eq!(answer(|| refused("absent")).excused.len(), 1);
    let silent = answer(silence);
    assert_eq!(failure(&silent.verdict).kind, FailureKind::Step);
    assert!(silent.excused.is_empty());
}

/// Returns the nodes that were asked at the end, each with the key, and the number of moments of asking.
fn at_the_end(told: &[(Duration, Operation)]) -> (Vec<(NodeIndex, String)>, usize) {
    let asked = told.iter().filter_map(|(at, operation)| match operation {
        Operation::Ask { node, words, .. } if words[0] == "stamp" => Some((*at, *node, words[1].clone())),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    let moments: std::collections::BTreeSet<_> = asked.iter().map(|(at, ..)| *at).collect();
    (asked.into_iter().map(|(_, node, key)| (node, key)).collect(), moments.len())
}

#[test]
fn every_component_is_asked_at_once_for_what_its_own_nodes_answer_for() {
    let text = "network a-b-c\ncut a-b, b-c\na: set k v\nb: set k v\nc: set l v\n";
    let (verdict, told) = run(text, Options::default(), |_, _| Reaction::default());
    assert_eq!(verdict, Verdict::Passed);
    let (asked, moments) = at_the_end(&told);
    let wanted = [(A, "k"), (B, "k"), (NodeIndex(2), "l")].map(|(node, key)| (node, key.to_owned()));
    assert_eq!((asked, moments), (wanted.to_vec(), 1));
}

#[test]
fn whether_somebody_holds_an_orphaned_write_is_asked_of_all_components_at_once() {
    let text = "network a-b-c\ncut b-c\na: set k v\na: set l v\nkill a\n";
    let script = |_: Duration, operation: &Operation| match operation {
        // One component holds one of the keys; no node holds the other.
        Operation::Ask { node, words, .. } if words[0] == "stamp" => {
            let is_held = *node == B && words[1] == "k";
            Reaction::outcome(if is_held { holds("v", "5") } else { refused("absent") })
        }
        _ => Reaction::default(),
    };
    let (report, told) = report(text, Options::default(), script);
    assert_eq!(report.verdict, Verdict::Passed);
    assert_eq!(report.excused.len(), 1);
    assert!(report.excused[0].starts_with("`l`"), "{:?}", report.excused);
    assert_eq!(at_the_end(&told).1, 1);
}
