//! Clocks that lie.

use super::network::{Network, delete, ms, secs, set};
use super::single::{CLIENT, Single, messages, replies, version};
use crate::core::{LogEvent, Output};
use crate::wire::{ErrorCode, Message};

#[test]
fn a_version_too_far_ahead_is_not_stored_not_relayed_and_does_not_move_the_clock() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let out = node.tell(a, Message::Push(version("k", "v", 5_001, 1)));
    assert_eq!(messages(&out, a), [Message::Early { wall_ms: super::network::WALL }]);
    assert_eq!((messages(&out, b), node.core.version("k")), (vec![], None));
    assert!(out.iter().any(|output| matches!(output,
        Output::Log(LogEvent::NotYetDue { key, ahead_ms: 5_001 }) if key == "k")));
    let out = node.ask(CLIENT, set("l", "v"));
    node.persist(&out);
    assert!(node.core.version("l").is_some_and(|version| version.stamp().wall_ms == super::network::WALL));
    assert_eq!(node.core.stats()["not_due"], 1);
    // Five seconds ahead is still taken.
    let out = node.tell(a, Message::Push(version("m", "v", 5_000, 1)));
    assert!(matches!(messages(&out, b)[..], [Message::Push(_)]));
}

#[test]
fn a_version_that_was_not_yet_due_is_asked_for_when_it_is() {
    // Of several the earliest counts, whichever came first.
    for dates in [[60_000, 7_000], [7_000, 60_000]] {
        let mut node = Single::new();
        let a = node.neighbour(1);
        for date in dates {
            node.tell(a, Message::Push(version(&format!("k{date}"), "v", date, 1)));
        }
        let out = node.wait(std::time::Duration::from_millis(1_999));
        assert_eq!(messages(&out, a), []);
        let out = node.wait(std::time::Duration::from_millis(1));
        assert!(matches!(messages(&out, a)[..], [Message::Ranges { settled: false, .. }]), "{out:?}");
    }
}

#[test]
fn what_is_written_after_a_neighbours_version_is_greater() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    node.tell(a, Message::Push(version("k", "v", 3_000, 1)));
    let out = node.ask(CLIENT, set("k", "w"));
    node.persist(&out);
    let stamp = node.core.version("k").map(|version| version.stamp());
    let expected = crate::wire::Stamp { wall_ms: super::network::WALL + 3_000, counter: 1 };
    assert_eq!(stamp, Some(expected));
}

#[test]
fn a_version_that_came_too_early_is_not_waited_for() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let early = version("k", "v", 60_000, 3);
    let rank = early.rank(crate::wire::Policy::Last);
    let announced = crate::wire::Announced { key: early.key_hash(), author: early.author(), rank };
    node.tell(a, Message::Announce(vec![announced]));
    assert_eq!(node.core.stats()["missing"], 1);
    node.tell(b, Message::Push(early));
    assert_eq!(node.core.stats()["missing"], 0);
}

#[test]
fn a_flood_of_versions_not_yet_due_is_told_and_logged_once_a_second() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let mut out = Vec::new();
    for number in 0..500 {
        out.extend(node.tell(a, Message::Push(version(&format!("k{number}"), "v", 60_000, 1))));
    }
    assert_eq!(messages(&out, a).len(), 1);
    assert_eq!(out.iter().filter(|output| matches!(output, Output::Log(_))).count(), 1);
}

#[test]
fn an_announced_version_that_is_not_due_is_not_asked_for_again_and_again() {
    let mut network = Network::line(2);
    network.nodes[1].wall_ahead_ms = -8_000;
    network.set(0, "k", "v");
    network.run_for(secs(2));
    assert!(network.nodes[1].core.stats()["not_due"] <= 3);
    network.run_until(secs(5), Network::converged);
    assert!(ms(network.now) >= 3_000);
}

#[test]
fn a_node_whose_clock_is_ahead_refuses_its_clients_until_it_is_right_again() {
    let mut network = Network::line(3);
    network.nodes[0].wall_ahead_ms = 10_000;
    // Nobody has told it yet.
    network.set(0, "k", "v");
    network.run_for(secs(1));
    assert_eq!((network.get(0, "k").is_some(), network.get(1, "k")), (true, None));
    let (code, message) = network.refusal(0, set("l", "v"));
    assert_eq!((code, &message[..]), (ErrorCode::Refused, "clock ahead by 10 s"));
    assert_eq!(network.refusal(0, delete("k")).0, ErrorCode::Refused);
    assert!(network.nodes[0].log.iter().any(|event| matches!(event,
        LogEvent::ClockAhead { peer, ahead_ms } if peer == "n1" && (9_900..=10_100).contains(ahead_ms))));
    // What it wrote comes when it is due: five seconds before its stamp.
    network.run_until(secs(6), Network::converged);
    assert!((4_900..=7_000).contains(&ms(network.now)), "{:?}", network.now);
    network.nodes[0].wall_ahead_ms = 0;
    network.set(0, "l", "v");
    network.converge(secs(1));
}

#[test]
fn a_node_that_relays_what_its_neighbour_puts_off_goes_on_writing() {
    let mut network = Network::line(3);
    network.nodes[0].wall_ahead_ms = 4_000;
    network.nodes[2].wall_ahead_ms = -3_000;
    network.set(0, "k", "v");
    network.run_for(secs(1));
    assert_eq!((network.get(1, "k"), network.get(2, "k")), (Some("v".into()), None));
    network.set(1, "m", "v");
    network.converge(secs(5));
}

#[test]
fn a_link_that_is_gone_takes_its_word_about_the_clock_with_it() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    node.wall_ahead_ms = 10_000;
    node.tell(a, Message::Early { wall_ms: super::network::WALL });
    let out = node.ask(CLIENT, set("k", "v"));
    assert!(matches!(&replies(&out, CLIENT)[..], [Err(refusal)] if refusal.code == ErrorCode::Refused));
    node.input(crate::core::Input::Closed { conn: a });
    assert!(replies(&node.ask(CLIENT, set("k", "v")), CLIENT).is_empty());
}
