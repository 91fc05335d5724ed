//! Tests of the census.

use crate::core::tests::network::{Network, address, config, node_id, secs};
use crate::core::tests::single::{CLIENT, Single, messages, millis, replies};
use crate::core::{ConnId, Input, Output};
use crate::wire::{Command, Hello, Message, Reply, Resident};

const FEATURES: &[&str] = &[Hello::TREE, Hello::RANGES, Hello::CENSUS];

fn names(reply: &Reply) -> (Vec<&str>, bool) {
    let Reply::Nodes { nodes, complete } = reply else { panic!("{reply:?}") };
    (nodes.iter().map(|node| &*node.name).collect(), *complete)
}

fn resident(number: usize) -> Resident {
    Resident {
        node: node_id(number),
        name: format!("n{number}"),
        address: address(number),
        links: Vec::new(),
    }
}

#[track_caller]
fn check_all_counted(mut network: Network) {
    let count = network.nodes.len();
    let links: u64 = network.nodes.iter().map(|node| node.core.peers().len() as u64).sum::<u64>() / 2;
    let began = network.now;
    let reply = network.call(0, Command::Nodes).unwrap();
    let took = network.now.saturating_sub(began);
    let Reply::Nodes { nodes, complete } = &reply else { panic!("{reply:?}") };
    let mut expected: Vec<String> = (0..count).map(|number| format!("n{number}")).collect();
    expected.sort();
    assert_eq!(nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>(), expected);
    assert!(complete);
    for node in nodes {
        let number: usize = node.name[1..].parse().unwrap();
        assert_eq!((node.node, &node.address), (node_id(number), &address(number)));
        assert_eq!(node.links.len(), network.nodes[number].core.peers().len(), "{node:?}");
    }
    // Two messages a link, and one more for each time in which nodes are gathered.
    let (sent, gathered) = (network.sent("census"), u64::try_from(took.as_millis()).unwrap() / 20 + 1);
    assert!(
        sent >= 2 * links && sent <= links * (2 + gathered),
        "{sent} messages over {links} links in {took:?}"
    );
    // Nobody asks again by itself.
    network.run_for(secs(20));
    assert_eq!(network.sent("census"), sent);
    assert!(took < secs(3), "{took:?}");
}

#[test]
fn every_node_of_any_shape_is_counted_once() {
    for network in [
        Network::new(1),
        Network::line(2),
        Network::line(30),
        Network::ring(31),
        Network::clique(12),
        Network::random(60, 5, 7),
    ] {
        check_all_counted(network);
    }
}

#[test]
fn many_may_ask_at_once_and_those_at_one_node_share_a_census() {
    let mut network = Network::ring(9);
    let asked: Vec<_> = [0, 0, 3, 5].map(|node| (node, network.ask(node, Command::Nodes))).into();
    network.run_for(secs(1));
    for (node, id) in asked {
        let reply = network.nodes[node].answers.remove(&id).unwrap().unwrap();
        let (names, complete) = names(&reply);
        assert_eq!((names.len(), complete), (9, true));
    }
    // Three censuses of nine links.
    assert!(network.sent("census") <= 3 * 4 * 9, "{}", network.sent("census"));
}

#[test]
fn a_part_that_is_cut_off_is_not_counted() {
    let mut network = Network::line(6);
    network.cut(2, 3);
    let reply = network.call(0, Command::Nodes).unwrap();
    assert_eq!(names(&reply), (vec!["n0", "n1", "n2"], true));
}

#[test]
fn a_neighbour_that_does_not_answer_hides_those_behind_it_alone() {
    let mut network = Network::line(6);
    network.hold(2, 3);
    network.hold(3, 2);
    let began = network.now;
    let reply = network.call(0, Command::Nodes).unwrap();
    assert_eq!(names(&reply), (vec!["n0", "n1", "n2"], false));
    assert!(network.now.saturating_sub(began) <= secs(3));
    // The end of a link ends the wait.
    let mut node = Single::with(config(0));
    let (a, b) = (node.accept(1, 1, FEATURES), node.accept(2, 2, FEATURES));
    let out = node.ask(CLIENT, Command::Nodes);
    let [Message::Census { id }] = messages(&out, a)[..] else { panic!("{out:?}") };
    node.deliver(b, Message::Counted { id, nodes: vec![resident(2)], last: true });
    let out = node.input(Input::Closed { conn: a });
    let [Ok(reply)] = &replies(&out, CLIENT)[..] else { panic!("{out:?}") };
    assert_eq!(names(reply), (vec!["n0", "n2"], true));
}

#[test]
fn nodes_are_passed_on_before_all_have_answered() {
    let mut node = Single::with(config(0));
    let (parent, child) = (node.accept(1, 1, FEATURES), node.accept(2, 2, FEATURES));
    let out = node.deliver(parent, Message::Census { id: 7 });
    assert_eq!(messages(&out, child), [Message::Census { id: 7 }]);
    node.deliver(child, Message::Counted { id: 7, nodes: vec![resident(2)], last: false });
    let out = node.wait(millis(25));
    let [Message::Counted { id: 7, nodes, last: false }] = &messages(&out, parent)[..] else {
        panic!("{out:?}")
    };
    assert_eq!(nodes.iter().map(|node| &*node.name).collect::<Vec<_>>(), ["n0", "n2"]);
    // The rest comes with the end, at the latest when the time is over.
    node.deliver(child, Message::Counted { id: 7, nodes: vec![resident(3)], last: false });
    let out = node.wait(secs(3));
    let last =
        messages(&out, parent).into_iter().filter(|message| matches!(message, Message::Counted { .. }));
    let last: Vec<_> = last.collect();
    assert!(matches!(&last[..], [.., Message::Counted { last: true, .. }]), "{last:?}");
}

#[test]
fn a_question_that_crosses_another_is_its_answer_and_a_late_one_has_nothing_to_add() {
    let mut node = Single::with(config(0));
    let (parent, other) = (node.accept(1, 1, FEATURES), node.accept(2, 2, FEATURES));
    node.deliver(parent, Message::Census { id: 7 });
    let out = node.deliver(other, Message::Census { id: 7 });
    assert!(messages(&out, other).is_empty());
    let [Message::Counted { last: true, nodes, .. }] = &messages(&out, parent)[..] else { panic!("{out:?}") };
    assert_eq!(nodes.len(), 1);
    let out = node.deliver(other, Message::Census { id: 7 });
    assert_eq!(messages(&out, other), [Message::Counted { id: 7, nodes: Vec::new(), last: true }]);
    // What was not asked for counts nothing.
    let out = node.deliver(other, Message::Counted { id: 8, nodes: vec![resident(3)], last: true });
    assert_eq!(out.iter().filter(|output| matches!(output, Output::Send { .. })).count(), 0, "{out:?}");
}

#[test]
fn neighbours_of_before_are_not_asked_and_too_many_censuses_are_not_passed_on() {
    let mut node = Single::with(config(0));
    let old = node.neighbour(1);
    let reply = node.ask(CLIENT, Command::Nodes);
    assert!(messages(&reply, old).is_empty());
    let [Ok(reply)] = &replies(&reply, CLIENT)[..] else { panic!("{reply:?}") };
    assert_eq!(names(reply), (vec!["n0"], true));
    let (flood, other) = (node.accept(2, 2, FEATURES), node.accept(3, 3, FEATURES));
    let passed: usize =
        (0..1_000).map(|id| messages(&node.deliver(flood, Message::Census { id }), other).len()).sum();
    assert_eq!(passed, 16);
    let many: Vec<Resident> = (10..10_000).map(resident).collect();
    let out = node.ask(CLIENT, Command::Nodes);
    // The node counts itself alone while so many are under way.
    let [Ok(reply)] = &replies(&out, CLIENT)[..] else { panic!("{out:?}") };
    assert_eq!(names(reply), (vec!["n0"], false));
    node.wait(secs(4));
    let out = node.ask(CLIENT, Command::Nodes);
    let [Message::Census { id }] = messages(&out, other)[..] else { panic!("{out:?}") };
    node.deliver(other, Message::Counted { id, nodes: many, last: true });
    let out = node.input(Input::Closed { conn: ConnId(2) });
    let [Ok(reply)] = &replies(&out, CLIENT)[..] else { panic!("{out:?}") };
    let (names, complete) = names(reply);
    // The answer fits into a frame.
    assert!(!complete && names.len() > 3_000 && names.len() < 9_000, "{}", names.len());
}
