//! The setting in which a scenario is checked: a world, drivers, options, and a network that is up already.

use std::collections::BTreeMap;

use crate::scenario::ast::Step;
use crate::topology::Graph;
use crate::world::{ClockReach, NodeSpec};
use crate::{driver, world};

/// The setting in which a scenario is to run.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The world in which it runs.
    pub world: &'a world::Declaration,
    /// All drivers that a `node` step may name; the first is the default.
    pub drivers: &'a [&'a driver::Declaration],
    /// The options of every node, by name as in `node`; they win over those of the scenario.
    pub options: &'a BTreeMap<String, String>,
    /// The network that is up already, if the steps act on a running one.
    pub existing: Option<&'a Graph>,
    /// The specification of each node of that network, by name.
    pub running: &'a BTreeMap<String, NodeSpec>,
    /// The judge of programs whose clocks are to be shifted.
    pub clock_reach: ClockReach,
    /// The steps that were done to that network: their variables and measures are still known.
    pub before: &'a [Step],
}

impl<'a> Setting<'a> {
    /// Returns a setting with the drivers of the program, in which no network is up and no option is given. Clocks
    /// of programs count as shiftable: only who looks at files can say more.
    #[must_use]
    pub const fn of(world: &'a world::Declaration) -> Self {
        const NO_OPTIONS: &BTreeMap<String, String> = &BTreeMap::new();
        const NO_NODES: &BTreeMap<String, NodeSpec> = &BTreeMap::new();
        Self {
            world,
            drivers: driver::BUILT_IN,
            options: NO_OPTIONS,
            existing: None,
            running: NO_NODES,
            clock_reach: |_| Ok(()),
            before: &[],
        }
    }

    /// Returns the driver of nodes for which no `node` step names one.
    pub(super) fn driver(&self) -> &'a driver::Declaration {
        let given = self.options.get("driver");
        let given = given.and_then(|name| self.drivers.iter().find(|driver| driver.name == *name));
        given.or(self.drivers.first()).copied().unwrap_or(driver::DEFAULT)
    }
}
