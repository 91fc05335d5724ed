//! The check of the options of nodes.

use std::collections::BTreeSet;

use super::checker::{Checker, RestrictedOption};
use super::choice::Role;
use super::nodes::possible;
use super::wording::nearest_of;
use crate::driver;
use crate::scenario::ast::{NodeOption, Pick, Subject, Who};
use crate::scenario::{duration, shift_ms};
use crate::text::{Diagnostic, Span, nearest};
use crate::world::Ability;

impl Checker<'_> {
    /// Checks a `node` step.
    pub(super) fn options(&mut self, who: &Who, options: &[NodeOption]) {
        self.choice(who, Role::Options);
        let mut seen = BTreeSet::new();
        for option in options {
            if !seen.insert(&option.name) {
                let error = self.error(option.span, format!("`{}` is given twice", option.name));
                self.report(error.help("keep one of the two"));
            }
            self.option(who, option);
        }
        self.policies(who, options);
        for option in options.iter().filter(|option| driver::user_of(&option.name).is_some()) {
            self.restricted.push(RestrictedOption {
                source: self.source.clone(),
                who: who.clone(),
                name: option.name.clone(),
                span: option.span,
            });
        }
        self.values(who, options);
        if let Some(clock) = options.iter().find(|option| option.name == "clock") {
            self.have_clocks(who, clock.span, &self.nodes.ever.clone());
        }
    }

    fn option(&mut self, who: &Who, option: &NodeOption) {
        let name = option.name.as_str();
        if !NodeOption::NAMES.contains(&name) {
            let span = Span { start: option.span.start, end: option.span.start + name.len() };
            let error = self.error(span, format!("unknown option `{name}`"));
            self.report(nearest_of(error, name, NodeOption::NAMES.iter().copied(), "the options are"));
            return;
        }
        let span = option.value.span;
        let Some(value) = option.value.fixed() else {
            let error = self.error(span, format!("`{name}` is fixed before anything starts"));
            self.report(error.help("only parameters may be filled in here"));
            return;
        };
        if NodeOption::OF_THE_START.contains(&name) && who.pick != Pick::All(Subject::Everyone) {
            let (source, name) = (self.source.clone(), name.to_owned());
            self.of_the_start.push(RestrictedOption { source, who: who.clone(), name, span: option.span });
        }
        match name {
            "at" => self.at(who, &value, option),
            "driver" => self.driver(who, &value, span),
            "data" => self.data(who, &value, option),
            "clock" => {
                self.needs(Ability::Clock, option.span);
                if let Err(why) = shift_ms(&value) {
                    let error = self.error(span, why.to_string());
                    self.report(error.help("such as `clock=+10s` or `clock=-500ms`"));
                }
            }
            "args" => self.node_arguments(&value, option.span),
            "exec" => self.exec(who, &value, option),
            "adapter" => {
                self.quotes(&value, span);
                self.nodes.set_option(who, "adapter", |facts| facts.adapter = true);
            }
            "ready" => {
                if let Err(why) = value.parse::<driver::Ready>().map_err(|error| error.to_string()) {
                    let error = self.error(span, why);
                    self.report(error);
                }
            }
            "ask" => {
                if let Err(why) = duration(&value) {
                    let error = self.error(span, why.to_string());
                    self.report(error.help("how long an ask of this node may take, such as `ask=20s`"));
                }
            }
            "workload" => self.workload(who, &value, span),
            "lines" if !driver::LINES.contains(&&*value) => {
                let message = format!("a node gets `one` line in a write or `many`, not `{value}`");
                let error = self.error(span, message);
                self.report(error.did_you_mean(nearest(&value, driver::LINES.iter().copied())));
            }
            _ => {}
        }
    }

    fn driver(&mut self, who: &Who, value: &str, span: Span) {
        let drivers = self.setting.drivers;
        if let Some(driver) = drivers.iter().find(|driver| driver.name == value) {
            self.nodes.set_option(who, "driver", |facts| facts.driver = *driver);
        } else {
            let error = self.error(span, format!("unknown driver `{value}`"));
            let names = driver::names().chain(["FILE.toml"]);
            self.report(nearest_of(error, value, names, "the drivers are"));
        }
    }

    fn data(&mut self, who: &Who, value: &str, option: &NodeOption) {
        match value {
            "memory" => self.nodes.set_option(who, "data", |facts| facts.disk = false),
            "disk" => {
                self.needs(Ability::Disk, option.span);
                self.nodes.set_option(who, "data", |facts| facts.disk = true);
            }
            _ => {
                let message = format!("data is kept in `memory` or on `disk`, not in `{value}`");
                let error = self.error(option.value.span, message);
                self.report(error.did_you_mean(nearest(value, ["memory", "disk"])));
            }
        }
    }

    fn exec(&mut self, who: &Who, value: &str, option: &NodeOption) {
        let span = option.value.span;
        self.needs(Ability::Exec, option.span);
        if value.is_empty() {
            let error = self.error(span, "a program is needed after `exec=`");
            self.report(error.help("such as `exec=\"./node --port {port}\"`"));
        }
        if let Some(word) = driver::unknown_placeholder(value) {
            let error = self.error(span, format!("unknown placeholder `{word}`"));
            self.report(nearest_of(error, word, driver::PLACEHOLDERS.into_iter(), "there are"));
        }
        self.quotes(value, span);
        self.nodes.set_option(who, "exec", |facts| facts.exec = Some(value.to_owned()));
        self.node_arguments(value, option.span);
    }

    /// Reports an error if a command line cannot be split into words.
    fn quotes(&mut self, command_line: &str, span: Span) {
        if shlex::split(command_line).is_none() {
            let error = self.error(span, "this command line has a quote that is not closed");
            self.report(error.help("close it, or write `\\'` for the character"));
        }
    }

    fn workload(&mut self, who: &Who, value: &str, span: Span) {
        if !driver::WORKLOADS.contains(&value) {
            let error = self.error(span, format!("unknown workload `{value}`"));
            self.report(nearest_of(error, value, driver::WORKLOADS.iter().copied(), "the workloads are"));
        }
        self.nodes.set_option(who, "workload", |facts| facts.workload = Some(value.to_owned()));
    }

    /// Refuses options that nodes do not use, after all steps are known: a later step may change the kind of
    /// the nodes. A step for `all` means the nodes that use the option, and at least one must.
    pub(super) fn useless(&mut self) {
        for RestrictedOption { source, who, name, span } in std::mem::take(&mut self.restricted) {
            let among = &self.nodes.ever;
            let chosen: Vec<&str> =
                possible(&who, among).into_iter().map(|index| among.name(index)).collect();
            let useless = |node: &&str| self.nodes.driver_of(node).has_no_use_for(&name).is_some();
            let everyone = matches!(who.pick, Pick::All(Subject::Everyone | Subject::But(_)));
            if everyone && !chosen.iter().all(useless) {
                continue;
            }
            let Some(node) = chosen.into_iter().find(useless) else { continue };
            let driver = self.nodes.driver_of(node);
            let Some(user) = driver.has_no_use_for(&name) else { continue };
            let whose = if everyone { String::new() } else { format!(", such as `{node}`,") };
            let message = format!("`{}` nodes{whose} have no use for `{name}`", driver.name);
            let error = Diagnostic::error(&source, span, message);
            self.report(error.help(format!("nodes of the driver `{user}` have: `driver={user}`")));
        }
    }

    /// Checks the option `values`, after all options of the step are known.
    fn values(&mut self, who: &Who, options: &[NodeOption]) {
        for option in options.iter().filter(|option| option.name == "values") {
            let Some(value) = option.value.fixed() else { continue };
            let drivers = self.nodes.drivers_of(who, &self.nodes.ever);
            let known = |driver: &&driver::Declaration| names_of(driver.values).contains(&value.as_str());
            let Some(driver) = drivers.into_iter().find(|driver| !known(driver)) else { continue };
            let message = format!("`{}` nodes have no `values={value}`", driver.name);
            let error = self.error(option.value.span, message);
            self.report(nearest_of(error, &value, names_of(driver.values).into_iter(), "they have"));
        }
    }

    /// Checks the option `policy`, after all options of the step are known: its values depend on the driver.
    fn policies(&mut self, who: &Who, options: &[NodeOption]) {
        for option in options.iter().filter(|option| option.name == "policy") {
            let Some(value) = option.value.fixed() else { continue };
            self.nodes.set_option(who, "policy", |facts| facts.policy = Some(value.clone()));
            let drivers = self.nodes.drivers_of(who, &self.nodes.ever);
            let Some(driver) = drivers.into_iter().find(|driver| !driver.policies.contains(&value.as_str()))
            else {
                continue;
            };
            let error =
                self.error(option.value.span, format!("`{}` nodes have no policy `{value}`", driver.name));
            self.report(if driver.policies.is_empty() {
                error.help("they have none at all")
            } else {
                nearest_of(error, &value, driver.policies.iter().copied(), "the policies are")
            });
        }
    }
}

/// Returns the names of the ways in which stores tell values apart.
fn names_of(values: &[driver::Values]) -> Vec<&'static str> {
    values.iter().map(|values| values.name()).collect()
}
