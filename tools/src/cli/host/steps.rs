//! The steps and asks from other terminals: checked against the running network, done, and recorded.

use super::Host;
use crate::cli::by_hand::{Answers, Grounds, NodeReply};
use crate::cli::control::Reply;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::recording::{self, DoneStep, StepResult};
use crate::report::{self, Style};
use crate::run::{FailureKind, Verdict};
use crate::scenario::{Scenario, Step, StepKind};
use crate::world::World as _;

/// The result of steps that were done by hand.
struct Done<'s> {
    /// The lines to print.
    output: Vec<String>,
    /// The steps, up to the first that failed.
    steps: Vec<DoneStep<'s>>,
    /// The verdict of the last step, unless all passed.
    stopped_by: Option<Verdict>,
}

impl Done<'_> {
    /// Returns the name of the node whose death ended the steps.
    fn dead_node(&self) -> Option<String> {
        let failure = self.stopped_by.as_ref()?.failure()?;
        let finding = failure.findings.first().filter(|_| failure.kind == FailureKind::Died)?;
        Some(finding.node.clone())
    }

    /// Returns the reply to the client.
    fn reply(self) -> Reply {
        let Some(verdict) = self.stopped_by else { return succeeded(self.output) };
        let error = verdict
            .failure()
            .map_or("interrupted".to_owned(), |failure| report::explain(failure, Style::PLAIN));
        Reply::Steps { output: self.output, error: Some(error), code: Exit::from(&verdict).code() }
    }
}

impl Host {
    /// Runs steps that came from another terminal.
    pub(super) fn run_steps(&mut self, text: &str) -> Reply {
        let began = self.session.now();
        let scenario = match self.checked(text) {
            Ok(scenario) => scenario,
            Err(wrong) => return refused(&wrong),
        };
        let done = self.perform(&scenario);
        let mut texts =
            recording::replay_steps(&done.steps, |node| self.session.network().name(node).to_owned());
        texts.extend(done.dead_node().map(|name| recording::death(&name)));
        self.recording.record_steps(began, self.session.now(), &texts);
        done.reply()
    }

    /// Asks one node by its driver, and returns the node's reply alone.
    pub(super) fn ask(&mut self, node: &str, words: &[String]) -> Reply {
        if self.session.network().find(node).is_none() {
            return refused(&Failure::usage(format!("there is no node `{node}`")));
        }
        // A `try` lets any reply pass, so that it is shown.
        let scenario = match self.checked(&format!("try {}", recording::ask_text(node, words))) {
            Ok(scenario) => scenario,
            Err(wrong) => return refused(&wrong),
        };
        let done = self.perform(&scenario);
        let reply = self.answers.borrow_mut().pop_reply();
        if done.stopped_by.is_some() {
            return done.reply();
        }
        match reply {
            Some(NodeReply::Answer(text)) => {
                self.record_ask(node, words, false);
                succeeded(text.lines().map(str::to_owned).collect())
            }
            Some(NodeReply::Refusal(message)) => {
                self.record_ask(node, words, true);
                refused(&Failure::new(Exit::Failed, message))
            }
            Some(NodeReply::Silence(reason)) => {
                refused(&Failure::environment(format!("`{node}` gave no answer: {reason}")))
            }
            None => refused(&Failure::environment(format!("`{node}` gave no answer"))),
        }
    }

    /// Records an ask that has its answer.
    pub(super) fn record_ask(&mut self, node: &str, words: &[String], refused: bool) {
        let result = if refused { StepResult::Failed } else { StepResult::Succeeded };
        let step = recording::replay_ask(node, words, result);
        // A command that the language lacks cannot be replayed.
        let step = if self.checked(&step).is_ok() { step } else { format!("# This is no step: {step}") };
        let now = self.session.now();
        self.recording.record_steps(now, now, &[step]);
    }

    /// Parses and checks steps against the running network.
    fn checked(&self, text: &str) -> Result<Scenario, Failure> {
        let grounds = Grounds {
            session: &self.session,
            world: self.world.declaration(),
            node_options: &self.node_options,
            naming: &self.naming,
            clock_reach: self.processes.clock_reach(),
        };
        grounds.check("step", text)
    }

    /// Runs steps one after another, until one fails.
    fn perform<'s>(&mut self, scenario: &'s Scenario) -> Done<'s> {
        let mut done = Done { output: Vec::new(), steps: Vec::new(), stopped_by: None };
        for step in &scenario.steps {
            *self.answers.borrow_mut() = Answers::of_step();
            let verdict = self.session.perform(&mut self.world, std::slice::from_ref(step));
            let draws = self.answers.borrow_mut().take_draws();
            let passed = verdict == Verdict::Passed;
            let result = if passed { StepResult::Succeeded } else { StepResult::Failed };
            done.steps.push(DoneStep { step, result, draws });
            if matches!(step.kind, StepKind::Ask { .. } | StepKind::LetAnswer { .. }) {
                let network = self.session.network();
                done.output.extend(self.answers.borrow_mut().lines(|node| network.name(node).to_owned()));
            }
            done.output.extend(self.answers.borrow_mut().take_notes());
            if changes_network(step) {
                self.tell_state();
            }
            if passed {
                self.naming.add(step);
            }
            if !matches!(verdict, Verdict::Passed | Verdict::Skipped(_)) {
                done.stopped_by = Some(verdict);
                break;
            }
        }
        done
    }
}

/// Returns true unless a step only asks, waits or names: those leave nodes, links and faults as they are.
fn changes_network(step: &Step) -> bool {
    !matches!(
        step.kind,
        StepKind::Ask { .. }
            | StepKind::Expect { .. }
            | StepKind::Wait { .. }
            | StepKind::LetAnswer { .. }
            | StepKind::LetNodes { .. }
    )
}

/// Returns the reply of steps that succeeded.
fn succeeded(output: Vec<String>) -> Reply {
    Reply::Steps { output, error: None, code: Exit::Held.code() }
}

/// Returns the reply of a request that was refused.
fn refused(failure: &Failure) -> Reply {
    Reply::Steps { output: Vec::new(), error: Some(failure.to_string()), code: failure.exit().code() }
}
