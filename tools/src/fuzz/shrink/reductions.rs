//! The reductions of a plan: the parts that a search tries to leave out or to simplify, kind by kind.

use super::names::names;
use super::nodes::nodes;
use super::search::Search;
use super::tree::{block_at, each_step, leave_out, paths, step_at};
use crate::fuzz::plan::{
    Ask, Chosen, Key, Node, NodeOption, Plan, Step, Topology, Turn, Value, Way, visit, visit_mut,
};

/// Tries each kind of reduction once.
pub(super) fn try_all(search: &mut impl Search) {
    steps(search);
    nodes(search);
    blocks(search);
    repeats(search);
    growth(search);
    links(search);
    targets(search);
    options(search);
    shapes(search);
    words(search);
    times(search);
    names(search);
}

/// Leaves out steps, of the plan and of each block.
fn steps(search: &mut impl Search) {
    leave_out(search, &[]);
    for path in paths(search.best()) {
        leave_out(search, &path);
    }
}

/// Replaces a block by its contents, or by one step of them.
fn blocks(search: &mut impl Search) {
    for path in paths(search.best()) {
        let Some((last, outer)) = path.split_last() else { continue };
        let unwrap = |plan: &Plan, keep: Option<usize>, turn: u64| -> Option<Plan> {
            let mut plan = plan.clone();
            let block = block_at(&mut plan, outer)?;
            let mut inner = block.get(*last)?.block()?.clone();
            if let Some(keep) = keep {
                inner = vec![inner.get(keep)?.clone()];
            }
            visit_mut(&mut inner, &mut |step| fix_turn(step, turn));
            block.splice(*last..=*last, inner);
            Some(plan)
        };
        if let Some(plan) = unwrap(search.best(), None, 0)
            && search.attempt(plan)
        {
            continue;
        }
        let sides = step_at(&mut search.best().clone(), &path).and_then(|step| step.block().map(Vec::len));
        for side in 0..sides.unwrap_or(0) {
            if let Some(plan) = unwrap(search.best(), Some(side), 0)
                && search.attempt(plan)
            {
                break;
            }
        }
    }
}

/// Changes a step of a `repeat` to its form in one turn.
fn fix_turn(step: &mut Step, turn: u64) {
    let of_key = |key: &mut Key| match key.turn {
        Turn::Each => key.turn = Turn::At(turn),
        Turn::Cycle(cycle) => key.turn = Turn::At(turn % cycle.max(1)),
        Turn::Alone | Turn::At(_) => {}
    };
    let Step::Ask { ask, .. } = step else { return };
    match ask {
        Ask::Set { key, value, .. } => {
            of_key(key);
            if *value == Value::Turn {
                *value = Value::Number(u32::try_from(turn).unwrap_or_default());
            }
        }
        Ask::Delete(key) | Ask::Get(key) | Ask::Stamp(key) => of_key(key),
        Ask::Keys | Ask::Count | Ask::Peers => {}
    }
}

/// Tries fewer turns, turns one after another, and one turn alone.
fn repeats(search: &mut impl Search) {
    each_step(search, |step| {
        let Step::Repeat { count, rate, block } = step else { return Vec::new() };
        let with = |count: Option<u64>, rate: Option<u64>| Step::Repeat { count, rate, block: block.clone() };
        let mut tries = Vec::new();
        let turns = count.unwrap_or(100);
        tries.extend(
            [1, 2, 3, 5].into_iter().filter(|fewer| *fewer < turns).map(|count| with(Some(count), *rate)),
        );
        let parts = [turns / 8, turns / 4, turns / 2, turns * 3 / 4, turns * 9 / 10, turns - turns.min(1)];
        tries.extend(
            parts
                .into_iter()
                .filter(|fewer| *fewer > 5 && *fewer < turns)
                .map(|count| with(Some(count), *rate)),
        );
        if rate.is_some() {
            tries.push(with(*count, None));
        }
        if count.is_none() {
            tries.push(with(Some(10), *rate));
        }
        tries
    });
    // The turn that matters may depend on the hash of its key.
    for path in paths(search.best()) {
        let Some((last, outer)) = path.split_last() else { continue };
        let Some(Step::Repeat { count, block, .. }) = step_at(&mut search.best().clone(), &path).cloned()
        else {
            continue;
        };
        if !varies(&block) {
            continue;
        }
        for turn in 0..count.unwrap_or(0).min(600) {
            let mut inner = block.clone();
            visit_mut(&mut inner, &mut |step| fix_turn(step, turn));
            let mut plan = search.best().clone();
            if let Some(steps) = block_at(&mut plan, outer)
                && *last < steps.len()
            {
                steps.splice(*last..=*last, inner);
                if search.attempt(plan) {
                    break;
                }
            }
        }
    }
}

/// Returns true if turns differ, by their keys or their values.
fn varies(block: &[Step]) -> bool {
    let mut varies = false;
    visit(block, &mut |step| {
        let mut fixed = step.clone();
        fix_turn(&mut fixed, 1);
        varies |= fixed != *step;
    });
    varies
}

/// Moves nodes and links of later `network` steps to the first one.
fn growth(search: &mut impl Search) {
    for path in paths(search.best()) {
        let mut plan = search.best().clone();
        let Some((last, outer)) = path.split_last() else { continue };
        if path == [0] {
            continue;
        }
        let Some(block) = block_at(&mut plan, outer) else { continue };
        let Some(Step::Network(later)) = block.get(*last).cloned() else { continue };
        block.remove(*last);
        if let Some(Step::Network(first)) = plan.steps.first_mut() {
            first.links.extend(&later.links);
            let new: Vec<Node> =
                later.nodes.iter().filter(|node| !first.nodes.contains(node)).copied().collect();
            first.nodes.extend(new);
            first.written = None;
        }
        search.attempt(plan);
    }
}

/// Tries to leave out each link, and to dial it from its other end; and the topology in its simplest words.
fn links(search: &mut impl Search) {
    each_step(search, |step| {
        let Step::Network(topology) = step else { return Vec::new() };
        let mut tries = Vec::new();
        if topology.written.is_some() {
            tries.push(Step::Network(Topology { written: None, ..topology.clone() }));
        }
        for index in (0..topology.links.len()).rev() {
            let mut fewer = topology.clone();
            fewer.links.remove(index);
            fewer.written = None;
            tries.push(Step::Network(fewer));
        }
        for index in 0..topology.links.len() {
            let mut turned = topology.clone();
            let (from, to) = turned.links[index];
            turned.links[index] = (to, from);
            turned.written = None;
            tries.push(Step::Network(turned));
        }
        tries
    });
}

/// Tries one node, side or link instead of many.
fn targets(search: &mut impl Search) {
    let nodes = search.best().nodes();
    let fewer = |of: &[Node]| -> Vec<Vec<Node>> {
        if of.len() < 2 {
            return Vec::new();
        }
        let single = of.iter().map(|node| vec![*node]);
        let without = of.iter().map(|gone| of.iter().filter(|node| *node != gone).copied().collect());
        single.chain(without).collect()
    };
    // One way less; or a way both ways, named from its other end.
    let ways_fewer = |of: &[Way]| -> Vec<Vec<Way>> {
        let without = (0..of.len()).filter(|_| of.len() > 1).map(|gone| {
            let mut ways = of.to_vec();
            ways.remove(gone);
            ways
        });
        let turned = (0..of.len()).filter(|turned| of[*turned].both).map(|turned| {
            let mut ways = of.to_vec();
            ways[turned] = Way { from: of[turned].to, to: of[turned].from, both: true };
            ways
        });
        without.chain(turned).collect()
    };
    each_step(search, |step| match step {
        Step::Ask { attempt, who, ask } => {
            let these = match who {
                Chosen::All => nodes.iter().map(|node| vec![*node]).collect(),
                Chosen::These(of) => fewer(of),
            };
            let with = |nodes| Step::Ask { attempt: *attempt, who: Chosen::These(nodes), ask: *ask };
            these.into_iter().map(with).collect()
        }
        Step::Signal(verb, of) => fewer(of).into_iter().map(|nodes| Step::Signal(*verb, nodes)).collect(),
        Step::Cut(ways) => ways_fewer(ways).into_iter().map(Step::Cut).collect(),
        Step::Join(ways) => ways_fewer(ways).into_iter().map(Step::Join).collect(),
        Step::Break(ways) => ways_fewer(ways).into_iter().map(Step::Break).collect(),
        Step::Partition(sets) => {
            let mut tries = Vec::new();
            for (index, set) in sets.iter().enumerate() {
                if sets.len() > 1 {
                    let mut without = sets.clone();
                    without.remove(index);
                    tries.push(Step::Partition(without));
                }
                for fewer in fewer(set) {
                    let mut smaller = sets.clone();
                    smaller[index] = fewer;
                    tries.push(Step::Partition(smaller));
                }
            }
            tries
        }
        _ => Vec::new(),
    });
}

fn options(search: &mut impl Search) {
    for index in (0..search.best().options.len()).rev() {
        let mut plan = search.best().clone();
        plan.options.remove(index);
        if search.attempt(plan) {
            continue;
        }
        let Some((who, option)) = search.best().options.get(index).cloned() else { continue };
        let among = match who {
            Chosen::All => search.best().nodes(),
            Chosen::These(nodes) => nodes,
        };
        for node in among {
            let mut plan = search.best().clone();
            plan.options[index] = (Chosen::These(vec![node]), option);
            if option != NodeOption::Oldest && search.attempt(plan) {
                break;
            }
        }
    }
}

fn shapes(search: &mut impl Search) {
    each_step(search, |step| {
        let Step::Link { ways, shapes } = step else { return Vec::new() };
        let mut tries = Vec::new();
        for index in 0..shapes.len() {
            let mut fewer = shapes.clone();
            fewer.remove(index);
            if !fewer.is_empty() {
                tries.push(Step::Link { ways: ways.clone(), shapes: fewer });
            }
        }
        for index in 0..ways.len() {
            let mut fewer = ways.clone();
            fewer.remove(index);
            tries.push(Step::Link { ways: fewer, shapes: shapes.clone() });
        }
        tries
    });
}

/// Simplifies asks: no `try`, no date, a key of its own, a plain value.
fn words(search: &mut impl Search) {
    each_step(search, |step| {
        let Step::Ask { attempt, who, ask } = step else { return Vec::new() };
        let mut tries = Vec::new();
        if *attempt {
            tries.push(Step::Ask { attempt: false, who: who.clone(), ask: *ask });
        }
        let mut with = |ask: Ask| tries.push(Step::Ask { attempt: *attempt, who: who.clone(), ask });
        let alone = |key: Key| Key { turn: Turn::Alone, ..key };
        match *ask {
            Ask::Set { key, value, date } => {
                with(Ask::Set { key: alone(key), value, date });
                if date.is_some() {
                    with(Ask::Set { key, value, date: None });
                }
                if value == Value::Turn {
                    with(Ask::Set { key, value: Value::Number(1), date });
                }
            }
            Ask::Delete(key) => with(Ask::Delete(alone(key))),
            Ask::Get(key) => with(Ask::Get(alone(key))),
            Ask::Stamp(key) => with(Ask::Stamp(alone(key))),
            Ask::Keys | Ask::Count | Ask::Peers => {}
        }
        tries
    });
}

/// Tries shorter times, at figures that people write.
fn times(search: &mut impl Search) {
    const NICE_MS: [u64; 12] = [1, 5, 10, 50, 100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000];
    let shorter = |ms: u64| NICE_MS.into_iter().filter(move |nice| *nice < ms);
    each_step(search, |step| match step {
        Step::Wait(ms) => shorter(*ms).map(Step::Wait).collect(),
        Step::Clock(node, ms) => shorter(ms.unsigned_abs())
            .filter_map(|nice| Some(Step::Clock(*node, i64::try_from(nice).ok()? * ms.signum())))
            .collect(),
        _ => Vec::new(),
    });
}
