//! Tests over a small world in memory, whose nodes are right or wrong.

mod stores;

use std::collections::{BTreeMap, BTreeSet};

use std::time::Duration;

use super::figures::Counts;
use super::*;
use crate::journal::{JournalEntry, JournalEvent, LawState, NodeLife, OperationOutcome};
use crate::scenario::Shape;
use crate::workload::{CheckResult, Kind, Options};
use crate::world::{
    Answer, Declaration, Event, ExitStatus, LinkChange, Misconduct, NodeIndex, NodeSpec, Occurrence, OpId,
    Operation, Outcome, PROCESS, Signal, Value,
};

/// The function of all nodes: from a question to an answer and its delay in milliseconds; none is silence.
type Node = Box<dyn FnMut(NodeIndex, &[String], Duration) -> Option<(u64, Outcome)>>;

/// A world whose nodes are one function.
struct Double {
    node: Node,
    now: Duration,
    queue: BTreeMap<(Duration, u64), Event>,
    count: u64,
    told: Vec<Operation>,
    /// The reason why no node can be started, if there is one.
    failing: Option<String>,
}

impl Double {
    fn new(node: impl FnMut(NodeIndex, &[String], Duration) -> Option<(u64, Outcome)> + 'static) -> Self {
        Self {
            node: Box::new(node),
            now: Duration::ZERO,
            queue: BTreeMap::new(),
            count: 0,
            told: Vec::new(),
            failing: None,
        }
    }

    fn tell(&mut self, at: Duration, event: Event) {
        self.count += 1;
        self.queue.insert((at, self.count), event);
    }
}

impl World for Double {
    fn declaration(&self) -> &'static Declaration {
        &PROCESS
    }

    fn submit(&mut self, id: OpId, operation: Operation) {
        let mut at = self.now + Duration::from_micros(1);
        let outcome = match &operation {
            Operation::Timer { at: until } => {
                at = at.max(*until);
                Outcome::Done
            }
            Operation::Signal { node, signal: signal @ (Signal::Kill | Signal::Stop), .. } => {
                let ending =
                    if *signal == Signal::Kill { ExitStatus::Signal(9) } else { ExitStatus::Code(0) };
                self.tell(at, Event::Exited { node: *node, ending });
                Outcome::Done
            }
            Operation::Ask { words, .. } if words[0] == "stats" => {
                answered(Value::List(vec!["messages_sent=30".to_owned(), "client_messages=7".to_owned()]))
            }
            Operation::Ask { node, words, deadline, .. } => match (self.node)(*node, words, self.now) {
                Some((ms, outcome)) if self.now + Duration::from_millis(ms) < *deadline => {
                    at = self.now + Duration::from_millis(ms);
                    outcome
                }
                _ => {
                    at = *deadline;
                    Outcome::Unknown { reason: "no answer".to_owned() }
                }
            },
            Operation::Launch { node, .. } if self.failing.is_some() => {
                self.tell(at, Event::Exited { node: *node, ending: ExitStatus::Code(127) });
                Outcome::Failed { reason: self.failing.clone().unwrap_or_default() }
            }
            Operation::Log { .. } => Outcome::Lines(vec!["it was too much".to_owned()]),
            _ => Outcome::Done,
        };
        self.told.push(operation);
        self.tell(at, Event::Ended { id, outcome });
    }

    fn next(&mut self) -> Occurrence {
        let ((at, _), event) = self.queue.pop_first().expect("something is under way");
        self.now = at;
        Occurrence { at, event }
    }

    fn wall_ms(&self) -> u64 {
        u64::try_from(self.now.as_millis()).unwrap_or(u64::MAX)
    }
}

fn answered(value: Value) -> Outcome {
    Outcome::Answered(Answer { value, written: None })
}

/// Runs a test of which no record is wanted.
fn run(world: &mut dyn World, plan: &Plan, on_stage: &mut dyn FnMut(Stage)) -> Report {
    super::run(world, plan, &mut |_: &JournalEntry| {}, on_stage)
}

fn plan(kind: Kind) -> Plan {
    let node = |index: usize| NodeSpec { name: format!("n{index}"), ..NodeSpec::default() };
    Plan {
        kind,
        options: Options::default(),
        nodes: (0..3).map(node).collect(),
        links: vec![(0, 1), (1, 2)],
        clients: 3,
        rate: 100.0,
        time: Duration::from_secs(10),
        shapes: Vec::new(),
        partitions: None,
        has_ways_past: false,
        node_faults: Vec::new(),
        node_faults_every: Duration::from_secs(1),
        protocol: Protocol::Routed,
        patience: Duration::from_secs(5),
        quiet: Duration::from_secs(2),
        availability: None,
        judged_up_to: None,
        seed: 1,
    }
}

/// Returns nodes that share a set; `add` is called for each value that is added.
fn set(mut add: impl FnMut(&mut BTreeSet<String>, &str) + 'static) -> Double {
    let mut held = BTreeSet::new();
    Double::new(move |_, words, _| {
        let value = if words[0] == "read" {
            Value::List(held.iter().cloned().collect())
        } else {
            add(&mut held, &words[1]);
            Value::Done
        };
        Some((2, answered(value)))
    })
}

fn right() -> Double {
    set(|held, value| {
        held.insert(value.to_owned());
    })
}

fn verdict(report: &Report) -> &CheckResult {
    match &report.end {
        End::Judged(verdict) => verdict,
        other => panic!("{other:?}"),
    }
}

#[test]
fn right_nodes_are_valid_and_counted() {
    let mut world = right();
    let mut stages = Vec::new();
    let report = run(&mut world, &plan(Kind::Broadcast), &mut |stage| stages.push(stage));
    assert!(verdict(&report).is_valid(), "{:?}", report.end);
    assert!(matches!(stages[..], [Stage::Starting, Stage::Asking(_), Stage::Quiet]));
    let total = report.figures.total();
    assert!((900..1_100).contains(&total.ok), "{total:?}");
    assert!((report.figures.availability - 1.0).abs() < f64::EPSILON);
    assert_eq!(report.figures.latency.unwrap().max, Some(Duration::from_millis(2)));
    assert_eq!((report.figures.server_messages, report.figures.messages), (90, 90 + 21 + total.ok + 3 + 6));
    assert!((report.figures.server_messages_per_operation() - 90.0 / total.ok as f64).abs() < 1e-9);
    let counts: Vec<&String> = report.figures.counts.keys().collect();
    assert_eq!(counts, ["broadcast", "read"]);
    // Ten seconds of load, and two of quiet.
    assert!(report.duration > Duration::from_secs(12) && report.duration < Duration::from_secs(13));
    let Some(Agreement::InTime(after)) = report.agreement else { panic!("{:?}", report.agreement) };
    assert!((2.0..2.1).contains(&after.as_secs_f64()), "{after:?}");
}

#[test]
fn the_record_has_every_operation_by_its_number_in_the_history() {
    let mut entries = Vec::new();
    let mut world = late(Duration::from_secs(13));
    let mut recorder = |entry: &JournalEntry| entries.push(entry.clone());
    let report = super::run(&mut world, &plan(Kind::GSet), &mut recorder, &mut |_| {});
    let (mut asks, mut operations, mut problems, mut lives) = (BTreeMap::new(), 0, Vec::new(), Vec::new());
    for JournalEntry { at_us, event } in &entries {
        match event {
            JournalEvent::Ask { op, words, .. } => drop(asks.insert(*op, (*at_us, words.clone()))),
            JournalEvent::Operation { number, op, client, words, begin_us, outcome, last, .. } => {
                assert_eq!(*number, operations);
                let of = &report.history.operations()[usize::try_from(operations).unwrap()];
                operations += 1;
                assert_eq!((*client, words, *last), (of.client as u64, &of.words, of.last));
                assert_eq!(asks[op], (Some(*begin_us), of.words.clone()));
                assert_eq!(u128::from(at_us.unwrap()), of.completed.as_micros());
                assert_eq!(*outcome, OperationOutcome::Ok);
            }
            JournalEvent::Problem { operations, .. } => problems.push(operations.clone()),
            JournalEvent::Life { node, life } => lives.push((*node, *life)),
            _ => {}
        }
    }
    assert_eq!(usize::try_from(operations).unwrap(), report.history.operations().len());
    let told: Vec<Vec<u64>> = verdict(&report)
        .problems
        .iter()
        .map(|problem| problem.operations.iter().map(|number| *number as u64).collect())
        .collect();
    assert_eq!((problems, told.is_empty()), (told, false));
    assert!(
        entries.iter().any(|entry| matches!(entry.event, JournalEvent::Law { state: LawState::Broken, .. }))
    );
    let of_first = lives.iter().filter(|(node, _)| *node == NodeIndex(0)).map(|(_, life)| *life);
    // The end of the nodes, when the test is over, is no part of it.
    let expected = [NodeLife::Starting, NodeLife::Running];
    assert_eq!(of_first.collect::<Vec<_>>(), expected);
    assert!(entries.is_sorted_by_key(|entry| entry.at_us));
}

#[test]
fn the_same_seed_asks_the_same() {
    let asked = |seed: u64| {
        let mut world = right();
        let report = run(&mut world, &Plan { seed, ..plan(Kind::GSet) }, &mut |_| {});
        (0..report.history.operations().len()).map(|index| report.history.line(index)).collect::<Vec<_>>()
    };
    assert_eq!(asked(1), asked(1));
    assert_ne!(asked(1), asked(2));
}

#[test]
fn wrong_nodes_are_found_after_they_had_time() {
    let mut world = set(|held, value| {
        if value != "40" {
            held.insert(value.to_owned());
        }
    });
    let report = run(&mut world, &plan(Kind::Broadcast), &mut |_| {});
    let verdict = verdict(&report);
    assert_eq!(verdict.found, 1);
    assert!(verdict.problems[0].message.starts_with("40, acknowledged by n"), "{verdict:?}");
    assert!(report.duration > Duration::from_secs(14));
}

/// Returns nodes that share a set, of which the second shows what it holds only after a time.
fn late(until: Duration) -> Double {
    let mut held = BTreeSet::new();
    Double::new(move |node, words, now| {
        let late = node == NodeIndex(1) && now < until;
        let outcome = match words[0].as_str() {
            "read" if late => answered(Value::List(Vec::new())),
            "read" => answered(Value::List(held.iter().cloned().collect())),
            _ => {
                held.insert(words[1].clone());
                answered(Value::Done)
            }
        };
        Some((1, outcome))
    })
}

#[test]
fn nodes_have_the_quiet_time_to_agree() {
    let report = run(&mut late(Duration::from_secs(11)), &plan(Kind::GSet), &mut |_| {});
    assert!(verdict(&report).is_valid(), "{:?}", report.end);
    assert!(matches!(report.agreement, Some(Agreement::InTime(_))), "{:?}", report.agreement);
}

#[test]
fn the_final_reads_decide_and_the_time_until_nodes_agree_is_only_told() {
    let mut stages = Vec::new();
    let mut world = late(Duration::from_secs(13));
    let report = run(&mut world, &plan(Kind::GSet), &mut |stage| stages.push(stage));
    assert!(verdict(&report).problems.iter().all(|problem| problem.kind == "lost"), "{:?}", report.end);
    assert!(verdict(&report).found > 0);
    let Some(Agreement::Late(after)) = report.agreement else { panic!("{:?}", report.agreement) };
    assert!((3.0..4.0).contains(&after.as_secs_f64()), "{after:?}");
    assert_eq!(stages.last(), Some(&Stage::Agreeing));
    // Reads after the final ones are no part of the history.
    let finals = report.history.operations().iter().rev().take_while(|operation| operation.last).count();
    assert_eq!(finals, 3);

    let report = run(&mut late(Duration::from_hours(1)), &plan(Kind::GSet), &mut |_| {});
    let Some(Agreement::Never(within)) = report.agreement else { panic!("{:?}", report.agreement) };
    assert!((4.0..5.0).contains(&within.as_secs_f64()), "{within:?}");
}

#[test]
fn every_client_reads_its_node_once_at_the_end() {
    let finals = |clients| {
        let report = run(&mut right(), &Plan { clients, ..plan(Kind::GSet) }, &mut |_| {});
        assert!(verdict(&report).is_valid(), "{:?}", report.end);
        let finals = report.history.operations().iter().filter(|operation| operation.last);
        finals.map(|operation| (operation.client, operation.node.0)).collect::<Vec<_>>()
    };
    assert_eq!(finals(5), [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1)]);
    // Nodes without a client are not read.
    assert_eq!(finals(2), [(0, 0), (1, 1)]);
}

#[test]
fn without_a_rate_nothing_is_asked_until_the_final_reads() {
    let report = run(&mut right(), &Plan { rate: 0.0, ..plan(Kind::GSet) }, &mut |_| {});
    assert_eq!(report.history.operations().len(), 3);
    assert!(verdict(&report).undecided.is_some(), "{:?}", report.end);
    assert!(report.duration > Duration::from_secs(12));
    let report = run(&mut right(), &Plan { rate: 0.0, ..plan(Kind::LinKv) }, &mut |_| {});
    assert!(report.history.operations().is_empty() && verdict(&report).is_valid());
    assert!((report.figures.availability - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_rate_that_was_not_reached_is_told() {
    let slow = || Double::new(|_, words, _| Some((500, answered(Value::Text(words[1].clone())))));
    let report = run(&mut slow(), &plan(Kind::Echo), &mut |_| {});
    let Some((reached, planned)) = report.figures.rate_missed else { panic!("{:?}", report.figures) };
    assert!((5.0..7.0).contains(&reached) && (planned - 100.0).abs() < f64::EPSILON, "{reached}");
    let report = run(&mut right(), &plan(Kind::GSet), &mut |_| {});
    assert_eq!(report.figures.rate_missed, None);
}

#[test]
fn who_is_silent_is_unknown_and_keeps_its_client() {
    let report = run(&mut mute_first(), &plan(Kind::UniqueIds), &mut |_| {});
    assert!(verdict(&report).is_valid());
    // In ten seconds a client that waits five seconds asks twice.
    assert_eq!(report.figures.total().unknown, 2);
    assert!(report.figures.total().ok > 800);
    let latency = report.figures.latency.unwrap();
    assert_eq!((latency.never, latency.p99, latency.max), (2, Some(Duration::from_millis(1)), None));
    // An echo that does not come back is a problem; an id that nobody gives is none.
    let report = run(&mut mute_first(), &plan(Kind::Echo), &mut |_| {});
    assert_eq!((verdict(&report).found, verdict(&report).problems[0].kind), (2, "unanswered"));
}

/// Returns nodes that answer with something new each time, or with the text of an echo; the first is silent.
fn mute_first() -> Double {
    let mut next = 0;
    Double::new(move |node, words, _| {
        next += 1;
        let text = words.get(1).cloned().unwrap_or_else(|| next.to_string());
        (node != NodeIndex(0)).then(|| (1, answered(Value::Text(text))))
    })
}

#[test]
fn nodes_that_do_nothing_are_not_right() {
    let refused = || Outcome::Refused { code: "refused".to_owned(), message: String::new() };
    for (mut world, kind) in [
        (Double::new(|_, _, _| None), Kind::Echo),
        (Double::new(move |_, _, _| Some((1, refused()))), Kind::UniqueIds),
    ] {
        let report = run(&mut world, &plan(kind), &mut |_| {});
        let problems = &verdict(&report).problems;
        let problem = problems.iter().find(|problem| problem.kind == "never_done").expect("a problem");
        assert!(problem.message.contains(" asked of n0, n1, n2: "), "{problem:?}");
    }
}

#[test]
fn who_succeeds_too_seldom_is_not_right() {
    let with = |availability| {
        let plan = Plan { availability: Some(availability), ..plan(Kind::UniqueIds) };
        verdict(&run(&mut mute_first(), &plan, &mut |_| {})).clone()
    };
    assert!(with(0.9).is_valid());
    let total = with(1.0);
    assert_eq!((total.found, total.problems[0].kind), (1, "availability"));
    let message = &total.problems[0].message;
    assert!(message.starts_with("2 of ") && message.ends_with(" is expected"), "{message}");
}

#[test]
fn final_reads_are_no_operations_of_clients_and_count_for_the_availability() {
    // The first operation would be due after the end.
    let seldom = Plan { rate: 1e-6, availability: Some(0.5), ..plan(Kind::Broadcast) };
    let report = run(&mut right(), &seldom, &mut |_| {});
    assert_eq!(report.history.operations().len(), 3);
    assert_eq!((report.figures.total(), report.figures.latency.is_none()), (Counts::default(), true));
    assert_eq!(verdict(&report).found, 0);
    let seldom = Plan { quiet: Duration::ZERO, ..seldom };
    let report = run(&mut Double::new(|_, _, _| None), &seldom, &mut |_| {});
    let availability = verdict(&report).problems.iter().find(|problem| problem.kind == "availability");
    assert!(availability.expect("a problem").message.starts_with("3 of 3 operations did not succeed"));
}

#[test]
fn what_time_cannot_heal_is_told_after_the_final_reads() {
    let mut world = set(|held, value| {
        held.insert(value.to_owned());
        held.insert("-1".to_owned());
    });
    let report = run(&mut world, &plan(Kind::Broadcast), &mut |_| {});
    assert_eq!(verdict(&report).problems[0].kind, "unexpected");
    assert!(report.duration < Duration::from_secs(13), "{:?}", report.duration);
}

#[test]
fn partitions_come_and_go_and_are_gone_at_the_end() {
    let mut world = right();
    let plan = Plan {
        partitions: Some(Duration::from_secs(1)),
        shapes: vec![Shape::Delay(Duration::from_millis(5))],
        nodes: (0..6).map(|index| NodeSpec { name: format!("n{index}"), ..NodeSpec::default() }).collect(),
        time: Duration::from_secs(30),
        ..plan(Kind::GSet)
    };
    let report = run(&mut world, &plan, &mut |_| {});
    assert!(verdict(&report).is_valid());
    let told: Vec<&str> = report.faults.iter().map(|(_, told)| told.as_str()).collect();
    assert!(told.len() >= 29 && told.last() == Some(&"heal"), "{told:?}");
    assert!(told.iter().step_by(2).all(|told| told.starts_with("partition ")));
    assert!(told.iter().skip(1).step_by(2).all(|told| *told == "heal"));
    let (begun, fault) = &report.faults[0];
    assert_eq!(report.fault_at(*begun), Some(fault.as_str()));
    assert_eq!((report.fault_at(Duration::ZERO), report.fault_at(report.faults[1].0)), (None, None));
    assert_eq!(report.conditions, ["latency 5 ms"]);
    let mut cut = BTreeSet::new();
    let mut parted = false;
    let mut shaped = 0;
    for operation in &world.told {
        match operation {
            Operation::Partition(sets) => parted = !sets.is_empty(),
            Operation::Links(changes) => {
                for change in changes {
                    match change {
                        LinkChange::Cut(direction) => assert!(cut.insert(*direction)),
                        LinkChange::Join(direction) => assert!(cut.remove(direction)),
                        _ => shaped += 1,
                    }
                }
            }
            _ => {}
        }
    }
    assert_eq!((parted, cut.len(), shaped), (false, 0, 30));
}

#[test]
fn a_node_that_dies_is_blamed() {
    let mut world = right();
    world.tell(Duration::from_secs(3), Event::Exited { node: NodeIndex(1), ending: ExitStatus::Code(7) });
    let report = run(&mut world, &plan(Kind::Broadcast), &mut |_| {});
    let End::Died { node, how, at, log } = report.end else { panic!("{:?}", report.end) };
    assert_eq!((node.as_str(), how.as_str(), at), ("n1", "exit code 7", Duration::from_secs(3)));
    assert_eq!(log, ["it was too much"]);
    let killed = |told: &&Operation| matches!(told, Operation::Signal { signal: Signal::Kill, .. });
    assert_eq!(world.told.iter().filter(killed).count(), 3);
}

#[test]
fn a_node_that_breaks_its_protocol_is_blamed_and_an_interrupt_ends_it() {
    let ended_by = |event: Event| {
        let mut world = right();
        world.tell(Duration::from_secs(1), event);
        run(&mut world, &plan(Kind::Broadcast), &mut |_| {}).end
    };
    for how in [Misconduct::Protocol, Misconduct::Flood] {
        let how = how("answered message 7 twice".to_owned());
        let end = ended_by(Event::Misbehaved { node: NodeIndex(2), how: how.clone() });
        assert_eq!(end, End::Misbehaved { node: "n2".to_owned(), how, at: Duration::from_secs(1) });
    }
    assert_eq!(ended_by(Event::Interrupted), End::Interrupted);
}

#[test]
fn who_cannot_be_started_is_told_with_the_reason() {
    let mut world = right();
    world.failing = Some("there is no ./node".to_owned());
    let end = run(&mut world, &plan(Kind::Echo), &mut |_| {}).end;
    assert_eq!(end, End::Broken { reason: "n0 could not be started: there is no ./node".to_owned() });
    let mut world = right();
    // The time is after the world was told of the nodes, and before it was told to start them all.
    world
        .tell(Duration::from_nanos(1_500), Event::Exited { node: NodeIndex(1), ending: ExitStatus::Code(1) });
    let end = run(&mut world, &plan(Kind::Echo), &mut |_| {}).end;
    assert_eq!(end, End::Broken { reason: "n1 ended before all were ready: exit code 1".to_owned() });
}
