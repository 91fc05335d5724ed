//! The facts about a node that are known before it starts: its kind, and its options.

use super::setting::Setting;
use crate::driver;
use crate::scenario::ast::At;
use crate::world::{Attachment, NodeSpec};

/// The facts about a node that are known before it starts.
#[derive(Debug, Clone)]
pub(super) struct Facts<'a> {
    pub(super) driver: &'a driver::Declaration,
    /// True if the node stores its data on a disk.
    pub(super) disk: bool,
    /// The address of the node, if it runs already, with the place of the option.
    pub(super) at: Option<(Attachment, Option<At>)>,
    /// The command line of the node, if it is a program of its own.
    pub(super) exec: Option<String>,
    /// True if an adapter program asks the node.
    pub(super) adapter: bool,
    /// The policy by which the node chooses among versions, if an option names it.
    pub(super) policy: Option<String>,
    /// The workload that the node serves, if an option names it.
    pub(super) workload: Option<String>,
}

impl<'a> Facts<'a> {
    /// Returns the program that is to keep data and is not told where.
    pub(super) fn lacks_data_folder(&self) -> Option<&str> {
        self.exec.as_deref().filter(|exec| self.disk && !exec.contains(driver::DATA))
    }

    /// Returns the facts about a node that has only the options of the command line.
    pub(super) fn given(setting: &Setting<'a>) -> Self {
        let given = setting.options;
        Self {
            driver: setting.driver(),
            disk: false,
            at: None,
            exec: given.get("exec").cloned(),
            adapter: given.contains_key("adapter"),
            policy: given.get("policy").cloned(),
            workload: given.get("workload").cloned(),
        }
    }

    /// Returns the facts about a node that was started with this specification.
    pub(super) fn of(spec: &NodeSpec, setting: &Setting<'a>) -> Self {
        let known = setting.drivers.iter().copied().find(|driver| driver.name == spec.driver);
        Self {
            driver: known.unwrap_or(setting.driver()),
            disk: spec.disk,
            at: spec.at.clone().map(|at| (at, None)),
            exec: spec.exec.clone(),
            adapter: spec.adapter.is_some(),
            policy: spec.policy.clone(),
            workload: spec.workload.clone(),
        }
    }
}
