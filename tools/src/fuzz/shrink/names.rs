//! Small names, in order.

use super::Try;
use crate::fuzz::plan::{Ask, Chosen, Expect, Node, Plan, Step, Value, Way, visit, visit_mut};

/// Small names, in order: nodes from a, keys from k1, values from 1.
pub(super) fn names(search: &mut impl Try) {
    let nodes = search.best().nodes();
    for order in orders(nodes.len()) {
        let mut plan = search.best().clone();
        // Ids and jitter depend on names: which node is called how may matter.
        let name = |node: Node| {
            let place = nodes.iter().position(|other| *other == node);
            place.and_then(|place| order.get(place)).map_or(node, |place| Node(*place))
        };
        rename(&mut plan, &name);
        if search.attempt(plan) {
            break;
        }
    }
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    visit(&search.best().steps, &mut |step| {
        if let Step::Ask { ask, .. } = step {
            match ask {
                Ask::Set { key, value, .. } => {
                    keys.push(key.number);
                    values.extend(match value {
                        Value::Number(number) => Some(*number),
                        Value::Turn => None,
                    });
                }
                Ask::Delete(key) | Ask::Get(key) | Ask::Stamp(key) => keys.push(key.number),
                Ask::Keys | Ask::Count | Ask::Peers => {}
            }
        }
    });
    let place = |of: &[u32], number: u32| {
        let mut seen = of.to_vec();
        let mut unique = Vec::new();
        seen.retain(|item| {
            let new = !unique.contains(item);
            if new {
                unique.push(*item);
            }
            new
        });
        seen.iter()
            .position(|item| *item == number)
            .map_or(number, |place| u32::try_from(place + 1).unwrap_or(number))
    };
    let renumber = |plan: &mut Plan, key_of: &dyn Fn(u32) -> u32, value_of: &dyn Fn(u32) -> u32| {
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
    };
    let mut plan = search.best().clone();
    renumber(&mut plan, &|number| place(&keys, number), &|number| place(&values, number));
    search.attempt(plan);
    let mut plan = search.best().clone();
    renumber(&mut plan, &|number| number, &|number| place(&values, number));
    search.attempt(plan);
    // Two keys that may as well be one.
    let mut plan = search.best().clone();
    renumber(&mut plan, &|_| 1, &|number| number);
    search.attempt(plan);
}

/// Orders in which so many nodes may be named: as they are and, where there are few, every other.
fn orders(count: usize) -> Vec<Vec<usize>> {
    /// Of five there are 120 orders.
    const FEW: usize = 5;
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    if count > FEW {
        return vec![(0..count).collect()];
    }
    for place in 0..count {
        let longer = |order: &Vec<usize>| {
            // The newcomer at the end first: so the first order of all is the natural one.
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
