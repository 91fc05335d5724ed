//! The steps of a plan as a tree: places in it, and tries at each.

use super::search::Search;
use crate::fuzz::plan::{Plan, Step};

/// A place in the tree of steps: the positions on the way to it.
pub(super) type Path = Vec<usize>;

/// Returns the steps at a place: those of the plan, or of a block.
pub(super) fn block_at<'a>(plan: &'a mut Plan, path: &[usize]) -> Option<&'a mut Vec<Step>> {
    let mut block = &mut plan.steps;
    for index in path {
        block = block.get_mut(*index)?.block_mut()?;
    }
    Some(block)
}

pub(super) fn step_at<'a>(plan: &'a mut Plan, path: &[usize]) -> Option<&'a mut Step> {
    let (last, outer) = path.split_last()?;
    block_at(plan, outer)?.get_mut(*last)
}

/// Returns all places of steps, the last one first, so that a change leaves the earlier ones in place.
pub(super) fn paths(plan: &Plan) -> Vec<Path> {
    fn collect(steps: &[Step], outer: &[usize], paths: &mut Vec<Path>) {
        for (index, step) in steps.iter().enumerate() {
            let path: Path = outer.iter().copied().chain([index]).collect();
            paths.push(path.clone());
            if let Some(block) = step.block() {
                collect(block, &path, paths);
            }
        }
    }
    let mut all = Vec::new();
    collect(&plan.steps, &[], &mut all);
    all.reverse();
    all
}

/// Tries to change each step, repeatedly as long as that helps.
pub(super) fn each_step(search: &mut impl Search, mut changes: impl FnMut(&Step) -> Vec<Step>) {
    for path in paths(search.best()) {
        loop {
            let mut plan = search.best().clone();
            let Some(step) = step_at(&mut plan, &path) else { break };
            let better = changes(step).into_iter().any(|changed| {
                let mut plan = search.best().clone();
                let Some(step) = step_at(&mut plan, &path) else { return false };
                *step = changed;
                search.attempt(plan)
            });
            if !better {
                break;
            }
        }
    }
}

/// Tries to leave out steps of a block: halves, quarters, …, single ones.
pub(super) fn leave_out(search: &mut impl Search, block: &[usize]) {
    let len =
        |search: &mut dyn FnMut() -> Plan| block_at(&mut search(), block).map_or(0, |block| block.len());
    let mut size = len(&mut || search.best().clone()).div_ceil(2);
    while size > 0 {
        let mut end = len(&mut || search.best().clone());
        while end > 0 {
            let start = end.saturating_sub(size);
            let mut plan = search.best().clone();
            if let Some(block) = block_at(&mut plan, block)
                && end <= block.len()
            {
                block.drain(start..end);
                search.attempt(plan);
            }
            end = start;
        }
        size /= 2;
    }
}
