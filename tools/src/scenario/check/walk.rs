//! Walking the steps in the order of the text.

use super::Checker;
use std::collections::BTreeSet;

use super::figures::Measure;
use super::nodes::Role;
use super::scope::Kind;
use crate::scenario::ast::{Block, Item, Pick, Step, StepKind, Verb, Who};
use crate::text::Span;

impl Checker<'_> {
    /// Steps one after another.
    pub(super) fn steps(&mut self, steps: &Block) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        if self.diagnostics.len() >= super::DIAGNOSTICS_MAX {
            return;
        }
        let outer = std::mem::replace(&mut self.source, step.at.source.clone());
        let span = step.at.span;
        self.abilities(&step.kind, span);
        match &step.kind {
            StepKind::Ask { who, ask, .. } => {
                self.who(who, Role::Act);
                self.ask(who, ask);
            }
            StepKind::LetAnswer { name, who, ask } => {
                self.who(who, Role::Act);
                if !self.is_one(who) {
                    let error = self.error(who.at.span, "an answer is kept from exactly one node");
                    self.say(error.help("name one, or choose it: `first`, `random`"));
                }
                let answer = self.ask(who, ask).map_or(crate::driver::Answer::Text, |command| command.answer);
                self.keep(name, Kind::Answer(answer), span);
            }
            StepKind::LetNodes { name, who } => {
                self.who(who, Role::Act);
                let one = self.is_one(who);
                self.keep(name, Kind::Nodes { one }, span);
            }
            StepKind::Expect { claim, bound } => self.expectation(claim, *bound, span),
            StepKind::Network(graph) => {
                self.network(graph, span);
            }
            StepKind::Node { who, options } => self.options(who, options),
            StepKind::Signal { verb, who } => self.signal(*verb, who, span),
            StepKind::Cut(links)
            | StepKind::Join(links)
            | StepKind::Break(links)
            | StepKind::Link { links, .. } => self.links(links, span),
            StepKind::Partition(sets) => self.partition(sets, span),
            StepKind::Heal => {}
            StepKind::Clock { who, .. } => {
                self.who(who, Role::Act);
                self.are_own(who, "clock", span, &self.nodes.now.clone());
            }
            StepKind::Disk { who, .. } => {
                self.who(who, Role::Act);
                self.are_own(who, "disk", span, &self.nodes.now.clone());
                self.has_disk(who, span);
            }
            StepKind::Wait(time) => self.within_timeout(*time, span),
            StepKind::Together(_)
            | StepKind::Do(_)
            | StepKind::Measure { .. }
            | StepKind::Repeat { .. }
            | StepKind::Each { .. } => self.nested(step),
        }
        self.source = outer;
    }

    fn signal(&mut self, verb: Verb, who: &Who, span: Span) {
        if self.measuring > 0 && matches!(verb, Verb::Kill | Verb::Stop | Verb::Restart) {
            let error = self.error(span, "no node may end inside `measure`");
            self.say(
                error
                    .help("its figures count what reaches all running nodes; move the step out of the block"),
            );
        }
        self.who(who, Role::Act);
    }

    fn partition(&mut self, sets: &[Who], span: Span) {
        for set in sets {
            self.who(set, Role::Set);
        }
        let rests = sets.iter().filter(|set| match &set.pick {
            Pick::Items(items) => items.contains(&Item::Rest),
            _ => false,
        });
        if rests.count() > 1 {
            let error = self.error(span, "`rest` stands in more than one set");
            self.say(error);
        }
        if sets.len() < 2 {
            let error = self.error(span, "a partition has at least two sets");
            self.say(error.help("put `|` between them: `partition a, b | rest`"));
        }
        let mut seen = BTreeSet::new();
        for set in sets {
            let Pick::Items(items) = &set.pick else { continue };
            for item in items {
                let Item::Name(name, at) = item else { continue };
                if !seen.insert(name) {
                    let error = self.error(*at, format!("`{name}` stands in this partition twice"));
                    self.say(error);
                }
            }
        }
    }

    /// A step with a block.
    fn nested(&mut self, step: &Step) {
        let span = step.at.span;
        let endless = self.endless;
        match &step.kind {
            StepKind::Together(sides) => {
                self.endless = true;
                let measured: Vec<String> = self.measures.keys().cloned().collect();
                for side in sides {
                    self.scoped(true, |checker| checker.step(side));
                    for (name, measure) in &mut self.measures {
                        if *measure == Measure::Done && !measured.contains(name) {
                            *measure = Measure::Beside;
                        }
                    }
                }
                for (name, measure) in &mut self.measures {
                    if !measured.contains(name) {
                        *measure = Measure::Done;
                    }
                }
                self.sides_ended();
                if !sides.is_empty() && sides.iter().all(Step::never_ends) {
                    let error = self.error(span, "no step of this `together` ever ends by itself");
                    self.say(error.help("give one `repeat` a count, or add what the others accompany"));
                }
            }
            StepKind::Do(block) => self.scoped(false, |checker| checker.steps(block)),
            StepKind::Measure { name, block } => {
                self.measuring += 1;
                let new = self.name_is_free(name, span);
                if self.measures.insert(name.clone(), Measure::Open).is_some() && new {
                    let error = self.error(span, format!("something is measured as `{name}` already"));
                    self.say(error.help("choose another name"));
                }
                self.scoped(false, |checker| checker.steps(block));
                self.measures.insert(name.clone(), Measure::Done);
                self.measuring -= 1;
            }
            StepKind::Repeat { count, counter, block, .. } => {
                if count.is_none() && !endless {
                    let error = self.error(
                        span,
                        "a `repeat` without a count goes on until the steps beside it have ended",
                    );
                    self.say(
                        error.help(
                            "give it a count, as in `repeat 10 { … }`, or put it into `together { … }`",
                        ),
                    );
                }
                self.endless = false;
                self.scoped(false, |checker| {
                    if let Some(counter) = counter {
                        checker.keep(counter, Kind::Counter, span);
                    }
                    checker.steps(block);
                });
            }
            StepKind::Each { name, who, block } => {
                self.who(who, Role::Act);
                self.endless = false;
                self.scoped(false, |checker| {
                    checker.keep(name, Kind::Nodes { one: true }, span);
                    checker.steps(block);
                });
            }
            _ => {}
        }
        self.endless = endless;
        self.empty(step, span);
    }

    fn empty(&mut self, step: &Step, span: Span) {
        if let StepKind::Together(block)
        | StepKind::Do(block)
        | StepKind::Measure { block, .. }
        | StepKind::Repeat { block, .. }
        | StepKind::Each { block, .. } = &step.kind
            && block.is_empty()
        {
            let warning = self.warning(span, "this block is empty");
            self.say(warning);
        }
    }
}
