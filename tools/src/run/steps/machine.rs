//! The steps that change the machine of a node: its clock and its disk.

use futures_util::future::try_join_all;

use super::choose::Purpose;
use crate::run::context::RunContext;
use crate::run::environment::Environment;
use crate::run::results::StepFailure;
use crate::scenario::{At, Who};
use crate::world::{Operation, Outcome};

impl RunContext {
    /// Performs `clock`.
    pub(in crate::run) async fn clock(
        &self,
        at: &At,
        who: &Who,
        offset_ms: i64,
        environment: &Environment,
    ) -> Result<(), StepFailure> {
        let nodes = self.choose(at, environment, who, Purpose::Ask)?;
        self.are_started(at, &nodes)?;
        for node in &nodes {
            self.executor.state_mut().network.shift(*node, offset_ms);
        }
        try_join_all(
            nodes
                .into_iter()
                .map(async |node| self.perform_operation(at, Operation::Clock { node, offset_ms }).await),
        )
        .await
        .map(drop)
    }

    /// Performs `disk`.
    pub(in crate::run) async fn disk(
        &self,
        at: &At,
        who: &Who,
        full: bool,
        environment: &Environment,
    ) -> Result<(), StepFailure> {
        let nodes = self.choose(at, environment, who, Purpose::Ask)?;
        self.are_started(at, &nodes)?;
        let without = {
            let network = &self.executor.state().network;
            let without = nodes.iter().map(|node| network.node(*node)).find(|node| !node.spec.disk);
            without.map(|node| node.name().to_owned())
        };
        if let Some(name) = without {
            return Err(self.fail(at, format!("`{name}` has no disk: it was not started with `data=disk`")));
        }
        try_join_all(
            nodes
                .into_iter()
                .map(async |node| self.perform_operation(at, Operation::Disk { node, full }).await),
        )
        .await
        .map(drop)
    }

    /// Performs an operation on the network; a failure of it fails the step.
    pub(in crate::run) async fn perform_operation(
        &self,
        at: &At,
        operation: Operation,
    ) -> Result<(), StepFailure> {
        match self.executor.submit(operation).await {
            Outcome::Failed { reason: message }
            | Outcome::Unknown { reason: message }
            | Outcome::Refused { message, .. } => Err(self.fail(at, message)),
            Outcome::Done
            | Outcome::Answered(_)
            | Outcome::Lines(_)
            | Outcome::Bypasses(_)
            | Outcome::Unasked => Ok(()),
        }
    }
}
