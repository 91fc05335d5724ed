//! Tests of arriving versions: they are logged with their origin, and refused if they do not match
//! their id.

use std::sync::Arc;

use crate::core::tests::network::{secs, set};
use crate::core::tests::single::{CLIENT, Single, messages, millis, tombstone, version};
use crate::core::{LogEvent, Output};
use crate::wire::{Announced, Hex, Message, Policy, Version};

/// Returns the log lines in these outputs.
fn lines(out: &[Output]) -> Vec<String> {
    out.iter()
        .filter_map(|output| match output {
            Output::Log(
                event @ (LogEvent::Arrived { .. } | LogEvent::ArrivedMore { .. } | LogEvent::Damaged { .. }),
            ) => Some(event.to_string()),
            _ => None,
        })
        .collect()
}

/// Returns a version as it is received with the id of another.
fn damaged(version: &Arc<Version>) -> Arc<Version> {
    Arc::new(Version::clone(version).with_id_of_sender(&Hex([1; 16])))
}

#[test]
fn a_write_that_arrives_is_logged_with_its_key_and_its_origin_once() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let by_a = Message::Push(version("k", "secret", 1, 1));
    assert_eq!(lines(&node.deliver(a, by_a.clone())), ["received k from n1"]);
    assert_eq!(lines(&node.deliver(b, by_a)), [""; 0]);
    let by_other = Message::Push(tombstone("k", 2, 8));
    assert_eq!(
        lines(&node.deliver(b, by_other)),
        ["received the deletion of k from n2, written by 00000000"]
    );
    assert_eq!(lines(&node.deliver(b, Message::Push(version("k", "old", 0, 1)))), [""; 0]);
}

#[test]
fn many_writes_that_arrive_are_named_up_to_a_pace_and_the_others_are_counted() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let versions = (0..100).map(|number| version(&format!("k{number}"), "v", 1, 1)).collect();
    let named = lines(&node.deliver(a, Message::Have { versions, more: None }));
    assert_eq!(
        (named.len(), &named[0][..], &named[19][..]),
        (20, "received k0 from n1", "received k19 from n1")
    );
    assert_eq!(lines(&node.wait(millis(499))), [""; 0]);
    assert_eq!(lines(&node.wait(millis(1))), ["received 80 more versions from n1"]);
    // Under an endless stream the log grows with time alone.
    let mut told = Vec::new();
    for number in 0..1_000 {
        let push = Message::Push(version("k", "v", 2 + number, 1));
        told.extend(lines(&node.deliver(if number % 2 == 0 { a } else { b }, push)));
        told.extend(lines(&node.wait(millis(10))));
    }
    assert_eq!(told, ["received 50 more versions from n1 and others"; 20]);
    // After a quiet time each version is named again.
    node.wait(secs(1));
    assert_eq!(lines(&node.deliver(a, Message::Push(version("z", "v", 5_000, 1)))), ["received z from n1"]);
}

#[test]
fn many_writes_of_clients_are_named_up_to_a_pace_and_the_others_are_counted() {
    let mut node = Single::new();
    let mut told = Vec::new();
    let mut hear = |out: &[Output]| {
        told.extend(out.iter().filter_map(|output| match output {
            Output::Log(event @ (LogEvent::Written { .. } | LogEvent::WrittenMore { .. })) => {
                Some(event.to_string())
            }
            _ => None,
        }));
    };
    for number in 0..30 {
        let asked = node.ask(CLIENT, set(&format!("k{number}"), "v"));
        hear(&node.persist(&asked));
    }
    hear(&node.wait(millis(500)));
    assert_eq!((told.len(), &told[0][..], &told[20][..]), (21, "set k0", "took 10 more writes"));
}

#[test]
fn a_damaged_version_is_refused_counted_logged_once_a_link_and_asked_for_again() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let good = version("k", "v", 1, 9);
    let announced = Announced { key: good.key_hash(), author: good.author(), rank: good.rank(Policy::Last) };
    node.deliver(b, Message::Announce(vec![announced]));
    let out = node.deliver(a, Message::Push(damaged(&good)));
    assert_eq!((messages(&out, b), node.core.version("k")), (vec![], None));
    assert_eq!(
        lines(&out),
        ["refused a version of k from n1: it was damaged on its way or at n1, and is asked for again"]
    );
    let out = node.deliver(a, Message::Have { versions: vec![damaged(&good), damaged(&good)], more: None });
    assert_eq!((lines(&out), node.core.version("k")), (vec![], None));
    assert_eq!(node.core.stats()["damaged"], 3);
    // The announcer is asked for the version, as if it had not come.
    assert!(messages(&node.wait(secs(1)), b).contains(&Message::Graft(announced)));
    node.deliver(b, Message::Push(good.clone()));
    assert_eq!(node.core.version("k"), Some(&good));
}
