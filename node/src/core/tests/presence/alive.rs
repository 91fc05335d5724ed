//! Tests of signs of life.

use crate::core::tests::network::{Network, config, node_id, secs};
use crate::core::tests::single::{CLIENT, Single, messages, millis, replies};
use crate::core::{Input, LogEvent, Output};
use crate::wire::{Command, ErrorCode, Hello, Message, Reply};

fn signs(log: &[LogEvent]) -> Vec<String> {
    let signs = log.iter().filter(|event| matches!(event, LogEvent::Alive { .. }));
    signs.map(ToString::to_string).collect()
}

#[test]
fn every_node_logs_a_sign_once_whatever_the_shape() {
    for mut network in [Network::line(5), Network::ring(8), Network::clique(7), Network::random(40, 4, 3)] {
        let last = network.nodes.len() - 1;
        network.call(last, Command::Ping).unwrap();
        network.call(0, Command::Ping).unwrap();
        network.run_for(secs(2));
        for node in &network.nodes {
            let mut signs = signs(&node.log);
            signs.sort();
            let expected = [format!("I'm alive (ping from n{last})"), "I'm alive (ping from n0)".to_owned()];
            let mut expected = expected.to_vec();
            expected.sort();
            assert_eq!(signs, expected);
        }
    }
}

#[test]
fn signs_have_a_rate_and_pass_once() {
    let mut node = Single::with(config(0));
    let features = [Hello::TREE, Hello::RANGES, Hello::CENSUS];
    let (from, to) = (node.accept(1, 1, &features), node.accept(2, 2, &features));
    let sign = |id| Message::Alive { id, node: node_id(5), name: "far".to_owned(), value: None };
    let out = node.deliver(from, sign(1));
    assert_eq!((messages(&out, to), messages(&out, from).len()), (vec![sign(1)], 0));
    assert!(messages(&node.deliver(to, sign(1)), from).is_empty());
    let passed = (2..100).filter(|id| !messages(&node.deliver(from, sign(*id)), to).is_empty()).count();
    assert_eq!(passed, 19);
    let out = node.ask(CLIENT, Command::Ping);
    let [Err(refusal)] = &replies(&out, CLIENT)[..] else { panic!("{out:?}") };
    assert_eq!(refusal.code, ErrorCode::Unavailable);
    node.wait(millis(250));
    let out = node.ask(CLIENT, Command::Ping);
    assert_eq!(replies(&out, CLIENT), [Ok(Reply::Count(2))]);
    assert!(out.iter().any(|output| matches!(output, Output::Log(LogEvent::Alive { of }) if of == "n0")));
}

#[test]
fn the_value_of_another_make_is_passed_on_as_a_sign() {
    let mut network = Network::line(4);
    network.input(3, Input::Heard { value: "{\"type\":\"ping\"}".to_owned() });
    network.run_for(secs(2));
    for node in &network.nodes {
        let heard: Vec<_> = node.log.iter().filter(|event| matches!(event, LogEvent::Heard { .. })).collect();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].to_string(), "{\"type\":\"ping\"} (from a node of another make, by n3)");
        assert_eq!(node.signs, [Some("{\"type\":\"ping\"}".to_owned())]);
    }
}
