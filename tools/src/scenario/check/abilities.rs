//! The check of the abilities that a world must have.

use super::checker::Checker;
use super::facts::Facts;
use crate::driver::{self, Wiring};
use crate::scenario::ast::{At, StepKind};
use crate::text::{Diagnostic, Span};
use crate::world::{self, Ability, HERE};

/// Returns the phrase for the action that a world without the ability cannot do.
fn verb(ability: Ability) -> &'static str {
    match ability {
        Ability::Pause => "pause nodes",
        Ability::Cut => "cut links",
        Ability::Break => "break links",
        Ability::Shape => "shape links",
        Ability::Loss => "lose messages",
        Ability::Duplicate => "double messages",
        Ability::Clock => "shift clocks",
        Ability::Disk => "keep data on disk",
        Ability::Fill => "fill disks",
        Ability::Exec => "run other programs",
        Ability::Attach => "reach nodes that run already",
    }
}

impl Checker<'_> {
    /// Reports an error if the world lacks an ability that a step needs.
    pub(super) fn abilities(&mut self, kind: &StepKind, span: Span) {
        // A world that can lose messages can clear that, even if it has no other shape.
        let clears = matches!(kind, StepKind::Link { shape, .. } if shape.is_empty());
        let clears_loss = clears && self.setting.world.can(Ability::Loss);
        let needed = if clears_loss { vec![Ability::Loss] } else { kind.needs() };
        for ability in needed {
            self.needs(ability, span);
        }
    }

    /// Reports an error if the world lacks the ability. In a world that the headers exclude, the scenario is
    /// skipped anyway, and no error is reported.
    pub(super) fn needs(&mut self, ability: Ability, span: Span) {
        let world = self.setting.world;
        let of_links = matches!(
            ability,
            Ability::Cut | Ability::Break | Ability::Shape | Ability::Loss | Ability::Duplicate
        );
        if of_links && self.nodes.is_routed() {
            if ability == Ability::Break {
                let message =
                    "nothing can be broken here: messages that the harness carries have no connection";
                let error = self.error(span, message);
                self.report(error.help("`cut` silences a link"));
            }
            return;
        }
        if of_links {
            self.link_abilities.insert(ability);
        }
        if !self.applies() || world.can(ability) {
            return;
        }
        if ability == Ability::Duplicate {
            let message =
                "messages are doubled only where the harness carries them: here they have connections";
            let error = self.error(span, message);
            let drivers = driver::BUILT_IN.iter().filter(|driver| driver.wiring == Wiring::Routed);
            let drivers = drivers.map(|driver| format!("`{}`", driver.name)).collect::<Vec<_>>().join(" or ");
            return self.report(error.help(format!(
                "it works with nodes of the driver {drivers}, and for packets of all nodes in `--world netns`"
            )));
        }
        if of_links && HERE.iter().any(|other| other.name == world.name && other.can(ability)) {
            let message = format!("this network cannot {}: nothing stands between its nodes", verb(ability));
            let error = self.error(span, message);
            let asks = |facts: &Facts<'_>| facts.driver.wiring == Wiring::AddPeer;
            let is_linked_by_asks = self.nodes.all(&self.nodes.ever).all(|(_, facts)| asks(facts));
            return self.report(error.help(if is_linked_by_asks {
                "start it with `tools run --faults`"
            } else {
                "its nodes link themselves: start it with `tools run --world netns`"
            }));
        }
        let error = self.error(span, format!("the world `{}` cannot {}", world.name, verb(ability)));
        let here = HERE.iter().filter(|other| other.can(ability)).map(|other| other.name);
        let worlds = here.collect::<Vec<_>>().join(", ");
        self.report(if worlds.is_empty() { error } else { error.help(format!("worlds that can: {worlds}")) });
    }

    /// Returns true if the scenario applies to this world.
    pub(super) fn applies(&self) -> bool {
        let worlds = &self.scenario.headers.worlds;
        worlds.is_empty() || worlds.iter().any(|name| name == self.setting.world.name)
    }

    /// Stores the first argument that makes nodes dial each other by themselves, with its place.
    pub(super) fn node_arguments(&mut self, arguments: &str, span: Span) {
        let by_itself = |word: &str| {
            let drivers = self.setting.drivers.iter();
            drivers.flat_map(|driver| driver.dials_by_itself).any(|argument| *argument == word)
        };
        if let Some(argument) = arguments.split_whitespace().find(|word| by_itself(word)) {
            let at = At { source: self.source.clone(), span };
            self.dials_by_itself.get_or_insert((argument.to_owned(), at));
        }
    }

    /// Reports an error if nodes dial each other past the proxies in the links that steps act on.
    pub(super) fn bypassed(&mut self) {
        let world = self.setting.world;
        // In a network that is up, any later step may act on links.
        let up = self.setting.existing.is_some();
        let link_abilities =
            |ability: &Ability| world.can(*ability) && (up || self.link_abilities.contains(ability));
        if !world.proxied.iter().any(link_abilities) || !self.applies() {
            return;
        }
        let Some((argument, at)) = self.dials_by_itself.take() else { return };
        let message = format!(
            "with `{argument}` nodes dial each other past what stands in the links of the world `{}`",
            world.name
        );
        let error = Diagnostic::error(&at.source, at.span, message);
        let bypassed =
            |other: &world::Declaration| other.proxied.iter().any(|one| self.link_abilities.contains(one));
        let worlds = HERE.iter().filter(|other| !bypassed(other)).map(|other| other.name);
        let worlds = worlds.collect::<Vec<_>>().join(", ");
        self.report(error.help(format!("leave it out where links are cut or shaped; it works in: {worlds}")));
    }
}
