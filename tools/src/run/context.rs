//! The context of a run: the executor, the options, and the settings that steps have made so far.

mod asking;
mod pace;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

pub(in crate::run) use asking::{ASK, ASKS_AT_ONCE};
pub(in crate::run) use pace::Pace;

use super::environment::NodeRule;
use super::executor::Executor;
use super::options::Options;
use super::results::{Failure, FailureKind, JournalWriter, StepFailure};
use super::state::{Link, ProxiedFaults};
use crate::driver::{self, Values};
use crate::scenario::{At, Headers, Shape};
use crate::workload::Kind;
use crate::world::NodeIndex;

/// The context that one run gives to all its steps. It is cheap to clone.
#[derive(Clone)]
pub(in crate::run) struct RunContext {
    pub executor: Executor,
    pub options: Rc<Options>,
    /// The options of nodes that the scenario has given so far.
    pub rules: Rc<RefCell<Vec<NodeRule>>>,
    /// The shape that `link all` gave to every link, including later ones.
    pub standing_shape: Rc<RefCell<Vec<Shape>>>,
    /// Links of nodes that were started while the other end could not be reached. The runner wires them
    /// as soon as it can, since neither end may dial by itself.
    pub pending_links: Rc<RefCell<BTreeSet<Link>>>,
    /// The faults in force that connections may bypass.
    pub faults: Rc<RefCell<ProxiedFaults>>,
    /// The time that the scenario gives nodes to converge.
    pub settle: Rc<Cell<Duration>>,
    /// The workloads that the scenario implies: nodes with no stated workload get one of them, if their
    /// driver has it.
    pub implied_workloads: Rc<RefCell<BTreeSet<&'static str>>>,
    /// The `workload` steps that have begun.
    pub loads: Rc<RefCell<Loads>>,
}

/// The `workload` steps of a scenario that have begun.
#[derive(Debug, Default)]
pub(in crate::run) struct Loads {
    /// The workload of each.
    pub kinds: Vec<Kind>,
    /// The keys that they wrote, which their own judges judge.
    pub keys: BTreeSet<String>,
}

impl RunContext {
    /// Returns the context of a run that has not begun.
    pub(in crate::run) fn new(options: Options, journal: JournalWriter) -> Self {
        Self {
            executor: Executor::new(journal),
            options: Rc::new(options),
            rules: Rc::default(),
            standing_shape: Rc::default(),
            pending_links: Rc::default(),
            faults: Rc::default(),
            settle: Rc::new(Cell::new(Headers::default().settle)),
            implied_workloads: Rc::default(),
            loads: Rc::default(),
        }
    }

    /// Returns the length of a deadline on this machine: multiplied by the timeout factor.
    pub(in crate::run) fn stretch(&self, duration: Duration) -> Duration {
        duration.mul_f64(self.options.timeout_factor)
    }

    /// Returns the driver of a node.
    pub(in crate::run) fn driver(&self, node: NodeIndex) -> &'static driver::Declaration {
        self.driver_named(&self.executor.state().network.node(node).spec.driver)
    }

    /// Returns the driver of that name, or the default driver.
    pub(in crate::run) fn driver_named(&self, name: &str) -> &'static driver::Declaration {
        let drivers = &self.options.drivers;
        let named = drivers.iter().copied().find(|driver| driver.name == name);
        let named = named.or_else(|| driver::declaration_of(name));
        named.unwrap_or_else(|| self.options.default_driver())
    }

    /// Returns the kinds of values that the store of a node tells apart.
    pub(in crate::run) fn values(&self, node: NodeIndex) -> Values {
        let driver = self.driver(node);
        driver.values_of(self.executor.state().network.node(node).spec.values.as_deref())
    }

    /// Returns the failure of a step, with only this message.
    pub(in crate::run) fn fail(&self, at: &At, message: impl Into<String>) -> StepFailure {
        Failure::new(FailureKind::Step, Some(at), self.executor.now(), message).into()
    }
}
