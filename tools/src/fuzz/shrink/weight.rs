//! The weight of a plan: the amount of it that there is to read.

use crate::fuzz::plan::{Ask, Chosen, Key, NodeOption, Plan, Step, Turn, Value, visit};

/// Returns the amount of a plan that there is to read; the parts that weigh most come first. An attempt
/// is run only if it weighs less.
pub(super) fn weight(plan: &Plan) -> impl Ord + use<> {
    let (mut links, mut turns, mut waits, mut words) = (0, 0, 0, 0);
    visit(&plan.steps, &mut |step| match step {
        Step::Network(topology) => links += topology.links.len(),
        Step::Repeat { count, rate, .. } => {
            turns += count.unwrap_or(1_000);
            words += usize::from(rate.is_some());
        }
        Step::Wait(ms) => waits += ms,
        Step::Ask { attempt, who, ask } => {
            words += usize::from(*attempt) + named(who) + words_of(*ask);
        }
        Step::Link { ways, shapes } => words += 3 * shapes.len() + ways.len(),
        Step::Signal(_, nodes) => words += nodes.len(),
        Step::Cut(ways) | Step::Join(ways) | Step::Break(ways) => words += ways.len(),
        Step::Partition(sets) => words += sets.iter().map(Vec::len).sum::<usize>() + sets.len(),
        Step::Clock(_, ms) => waits += ms.unsigned_abs(),
        _ => {}
    });
    for (who, option) in &plan.options {
        words += named(who);
        if let NodeOption::Clock(ms) = option {
            waits += ms.unsigned_abs();
        }
    }
    (plan.size(), plan.nodes().len(), links, turns, words, waits, plan.text("").len(), plan.text(""))
}

fn named(who: &Chosen) -> usize {
    match who {
        Chosen::All => 9,
        Chosen::These(nodes) => nodes.len(),
    }
}

fn words_of(ask: Ask) -> usize {
    let of_key = |key: Key| usize::from(key.turn != Turn::Alone);
    match ask {
        Ask::Set { key, value, date } => {
            3 + of_key(key) + usize::from(value == Value::Turn) + usize::from(date.is_some())
        }
        Ask::Delete(key) | Ask::Get(key) | Ask::Stamp(key) => 2 + of_key(key),
        Ask::Keys | Ask::Count | Ask::Peers => 1,
    }
}
