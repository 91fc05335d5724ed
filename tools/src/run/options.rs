//! The options of a run that are the same for every scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use super::results::Report;
use crate::driver;

/// Options of a run that are the same for every scenario.
#[derive(Debug, Clone)]
pub struct Options {
    /// The seed of every draw.
    pub seed: u64,
    /// The factor by which every deadline is multiplied; figures never are.
    pub timeout_factor: f64,
    /// The drivers that exist; the first is used for a node that names none.
    pub drivers: Vec<&'static driver::Declaration>,
    /// Options of every node, by name as in `node`; they win over those of the scenario.
    pub node_options: BTreeMap<String, String>,
    /// The mistake that every node makes.
    #[cfg(feature = "mutants")]
    pub mutant: Option<crate::world::Mutant>,
    /// Flags of the command line that change the course of a run and that no other field tells. Each
    /// has its value; the command that repeats the run is made of them.
    pub flags: Vec<(String, String)>,
    /// The folder of the run's logs, for reports.
    pub logs: Option<String>,
    /// The command that repeats the run, for its journal.
    pub again: Option<String>,
    /// The function that turns the report into the form in which the journal states it. Without one, the journal
    /// states the verdict alone.
    pub report_entry: Option<fn(&Report) -> serde_json::Value>,
    /// True if nodes tell of every version they store from their start on, so that the law of stored
    /// versions can be judged. Otherwise they do so only while something is measured.
    pub versions: bool,
    /// True if the world is to report the messages that it carries. The runner only hands them on.
    pub messages: bool,
    /// The interval, in the world's time, at which the queues of all running nodes are looked at while
    /// steps run. If absent, they are looked at only at the end.
    pub audit: Option<Duration>,
}

impl Options {
    /// Returns the driver of a node that names none.
    pub(in crate::run) fn default_driver(&self) -> &'static driver::Declaration {
        self.drivers.first().copied().unwrap_or(driver::DEFAULT)
    }

    /// Returns the options with which `tools test` judges a scenario in virtual time. There laws cost
    /// the run nothing but time of the machine. Watching shifts events by some microseconds, so a run
    /// can be repeated only with the same watching.
    #[must_use]
    pub fn in_virtual_time(seed: u64) -> Self {
        Self { seed, versions: true, ..Self::default() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            timeout_factor: 1.0,
            drivers: driver::all().to_vec(),
            node_options: BTreeMap::new(),
            #[cfg(feature = "mutants")]
            mutant: None,
            flags: Vec::new(),
            logs: None,
            again: None,
            report_entry: None,
            versions: false,
            messages: false,
            audit: None,
        }
    }
}
