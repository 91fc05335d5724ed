//! Tests of the choice between two connections to the same neighbour.

use crate::core::tests::network::{Network, address, config, node_id, secs};
use crate::core::tests::single::{
    CLIENT, Single, add_peer, closes, dialled, dials, hello, messages, millis, replies, requests, version,
};
use crate::core::{CloseReason, Config, ConnId, Input, Output};
use crate::wire::{Command, ErrorCode, Frame, Hello, Message, Reply};

const BOTH: [&str; 2] = [Hello::TREE, Hello::RANGES];

#[test]
fn the_same_node_at_another_spelling_is_the_same_neighbour() {
    let mut network = Network::line(3);
    network.alias("localhost:1", 1);
    let before = (network.conns(0, 1), network.conns(1, 0));
    let refusal = network.refusal(0, add_peer("localhost:1"));
    assert_eq!(refusal, (ErrorCode::NeighborExists, "neighbor exists".into()));
    network.run_for(secs(5));
    assert_eq!((network.conns(0, 1), network.conns(1, 0)), before);
    assert_eq!(network.names(1), ["n0", "n2"]);
    // The end that was dialled refuses as well.
    network.alias("localhost:0", 0);
    assert_eq!(network.refusal(1, add_peer("localhost:0")).0, ErrorCode::NeighborExists);
    network.run_for(secs(5));
    assert_eq!((network.conns(0, 1), network.conns(1, 0)), before);
}

#[test]
fn of_two_simultaneous_connections_the_one_dialled_by_the_smaller_id_stays() {
    for (first, second, first_ends) in [(0, 1, true), (0, 1, false), (1, 0, true), (1, 0, false)] {
        for head_start in [0, 1, 2, 4, 6, 8, 10, 12] {
            let mut network = Network::new(2);
            let a = network.ask(first, add_peer(address(second)));
            network.run_for(millis(head_start));
            let b = network.ask(second, add_peer(address(first)));
            network.run_for(secs(1));
            assert_eq!(network.conns(0, 1).len(), 1, "after {head_start} ms");
            assert_eq!((network.names(0).len(), network.names(1).len()), (1, 1));
            assert!(matches!(network.nodes[first].answers[&a], Ok(Reply::Added(_))));
            let both = match &network.nodes[second].answers[&b] {
                Ok(Reply::Added(_)) => true,
                // The request came after the link was up.
                Err(refusal) => {
                    assert_eq!(refusal.code, ErrorCode::NeighborExists);
                    false
                }
                other => panic!("{other:?}"),
            };
            if head_start == 0 {
                assert!(network.nodes[0].core.peers()[0].dialled);
                assert!(!network.nodes[1].core.peers()[0].dialled);
            }
            network.set(0, "k", "v");
            network.converge(secs(1));
            // A node whose client was told of the neighbour dials again, whichever connection
            // stayed.
            let (ended, dials_again) = if first_ends { (first, both) } else { (second, true) };
            network.kill(ended);
            let next = network.add(Config { node: node_id(77), ..config(ended) });
            network.run_for(secs(5));
            assert_eq!(network.names(next).len(), usize::from(dials_again), "after {head_start} ms");
        }
    }
}

#[test]
fn a_link_that_only_one_end_lost_is_replaced_at_once() {
    let mut network = Network::line(2);
    network.half_open(0, 1);
    network.run_until(secs(1), |network| !network.names(0).is_empty());
    network.set(0, "k", "v");
    network.set(1, "l", "v");
    network.converge(secs(1));
    assert_eq!((network.names(0), network.names(1)), (vec!["n1".into()], vec!["n0".into()]));
    assert!(network.nodes[1].closed.contains(&CloseReason::Duplicate));
}

#[test]
fn a_second_connection_takes_the_links_place_only_when_its_dialler_speaks() {
    let mut node = Single::new();
    let old = node.neighbour(1);
    let new = node.accept(7, 1, &BOTH);
    let out = node.deliver(old, Message::Push(version("k", "v", 0, 1)));
    assert_eq!(closes(&out), []);
    let out = node.deliver(new, Message::Ping);
    assert_eq!(closes(&out), [(old, CloseReason::Duplicate)]);
    assert_eq!(messages(&out, new), [Message::Pong]);
    assert_eq!(node.core.peers().len(), 1);
}

#[test]
fn a_second_connection_that_stays_silent_is_closed_and_the_link_stays() {
    let mut node = Single::new();
    let old = node.neighbour(1);
    let new = node.accept(7, 1, &BOTH);
    let out = node.wait(secs(3));
    assert_eq!(closes(&out), [(new, CloseReason::Duplicate)]);
    assert_eq!(node.core.peers().len(), 1);
    assert_eq!(messages(&node.deliver(old, Message::Ping), old), [Message::Pong]);
}

#[test]
fn a_second_connection_is_the_link_when_the_first_ends() {
    let mut node = Single::new();
    let old = node.neighbour(1);
    let new = node.accept(7, 1, &BOTH);
    node.input(Input::Closed { conn: old });
    assert_eq!(node.core.peers().len(), 1);
    assert_eq!(messages(&node.deliver(new, Message::Ping), new), [Message::Pong]);
}

/// Returns the introduction of a node of another protocol.
fn foreign(features: &[&str]) -> Hello {
    Hello { address: format!("{}/byc", address(1)), ..hello(1, features) }
}

/// Dials the node of another protocol, which answers that it lists this node from before.
fn answer_listed(node: &mut Single, conn: ConnId, out: &[Output]) -> Vec<Output> {
    let dial = dials(out)[0].0;
    let out = node.input(Input::Connected { conn, dial });
    let id = requests(&out, conn)[0].0;
    let frame = Frame::Reply { id, result: Ok(Reply::Hello(foreign(&[Hello::LISTED]))) };
    node.input(Input::Received { conn, frame: frame.into() })
}

#[test]
fn a_second_connection_of_a_node_of_another_protocol_is_the_link_if_it_stays() {
    let mut node = Single::new();
    let (old, new) = (ConnId(1), ConnId(2));
    for conn in [old, new] {
        let out = node.ask(conn, Command::Auth(foreign(&[])));
        assert!(matches!(replies(&out, conn)[..], [Ok(Reply::Hello(_))]), "{out:?}");
    }
    let out = node.wait(secs(3));
    assert_eq!(closes(&out), [(old, CloseReason::Duplicate)]);
    assert!(matches!(requests(&out, new)[..], [(_, Command::Keys { .. })]), "{out:?}");
    assert_eq!(node.core.peers().len(), 1);
}

#[test]
fn the_connection_by_which_the_other_end_lists_this_node_stays() {
    let mut node = Single::new();
    let out = node.ask(CLIENT, add_peer(foreign(&[]).address));
    let (accepted, dialled) = (ConnId(1), ConnId(2));
    // This node's id is the smaller one, so that it would choose its own connection.
    node.ask(accepted, Command::Auth(foreign(&[])));
    let out = answer_listed(&mut node, dialled, &out);
    assert_eq!(closes(&out), [(dialled, CloseReason::Duplicate)]);
    assert!(matches!(replies(&out, CLIENT)[..], [Ok(Reply::Added(_))]), "{out:?}");
    assert!(!node.core.peers()[0].dialled);
}

#[test]
fn a_connection_that_the_other_end_dials_replaces_one_by_which_it_does_not_list_this_node() {
    let mut node = Single::new();
    let out = node.ask(CLIENT, add_peer(foreign(&[]).address));
    let (dialled, accepted) = (ConnId(1), ConnId(2));
    let out = answer_listed(&mut node, dialled, &out);
    assert!(matches!(replies(&out, CLIENT)[..], [Ok(Reply::Added(_))]), "{out:?}");
    assert!(node.core.peers()[0].dialled);
    let out = node.ask(accepted, Command::Auth(foreign(&[])));
    assert!(matches!(replies(&out, accepted)[..], [Ok(Reply::Hello(_))]), "{out:?}");
    assert_eq!(closes(&out), [(dialled, CloseReason::Duplicate)]);
    assert!(!node.core.peers()[0].dialled);
    // The address is dialled again once that connection is down.
    node.input(Input::Closed { conn: accepted });
    assert_eq!(dials(&node.wait(millis(50))).len(), 1);
}

/// Checks that in the end every two neighbours share one link that both list. Before that nodes
/// dial from both ends and at other spellings, connections are reset, and one end alone loses some.
#[test]
fn whatever_is_dialled_and_lost_two_neighbours_share_one_link() {
    for seed in 0..60_u64 {
        let mut network = Network::new(4);
        for node in 0..4 {
            network.alias(&format!("alias:{node}"), node);
        }
        let mut state = seed;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from((state >> 33) % below).unwrap()
        };
        for _ in 0..25 {
            let (a, b) = (draw(4), draw(4));
            match draw(6) {
                0 => network.reset(a, b),
                1 => network.half_open(a, b),
                2 => drop(network.ask(a, add_peer(format!("alias:{b}")))),
                _ => drop(network.ask(a, add_peer(address(b)))),
            }
            network.run_for(millis(draw(20) as u64));
        }
        network.run_for(secs(30));
        for a in 0..4 {
            for b in 0..4 {
                let listed = network.names(a).iter().filter(|name| **name == format!("n{b}")).count();
                assert!(listed <= 1, "seed {seed}: n{a} lists n{b} {listed} times");
                assert_eq!(network.conns(a, b).len(), listed, "seed {seed}: n{a} and n{b}");
                let back = network.names(b).contains(&format!("n{a}"));
                assert_eq!(listed == 1, back, "seed {seed}: n{a} and n{b}");
            }
        }
        let quiet: Vec<_> = (0..4).map(|node| network.nodes[node].closed.len()).collect();
        network.run_for(secs(30));
        assert_eq!(
            quiet,
            (0..4).map(|node| network.nodes[node].closed.len()).collect::<Vec<_>>(),
            "seed {seed}"
        );
    }
}

#[test]
fn an_address_is_dialled_again_after_another_connection_replaced_its_link() {
    let mut node = Single::new();
    let old = dialled(&mut node, 1, 1);
    let new = node.accept(7, 1, &BOTH);
    assert_eq!(dials(&node.input(Input::Closed { conn: old })), []);
    assert_eq!(dials(&node.wait(secs(3))), []);
    node.input(Input::Closed { conn: new });
    assert_eq!(dials(&node.wait(secs(1))).len(), 1);
}
