//! Tests of links in use: keep-alives and credit.

use crate::core::tests::network::{Network, config, secs, set};
use crate::core::tests::single::{Single, closes, dialled, dials, messages, millis, version};
use crate::core::{CloseReason, Input, LogEvent, Output};
use crate::wire::Message;

#[test]
fn a_silent_link_is_pinged_then_closed_and_dialled_again() {
    let mut node = Single::new();
    let a = dialled(&mut node, 1, 1);
    let out = node.wait(millis(2_999));
    assert_eq!(messages(&out, a), []);
    assert_eq!(messages(&node.wait(millis(1)), a), [Message::Ping]);
    node.deliver(a, Message::Pong);
    let out = node.wait(millis(9_999));
    assert_eq!(closes(&out), []);
    let out = node.wait(millis(1));
    assert_eq!(closes(&out), [(a, CloseReason::Silent)]);
    assert!(out.iter().any(|output| matches!(output,
        Output::Log(LogEvent::LinkDown { reason, .. }) if reason == "silent for 10 s")));
    assert!(node.core.peers().is_empty());
    assert_eq!(dials(&node.wait(millis(50))).len(), 1);
}

#[test]
fn an_idle_link_lives_by_pings() {
    let mut network = Network::line(2);
    network.run_for(secs(120));
    assert_eq!(network.names(0).len(), 1);
    assert_eq!(network.nodes[0].closed, []);
}

#[test]
fn a_neighbour_that_reads_nothing_is_dropped_and_nobody_else_waits() {
    let mut network = Network::with(3, |config| {
        config.limits.in_flight = 1_000;
        if config.name == "n1" {
            // This node hears nothing for long without closing its link.
            config.timing.silence = secs(60);
        }
    });
    network.link_all([(0, 1), (0, 2)]);
    network.stall(0, 1);
    for number in 0..400 {
        // The neighbour goes on sending: it is not silent, it only does not read.
        network.ask(1, set(&format!("l{number}"), "v"));
        network.set(0, &format!("k{number}"), "v");
        network.run_for(millis(50));
        if network.nodes[0].closed.contains(&CloseReason::NotReading) {
            break;
        }
        assert!(network.get(2, &format!("k{number}")).is_some());
    }
    network.run_for(secs(1));
    assert_eq!(network.nodes[0].closed, [CloseReason::NotReading]);
    assert!(network.now <= secs(14), "{:?}", network.now);
    network.converge(secs(3));
}

#[test]
fn a_node_that_did_not_run_for_a_while_does_not_blame_its_neighbours() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    node.now = secs(60);
    let out = node.input(Input::Tick);
    assert_eq!(closes(&out), []);
    assert!(messages(&out, a).contains(&Message::Ping));
    let out = node.wait(secs(7));
    assert_eq!(closes(&out), [(a, CloseReason::Silent)]);
}

#[test]
fn the_frames_in_flight_on_a_link_are_bounded_by_its_credit() {
    let mut config = config(0);
    config.limits.in_flight = 1_000;
    let mut node = Single::with(config);
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let mut sent = Vec::new();
    for number in 0..50 {
        sent.extend(messages(&node.deliver(a, Message::Push(version(&format!("k{number}"), "v", 0, 1))), b));
    }
    let weight: usize = sent.iter().map(Message::weight).sum();
    assert!((1_000..1_200).contains(&weight), "{weight}");
    let out = node.input(Input::Written { conn: b, weight, bytes: 5 });
    let more: usize = messages(&out, b).iter().map(Message::weight).sum();
    assert!((1_000..1_200).contains(&more), "{more}");
    assert_eq!(node.core.stats()["bytes_sent"], 5);
}

#[test]
fn a_neighbour_that_talks_and_does_not_read_is_dropped_in_time() {
    let mut config = config(0);
    config.limits.in_flight = 100;
    let mut node = Single::with(config);
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    node.wait(millis(1_700));
    let out = node.deliver(a, Message::Push(version("k", "v", 0, 1)));
    assert_eq!(messages(&out, b).len(), 1);
    for _ in 0..9 {
        assert_eq!(closes(&node.wait(millis(400))), []);
        node.deliver(a, Message::Pong);
        node.deliver(b, Message::Pong);
        assert_eq!(closes(&node.wait(millis(600))), []);
    }
    assert_eq!(closes(&node.wait(millis(999))), []);
    assert_eq!(closes(&node.wait(millis(1))), [(b, CloseReason::NotReading)]);
}
