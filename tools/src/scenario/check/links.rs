//! The check of `network` steps and of each choice of links.

use super::checker::Checker;
use super::choice::Role;
use super::nodes::named;
use super::scope::Kind;
use super::wording::listed;
use crate::scenario::ast::{Item, LinkSet, Way};
use crate::text::{Diagnostic, Span};
use crate::topology::Graph;
use crate::world::{Ability, HERE};

impl Checker<'_> {
    /// Checks a choice of links.
    pub(super) fn links(&mut self, links: &LinkSet, span: Span) {
        self.stands_between_ends(links, span);
        match links {
            LinkSet::All => {
                if self.nodes.ever.is_empty() {
                    self.some_node(span, Role::Act);
                }
            }
            LinkSet::Ways(ways) => {
                for way in ways {
                    self.way(way);
                }
            }
        }
    }

    fn way(&mut self, way: &Way) {
        let ends = (self.link_end(&way.from, way.span), self.link_end(&way.to, way.span));
        let (Some(from), Some(to)) = ends else { return };
        let now = &self.nodes.now;
        let (from_name, to_name) = (now.name(from).to_owned(), now.name(to).to_owned());
        if from == to {
            let error = self.error(way.span, format!("`{from_name}` is not linked to itself"));
            self.report(error.help("a link joins two different nodes, as in `a-b`"));
            return;
        }
        if self.nodes.may_be_linked(from, to) {
            return;
        }
        let error = self.error(way.span, format!("there is no link between `{from_name}` and `{to_name}`"));
        let ever = &self.nodes.ever;
        let later = match (ever.index_of(&from_name), ever.index_of(&to_name)) {
            (Some(one), Some(other)) => ever.is_linked(one, other),
            _ => false,
        };
        let neighbours = now.neighbours(from);
        let help = if later {
            "it comes with a `network` step further down".to_owned()
        } else if neighbours.is_empty() {
            format!("`{from_name}` is linked to nobody")
        } else {
            format!("`{from_name}` is linked to {}", listed(neighbours.iter().map(|&index| now.name(index))))
        };
        self.report(error.help(help));
    }

    /// Returns the position of a link's end, if it is known before anything starts.
    fn link_end(&mut self, item: &Item, span: Span) -> Option<usize> {
        match item {
            Item::Name(name, span) => self.node(name, *span, Role::Act),
            Item::Leader(span) => self.leader(*span, Role::Act),
            Item::Variable(name, span) => {
                let kind = self.variable(name, *span)?;
                if matches!(kind, Kind::Nodes { one: false, .. }) {
                    let error = self.error(*span, format!("`${name}` may be several nodes"));
                    self.report(error.help("a link's end is one node"));
                } else {
                    self.holds_nodes(name, &kind, *span);
                }
                None
            }
            other => {
                self.some_node(span, Role::Act);
                named([other], &self.nodes.now).into_iter().next()
            }
        }
    }

    /// Checks a `network` step, and adds its nodes to those that are known from here on.
    pub(super) fn network(&mut self, graph: &Graph, span: Span) {
        let grows = !self.nodes.now.is_empty();
        let unable = self.cannot_restart(span);
        let growth = self.nodes.now.extend(graph);
        let is_larger = !(growth.nodes.is_empty() && growth.links.is_empty());
        if grows && !is_larger {
            let warning = self.warning(span, "every node and link of this network is there already");
            self.report(warning.help("leave this step out"));
        }
        let started: Vec<String> = growth.nodes.map(|index| self.nodes.now.name(index).to_owned()).collect();
        if let Some(unable) = unable.filter(|_| is_larger) {
            self.report(unable);
        }
        self.can_attach(&started, span);
        self.can_start(&started, span);
        let nodes = &self.nodes;
        let all = || nodes.all(&nodes.now);
        let rigid = all().find(|(_, facts)| grows && !facts.driver.grows);
        let error = if let Some((_, facts)) = rigid {
            let message = format!("a network of `{}` nodes cannot grow", facts.driver.name);
            self.error(span, message).help("name all nodes and links in the first `network` step")
        } else {
            let names = || graph.links().iter().map(|link| [graph.name(link.from), graph.name(link.to)]);
            if let Some((node, policy)) = names().find_map(|ends| nodes.lacks_link_policy(ends)) {
                let message =
                    format!("a link of `{node}` needs the policy `{policy}`, and `{node}` has another");
                let error = self.error(span, message);
                let help = format!("`node {node} policy={policy}`, or `--policy {policy}` for all");
                return self.report(error.help(help));
            }
            let strange = names().find(|[from, to]| {
                let [from, to] = [nodes.driver_of(from), nodes.driver_of(to)];
                !from.links_to.contains(&to.name)
            });
            let Some([from, to]) = strange else { return };
            let [from_driver, to_driver] = [from, to].map(|name| nodes.driver_of(name));
            let message = format!(
                "`{from}`, a `{}` node, cannot be linked to `{to}`, a `{}` node",
                from_driver.name, to_driver.name
            );
            let links_to = from_driver.links_to.join(", ");
            self.error(span, message).help(format!("`{}` nodes are linked to: {links_to}", from_driver.name))
        };
        self.report(error);
    }

    /// Returns the reason why nodes that are restarted as the network grows cannot be restarted here.
    fn cannot_restart(&self, span: Span) -> Option<Diagnostic> {
        let restarted = || {
            let all = self.nodes.all(&self.nodes.now);
            all.filter(|(_, facts)| !facts.driver.restarted_for.is_empty())
        };
        if let Some((name, _)) = restarted().find(|(_, facts)| facts.at.is_some()) {
            let message = format!("`{name}` ran before, and is not started again as the network grows");
            let help = "name all nodes and links in the first `network` step";
            return Some(self.error(span, message).help(help));
        }
        let (name, _) = restarted().next().filter(|_| self.measuring > 0)?;
        let message =
            format!("no node may end inside `measure`, and `{name}` is restarted as the network grows");
        Some(self.error(span, message).help("move the step out of the block"))
    }

    /// Checks that nodes of these kinds can be started in the world.
    fn can_start(&mut self, names: &[String], span: Span) {
        let nodes = &self.nodes;
        let facts = || names.iter().map(|name| (name.as_str(), nodes.facts(name)));
        let adapter_lacks = facts()
            .find(|(_, facts)| facts.driver.needs.contains(&"adapter") && !facts.adapter)
            .map(|(name, facts)| (name.to_owned(), facts.driver.name));
        // A node that runs already needs no program.
        let facts = || facts().filter(|(_, facts)| facts.at.is_none());
        let without =
            facts().filter(|(_, facts)| facts.driver.needs.contains(&"exec") && facts.exec.is_none());
        let without: Vec<&str> = without.map(|(name, _)| name).collect();
        let foreign = facts().any(|(_, facts)| !facts.driver.simulated || facts.exec.is_some());
        if let Some(first) = without.first() {
            let driver = nodes.driver_of(first).name;
            let message = match without.len() {
                1 => format!("`{first}` is a `{driver}` node, and no program is given for it"),
                _ => format!(
                    "no program is given for the `{driver}` nodes {}",
                    listed(without.iter().copied())
                ),
            };
            let error = self.error(span, message);
            self.report(error.help(
                "`--exec \"PROGRAM ARGS\"` for all, or `node a exec=\"PROGRAM ARGS\"` before this step",
            ));
        } else if let Some((name, driver)) = adapter_lacks {
            let message = format!("`{name}` is an `{driver}` node, and no program is given that asks it");
            let error = self.error(span, message);
            self.report(
                error.help("`--adapter PROGRAM` for all, or `node a adapter=PROGRAM` before this step"),
            );
        } else if let Some((name, exec)) =
            facts().find_map(|(name, facts)| Some((name, facts.lacks_data_folder()?)))
        {
            let message = format!(
                "`{name}` is to keep data on disk, and `{exec}` does not say where the folder for it goes"
            );
            let error = self.error(span, message);
            self.report(error.help("put `{data}` into its command line: the harness fills in the folder"));
        } else if !self.setting.world.one_host
            && let Some((name, facts)) = facts().find(|(_, facts)| facts.driver.by_port)
        {
            let driver = facts.driver.name;
            let message =
                format!("`{name}` is a `{driver}` node: those know each other by ports of one host");
            let world = self.setting.world.name;
            let error = self.error(span, message);
            let others = HERE.iter().filter(|other| other.one_host && other.can(Ability::Exec));
            let others = others.map(|other| other.name).collect::<Vec<_>>().join(", ");
            self.report(error.help(format!(
                "in the world `{world}` each has a host of its own; worlds that can: {others}"
            )));
        } else if foreign {
            self.needs(Ability::Exec, span);
        }
    }
}
