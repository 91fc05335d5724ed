//! Tests of the runner over a world of a few lines: the operations that it submits, and
//! its reaction to events.

mod acknowledged_writes;
mod details;
mod double;

mod types;
mod windows;
mod wiring;

use std::collections::BTreeMap;
use std::time::Duration;

use double::{Double, Reaction, changed, holds, lists};

use super::{Failure, FailureKind, Law, Options, Report, Session, Verdict};
use crate::scenario::{Shape, parse};
use crate::text::Source;
use crate::world::{Direction, Event, LinkChange, NodeIndex, Operation, Outcome};

const A: NodeIndex = NodeIndex(0);
const B: NodeIndex = NodeIndex(1);

/// Runs a scenario. Returns its verdict, and the operations that were submitted.
fn run(
    text: &str,
    options: Options,
    script: impl FnMut(Duration, &Operation) -> Reaction + 'static,
) -> (Verdict, Vec<(Duration, Operation)>) {
    let (report, told) = report(text, options, script);
    (report.verdict, told)
}

/// Runs a scenario. Returns its report, and the operations that were submitted.
fn report(
    text: &str,
    options: Options,
    script: impl FnMut(Duration, &Operation) -> Reaction + 'static,
) -> (Report, Vec<(Duration, Operation)>) {
    let (report, told, _) = session(text, options, script);
    (report, told)
}

/// Runs a scenario. Returns its report, the operations that were submitted, and the session after it.
fn session(
    text: &str,
    options: Options,
    script: impl FnMut(Duration, &Operation) -> Reaction + 'static,
) -> (Report, Vec<(Duration, Operation)>, Session) {
    let mut includes = |path: &str| Err(path.to_owned());
    let source = Source::new("test.scn", text);
    let (scenario, _) = parse(&source, &BTreeMap::new(), &mut includes).unwrap();
    let mut world = Double::new(Box::new(script));
    let session = Session::without_journal(options);
    let report = session.scenario(&mut world, &scenario);
    let told = world.told.take();
    (report, told, session)
}

fn usual(_: Duration, _: &Operation) -> Reaction {
    Reaction::default()
}

#[track_caller]
fn failure(verdict: &Verdict) -> &Failure {
    verdict.failure().expect("it fails")
}

fn asks<'a>(operation: &'a Operation, command: &str) -> Option<&'a [String]> {
    match operation {
        Operation::Ask { words, .. } if words[0] == command => Some(words),
        _ => None,
    }
}

#[test]
fn an_answer_that_goes_back_fails_the_scenario_at_its_step() {
    let mut rank = 6;
    let (verdict, _) =
        run("network a-b\na: get k\na: get k\na: get k\n", Options::default(), move |_, operation| {
            if asks(operation, "get").is_none() {
                return Reaction::default();
            }
            rank -= 1;
            Reaction::outcome(holds("v", &rank.to_string()))
        });
    let failure = failure(&verdict);
    assert_eq!((failure.kind, failure.law), (FailureKind::End, Some(Law::MonotonicReads)));
    let at = failure.at.as_ref().unwrap();
    assert_eq!(at.source.place(at.span).line, 3);
    assert_eq!(failure.differences.len(), 2);
}

/// Checks the law that is broken by one node which answers these ranks to `set`, to `get`, and to
/// `stamp` at the end.
#[track_caller]
fn check_end(set: &'static str, get: &'static str, stamp: &'static str, expected: Option<Law>) {
    let (verdict, _) = run("network a\na: set k v 5\na: get k\n", Options::default(), move |_, operation| {
        let rank = match operation {
            Operation::Ask { words, .. } => match words[0].as_str() {
                "set" => set,
                "get" => get,
                "stamp" => stamp,
                _ => return Reaction::default(),
            },
            _ => return Reaction::default(),
        };
        Reaction::outcome(holds("v", rank))
    });
    assert_eq!(verdict.failure().and_then(|failure| failure.law), expected);
}

#[test]
fn at_the_end_a_lost_write_is_told_before_the_read_that_goes_back() {
    check_end("5", "5", "5", None);
    check_end("5", "5", "4", Some(Law::NothingLost));
    check_end("5", "7", "6", Some(Law::MonotonicReads));
}

#[test]
fn stored_versions_are_watched_from_the_start_and_must_increase() {
    let options = Options { versions: true, ..Options::default() };
    let script = |_: Duration, operation: &Operation| match operation {
        Operation::Watch { node, .. } => {
            let stored = |rank: &str| Event::Stored {
                node: *node,
                key: "k".to_owned(),
                rank: rank.to_owned(),
                wall_ms: 0,
            };
            let ms = Duration::from_millis;
            Reaction::events(vec![(ms(1), stored("5")), (ms(2), stored("4"))])
        }
        _ => Reaction::default(),
    };
    let (verdict, _) = run("network a\nwait 1s\n", options, script);
    assert_eq!(failure(&verdict).law, Some(Law::StoredIncrease));
    assert_eq!(failure(&verdict).when, Duration::from_micros(2_001));
    let (verdict, _) = run("network a\nwait 1s\n", Options::default(), script);
    assert_eq!(verdict, Verdict::Passed, "nobody watches");
}

#[test]
fn a_partition_is_submitted_as_its_sets_and_healing_joins_what_was_cut() {
    let text = "network a-b, b-c\ncut a->b\npartition a | rest\nheal\n";
    let (verdict, told) = run(text, Options::default(), usual);
    assert_eq!(verdict, Verdict::Passed);
    let of_links = |(_, operation): &(Duration, Operation)| {
        matches!(operation, Operation::Links(_) | Operation::Partition(_)).then(|| operation.clone())
    };
    let direction = Direction { from: A, to: B };
    let expected = [
        Operation::Links(vec![LinkChange::Cut(direction)]),
        Operation::Partition(vec![vec![A], vec![B, NodeIndex(2)]]),
        Operation::Partition(Vec::new()),
        Operation::Links(vec![LinkChange::Join(direction)]),
    ];
    assert_eq!(told.iter().filter_map(of_links).collect::<Vec<_>>(), expected);
}

#[test]
fn a_shape_of_all_links_is_given_to_later_ones_before_they_are_wired() {
    let text = "network a-b\nlink all delay 50ms\nnetwork b-c\nlink all clear\nnetwork c-d\n";
    let (_, told) = run(text, Options::default(), usual);
    let shape = [Shape::Delay(Duration::from_millis(50))];
    let steps: Vec<String> = told
        .iter()
        .filter_map(|(_, operation)| match operation {
            Operation::Wire { from, to, .. } => Some(format!("wire {}-{}", from.0, to.0)),
            Operation::Links(changes) => {
                Some(changes.iter().fold(String::new(), |line, change| match change {
                    LinkChange::Shape(way, given) if given == &shape => {
                        format!("{line}{}>{} ", way.from.0, way.to.0)
                    }
                    LinkChange::Shape(way, _) => format!("{line}{}|{} ", way.from.0, way.to.0),
                    other => format!("{line}{other:?} "),
                }))
            }
            _ => None,
        })
        .collect();
    assert_eq!(steps, ["wire 0-1", "0>1 1>0 ", "1>2 2>1 ", "wire 1-2", "0|1 1|0 1|2 2|1 ", "wire 2-3"]);
}

#[test]
fn links_that_only_one_end_lists_fail_after_patience() {
    let one_sided = |_: Duration, operation: &Operation| match operation {
        Operation::Ask { node, words, .. } if words[0] == "peers" => {
            Reaction::outcome(if *node == A { lists(&["b"]) } else { lists(&[]) })
        }
        _ => Reaction::default(),
    };
    let (verdict, _) = run("network a-b\n", Options::default(), one_sided);
    let failure = failure(&verdict);
    assert_eq!(failure.law, Some(Law::SymmetricLinks));
    assert_eq!(failure.differences, ["a lists b, and b does not list a"]);
    assert_eq!(failure.when.as_secs(), 20);
    assert_eq!(failure.message, "nodes do not list each other, 20 s after they held the same");

    let options = Options { timeout_factor: 2.0, ..Options::default() };
    let (verdict, _) = run("settle 1s\nnetwork a-b\n", options, one_sided);
    let message = "nodes do not list each other, 32 s after they held the same";
    assert_eq!(self::failure(&verdict).message, message, "what was really waited");
}

#[test]
fn links_that_come_to_be_listed_at_both_ends_are_fine() {
    let script = |now: Duration, operation: &Operation| match operation {
        Operation::Ask { node, words, .. } if words[0] == "peers" => {
            let late = now >= Duration::from_secs(7);
            Reaction::outcome(match *node {
                A => lists(&["b"]),
                _ if late => lists(&["a"]),
                _ => lists(&[]),
            })
        }
        Operation::Launch { node: B, .. } => {
            Reaction::events(vec![(Duration::from_secs(7), changed(B, "0", 1))])
        }
        _ => Reaction::default(),
    };
    let (verdict, told) = run("network a-b\n", Options::default(), script);
    assert_eq!(verdict, Verdict::Passed);
    let peers: Vec<u64> = told
        .iter()
        .filter(|(_, operation)| asks(operation, "peers").is_some())
        .map(|(at, _)| at.as_secs())
        .collect();
    assert_eq!(peers, [0, 0, 7], "only who told of a change is asked again");
}

#[test]
fn queues_are_looked_at_while_steps_run_and_at_the_end() {
    let full = |_: Duration, operation: &Operation| match asks(operation, "stats") {
        Some(_) => Reaction::outcome(lists(&["missing=5000", "peers=0"])),
        None => Reaction::default(),
    };
    for (audit, when) in [(Some(Duration::from_secs(1)), 1), (None, 3)] {
        let options = Options { audit, ..Options::default() };
        let (verdict, _) = run("network a\nwait 3s\n", options, full);
        assert_eq!(failure(&verdict).law, Some(Law::Queues));
        assert_eq!(failure(&verdict).when.as_secs(), when);
    }
}

#[test]
fn a_clock_is_set_before_its_node_starts() {
    let (_, told) = run("node a clock=-500ms\nnetwork a-b\n", Options::default(), usual);
    let clocks: Vec<i64> = told
        .iter()
        .filter_map(|(_, operation)| match operation {
            Operation::Launch { spec, .. } => Some(spec.clock_ms),
            _ => None,
        })
        .collect();
    assert_eq!(clocks, [-500, 0]);
}

#[test]
fn a_node_that_is_frozen_at_the_end_of_a_measure_is_named() {
    let script = |_: Duration, operation: &Operation| match operation {
        Operation::Ask { node, words, .. } if words[0] == "set" => {
            let stored = Event::Stored { node: *node, key: "k".to_owned(), rank: "5".to_owned(), wall_ms: 0 };
            Reaction::events(vec![(Duration::ZERO, stored)])
        }
        _ => Reaction::default(),
    };
    let text = "network a-b\nmeasure m { a: set k v; pause b }\n";
    let (verdict, _) = run(text, Options::default(), script);
    let failure = failure(&verdict);
    assert_eq!(failure.message, "`b` is paused at the end of `measure m`: its counters cannot be read");
    assert_eq!(failure.help.as_deref(), Some("`resume b` inside the block"));
}

#[test]
fn time_that_runs_away_is_told_with_its_reason_at_the_step_under_way() {
    let script = |_: Duration, operation: &Operation| match operation {
        Operation::Timer { .. } => {
            let reason = "virtual time has passed 24 h; still scheduled: 2 timers".to_owned();
            Reaction {
                events: vec![(Duration::ZERO, Event::Runaway { reason })],
                ..Reaction::outcome(Outcome::Done)
            }
        }
        _ => Reaction::default(),
    };
    let (verdict, _) = run("network a\nwait 1s\n", Options::default(), script);
    let failure = failure(&verdict);
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(failure.message, "virtual time has passed 24 h; still scheduled: 2 timers");
}
