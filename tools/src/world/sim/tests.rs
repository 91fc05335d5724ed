//! Tests of the properties that this world has beyond those of every world.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::scheduled::Scheduled;
use super::world::{LIMIT, REACH};
use super::{Hold, Holder, Options, Reseed, Sim, Tracer};
use crate::world::{
    Answer, Direction, Event, LinkChange, MessageEvent, NodeIndex, NodeSpec, Occurrence, OpId, Operation,
    Outcome, Signal, Value, World as _,
};

const PATIENCE: Duration = Duration::from_mins(10);

/// A bench for tests: a simulated world that carries out one operation after another.
struct Bench {
    world: Sim,
    last: u64,
    happened: Vec<Occurrence>,
}

impl Bench {
    fn new(options: Options) -> Self {
        Self { world: Sim::new(options), last: 0, happened: Vec::new() }
    }

    fn seeded(seed: u64) -> Self {
        Self::new(Options { seed, ..Options::default() })
    }

    fn now(&self) -> Duration {
        self.world.now
    }

    #[track_caller]
    fn perform(&mut self, operation: Operation) -> Outcome {
        self.last += 1;
        self.world.submit(OpId(self.last), operation);
        loop {
            let occurrence = self.world.next();
            self.happened.push(occurrence.clone());
            match occurrence.event {
                Event::Ended { id, outcome } if id.0 == self.last => return outcome,
                Event::Runaway { reason } => panic!("{reason}"),
                _ => {}
            }
        }
    }

    #[track_caller]
    fn launch(&mut self, number: usize, name: &str, disk: bool) -> NodeIndex {
        let node = NodeIndex(number);
        let spec =
            Box::new(NodeSpec { name: name.into(), driver: "native".into(), disk, ..NodeSpec::default() });
        assert_eq!(self.perform(Operation::Launch { node, spec, deadline: PATIENCE }), Outcome::Done);
        node
    }

    #[track_caller]
    fn wire(&mut self, from: NodeIndex, to: NodeIndex) {
        assert_eq!(self.perform(Operation::Wire { from, to, deadline: PATIENCE }), Outcome::Done);
    }

    fn ask(&mut self, node: NodeIndex, words: &[&str]) -> Outcome {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let deadline = self.now() + Duration::from_secs(5);
        self.perform(Operation::Ask { node, words, deadline, until: None })
    }

    #[track_caller]
    fn answer(&mut self, node: NodeIndex, words: &[&str]) -> String {
        match self.ask(node, words) {
            Outcome::Answered(Answer { value, .. }) => value.to_string(),
            other => panic!("{words:?}: {other:?}"),
        }
    }

    fn wait(&mut self, time: Duration) {
        let at = self.now() + time;
        self.perform(Operation::Timer { at });
    }

    fn signal(&mut self, node: NodeIndex, signal: Signal) {
        self.perform(Operation::Signal { node, signal, deadline: PATIENCE });
    }

    /// Makes a world with two linked nodes.
    fn pair(options: Options) -> (Self, NodeIndex, NodeIndex) {
        let mut bench = Self::new(options);
        let (a, b) = (bench.launch(0, "a", false), bench.launch(1, "b", false));
        bench.wire(a, b);
        (bench, a, b)
    }
}

/// Returns the trace of a short run in which everything draws that can.
fn trace(seed: u64) -> String {
    let lines = Rc::new(RefCell::new(String::new()));
    let taken = Rc::clone(&lines);
    let tracer: Tracer = Box::new(move |line| {
        taken.borrow_mut().push_str(line);
        taken.borrow_mut().push('\n');
    });
    let mut bench = Bench::new(Options { seed, trace: Some(tracer), ..Options::default() });
    let (a, b) = (bench.launch(0, "a", true), bench.launch(1, "b", false));
    bench.wire(a, b);
    for n in 0..20 {
        bench.ask(a, &["set", "k", &n.to_string()]);
    }
    bench.signal(a, Signal::Kill);
    bench.launch(0, "a", true);
    bench.wait(Duration::from_secs(20));
    drop(bench);
    lines.take()
}

#[test]
fn the_same_seed_gives_the_same_trace_to_the_byte() {
    let once = trace(1);
    assert!(once.lines().count() > 100, "{once}");
    for line in once.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["at_ns"].is_u64() && line["event"].is_string(), "{line}");
    }
    assert_eq!(once, trace(1));
    assert_ne!(once, trace(2));
}

#[test]
fn a_link_that_is_silent_for_long_breaks_and_comes_back_when_it_heals() {
    let (mut bench, a, b) = Bench::pair(Options::default());
    assert_eq!(bench.perform(Operation::Partition(vec![vec![a], vec![b]])), Outcome::Done);
    bench.wait(Duration::from_secs(9));
    assert_eq!(bench.answer(a, &["peers"]), "b", "nobody can know yet");
    bench.wait(Duration::from_secs(6));
    assert_eq!((bench.answer(a, &["peers"]), bench.answer(b, &["peers"])), (String::new(), String::new()));
    bench.ask(a, &["set", "k", "1"]);
    assert_eq!(bench.perform(Operation::Partition(Vec::new())), Outcome::Done);
    bench.wait(Duration::from_secs(5));
    assert_eq!((bench.answer(a, &["peers"]), bench.answer(b, &["peers"])), ("b".into(), "a".into()));
    assert_eq!(bench.answer(b, &["get", "k"]), "1");
}

#[test]
fn what_was_sent_into_a_short_silence_arrives_when_it_ends() {
    let (mut bench, a, b) = Bench::pair(Options::default());
    let direction = Direction { from: a, to: b };
    bench.perform(Operation::Links(vec![LinkChange::Cut(direction)]));
    bench.ask(a, &["set", "k", "1"]);
    bench.wait(Duration::from_secs(1));
    assert!(matches!(bench.ask(b, &["get", "k"]), Outcome::Refused { .. }));
    // The other direction is open.
    bench.ask(b, &["set", "l", "2"]);
    bench.wait(Duration::from_millis(10));
    assert_eq!(bench.answer(a, &["get", "l"]), "2");
    bench.perform(Operation::Links(vec![LinkChange::Join(direction)]));
    assert_eq!(bench.answer(b, &["get", "k"]), "1");
}

#[test]
fn what_a_broken_connection_had_under_way_is_lost_and_made_good() {
    let (mut bench, a, b) = Bench::pair(Options::default());
    bench.ask(a, &["set", "k", "1"]);
    // The version is under way for a millisecond.
    bench.perform(Operation::Links(vec![LinkChange::Break(Direction { from: b, to: a })]));
    assert_eq!(bench.answer(a, &["peers"]), "");
    bench.wait(Duration::from_millis(2));
    assert!(matches!(bench.ask(b, &["get", "k"]), Outcome::Refused { .. }));
    bench.wait(Duration::from_secs(1));
    assert_eq!(bench.answer(b, &["get", "k"]), "1");
}

#[test]
fn who_writes_to_a_node_that_does_not_read_is_held_up_and_keeps_little() {
    let (mut bench, a, b) = Bench::pair(Options::default());
    bench.signal(b, Signal::Pause);
    let value = "x".repeat(100_000);
    for n in 0..100 {
        assert!(matches!(bench.ask(a, &["set", &n.to_string(), &value]), Outcome::Answered(_)));
    }
    let queued: u64 = bench.answer(a, &["stats", "outbox_weight"]).parse().unwrap();
    assert!((1..=4 << 20).contains(&queued), "{queued}");
    let under_way: usize = bench
        .world
        .queue
        .iter()
        .map(|(_, what)| matches!(what, Scheduled::Arrival(_)))
        .filter(|is| *is)
        .count();
    assert!(under_way < 10, "{under_way}");
    bench.signal(b, Signal::Resume);
    bench.wait(Duration::from_secs(30));
    assert_eq!(bench.answer(b, &["count"]), "100");
}

#[test]
fn a_killed_node_keeps_what_it_acknowledged_on_disk_and_perhaps_more() {
    let mut kept = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let mut bench = Bench::seeded(seed);
        let a = bench.launch(0, "a", true);
        assert!(matches!(bench.ask(a, &["set", "acknowledged", "1"]), Outcome::Answered(_)));
        // These writes reach the disk and are not answered any more.
        let deadline = bench.now() + PATIENCE;
        for n in 0..4 {
            let words = vec!["set".to_owned(), format!("k{n}"), "1".to_owned()];
            bench.world.submit(OpId(1_000 + n), Operation::Ask { node: a, words, deadline, until: None });
        }
        bench.signal(a, Signal::Kill);
        bench.launch(0, "a", true);
        assert_eq!(bench.answer(a, &["get", "acknowledged"]), "1");
        kept.insert(bench.answer(a, &["count"]));
    }
    // The kill keeps a part of the writes under way, from none of them to all.
    let all: Vec<String> = (1..=5).map(|count| count.to_string()).collect();
    assert_eq!(kept.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn without_a_disk_a_killed_node_comes_back_empty_and_as_somebody_else() {
    let mut bench = Bench::seeded(1);
    let a = bench.launch(0, "a", false);
    bench.ask(a, &["set", "k", "1"]);
    bench.signal(a, Signal::Stop);
    bench.launch(0, "a", false);
    assert_eq!(bench.answer(a, &["count"]), "0");
    let Outcome::Lines(log) = bench.perform(Operation::Log { node: a, lines: 100 }) else { panic!("lines") };
    let ids: std::collections::BTreeSet<&str> =
        log.iter().filter_map(|line| line.split("(id ").nth(1)?.split(',').next()).collect();
    assert_eq!(ids.len(), 2, "{log:#?}");
}

#[test]
fn a_dial_that_waits_at_a_frozen_node_is_reset_when_that_is_killed() {
    let mut bench = Bench::seeded(1);
    let (a, b) = (bench.launch(0, "a", false), bench.launch(1, "b", false));
    bench.signal(b, Signal::Pause);
    let deadline = bench.now() + PATIENCE;
    bench.world.submit(OpId(1_000), Operation::Wire { from: a, to: b, deadline });
    bench.wait(Duration::from_secs(1));
    bench.signal(b, Signal::Kill);
    bench.wait(Duration::from_millis(10));
    assert_eq!(bench.world.network.open(), 0);
    // The dialler tries again until the three seconds of its dial are over.
    bench.wait(Duration::from_secs(2));
    let refused = |one: &Occurrence| {
        matches!(&one.event, Event::Ended { id: OpId(1_000), outcome: Outcome::Refused { .. } })
    };
    assert!(bench.happened.iter().any(refused), "{:#?}", bench.happened);
    assert_eq!(bench.world.network.open(), 0);
}

#[test]
fn a_node_that_was_frozen_is_woken_again() {
    for frozen_ms in [10, 100, 1_000, 2_500, 5_000] {
        let (mut bench, a, b) = Bench::pair(Options::default());
        bench.wait(Duration::from_millis(700));
        bench.signal(a, Signal::Pause);
        bench.wait(Duration::from_millis(frozen_ms));
        bench.signal(a, Signal::Resume);
        // The node's keep-alives go on: its peer does not take it for dead.
        bench.wait(Duration::from_mins(1));
        assert_eq!((bench.answer(a, &["peers"]), bench.answer(b, &["peers"])), ("b".into(), "a".into()));
        bench.perform(Operation::Partition(vec![vec![a], vec![b]]));
        bench.wait(Duration::from_secs(15));
        assert_eq!(bench.answer(a, &["peers"]), "", "after {frozen_ms} ms");
    }
}

#[test]
fn a_node_at_work_has_few_wakes_scheduled() {
    let (mut bench, a, b) = Bench::pair(Options::default());
    for n in 0..200 {
        bench.ask(if n % 2 == 0 { a } else { b }, &["set", &n.to_string(), "1"]);
        bench.wait(Duration::from_millis(20));
    }
    let wakes = bench.world.queue.iter().filter(|(_, what)| matches!(what, Scheduled::Wake(_))).count();
    assert!((1..=6).contains(&wakes), "{wakes}");
    for node in &bench.world.nodes {
        assert!(node.wakes.is_sorted_by(|one, other| one > other), "{:?}", node.wakes);
    }
}

#[test]
fn a_trace_holds_frames_byte_for_byte() {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let taken = Rc::clone(&lines);
    let tracer: Tracer = Box::new(move |line| taken.borrow_mut().push(line.to_owned()));
    let (mut bench, a, _) = Bench::pair(Options { trace: Some(tracer), ..Options::default() });
    // A parser of JSON into numbers would write each of these differently.
    let values = ["1e400", "1.10", "12345678901234567890123"];
    for value in values {
        assert!(matches!(bench.ask(a, &["set", "k", value]), Outcome::Answered(_)));
    }
    bench.wait(Duration::from_secs(1));
    let lines = lines.borrow();
    for value in values {
        let holds =
            |line: &&String| line.contains(r#""event":"frame""#) && line.contains(&format!(":{value}"));
        assert!(lines.iter().any(|line| holds(&line)), "{value}: {lines:#?}");
    }
}

#[test]
fn time_that_runs_away_is_told_with_what_is_scheduled() {
    let mut bench = Bench::seeded(1);
    bench.launch(0, "a", false);
    bench.world.submit(OpId(99), Operation::Timer { at: 2 * LIMIT });
    let reason = loop {
        if let Event::Runaway { reason } = bench.world.next().event {
            break reason;
        }
    };
    assert!(reason.starts_with("virtual time is limited to 24 h: "), "{reason}");
    assert!(reason.contains("; still scheduled: 1 timer of the scenario (the first at 48 h)"), "{reason}");
    assert!(matches!(bench.world.next().event, Event::Runaway { .. }));
}

#[test]
fn copies_of_values_are_told_where_that_is_wanted() {
    for payloads in [false, true] {
        let (mut bench, a, _) = Bench::pair(Options { payloads, ..Options::default() });
        bench.ask(a, &["set", "k", "1"]);
        bench.wait(Duration::from_secs(1));
        let told: Vec<_> = bench
            .happened
            .iter()
            .filter(|one| matches!(&one.event, Event::Payload { node, key, .. } if *node == a && key == "k"))
            .collect();
        assert_eq!(told.len(), usize::from(payloads));
    }
}

#[test]
fn an_ask_takes_time_also_where_nobody_runs() {
    let mut bench = Bench::seeded(1);
    let outcome = bench.ask(NodeIndex(3), &["get", "k"]);
    assert!(matches!(outcome, Outcome::Unknown { .. }));
    assert_eq!(bench.now(), REACH);
    let a = bench.launch(0, "a", false);
    let Outcome::Answered(Answer { value: Value::Json(count), .. }) = bench.ask(a, &["count"]) else {
        panic!("a count")
    };
    assert_eq!(count, "0");
}

/// Returns the trace of a network with links, a disk and a killed node, with all drawn anew at some points,
/// the times of these points, and the number of events.
fn reseeded_run(reseeds: Vec<Reseed>) -> (Vec<String>, Vec<Duration>, u64) {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let written = Rc::clone(&lines);
    let trace: Tracer = Box::new(move |line| written.borrow_mut().push(line.to_owned()));
    let mut bench = Bench::new(Options { seed: 5, trace: Some(trace), reseeds, ..Options::default() });
    let nodes = ["a", "b", "c"].map(|name| bench.launch(usize::from(name.as_bytes()[0] - b'a'), name, true));
    bench.wire(nodes[0], nodes[1]);
    bench.wire(nodes[1], nodes[2]);
    for value in ["1", "2", "3", "4"] {
        bench.ask(nodes[0], &["set", "k", value]);
        bench.wait(Duration::from_millis(20));
    }
    let (node, deadline) = (nodes[2], bench.now() + PATIENCE);
    bench.perform(Operation::Signal { node, signal: Signal::Kill, deadline });
    bench.launch(2, "c", true);
    let (times, events) = (bench.world.reseeded_at().to_vec(), bench.world.events());
    drop(bench);
    (lines.take(), times, events)
}

#[test]
fn a_run_is_the_same_up_to_the_point_where_all_is_drawn_anew_and_another_after_it() {
    let (usual, times, events) = reseeded_run(Vec::new());
    assert!(times.is_empty() && events > 50, "{events} events");
    let middle = events / 2;
    let drawn = |seed| reseeded_run(vec![Reseed { event: middle, seed }]);
    let ((one, at, _), (other, _, _)) = (drawn(1), drawn(2));
    assert_eq!(at.len(), 1);
    let before = |lines: &[String]| lines.iter().take_while(|line| at_ns(line) < nanos(at[0])).count();
    let same = before(&usual);
    assert!(same > 10 && usual[..same] == one[..same] && usual[..same] == other[..same]);
    assert!(usual != one && usual != other && one != other);
    // The same seed brings the run back, whatever the point.
    assert_eq!(drawn(1).0, one);
    // A node has the same id in each life.
    let ids = |lines: &[String]| {
        let auth = lines.iter().filter(|line| line.contains("\"auth\"") && line.contains("\"name\":\"b\""));
        auth.map(|line| line.split("\"node\":\"").nth(1).map(|rest| rest[..32].to_owned()))
            .collect::<Vec<_>>()
    };
    assert!(ids(&one).windows(2).all(|pair| pair[0] == pair[1]) && ids(&one)[..1] == ids(&usual)[..1]);
}

#[test]
fn points_after_the_end_of_a_run_change_nothing() {
    let (usual, _, events) = reseeded_run(Vec::new());
    let (late, times, _) = reseeded_run(vec![Reseed { event: events + 1, seed: 9 }]);
    assert_eq!((late, times), (usual, Vec::new()));
}

fn at_ns(line: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["at_ns"].as_u64().unwrap()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap()
}

/// Returns the trace of a node's start, with this holder.
fn trace_with(holder: Option<Holder>) -> Vec<String> {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let written = Rc::clone(&lines);
    let trace: Tracer = Box::new(move |line| written.borrow_mut().push(line.to_owned()));
    let mut world = Sim::new(Options { trace: Some(trace), holder, ..Options::default() });
    world.submit(OpId(1), Operation::Timer { at: Duration::from_millis(1) });
    world.submit(OpId(2), Operation::Timer { at: Duration::from_millis(2) });
    while let Event::Ended { id: OpId(1), .. } | Event::Woken = world.next().event {}
    drop(world);
    lines.take()
}

#[test]
fn a_holder_that_lets_time_go_on_changes_nothing() {
    let events = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&events);
    let holder: Holder = Box::new(move |upcoming| {
        seen.borrow_mut().push((upcoming.event, upcoming.at));
        Hold::Continue
    });
    assert_eq!(trace_with(Some(holder)), trace_with(None));
    assert_eq!(*events.borrow(), [(0, Duration::from_millis(1)), (1, Duration::from_millis(2))]);
}

/// Returns the messages that two nodes are reported to send, and the number of events. The messages of the first
/// `muted` events are not reported.
fn messages_after(muted: u64) -> (Vec<MessageEvent>, u64) {
    let holder: Holder =
        Box::new(move |upcoming| if upcoming.event < muted { Hold::Repeat } else { Hold::Continue });
    let (mut bench, a, _) =
        Bench::pair(Options { messages: true, holder: Some(holder), ..Options::default() });
    for value in ["1", "2"] {
        bench.ask(a, &["set", "k", value]);
        bench.wait(Duration::from_secs(1));
    }
    let message = |happened: Occurrence| match happened.event {
        Event::Message(message) => Some(message),
        _ => None,
    };
    let events = bench.world.events();
    (bench.happened.into_iter().filter_map(message).collect(), events)
}

#[test]
fn messages_that_are_not_reported_have_their_numbers_all_the_same() {
    let (all, events) = messages_after(0);
    let some: Vec<_> = (0..=events).map(|muted| messages_after(muted).0).collect();
    assert!(some.is_sorted_by_key(|some| std::cmp::Reverse(some.len())), "{some:?}");
    assert!(some.iter().all(|some| all.ends_with(some)), "{some:?} of {all:?}");
    assert!(some[0] == all && some.iter().any(|some| (1..all.len()).contains(&some.len())), "{some:?}");
}

#[test]
fn a_holder_wakes_the_runner_before_an_event_and_ends_the_run() {
    let mut answers = vec![Hold::End, Hold::Continue, Hold::Wake];
    let holder: Holder = Box::new(move |_| answers.pop().unwrap_or(Hold::End));
    let mut world = Sim::new(Options { holder: Some(holder), ..Options::default() });
    let at = Duration::from_millis(1);
    world.submit(OpId(1), Operation::Timer { at });
    world.submit(OpId(2), Operation::Timer { at: 2 * at });
    assert_eq!(world.next(), Occurrence { at: Duration::ZERO, event: Event::Woken });
    assert!(matches!(world.next(), Occurrence { event: Event::Ended { id: OpId(1), .. }, .. }));
    assert_eq!(world.next(), Occurrence { at, event: Event::Interrupted });
}
