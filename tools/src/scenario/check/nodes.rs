//! The nodes that are known at a step, and whether a choice among them makes sense.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::scope::Kind;
use super::{Checker, Setting, listed};
use crate::driver;
use crate::scenario::ast::{At, Block, Item, Pick, Scenario, StepKind, Subject, Who};
use crate::text::{Diagnostic, Span, nearest};
use crate::topology::Graph;

/// How many names are searched for the nearest one.
const NEAREST_MAX: usize = 10_000;

/// What is known of nodes.
pub(super) struct Nodes<'a> {
    /// Those that have started, and their links.
    pub(super) now: Graph,
    /// All that ever start.
    pub(super) ever: Graph,
    /// Where each that is not up already is started.
    starts: BTreeMap<String, At>,
    /// Pairs that may be linked by a command, the smaller position first.
    linked: BTreeSet<(usize, usize)>,
    /// Whether a command may link any pair.
    linked_freely: bool,
    /// What is known of nodes, unless it is said of one.
    usual: Facts<'a>,
    special: BTreeMap<String, Facts<'a>>,
    /// What the command line says of every node, which wins.
    given: &'a BTreeMap<String, String>,
}

/// What a choice is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// To act on nodes that have started.
    Act,
    /// To be one of the sets of a `partition`.
    Set,
    /// To give options to nodes that start later.
    Options,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(scenario: &Scenario, setting: &Setting<'a>) -> Self {
        let now = setting.existing.cloned().unwrap_or_default();
        let given = setting.options;
        let usual = Facts::given(setting);
        let running = setting.running.iter().map(|(name, spec)| (name.clone(), Facts::of(spec, setting)));
        let mut nodes = Self {
            ever: now.clone(),
            now,
            starts: BTreeMap::new(),
            linked: BTreeSet::new(),
            linked_freely: false,
            special: running.collect(),
            usual,
            given,
        };
        nodes.look_ahead(&scenario.steps);
        nodes
    }

    fn look_ahead(&mut self, steps: &Block) {
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
                | StepKind::Repeat { block, .. }
                | StepKind::Each { block, .. } => self.look_ahead(block),
                _ => {}
            }
        }
    }

    /// What is known of a node.
    pub(super) fn facts(&self, name: &str) -> &Facts<'a> {
        self.special.get(name).unwrap_or(&self.usual)
    }

    /// The driver of a node.
    pub(super) fn driver_of(&self, name: &str) -> &'a driver::Declaration {
        self.facts(name).driver
    }

    /// What is known of the nodes that may be chosen.
    pub(super) fn facts_of(&self, who: &Who, among: &Graph) -> Vec<&Facts<'a>> {
        if self.special.is_empty() {
            return vec![&self.usual];
        }
        let facts: Vec<&Facts<'a>> =
            possible(who, among).into_iter().map(|index| self.facts(among.name(index))).collect();
        if facts.is_empty() { vec![&self.usual] } else { facts }
    }

    /// The drivers of the nodes that may be chosen, each once.
    pub(super) fn drivers_of(&self, who: &Who, among: &Graph) -> Vec<&'a driver::Declaration> {
        let mut drivers: Vec<&driver::Declaration> = Vec::new();
        for facts in self.facts_of(who, among) {
            if !drivers.iter().any(|other| other.name == facts.driver.name) {
                drivers.push(facts.driver);
            }
        }
        drivers
    }

    /// What is known of all nodes that have started or ever start, each with its name.
    pub(super) fn all<'n>(&'n self, among: &'n Graph) -> impl Iterator<Item = (&'n str, &'n Facts<'a>)> {
        among.nodes().iter().map(|node| (node.name(), self.facts(node.name())))
    }

    /// Gives the chosen nodes an option, unless the command line gives it to all.
    pub(super) fn give(&mut self, who: &Who, option: &str, change: impl Fn(&mut Facts<'a>)) {
        if self.given.contains_key(option) {
            return;
        }
        if who.pick == Pick::All(Subject::Everyone) {
            change(&mut self.usual);
            return self.special.values_mut().for_each(change);
        }
        for index in possible(who, &self.ever) {
            let name = self.ever.name(index).to_owned();
            change(self.special.entry(name).or_insert_with(|| self.usual.clone()));
        }
    }

    /// Of two nodes that are to be linked, one of ours that has another policy than the link needs, and that.
    pub(super) fn chooses_otherwise<'n>(&self, ends: [&'n str; 2]) -> Option<(&'n str, &'static str)> {
        let needed = ends.iter().find_map(|name| self.driver_of(name).link_policy)?;
        let other = |name: &&str| {
            let Facts { driver, policy, exec, .. } = self.facts(name);
            let policy = policy.as_deref().or(driver.policies.first().copied());
            !exec && policy.is_some_and(|policy| policy != needed)
        };
        ends.into_iter().find(other).map(|name| (name, needed))
    }

    fn keeps(&self, name: &str) -> bool {
        self.facts(name).disk
    }

    /// Whether the harness carries the messages of all nodes.
    pub(super) fn is_routed(&self) -> bool {
        !self.ever.is_empty()
            && self.all(&self.ever).all(|(_, facts)| facts.driver.wiring == driver::Wiring::Routed)
    }

    /// A command may link each of `who` to the node called `to`; to anyone, if that is not known.
    pub(super) fn link(&mut self, who: &Who, to: Option<&str>) {
        match to.and_then(|to| self.now.index_of(to)) {
            Some(to) => {
                let pairs = possible(who, &self.now).into_iter().map(|from| (from.min(to), from.max(to)));
                self.linked.extend(pairs);
            }
            None => self.linked_freely = true,
        }
    }

    /// Whether two nodes may be linked, by a topology or by a command.
    pub(super) fn may_be_linked(&self, one: usize, other: usize) -> bool {
        let told = |node| self.driver_of(self.now.name(node)).wiring == driver::Wiring::AddPeer;
        !(told(one) && told(other))
            || self.linked_freely
            || self.now.is_linked(one, other)
            || self.linked.contains(&(one.min(other), one.max(other)))
    }
}

/// The positions of the nodes that may be chosen.
fn possible(who: &Who, among: &Graph) -> BTreeSet<usize> {
    let subject = match &who.pick {
        Pick::Items(items) => return named(items, among),
        Pick::All(subject) | Pick::Random(_, subject) | Pick::RandomHalf(subject) => subject,
    };
    let everyone = 0..among.nodes().len();
    match subject {
        Subject::Everyone => everyone.collect(),
        Subject::Of(items) => named(items, among),
        Subject::But(items) => {
            let fixed = |item: &&Item| !matches!(item, Item::Variable(..) | Item::Rest);
            let but = named(items.iter().filter(fixed), among);
            everyone.filter(|index| !but.contains(index)).collect()
        }
    }
}

/// The positions of the nodes that may be meant.
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
            Item::First => indices.extend((count > 0).then_some(0)),
            Item::Last => indices.extend(count.checked_sub(1)),
            Item::Rest | Item::Variable(..) => indices.extend(0..count),
        }
    }
    indices
}

impl Checker<'_> {
    /// A choice of nodes.
    pub(super) fn who(&mut self, who: &Who, role: Role) {
        let span = who.at.span;
        let before = self.diagnostics.len();
        let (count, subject) = match &who.pick {
            Pick::Items(items) => return self.items(items, span, role),
            Pick::All(subject) => (0, subject),
            Pick::Random(count, subject) => (*count, subject),
            Pick::RandomHalf(subject) => (1, subject),
        };
        if role == Role::Options && !matches!(who.pick, Pick::All(_)) {
            let error = self.error(span, "options are given before there are nodes to draw from");
            self.say(error.help("name the nodes, or `all`"));
            return;
        }
        match subject {
            Subject::Everyone => self.anyone(span, role),
            Subject::Of(items) | Subject::But(items) => {
                let inner = if role == Role::Set { Role::Act } else { role };
                self.items(items, span, inner);
            }
        }
        if self.diagnostics.len() > before {
            return;
        }
        let among = if role == Role::Options { &self.nodes.ever } else { &self.nodes.now };
        let most = match subject {
            Subject::Everyone => among.nodes().len(),
            Subject::Of(_) | Subject::But(_) => possible(who, among).len(),
        };
        if most == 0 {
            let error = self.error(span, "this chooses nobody");
            self.say(error);
        } else if count > most as u64 {
            let error = self.error(span, format!("{count} nodes are drawn from {most}"));
            self.say(error);
        }
    }

    /// That those who may be chosen are our own, since only those can be done that to.
    pub(super) fn are_own(&mut self, who: &Who, what: &str, span: Span, among: &Graph) {
        let foreign = |facts: &&Facts<'_>| facts.exec || !facts.driver.is_ours();
        if !self.nodes.facts_of(who, among).iter().any(foreign) {
            return;
        }
        let nodes = possible(who, among).into_iter().map(|index| among.name(index));
        let name =
            nodes.into_iter().find(|name| foreign(&self.nodes.facts(name))).unwrap_or_default().to_owned();
        let message = format!("the {what} of `{name}` is out of reach: it is a program of its own");
        let error = self.error(span, message);
        self.say(error.help("only nodes of ours, without `exec=`, can be done that to"));
    }

    /// That the disks of those who may be chosen are there. What runs already was started with options
    /// that are not known here, and which node a variable keeps is known only later.
    pub(super) fn has_disk(&mut self, who: &Who, span: Span) {
        if self.setting.existing.is_some() || self.nodes.now.is_empty() {
            return;
        }
        let varies = match &who.pick {
            Pick::Items(items) | Pick::All(Subject::Of(items) | Subject::But(items)) => {
                items.iter().any(|item| matches!(item, Item::Variable(..)))
            }
            _ => false,
        };
        let nodes = possible(who, &self.nodes.now);
        let mut without =
            nodes.iter().map(|index| self.nodes.now.name(*index)).filter(|name| !self.nodes.keeps(name));
        let Some(name) = without.next() else { return };
        if varies && without.count() + 1 < nodes.len() {
            return;
        }
        let error = self.error(span, format!("`{name}` has no disk: it keeps what it holds in memory"));
        let help = format!("`node {name} data=disk` before the `network` step that starts it gives it one");
        self.say(error.help(help));
    }

    /// That there are nodes to choose from.
    pub(super) fn anyone(&mut self, span: Span, role: Role) {
        if role == Role::Options {
            if let Some(first) = self.nodes.now.nodes().first() {
                let message = format!("options are given before nodes start, and `{}` runs", first.name());
                let error = self.error(span, message);
                self.say(error.help("move this step up, or name the nodes that start later"));
            } else if self.nodes.ever.is_empty() {
                let error = self.error(span, "no node ever starts");
                self.say(error.help("a `network` step starts nodes, such as `network a-b`"));
            }
        } else if self.nodes.now.is_empty() {
            let error = self.error(span, "no node runs yet");
            self.say(error.help("a `network` step starts nodes, such as `network a-b`"));
        }
    }

    fn items(&mut self, items: &[Item], span: Span, role: Role) {
        for item in items {
            match item {
                Item::Name(name, span) => {
                    self.node(name, *span, role);
                }
                Item::Range(from, to, span) => {
                    let (from_at, to_at) = (self.node(from, *span, role), self.node(to, *span, role));
                    if let (Some(from_at), Some(to_at)) = (from_at, to_at)
                        && from_at > to_at
                    {
                        let error = self.error(*span, format!("`{to}` appears before `{from}`"));
                        self.say(error.help(format!("write `{to}..{from}`")));
                    }
                }
                Item::First | Item::Last if role == Role::Options => {
                    let error = self.error(span, "options are given before there is a first or last node");
                    self.say(error.help("name the nodes, or `all`"));
                }
                Item::First | Item::Last => self.anyone(span, role),
                Item::Rest if role == Role::Set => {}
                Item::Rest => {
                    let error = self.error(span, "`rest` stands in a `partition` only");
                    self.say(error.help("the other nodes are `all but …`"));
                }
                Item::Variable(name, span) if role == Role::Options => {
                    let message = format!("options are fixed before anything starts, and `${name}` is not");
                    let error = self.error(*span, message);
                    self.say(error.help("name the nodes, or `all`"));
                }
                Item::Variable(name, span) => {
                    if let Some(kind) = self.kept(name, *span) {
                        self.nodes_are_kept(name, kind, *span);
                    }
                }
            }
        }
    }

    /// That what is kept can be nodes: a choice, or an answer that may name some.
    pub(super) fn nodes_are_kept(&mut self, name: &str, kind: Kind, span: Span) {
        use driver::Answer;
        let is = match kind {
            Kind::Nodes { .. } | Kind::Answer(Answer::Text | Answer::Nodes | Answer::List | Answer::Any) => {
                return;
            }
            Kind::Answer(Answer::Number) => "a number",
            Kind::Answer(Answer::Stamp) => "a stamp",
            Kind::Answer(Answer::Done) => "no answer",
            Kind::Counter => "a counter",
        };
        let error = self.error(span, format!("`${name}` is {is}, not nodes"));
        self.say(error.help("`let v = random` and `each v in all` keep nodes"));
    }

    /// The position of a node that is named, or what is wrong with naming it here.
    pub(super) fn node(&mut self, name: &str, span: Span, role: Role) -> Option<usize> {
        let now = self.nodes.now.index_of(name);
        let error = match (role, now) {
            (Role::Options, Some(_)) => self
                .error(span, format!("options are given before nodes start, and `{name}` runs"))
                .help("move this step above the `network` step that starts it"),
            (Role::Options, None) => match self.nodes.ever.index_of(name) {
                Some(index) => return Some(index),
                None => self.unknown_node(name, span),
            },
            (_, Some(index)) => return Some(index),
            (_, None) => match self.nodes.starts.get(name) {
                Some(at) => {
                    let place = at.source.place(at.span);
                    let file = if at.source == self.source {
                        String::new()
                    } else {
                        format!(" of {}", at.source.name())
                    };
                    self.error(span, format!("the node `{name}` starts only at line {}{file}", place.line))
                        .help("move this step below the `network` step that starts it")
                }
                None => self.unknown_node(name, span),
            },
        };
        self.say(error);
        None
    }

    /// That a node is named that starts sooner or later.
    pub(super) fn mention(&mut self, name: &str, span: Span) {
        if self.nodes.ever.index_of(name).is_none() {
            let error = self.unknown_node(name, span);
            self.say(error);
        }
    }

    fn unknown_node(&self, name: &str, span: Span) -> Diagnostic {
        let error = self.error(span, format!("unknown node `{name}`"));
        let names = || self.nodes.ever.nodes().iter().map(crate::topology::Node::name);
        match nearest(name, names().take(NEAREST_MAX)) {
            Some(near) => error.did_you_mean(Some(near)),
            None if self.nodes.ever.is_empty() => {
                error.help("a `network` step starts nodes, such as `network a-b`")
            }
            None => error.help(format!("the nodes are {}", listed(names()))),
        }
    }

    /// Whether exactly one node is chosen, whatever happens.
    pub(super) fn is_one(&self, who: &Who) -> bool {
        let single = |items: &[Item]| match items {
            [Item::Name(..) | Item::First | Item::Last] => true,
            [Item::Range(from, to, _)] => from == to,
            [Item::Variable(name, _)] => self.is_one_kept(name),
            _ => false,
        };
        match &who.pick {
            Pick::Random(count, _) => *count == 1,
            Pick::Items(items) | Pick::All(Subject::Of(items)) => single(items),
            Pick::All(_) | Pick::RandomHalf(_) => false,
        }
    }
}
