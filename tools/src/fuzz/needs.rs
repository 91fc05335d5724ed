//! The abilities that a plan needs of a world, and the part of it that fits a world without all of them.

use super::plan::{NodeOption, Plan, Shape, Step, visit};
use crate::scenario::Verb;
use crate::world::{Ability, Declaration};

impl Plan {
    /// Returns the abilities that a world must have.
    pub(super) fn needs(&self) -> Vec<Ability> {
        let mut needs: Vec<Ability> = self.options.iter().filter_map(|(_, option)| option.need()).collect();
        visit(&self.steps, &mut |step| needs.extend(step.needs()));
        needs.sort_unstable();
        needs.dedup();
        needs
    }

    /// Returns the plan without the steps that this world cannot perform.
    #[must_use]
    pub fn fitting(&self, world: &Declaration) -> Self {
        let mut plan = self.clone();
        plan.options.retain(|(_, option)| option.need().is_none_or(|ability| world.can(ability)));
        fit(&mut plan.steps, world);
        plan.mended()
    }
}

fn fit(steps: &mut Vec<Step>, world: &Declaration) {
    for step in steps.iter_mut() {
        if let Step::Link { shapes, .. } = step {
            shapes.retain(|shape| world.can(shape.need()));
        }
        if let Some(block) = step.block_mut() {
            fit(block, world);
        }
    }
    steps.retain(|step| step.needs().into_iter().all(|ability| world.can(ability)));
}

impl NodeOption {
    fn need(self) -> Option<Ability> {
        match self {
            Self::Oldest => None,
            Self::Disk => Some(Ability::Disk),
            Self::Clock(_) => Some(Ability::Clock),
        }
    }
}

impl Shape {
    fn need(self) -> Ability {
        match self {
            Self::Loss(_) => Ability::Loss,
            Self::Delay(_) | Self::Jitter(_) | Self::Rate(_) => Ability::Shape,
        }
    }
}

impl Step {
    /// Returns the abilities that the step itself needs, without its block.
    fn needs(&self) -> Vec<Ability> {
        match self {
            Self::Signal(Verb::Pause | Verb::Resume, _) => vec![Ability::Pause],
            Self::Cut(_) | Self::Join(_) | Self::Partition(_) | Self::Heal => vec![Ability::Cut],
            Self::Break(_) => vec![Ability::Break],
            Self::Link { shapes, .. } if shapes.is_empty() => vec![Ability::Shape],
            Self::Link { shapes, .. } => shapes.iter().map(|shape| shape.need()).collect(),
            Self::Clock(..) => vec![Ability::Clock],
            Self::Disk { .. } => vec![Ability::Fill],
            _ => Vec::new(),
        }
    }
}
