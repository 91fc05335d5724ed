//! The abilities of a world that steps need: one table, used by the check of a scenario and by the code that
//! makes a world for it.

use super::ast::{Ask, Claim, Scenario, Shape, Step, StepKind, Verb, Who, Word};
use crate::world::Ability;

impl Scenario {
    /// Returns true if any step needs one of the abilities, at any depth.
    #[must_use]
    pub fn needs_any(&self, abilities: &[Ability]) -> bool {
        any_needs(&self.steps, abilities)
    }

    /// Returns true if any step shifts clocks, or gives a node another clock at its start, at any depth.
    #[must_use]
    pub fn shifts_clocks(&self) -> bool {
        any_shifts(&self.steps)
    }
}

impl Scenario {
    /// Returns true if any step asks a node that command, at any depth.
    #[must_use]
    pub fn asks(&self, command: &str) -> bool {
        any_asks(&self.steps, command)
    }
}

impl Scenario {
    /// Returns true if a `node` step gives the address of a node that runs already, at any depth.
    #[must_use]
    pub fn attaches(&self) -> bool {
        any_attaches(&self.steps)
    }
}

fn any_attaches(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.kind {
        StepKind::Node { options, .. } => options.iter().any(|option| option.name == "at"),
        kind => kind.block().is_some_and(|block| any_attaches(block)),
    })
}

fn any_asks(steps: &[Step], command: &str) -> bool {
    let is_it = |ask: &Ask| ask.words.first().and_then(Word::fixed).is_some_and(|word| word == command);
    steps.iter().any(|step| match &step.kind {
        StepKind::Ask { ask, .. }
        | StepKind::LetAnswer { ask, .. }
        | StepKind::Expect { claim: Claim::Ask { ask, .. }, .. } => is_it(ask),
        kind => kind.block().is_some_and(|block| any_asks(block, command)),
    })
}

fn any_shifts(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.kind {
        StepKind::Clock { .. } => true,
        StepKind::Node { options, .. } => options.iter().any(|option| option.name == "clock"),
        kind => kind.block().is_some_and(|block| any_shifts(block)),
    })
}

fn any_needs(steps: &[Step], abilities: &[Ability]) -> bool {
    steps.iter().any(|step| {
        step.kind.needs().iter().any(|ability| abilities.contains(ability))
            || step.kind.block().is_some_and(|block| any_needs(block, abilities))
    })
}

impl StepKind {
    /// Returns the abilities that the world must have for this step; the steps inside it are not counted.
    #[must_use]
    pub fn needs(&self) -> Vec<Ability> {
        match self {
            Self::Signal { verb: Verb::Pause | Verb::Resume, .. } => vec![Ability::Pause],
            Self::Cut(_) | Self::Join(_) | Self::Partition(_) | Self::Heal => vec![Ability::Cut],
            Self::Break(_) => vec![Ability::Break],
            Self::Link { shape, .. } => shaping(shape),
            Self::Clock { .. } => vec![Ability::Clock],
            Self::Disk { .. } => vec![Ability::Fill],
            _ => Vec::new(),
        }
    }
}

impl StepKind {
    /// Returns true if the step has to know which node leads; the steps inside it are not counted.
    #[must_use]
    pub fn names_leader(&self) -> bool {
        match self {
            Self::Ask { who, .. }
            | Self::LetAnswer { who, .. }
            | Self::LetNodes { who, .. }
            | Self::Expect {
                claim: Claim::Ask { who, .. } | Claim::Converged { who: Some(who), .. }, ..
            }
            | Self::Signal { who, .. }
            | Self::Clock { who, .. }
            | Self::Disk { who, .. }
            | Self::Each { who, .. } => who.names_leader(),
            Self::Partition(sets) => sets.iter().any(Who::names_leader),
            Self::Cut(links) | Self::Join(links) | Self::Break(links) | Self::Link { links, .. } => {
                links.names_leader()
            }
            _ => false,
        }
    }
}

/// Returns the abilities that shapes need. Loss and duplication are abilities of their own, and an empty list
/// needs the ability to shape, since it clears the shape of before.
fn shaping(shapes: &[Shape]) -> Vec<Ability> {
    let mut needed = Vec::new();
    for ability in shapes.iter().map(|shape| match shape {
        Shape::Loss(_) => Ability::Loss,
        Shape::Duplicate(_) => Ability::Duplicate,
        Shape::Delay(_) | Shape::Jitter(_) | Shape::Exponential(_) | Shape::Rate(_) => Ability::Shape,
    }) {
        if !needed.contains(&ability) {
            needed.push(ability);
        }
    }
    if needed.is_empty() { vec![Ability::Shape] } else { needed }
}
