//! Tests that all nodes come to hold the same, on every shape and with any writers.

use std::time::Duration;

use crate::core::tests::network::{Network, address, config, delete, secs, set};
use crate::wire::Command;

/// Checks that nodes agree and miss nothing after several writers at once, some of them on the same
/// keys.
#[track_caller]
fn check_concurrent_writers(mut network: Network) {
    let nodes = network.nodes.len();
    for round in 0..20 {
        for writer in [0, nodes / 3, nodes / 2, nodes - 1] {
            network.ask(writer, set(&format!("shared{}", round % 5), &format!("{writer}-{round}")));
            network.ask(writer, set(&format!("own{writer}-{round}"), "x"));
        }
        network.run_for(secs(1) / 50);
    }
    network.run_until(secs(2), |network| network.converged() && network.nodes[0].core.digest().count >= 25);
    let writers = std::collections::BTreeSet::from([0, nodes / 3, nodes / 2, nodes - 1]).len() as u64;
    assert_eq!(network.nodes[0].core.digest().count, 5 + 20 * writers);
}

#[test]
fn concurrent_writers_converge_on_a_line() {
    check_concurrent_writers(Network::line(26));
}

#[test]
fn concurrent_writers_converge_on_a_ring() {
    check_concurrent_writers(Network::ring(26));
}

#[test]
fn concurrent_writers_converge_on_a_clique() {
    check_concurrent_writers(Network::clique(12));
}

#[test]
fn concurrent_writers_converge_on_a_random_graph() {
    check_concurrent_writers(Network::random(60, 4, 7));
}

#[test]
fn two_nodes_converge() {
    check_concurrent_writers(Network::line(2));
}

#[test]
fn a_node_that_joins_late_learns_what_was_set_before_it_came() {
    let mut network = Network::line(2);
    for number in 0..500 {
        network.set(0, &format!("k{number}"), "v");
    }
    let late = network.add(config(2));
    network.call(late, Command::AddPeer { address: address(1) }).unwrap();
    network.converge(secs(1));
    assert_eq!(network.nodes[late].core.digest().count, 500);
    assert_eq!(network.nodes[late].core.stats()["fetched"], 500);
}

/// Runs a network under faults and writes of all kinds, drawn from a seed.
fn storm(seed: u64) -> Network {
    let mut network = Network::random(12, 4, seed);
    network.transcript = Some(String::new());
    for node in 0..12 {
        network.nodes[node].disk = Duration::from_millis(node as u64 % 4);
    }
    let mut state = seed;
    for step in 0..150 {
        // A linear congruential generator suffices for the choice of nodes.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let node = usize::try_from((state >> 33) % 12).unwrap();
        let other = usize::try_from((state >> 40) % 12).unwrap();
        match (state >> 50) % 8 {
            0 if node != other => network.cut(node, other),
            1 => network.reset(node, other),
            2 => network.heal(),
            3 => drop(network.ask(node, delete(&format!("k{}", step % 20)))),
            _ => drop(network.ask(node, set(&format!("k{}", step % 20), &format!("{step}")))),
        }
        network.run_for(Duration::from_millis((state >> 45) % 60));
    }
    network.heal();
    network
}

#[test]
fn faults_of_all_kinds_are_survived() {
    for seed in 0..20 {
        let mut network = storm(seed);
        network.converge(secs(10));
        assert!(network.nodes[0].core.digest().count > 10, "seed {seed}");
    }
}

#[test]
fn the_same_inputs_give_the_same_outputs() {
    let transcript = |seed| {
        let mut network = storm(seed);
        network.run_for(secs(5));
        network.transcript.unwrap()
    };
    assert!(transcript(1) == transcript(1));
    assert!(transcript(1) != transcript(2));
}
