//! Tests of `auth`: the order in which the ends list each other, and the refusals.

use crate::core::tests::network::{Network, address, config, node_id, secs};
use crate::core::tests::single::{
    CLIENT, Single, add_peer, closes, dials, hello, messages, replies, requests, version,
};
use crate::core::{CloseReason, Config, ConnId, Input, LogEvent, Output};
use crate::wire::{Command, ErrorCode, Frame, Hello, Message, Policy, Reply};

const BOTH: [&str; 2] = [Hello::TREE, Hello::RANGES];

#[test]
fn a_link_is_listed_at_both_ends_when_add_peer_is_answered() {
    let mut network = Network::new(2);
    let Ok(Reply::Added(info)) = network.call(0, add_peer(address(1))) else { panic!() };
    assert_eq!(
        (&info.name[..], &info.address[..], info.node, info.dialled),
        ("n1", "node:1", node_id(1), true)
    );
    assert_eq!((network.names(0), network.names(1)), (vec!["n1".into()], vec!["n0".into()]));
    assert!(!network.nodes[1].core.peers()[0].dialled);
}

#[test]
fn the_end_that_accepts_lists_its_neighbour_before_it_answers() {
    let mut node = Single::new();
    let out = node.ask(ConnId(1), Command::Auth(hello(1, &BOTH)));
    assert!(matches!(&replies(&out, ConnId(1))[..], [Ok(Reply::Hello(hello))] if hello.node == node_id(0)));
    assert_eq!(node.core.peers().len(), 1);
    // The end that dialled sends first.
    assert_eq!(messages(&out, ConnId(1)), []);
}

#[test]
fn peers_are_listed_in_order_of_name_then_address() {
    let mut node = Single::new();
    for (number, name) in [(1, "zoe"), (2, ""), (3, "bob"), (4, "")] {
        let hello = Hello { name: name.into(), ..hello(number, &BOTH) };
        node.ask(ConnId(number as u64), Command::Auth(hello));
    }
    let listed: Vec<_> = node.core.peers().into_iter().map(|peer| (peer.name, peer.address)).collect();
    let expected = [("", "node:2"), ("", "node:4"), ("bob", "node:3"), ("zoe", "node:1")];
    assert_eq!(listed, expected.map(|(name, address)| (name.to_owned(), address.to_owned())));
}

#[test]
fn adding_a_neighbour_twice_is_an_error() {
    let mut network = Network::line(2);
    let exists = (ErrorCode::NeighborExists, "neighbor exists".to_owned());
    assert_eq!(network.refusal(0, add_peer(address(1))), exists);
    assert_eq!(network.refusal(1, add_peer(address(0))), exists);
}

#[test]
fn a_node_cannot_be_its_own_neighbour() {
    let mut network = Network::new(1);
    network.alias("localhost:0", 0);
    let expected = (ErrorCode::Refused, "a node cannot be its own neighbour".to_owned());
    assert_eq!(network.refusal(0, add_peer(address(0))), expected);
    assert_eq!(network.refusal(0, add_peer("localhost:0")), expected);
    assert_eq!(network.names(0), [""; 0]);
}

#[test]
fn auth_twice_on_one_connection_is_an_error() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let out = node.ask(a, Command::Auth(hello(1, &BOTH)));
    assert!(matches!(&replies(&out, a)[..], [Err(refusal)] if refusal.code == ErrorCode::NeighborExists));
    assert_eq!(node.core.peers().len(), 1);
}

#[track_caller]
fn check_mismatch(change: impl Fn(&mut Config), reason: &str) {
    // The end that accepts refuses.
    let mut network = Network::new(1);
    let mut other = config(1);
    change(&mut other);
    network.add(other);
    assert_eq!(network.refusal(1, add_peer(address(0))), (ErrorCode::Refused, reason.to_owned()));
    assert!(network.nodes[0].closed.contains(&CloseReason::Refused(reason.to_owned())));
    assert!(network.nodes[0].log.iter().any(|event| matches!(event,
        LogEvent::Refused { peer, reason: logged } if peer == "n1" && logged == reason)));
    network.run_for(secs(5));
    assert_eq!((network.names(0), network.names(1)), (vec![], vec![]));
    assert_eq!(network.conns(0, 1), []);
}

#[test]
fn another_network_is_refused() {
    check_mismatch(|config| config.network = "other".into(), "this is network `test`, not `other`");
}

#[test]
fn another_policy_is_refused() {
    check_mismatch(|config| config.policy = Policy::Oldest, "the policy here is `last`, not `oldest`");
}

#[test]
fn another_protocol_is_refused_by_both_ends() {
    let mut node = Single::new();
    let other = Hello { protocol: 2, ..hello(1, &BOTH) };
    let out = node.ask(ConnId(1), Command::Auth(other.clone()));
    let reason = "protocol 1 is spoken here, not 2";
    assert!(matches!(&replies(&out, ConnId(1))[..], [Err(refusal)] if refusal.message == reason));
    assert_eq!(closes(&out), [(ConnId(1), CloseReason::Refused(reason.into()))]);
    let dial = dials(&node.ask(CLIENT, add_peer(address(2))))[0].0;
    let out = node.input(Input::Connected { conn: ConnId(2), dial });
    let id = requests(&out, ConnId(2))[0].0;
    let out = node.input(Input::Received {
        conn: ConnId(2),
        frame: Frame::Reply { id, result: Ok(Reply::Hello(other)) }.into(),
    });
    assert!(matches!(&replies(&out, CLIENT)[..], [Err(refusal)] if refusal.code == ErrorCode::Refused));
    assert_eq!(closes(&out), [(ConnId(2), CloseReason::Refused(reason.into()))]);
    assert!(node.core.peers().is_empty());
}

#[test]
fn a_node_takes_only_so_many_neighbours() {
    let mut network = Network::with(4, |config| config.limits.peers = 2);
    network.link_all([(0, 1), (0, 2)]);
    let full = (ErrorCode::Refused, "at most 2 neighbours are taken".to_owned());
    assert_eq!(network.refusal(0, add_peer(address(3))), full);
    assert_eq!(network.refusal(3, add_peer(address(0))), full);
}

#[test]
fn a_message_before_auth_breaks_the_protocol() {
    let mut node = Single::new();
    let out = node.deliver(CLIENT, Message::Ping);
    assert_eq!(closes(&out), [(CLIENT, CloseReason::Protocol("a message before `auth`".into()))]);
}

#[test]
fn a_neighbour_may_ask_what_a_client_may() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    node.deliver(a, Message::Push(version("k", "v", 0, 1)));
    let out = node.ask(a, crate::core::tests::network::get("k"));
    assert!(matches!(replies(&out, a)[..], [Ok(Reply::Value(_))]));
}

#[test]
fn two_nodes_of_one_identity_are_told_apart_from_a_node_that_dials_itself_at_both_ends() {
    let mut network = Network::new(1);
    let mut copy = config(1);
    copy.node = config(0).node;
    network.add(copy);
    let (code, message) = network.refusal(0, add_peer(address(1)));
    assert_eq!(code, ErrorCode::Refused);
    assert!(
        message.starts_with("two nodes have one identity (") && message.contains("), n1 and n0: "),
        "{message}"
    );
    assert!(message.ends_with("start one of them with an empty folder (--data), and its neighbours fill it"));
    for node in &network.nodes {
        assert!(node.log.iter().any(|event| matches!(event,
            LogEvent::Refused { reason, .. } | LogEvent::RefusedByPeer { reason, .. }
                if reason.contains("copies of one another"))));
    }
}

#[test]
fn a_link_that_goes_over_to_a_node_of_the_same_identity_elsewhere_says_so() {
    let mut node = Single::new();
    node.neighbour(1);
    let copy = ConnId(50);
    let out = node
        .ask(copy, Command::Auth(Hello { address: "node:9".into(), name: "copy".into(), ..hello(1, &BOTH) }));
    assert!(matches!(replies(&out, copy)[..], [Ok(Reply::Hello(_))]));
    let out = node.deliver(copy, Message::Ping);
    assert!(
        out.iter().any(|output| matches!(output,
        Output::Log(LogEvent::Moved { before, now, .. }) if before == "n1" && now == "copy")),
        "{out:?}"
    );
}
