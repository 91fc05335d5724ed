//! Shrinking of the number of nodes.

use super::names::rename;
use super::search::Search;
use crate::fuzz::plan::{Chosen, Node, Plan, Step, visit_mut};

/// Tries to leave out nodes, with their neighbours linked instead or not; then to merge
/// one node into another.
pub(super) fn nodes(search: &mut impl Search) {
    let mut size = search.best().nodes().len() / 2;
    while size > 0 {
        let mut all = search.best().nodes();
        all.reverse();
        for gone in all.chunks(size) {
            for bypass in [false, true] {
                let mut plan = search.best().clone();
                for node in gone {
                    remove_node(&mut plan, *node, bypass);
                }
                if search.attempt(plan) {
                    break;
                }
            }
        }
        size /= 2;
    }
    for gone in search.best().nodes().into_iter().rev() {
        for into in search.best().nodes().into_iter().filter(|into| *into != gone) {
            let mut plan = search.best().clone();
            merge_node(&mut plan, gone, into);
            if search.attempt(plan) {
                break;
            }
        }
    }
}

/// Merges one node into another, which then performs the steps of both.
fn merge_node(plan: &mut Plan, gone: Node, into: Node) {
    rename(plan, &|node| if node == gone { into } else { node });
    let once = |nodes: &mut Vec<Node>| {
        let mut seen = Vec::new();
        nodes.retain(|node| {
            let new = !seen.contains(node);
            seen.push(*node);
            new
        });
    };
    let of_who = |who: &mut Chosen| {
        if let Chosen::These(nodes) = who {
            once(nodes);
        }
    };
    plan.options.iter_mut().for_each(|(who, _)| of_who(who));
    visit_mut(&mut plan.steps, &mut |step| match step {
        Step::Network(topology) => {
            once(&mut topology.nodes);
            let mut seen: Vec<(Node, Node)> = Vec::new();
            topology.links.retain(|(from, to)| {
                let new = from != to && !seen.contains(&(*from, *to)) && !seen.contains(&(*to, *from));
                seen.push((*from, *to));
                new
            });
        }
        Step::Ask { who, .. } => of_who(who),
        Step::Signal(_, nodes) => once(nodes),
        Step::Partition(sets) => {
            let mut seen = Vec::new();
            for set in sets {
                set.retain(|node| !seen.contains(node));
                seen.extend(set.iter().copied());
            }
        }
        Step::Cut(ways) | Step::Join(ways) | Step::Break(ways) | Step::Link { ways, .. } => {
            ways.retain(|way| way.from != way.to);
        }
        _ => {}
    });
    drop_emptied(&mut plan.steps, gone);
}

fn remove_node(plan: &mut Plan, gone: Node, bypass: bool) {
    plan.options.iter_mut().for_each(|(who, _)| forget(who, gone));
    plan.options.retain(|(who, _)| *who != Chosen::These(Vec::new()));
    visit_mut(&mut plan.steps, &mut |step| match step {
        Step::Network(topology) => {
            if !topology.nodes.contains(&gone) {
                return;
            }
            let (mut links, around): (Vec<_>, Vec<_>) =
                topology.links.iter().partition(|(from, to)| *from != gone && *to != gone);
            if bypass {
                let around: Vec<Node> =
                    around.iter().map(|(from, to)| if *from == gone { *to } else { *from }).collect();
                // A star of the neighbours with the first as its middle keeps them connected.
                if let Some((first, others)) = around.split_first() {
                    for other in others {
                        let known = |(from, to): &(Node, Node)| {
                            (from, to) == (first, other) || (from, to) == (other, first)
                        };
                        if !links.iter().any(known) {
                            links.push((*first, *other));
                        }
                    }
                }
            }
            topology.nodes.retain(|node| *node != gone);
            topology.links = links;
            topology.written = None;
        }
        Step::Ask { who, .. } => forget(who, gone),
        Step::Signal(_, nodes) => nodes.retain(|node| *node != gone),
        Step::Partition(sets) => sets.iter_mut().for_each(|set| set.retain(|node| *node != gone)),
        Step::Cut(ways) | Step::Join(ways) | Step::Break(ways) | Step::Link { ways, .. } => {
            ways.retain(|way| way.from != gone && way.to != gone);
        }
        _ => {}
    });
    drop_emptied(&mut plan.steps, gone);
}

fn forget(who: &mut Chosen, gone: Node) {
    if let Chosen::These(nodes) = who {
        nodes.retain(|node| *node != gone);
    }
}

/// Removes the steps that are about no node any more.
fn drop_emptied(steps: &mut Vec<Step>, gone: Node) {
    steps.retain_mut(|step| match step {
        Step::Network(topology) => !topology.nodes.is_empty(),
        Step::Ask { who: Chosen::These(nodes), .. } | Step::Signal(_, nodes) => !nodes.is_empty(),
        Step::Cut(ways) | Step::Join(ways) | Step::Break(ways) => !ways.is_empty(),
        Step::Clock(node, _) | Step::Disk { node, .. } => *node != gone,
        other => match other.block_mut() {
            Some(block) => {
                drop_emptied(block, gone);
                !block.is_empty()
            }
            None => true,
        },
    });
}
