//! The search for the moment at which a failure in virtual time became certain: `--when-lost`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::cli::interrupt::{Interrupt, Interruptible};
use crate::cli::progress::RunsProgress;
use crate::cli::replay;
use crate::fuzz::Signature;
use crate::likelihood::{Redraw, Redrawn, add_redrawn, next_redraws};
use crate::report;
use crate::run::{Likelihood, Options, Report, Session, Verdict};
use crate::scenario::Scenario;
use crate::world::sim::{self, Reseed, Sim};

/// A run that failed, from whose points runs are drawn anew.
pub(super) struct LostRun<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) report: &'a Report,
    pub(super) options: &'a Options,
    /// The points of the run itself from which all was drawn anew.
    pub(super) reseeds: &'a [Reseed],
    /// The number of events of the run.
    pub(super) events: u64,
}

impl LostRun<'_> {
    /// Searches for the moment, with this many runs at most, side by side. None if the run did not fail.
    /// An interrupt ends the search, and what was found so far is returned.
    pub(super) fn likelihood(&self, runs_max: u64, interrupt: &Interrupt) -> Option<Likelihood> {
        let Verdict::Failed(failure) = &self.report.verdict else { return None };
        let signature = Signature::of(failure, self.scenario);
        let began = Instant::now();
        let mut likelihood = Likelihood { events: self.events, ..Likelihood::default() };
        let mut progress = RunsProgress::new(runs_max);
        loop {
            let redraws = next_redraws(&likelihood, runs_max);
            if redraws.is_empty() {
                break;
            }
            let results = self.redraw_all(&redraws, &signature, interrupt);
            for (_, result) in &results {
                progress.count(result.failed);
            }
            let complete = results.len() == redraws.len();
            add_redrawn(&mut likelihood, &results);
            if !complete {
                likelihood.stopped = true;
                break;
            }
        }
        progress.finish();
        likelihood.stopped |= !is_narrow(&likelihood);
        likelihood.took = began.elapsed();
        Some(likelihood)
    }

    /// Makes these runs, side by side. Those after an interrupt are lacking.
    fn redraw_all(
        &self,
        redraws: &[Redraw],
        signature: &Signature,
        interrupt: &Interrupt,
    ) -> Vec<(Redraw, Redrawn)> {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            while let Some(redraw) = redraws.get(next.fetch_add(1, Ordering::Relaxed)) {
                let again = report::again(self.report);
                let made = replay::with_command(again, || self.redraw(*redraw, signature, interrupt));
                let Some(result) = made else { return };
                if let Ok(mut results) = results.lock() {
                    results.push((*redraw, result));
                }
            }
        };
        thread::scope(|scope| {
            // Without further threads, this one makes all runs.
            for _ in 1..workers {
                let _: std::io::Result<_> = thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        let mut results = results.into_inner().unwrap_or_default();
        results.sort_by_key(|(redraw, _): &(Redraw, Redrawn)| (redraw.event, redraw.seed));
        results
    }

    /// Makes one run. None if it was interrupted.
    fn redraw(&self, redraw: Redraw, signature: &Signature, interrupt: &Interrupt) -> Option<Redrawn> {
        let mut reseeds: Vec<Reseed> =
            self.reseeds.iter().copied().filter(|reseed| reseed.event < redraw.event).collect();
        let earlier = reseeds.len();
        reseeds.push(Reseed { event: redraw.event, seed: redraw.seed });
        let world = Sim::new(sim::Options { reseeds, ..sim::Options::judged(self.options.seed) });
        let mut world = Interruptible::new(world, interrupt.clone());
        let options = Options { logs: None, ..self.options.clone() };
        let report = Session::without_journal(options).scenario(&mut world, self.scenario);
        let at = world.into_world().reseeded_at().get(earlier).copied().unwrap_or(report.duration);
        let failed = match &report.verdict {
            Verdict::Interrupted => return None,
            Verdict::Failed(failure) | Verdict::Flaky(failure) => {
                Signature::of(failure, self.scenario) == *signature
            }
            Verdict::Passed | Verdict::Broken(_) | Verdict::Skipped(_) => false,
        };
        Some(Redrawn { at, failed })
    }
}

/// Returns true if the search found the moment as narrowly as there are events, or that chance has no part.
fn is_narrow(likelihood: &Likelihood) -> bool {
    match likelihood.turn() {
        (Some(spared), Some(certain)) => certain.event - spared.event <= 1,
        (Some(spared), None) => likelihood.events.saturating_sub(spared.event) <= 1,
        (None, certain) => certain.is_some(),
    }
}
