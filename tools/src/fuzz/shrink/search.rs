//! The search for a smaller plan: it runs each attempt that is smaller than the smallest plan so far.

use std::collections::BTreeSet;

use super::weight::weight;
use crate::fuzz::plan::Plan;
use crate::fuzz::signature::Signature;

/// The bounds of a search.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// The most runs that a search may take.
    pub runs: usize,
}

impl Default for Budget {
    fn default() -> Self {
        // Chosen: at some milliseconds a run, a person waits for less than a minute.
        Self { runs: 4_000 }
    }
}

/// A search for a smaller plan.
pub(super) struct SearchByRuns<'a, F> {
    pub(super) best: Plan,
    signature: &'a Signature,
    /// The texts that were tried.
    tried: BTreeSet<String>,
    pub(super) runs: usize,
    budget: Budget,
    fails: F,
}

/// A search in which something smaller can be tried.
pub(super) trait Search {
    /// Returns the smallest plan so far.
    fn best(&self) -> &Plan;
    /// Tries a plan. Returns true if it is smaller and fails in the same way; it is the
    /// smallest from then on.
    fn attempt(&mut self, plan: Plan) -> bool;
}

impl<'a, F: FnMut(&Plan) -> Option<Signature>> SearchByRuns<'a, F> {
    pub(super) fn new(plan: &Plan, signature: &'a Signature, budget: Budget, fails: F) -> Self {
        Self { best: plan.clone(), signature, tried: BTreeSet::new(), runs: 0, budget, fails }
    }

    /// Returns true if the budget is used up.
    pub(super) fn is_over(&self) -> bool {
        self.runs >= self.budget.runs
    }
}

impl<F: FnMut(&Plan) -> Option<Signature>> Search for SearchByRuns<'_, F> {
    fn best(&self) -> &Plan {
        &self.best
    }

    fn attempt(&mut self, plan: Plan) -> bool {
        let plan = plan.mended();
        if plan.steps.is_empty() || weight(&plan) >= weight(&self.best) || self.is_over() {
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
