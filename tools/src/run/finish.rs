//! What is checked at the end of every scenario, unasked: that the nodes converge, then the laws
//! that are judged of a network that has.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::select;

use super::converge::Convergence;
use super::failure::{Failure, FailureKind};
use super::laws::{Broken, Law};
use super::session::{Run, Stop};
use crate::text;

/// How many nodes or keys are asked at once.
pub(super) const BATCH: usize = 256;
/// The most missing writes that a report lists.
const SHOWN: usize = 20;

impl Run {
    /// Judges the laws that are judged at the end, once the nodes of each component hold the same:
    /// for up to `settle` that is waited for.
    pub(super) async fn finish(&self, settle: Duration) -> Result<(), Stop> {
        self.desk.state_mut().evidence.steps_ended();
        self.settled(settle).await?;
        self.excuse().await?;
        self.acknowledged_is_held().await?;
        self.links_match(settle).await?;
        self.queues_fit().await;
        let broken = {
            let mut state = self.desk.state_mut();
            let now = state.now;
            state.evidence.end(now)
        };
        broken.map_or(Ok(()), |broken| Err(self.broken(broken)))
    }

    /// Waits for convergence.
    async fn settled(&self, settle: Duration) -> Result<(), Stop> {
        let deadline = self.desk.now() + settle;
        let everyone = Convergence::at_the_end();
        let mut end = self.desk.until(deadline);
        loop {
            let seen = self.desk.changes();
            let polled = self.look(&everyone, Some(deadline)).await;
            if everyone.holds(&self.desk.state().network) {
                return Ok(());
            }
            if self.desk.now() >= deadline {
                let message = format!(
                    "at the end the nodes do not hold the same, {} after the last step",
                    text::duration(settle)
                );
                let mut failure = Failure::new(FailureKind::End, None, self.desk.now(), message);
                failure.law = Some(Law::Convergence);
                let (findings, apart) = everyone.divergence(&self.desk.state().network);
                failure.findings = findings;
                failure.waited = Some(settle);
                failure.help = Some("`settle 10s` at the top of the file gives them more time".to_owned());
                return Err(Stop { apart, ..failure.into() });
            }
            select(pin!(self.told_or_polled(seen, polled)), &mut end).await;
        }
    }

    pub(super) fn broken(&self, broken: Broken) -> Stop {
        Failure::of_law(broken, None, self.desk.now()).into()
    }
}

/// As many lines as a report shows.
pub(super) fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let count = lines.len();
    if count > SHOWN {
        lines.truncate(SHOWN);
        lines.push(format!("… and {} more", count - SHOWN));
    }
    lines
}
