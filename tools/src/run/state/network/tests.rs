use super::*;

fn network(links: &[(&str, &str)]) -> Network {
    let mut network = Network::default();
    for (from, to) in links {
        let [from, to] = [from, to].map(|name| {
            let spec = NodeSpec { name: (*name).to_owned(), ..NodeSpec::default() };
            network.add_node(spec).0
        });
        network.add_link(Link { from, to });
    }
    for node in network.indices() {
        network.set_life(node, Life::Running, 0);
    }
    network
}

#[track_caller]
fn check_components(network: &Network, expected: &[&str]) {
    let named: Vec<String> = network
        .components()
        .iter()
        .map(|component| component.iter().map(|node| network.name(*node)).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(named, expected);
}

#[test]
fn components_leave_out_what_is_cut_or_not_running() {
    let mut network = network(&[("a", "b"), ("b", "c"), ("c", "d")]);
    check_components(&network, &["a b c d"]);
    let [b, c] = ["b", "c"].map(|name| network.find(name).unwrap());
    network.cut(Direction { from: c, to: b });
    check_components(&network, &["a b", "c d"]);
    network.heal();
    network.set_life(b, Life::Paused, 0);
    check_components(&network, &["a", "c d"]);
}

#[test]
fn a_partition_parts_only_nodes_on_different_sides() {
    let mut network = network(&[("a", "b"), ("b", "c")]);
    network.set_sides(BTreeMap::from([(NodeIndex(0), 0), (NodeIndex(1), 1)]));
    check_components(&network, &["a", "b c"]);
}

#[test]
fn a_network_is_sound_while_nothing_is_between_its_nodes() {
    let mut network = network(&[("a", "b")]);
    let (a, b) = (NodeIndex(0), NodeIndex(1));
    let direction = Direction { from: a, to: b };
    assert!(network.is_sound());
    network.set_shape(direction, &[Shape::Loss(0.5)]);
    assert!(!network.is_sound());
    network.set_shape(direction, &[]);
    network.shift(a, 500);
    assert!(!network.is_sound());
    assert_eq!(network.clock_spread_ms(), 500);
    network.shift(a, -500);
    assert_eq!(network.clock_spread_ms(), 0);
    network.set_life(b, Life::Paused, 0);
    assert!(!network.is_sound());
    network.set_life(b, Life::Running, 0);
    network.cut(direction);
    assert!(!network.is_sound());
    network.heal();
    assert!(network.is_sound());
}

#[test]
fn the_diameter_is_that_of_the_greatest_component() {
    assert_eq!(network(&[("a", "b"), ("b", "c"), ("c", "d"), ("x", "y")]).diameter(), 3);
    let ring = network(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("f", "a")]);
    assert_eq!(ring.diameter(), 3);
    assert_eq!(Network::default().diameter(), 0);
}

#[test]
fn a_link_is_the_same_whoever_dials() {
    let mut network = network(&[("a", "b")]);
    assert!(!network.add_link(Link { from: NodeIndex(1), to: NodeIndex(0) }));
    assert_eq!(network.links().len(), 1);
}
