//! Tests of neighbours of another make, with whole pushes, `keys` and `get` only.

use crate::core::tests::network::{get, secs};
use crate::core::tests::single::{Single, messages, requests, version};
use crate::core::{ConnId, Input, Output};
use crate::wire::{Command, ErrorCode, Frame, Message, Refusal, Reply, RequestId};

/// Answers requests as a neighbour without features that has this many keys. Returns the maximum
/// number of values requested at a time.
fn answer_all(node: &mut Single, conn: ConnId, mut asked: Vec<(RequestId, Command)>, keys: usize) -> usize {
    let names: Vec<String> = (0..keys).map(|number| format!("k{number:04}")).collect();
    let mut most = 0;
    while !asked.is_empty() {
        most = most.max(asked.iter().filter(|(_, command)| matches!(command, Command::Get { .. })).count());
        let (id, command) = asked.remove(0);
        let result = match command {
            Command::Keys { after } => {
                let rest: Vec<_> =
                    names.iter().filter(|name| Some(*name) > after.as_ref()).cloned().collect();
                Ok(Reply::Keys { more: rest.len() > 100, keys: rest.into_iter().take(100).collect() })
            }
            Command::Get { key } if key == "k0003" => Err(Refusal::new(ErrorCode::Absent, "gone")),
            Command::Get { key } => Ok(Reply::Value(version(&key, "v", 0, 1))),
            other => panic!("{other:?}"),
        };
        let out = node.input(Input::Received { conn, frame: Frame::Reply { id, result }.into() });
        asked.extend(requests(&out, conn));
    }
    most
}

#[test]
fn everything_is_asked_for_a_few_values_at_a_time() {
    let mut node = Single::new();
    let b = node.neighbour(2);
    let plain = ConnId(1);
    let out = node.ask(plain, Command::Auth(crate::core::tests::single::hello(1, &[])));
    let most = answer_all(&mut node, plain, requests(&out, plain), 250);
    assert_eq!(most, 16);
    assert_eq!(node.core.digest().count, 249);
    assert_eq!(node.core.stats()["fetched"], 249);
    // Versions learnt are announced to others.
    assert!(node.core.stats()["announcements_sent"] == 64 && node.core.stats()["rounds"] == 2);
    assert_eq!(messages(&node.wait(secs(1) / 20), b), []);
}

#[test]
fn every_version_that_wins_is_pushed_whole_and_nothing_else_is_said() {
    let mut node = Single::new();
    let (plain, b) = (node.accept(1, 1, &[]), node.neighbour(2));
    let pushed = version("k", "v", 0, 2);
    let out = node.deliver(b, Message::Push(pushed.clone()));
    assert_eq!(messages(&out, plain), [Message::Push(pushed)]);
    let fetched = version("l", "v", 0, 2);
    let out = node.deliver(b, Message::Have { versions: vec![fetched.clone()], more: None });
    assert_eq!(messages(&out, plain), [Message::Push(fetched.clone())]);
    // A second push from it is not pruned.
    let out = node.deliver(plain, Message::Push(version("k", "v", 0, 2)));
    assert_eq!(messages(&out, plain), []);
    let out = node.wait(secs(2));
    assert_eq!(messages(&out, plain), []);
}

#[test]
fn a_neighbour_without_ranges_may_ask_for_keys_itself() {
    let mut node = Single::new();
    let (plain, b) = (node.accept(1, 1, &[]), node.neighbour(2));
    node.deliver(b, Message::Push(version("k", "v", 0, 2)));
    let out = node.ask(plain, get("k"));
    assert!(out.iter().any(|output| matches!(output, Output::Send { conn, .. } if *conn == plain)));
}

#[test]
fn a_neighbour_that_answers_nothing_is_asked_again_without_a_backlog() {
    let mut node = Single::new();
    let plain = node.accept(1, 1, &[]);
    let mut asked = 0;
    for _ in 0..12 {
        // The neighbour pings and answers nothing.
        asked += requests(&node.wait(secs(5)), plain).len();
        node.deliver(plain, Message::Ping);
    }
    assert!((5..=7).contains(&asked), "{asked}");
}

#[test]
fn a_round_begins_when_the_driver_asks_for_it() {
    let mut node = Single::new();
    let plain = node.accept(1, 1, &[]);
    node.wait(secs(3));
    let out = node.input(Input::RoundDue { conn: plain });
    assert!(matches!(requests(&out, plain)[..], [(_, Command::Keys { after: None })]), "{out:?}");
    // A connection that is no link has no rounds.
    assert!(node.input(Input::RoundDue { conn: ConnId(9) }).is_empty());
}

#[test]
fn a_scan_does_not_begin_anew_while_an_answer_may_come() {
    let mut config = crate::core::tests::network::config(0);
    config.timing.reconcile = secs(1) / 2;
    let mut node = Single::with(config);
    let plain = node.accept(1, 1, &[]);
    assert_eq!(requests(&node.wait(secs(19) / 10), plain), []);
    assert_eq!(requests(&node.wait(secs(6) / 10), plain).len(), 1);
}
