//! The walk over the steps in the order of the text.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::checker::Checker;
use super::choice::Role;
use super::scope::{Kind, Measure};
use crate::scenario::ast::{Step, StepKind, Verb, Who};
use crate::text::Span;

/// The number of diagnostics after which no further step is checked. Chosen: so many have one cause, or the
/// file is no scenario.
const DIAGNOSTICS_MAX: usize = 100;

impl Checker<'_> {
    /// Checks steps that run one after another.
    pub(super) fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        if self.diagnostics.len() >= DIAGNOSTICS_MAX {
            return;
        }
        let outer = std::mem::replace(&mut self.source, step.at.source.clone());
        let span = step.at.span;
        self.abilities(&step.kind, span);
        match &step.kind {
            StepKind::Ask { who, ask, .. } => {
                self.choice(who, Role::Act);
                self.ask(who, ask);
            }
            StepKind::LetAnswer { name, who, ask } => {
                self.choice(who, Role::Act);
                if !self.is_one(who) {
                    let error = self.error(who.at.span, "an answer is kept from exactly one node");
                    self.report(error.help("name one, or choose it: `first`, `random`"));
                }
                let answer = self.ask(who, ask).map_or(crate::driver::Answer::Text, |command| command.answer);
                self.store_variable(name, Kind::Answer(answer), span);
            }
            StepKind::LetNodes { name, who } => {
                self.fixed_value(name, who);
                self.choice(who, Role::Act);
                let (one, among) = (self.is_one(who), Rc::new(self.possible_nodes(who).0));
                self.store_variable(name, Kind::Nodes { one, among }, span);
            }
            StepKind::Expect { claim, bound } => self.expectation(claim, *bound, span),
            StepKind::Network(graph) => {
                self.network(graph, span);
            }
            StepKind::Node { who, options } => self.options(who, options),
            StepKind::Signal { verb, who, .. } => self.signal(*verb, who, span),
            StepKind::Cut(links)
            | StepKind::Join(links)
            | StepKind::Break(links)
            | StepKind::Link { links, .. } => self.links(links, span),
            StepKind::Partition(sets) => self.partition(sets, span),
            StepKind::Heal => {}
            StepKind::Clock { who, .. } => {
                self.choice(who, Role::Act);
                if self.are_started(who, "given a clock", span) {
                    self.have_clocks(who, span, &self.nodes.now.clone());
                }
            }
            StepKind::Disk { who, .. } => {
                self.choice(who, Role::Act);
                if self.are_started(who, "given a full disk", span) {
                    self.are_own(who, "disk", span, &self.nodes.now.clone());
                    self.has_disk(who, span);
                }
            }
            StepKind::Wait(time) => self.within_timeout(*time, span),
            StepKind::Together(_)
            | StepKind::Do(_)
            | StepKind::Measure { .. }
            | StepKind::Workload { .. }
            | StepKind::Repeat { .. }
            | StepKind::Each { .. } => self.nested(step),
        }
        self.source = outer;
    }

    fn signal(&mut self, verb: Verb, who: &Who, span: Span) {
        if self.measuring > 0 && matches!(verb, Verb::Kill | Verb::Stop | Verb::Restart) {
            let error = self.error(span, "no node may end inside `measure`");
            self.report(
                error
                    .help("its figures count what reaches all running nodes; move the step out of the block"),
            );
        }
        self.choice(who, Role::Act);
        let done = match verb {
            Verb::Kill => "killed",
            Verb::Stop => "stopped",
            Verb::Start => "started",
            Verb::Restart => "restarted",
            Verb::Pause => "paused",
            Verb::Resume => "resumed",
        };
        self.are_started(who, done, span);
    }

    /// Checks a step with a block.
    fn nested(&mut self, step: &Step) {
        let span = step.at.span;
        let endless = self.endless;
        match &step.kind {
            StepKind::Together(steps) => self.together(steps, span),
            StepKind::Do(block) => self.scoped(false, |checker| checker.steps(block)),
            StepKind::Measure { name, block } => self.measure(name, block, span),
            StepKind::Workload { load, block } => self.workload_step(load, block, span),
            StepKind::Repeat { count, counter, block, .. } => {
                if count.is_none() && !endless {
                    let message = "a `repeat` without a count goes on until the steps beside it have ended";
                    let error = self.error(span, message);
                    let help = "give it a count, as in `repeat 10 { … }`, or put it into `together { … }`";
                    self.report(error.help(help));
                }
                self.endless = false;
                self.scoped(false, |checker| {
                    if let Some(counter) = counter {
                        checker.store_variable(counter, Kind::Counter, span);
                    }
                    checker.steps(block);
                });
            }
            StepKind::Each { name, who, block } => {
                self.choice(who, Role::Act);
                self.endless = false;
                let among = Rc::new(self.possible_nodes(who).0);
                self.scoped(false, |checker| {
                    checker.store_variable(name, Kind::Nodes { one: true, among }, span);
                    checker.steps(block);
                });
            }
            _ => {}
        }
        self.endless = endless;
        self.empty(step, span);
    }

    /// Checks steps that run at the same time.
    fn together(&mut self, steps: &[Step], span: Span) {
        self.endless = true;
        let measured: BTreeSet<String> = self.measures.keys().cloned().collect();
        for step in steps {
            self.scoped(true, |checker| checker.step(step));
            for (name, measure) in &mut self.measures {
                if *measure == Measure::Done && !measured.contains(name) {
                    *measure = Measure::Concurrent;
                }
            }
        }
        for (name, measure) in &mut self.measures {
            if !measured.contains(name) {
                *measure = Measure::Done;
            }
        }
        self.scope.end_concurrent();
        if !steps.is_empty() && steps.iter().all(Step::never_ends) {
            let error = self.error(span, "no step of this `together` ever ends by itself");
            self.report(error.help("give one `repeat` a count, or add what the others accompany"));
        }
    }

    /// Checks a `measure` step.
    fn measure(&mut self, name: &str, block: &[Step], span: Span) {
        self.measuring += 1;
        let new = self.name_is_free(name, span);
        if self.measures.insert(name.to_owned(), Measure::Open).is_some() && new {
            let error = self.error(span, format!("something is measured as `{name}` already"));
            self.report(error.help("choose another name"));
        }
        self.scoped(false, |checker| checker.steps(block));
        self.measures.insert(name.to_owned(), Measure::Done);
        self.measuring -= 1;
    }

    /// Warns of an empty block.
    fn empty(&mut self, step: &Step, span: Span) {
        if let StepKind::Together(block)
        | StepKind::Do(block)
        | StepKind::Measure { block, .. }
        | StepKind::Repeat { block, .. }
        | StepKind::Each { block, .. } = &step.kind
            && block.is_empty()
        {
            let warning = self.warning(span, "this block is empty");
            self.report(warning.help("put steps into it, or leave it out"));
        }
    }
}
