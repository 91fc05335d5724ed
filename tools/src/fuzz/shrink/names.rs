//! Shrinking of names: small ones, in order.

use super::search::Search;
use crate::fuzz::plan::{Ask, Chosen, Expect, Node, Plan, Step, Value, Way, visit, visit_mut};

/// Tries small names, in order: nodes from a, keys from k1, values from 1.
pub(super) fn names(search: &mut impl Search) {
    node_names(search);
    let (keys, values) = numbers(search.best());
    let mut attempt = |key_of: &dyn Fn(u32) -> u32, value_of: &dyn Fn(u32) -> u32| {
        let mut plan = search.best().clone();
        renumber(&mut plan, key_of, value_of);
        search.attempt(plan);
    };
    attempt(&|key| place(&keys, key), &|value| place(&values, value));
    attempt(&|key| key, &|value| place(&values, value));
    // Two keys may as well be one.
    attempt(&|_| 1, &|value| value);
}

/// Tries the first names of the alphabet for the nodes, in each order.
fn node_names(search: &mut impl Search) {
    let nodes = search.best().nodes();
    for order in orders(nodes.len()) {
        let mut plan = search.best().clone();
        // Ids and jitter depend on names, so the name of each node may matter.
        let name = |node: Node| {
            let place = nodes.iter().position(|other| *other == node);
            place.and_then(|place| order.get(place)).map_or(node, |place| Node(*place))
        };
        rename(&mut plan, &name);
        if search.attempt(plan) {
            break;
        }
    }
}

/// Returns the numbers of the keys and of the values that a plan asks for, each once, in order of appearance.
fn numbers(plan: &Plan) -> (Vec<u32>, Vec<u32>) {
    let add = |numbers: &mut Vec<u32>, number: u32| {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    };
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    visit(&plan.steps, &mut |step| {
        let Step::Ask { ask, .. } = step else { return };
        match ask {
            Ask::Set { key, value, .. } => {
                add(&mut keys, key.number);
                if let Value::Number(number) = value {
                    add(&mut values, *number);
                }
            }
            Ask::Delete(key) | Ask::Get(key) | Ask::Stamp(key) => add(&mut keys, key.number),
            Ask::Keys | Ask::Count | Ask::Peers => {}
        }
    });
    (keys, values)
}

/// Returns the place of a number in a list, counted from 1; the number itself if the list lacks it.
fn place(numbers: &[u32], number: u32) -> u32 {
    let place = numbers.iter().position(|other| *other == number);
    place.map_or(number, |place| u32::try_from(place + 1).unwrap_or(number))
}

/// Changes the numbers of keys and values.
fn renumber(plan: &mut Plan, key_of: &dyn Fn(u32) -> u32, value_of: &dyn Fn(u32) -> u32) {
    visit_mut(&mut plan.steps, &mut |step| match step {
        Step::Ask { ask, .. } => match ask {
            Ask::Set { key, value, .. } => {
                key.number = key_of(key.number);
                if let Value::Number(number) = value {
                    *number = value_of(*number);
                }
            }
            Ask::Delete(key) | Ask::Get(key) | Ask::Stamp(key) => key.number = key_of(key.number),
            Ask::Keys | Ask::Count | Ask::Peers => {}
        },
        Step::Expect(Expect::Holds { key, .. }) => key.number = key_of(key.number),
        _ => {}
    });
}

/// Returns the orders in which so many nodes may be named: the present one and, for few nodes, all others.
fn orders(count: usize) -> Vec<Vec<usize>> {
    /// The most nodes of which all orders are tried: five have 120.
    const FEW: usize = 5;
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    if count > FEW {
        return vec![(0..count).collect()];
    }
    for place in 0..count {
        let longer = |order: &Vec<usize>| {
            // The new node at the end comes first, so the first order of all is the natural one.
            (0..=order.len())
                .rev()
                .map(|at| {
                    let mut order = order.clone();
                    order.insert(at, place);
                    order
                })
                .collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    orders
}

/// Renames nodes wherever a plan names them.
pub(super) fn rename(plan: &mut Plan, name: &dyn Fn(Node) -> Node) {
    let of_who = |who: &mut Chosen| {
        if let Chosen::These(nodes) = who {
            for node in nodes {
                *node = name(*node);
            }
        }
    };
    let of_ways = |ways: &mut Vec<Way>| {
        for way in ways {
            (way.from, way.to) = (name(way.from), name(way.to));
        }
    };
    plan.options.iter_mut().for_each(|(who, _)| of_who(who));
    visit_mut(&mut plan.steps, &mut |step| match step {
        Step::Network(topology) => {
            let mut renamed = topology.clone();
            renamed.nodes.iter_mut().for_each(|node| *node = name(*node));
            renamed.links.iter_mut().for_each(|(from, to)| (*from, *to) = (name(*from), name(*to)));
            if (&renamed.nodes, &renamed.links) != (&topology.nodes, &topology.links) {
                renamed.written = None;
                *topology = renamed;
            }
        }
        Step::Ask { who, .. } => of_who(who),
        Step::Signal(_, nodes) => nodes.iter_mut().for_each(|node| *node = name(*node)),
        Step::Cut(ways) | Step::Join(ways) | Step::Break(ways) | Step::Link { ways, .. } => of_ways(ways),
        Step::Partition(sets) => sets.iter_mut().flatten().for_each(|node| *node = name(*node)),
        Step::Clock(node, _) | Step::Disk { node, .. } => *node = name(*node),
        Step::Expect(expect) => match expect {
            Expect::Holds { who, .. } => of_who(who),
            Expect::Peers { node, .. } => *node = name(*node),
            Expect::Converged(_) => {}
        },
        _ => {}
    });
}
