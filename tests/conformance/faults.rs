//! Checks of faults of links, clocks and disks. Worlds that do not declare the ability are skipped.
//! Durations are bounded from above only in virtual time.

use std::time::Duration;

use tools::scenario::Shape;
use tools::world::{
    Ability, Answer, Direction, Event, LinkChange, NodeIndex, NodeSpec, Operation, Outcome, Signal,
};

use crate::bench::{Bench, spec};

/// A pause in which a write crosses a few links, and shorter than a link stays up in silence.
const A_WHILE: Duration = Duration::from_millis(700);
/// A pause longer than a link stays up in silence.
const LONG: Duration = Duration::from_secs(15);

/// Launches nodes of these names and wires each to those before it.
#[track_caller]
fn clique<const N: usize>(bench: &mut Bench, names: [&str; N]) -> [NodeIndex; N] {
    let nodes = std::array::from_fn(NodeIndex);
    for (node, name) in nodes.into_iter().zip(names) {
        bench.launch_as(node, spec(name));
        for other in 0..node.0 {
            assert_eq!(bench.wire(node, NodeIndex(other)), Outcome::Done);
        }
    }
    nodes
}

#[track_caller]
fn set(bench: &mut Bench, node: NodeIndex, words: &str) {
    let outcome = bench.ask(node, &format!("set {words}"));
    assert!(matches!(outcome, Outcome::Answered(_)), "`set {words}`: {outcome:?}");
}

#[track_caller]
fn links(bench: &mut Bench, changes: impl IntoIterator<Item = LinkChange>) {
    assert_eq!(bench.perform(Operation::Links(changes.into_iter().collect())), Outcome::Done);
}

fn both(one: NodeIndex, other: NodeIndex) -> [Direction; 2] {
    [Direction { from: one, to: other }, Direction { from: other, to: one }]
}

#[track_caller]
fn pass(bench: &mut Bench, time: Duration) {
    let at = bench.now() + time;
    assert_eq!(bench.perform(Operation::Timer { at }), Outcome::Done);
}

/// Returns true if a node holds a key now.
#[track_caller]
fn holds(bench: &mut Bench, node: NodeIndex, key: &str) -> bool {
    match bench.ask(node, &format!("get {key}")) {
        Outcome::Answered(_) => true,
        Outcome::Refused { code, .. } if code == "absent" => false,
        other => panic!("`get {key}`: {other:?}"),
    }
}

/// Waits until a node holds a key. Panics when the patience of the bench is over.
#[track_caller]
fn until_holds(bench: &mut Bench, node: NodeIndex, key: &str) {
    let deadline = bench.patience();
    while !holds(bench, node, key) {
        assert!(bench.now() < deadline, "`{key}` never came to node {}", node.0);
        pass(bench, Duration::from_millis(5));
    }
}

/// Waits until a node reports this number of neighbours, in an event from the position `from` on.
#[track_caller]
fn until_peers(bench: &mut Bench, node: NodeIndex, from: usize, count: u64) {
    bench.until(|happened| {
        happened.iter().skip(from).any(|occurrence| {
            matches!(&occurrence.event, Event::Changed { node: of, change } if *of == node && change.peers == count)
        })
    });
}

fn has_lost_a_peer(bench: &Bench, from: usize) -> bool {
    bench
        .happened
        .iter()
        .skip(from)
        .any(|occurrence| matches!(&occurrence.event, Event::Changed { change, .. } if change.peers == 0))
}

pub(crate) fn a_cut_link_holds_traffic_until_it_is_joined(bench: &mut Bench) {
    if !bench.can(Ability::Cut) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    let from = bench.happened.len();
    links(bench, both(a, b).map(LinkChange::Cut));
    set(bench, a, "left 1");
    set(bench, b, "right 2");
    pass(bench, A_WHILE);
    assert!(!holds(bench, b, "left") && !holds(bench, a, "right"));
    links(bench, both(a, b).map(LinkChange::Join));
    until_holds(bench, b, "left");
    until_holds(bench, a, "right");
    // The link was silent, but not down.
    assert!(!has_lost_a_peer(bench, from), "{:?}", bench.happened);
}

pub(crate) fn a_link_that_is_cut_one_way_carries_the_other(bench: &mut Bench) {
    if !bench.can(Ability::Cut) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    let way = Direction { from: a, to: b };
    links(bench, [LinkChange::Cut(way)]);
    set(bench, a, "left 1");
    set(bench, b, "right 2");
    until_holds(bench, a, "right");
    pass(bench, A_WHILE);
    assert!(!holds(bench, b, "left"));
    links(bench, [LinkChange::Join(way)]);
    until_holds(bench, b, "left");
}

pub(crate) fn a_link_that_is_cut_for_long_goes_down_and_comes_back(bench: &mut Bench) {
    if !bench.can(Ability::Cut) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    let from = bench.happened.len();
    links(bench, both(a, b).map(LinkChange::Cut));
    pass(bench, LONG);
    for node in [a, b] {
        until_peers(bench, node, from, 0);
    }
    set(bench, a, "left 1");
    let from = bench.happened.len();
    links(bench, both(a, b).map(LinkChange::Join));
    for node in [a, b] {
        until_peers(bench, node, from, 1);
    }
    until_holds(bench, b, "left");
}

pub(crate) fn a_partition_separates_only_its_sets(bench: &mut Bench) {
    if !bench.can(Ability::Cut) {
        return;
    }
    let [a, b, c, d] = clique(bench, ["a", "b", "c", "d"]);
    let part = |bench: &mut Bench, sets: Vec<Vec<NodeIndex>>| {
        assert_eq!(bench.perform(Operation::Partition(sets)), Outcome::Done);
    };
    part(bench, vec![vec![a, b], vec![c, d]]);
    set(bench, a, "left 1");
    set(bench, c, "right 2");
    until_holds(bench, b, "left");
    until_holds(bench, d, "right");
    pass(bench, A_WHILE);
    assert!(!holds(bench, c, "left") && !holds(bench, b, "right"));
    // A node in no set hears all sets, and passes their writes on.
    part(bench, vec![vec![a], vec![c, d]]);
    until_holds(bench, b, "right");
    until_holds(bench, c, "left");
    until_holds(bench, a, "right");
    part(bench, Vec::new());
    set(bench, d, "all 3");
    for node in [a, b, c] {
        until_holds(bench, node, "all");
    }
}

pub(crate) fn a_new_partition_replaces_the_old(bench: &mut Bench) {
    if !bench.can(Ability::Cut) {
        return;
    }
    let [a, b, c] = clique(bench, ["a", "b", "c"]);
    assert_eq!(bench.perform(Operation::Partition(vec![vec![a], vec![b, c]])), Outcome::Done);
    set(bench, a, "alone 1");
    assert_eq!(bench.perform(Operation::Partition(vec![vec![a, b], vec![c]])), Outcome::Done);
    set(bench, c, "alone2 2");
    until_holds(bench, b, "alone");
    pass(bench, A_WHILE);
    assert!(!holds(bench, c, "alone") && !holds(bench, b, "alone2"));
    // A link that was cut by itself stays cut when the partition ends.
    links(bench, both(b, c).map(LinkChange::Cut));
    links(bench, both(a, c).map(LinkChange::Cut));
    assert_eq!(bench.perform(Operation::Partition(Vec::new())), Outcome::Done);
    pass(bench, A_WHILE);
    assert!(!holds(bench, c, "alone") && !holds(bench, a, "alone2"));
    links(bench, both(b, c).map(LinkChange::Join));
    for (node, key) in [(c, "alone"), (a, "alone2")] {
        until_holds(bench, node, key);
    }
}

pub(crate) fn a_broken_link_is_down_and_comes_back(bench: &mut Bench) {
    if !bench.can(Ability::Break) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    for way in both(a, b) {
        let from = bench.happened.len();
        links(bench, [LinkChange::Break(way)]);
        for node in [a, b] {
            until_peers(bench, node, from, 0);
        }
        let down = bench.happened.len();
        for node in [a, b] {
            until_peers(bench, node, down - 1, 1);
        }
        set(bench, way.from, &format!("key{} 1", way.from.0));
        until_holds(bench, way.to, &format!("key{}", way.from.0));
    }
}

pub(crate) fn a_delayed_link_is_late_until_it_is_cleared(bench: &mut Bench) {
    if !bench.can(Ability::Shape) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    let delay = Duration::from_millis(300);
    let shapes = vec![Shape::Delay(delay), Shape::Jitter(Duration::from_millis(20))];
    links(bench, [LinkChange::Shape(Direction { from: a, to: b }, shapes)]);
    let late = travel(bench, a, b, "k1");
    assert!(late >= delay, "it took {late:?}");
    // Only one direction is delayed.
    let back = travel(bench, b, a, "k2");
    links(bench, [LinkChange::Shape(Direction { from: a, to: b }, Vec::new())]);
    let cleared = travel(bench, a, b, "k3");
    if bench.is_virtual() {
        let usual = Duration::from_millis(2);
        assert!(late <= delay + Duration::from_millis(30), "it took {late:?}");
        assert!(back <= usual && cleared <= usual, "{back:?} back, {cleared:?} without the delay");
    }
}

pub(crate) fn traffic_under_way_on_a_link_that_is_cut_does_not_arrive(bench: &mut Bench) {
    if !bench.can(Ability::Shape) || !bench.can(Ability::Cut) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    let way = Direction { from: a, to: b };
    links(bench, [LinkChange::Shape(way, vec![Shape::Delay(A_WHILE)])]);
    set(bench, a, "left 1");
    links(bench, [LinkChange::Cut(way)]);
    pass(bench, 2 * A_WHILE);
    assert!(!holds(bench, b, "left"));
    links(bench, [LinkChange::Join(way)]);
    until_holds(bench, b, "left");
    // A partition also holds the traffic that is under way.
    set(bench, a, "right 2");
    assert_eq!(bench.perform(Operation::Partition(vec![vec![a], vec![b]])), Outcome::Done);
    pass(bench, 2 * A_WHILE);
    assert!(!holds(bench, b, "right"));
    assert_eq!(bench.perform(Operation::Partition(Vec::new())), Outcome::Done);
    until_holds(bench, b, "right");
}

pub(crate) fn a_link_that_loses_everything_delivers_nothing(bench: &mut Bench) {
    if !bench.can(Ability::Loss) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    let way = Direction { from: a, to: b };
    links(bench, [LinkChange::Shape(way, vec![Shape::Loss(1.0)])]);
    set(bench, a, "left 1");
    pass(bench, A_WHILE);
    assert!(!holds(bench, b, "left"));
    links(bench, [LinkChange::Shape(way, Vec::new())]);
    until_holds(bench, b, "left");
}

/// Returns the time from the acknowledgement of a write at one node to the next change that another
/// reports.
#[track_caller]
fn travel(bench: &mut Bench, from: NodeIndex, to: NodeIndex, key: &str) -> Duration {
    // A change that is still under way must not be mistaken for that of the write.
    pass(bench, A_WHILE);
    set(bench, from, &format!("{key} 1"));
    let (began, place) = (bench.now(), bench.happened.len());
    let change_of = |event: &Event| matches!(event, Event::Changed { node, .. } if *node == to);
    bench.until(|happened| happened.iter().skip(place).any(|one| change_of(&one.event)));
    bench.now().saturating_sub(began)
}

pub(crate) fn a_slow_link_takes_its_time(bench: &mut Bench) {
    if !bench.can(Ability::Shape) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    // The value takes 2 s: it has 20,000 bytes, and the link carries 10,000 a second.
    links(bench, [LinkChange::Shape(Direction { from: a, to: b }, vec![Shape::Rate(80_000)])]);
    let value = "x".repeat(20_000);
    let began = bench.now();
    set(bench, a, &format!("k {value}"));
    until_holds(bench, b, "k");
    let took = bench.now().saturating_sub(began);
    assert!(took >= Duration::from_millis(1_800), "it took {took:?}");
    if bench.is_virtual() {
        assert!(took <= Duration::from_millis(2_500), "it took {took:?}");
    }
}

pub(crate) fn a_lossy_link_delivers_all_in_order(bench: &mut Bench) {
    if !bench.can(Ability::Loss) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    let from = bench.happened.len();
    // A kernel draws its losses without a seed, and TCP tries a packet six times before the node takes ten seconds
    // of silence for the end of a link. With 0.3 each way all six are lost in 0.51^6 = 1.8 % of all exchanges; with
    // 0.05 in 0.0975^6, one in a million.
    let loss = if bench.is_virtual() { 0.3 } else { 0.05 };
    links(bench, both(a, b).map(|way| LinkChange::Shape(way, vec![Shape::Loss(loss)])));
    for n in 0..30 {
        set(bench, a, &format!("k{n} {n}"));
    }
    until_holds(bench, b, "k29");
    // A connection delivers in order, so that the earlier keys have come before the last one.
    assert_eq!(bench.answer(b, "count"), "30");
    assert!(!has_lost_a_peer(bench, from), "a lost packet is sent again");
}

/// Writes a key. Returns the wall time of its stamp in milliseconds, and its whole rank.
#[track_caller]
fn stamped(bench: &mut Bench, node: NodeIndex) -> (u64, String) {
    match bench.ask(node, "set stamped x") {
        Outcome::Answered(Answer { written: Some(written), .. }) => {
            let wall = written.stamp.split('.').next().and_then(|wall| wall.parse().ok());
            (wall.expect("a stamp begins with its wall time"), written.rank)
        }
        other => panic!("a write tells its version: {other:?}"),
    }
}

pub(crate) fn a_shifted_clock_shows_in_stamps_and_they_still_increase(bench: &mut Bench) {
    if !bench.can(Ability::Clock) {
        return;
    }
    let a = bench.launch_as(NodeIndex(0), spec("a"));
    let shift = |bench: &mut Bench, offset_ms| {
        assert_eq!(bench.perform(Operation::Clock { node: a, offset_ms }), Outcome::Done);
    };
    let (usual, before) = stamped(bench, a);
    shift(bench, 10_000);
    let (ahead, after) = stamped(bench, a);
    assert!(ahead >= usual + 10_000, "from {usual} to {ahead}");
    // Shifts add up. Stamps do not go back with a clock.
    shift(bench, -20_000);
    let (behind, last) = stamped(bench, a);
    assert!(behind >= ahead, "from {ahead} to {behind}");
    assert!(before < after && after < last, "{before} {after} {last}");
}

pub(crate) fn writes_of_a_clock_far_ahead_spread_when_they_are_due(bench: &mut Bench) {
    if !bench.can(Ability::Clock) {
        return;
    }
    let [a, b] = clique(bench, ["a", "b"]);
    assert_eq!(bench.perform(Operation::Clock { node: a, offset_ms: 8_000 }), Outcome::Done);
    let began = bench.now();
    set(bench, a, "early 1");
    pass(bench, A_WHILE);
    assert!(!holds(bench, b, "early"));
    until_holds(bench, b, "early");
    // A write that is 8 s ahead is due when it is 5 s ahead: after 3 s.
    let took = bench.now().saturating_sub(began);
    assert!(took >= Duration::from_millis(2_900), "it took {took:?}");
}

pub(crate) fn a_killed_node_with_a_disk_comes_back_with_what_it_acknowledged(bench: &mut Bench) {
    if !bench.can(Ability::Disk) {
        return;
    }
    let kept = || NodeSpec { disk: true, ..spec("a") };
    let a = bench.launch_as(NodeIndex(0), kept());
    let mut written = Vec::new();
    for life in 0..5 {
        let asked: Vec<_> = (0..10).map(|n| bench.begin_ask(a, &format!("set k{life}.{n} {life}"))).collect();
        // Some writes are acknowledged by now. Those under way may or may not come back.
        assert!(matches!(bench.outcome(asked[4]), Outcome::Answered(_)));
        let deadline = bench.patience();
        let killed = bench.submit(Operation::Signal { node: a, signal: Signal::Kill, deadline });
        assert_eq!(bench.outcome(killed), Outcome::Done);
        for (n, id) in asked.into_iter().enumerate() {
            if matches!(bench.outcome(id), Outcome::Answered(_)) {
                written.push((format!("k{life}.{n}"), life.to_string()));
            }
        }
        bench.launch_as(a, kept());
        for (key, value) in &written {
            assert_eq!(bench.answer(a, &format!("get {key}")), *value, "`{key}` in life {}", life + 1);
        }
    }
    // An orderly end keeps everything.
    let count = bench.answer(a, "count");
    assert_eq!(bench.signal(a, Signal::Stop), Outcome::Done);
    bench.launch_as(a, kept());
    assert_eq!(bench.answer(a, "count"), count);
}

pub(crate) fn a_full_disk_refuses_writes_until_it_has_room_and_outlives_its_node(bench: &mut Bench) {
    if !bench.can(Ability::Fill) {
        return;
    }
    let kept = || NodeSpec { disk: true, ..spec("a") };
    let fill = |bench: &mut Bench, node, full| {
        assert_eq!(bench.perform(Operation::Disk { node, full }), Outcome::Done);
    };
    let refused = |bench: &mut Bench, node| match bench.ask(node, "set during 1") {
        Outcome::Refused { code, .. } => code,
        other => panic!("not refused: {other:?}"),
    };
    let a = bench.launch_as(NodeIndex(0), kept());
    let b = bench.launch_as(NodeIndex(1), spec("b"));
    bench.wire(a, b);
    set(bench, a, "before 1");
    fill(bench, a, true);
    assert_eq!(refused(bench, a), "unavailable");
    // A full disk does not stop reads and gossip.
    assert_eq!(bench.answer(a, "get before"), "1");
    set(bench, b, "theirs 1");
    until_holds(bench, a, "theirs");
    // After a restart, the node has lost what the disk could not keep, and the disk is still full.
    assert_eq!(bench.signal(b, Signal::Kill), Outcome::Done);
    assert_eq!(bench.signal(a, Signal::Kill), Outcome::Done);
    bench.launch_as(a, kept());
    assert_eq!(bench.answer(a, "keys"), "before");
    assert_eq!(refused(bench, a), "unavailable");
    // A disk can also be filled or freed while its node is down.
    assert_eq!(bench.signal(a, Signal::Stop), Outcome::Done);
    fill(bench, a, false);
    bench.launch_as(a, kept());
    set(bench, a, "after 1");
    assert_eq!(bench.signal(a, Signal::Kill), Outcome::Done);
    bench.launch_as(a, kept());
    assert_eq!(bench.answer(a, "keys"), "after before");
}
