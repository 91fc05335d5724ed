//! Making a plan that fails small, while it fails the same way.
//!
//! Delta debugging (Zeller, Hildebrandt: *Simplifying and Isolating Failure-Inducing Input*, 2002)
//! over the steps, then over everything else that a person would have to read: nodes, links,
//! numbers, times, names. Whatever is tried is mended first, so that what is left always makes
//! sense, and tried only if it is smaller, so that this ends. No chance is involved: the same plan
//! and the same failures give the same result.

mod less;
mod names;
mod nodes;
mod tree;
mod weight;

use std::collections::BTreeSet;

use super::plan::Plan;
use super::signature::Signature;

/// How much may be tried.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// The most runs.
    pub runs: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { runs: 4_000 }
    }
}

/// What is left of a plan.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// It; it fails as the plan did.
    pub plan: Plan,
    /// How often something was run.
    pub runs: usize,
}

/// Takes away from a plan whatever is not needed for it to fail with this signature.
pub fn shrink(
    plan: &Plan,
    signature: &Signature,
    budget: Budget,
    fails: impl FnMut(&Plan) -> Option<Signature>,
) -> Shrunk {
    let mut search = Search { best: plan.clone(), signature, tried: BTreeSet::new(), runs: 0, budget, fails };
    loop {
        let before = search.best.clone();
        less::rounds(&mut search);
        if search.best == before || search.is_over() {
            return Shrunk { plan: search.best, runs: search.runs };
        }
    }
}

/// A search for less.
struct Search<'a, F> {
    best: Plan,
    signature: &'a Signature,
    /// The texts that were tried.
    tried: BTreeSet<String>,
    runs: usize,
    budget: Budget,
    fails: F,
}

/// Something smaller can be tried.
trait Try {
    /// What is smallest so far.
    fn best(&self) -> &Plan;
    /// Whether this is smaller and fails in the same way: then it is the smallest from now on.
    fn attempt(&mut self, plan: Plan) -> bool;
}

impl<F: FnMut(&Plan) -> Option<Signature>> Search<'_, F> {
    fn is_over(&self) -> bool {
        self.runs >= self.budget.runs
    }
}

impl<F: FnMut(&Plan) -> Option<Signature>> Try for Search<'_, F> {
    fn best(&self) -> &Plan {
        &self.best
    }

    fn attempt(&mut self, plan: Plan) -> bool {
        let plan = plan.mended();
        if plan.steps.is_empty() || weight::weight(&plan) >= weight::weight(&self.best) || self.is_over() {
            return false;
        }
        if !self.tried.insert(plan.text("")) {
            return false;
        }
        self.runs += 1;
        let same = (self.fails)(&plan).as_ref() == Some(self.signature);
        if same {
            self.best = plan;
        }
        same
    }
}

#[cfg(test)]
mod tests;
