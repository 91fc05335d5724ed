//! What a world must be able to do.

use super::Checker;
use crate::text::Span;
use crate::world::{Ability, HERE, TO_COME};

/// What a world that lacks an ability cannot do.
fn verb(ability: Ability) -> &'static str {
    match ability {
        Ability::Pause => "pause nodes",
        Ability::Cut => "cut links",
        Ability::Break => "break links",
        Ability::Shape => "shape links",
        Ability::Loss => "lose messages",
        Ability::Clock => "shift clocks",
        Ability::Disk => "keep data on disk",
        Ability::Exec => "run other programs",
    }
}

impl Checker<'_> {
    /// Says so if the world cannot do that. Where a scenario does not apply, it is skipped anyway.
    pub(super) fn needs(&mut self, ability: Ability, span: Span) {
        let world = self.setting.world;
        let applies = &self.scenario.headers.worlds;
        let skipped = !applies.is_empty() && !applies.iter().any(|name| name == world.name);
        if skipped || world.can(ability) {
            return;
        }
        let error = self.error(span, format!("the world `{}` cannot {}", world.name, verb(ability)));
        let here = HERE.iter().filter(|other| other.can(ability)).map(|other| other.name);
        let here: Vec<&str> = here.collect();
        let to_come = TO_COME.iter().filter(|other| other.can(ability) && !here.contains(&other.name));
        let to_come: Vec<&str> = to_come.map(|other| other.name).collect();
        let mut worlds = Vec::new();
        if !here.is_empty() {
            worlds.push(here.join(", "));
        }
        if !to_come.is_empty() {
            worlds.push(format!("{} (not in this version)", to_come.join(", ")));
        }
        let help = format!("worlds that can: {}", worlds.join("; "));
        self.say(if worlds.is_empty() { error } else { error.help(help) });
    }
}
