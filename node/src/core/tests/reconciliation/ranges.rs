//! Tests of anti-entropy: it finds the versions that push did not bring, at a cost that grows with
//! the difference.

use std::sync::Arc;
use std::time::Duration;

use crate::core::tests::network::{Network, config, delete, node_id, secs, set, value};
use crate::core::tests::single::{Single, hello, messages, version};
use crate::core::{Config, ConnId, Input, LogEvent};
use crate::wire::{
    Command, Hello, Hex, Kind, Leaf, Message, Policy, Prefix, RangeSummary, Stamp, Sum, Version,
};

fn versions(keys: impl IntoIterator<Item = u32>, text: &str, wall_ms: u64) -> Vec<Arc<Version>> {
    let stamp = Stamp { wall_ms, counter: 0 };
    keys.into_iter()
        .map(|key| Arc::new(Version::new(&format!("k{key}"), Kind::Set(value(text)), stamp, node_id(9))))
        .collect()
}

/// Links two nodes that hold these versions, and waits until they are equal. Returns the number of
/// reconciliation messages, their weight, and the number of versions sent.
fn cost(left: Vec<Arc<Version>>, right: Vec<Arc<Version>>) -> (u64, usize, u64) {
    let mut network = Network::new(2);
    network.restore(0, left);
    network.restore(1, right);
    network.link_all([(0, 1)]);
    network.converge(secs(20));
    network.run_for(secs(1) / 2);
    let messages = ["ranges", "leaves", "want"].into_iter().map(|kind| network.sent(kind)).sum();
    let weight = network.nodes.iter().map(|node| node.reconciled).sum();
    (messages, weight, network.total("payloads_sent"))
}

#[test]
fn equal_stores_cost_one_message() {
    assert_eq!(cost(versions(0..10_000, "v", 1), versions(0..10_000, "v", 1)).0, 1);
}

#[test]
fn one_difference_in_ten_thousand_costs_little() {
    let mut right = versions(0..10_000, "v", 1);
    right.extend(versions([77], "w", 2));
    let (messages, weight, sent) = cost(versions(0..10_000, "v", 1), right);
    assert!(messages <= 12 && weight < 8 << 10, "{messages} messages of {weight} bytes");
    // The winner of the two is known only when both have been seen.
    assert!(sent <= 2, "{sent}");
}

#[test]
fn the_cost_grows_with_the_difference_and_not_with_the_store() {
    let cost_of = |held: u32, missing: u32| {
        cost(versions(0..held, "v", 1), versions((0..held).skip(missing as usize), "v", 1)).1
    };
    let (small, large) = (cost_of(2_000, 10), cost_of(20_000, 10));
    assert!(large < 2 * small, "{small} {large}");
    assert!(cost_of(20_000, 1_000) > 10 * large);
}

#[test]
fn a_late_joiner_gets_each_version_once() {
    let (messages, weight, sent) = cost(versions(0..10_000, "v", 1), Vec::new());
    assert_eq!(sent, 10_000);
    assert!(messages < 40 && weight < 8 << 10, "{messages} messages of {weight} bytes");
}

#[test]
fn disjoint_stores_are_merged_both_ways() {
    let (_, _, sent) = cost(versions(0..5_000, "v", 1), versions(5_000..10_000, "v", 1));
    assert_eq!(sent, 10_000);
}

#[test]
fn differing_versions_of_every_key_are_settled() {
    let (_, _, sent) = cost(versions(0..2_000, "v", 1), versions(0..2_000, "w", 2));
    // Each node sends its own version, since an id does not show which one wins.
    assert!(sent <= 4_000, "{sent}");
}

#[test]
fn large_values_go_in_bounded_batches() {
    let text = "x".repeat(50_000);
    let (_, _, sent) = cost(versions(0..100, &text, 1), Vec::new());
    assert_eq!(sent, 100);
}

#[test]
fn keys_that_one_batch_left_out_are_asked_for_again() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let mut versions: Vec<_> = (0..3).map(|number| version(&format!("k{number}"), "v", 0, 1)).collect();
    versions.sort_by_key(|version| version.key_hash());
    let keys: Vec<_> = versions.iter().map(|version| version.key_hash()).collect();
    let items = keys.iter().map(|key| (*key, Hex([7; 16]))).collect();
    let leaves = vec![Leaf { prefix: Prefix::ALL, items }];
    let out = node.deliver(a, Message::Leaves { leaves, settled: false, answer: false });
    assert_eq!(messages(&out, a), [Message::Want { keys: keys.clone() }]);
    let out = node.deliver(a, Message::Have { versions: versions[..1].to_vec(), more: None });
    assert_eq!(messages(&out, a), [Message::Want { keys: keys[1..].to_vec() }]);
    // A key that lies before the end of a batch and is missing in it is held there no more. Having
    // learnt versions, the node begins again.
    let out = node.deliver(a, Message::Have { versions: versions[2..].to_vec(), more: None });
    assert!(matches!(messages(&out, a)[..], [Message::Ranges { .. }]), "{out:?}");
}

#[test]
fn a_range_that_is_sent_in_circles_is_not_asked_for_for_ever() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let theirs = RangeSummary { prefix: Prefix::ALL, count: 1_000, fingerprint: Hex([7; 16]) };
    node.deliver(a, Message::Ranges { ranges: vec![theirs], settled: false });
    let batch = || Message::Have { versions: vec![version("k", "v", 0, 1)], more: Some(Prefix::ALL) };
    let after = Some(version("k", "v", 0, 1).key_hash());
    let out = node.deliver(a, batch());
    assert_eq!(messages(&out, a), [Message::WantRange { prefix: Prefix::ALL, after }]);
    let out = node.deliver(a, batch());
    assert!(matches!(messages(&out, a)[..], [Message::Ranges { .. }]), "{out:?}");
}

#[test]
fn a_partition_heals() {
    let mut network = Network::line(26);
    let (left, right): (Vec<_>, Vec<_>) = ((0..13).collect(), (13..26).collect());
    network.partition(&left, &right);
    for number in 0..300 {
        network.ask(number % 13, set(&format!("l{number}"), "v"));
        network.ask(13 + number % 13, set(&format!("r{number}"), "v"));
        network.ask(number % 26, set(&format!("both{}", number % 7), &format!("{number}")));
        network.run_for(Duration::from_millis(10));
    }
    network.run_for(secs(2));
    assert!(!network.converged());
    network.heal();
    let took = network.converge(secs(5));
    assert!(took < secs(5), "{took:?}");
    assert_eq!(network.nodes[0].core.digest().count, 607);
}

#[test]
fn versions_from_a_healed_link_pass_from_node_to_node_without_waiting() {
    let mut network = Network::line(26);
    network.cut(12, 13);
    for number in 0..100 {
        network.ask(0, set(&format!("l{number}"), "v"));
        network.ask(25, set(&format!("r{number}"), "v"));
    }
    network.run_for(secs(2));
    network.heal();
    network.run_until(secs(3), |network| network.names(12).len() == 2);
    // Thirteen links one after the other: grafts alone would take half a second for each.
    let took = network.converge(secs(5));
    assert!(took < secs(1), "{took:?}");
}

#[test]
fn a_tombstone_is_not_resurrected_by_a_node_that_missed_it() {
    let mut network = Network::line(3);
    network.set(0, "k", "v");
    network.converge(secs(1));
    network.partition(&[0, 1], &[2]);
    network.written(0, delete("k"));
    network.run_for(secs(1));
    assert_eq!((network.get(1, "k"), network.get(2, "k")), (None, Some("v".into())));
    network.heal();
    network.converge(secs(5));
    assert!((0..3).all(|node| network.get(node, "k").is_none()));
    assert!((0..3).all(|node| network.nodes[node].core.digest().count == 1));
    network.set(2, "k", "again");
    network.converge(secs(1));
    assert_eq!(network.get(0, "k"), Some("again".into()));
}

#[test]
fn a_node_pulls_from_one_neighbour_at_a_time() {
    let mut network = Network::new(4);
    for node in 0..3 {
        network.restore(node, versions(0..2_000, "v", 1));
    }
    network.link_all([(0, 3), (1, 3), (2, 3)]);
    network.converge(secs(5));
    assert_eq!(network.total("payloads_sent"), 2_000);
}

#[test]
fn a_pull_that_is_not_answered_is_given_up_for_another() {
    let mut network = Network::new(3);
    network.restore(1, versions(0..2_000, "v", 1));
    network.restore(2, versions(0..2_000, "v", 1));
    network.link_all([(0, 1)]);
    assert_eq!(network.nodes[0].core.digest().count, 2_000);
    let late = network.add(config(3));
    network.ask(late, Command::AddPeer { address: crate::core::tests::network::address(1) });
    network.run_until(secs(1), |network| network.nodes[late].core.digest().count > 100);
    network.hold(1, late);
    network.link_all([(late, 2)]);
    network.run_until(secs(4), |network| network.nodes[late].core.digest().count == 2_000);
}

#[test]
fn a_settled_round_passes_over_what_is_young() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let (old, young) = (version("old", "v", 0, 1), version("young", "v", 20_000, 1));
    node.wall_ahead_ms = 20_000;
    node.deliver(a, Message::Push(old.clone()));
    node.deliver(a, Message::Push(young));
    let empty = RangeSummary { prefix: Prefix::ALL, count: 0, fingerprint: Sum::default().fingerprint() };
    for (settled, expected) in [(true, 1), (false, 2)] {
        let some = RangeSummary { count: 1, fingerprint: Hex([7; 16]), ..empty };
        let out = node.deliver(a, Message::Ranges { ranges: vec![some], settled });
        let [Message::Leaves { leaves, .. }] = &messages(&out, a)[..] else { panic!("{out:?}") };
        assert_eq!(leaves[0].items.len(), expected);
        assert!(leaves[0].items.iter().any(|(key, _)| *key == old.key_hash()));
    }
}

#[test]
fn a_settled_round_asks_for_nothing_that_a_young_version_replaces() {
    for (policy, settled, asks) in
        [(Policy::Last, true, false), (Policy::Last, false, true), (Policy::Oldest, true, true)]
    {
        let mut node = Single::with(Config { policy, ..config(0) });
        let a = ConnId(1);
        let hello = Hello { policy, ..hello(1, &[Hello::TREE, Hello::RANGES]) };
        node.ask(a, Command::Auth(hello));
        node.wall_ahead_ms = 20_000;
        let (old, young) = (version("k", "v", 0, 1), version("k", "w", 20_000, 1));
        node.deliver(a, Message::Push(young));
        let items = vec![(old.key_hash(), old.id(policy).truncated())];
        let leaves = vec![Leaf { prefix: Prefix::ALL, items }];
        let out = node.deliver(a, Message::Leaves { leaves, settled, answer: false });
        let asked = messages(&out, a).iter().any(|message| matches!(message, Message::Want { .. }));
        assert_eq!(asked, asks, "{policy:?}, settled: {settled}");
    }
}

#[test]
fn a_settled_round_does_not_fetch_a_range_whole_for_it_may_be_young() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let theirs = RangeSummary { prefix: Prefix::ALL, count: 1_000, fingerprint: Hex([7; 16]) };
    let out = node.deliver(a, Message::Ranges { ranges: vec![theirs], settled: true });
    let [Message::Ranges { ranges, settled: true }] = &messages(&out, a)[..] else { panic!("{out:?}") };
    assert_eq!(ranges.len(), 16);
    let out = node.deliver(a, Message::Ranges { ranges: vec![theirs], settled: false });
    assert_eq!(messages(&out, a), [Message::WantRange { prefix: Prefix::ALL, after: None }]);
}

#[test]
fn a_neighbour_that_does_not_keep_up_is_reconciled_once_it_does() {
    let mut config = config(0);
    config.limits.in_flight = 1_000;
    let mut node = Single::with(config);
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    for number in 0..20 {
        node.deliver(a, Message::Push(version(&format!("k{number}"), "v", 0, 1)));
    }
    let theirs = RangeSummary { prefix: Prefix::ALL, count: 1_000, fingerprint: Hex([7; 16]) };
    let before = node.core.stats()["outbox_weight"];
    let out = node.deliver(b, Message::Ranges { ranges: vec![theirs], settled: false });
    assert_eq!((messages(&out, b), node.core.stats()["outbox_weight"]), (vec![], before));
    let mut told = Vec::new();
    for _ in 0..5 {
        told.extend(messages(&node.input(Input::Written { conn: b, weight: 1_000, bytes: 0 }), b));
    }
    assert_eq!(told.iter().filter(|message| matches!(message, Message::Push(_))).count(), 14);
    assert!(matches!(told.last(), Some(Message::Ranges { settled: false, .. })), "{told:?}");
}

#[test]
fn settled_rounds_never_fetch_a_whole_range() {
    let mut network = Network::new(2);
    network.link_all([(0, 1)]);
    // These versions were lost without a trace: only the periodic round finds them, by looking at
    // each version.
    network.restore(0, versions(0..1_000, "v", 1));
    network.run_until(secs(25), Network::converged);
    assert_eq!(network.nodes[1].core.digest().count, 1_000);
    assert_eq!(network.total("payloads_sent"), 1_000);
}

#[test]
fn an_idle_network_only_pings_and_begins_rounds() {
    let mut network = Network::ring(4);
    network.set(0, "k", "v");
    network.run_for(secs(15));
    let before: Vec<_> =
        ["push", "announce", "leaves", "want", "have", "prune"].map(|kind| network.sent(kind)).into();
    let (messages, rounds) = (network.total("messages_sent"), network.total("rounds"));
    network.run_for(secs(60));
    let after: Vec<_> =
        ["push", "announce", "leaves", "want", "have", "prune"].map(|kind| network.sent(kind)).into();
    assert_eq!(before, after);
    assert_eq!(network.total("messages_sent"), messages);
    assert_eq!(network.total("rounds") - rounds, 4 * 6);
}

#[test]
fn an_overflow_is_made_good_by_reconciliation() {
    let mut network = Network::with(3, |config| {
        config.limits.outbox = 64 << 10;
        config.limits.in_flight = 16 << 10;
    });
    network.link_all([(0, 1), (1, 2)]);
    network.stall(0, 1);
    let text = "x".repeat(1_000);
    for number in 0..500 {
        network.ask(0, set(&format!("k{number}"), &text));
        network.run_for(Duration::from_millis(5));
    }
    assert!(
        network.nodes[0].log.iter().any(|event| matches!(event, LogEvent::Overflow { peer } if peer == "n1"))
    );
    // One neighbour reads nothing: the whole backlog is for it.
    let stats = network.nodes[0].core.stats();
    assert!((1..=64 << 10).contains(&stats["outbox_weight_max"]), "{stats:?}");
    assert_eq!(stats["outbox_weight"], stats["outbox_weight_max"]);
    network.unstall(0, 1);
    network.converge(secs(5));
    assert_eq!(network.nodes[2].core.digest().count, 500);
}

#[test]
fn wild_questions_are_answered_within_bounds() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    for number in 0..3_000 {
        node.deliver(a, Message::Push(version(&format!("k{number}"), "v", 0, 1)));
    }
    let deep = (0..32).fold(Prefix::ALL, |prefix, _| prefix.child(3));
    let odd = RangeSummary { prefix: deep, count: u64::MAX, fingerprint: Hex([1; 16]) };
    let out = node.deliver(a, Message::Ranges { ranges: vec![odd; 2_000], settled: true });
    assert!(messages(&out, a).iter().all(|message| message.weight() < 128 << 10));
    // A leaf that covers the whole store is compared by ranges instead.
    let leaf = Leaf { prefix: Prefix::ALL, items: Vec::new() };
    let out = node.deliver(a, Message::Leaves { leaves: vec![leaf], settled: false, answer: true });
    assert!(matches!(messages(&out, a)[..], [Message::Ranges { .. }]), "{out:?}");
    // An answer that goes on for ever is ended.
    let out = node.deliver(a, Message::Have { versions: Vec::new(), more: Some(Prefix::ALL) });
    assert_eq!(messages(&out, a), []);
    let keys = vec![version("nothing", "v", 0, 1).key_hash(); 10_000];
    let out = node.deliver(a, Message::Want { keys });
    assert_eq!(messages(&out, a), [Message::Have { versions: Vec::new(), more: None }]);
}

#[test]
fn neighbours_versions_are_handed_over_to_be_kept_together_and_nobody_waits_for_them() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let both = vec![version("k", "v", 0, 1), version("l", "v", 0, 1)];
    let out = node.deliver(a, Message::Have { versions: both.clone(), more: None });
    let kept: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            crate::core::Output::Persist { versions, .. } => Some(versions.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(kept, [both]);
    assert_eq!(node.core.digest().count, 2);
    assert_eq!(node.input(Input::Persisted(crate::core::PersistId(1))).len(), 0);
}

/// Returns the neighbours with which a round was begun, in order.
fn rounds(out: &[crate::core::Output]) -> Vec<u64> {
    (1..10).filter(|conn| messages(out, ConnId(*conn)).iter().any(is_round)).collect()
}

fn is_round(message: &Message) -> bool {
    matches!(message, Message::Ranges { ranges, .. } if ranges[0].prefix == Prefix::ALL)
}

#[test]
fn periodic_rounds_take_the_links_in_turn() {
    let mut node = Single::new();
    for number in 1..4 {
        node.neighbour(number);
    }
    let mut turns = Vec::new();
    for _ in 0..70 {
        turns.extend(rounds(&node.wait(secs(1))));
        for conn in 1..4 {
            node.deliver(ConnId(conn), Message::Pong);
        }
    }
    assert!(turns == [1, 2, 3, 1, 2, 3] || turns == [1, 2, 3, 1, 2, 3, 1], "{turns:?}");
}

#[test]
fn marked_links_have_their_rounds_in_turn_and_not_all_at_once() {
    let mut config = config(0);
    // Every announcement is one too many, and marks its link.
    config.limits.missing = 0;
    let mut node = Single::with(config);
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let held = version("k", "v", 0, 1);
    let rank = held.rank(Policy::Last);
    let announced = crate::wire::Announced { key: held.key_hash(), author: held.author(), rank };
    let mut turns = Vec::new();
    for _ in 0..4 {
        for conn in [a, b] {
            turns.extend(rounds(&node.deliver(conn, Message::Announce(vec![announced]))));
        }
        turns.extend(rounds(&node.wait(Duration::from_millis(100))));
    }
    assert_eq!(turns, [1, 2, 1, 2, 1]);
}

#[test]
fn a_pull_ends_with_its_link_and_another_has_its_turn_at_once() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let theirs = RangeSummary { prefix: Prefix::ALL, count: 1_000, fingerprint: Hex([7; 16]) };
    for conn in [a, b] {
        node.deliver(conn, Message::Ranges { ranges: vec![theirs], settled: false });
    }
    assert_eq!(rounds(&node.input(Input::Closed { conn: a })), [2]);
}
