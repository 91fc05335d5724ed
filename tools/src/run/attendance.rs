//! The attendance of a run: a person adds steps to a scenario while it goes on.

use std::convert::Infallible;

use super::context::RunContext;
use super::environment::Environment;
use super::results::Failure;
use crate::scenario::Step;

/// The source of the steps that a person adds to a run. The world reports [`Event::Woken`](crate::world::Event::Woken)
/// when there are any. They are performed one after another, beside the steps of the scenario, and their failures
/// are no failures of the scenario.
pub trait Attendant {
    /// Removes and returns the next step, if there is one.
    fn next_step(&self) -> Option<Step>;

    /// Reports that the step ended, with its failure if it failed.
    fn on_step_ended(&self, step: Step, failure: Option<&Failure>);
}

impl RunContext {
    /// Performs the steps of an attendant, for as long as the run goes on.
    pub(in crate::run) async fn attend(&self, attendant: &dyn Attendant) -> Infallible {
        let mut environment = Environment::default();
        loop {
            self.executor.woken().await;
            while let Some(step) = attendant.next_step() {
                let result = self.perform(std::slice::from_ref(&step), &mut environment).await;
                attendant.on_step_ended(step, result.as_ref().err().map(|stop| &*stop.failure));
            }
        }
    }
}
