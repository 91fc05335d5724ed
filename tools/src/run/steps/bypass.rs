//! Faults without effect: while one is in force, nodes may be connected past the proxies in their links.
//!
//! The world is asked when a fault comes into force, at each expectation while it lasts, and before it ends.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::run::context::RunContext;
use crate::run::results::{Failure, FailureKind, Finding, StepFailure};
use crate::scenario::At;
use crate::world::{Ability, Bypass, Direction, NodeIndex, Operation, Outcome};

impl RunContext {
    /// Fails if a fault that has just come into force is bypassed.
    pub(in crate::run) async fn fault_begun(&self, at: &At) -> Result<(), StepFailure> {
        {
            let state = self.executor.state();
            self.faults.borrow_mut().update(&state.network, state.now);
        }
        self.not_bypassed(Some(at)).await
    }

    /// Records the end of a fault: the faults that are left concern fewer nodes.
    pub(in crate::run) fn fault_ended(&self) {
        let state = self.executor.state();
        self.faults.borrow_mut().update(&state.network, state.now);
    }

    /// Fails if a fault that is in force is bypassed.
    pub(in crate::run) async fn not_bypassed(&self, at: Option<&At>) -> Result<(), StepFailure> {
        let since = {
            let (faults, now) = (self.faults.borrow(), self.executor.now());
            let since = faults.since.iter();
            since.map(|(node, since)| (*node, if faults.ended_count { *since } else { now })).collect()
        };
        self.look_for_bypasses(at, since, |run, bypass| {
            let (faults, state) = (run.faults.borrow(), run.executor.state());
            bypass.from.map_or_else(
                || faults.since.contains_key(&bypass.to),
                |from| faults.concern(&state.network, from, bypass.to),
            )
        })
        .await
    }

    /// Fails if a connection of a link that was just broken is open past its proxy.
    pub(in crate::run) async fn breaks_all(
        &self,
        at: &At,
        directions: &[Direction],
    ) -> Result<(), StepFailure> {
        if !self.faults.borrow().proxied.contains(&Ability::Break) {
            return Ok(());
        }
        let now = self.executor.now();
        let since = directions.iter().flat_map(|way| [way.from, way.to]).map(|node| (node, now)).collect();
        self.look_for_bypasses(Some(at), since, |_, bypass| {
            let is_meant = |from| {
                directions.contains(&Direction { from, to: bypass.to })
                    || directions.contains(&Direction { from: bypass.to, to: from })
            };
            bypass.from.is_none_or(is_meant)
        })
        .await
    }

    async fn look_for_bypasses(
        &self,
        at: Option<&At>,
        since: BTreeMap<NodeIndex, Duration>,
        counts: impl Fn(&Self, &Bypass) -> bool,
    ) -> Result<(), StepFailure> {
        if since.is_empty() {
            return Ok(());
        }
        let found = match self.executor.submit(Operation::Bypasses { since }).await {
            Outcome::Bypasses(found) => found,
            // A look that failed proved nothing.
            Outcome::Failed { reason } => {
                let failure = Failure::new(FailureKind::Environment, at, self.executor.now(), reason);
                return Err(failure.into());
            }
            _ => Vec::new(),
        };
        let found: Vec<Bypass> = found.into_iter().filter(|bypass| counts(self, bypass)).collect();
        if found.is_empty() { Ok(()) } else { Err(self.bypassed(at, &found).into()) }
    }

    fn bypassed(&self, at: Option<&At>, found: &[Bypass]) -> Failure {
        let state = self.executor.state();
        let name = |node| state.network.name(node);
        let message = match found.first() {
            Some(Bypass { from: Some(from), to }) => format!(
                "the fault does nothing between `{}` and `{}`: they are connected past the link",
                name(*from),
                name(*to)
            ),
            Some(Bypass { from: None, to }) => {
                format!("the fault does nothing for `{}`: its own port was dialled past its links", name(*to))
            }
            None => "the fault does nothing".to_owned(),
        };
        let mut failure = Failure::new(FailureKind::Bypassed, at, state.now, message);
        failure.findings = found
            .iter()
            .map(|Bypass { from, to }| Finding {
                node: name(*to).to_owned(),
                held: match from {
                    Some(from) => format!("connected with {} past the link", name(*from)),
                    None => "dialled at its own port, past its links".to_owned(),
                },
                fits: false,
                since: None,
            })
            .collect();
        failure.help = Some(
            "programs that dial addresses which they were not given go past the proxies of this world: with \
             `--world netns` cuts, partitions and shapes hold for all traffic, whoever dials"
                .to_owned(),
        );
        failure
    }
}
