//! Shrinking: a plan that fails is made small, while it fails in the same way.
//!
//! The method is delta debugging (Zeller, Hildebrandt: *Simplifying and Isolating Failure-Inducing
//! Input*, 2002). It goes over the steps, then over all else that a person would have to read: nodes,
//! links, numbers, times, names. Each attempt is mended first, so that the result always makes sense.
//! It is run only if it is smaller, so that the search ends. No chance is involved: the same plan and
//! the same failures give the same result.

mod names;
mod nodes;
mod reductions;
mod search;
mod tree;
mod weight;

pub use search::Budget;

use search::SearchByRuns;

use super::plan::Plan;
use super::signature::Signature;

/// The result of shrinking a plan.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The smaller plan; it fails as the original did.
    pub plan: Plan,
    /// The number of runs that it took.
    pub runs: usize,
}

/// Removes from a plan all that it does not need to fail with this signature.
pub fn shrink(
    plan: &Plan,
    signature: &Signature,
    budget: Budget,
    fails: impl FnMut(&Plan) -> Option<Signature>,
) -> Shrunk {
    let mut search = SearchByRuns::new(plan, signature, budget, fails);
    loop {
        let before = search.best.clone();
        reductions::try_all(&mut search);
        if search.best == before || search.is_over() {
            return Shrunk { plan: search.best, runs: search.runs };
        }
    }
}

#[cfg(test)]
mod tests;
