//! The options of nodes.

use std::collections::BTreeSet;

use super::Checker;
use super::nodes::Role;
use crate::driver;
use crate::scenario::ast::{NodeOption, Who};
use crate::scenario::shift_ms;
use crate::text::{Diagnostic, Span, nearest};
use crate::world::Ability;

impl Checker<'_> {
    /// A `node` step.
    pub(super) fn options(&mut self, who: &Who, options: &[NodeOption]) {
        self.who(who, Role::Options);
        let mut seen = BTreeSet::new();
        for option in options {
            if !seen.insert(&option.name) {
                let error = self.error(option.span, format!("`{}` is given twice", option.name));
                self.say(error);
            }
            self.option(who, option);
        }
        self.policies(who, options);
        if let Some(clock) = options.iter().find(|option| option.name == "clock") {
            self.are_own(who, "clock", clock.span, &self.nodes.ever.clone());
        }
    }

    fn option(&mut self, who: &Who, option: &NodeOption) {
        let name = option.name.as_str();
        if !NodeOption::NAMES.contains(&name) {
            let span = Span { start: option.span.start, end: option.span.start + name.len() };
            let error = self.error(span, format!("unknown option `{name}`"));
            self.say(one_of(error, name, NodeOption::NAMES.iter().copied(), "the options are"));
            return;
        }
        let span = option.value.span;
        let Some(value) = option.value.fixed() else {
            let error = self.error(span, format!("`{name}` is fixed before anything starts"));
            self.say(error.help("only parameters may be filled in here"));
            return;
        };
        match name {
            "driver" => {
                let drivers = self.setting.drivers;
                if let Some(driver) = drivers.iter().find(|driver| driver.name == value) {
                    self.nodes.give(who, "driver", |facts| facts.driver = *driver);
                } else {
                    let error = self.error(span, format!("unknown driver `{value}`"));
                    let names = drivers.iter().map(|driver| driver.name);
                    self.say(one_of(error, &value, names, "the drivers are"));
                }
            }
            "data" => match value.as_str() {
                "memory" => self.nodes.give(who, "data", |facts| facts.disk = false),
                "disk" => {
                    self.needs(Ability::Disk, option.span);
                    self.nodes.give(who, "data", |facts| facts.disk = true);
                }
                _ => {
                    let error =
                        self.error(span, format!("data is kept in `memory` or on `disk`, not in `{value}`"));
                    self.say(error.did_you_mean(nearest(&value, ["memory", "disk"])));
                }
            },
            "clock" => {
                self.needs(Ability::Clock, option.span);
                if let Err(why) = shift_ms(&value) {
                    let error = self.error(span, why);
                    self.say(error.help("such as `clock=+10s` or `clock=-500ms`"));
                }
            }
            "args" => self.node_arguments(&value, option.span),
            "exec" => {
                self.needs(Ability::Exec, option.span);
                if value.is_empty() {
                    let error = self.error(span, "a program is needed after `exec=`");
                    self.say(error);
                }
                self.nodes.give(who, "exec", |facts| facts.exec = true);
                self.node_arguments(&value, option.span);
            }
            "adapter" => self.nodes.give(who, "adapter", |facts| facts.adapter = true),
            "ready" => {
                if let Err(why) = driver::ready(&value) {
                    let error = self.error(span, why);
                    self.say(error);
                }
            }
            "workload" => {
                if !driver::WORKLOADS.contains(&value.as_str()) {
                    let error = self.error(span, format!("unknown workload `{value}`"));
                    self.say(one_of(error, &value, driver::WORKLOADS.iter().copied(), "the workloads are"));
                }
                self.nodes.give(who, "workload", |facts| facts.workload = Some(value.clone()));
            }
            _ => {}
        }
    }

    /// The policy, after all options of the step are known: which there are depends on the driver.
    fn policies(&mut self, who: &Who, options: &[NodeOption]) {
        for option in options.iter().filter(|option| option.name == "policy") {
            let Some(value) = option.value.fixed() else { continue };
            self.nodes.give(who, "policy", |facts| facts.policy = Some(value.clone()));
            let drivers = self.nodes.drivers_of(who, &self.nodes.ever);
            let Some(driver) = drivers.into_iter().find(|driver| !driver.policies.contains(&value.as_str()))
            else {
                continue;
            };
            let error =
                self.error(option.value.span, format!("`{}` nodes have no policy `{value}`", driver.name));
            self.say(if driver.policies.is_empty() {
                error.help("they have none at all")
            } else {
                one_of(error, &value, driver.policies.iter().copied(), "the policies are")
            });
        }
    }
}

/// With the nearest of the names, or all of them.
pub(super) fn one_of<'n>(
    error: Diagnostic,
    word: &str,
    names: impl Iterator<Item = &'n str> + Clone,
    are: &str,
) -> Diagnostic {
    match nearest(word, names.clone()) {
        Some(near) => error.did_you_mean(Some(near)),
        None => error.help(format!("{are} {}", super::listed(names))),
    }
}
