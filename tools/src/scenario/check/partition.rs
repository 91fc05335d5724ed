//! The check of partitions: their sets, and their effect.

use std::collections::BTreeSet;

use super::checker::Checker;
use super::choice::Role;
use super::nodes::possible;
use crate::scenario::ast::{Item, Pick, Subject, Who};
use crate::text::Span;
use crate::world::Ability;

impl Checker<'_> {
    /// Checks a `partition` step.
    pub(super) fn partition(&mut self, sets: &[Who], span: Span) {
        for set in sets {
            self.choice(set, Role::Set);
        }
        let rests = sets.iter().filter(|set| match &set.pick {
            Pick::Items(items) => items.contains(&Item::Rest),
            _ => false,
        });
        let rests = rests.count();
        if rests > 1 {
            let error = self.error(span, "`rest` stands in more than one set");
            self.report(error.help("one set takes the nodes that no other set names"));
        }
        if sets.len() < 2 {
            let error = self.error(span, "a partition has at least two sets");
            self.report(error.help("put `|` between them: `partition a, b | rest`"));
        }
        self.stands_between_sets(sets, span);
        // A partition that is wrong anyway gets no warning about its effect.
        if sets.len() > 1 && rests <= 1 && self.applies() {
            self.has_effect(sets, span);
        }
        let mut seen = BTreeSet::new();
        for set in sets {
            let Pick::Items(items) = &set.pick else { continue };
            for item in items {
                let Item::Name(name, at) = item else { continue };
                if !seen.insert(name) {
                    let error = self.error(*at, format!("`{name}` stands in this partition twice"));
                    self.report(error.help("name it in one set"));
                }
            }
        }
    }

    /// Warns of a partition that stops nothing. Where only proxies in links hold traffic back, it needs a
    /// link between two of its sets. Sets that are known only later are not judged.
    fn has_effect(&mut self, sets: &[Who], span: Span) {
        let world = self.setting.world;
        let by_links = world.proxied.contains(&Ability::Cut) && world.can(Ability::Cut);
        if !by_links || self.nodes.is_routed() || self.nodes.now.is_empty() {
            return;
        }
        let (mut chosen, mut rest) = (Vec::new(), None);
        for (place, set) in sets.iter().enumerate() {
            let items: &[Item] = match &set.pick {
                Pick::Items(items) | Pick::All(Subject::Of(items) | Subject::But(items)) => items,
                Pick::All(Subject::Everyone) => &[],
                Pick::Random(..) | Pick::RandomHalf(_) => return,
            };
            if items.iter().any(|item| matches!(item, Item::Variable(..) | Item::Leader(_))) {
                return;
            }
            let is_rest = items.contains(&Item::Rest);
            rest = rest.or(is_rest.then_some(place));
            chosen.push(if is_rest { BTreeSet::new() } else { possible(set, &self.nodes.now) });
        }
        if let Some(place) = rest {
            let all: BTreeSet<usize> = (0..self.nodes.now.nodes().len()).collect();
            let named: BTreeSet<usize> = chosen.iter().flatten().copied().collect();
            chosen[place] = all.difference(&named).copied().collect();
        }
        if self.nodes.are_ever_linked(&chosen) {
            return;
        }
        let message = format!(
            "no link lies between these sets, so in the world `{}` this partition stops nothing",
            world.name
        );
        let warning = self.warning(span, message);
        self.report(warning.help(
            "link nodes of different sets, or use a world that holds back all traffic: `--world netns`",
        ));
    }
}
