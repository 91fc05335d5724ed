//! Tests of the push tree: one copy a node and write, repaired where it breaks, bounded in its
//! memory.

use std::time::Duration;

use crate::core::ConnId;
use crate::core::tests::network::{Network, secs, set};
use crate::core::tests::single::{Single, hello, messages, tombstone, version};
use crate::wire::{Announced, Command, Hello, Message, Policy, Version};

fn announced(version: &Version) -> Announced {
    Announced { key: version.key_hash(), author: version.author(), rank: version.rank(Policy::Last) }
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Checks that 200 writes of one author, after a warm-up of 20, cost at most 5 % more than one copy
/// a node each.
#[track_caller]
fn check_payloads(mut network: Network) {
    let nodes = network.nodes.len() as u64;
    let write = |network: &mut Network, number| {
        network.ask(0, set(&format!("k{number}"), "v"));
        network.run_for(millis(20));
    };
    for number in 0..20 {
        write(&mut network, number);
    }
    network.run_for(secs(2));
    let (pushed, payloads) = (network.sent("push"), network.total("payloads_sent"));
    for number in 20..220 {
        write(&mut network, number);
    }
    network.converge(secs(2));
    network.run_for(secs(2));
    assert_eq!(network.nodes[0].core.digest().count, 220);
    let (pushed, payloads) = (network.sent("push") - pushed, network.total("payloads_sent") - payloads);
    assert!(pushed * 100 <= 105 * (nodes - 1) * 200, "{pushed} pushes");
    assert!(payloads * 100 <= 105 * (nodes - 1) * 200, "{payloads} payloads");
}

#[test]
fn a_write_on_a_clique_costs_one_copy_a_node() {
    check_payloads(Network::clique(25));
}

#[test]
fn a_write_on_a_random_graph_costs_one_copy_a_node() {
    check_payloads(Network::random(100, 4, 1));
}

#[test]
fn a_write_on_a_ring_costs_one_copy_a_node_and_reaches_all() {
    check_payloads(Network::ring(26));
}

#[test]
fn writes_of_all_nodes_on_a_clique_cost_little_more_than_one_copy_a_node() {
    let mut network = Network::clique(16);
    let write = |network: &mut Network, from: usize, to: usize| {
        for number in from..to {
            network.ask(number % 16, set(&format!("k{number}"), "v"));
            network.run_for(millis(10));
        }
        network.run_for(secs(2));
    };
    write(&mut network, 0, 16 * 10);
    let pushed = network.sent("push");
    write(&mut network, 16 * 10, 16 * 30);
    let pushed = network.sent("push") - pushed;
    network.converge(secs(1));
    assert!(pushed * 100 <= 105 * 15 * 16 * 20, "{pushed}");
}

#[test]
fn many_nodes_that_write_once_each_neither_flood_nor_grow_the_memory() {
    let mut network = Network::random(60, 6, 3);
    for node in 0..60 {
        network.ask(node, set(&format!("k{node}"), "v"));
        network.run_for(millis(100));
    }
    network.run_for(secs(2));
    let pushed = network.sent("push");
    for node in 0..60 {
        network.ask(node, set(&format!("l{node}"), "v"));
        network.run_for(millis(100));
    }
    network.converge(secs(2));
    let pushed = network.sent("push") - pushed;
    // Without the shared tree the writes would be a flood: 60 × (2 × 180 − 59) copies.
    assert!(pushed < 60 * 59 * 12 / 10, "{pushed}");
    assert!(network.nodes.iter().all(|node| node.core.stats()["trees"] == 0));
}

#[test]
fn a_graft_repairs_a_tree_that_lost_a_link() {
    let mut network = Network::ring(6);
    for number in 0..10 {
        network.set(0, &format!("warm{number}"), "v");
        network.run_for(millis(200));
    }
    network.run_for(secs(1));
    // The ends of this link are not told that it carries nothing any more in this direction.
    network.hold(0, 1);
    let grafts = network.total("grafts_sent");
    network.set(0, "k", "v");
    network.run_until(secs(3), |network| (0..6).all(|node| network.get(node, "k").is_some()));
    assert!(network.total("grafts_sent") > grafts);
    let (grafts, pulls) = (network.total("grafts_sent"), network.total("fetched"));
    // From now on the tree takes the other way round: no graft, no delay.
    network.set(0, "l", "v");
    let took = network.run_until(secs(3), |network| (0..6).all(|node| network.get(node, "l").is_some()));
    assert!(took < millis(200), "{took:?}");
    assert_eq!((network.total("grafts_sent"), network.total("fetched")), (grafts, pulls));
}

#[test]
fn a_pushed_version_that_wins_is_stored_and_relayed_whole_to_eager_links_at_once() {
    let mut node = Single::new();
    let (a, b, c) = (node.neighbour(1), node.neighbour(2), node.neighbour(3));
    let version = version("k", "v", 0, 1);
    let out = node.deliver(a, Message::Push(version.clone()));
    assert_eq!(messages(&out, a), []);
    assert_eq!(messages(&out, b), [Message::Push(version.clone())]);
    assert_eq!(messages(&out, c), [Message::Push(version.clone())]);
    assert_eq!(node.core.version("k"), Some(&version));
}

#[test]
fn an_equal_push_is_answered_with_a_prune_and_the_link_stays_eager_the_other_way() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    node.deliver(a, Message::Push(version("k", "v", 0, 1)));
    let out = node.deliver(b, Message::Push(version("k", "v", 0, 1)));
    assert_eq!(messages(&out, b), [Message::Prune { author: version("k", "v", 0, 1).author() }]);
    let next = version("l", "v", 0, 1);
    let out = node.deliver(a, Message::Push(next.clone()));
    assert_eq!(messages(&out, b), [Message::Push(next)]);
}

#[test]
fn a_prune_makes_the_link_lazy() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    node.deliver(b, Message::Prune { author: version("k", "v", 0, 1).author() });
    let next = version("l", "v", 0, 1);
    let out = node.deliver(a, Message::Push(next.clone()));
    assert_eq!(messages(&out, b), []);
    let out = node.wait(millis(50));
    assert_eq!(messages(&out, b), [Message::Announce(vec![announced(&next)])]);
}

#[test]
fn a_burst_that_comes_first_by_one_link_then_by_another_leaves_one_of_them() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let author = version("k", "v", 0, 1).author();
    node.deliver(a, Message::Push(version("k", "v", 0, 1)));
    let out = node.deliver(b, Message::Push(version("k", "v", 0, 1)));
    assert_eq!(messages(&out, b), [Message::Prune { author }]);
    // A copy in flight from b at its prune comes first, and again by a.
    node.deliver(b, Message::Push(version("l", "v", 0, 1)));
    let out = node.deliver(a, Message::Push(version("l", "v", 0, 1)));
    assert_eq!(messages(&out, a), [], "the only way that is left is never pruned");
}

#[test]
fn a_neighbour_that_never_heard_that_it_was_pruned_costs_no_second_copy_for_long() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let author = version("k", "v", 0, 1).author();
    node.deliver(a, Message::Push(version("k", "v", 0, 1)));
    let out = node.deliver(b, Message::Push(version("k", "v", 0, 1)));
    assert_eq!(messages(&out, b), [Message::Prune { author }]);
    // Neighbour b applied the prune to its shared tree, pushes along the author's tree, and is the
    // faster one.
    node.wait(millis(500));
    node.deliver(b, Message::Push(version("l", "v", 0, 1)));
    let out = node.deliver(a, Message::Push(version("l", "v", 0, 1)));
    assert_eq!(messages(&out, a), [Message::Prune { author }]);
}

#[test]
fn a_write_goes_out_at_once_even_where_every_neighbour_has_pruned() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let author = version("k", "v", 0, 1).author();
    for neighbour in [a, b] {
        node.deliver(neighbour, Message::Prune { author });
    }
    let before = node.core.stats()["announcements_sent"];
    node.call(set("k", "v")).unwrap();
    assert_eq!((node.core.stats()["payloads_sent"], node.core.stats()["announcements_sent"]), (2, before));
}

#[test]
fn bursts_settle_on_one_copy_a_node_without_a_graft() {
    for mut network in [Network::random(40, 4, 1), Network::clique(25), Network::ring(26)] {
        let nodes = network.nodes.len() as u64;
        for round in 1..=4 {
            let pushed = network.sent("push");
            for number in 0..20 {
                network.ask(0, set(&format!("k{round}-{number}"), "v"));
            }
            network.run_for(secs(1));
            assert!(network.nodes.iter().all(|node| node.core.digest().count == round * 20));
            if round == 4 {
                assert_eq!(network.sent("push") - pushed, (nodes - 1) * 20);
            }
        }
        assert_eq!(network.sent("graft"), 0);
    }
}

/// Checks that every node has a path in the tree after bursts of writes of one author, whose copies
/// overtake each other on different paths. A write then comes to each node by push, once.
#[track_caller]
fn check_every_node_has_a_way(network: impl Fn() -> Network, jitter_ms: u64) {
    for seed in 0..60 {
        let mut network = network();
        (network.jitter_ms, network.seed) = (jitter_ms, seed);
        let nodes = network.nodes.len() as u64;
        for number in 0..20 {
            network.ask(0, set(&format!("warm{number}"), "v"));
        }
        network.converge(secs(2));
        network.run_for(secs(2));
        let (pushed, grafts) = (network.sent("push"), network.sent("graft"));
        for number in 0..20 {
            network.ask(0, set(&format!("k{number}"), "v"));
        }
        let took = network.converge(secs(2));
        network.run_for(secs(2));
        let sent = (network.sent("push") - pushed, network.sent("graft") - grafts);
        assert_eq!(sent, ((nodes - 1) * 20, 0), "seed {seed}, within {took:?}");
    }
}

#[test]
fn a_burst_whose_copies_overtake_each_other_leaves_every_node_a_way() {
    check_every_node_has_a_way(|| Network::ring(12), 30);
    check_every_node_has_a_way(|| Network::ring(5), 10);
    check_every_node_has_a_way(|| Network::clique(8), 30);
    check_every_node_has_a_way(|| Network::random(24, 4, 7), 30);
}

#[test]
fn a_version_from_outside_the_tree_is_relayed_as_a_stray_and_stays_one() {
    let mut node = Single::new();
    let (a, b, c) = (node.neighbour(1), node.neighbour(2), node.neighbour(3));
    node.deliver(a, Message::Push(version("k", "v", 0, 1)));
    node.deliver(b, Message::Push(version("k", "v", 0, 1)));
    // A copy in flight from b when it was pruned comes first.
    let late = version("l", "v", 0, 1);
    let out = node.deliver(b, Message::Push(late.clone()));
    assert_eq!(messages(&out, c), [Message::Stray(late.clone())]);
    assert_eq!(messages(&out, a), [Message::Stray(late)]);
    let stray = version("m", "v", 0, 1);
    let out = node.deliver(c, Message::Stray(stray.clone()));
    assert_eq!(messages(&out, a), [Message::Stray(stray.clone())]);
    let out = node.deliver(a, Message::Push(stray));
    assert_eq!(messages(&out, a), [], "its parent is its parent still");
}

#[test]
fn a_node_that_writes_often_has_a_tree_of_its_own() {
    let mut node = Single::new();
    for number in 0..3 {
        assert_eq!(node.core.stats()["trees"], 0);
        node.call(set(&format!("k{number}"), "v")).unwrap();
    }
    assert_eq!(node.core.stats()["trees"], 1);
}

#[test]
fn a_new_link_is_eager_whatever_the_one_before_it_was() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    node.deliver(b, Message::Prune { author: version("k", "v", 0, 1).author() });
    node.input(crate::core::Input::Closed { conn: b });
    let b = node.neighbour(2);
    let out = node.deliver(a, Message::Push(version("k", "v", 0, 1)));
    assert_eq!(messages(&out, b), [Message::Push(version("k", "v", 0, 1))]);
}

#[test]
fn a_prune_makes_the_link_lazy_and_a_graft_makes_it_eager_again() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let first = version("k", "v", 0, 1);
    node.deliver(b, Message::Prune { author: first.author() });
    let out = node.deliver(a, Message::Push(first.clone()));
    assert_eq!(messages(&out, b), []);
    let out = node.deliver(b, Message::Graft(announced(&first)));
    assert_eq!(messages(&out, b), [Message::Push(first)]);
    let second = version("l", "v", 0, 1);
    let out = node.deliver(a, Message::Push(second.clone()));
    assert_eq!(messages(&out, b), [Message::Push(second)]);
}

#[test]
fn a_graft_is_answered_with_what_replaced_the_version_but_not_with_less() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let (old, new, newest) = (version("k", "1", 0, 1), version("k", "2", 1, 1), version("k", "3", 2, 1));
    node.deliver(a, Message::Push(new.clone()));
    assert_eq!(messages(&node.deliver(a, Message::Graft(announced(&old))), a), [Message::Push(new)]);
    assert_eq!(messages(&node.deliver(a, Message::Graft(announced(&newest))), a), []);
}

#[test]
fn a_losing_push_is_ignored_and_never_prunes() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    node.deliver(a, Message::Push(version("k", "new", 5, 1)));
    let out = node.deliver(b, Message::Push(version("k", "old", 1, 1)));
    assert_eq!((messages(&out, a), messages(&out, b)), (vec![], vec![]));
    assert_eq!(node.core.version("k"), Some(&version("k", "new", 5, 1)));
}

#[test]
fn an_equal_push_of_a_fetched_version_does_not_prune() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    node.deliver(a, Message::Have { versions: vec![version("k", "v", 0, 1)], more: None });
    let out = node.deliver(b, Message::Push(version("k", "v", 0, 1)));
    assert_eq!(messages(&out, b), []);
}

#[test]
fn a_fetched_version_is_announced_and_not_pushed() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let fetched = version("k", "v", 0, 1);
    let out = node.deliver(a, Message::Have { versions: vec![fetched.clone()], more: None });
    assert!(!messages(&out, b).iter().any(Message::is_payload));
    let out = node.wait(millis(50));
    assert_eq!(messages(&out, b), [Message::Announce(vec![announced(&fetched)])]);
    assert_eq!(messages(&out, a), []);
}

#[test]
fn of_much_that_is_fetched_one_batch_is_announced() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let versions = (0..500).map(|number| version(&format!("k{number}"), "v", 0, 1)).collect();
    let mut out = node.deliver(a, Message::Have { versions, more: None });
    out.extend(node.wait(millis(50)));
    let announced: usize = messages(&out, b)
        .iter()
        .map(|message| if let Message::Announce(items) = message { items.len() } else { 0 })
        .sum();
    assert_eq!(announced, 64);
}

#[test]
fn under_oldest_an_equal_version_of_another_author_does_not_prune() {
    let mut config = crate::core::tests::network::config(0);
    config.policy = Policy::Oldest;
    let mut node = Single::with(config);
    let (a, b) = (ConnId(1), ConnId(2));
    for conn in [a, b] {
        let number = usize::try_from(conn.0).unwrap();
        let hello = Hello { policy: Policy::Oldest, ..hello(number, &[Hello::TREE, Hello::RANGES]) };
        node.ask(conn, Command::Auth(hello));
    }
    node.deliver(a, Message::Push(version("k", "v", 0, 1)));
    assert_eq!(messages(&node.deliver(b, Message::Push(version("k", "v", 0, 2))), b), []);
    let author = version("k", "v", 0, 1).author();
    let out = node.deliver(b, Message::Push(version("k", "v", 0, 1)));
    assert_eq!(messages(&out, b), [Message::Prune { author }]);
}

#[test]
fn an_announced_version_is_grafted_from_one_announcer_after_another() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    let wanted = announced(&version("k", "v", 0, 3));
    node.deliver(a, Message::Announce(vec![wanted]));
    node.deliver(b, Message::Announce(vec![wanted]));
    assert_eq!(messages(&node.wait(millis(499)), a), []);
    let out = node.wait(millis(1));
    assert_eq!((messages(&out, a), messages(&out, b)), (vec![Message::Graft(wanted)], vec![]));
    let out = node.wait(millis(250));
    assert_eq!((messages(&out, a), messages(&out, b)), (vec![], vec![Message::Graft(wanted)]));
    // No neighbour brings it: the link is reconciled.
    let out = node.wait(millis(250));
    assert!(matches!(messages(&out, b)[..], [Message::Ranges { settled: false, .. }]), "{out:?}");
    assert_eq!(node.core.stats()["missing"], 0);
}

#[test]
fn a_version_at_least_as_great_satisfies_an_announcement() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    node.deliver(a, Message::Push(version("k", "newer", 5, 2)));
    node.deliver(b, Message::Announce(vec![announced(&version("k", "v", 0, 3))]));
    assert_eq!(node.core.stats()["missing"], 0);
    node.deliver(b, Message::Announce(vec![announced(&version("l", "v", 0, 3))]));
    assert_eq!(node.core.stats()["missing"], 1);
    node.deliver(a, Message::Push(tombstone("l", 9, 1)));
    assert_eq!(node.core.stats()["missing"], 0);
    assert_eq!(messages(&node.wait(secs(2)), b), []);
}

#[test]
fn announcements_are_gathered_and_go_out_early_when_there_are_many() {
    let mut node = Single::new();
    let (a, b) = (node.neighbour(1), node.neighbour(2));
    node.deliver(b, Message::Prune { author: version("k", "v", 0, 1).author() });
    let told: usize = (0..64)
        .map(|number| node.deliver(a, Message::Push(version(&format!("k{number}"), "v", 0, 1))))
        .flat_map(|out| messages(&out, b))
        .map(|message| match message {
            Message::Announce(items) => items.len(),
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(told, 64);
}

#[test]
fn announcements_are_remembered_up_to_a_bound_and_reconciled_beyond_it() {
    let mut config = crate::core::tests::network::config(0);
    config.limits.missing = 10;
    let mut node = Single::with(config);
    let a = node.neighbour(1);
    let items = (0..1_000).map(|number| announced(&version(&format!("k{number}"), "v", 0, 1))).collect();
    let out = node.deliver(a, Message::Announce(items));
    assert_eq!(node.core.stats()["missing"], 10);
    assert!(matches!(messages(&out, a)[..], [Message::Ranges { settled: false, .. }]), "{out:?}");
}

#[test]
fn the_announcements_of_a_lost_link_are_forgotten() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    node.deliver(a, Message::Announce(vec![announced(&version("k", "v", 0, 3))]));
    node.input(crate::core::Input::Closed { conn: a });
    assert_eq!(node.core.stats()["missing"], 0);
}

#[test]
fn pushes_to_several_links_share_one_frame() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    for number in 2..6 {
        node.neighbour(number);
    }
    let out = node.deliver(a, Message::Push(version("k", "v", 0, 1)));
    let frames: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            crate::core::Output::Send { frame, conn } if *conn != ConnId(1) => Some(frame),
            _ => None,
        })
        .collect();
    assert_eq!(frames.len(), 4);
    assert!(frames.windows(2).all(|pair| std::sync::Arc::ptr_eq(pair[0], pair[1])));
}
