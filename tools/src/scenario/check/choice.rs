//! The check of each choice of nodes.

use std::collections::BTreeSet;

use super::checker::Checker;
use super::facts::Facts;
use super::nodes::{named, possible};
use super::scope::Kind;
use super::wording::listed;
use crate::driver;
use crate::scenario::ast::{Item, LEADER, Pick, Subject, Who};
use crate::text::{Diagnostic, Span, nearest};
use crate::topology::Graph;
use crate::world::Ability;

/// The number of names among which the nearest one is searched. Chosen: more nodes than any scenario has
/// named, and few enough that the search takes no time that a person sees.
const NEAREST_MAX: usize = 10_000;

/// The purpose of a choice of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A choice that a step acts on, among nodes that have started.
    Act,
    /// One of the sets of a `partition`.
    Set,
    /// A choice that gets options, among nodes that start later.
    Options,
}

impl Checker<'_> {
    /// Checks a choice of nodes.
    pub(super) fn choice(&mut self, who: &Who, role: Role) {
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
            self.report(error.help("name the nodes, or `all`"));
            return;
        }
        match subject {
            Subject::Everyone => self.some_node(span, role),
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
            self.report(error.help("leave fewer nodes out, or start more above this step"));
        } else if count > most as u64 {
            let error = self.error(span, format!("{count} nodes are drawn from {most}"));
            self.report(error.help(format!("draw at most {most}, or start more above this step")));
        }
    }

    /// Checks that the nodes that may be chosen are our own: on no others can the step act.
    pub(super) fn are_own(&mut self, who: &Who, what: &str, span: Span, among: &Graph) {
        let foreign = |facts: &&Facts<'_>| facts.at.is_none() && (facts.exec.is_some() || !facts.driver.ours);
        if !self.nodes.facts_of(who, among).iter().any(foreign) {
            return;
        }
        let nodes = possible(who, among).into_iter().map(|index| among.name(index));
        let name =
            nodes.into_iter().find(|name| foreign(&self.nodes.facts(name))).unwrap_or_default().to_owned();
        let message = format!("the {what} of `{name}` is out of reach: it is a program of its own");
        let error = self.error(span, message);
        self.report(error.help("only nodes of ours, without `exec=`, can be done that to"));
    }

    /// Checks that the clocks of the nodes that may be chosen can be shifted.
    pub(super) fn have_clocks(&mut self, who: &Who, span: Span, among: &Graph) {
        if !self.setting.world.can(Ability::Exec) {
            return self.are_own(who, "clock", span, among);
        }
        let program = |facts: &Facts<'_>| match &facts.exec {
            Some(exec) => Some(exec.clone()),
            None if facts.driver.ours => None,
            None => Some(facts.driver.program.to_owned()),
        };
        let programs: BTreeSet<String> =
            self.nodes.facts_of(who, among).into_iter().filter_map(program).collect();
        let reach = self.setting.clock_reach;
        let Some((of, reason)) =
            programs.into_iter().find_map(|of| Some((reach(&of).err()?, of)).map(|(r, of)| (of, r)))
        else {
            return;
        };
        let nodes = possible(who, among).into_iter().map(|index| among.name(index));
        let is_it = |name: &&str| program(self.nodes.facts(name)).as_ref() == Some(&of);
        let name = nodes.into_iter().find(is_it).map(|name| format!(" of `{name}`")).unwrap_or_default();
        let error = self.error(span, format!("the clock{name} cannot be shifted: {reason}"));
        self.report(error.help(reason.help()));
    }

    /// Checks that the nodes that may be chosen have a disk. Two cases are left to the run: the options of a
    /// network that is already up are not known here, and the node in an answer is known only at run time.
    pub(super) fn has_disk(&mut self, who: &Who, span: Span) {
        if self.setting.existing.is_some() || self.nodes.now.is_empty() {
            return;
        }
        let (nodes, varies) = self.possible_nodes(who);
        let mut without =
            nodes.iter().map(|index| self.nodes.now.name(*index)).filter(|name| !self.nodes.has_disk(name));
        let Some(name) = without.next() else { return };
        if varies && without.count() + 1 < nodes.len() {
            return;
        }
        let error = self.error(span, format!("`{name}` has no disk: it keeps what it holds in memory"));
        let help = format!("`node {name} data=disk` before the `network` step that starts it gives it one");
        self.report(error.help(help));
    }

    /// Returns the nodes that may be chosen, and true if only the run knows which of them can be.
    pub(super) fn possible_nodes(&self, who: &Who) -> (BTreeSet<usize>, bool) {
        let all = || possible(who, &self.nodes.now);
        let items = match &who.pick {
            Pick::Items(items)
            | Pick::All(Subject::Of(items))
            | Pick::Random(_, Subject::Of(items))
            | Pick::RandomHalf(Subject::Of(items)) => items,
            Pick::All(Subject::But(items)) => {
                return (
                    all(),
                    items.iter().any(|item| matches!(item, Item::Variable(..) | Item::Leader(_))),
                );
            }
            _ => return (all(), false),
        };
        let of_item = |item: &Item| match item {
            Item::Variable(name, _) => match self.scope.kind_of(name) {
                Some(Kind::Nodes { among, .. }) => Some(among.iter().copied().collect()),
                _ => None,
            },
            Item::Leader(_) if self.nodes.now.index_of(LEADER).is_none() => None,
            other => Some(named([other], &self.nodes.now)),
        };
        let known: Option<Vec<BTreeSet<usize>>> = items.iter().map(of_item).collect();
        let is_drawn = matches!(who.pick, Pick::Random(..) | Pick::RandomHalf(_));
        match known {
            Some(known) => (known.into_iter().flatten().collect(), false),
            None => (all(), !is_drawn),
        }
    }

    /// Checks that there are nodes to choose from.
    pub(super) fn some_node(&mut self, span: Span, role: Role) {
        if role == Role::Options {
            if let Some(first) = self.nodes.now.nodes().first() {
                let message = format!("options are given before nodes start, and `{}` runs", first.name());
                let error = self.error(span, message);
                self.report(error.help("move this step up, or name the nodes that start later"));
            } else if self.nodes.ever.is_empty() {
                let error = self.error(span, "no node ever starts");
                self.report(error.help("a `network` step starts nodes, such as `network a-b`"));
            }
        } else if self.nodes.now.is_empty() {
            let error = self.error(span, "no node runs yet");
            self.report(error.help("a `network` step starts nodes, such as `network a-b`"));
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
                        self.report(error.help(format!("write `{to}..{from}`")));
                    }
                }
                Item::First | Item::Last if role == Role::Options => {
                    let error = self.error(span, "options are given before there is a first or last node");
                    self.report(error.help("name the nodes, or `all`"));
                }
                Item::First | Item::Last => self.some_node(span, role),
                Item::Leader(span) => {
                    self.leader(*span, role);
                }
                Item::Rest if role == Role::Set => {}
                Item::Rest => {
                    let error = self.error(span, "`rest` stands in a `partition` only");
                    self.report(error.help("the other nodes are `all but …`"));
                }
                Item::Variable(name, span) if role == Role::Options => {
                    let message = format!("options are fixed before anything starts, and `${name}` is not");
                    let error = self.error(*span, message);
                    self.report(error.help("name the nodes, or `all`"));
                }
                Item::Variable(name, span) => {
                    if let Some(kind) = self.variable(name, *span) {
                        self.holds_nodes(name, &kind, *span);
                    }
                }
            }
        }
    }

    /// Checks that there is a node called `leader`, and returns its position, or that a node can be asked who leads.
    pub(super) fn leader(&mut self, span: Span, role: Role) -> Option<usize> {
        let is_name = self.nodes.ever.index_of(LEADER).is_some();
        if is_name || role == Role::Options {
            return self.node(LEADER, span, role);
        }
        if self.nodes.now.is_empty() {
            self.some_node(span, role);
        } else if !self.nodes.all(&self.nodes.now).any(|(_, facts)| facts.driver.command(LEADER).is_some()) {
            let error = self.error(span, "no node can be asked who leads, and none is called `leader`");
            let help = "the description of a driver says how one is asked: `[commands.leader]`, whose answer is a node";
            self.report(error.help(help));
        }
        None
    }

    /// Checks that the value of a variable can be nodes: a choice, or an answer that may name some.
    pub(super) fn holds_nodes(&mut self, name: &str, kind: &Kind, span: Span) {
        use driver::Answer;
        let is = match kind {
            Kind::Nodes { .. }
            | Kind::Answer(
                Answer::Text | Answer::Value | Answer::Node | Answer::Nodes | Answer::List | Answer::Any,
            ) => {
                return;
            }
            Kind::Answer(Answer::Number) => "a number",
            Kind::Answer(Answer::Stamp) => "a stamp",
            Kind::Answer(Answer::Done) => "no answer",
            Kind::Counter => "a counter",
        };
        let error = self.error(span, format!("`${name}` is {is}, not nodes"));
        self.report(error.help("`let v = random` and `each v in all` keep nodes"));
    }

    /// Returns the position of a named node, or reports why it cannot be named here.
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
        self.report(error);
        None
    }

    /// Checks that a named node starts sooner or later.
    pub(super) fn mention(&mut self, name: &str, span: Span) {
        if self.nodes.ever.index_of(name).is_none() {
            let error = self.unknown_node(name, span);
            self.report(error);
        }
    }

    /// Warns of a number that `let` is given, which stores only nodes and answers.
    pub(super) fn fixed_value(&mut self, name: &str, who: &Who) {
        if let Pick::Items(items) = &who.pick
            && let [Item::Name(value, span)] = items.as_slice()
            && value.bytes().all(|byte| byte.is_ascii_digit())
            && self.nodes.ever.index_of(value).is_none()
        {
            let message = format!("`let` keeps an answer or a choice of nodes, and `{value}` is none");
            let help =
                format!("a value that is fixed is a parameter, above all steps: `param {name} = {value}`");
            self.report(self.warning(*span, message).help(help));
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

    /// Returns true if exactly one node is chosen in every run.
    pub(super) fn is_one(&self, who: &Who) -> bool {
        let single = |items: &[Item]| match items {
            [Item::Name(..) | Item::First | Item::Last | Item::Leader(_)] => true,
            [Item::Range(from, to, _)] => from == to,
            [Item::Variable(name, _)] => self.is_one_node(name),
            _ => false,
        };
        match &who.pick {
            Pick::Random(count, _) => *count == 1,
            Pick::Items(items) | Pick::All(Subject::Of(items)) => single(items),
            Pick::All(_) | Pick::RandomHalf(_) => false,
        }
    }
}
