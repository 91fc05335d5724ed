//! What is known of a node before it starts: what it is, and what was said of it.

use super::Setting;
use crate::driver;
use crate::world::NodeSpec;

/// What is known of a node before it starts.
#[derive(Debug, Clone)]
pub(super) struct Facts<'a> {
    pub(super) driver: &'a driver::Declaration,
    /// Whether it keeps what it holds.
    pub(super) disk: bool,
    /// Whether it is a program of its own.
    pub(super) exec: bool,
    /// Whether there is a program that asks it.
    pub(super) adapter: bool,
    /// How it chooses among versions, if that was said.
    pub(super) policy: Option<String>,
    /// What it is for, if that was said.
    pub(super) workload: Option<String>,
}

impl<'a> Facts<'a> {
    /// Of a node of which only the command line says something.
    pub(super) fn given(setting: &Setting<'a>) -> Self {
        let given = setting.options;
        Self {
            driver: setting.driver(),
            disk: false,
            exec: given.contains_key("exec"),
            adapter: given.contains_key("adapter"),
            policy: given.get("policy").cloned(),
            workload: given.get("workload").cloned(),
        }
    }

    /// Of a node that was started so.
    pub(super) fn of(spec: &NodeSpec, setting: &Setting<'a>) -> Self {
        let known = setting.drivers.iter().copied().find(|driver| driver.name == spec.driver);
        Self {
            driver: known.unwrap_or(setting.driver()),
            disk: spec.disk,
            exec: spec.exec.is_some(),
            adapter: spec.adapter.is_some(),
            policy: spec.policy.clone(),
            workload: spec.workload.clone(),
        }
    }
}
