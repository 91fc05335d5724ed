//! Tests of the details that a failure's report asks for, and that asking for them leaves
//! the failure as it is.

use std::time::Duration;

use super::double::{Reaction, changed, holds, lists};
use super::{A, B, asks, failure, report, run, session};
use crate::run::{Failure, FailureKind, Law, Options, Verdict};
use crate::world::{Answer, Event, ExitStatus, NodeIndex, Operation, Outcome, Value};

const MS: Duration = Duration::from_millis(1);

/// Returns a script in which each node but the first tells a digest of its own, and asks get these answers.
fn apart(
    mut answer: impl FnMut(NodeIndex, &[String]) -> Option<Reaction>,
) -> impl FnMut(Duration, &Operation) -> Reaction {
    move |_, operation| match operation {
        Operation::Launch { node, .. } if *node != A => {
            // The usual change is told 1,000 ns after the launch; this one comes just after it.
            Reaction::events(vec![(Duration::from_nanos(1_001), changed(*node, &node.0.to_string(), 0))])
        }
        Operation::Ask { node, words, .. } => answer(*node, words).unwrap_or_default(),
        _ => Reaction::default(),
    }
}

fn keys(count: usize) -> Outcome {
    let keys = (0..count).map(|key| format!("{key:05}")).collect();
    Outcome::Answered(Answer { value: Value::List(keys), written: None })
}

fn asked(told: &[(Duration, Operation)], command: &str) -> usize {
    told.iter().filter(|(_, operation)| asks(operation, command).is_some()).count()
}

#[test]
fn who_does_not_converge_fails_so_however_long_it_takes_to_say_how_they_differ() {
    let text = "timeout 7s\nnetwork a-b\n";
    let script = apart(|node, words| {
        let reaction = match words[0].as_str() {
            "keys" => Reaction::outcome(lists(&["k"])),
            _ => Reaction::outcome(holds(if node == A { "1" } else { "2" }, "5")),
        };
        Some(reaction.after(Duration::from_secs(4)))
    });
    let (verdict, _) = run(text, Options::default(), script);
    let failure = failure(&verdict);
    assert_eq!((failure.kind, failure.law), (FailureKind::End, Some(Law::Convergence)));
    assert_eq!(failure.when.as_secs(), 5);
    assert_eq!(failure.differences, ["`k` is a: \"1\" (stamp 1); b: \"2\" (stamp 2)"]);
}

#[test]
fn an_expectation_of_convergence_that_fails_tells_how_they_differ_as_well() {
    let script = apart(|node, words| {
        let of_b = if words[0] == "get" {
            Outcome::Refused { code: "absent".to_owned(), message: "no".to_owned() }
        } else {
            holds("7.0", "7")
        };
        Some(Reaction::outcome(match words[0].as_str() {
            "keys" => lists(&["k"]),
            _ if node == B => of_b,
            _ => holds("", "5"),
        }))
    });
    let (verdict, _) = run("network a-b\nexpect converged within 1s\n", Options::default(), script);
    assert_eq!(failure(&verdict).kind, FailureKind::Expectation);
    let line = "`k` is a: an empty value (stamp ); b: deleted (stamp 7.0)";
    assert_eq!(failure(&verdict).differences, [line]);
}

#[test]
fn keys_are_compared_side_by_side_and_no_more_than_a_few_thousand() {
    let same = |_: NodeIndex, words: &[String]| {
        Some(Reaction::outcome(if words[0] == "keys" { keys(10_000) } else { holds("v", "5") }))
    };
    let (verdict, told) = run("network a-b\n", Options::default(), apart(same));
    assert_eq!(failure(&verdict).differences, ["… and 5904 keys that were not compared"]);
    assert_eq!(asked(&told, "get"), 2 * 4_096);
    let moments: std::collections::BTreeSet<_> =
        told.iter().filter(|(_, operation)| asks(operation, "get").is_some()).map(|(at, _)| *at).collect();
    assert!(moments.len() <= 64, "{}", moments.len());
}

#[test]
fn twenty_differing_keys_are_told_and_then_no_more_are_asked_for() {
    let differ = |node: NodeIndex, words: &[String]| {
        let value = node.0.to_string();
        Some(Reaction::outcome(if words[0] == "keys" { keys(10_000) } else { holds(&value, "5") }))
    };
    let (verdict, told) = run("network a-b\n", Options::default(), apart(differ));
    let lines = &failure(&verdict).differences;
    assert_eq!((lines.len(), lines[20].as_str()), (21, "… and more keys"));
    assert!(asked(&told, "get") <= 256);
}

#[test]
fn of_many_groups_some_are_compared_and_who_is_silent_is_asked_once() {
    let star: Vec<String> = (1..20).map(|node| format!("n0-n{node}")).collect();
    let script = apart(|node, words| {
        Some(match words[0].as_str() {
            "keys" if node == NodeIndex(3) => {
                Reaction::outcome(Outcome::Unknown { reason: "it sleeps".to_owned() })
            }
            "keys" => Reaction::outcome(lists(&["k", "l"])),
            _ => Reaction::outcome(holds("v", "5")),
        })
    });
    let (verdict, told) = run(&format!("network {}\n", star.join(", ")), Options::default(), script);
    let lines = &failure(&verdict).differences;
    assert_eq!(lines[0], "of 20 groups of nodes that differ, 8 are compared");
    assert_eq!(asked(&told, "keys"), 8);
    assert!(asked(&told, "get") <= 2 * 8);
    let silent = told
        .iter()
        .filter(|(_, operation)| matches!(operation, Operation::Ask { node, .. } if *node == NodeIndex(3)));
    assert!(silent.count() <= 1);
}

/// Returns a script in which `b` refuses a step, and this event happens while logs are read.
fn refused(meanwhile: fn() -> Event) -> impl FnMut(Duration, &Operation) -> Reaction {
    move |_, operation| match operation {
        Operation::Ask { node: B, words, .. } if words[0] == "set" => {
            Reaction::outcome(Outcome::Refused { code: "refused".to_owned(), message: "no".to_owned() })
        }
        Operation::Excerpt { node: B, .. } => Reaction {
            events: vec![(MS, meanwhile())],
            ..Reaction::outcome(Outcome::Lines(vec!["its end".to_owned()])).after(2 * MS)
        },
        Operation::Excerpt { .. } => Reaction::outcome(Outcome::Lines(vec!["its end".to_owned()])),
        _ => Reaction::default(),
    }
}

#[track_caller]
fn check_first(failure: &Failure) {
    assert_eq!(failure.kind, FailureKind::Step);
    assert_eq!(failure.message, "`b: set k v` was refused: no (refused)");
}

#[test]
fn what_happens_while_logs_are_read_does_not_replace_what_failed_first() {
    let died = || Event::Exited { node: A, ending: ExitStatus::Signal(9) };
    let ran_away = || Event::Runaway { reason: "time is over".to_owned() };
    for meanwhile in [died as fn() -> Event, ran_away] {
        let (report, _) = report("network a-b\nb: set k v\n", Options::default(), refused(meanwhile));
        check_first(failure(&report.verdict));
    }
}

#[test]
fn no_law_is_judged_while_logs_are_read() {
    let options = Options { versions: true, ..Options::default() };
    let mut script =
        refused(|| Event::Stored { node: B, key: "k".to_owned(), rank: "4".to_owned(), wall_ms: 0 });
    let (verdict, _) = run("network a-b\nb: set k v\n", options, move |now, operation| match operation {
        Operation::Watch { node: B, .. } => Reaction::events(vec![(
            Duration::ZERO,
            Event::Stored { node: B, key: "k".to_owned(), rank: "5".to_owned(), wall_ms: 0 },
        )]),
        _ => script(now, operation),
    });
    check_first(failure(&verdict));
    assert_eq!(failure(&verdict).logs.len(), 1, "nothing broke it off");
}

#[test]
fn an_interrupt_while_logs_are_read_ends_the_reading_and_is_remembered() {
    let text = "network a-b\nb: set k v\n";
    let (report, _, after) = session(text, Options::default(), refused(|| Event::Interrupted));
    assert!(matches!(report.verdict, Verdict::Failed(_)), "{:?}", report.verdict);
    check_first(failure(&report.verdict));
    assert!(after.was_interrupted());
    let (_, _, after) = session(text, Options::default(), refused(|| Event::Woken));
    assert!(!after.was_interrupted());
}
