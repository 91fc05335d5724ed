//! Tests of dialling, and of dialling again.

use std::time::Duration;

use crate::core::tests::network::{Network, address, config, node_id, secs};
use crate::core::tests::single::{
    CLIENT, Single, add_peer, closes, dialled, dials, millis, replies, requests,
};
use crate::core::{CloseReason, Config, ConnId, Input, LogEvent, Output};
use crate::wire::{ErrorCode, Frame, Refusal, Reply};

#[test]
fn an_address_where_nobody_is_is_unavailable_and_forgotten() {
    let mut network = Network::new(1);
    let expected = (ErrorCode::Unavailable, "cannot connect to node:9: connection refused".to_owned());
    assert_eq!(network.refusal(0, add_peer(address(9))), expected);
    assert!(network.now > millis(2_800), "{:?}", network.now);
    network.transcript = Some(String::new());
    network.run_for(secs(10));
    assert_eq!(network.transcript.as_deref(), Some(""));
}

#[test]
fn a_node_that_starts_within_the_time_of_its_dial_is_found() {
    let mut network = Network::new(1);
    let asked = network.ask(0, add_peer(address(1)));
    network.run_for(millis(2_600));
    assert!(!network.nodes[0].answers.contains_key(&asked));
    network.add(config(1));
    network.run_for(millis(200));
    assert!(matches!(network.nodes[0].answers[&asked], Ok(Reply::Added(_))));
    assert_eq!(network.names(1), ["n0"]);
}

#[test]
fn the_reason_of_an_earlier_attempt_says_more_than_the_silence_of_the_last() {
    let mut node = Single::new();
    let dial = dials(&node.ask(CLIENT, add_peer(address(1))))[0].0;
    node.input(Input::DialFailed { dial, reason: "no node of this protocol".into() });
    assert_eq!(dials(&node.wait(millis(100))).len(), 1);
    let out = node.wait(millis(2_900));
    assert!(
        matches!(&replies(&out, CLIENT)[..],
        [Err(refusal)] if refusal.message == "cannot connect to node:1: no node of this protocol"),
        "{out:?}"
    );
}

#[test]
fn each_request_for_an_address_lengthens_its_time() {
    let mut network = Network::new(1);
    let first = network.ask(0, add_peer(address(1)));
    network.run_for(secs(2));
    let second = network.ask(0, add_peer(address(1)));
    network.run_for(millis(2_600));
    network.add(config(1));
    network.run_for(millis(200));
    for asked in [first, second] {
        assert!(matches!(network.nodes[0].answers[&asked], Ok(Reply::Added(_))));
    }
}

#[test]
fn a_neighbour_is_one_neighbour_in_any_protocol() {
    let mut node = Single::new();
    dialled(&mut node, 1, 1);
    let check = |node: &mut Single, address: String, code, message: &str| {
        let out = node.ask(CLIENT, add_peer(address));
        assert_eq!(replies(&out, CLIENT), [Err(Refusal::new(code, message))]);
    };
    check(&mut node, format!("{}/byc", address(1)), ErrorCode::NeighborExists, "neighbor exists");
    check(&mut node, format!("{}/byc", address(0)), ErrorCode::Refused, "a node cannot be its own neighbour");
    assert_eq!(dials(&node.ask(CLIENT, add_peer(format!("{}/byc", address(2))))).len(), 1);
}

#[test]
fn an_address_that_does_not_answer_is_given_up_in_time() {
    let mut network = Network::new(2);
    network.black_holes.insert(address(1));
    let expected = (ErrorCode::Unavailable, "no answer from node:1 within 3 s".to_owned());
    assert_eq!(network.refusal(0, add_peer(address(1))), expected);
    assert_eq!(network.now, secs(3));
}

#[test]
fn a_connection_that_does_not_answer_auth_is_given_up_in_time() {
    let mut node = Single::new();
    let dial = dials(&node.ask(CLIENT, add_peer(address(1))))[0].0;
    node.wait(secs(1));
    node.input(Input::Connected { conn: ConnId(1), dial });
    let out = node.wait(secs(2));
    assert_eq!(closes(&out), [(ConnId(1), CloseReason::Unanswered)]);
    assert!(matches!(&replies(&out, CLIENT)[..],
        [Err(refusal)] if refusal.message == "no answer from node:1 within 3 s"));
    assert!(node.core.peers().is_empty());
}

#[test]
fn a_dial_that_was_given_up_and_succeeds_all_the_same_is_closed() {
    let mut node = Single::new();
    let dial = dials(&node.ask(CLIENT, add_peer(address(1))))[0].0;
    let out = node.wait(secs(3));
    assert!(
        out.iter().any(|output| matches!(output, Output::CancelDial { dial: given_up } if *given_up == dial))
    );
    let out = node.input(Input::Connected { conn: ConnId(1), dial });
    assert_eq!(closes(&out).len(), 1);
    assert!(requests(&out, ConnId(1)).is_empty());
}

#[test]
fn a_request_for_a_dial_under_way_is_answered_with_that_dial() {
    let mut network = Network::new(2);
    let first = network.ask(0, add_peer(address(1)));
    let second = network.ask(0, add_peer(address(1)));
    network.run_for(secs(1));
    for id in [first, second] {
        assert!(matches!(network.nodes[0].answers[&id], Ok(Reply::Added(_))));
    }
    assert_eq!(network.conns(0, 1).len(), 1);
}

#[test]
fn only_the_end_that_dialled_dials_again_and_its_pauses_grow_to_a_bound() {
    let mut network = Network::line(2);
    network.cut(0, 1);
    network.transcript = Some(String::new());
    network.run_for(secs(30));
    let pauses: Vec<Duration> = network.nodes[0]
        .log
        .iter()
        .filter_map(|event| match event {
            LogEvent::Redial { after, .. } => Some(*after),
            _ => None,
        })
        .collect();
    for (number, pause) in pauses.iter().enumerate() {
        let most = millis(50 << number).min(secs(2));
        assert!(*pause >= most / 2 && *pause <= most, "{pauses:?}");
    }
    // A pause of 50 ms doubled six times exceeds two seconds; a pause that stays the same is not
    // logged again.
    assert_eq!(pauses.len(), 7);
    let transcript = network.transcript.take().unwrap();
    assert!((15..=40).contains(&transcript.matches("n0 Dial {").count()));
    assert_eq!(transcript.matches("n1 Dial {").count(), 0);
    network.heal();
    let took = network.run_until(secs(3), |network| !network.names(0).is_empty());
    assert!(took <= millis(2_100), "{took:?}");
}

#[test]
fn a_link_that_breaks_is_up_again_soon() {
    let mut network = Network::line(2);
    for _ in 0..3 {
        network.run_for(secs(1));
        network.reset(0, 1);
        assert!(network.names(0).is_empty() && network.names(1).is_empty());
        let took = network.run_until(secs(1), |network| network.names(1).len() == 1);
        assert!(took < millis(100), "{took:?}");
    }
}

#[test]
fn asking_for_a_neighbour_in_its_pause_dials_at_once() {
    let mut network = Network::line(2);
    network.cut(0, 1);
    network.run_for(secs(30));
    network.heal();
    let before = network.now;
    assert!(matches!(network.call(0, add_peer(address(1))), Ok(Reply::Added(_))));
    assert!(network.now < before + millis(100));
}

#[test]
fn a_node_replaced_by_one_of_another_network_is_tried_at_the_longest_pause() {
    let mut node = Single::new();
    let conn = dialled(&mut node, 1, 1);
    node.input(Input::Closed { conn });
    let dial = dials(&node.wait(millis(50)))[0].0;
    let out = node.input(Input::Connected { conn: ConnId(2), dial });
    let id = requests(&out, ConnId(2))[0].0;
    let refusal = Refusal::new(ErrorCode::Refused, "this is network `x`, not `test`");
    let out = node
        .input(Input::Received { conn: ConnId(2), frame: Frame::Reply { id, result: Err(refusal) }.into() });
    assert_eq!(closes(&out).len(), 1);
    assert!(out.iter().any(|output| matches!(output, Output::Log(LogEvent::RefusedByPeer { .. }))));
    assert_eq!(dials(&node.wait(millis(999))), []);
    assert_eq!(dials(&node.wait(millis(1_001))).len(), 1);
}

#[test]
fn a_link_that_came_about_by_both_dialling_is_dialled_again_by_both() {
    let mut network = Network::new(2);
    network.ask(0, add_peer(address(1)));
    network.ask(1, add_peer(address(0)));
    network.run_for(secs(1));
    // The node with the smaller id is gone for good, with the connection that it dialled; another
    // node takes its place.
    network.kill(0);
    network.run_for(secs(1));
    assert!(network.names(1).is_empty());
    let next = network.add(Config { node: node_id(77), ..config(0) });
    network.run_until(secs(4), |network| network.names(1) == ["n0"] && network.names(next) == ["n1"]);
}
