//! The check of nodes that run already: their addresses, and the steps for which the harness has to have started a node,
//! or to stand between two.

use std::collections::BTreeSet;

use super::checker::Checker;
use super::nodes::possible;
use super::wording::nearest_of;
use crate::driver::Wiring;
use crate::scenario::ast::{At, Item, LinkSet, NodeOption, Pick, Subject, Way, Who};
use crate::text::{Diagnostic, Span};
use crate::world::{Ability, Attachment, HERE};

impl Checker<'_> {
    /// Checks the option `at`.
    pub(super) fn at(&mut self, who: &Who, value: &str, option: &NodeOption) {
        self.attaches(option.span);
        let is_one = matches!(&who.pick, Pick::Items(items) if matches!(items.as_slice(), [Item::Name(..)]));
        if !is_one {
            let error = self.error(option.span, "an address is that of one node");
            return self.report(error.help("name the node, as in `node a at=127.0.0.1:7000`"));
        }
        match value.parse::<Attachment>() {
            Ok(at) => {
                let place = At { source: self.source.clone(), span: option.span };
                self.nodes.set_option(who, "at", |facts| facts.at = Some((at.clone(), Some(place.clone()))));
            }
            Err(error) => {
                let error = self.error(option.value.span, error.to_string());
                self.report(error);
            }
        }
    }

    /// Reports an error if the world reaches no node that runs already.
    fn attaches(&mut self, span: Span) {
        let world = self.setting.world;
        if world.can(Ability::Attach) || !self.applies() {
            return;
        }
        let why = if world.virtual_time {
            "its time is virtual, and that of a node that runs already is real"
        } else {
            "its nodes have networks of their own, from which no port of this machine is reached"
        };
        let message = format!("the world `{}` reaches no node that runs already: {why}", world.name);
        let worlds = HERE.iter().filter(|other| other.can(Ability::Attach)).map(|other| other.name);
        let worlds = worlds.collect::<Vec<_>>().join(", ");
        let error = self.error(span, message);
        self.report(error.help(format!("worlds that do: {worlds}")));
    }

    /// Checks that nodes of a `network` step that run already can be reached and asked.
    pub(super) fn can_attach(&mut self, names: &[String], span: Span) {
        for name in names {
            let facts = self.nodes.facts(name);
            let Some((at, place)) = facts.at.clone() else { continue };
            let driver = facts.driver;
            if place.is_none() {
                self.attaches(span);
            }
            let place = place.unwrap_or_else(|| At { source: self.source.clone(), span });
            let error = |message: String| Diagnostic::error(&place.source, place.span, message);
            if driver.wiring == Wiring::Routed {
                let message = format!(
                    "`{name}` is a `{}` node: it speaks on its standard input and output, and has no address",
                    driver.name
                );
                self.report(error(message).help("leave `at` out: the harness starts such nodes"));
                continue;
            }
            let asked = driver.ports.get(driver.asked).copied();
            let further = || driver.ports.iter().copied().filter(|port| Some(*port) != asked);
            if let Some(strange) = at.ports.keys().find(|port| !further().any(|known| known == *port)) {
                let message = format!("`{}` nodes have no further port `{strange}`", driver.name);
                let found = error(message);
                let found = if further().next().is_none() {
                    found.help("leave it out: they have one port")
                } else {
                    nearest_of(found, strange, further(), "they have")
                };
                self.report(found);
            }
            if let Some(lacking) = driver.further_asked.iter().find(|port| !at.ports.contains_key(**port)) {
                let message = format!(
                    "requests to `{}` nodes need the port `{lacking}` of `{name}` as well",
                    driver.name
                );
                self.report(
                    error(message).help(format!("give it, as in `at={},{lacking}=7001`", at.address())),
                );
            }
            let with_it = self.nodes.all(&self.nodes.ever).find(|(other, facts)| {
                *other != name.as_str()
                    && facts.at.as_ref().is_some_and(|(other, _)| other.address() == at.address())
            });
            if let Some((other, _)) = with_it {
                let message = format!("`{name}` and `{other}` have one address, {}", at.address());
                self.report(error(message).help("each node has an address of its own"));
            }
        }
    }

    /// Refuses options of the start for nodes that are not started, after all steps are known. An option for `all`
    /// means the nodes that are.
    pub(super) fn options_of_the_start(&mut self) {
        for super::checker::RestrictedOption { source, who, name, span } in
            std::mem::take(&mut self.of_the_start)
        {
            let among = &self.nodes.ever;
            let mut chosen = possible(&who, among).into_iter().map(|index| among.name(index));
            let Some(node) = chosen.find(|node| self.nodes.facts(node).at.is_some()) else { continue };
            let message =
                format!("`{node}` runs already: `{name}` would have to be given to it at its start");
            let error = Diagnostic::error(&source, span, message);
            self.report(error.help("leave it out, or leave `at` out, and the harness starts the node"));
        }
    }

    /// Reports addresses of the command line for nodes that the scenario does not have.
    pub(super) fn addresses_of_nobody(&mut self, span: Span) {
        for option in self.setting.options.keys() {
            let Some(name) =
                Attachment::node_of(option).filter(|name| self.nodes.ever.index_of(name).is_none())
            else {
                continue;
            };
            let names = self.nodes.ever.nodes().iter().map(crate::topology::Node::name);
            let error = self
                .error(span, format!("`--at {name}=…` is the address of a node that is not in this network"));
            let error = nearest_of(error, name, names.collect::<Vec<_>>().into_iter(), "the nodes are");
            self.report(error);
        }
    }

    /// Checks that the harness has started the nodes that may be chosen. `done` is the act, as in "killed". Returns true if it has, or
    /// if only the run can tell.
    pub(super) fn are_started(&mut self, who: &Who, done: &str, span: Span) -> bool {
        let (nodes, varies) = self.possible_nodes(who);
        let is_attached = |index: &&usize| self.nodes.facts(self.nodes.now.name(**index)).at.is_some();
        let attached: Vec<&str> =
            nodes.iter().filter(is_attached).map(|index| self.nodes.now.name(*index)).collect();
        let Some(first) = attached.first() else { return true };
        if varies && attached.len() < nodes.len() {
            return true;
        }
        let message = format!("`{first}` cannot be {done}: it ran before, and the harness did not start it");
        let help = match &who.pick {
            Pick::All(Subject::Everyone)
            | Pick::Random(_, Subject::Everyone)
            | Pick::RandomHalf(Subject::Everyone)
                if attached.len() < nodes.len() =>
            {
                format!("leave it out: `… but {}`", attached.join(", "))
            }
            _ => "name nodes that the harness starts".to_owned(),
        };
        let error = self.error(span, message);
        self.report(error.help(help));
        false
    }

    /// Checks that the harness has the logs of the nodes that may be chosen.
    pub(super) fn has_log(&mut self, who: &Who, span: Span) {
        let (nodes, varies) = self.possible_nodes(who);
        let mut attached = nodes
            .iter()
            .map(|index| self.nodes.now.name(*index))
            .filter(|name| self.nodes.facts(name).at.is_some());
        let Some(name) = attached.next().filter(|_| !varies) else { return };
        let error =
            self.error(span, format!("the log of `{name}` is not known: the harness did not start it"));
        self.report(error.help("its own program says where it writes"));
    }

    /// Checks that the harness stands between the ends of the links of a step.
    pub(super) fn stands_between_ends(&mut self, links: &LinkSet, span: Span) {
        let attached = |name: &str| self.nodes.facts(name).at.is_some();
        let found = match links {
            LinkSet::All => {
                let ever = &self.nodes.ever;
                let links = ever.links().iter().map(|link| [ever.name(link.from), ever.name(link.to)]);
                let mut between = links.filter(|ends| ends.iter().all(|name| attached(name)));
                between.next().map(|ends| (ends.map(str::to_owned), span))
            }
            LinkSet::Ways(ways) => ways.iter().find_map(|Way { from, to, span, .. }| {
                let (Item::Name(from, _), Item::Name(to, _)) = (from, to) else { return None };
                (attached(from) && attached(to)).then(|| ([from.clone(), to.clone()], *span))
            }),
        };
        if let Some(([from, to], span)) = found {
            self.not_between(&from, &to, span);
        }
    }

    /// Checks that the harness stands between the sets of a partition.
    pub(super) fn stands_between_sets(&mut self, sets: &[Who], span: Span) {
        let all: BTreeSet<usize> = (0..self.nodes.now.nodes().len()).collect();
        let attached: BTreeSet<usize> = all
            .iter()
            .copied()
            .filter(|node| self.nodes.facts(self.nodes.now.name(*node)).at.is_some())
            .collect();
        if attached.len() < 2 {
            return;
        }
        let is_rest = |who: &&Who| matches!(&who.pick, Pick::Items(items) if items.contains(&Item::Rest));
        let mut left = all;
        let mut sides: Vec<BTreeSet<usize>> = Vec::new();
        for set in sets.iter().filter(|set| !is_rest(set)) {
            let (nodes, varies) = self.possible_nodes(set);
            if varies {
                return;
            }
            left.retain(|node| !nodes.contains(node));
            sides.push(nodes);
        }
        if sides.len() < sets.len() {
            sides.push(left);
        }
        let ends = sides.iter().enumerate().find_map(|(place, side)| {
            let one = side.iter().find(|node| attached.contains(node))?;
            let mut others = sides[place + 1..].iter().flatten();
            let other = others.find(|node| attached.contains(node) && *node != one)?;
            Some([*one, *other].map(|node| self.nodes.now.name(node).to_owned()))
        });
        if let Some([one, other]) = ends {
            self.not_between(&one, &other, span);
        }
    }

    fn not_between(&mut self, one: &str, other: &str, span: Span) {
        let message = format!("the harness does not stand between `{one}` and `{other}`: both ran before");
        let error = self.error(span, message);
        self.report(error.help("it stands in links of nodes that it starts"));
    }
}
