//! The nodes that are known at a step, with the facts about each, and the links between them.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::setting::Setting;
use crate::driver;
use crate::scenario::ast::{At, Block, Item, LEADER, Pick, Scenario, StepKind, Subject, Who};
use crate::topology::Graph;
use crate::world::Attachment;

/// The facts about nodes that are known at a step.
pub(super) struct Nodes<'a> {
    /// The nodes that have started, and their links.
    pub(super) now: Graph,
    /// All nodes that ever start, and their links.
    pub(super) ever: Graph,
    /// The place of the `network` step that starts each node which is not up already.
    pub(super) starts: BTreeMap<String, At>,
    /// The pairs that a command may link, the smaller position first.
    linked: BTreeSet<(usize, usize)>,
    /// True if a command may link any pair.
    linked_freely: bool,
    /// The facts about every node without an entry in `named_facts`.
    default_facts: Facts<'a>,
    named_facts: BTreeMap<String, Facts<'a>>,
    /// The options that the command line gives to every node; they win over those of the scenario.
    given: &'a BTreeMap<String, String>,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(scenario: &Scenario, setting: &Setting<'a>) -> Self {
        let now = setting.existing.cloned().unwrap_or_default();
        let given = setting.options;
        let default_facts = Facts::given(setting);
        let running = setting.running.iter().map(|(name, spec)| (name.clone(), Facts::of(spec, setting)));
        let mut nodes = Self {
            ever: now.clone(),
            now,
            starts: BTreeMap::new(),
            linked: BTreeSet::new(),
            linked_freely: false,
            named_facts: running.collect(),
            default_facts,
            given,
        };
        nodes.collect_networks(&scenario.steps);
        for (option, value) in given {
            if let (Some(name), Ok(at)) = (Attachment::node_of(option), value.parse::<Attachment>()) {
                let facts =
                    nodes.named_facts.entry(name.to_owned()).or_insert_with(|| nodes.default_facts.clone());
                facts.at = Some((at, None));
            }
        }
        nodes
    }

    fn collect_networks(&mut self, steps: &Block) {
        for step in steps {
            match &step.kind {
                StepKind::Network(graph) => {
                    for index in self.ever.extend(graph).nodes {
                        self.starts.insert(self.ever.name(index).to_owned(), step.at.clone());
                    }
                }
                StepKind::Together(block)
                | StepKind::Do(block)
                | StepKind::Measure { block, .. }
                | StepKind::Workload { block, .. }
                | StepKind::Repeat { block, .. }
                | StepKind::Each { block, .. } => self.collect_networks(block),
                _ => {}
            }
        }
    }

    /// Returns the facts about a node.
    pub(super) fn facts(&self, name: &str) -> &Facts<'a> {
        self.named_facts.get(name).unwrap_or(&self.default_facts)
    }

    /// Returns the driver of a node.
    pub(super) fn driver_of(&self, name: &str) -> &'a driver::Declaration {
        self.facts(name).driver
    }

    /// Returns the facts about the nodes that may be chosen.
    pub(super) fn facts_of(&self, who: &Who, among: &Graph) -> Vec<&Facts<'a>> {
        if self.named_facts.is_empty() {
            return vec![&self.default_facts];
        }
        let facts: Vec<&Facts<'a>> =
            possible(who, among).into_iter().map(|index| self.facts(among.name(index))).collect();
        if facts.is_empty() { vec![&self.default_facts] } else { facts }
    }

    /// Returns the drivers of the nodes that may be chosen, each once.
    pub(super) fn drivers_of(&self, who: &Who, among: &Graph) -> Vec<&'a driver::Declaration> {
        let mut drivers: Vec<&driver::Declaration> = Vec::new();
        for facts in self.facts_of(who, among) {
            if !drivers.iter().any(|other| other.name == facts.driver.name) {
                drivers.push(facts.driver);
            }
        }
        drivers
    }

    /// Returns each node of `among` by name, with the facts about it.
    pub(super) fn all<'n>(&'n self, among: &'n Graph) -> impl Iterator<Item = (&'n str, &'n Facts<'a>)> {
        among.nodes().iter().map(|node| (node.name(), self.facts(node.name())))
    }

    /// Gives the chosen nodes an option, unless the command line gives it to all.
    pub(super) fn set_option(&mut self, who: &Who, option: &str, change: impl Fn(&mut Facts<'a>)) {
        if self.given.contains_key(option) {
            return;
        }
        if who.pick == Pick::All(Subject::Everyone) {
            change(&mut self.default_facts);
            return self.named_facts.values_mut().for_each(change);
        }
        for index in possible(who, &self.ever) {
            let name = self.ever.name(index).to_owned();
            if option == "at" && self.given.contains_key(&Attachment::option_of(&name)) {
                continue;
            }
            change(self.named_facts.entry(name).or_insert_with(|| self.default_facts.clone()));
        }
    }

    /// Finds, of two nodes to be linked, one of ours whose policy differs from the one that the link needs.
    /// Returns its name and the needed policy.
    pub(super) fn lacks_link_policy<'n>(&self, ends: [&'n str; 2]) -> Option<(&'n str, &'static str)> {
        let needed = ends.iter().find_map(|name| self.driver_of(name).link_policy)?;
        let other = |name: &&str| {
            let Facts { driver, policy, exec, .. } = self.facts(name);
            let policy = policy.as_deref().or(driver.policies.first().copied());
            exec.is_none() && policy.is_some_and(|policy| policy != needed)
        };
        ends.into_iter().find(other).map(|name| (name, needed))
    }

    /// Returns true if the node stores its data on a disk.
    pub(super) fn has_disk(&self, name: &str) -> bool {
        self.facts(name).disk
    }

    /// Returns true if the harness carries the messages of all nodes.
    pub(super) fn is_routed(&self) -> bool {
        !self.ever.is_empty()
            && self.all(&self.ever).all(|(_, facts)| facts.driver.wiring == driver::Wiring::Routed)
    }

    /// Records that a command may link each of `who` to the node called `to`; to any node if that is not
    /// known.
    pub(super) fn add_possible_link(&mut self, who: &Who, to: Option<&str>) {
        match to.and_then(|to| self.now.index_of(to)) {
            Some(to) => {
                let pairs = possible(who, &self.now).into_iter().map(|from| (from.min(to), from.max(to)));
                self.linked.extend(pairs);
            }
            None => self.linked_freely = true,
        }
    }

    /// Returns true if some node of one set is, or ever comes to be, linked to some node of another.
    pub(super) fn are_ever_linked(&self, sets: &[BTreeSet<usize>]) -> bool {
        let between = |one: &BTreeSet<usize>, other: &BTreeSet<usize>| {
            one.iter().any(|one| other.iter().any(|other| self.may_ever_be_linked(*one, *other)))
        };
        let pairs = sets
            .iter()
            .enumerate()
            .flat_map(|(place, one)| sets[place + 1..].iter().map(move |other| (one, other)));
        pairs.into_iter().any(|(one, other)| between(one, other))
    }

    fn may_ever_be_linked(&self, one: usize, other: usize) -> bool {
        let [one_ever, other_ever] = [one, other].map(|node| self.ever.index_of(self.now.name(node)));
        let later = one_ever.zip(other_ever).is_some_and(|(one, other)| self.ever.is_linked(one, other));
        later || self.may_be_linked(one, other)
    }

    /// Returns true if two nodes may be linked, by a topology or by a command.
    pub(super) fn may_be_linked(&self, one: usize, other: usize) -> bool {
        let by_command = |node| self.driver_of(self.now.name(node)).wiring == driver::Wiring::AddPeer;
        !(by_command(one) && by_command(other))
            || self.linked_freely
            || self.now.is_linked(one, other)
            || self.linked.contains(&(one.min(other), one.max(other)))
    }
}

/// Returns the positions of the nodes that may be chosen.
pub(super) fn possible(who: &Who, among: &Graph) -> BTreeSet<usize> {
    let subject = match &who.pick {
        Pick::Items(items) => return named(items, among),
        Pick::All(subject) | Pick::Random(_, subject) | Pick::RandomHalf(subject) => subject,
    };
    let everyone = 0..among.nodes().len();
    match subject {
        Subject::Everyone => everyone.collect(),
        Subject::Of(items) => named(items, among),
        Subject::But(items) => {
            let has_name = among.index_of(LEADER).is_some();
            let fixed = |item: &&Item| match item {
                Item::Variable(..) | Item::Rest => false,
                Item::Leader(_) => has_name,
                _ => true,
            };
            let but = named(items.iter().filter(fixed), among);
            everyone.filter(|index| !but.contains(index)).collect()
        }
    }
}

/// Returns the positions of the nodes that the items may mean.
pub(super) fn named<'i>(items: impl IntoIterator<Item = &'i Item>, among: &Graph) -> BTreeSet<usize> {
    let count = among.nodes().len();
    let mut indices = BTreeSet::new();
    for item in items {
        match item {
            Item::Name(name, _) => indices.extend(among.index_of(name)),
            Item::Range(from, to, _) => {
                if let (Some(from), Some(to)) = (among.index_of(from), among.index_of(to)) {
                    indices.extend(from..=to);
                }
            }
            Item::Leader(_) if among.index_of(LEADER).is_some() => indices.extend(among.index_of(LEADER)),
            Item::First => indices.extend((count > 0).then_some(0)),
            Item::Last => indices.extend(count.checked_sub(1)),
            Item::Rest | Item::Leader(_) | Item::Variable(..) => indices.extend(0..count),
        }
    }
    indices
}
