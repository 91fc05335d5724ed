//! The checks at the end of every scenario, made unasked: the nodes must converge, then the laws are
//! judged of the network.

mod aborted;
mod acknowledged_writes;
mod audit;
mod details;
mod law_states;
mod unstamped_writes;

use std::pin::pin;
use std::time::Duration;

use futures_util::future::select;

use super::context::{Pace, RunContext};
use super::convergence::Convergence;
use super::laws::{Breach, Law};
use super::results::{Failure, FailureKind, StepFailure};
use crate::text;

impl RunContext {
    /// Judges the laws at the end, once the nodes of each component hold the same. Waits
    /// for that up to `settle`.
    pub(in crate::run) async fn finish(&self, settle: Duration) -> Result<(), StepFailure> {
        self.executor.state_mut().evidence.steps_ended();
        // A scenario that expects its nodes to stay apart says nothing of what they hold together.
        if !self.executor.state().ends_apart {
            self.settled(settle).await?;
            self.list_excused_writes().await?;
            self.check_acknowledged_writes().await?;
            self.check_unstamped_writes().await?;
        }
        self.links_match(settle).await?;
        self.queues_fit().await;
        let broken = {
            let mut state = self.executor.state_mut();
            let now = state.now;
            state.evidence.end(now)
        };
        broken.map_or(Ok(()), |broken| Err(self.broken(broken)))
    }

    /// Waits for convergence, up to `settle`.
    async fn settled(&self, settle: Duration) -> Result<(), StepFailure> {
        let deadline = self.executor.now() + settle;
        let everyone = Convergence::at_the_end();
        let mut end = self.executor.sleep_until(deadline);
        let mut pace = Pace::new(Some((self.executor.now(), deadline)));
        let mut looked_whole = false;
        loop {
            let seen = self.executor.changes();
            let looked = self.look_at_contents(&everyone, Some(deadline)).await;
            let polled = looked.polled;
            if looked.changed {
                pace.quicken();
            }
            looked_whole |= !looked.cut_short;
            if !looked.cut_short && everyone.holds(&self.executor.state().network) {
                return Ok(());
            }
            if self.executor.now() >= deadline && !looked_whole {
                let misfit = looked.asks.misfit(settle);
                let message = format!("at the end the nodes were not asked in time: {misfit}");
                let mut failure = Failure::new(FailureKind::NotAsked, None, self.executor.now(), message);
                failure.waited = Some(settle);
                failure.help =
                    Some("a longer `settle` at the top of the file gives them more time".to_owned());
                return Err(failure.into());
            }
            if self.executor.now() >= deadline
                && self.holds_what_is_due(&everyone, settle, "at the end").await
            {
                let remedy = longer(settle, self.executor.state().network.clocks_apart_ms_max());
                self.executor.state_mut().history.add_note(remedy);
                return Ok(());
            }
            if self.executor.now() >= deadline {
                let message = format!(
                    "at the end the nodes do not hold the same, {} after the last step",
                    text::duration(settle)
                );
                let mut failure = Failure::new(FailureKind::End, None, self.executor.now(), message);
                failure.law = Some(Law::Convergence);
                let (findings, apart) = everyone.divergence(&self.executor.state().network);
                failure.findings = findings;
                failure.waited = Some(settle);
                failure.help = Some(longer(settle, self.executor.state().network.clocks_apart_ms_max()));
                return Err(StepFailure { apart, ..failure.into() });
            }
            let again = self.wait_for_change_or_poll(seen, polled.then_some(&mut pace));
            select(pin!(again), &mut end).await;
        }
    }

    pub(in crate::run) fn broken(&self, broken: Breach) -> StepFailure {
        Failure::of_law(broken, None, self.executor.now()).into()
    }
}

/// Returns the remedy for too little time: a longer `settle`, in which writes with a clock that is
/// ahead come due as well.
fn longer(settle: Duration, clock_spread_ms: u64) -> String {
    let enough = (2 * settle).max(settle + Duration::from_millis(clock_spread_ms));
    let seconds = enough.as_millis().div_ceil(1_000).max(1);
    format!("`settle {seconds}s` at the top of the file gives them more time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settle_that_is_offered_suffices_for_what_is_not_yet_due() {
        let offered = |settle, spread| longer(Duration::from_secs(settle), spread);
        assert_eq!(offered(5, 0), "`settle 10s` at the top of the file gives them more time");
        assert_eq!(offered(5, 30_500), "`settle 36s` at the top of the file gives them more time");
    }
}
