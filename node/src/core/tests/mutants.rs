//! Tests that each planted mistake breaks a promise that is kept without it.

use super::network::{Network, config, delete, secs, set};
use super::single::{CLIENT, Single, replies, version};
use crate::core::{Input, Mutant, Output, PersistId};
use crate::wire::{Command, KeyHash, Reply};

/// Creates a network without links whose nodes all make this mistake.
fn network(count: usize, mutant: Option<Mutant>) -> Network {
    Network::with(count, |config| config.mutant = mutant)
}

fn single(mutant: Option<Mutant>) -> Single {
    let mut config = config(0);
    config.mutant = mutant;
    Single::with(config)
}

/// Checks that a node without mistakes keeps the promise and a node with this mistake breaks it. No
/// other mistake breaks it, except those in `broken_too_by`.
#[track_caller]
fn check(mutant: Mutant, kept: impl Fn(Option<Mutant>) -> bool, broken_too_by: &[Mutant]) {
    assert!(kept(None), "without any mistake");
    for other in Mutant::ALL {
        let broken = other == mutant || broken_too_by.contains(&other);
        assert_eq!(kept(Some(other)), !broken, "with {other}");
    }
}

#[test]
fn a_name_is_read_as_it_is_written() {
    for mutant in Mutant::ALL {
        assert_eq!(mutant.to_string().parse(), Ok(mutant));
    }
    let error = "none".parse::<Mutant>().unwrap_err().to_string();
    assert!(
        error.starts_with("unknown mutant `none`: it is one of `arrival-order`, `ignored-graft`"),
        "{error}"
    );
}

#[test]
fn merging_by_arrival_lets_a_lesser_version_replace_a_greater_one() {
    let kept = |mutant| {
        let mut node = single(mutant);
        let a = node.neighbour(1);
        node.deliver(a, crate::wire::Message::Push(version("k", "new", 2, 1)));
        node.deliver(a, crate::wire::Message::Push(version("k", "old", 1, 2)));
        node.core.version("k").map(|held| held.stamp()) == Some(version("k", "new", 2, 1).stamp())
    };
    check(Mutant::ArrivalOrder, kept, &[]);
}

#[test]
fn merging_by_arrival_keeps_two_nodes_apart_that_write_at_once() {
    let kept = |mutant| {
        let mut network = network(2, mutant);
        network.link_all([(0, 1)]);
        network.ask(0, set("k", "a"));
        network.ask(1, set("k", "b"));
        network.run_for(secs(2));
        network.converged()
    };
    check(Mutant::ArrivalOrder, kept, &[]);
}

#[test]
fn an_ignored_graft_leaves_a_node_behind_whose_way_broke() {
    let kept = |mutant| {
        let mut network = network(3, mutant);
        network.link_all([(0, 1), (1, 2), (0, 2)]);
        for number in 0..10 {
            network.set(0, &format!("k{number}"), "v");
            network.run_for(secs(1));
        }
        // Node 1 receives its copies from node 0 directly; node 2 only announces them to it.
        network.hold(0, 1);
        network.set(0, "k", "v");
        network.run_for(secs(2));
        network.get(1, "k").is_some()
    };
    check(Mutant::IgnoredGraft, kept, &[]);
}

#[test]
fn a_forgotten_tombstone_lets_a_deleted_key_come_back() {
    let kept = |mutant| {
        let mut network = network(2, mutant);
        network.link_all([(0, 1)]);
        network.set(0, "k", "v");
        network.run_for(secs(1));
        network.cut(0, 1);
        network.written(0, delete("k"));
        network.heal();
        network.run_for(secs(5));
        (0..2).all(|node| network.get(node, "k").is_none())
    };
    check(Mutant::ForgottenTombstone, kept, &[Mutant::UnreconciledLink]);
}

#[test]
fn an_unreconciled_link_leaves_a_late_joiner_behind() {
    let kept = |mutant| {
        let mut network = network(2, mutant);
        network.set(0, "k", "v");
        network.link_all([(0, 1)]);
        network.run_for(secs(60));
        network.converged()
    };
    check(Mutant::UnreconciledLink, kept, &[]);
}

#[test]
fn an_early_acknowledgement_comes_before_the_disk() {
    let kept = |mutant| {
        let mut node = single(mutant);
        let out = node.ask(CLIENT, set("k", "v"));
        let early = replies(&out, CLIENT).len();
        let late = replies(&node.input(Input::Persisted(PersistId(1))), CLIENT).len();
        assert_eq!(early + late, 1);
        early == 0
    };
    check(Mutant::EarlyAcknowledgement, kept, &[]);
}

#[test]
fn a_forgetful_clock_lets_a_write_after_a_restart_lose() {
    let kept = |mutant| {
        let mut node = single(mutant);
        node.core.restore([version("k", "before", 3_000, 1)]);
        let written = node.call(set("k", "after"));
        assert!(matches!(written, Ok(Reply::Written { .. })), "{written:?}");
        let Ok(Reply::Value(held)) = node.call(Command::Get { key: "k".into() }) else { panic!("no value") };
        held.value().is_some_and(|value| value.text() == "after")
    };
    check(Mutant::ForgetfulClock, kept, &[]);
}

#[test]
fn a_skipped_range_is_not_reconciled_and_all_others_are() {
    let skipped = |key: &str| KeyHash::of(key).0[0].is_multiple_of(100);
    let keys: Vec<_> = (0..1_000).map(|number| format!("k{number}")).collect();
    let hit = keys.iter().find(|key| skipped(key)).unwrap();
    let (rare, common) = keys.iter().filter(|key| skipped(key)).fold((0, 1_000), |(a, b), _| (a + 1, b - 1));
    assert!((5..20).contains(&rare), "{rare} of {common}");
    let kept = |mutant, key: &str| {
        let mut network = network(2, mutant);
        network.set(0, key, "v");
        network.link_all([(0, 1)]);
        network.run_for(secs(60));
        network.converged()
    };
    check(Mutant::SkippedRange, |mutant| kept(mutant, hit), &[Mutant::UnreconciledLink]);
    let missed = keys.iter().find(|key| !skipped(key)).unwrap();
    check(Mutant::UnreconciledLink, |mutant| kept(mutant, missed), &[]);
}

#[test]
fn a_one_sided_list_names_a_neighbour_that_does_not_name_it() {
    let kept = |mutant| {
        let mut network = network(2, mutant);
        network.link_all([(0, 1)]);
        (network.names(0), network.names(1)) == (vec!["n1".to_owned()], vec!["n0".to_owned()])
    };
    check(Mutant::OneSidedPeers, kept, &[]);
}

#[test]
fn an_unkept_tombstone_is_not_handed_to_the_disk_and_all_else_is() {
    let kept = |mutant, command: Command| {
        let mut node = single(mutant);
        assert!(matches!(node.call(set("k", "v")), Ok(Reply::Written { .. })));
        let out = node.ask(CLIENT, command);
        out.iter().any(|output| matches!(output, Output::Persist { versions, .. } if !versions.is_empty()))
    };
    let delete = || Command::Delete { key: "k".into() };
    check(Mutant::UnkeptTombstone, |mutant| kept(mutant, delete()), &[]);
    assert!(kept(Some(Mutant::UnkeptTombstone), set("k", "w")));
}
