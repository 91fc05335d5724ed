//! Tests of wall clocks that differ.

use crate::core::tests::network::{Network, delete, ms, secs, set};
use crate::core::tests::single::{CLIENT, Single, messages, replies, version};
use crate::core::{LogEvent, Output};
use crate::wire::{ErrorCode, Message};

#[test]
fn a_version_too_far_ahead_is_not_stored_not_relayed_and_does_not_move_the_clock() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let out = node.deliver(a, Message::Push(version("k", "v", 5_001, 1)));
    assert_eq!(messages(&out, a), [Message::Early { wall_ms: crate::core::tests::network::WALL }]);
    assert_eq!((messages(&out, b), node.core.version("k")), (vec![], None));
    assert!(out.iter().any(|output| matches!(output,
        Output::Log(LogEvent::NotYetDue { key, ahead_ms: 5_001 }) if key == "k")));
    let out = node.ask(CLIENT, set("l", "v"));
    node.persist(&out);
    assert!(
        node.core
            .version("l")
            .is_some_and(|version| version.stamp().wall_ms == crate::core::tests::network::WALL)
    );
    assert_eq!(node.core.stats()["not_due"], 1);
    // A lead of five seconds is still accepted.
    let out = node.deliver(a, Message::Push(version("m", "v", 5_000, 1)));
    assert!(matches!(messages(&out, b)[..], [Message::Push(_)]));
}

#[test]
fn a_version_that_was_not_yet_due_is_asked_for_when_it_is() {
    // Of several due times the earliest counts, in either order of arrival.
    for dates in [[60_000, 7_000], [7_000, 60_000]] {
        let mut node = Single::new();
        let a = node.neighbour(1);
        for date in dates {
            node.deliver(a, Message::Push(version(&format!("k{date}"), "v", date, 1)));
        }
        let out = node.wait(std::time::Duration::from_millis(1_999));
        assert_eq!(messages(&out, a), []);
        let out = node.wait(std::time::Duration::from_millis(1));
        assert!(matches!(messages(&out, a)[..], [Message::Ranges { settled: false, .. }]), "{out:?}");
    }
}

#[test]
fn a_write_after_a_neighbours_version_has_a_greater_stamp() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    node.deliver(a, Message::Push(version("k", "v", 3_000, 1)));
    let out = node.ask(CLIENT, set("k", "w"));
    node.persist(&out);
    let stamp = node.core.version("k").map(|version| version.stamp());
    let expected = crate::wire::Stamp { wall_ms: crate::core::tests::network::WALL + 3_000, counter: 1 };
    assert_eq!(stamp, Some(expected));
}

#[test]
fn a_version_that_came_too_early_is_not_waited_for() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let early = version("k", "v", 60_000, 3);
    let rank = early.rank(crate::wire::Policy::Last);
    let announced = crate::wire::Announced { key: early.key_hash(), author: early.author(), rank };
    node.deliver(a, Message::Announce(vec![announced]));
    assert_eq!(node.core.stats()["missing"], 1);
    node.deliver(b, Message::Push(early));
    assert_eq!(node.core.stats()["missing"], 0);
}

#[test]
fn a_flood_of_versions_not_yet_due_is_told_and_logged_once_a_second() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let mut out = Vec::new();
    for number in 0..500 {
        out.extend(node.deliver(a, Message::Push(version(&format!("k{number}"), "v", 60_000, 1))));
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
    // No neighbour has reported its clock yet.
    network.set(0, "k", "v");
    network.run_for(secs(1));
    assert_eq!((network.get(0, "k").is_some(), network.get(1, "k")), (true, None));
    let (code, message) = network.refusal(0, set("l", "v"));
    assert_eq!((code, &message[..]), (ErrorCode::Refused, "clock ahead by 10 s"));
    assert_eq!(network.refusal(0, delete("k")).0, ErrorCode::Refused);
    assert!(network.nodes[0].log.iter().any(|event| matches!(event,
        LogEvent::ClockAhead { peer, ahead_ms } if peer == "n1" && (9_900..=10_100).contains(ahead_ms))));
    // Its write comes when it is due: five seconds before its stamp.
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
    node.deliver(a, Message::Early { wall_ms: crate::core::tests::network::WALL });
    let out = node.ask(CLIENT, set("k", "v"));
    assert!(matches!(&replies(&out, CLIENT)[..], [Err(refusal)] if refusal.code == ErrorCode::Refused));
    node.input(crate::core::Input::Closed { conn: a });
    assert!(replies(&node.ask(CLIENT, set("k", "v")), CLIENT).is_empty());
}

/// Returns a node that wrote while its clock was ahead, restarted with that write on its disk.
fn restarted_after_an_hour_ahead() -> Single {
    let mut node = Single::new();
    node.core.restore([version("before", "v", 3_600_000, 0)]);
    node
}

#[test]
fn a_node_whose_clock_was_ahead_once_refuses_writes_until_its_stamps_are_due_and_says_until_when() {
    let mut node = restarted_after_an_hour_ahead();
    let out = node.input(crate::core::Input::Tick);
    let logged = out.iter().find_map(|output| match output {
        Output::Log(event @ LogEvent::StampsAhead { .. }) => Some(event.to_string()),
        _ => None,
    });
    let due = "2023-11-14T23:13:15.000Z";
    assert!(logged.is_some_and(|text| text.contains(due) && text.contains("tools node restamp --data")));
    let again = node.input(crate::core::Input::Tick);
    assert!(!again.iter().any(|output| matches!(output, Output::Log(_))), "it is told once: {again:?}");
    // The first version that a neighbour finds is not yet due for it.
    let a = node.neighbour(1);
    node.deliver(a, Message::Early { wall_ms: crate::core::tests::network::WALL });
    for command in [set("k", "v"), delete("before")] {
        let refusal = node.call(command).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::Refused);
        let expected = format!(
            "the clock was ahead by 3600 s: writes are refused until {due}, when neighbours take them"
        );
        assert!(refusal.message.starts_with(&expected), "{}", refusal.message);
    }
    // A date given by the client takes no stamp of this clock.
    assert!(
        node.call(crate::core::tests::network::set_at("dated", "v", crate::core::tests::network::WALL))
            .is_ok()
    );
    for _ in 0..3_595 {
        node.deliver(a, Message::Pong);
        assert_eq!(node.call(set("k", "v")).unwrap_err().code, ErrorCode::Refused);
        node.wait(secs(1));
    }
    assert!(node.call(set("k", "v")).is_ok());
}

#[test]
fn a_clock_that_is_put_back_while_the_node_runs_is_taken_as_one_that_was_ahead() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    node.wall_ahead_ms = 60_000;
    assert!(node.call(set("k", "v")).is_ok());
    node.deliver(a, Message::Early { wall_ms: crate::core::tests::network::WALL });
    node.wall_ahead_ms = 0;
    let refusal = node.call(set("k", "w")).unwrap_err();
    assert!(refusal.message.starts_with("the clock was ahead by 60 s"), "{}", refusal.message);
}

#[test]
fn a_node_whose_clock_is_behind_goes_on_writing_after_its_last_stamp() {
    let mut node = Single::new();
    node.neighbour(1);
    node.wall_ahead_ms = 60_000;
    assert!(node.call(set("k", "v")).is_ok());
    // Its neighbour, whose clock is unchanged, has nothing to put off.
    node.wall_ahead_ms = 0;
    assert!(node.call(set("k", "w")).is_ok());
}
