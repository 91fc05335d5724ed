//! Tests of nodes that connect themselves.

use crate::core::tests::network::{Network, address, secs};
use crate::core::tests::single::{Single, hello, messages};
use crate::core::{ConnId, Output};
use crate::wire::{Command, Hello, Message, PeerInfo};

fn info(number: usize) -> PeerInfo {
    let Hello { name, address, node, .. } = hello(number, &[]);
    PeerInfo { name, address, node, dialled: false }
}

fn dials(out: &[Output]) -> Vec<&str> {
    out.iter()
        .filter_map(|output| match output {
            Output::Dial { address, .. } => Some(&address[..]),
            _ => None,
        })
        .collect()
}

fn auto() -> Single {
    Single::with(crate::core::Config { auto_connect: true, ..crate::core::tests::network::config(0) })
}

#[test]
fn a_line_of_nodes_that_connect_themselves_becomes_a_clique() {
    let mut network = Network::with(8, |config| config.auto_connect = true);
    network.link_all((1..8).map(|b| (b - 1, b)));
    network.run_until(secs(5), |network| (0..8).all(|node| network.names(node).len() == 7));
    network.run_for(secs(5));
    for a in 0..8 {
        for b in 0..8 {
            assert_eq!(network.conns(a, b).len(), usize::from(a != b));
        }
    }
    assert_eq!(network.sent("neighbours"), {
        network.run_for(secs(30));
        network.sent("neighbours")
    });
}

#[test]
fn without_auto_connect_nobody_is_told_and_nobody_dialled() {
    let mut network = Network::line(4);
    network.run_for(secs(5));
    assert_eq!((network.sent("neighbours"), network.names(0).len()), (0, 1));
    let mut node = Single::new();
    let a = node.accept(1, 1, &[Hello::NEIGHBOURS]);
    let out = node.deliver(a, Message::Neighbours(vec![info(2)]));
    assert_eq!(dials(&out), [""; 0]);
}

#[test]
fn only_unknown_nodes_are_dialled() {
    let mut node = auto();
    let a = node.accept(1, 1, &[Hello::NEIGHBOURS]);
    let nowhere = PeerInfo { address: String::new(), ..info(5) };
    let out = node.deliver(a, Message::Neighbours(vec![info(0), info(1), info(2), nowhere, info(3)]));
    assert_eq!(dials(&out), [address(2), address(3)]);
    // Nodes being dialled count as known.
    assert_eq!(dials(&node.deliver(a, Message::Neighbours(vec![info(2), info(3)]))), [""; 0]);
}

#[test]
fn only_as_many_are_dialled_as_may_be_linked() {
    let mut config = crate::core::tests::network::config(0);
    (config.auto_connect, config.limits.peers) = (true, 4);
    let mut node = Single::with(config);
    let a = node.accept(1, 1, &[Hello::NEIGHBOURS]);
    let out = node.deliver(a, Message::Neighbours((2..100).map(info).collect()));
    assert_eq!(dials(&out).len(), 3);
}

#[test]
fn those_who_care_are_told_when_the_list_changes_and_in_bounds() {
    let mut node = auto();
    let curious = node.accept(1_000, 1_000, &[Hello::NEIGHBOURS]);
    let other = node.accept(1_001, 1_001, &[]);
    for number in 1..300 {
        node.accept(number as u64, number, &[]);
    }
    let out = node.wait(secs(1) / 20);
    let [Message::Neighbours(told)] = &messages(&out, curious)[..] else { panic!("{out:?}") };
    assert_eq!(told.len(), 256);
    assert!(!messages(&out, other).iter().any(|message| matches!(message, Message::Neighbours(_))));
    assert_eq!(messages(&node.wait(secs(2)), curious), []);
    node.ask(ConnId(500), Command::Auth(hello(500, &[])));
    assert_eq!(messages(&node.wait(secs(1) / 20), curious).len(), 1);
}
