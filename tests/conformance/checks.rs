//! Checks that every world passes.

use std::time::Duration;

use rustix::fs::{Mode, mkfifoat};

use tools::scenario::Shape;
use tools::world::{
    Ability, Change, Direction, Event, ExitStatus, LinkChange, NodeIndex, NodeSpec, Occurrence, OpId,
    Operation, Outcome, Signal,
};

use crate::bench::{Bench, number, spec, text};

/// Returns the changes that a node has reported, in order.
fn changes(bench: &Bench, node: NodeIndex) -> Vec<Change> {
    let told = bench.happened.iter().filter_map(|occurrence| match &occurrence.event {
        Event::Changed { node: of, change } if *of == node => Some(change.clone()),
        _ => None,
    });
    told.collect()
}

/// Returns the last change that a node has reported.
fn last(happened: &[Occurrence], node: NodeIndex) -> Option<&Change> {
    happened.iter().rev().find_map(|occurrence| match &occurrence.event {
        Event::Changed { node: of, change } if *of == node => Some(change),
        _ => None,
    })
}

fn is_unknown(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unknown { reason } if !reason.is_empty())
}

#[track_caller]
fn reason(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed { reason } => reason,
        other => panic!("it did not fail: {other:?}"),
    }
}

pub(crate) fn a_node_that_was_launched_is_ready(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    assert_eq!(bench.answer(a, "count"), "0");
}

pub(crate) fn a_node_reports_its_state_when_it_is_launched(bench: &mut Bench) {
    let (node, deadline) = (NodeIndex(0), bench.patience());
    let id = bench.submit(Operation::Launch { node, spec: Box::new(spec("a")), deadline });
    assert_eq!(bench.outcome(id), Outcome::Done);
    let told = bench.place(|event| matches!(event, Event::Changed { .. })).expect("it tells");
    assert!(told < bench.end_of(id));
    let change = &changes(bench, node)[0];
    assert_eq!(change.peers, 0);
    assert_eq!(bench.answer(node, "digest"), change.digest);
}

pub(crate) fn an_ask_is_answered(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let Outcome::Answered(written) = bench.ask(a, "set nom Reimert") else { panic!("a write is answered") };
    let version = written.written.expect("a write tells its version");
    assert_eq!(written.value, text(&version.stamp));
    assert_eq!(bench.answer(a, "get nom"), "Reimert");
    let Outcome::Answered(held) = bench.ask(a, "stamp nom") else { panic!("a stamp is answered") };
    assert_eq!(held.written, Some(version.clone()));
    let Outcome::Answered(later) = bench.ask(a, "set nom Damien") else { panic!("a write is answered") };
    assert!(later.written.expect("a write tells its version").rank > version.rank);
}

pub(crate) fn a_refusal_differs_from_silence(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    match bench.ask(a, "get nom") {
        Outcome::Refused { code, message } => assert!(code == "absent" && !message.is_empty()),
        other => panic!("it was not refused: {other:?}"),
    }
}

pub(crate) fn a_wrong_word_is_refused(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    for words in ["gte x", "get", "addPeer nobody"] {
        let outcome = bench.ask(a, words);
        assert!(matches!(outcome, Outcome::Refused { .. }), "{words}: {outcome:?}");
    }
    assert_eq!(bench.answer(a, "count"), "0");
}

pub(crate) fn answers_come_in_the_order_of_the_questions(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let asked: Vec<OpId> = (0..50).map(|n| bench.begin_ask(a, &format!("set k {n}"))).collect();
    let last = bench.begin_ask(a, "get k");
    assert!(matches!(bench.outcome(last), Outcome::Answered(answer) if answer.value == number(49)));
    let ends: Vec<usize> = asked.iter().map(|id| bench.end_of(*id)).collect();
    assert!(ends.is_sorted(), "{ends:?}");
}

pub(crate) fn a_link_is_listed_at_both_ends_when_it_is_wired(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let b = bench.launch_as(NodeIndex(1), spec("b"));
    assert_eq!(bench.answer(a, "peers"), "");
    assert_eq!(bench.wire(a, b), Outcome::Done);
    assert_eq!((bench.answer(a, "peers"), bench.answer(b, "peers")), ("b".to_owned(), "a".to_owned()));
    bench.until(|happened| {
        [a, b].iter().all(|node| last(happened, *node).is_some_and(|told| told.peers == 1))
    });
}

pub(crate) fn a_link_is_wired_only_once(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let b = bench.launch_as(NodeIndex(1), spec("b"));
    assert_eq!(bench.wire(a, b), Outcome::Done);
    for (from, to) in [(a, b), (b, a)] {
        match bench.wire(from, to) {
            Outcome::Refused { code, .. } => assert_eq!(code, "neighbor_exists"),
            other => panic!("it was wired again: {other:?}"),
        }
    }
    match bench.ask(a, "addPeer b") {
        Outcome::Refused { code, message } => {
            assert_eq!((code.as_str(), message.as_str()), ("neighbor_exists", "neighbor exists"));
        }
        other => panic!("it was wired again: {other:?}"),
    }
}

pub(crate) fn a_change_is_reported_before_the_answer_to_its_write(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    for n in 0..20 {
        let before = changes(bench, a).len();
        assert!(matches!(bench.ask(a, &format!("set k{n} {n}")), Outcome::Answered(_)));
        let after = changes(bench, a);
        assert!(after.len() > before, "nothing was told before the answer");
        let told = after.last().expect("a change").digest.clone();
        assert_eq!(bench.answer(a, "digest"), told);
    }
}

pub(crate) fn a_watched_node_reports_every_version(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let b = bench.launch_as(NodeIndex(1), spec("b"));
    assert!(matches!(bench.ask(a, "set before 1"), Outcome::Answered(_)));
    let deadline = bench.patience();
    let watch = Operation::Watch { node: b, deadline };
    assert_eq!(bench.perform(watch), Outcome::Done);
    assert_eq!(bench.wire(a, b), Outcome::Done);
    let Outcome::Answered(written) = bench.ask(a, "set after 2") else { panic!("a write is answered") };
    let rank = written.written.expect("a write tells its version").rank;
    let told = move |happened: &[Occurrence], key: &str| {
        happened.iter().find_map(|one| match &one.event {
            Event::Stored { node, key: of, rank, .. } if *node == b && of == key => Some(rank.clone()),
            _ => None,
        })
    };
    bench.until(|happened| told(happened, "before").is_some() && told(happened, "after").is_some());
    assert_eq!(told(&bench.happened, "after"), Some(rank));
}

pub(crate) fn a_killed_node_has_exited_before_the_kill_has_ended(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let deadline = bench.patience();
    let id = bench.submit(Operation::Signal { node: a, signal: Signal::Kill, deadline });
    assert_eq!(bench.outcome(id), Outcome::Done);
    let exited = bench.place(|event| *event == Event::Exited { node: a, ending: ExitStatus::Signal(9) });
    assert!(exited.is_some_and(|exited| exited < bench.end_of(id)), "{:?}", bench.happened);
}

pub(crate) fn a_stopped_node_ends_in_order(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let deadline = bench.patience();
    let id = bench.submit(Operation::Signal { node: a, signal: Signal::Stop, deadline });
    assert_eq!(bench.outcome(id), Outcome::Done);
    let exited = bench.place(|event| *event == Event::Exited { node: a, ending: ExitStatus::Code(0) });
    assert!(exited.is_some_and(|exited| exited < bench.end_of(id)), "{:?}", bench.happened);
}

pub(crate) fn an_ask_to_a_node_that_ended_is_unknown(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    assert_eq!(bench.signal(a, Signal::Stop), Outcome::Done);
    let outcome = bench.ask(a, "get x");
    assert!(is_unknown(&outcome), "{outcome:?}");
    let never = bench.ask(NodeIndex(7), "get x");
    assert!(is_unknown(&never), "{never:?}");
}

pub(crate) fn an_ask_that_is_under_way_when_its_node_is_killed_ends(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let deadline = bench.patience();
    let asked: Vec<OpId> = (0..20).map(|n| bench.begin_ask(a, &format!("set k {n}"))).collect();
    let killed = bench.submit(Operation::Signal { node: a, signal: Signal::Kill, deadline });
    let later: Vec<OpId> = (0..20).map(|n| bench.begin_ask(a, &format!("set k {n}"))).collect();
    assert_eq!(bench.outcome(killed), Outcome::Done);
    for id in asked.into_iter().chain(later) {
        let outcome = bench.outcome(id);
        assert!(matches!(outcome, Outcome::Answered(_)) || is_unknown(&outcome), "{outcome:?}");
    }
    // A lost connection ends its asks at once, long before their deadlines.
    assert!(bench.now() < deadline);
}

pub(crate) fn a_node_that_ended_can_be_launched_again(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let b = bench.launch_as(NodeIndex(1), spec("b"));
    assert_eq!(bench.wire(b, a), Outcome::Done);
    assert!(matches!(bench.ask(a, "set x 1"), Outcome::Answered(_)));
    let empty = changes(bench, a)[0].digest.clone();
    let alike = |happened: &[Occurrence]| match (last(happened, a), last(happened, b)) {
        (Some(one), Some(other)) => one == other && one.peers == 1 && one.digest != empty,
        _ => false,
    };
    bench.until(alike);
    for signal in [Signal::Kill, Signal::Stop] {
        assert_eq!(bench.signal(a, signal), Outcome::Done);
        bench.launch_as(a, spec("a"));
        // The node has its old address, so that its neighbour finds it again and sends what it holds.
        bench.until(alike);
        assert_eq!(bench.answer(a, "get x"), "1");
    }
}

pub(crate) fn a_node_that_has_ended_can_be_killed(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    assert_eq!(bench.signal(a, Signal::Kill), Outcome::Done);
    assert_eq!(bench.signal(a, Signal::Kill), Outcome::Done);
    assert_eq!(bench.signal(a, Signal::Stop), Outcome::Done);
    let exits = bench.happened.iter().filter(|one| matches!(one.event, Event::Exited { .. })).count();
    assert_eq!(exits, 1);
}

pub(crate) fn a_paused_node_leaves_asks_unknown_by_their_deadline(bench: &mut Bench) {
    if !bench.can(Ability::Pause) {
        return;
    }
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    assert_eq!(bench.signal(a, Signal::Pause), Outcome::Done);
    let deadline = bench.now() + Duration::from_millis(200);
    let id = bench.begin_ask_until(a, "set x 1", deadline);
    let outcome = bench.outcome(id);
    assert!(is_unknown(&outcome), "{outcome:?}");
    assert!(bench.now() >= deadline, "it had until {deadline:?} and was given up at {:?}", bench.now());
    assert!(bench.place(|event| matches!(event, Event::Exited { .. })).is_none());
}

pub(crate) fn a_resumed_node_goes_on(bench: &mut Bench) {
    if !bench.can(Ability::Pause) {
        return;
    }
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    assert!(matches!(bench.ask(a, "set x 1"), Outcome::Answered(_)));
    assert_eq!(bench.signal(a, Signal::Pause), Outcome::Done);
    let asked = bench.begin_ask(a, "get x");
    assert_eq!(bench.signal(a, Signal::Resume), Outcome::Done);
    assert!(matches!(bench.outcome(asked), Outcome::Answered(answer) if answer.value == number(1)));
    assert_eq!(bench.answer(a, "count"), "1");
}

pub(crate) fn a_paused_node_can_be_killed_and_stopped(bench: &mut Bench) {
    if !bench.can(Ability::Pause) {
        return;
    }
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    for signal in [Signal::Kill, Signal::Stop] {
        assert_eq!(bench.signal(a, Signal::Pause), Outcome::Done);
        assert_eq!(bench.signal(a, signal), Outcome::Done);
        bench.launch_as(a, spec("a"));
        assert_eq!(bench.answer(a, "count"), "0");
    }
}

pub(crate) fn an_unexpected_exit_of_a_node_is_reported(bench: &mut Bench) {
    if !bench.can(Ability::Exec) {
        return;
    }
    // The program is a native node under a shell. A write to the pipe makes the shell kill its node and
    // exit. In a PID namespace, the shell's child has another process id than outside, so that the test
    // could not kill it.
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("end");
    mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("a pipe");
    let (program, path) = (env!("CARGO_BIN_EXE_tools"), pipe.display());
    let script = format!(
        "\"{program}\" node --name {{name}} --listen {{host}}:{{port}} & read word < \"{path}\"; kill $!; wait; exit 9"
    );
    let exec = shlex::try_join(["sh", "-c", &script]).expect("no zero byte");
    let a = bench.launch_as(NodeIndex(0), NodeSpec { exec: Some(exec), ..spec("a") });
    std::fs::write(&pipe, "end\n").expect("the shell reads");
    let exited = Event::Exited { node: a, ending: ExitStatus::Code(9) };
    bench.until(|happened| happened.iter().any(|occurrence| occurrence.event == exited));
}

#[track_caller]
fn failed_launch(bench: &mut Bench, exec: &str, patience: Duration) -> String {
    let exec = Some(exec.to_owned());
    let deadline = bench.now() + patience;
    let spec = NodeSpec { exec, ..spec("a") };
    let outcome = bench.perform(Operation::Launch { node: NodeIndex(0), spec: Box::new(spec), deadline });
    let outcome = reason(outcome);
    let asked = bench.ask(NodeIndex(0), "count");
    assert!(is_unknown(&asked), "a node that was not launched answers: {asked:?}");
    outcome
}

pub(crate) fn a_program_that_is_not_there_fails_its_launch(bench: &mut Bench) {
    if !bench.can(Ability::Exec) {
        return;
    }
    let reason = failed_launch(bench, "/no/such/program", crate::bench::PATIENCE);
    assert!(reason.contains("/no/such/program"), "{reason}");
}

pub(crate) fn a_program_that_dies_at_once_fails_its_launch_with_its_last_words(bench: &mut Bench) {
    if !bench.can(Ability::Exec) {
        return;
    }
    let reason = failed_launch(bench, "sh -c 'echo well; echo oops >&2; exit 7'", crate::bench::PATIENCE);
    for words in ["exit code 7", "well", "oops"] {
        assert!(reason.contains(words), "{reason}");
    }
}

pub(crate) fn a_program_that_is_never_ready_fails_its_launch_by_the_deadline(bench: &mut Bench) {
    if !bench.can(Ability::Exec) {
        return;
    }
    let reason = failed_launch(bench, "sh -c 'trap \"\" TERM; sleep 1115'", Duration::from_millis(200));
    assert!(reason.contains("not ready"), "{reason}");
    // The failed program must be gone before the node can be launched again.
    bench.launch_as(NodeIndex(0), spec("a"));
    assert_eq!(bench.answer(NodeIndex(0), "count"), "0");
}

pub(crate) fn a_log_holds_what_a_node_wrote(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let b = bench.launch_as(NodeIndex(1), spec("b"));
    assert!(matches!(bench.ask(a, "set nom Reimert"), Outcome::Answered(_)));
    let log = |bench: &mut Bench, node, lines| match bench.perform(Operation::Log { node, lines }) {
        Outcome::Lines(lines) => lines,
        other => panic!("a log is lines: {other:?}"),
    };
    let lines = log(bench, a, 100);
    assert!(lines.len() >= 2, "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("set nom")), "{lines:?}");
    assert!(!log(bench, b, 100).iter().any(|line| line.contains("set nom")));
    // A log of one line is its first line, its last line, and a line that counts the omitted ones.
    let ends = log(bench, a, 1);
    assert_eq!((ends.first(), ends.last()), (lines.first(), lines.last()));
    assert!(ends.len() <= 3, "{ends:?}");
    // A log outlives its node, and the next launch appends to it.
    assert_eq!(bench.signal(a, Signal::Kill), Outcome::Done);
    assert_eq!(log(bench, a, 100), lines);
    bench.launch_as(a, spec("a"));
    let more = log(bench, a, 100);
    assert!(more.len() > lines.len() && more.starts_with(&lines), "{more:?}");
    // An excerpt holds the lines of the last life alone.
    let excerpt = match bench.perform(Operation::Excerpt { node: a, lines: 100 }) {
        Outcome::Lines(lines) => lines,
        other => panic!("an excerpt is lines: {other:?}"),
    };
    assert!(excerpt.starts_with(&more[lines.len()..]), "{excerpt:?}");
}

pub(crate) fn timers_end_in_their_order_and_not_early(bench: &mut Bench) {
    let began = bench.now();
    let at = |ms| began + Duration::from_millis(ms);
    let moments: Vec<Duration> = [90, 30, 60, 30, 0].into_iter().map(at).collect();
    let timers: Vec<OpId> = moments.iter().map(|at| bench.submit(Operation::Timer { at: *at })).collect();
    for (id, at) in timers.iter().zip(&moments) {
        assert_eq!(bench.outcome(*id), Outcome::Done);
        let ended = bench.happened[bench.end_of(*id)].at;
        assert!(ended >= *at, "a timer for {at:?} ended at {ended:?}");
    }
    let ends: Vec<usize> = [4, 1, 2, 0].map(|timer: usize| bench.end_of(timers[timer])).to_vec();
    assert!(ends.is_sorted(), "{ends:?}");
}

pub(crate) fn time_never_goes_back(bench: &mut Bench) {
    // The bench compares the time of each event with the one before it.
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    for n in 0..100 {
        bench.begin_ask(a, &format!("set k {n}"));
        let at = bench.now() + Duration::from_millis(n % 7);
        bench.submit(Operation::Timer { at });
        bench.submit(Operation::Log { node: a, lines: 1 });
    }
    bench.settle();
}

pub(crate) fn an_operation_that_the_world_cannot_do_fails(bench: &mut Bench) {
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let b = bench.launch_as(NodeIndex(1), spec("b"));
    let direction = Direction { from: a, to: b };
    let cases = [
        (Ability::Cut, Operation::Links(vec![LinkChange::Cut(direction)])),
        (Ability::Break, Operation::Links(vec![LinkChange::Break(direction)])),
        (Ability::Shape, Operation::Links(vec![LinkChange::Shape(direction, vec![Shape::Rate(1_000)])])),
        (Ability::Loss, Operation::Links(vec![LinkChange::Shape(direction, vec![Shape::Loss(0.5)])])),
        (Ability::Cut, Operation::Partition(vec![vec![a], vec![b]])),
        (Ability::Clock, Operation::Clock { node: a, offset_ms: 10_000 }),
        (Ability::Fill, Operation::Disk { node: a, full: true }),
    ];
    for (ability, operation) in cases {
        if !bench.can(ability) {
            let outcome = bench.perform(operation);
            assert!(!reason(outcome).is_empty());
        }
    }
}

pub(crate) fn every_operation_ends_exactly_once(bench: &mut Bench) {
    let nodes: Vec<NodeIndex> = (0..4).map(NodeIndex).collect();
    for (node, name) in nodes.iter().zip(["a", "b", "c", "d"]) {
        let deadline = bench.patience();
        bench.submit(Operation::Launch { node: *node, spec: Box::new(spec(name)), deadline });
    }
    bench.settle();
    let mut submitted = 4;
    for turn in 0..10 {
        let deadline = bench.patience();
        for (index, node) in nodes.iter().copied().enumerate() {
            let to = nodes[(index + 1) % nodes.len()];
            bench.submit(Operation::Wire { from: node, to, deadline });
            bench.begin_ask(node, &format!("set k {turn}"));
            bench.begin_ask(node, "get nothing");
            bench.begin_ask(node, "no command");
            bench.submit(Operation::Watch { node, deadline });
            bench.submit(Operation::Log { node, lines: 3 });
            submitted += 6;
        }
        let victim = nodes[turn % nodes.len()];
        let signal = if turn % 2 == 0 { Signal::Kill } else { Signal::Stop };
        bench.submit(Operation::Signal { node: victim, signal, deadline });
        bench.submit(Operation::Signal { node: victim, signal, deadline });
        bench.begin_ask(victim, "count");
        bench.submit(Operation::Timer { at: bench.now() });
        submitted += 4;
        bench.settle();
        let spec = spec(["a", "b", "c", "d"][turn % nodes.len()]);
        bench.submit(Operation::Launch { node: victim, spec: Box::new(spec), deadline });
        submitted += 1;
        bench.settle();
    }
    let ended = bench.happened.iter().filter(|one| matches!(one.event, Event::Ended { .. })).count();
    // `settle` submits one timer: it is called twice a turn, and once at the beginning.
    assert_eq!(ended, submitted + 21);
}
