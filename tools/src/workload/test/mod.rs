//! The standard test of a workload: nodes are started, asked at a rate for a time while faults come and
//! go, left in peace, read for the last time, and judged.
//!
//! It drives a [`World`] and nothing else, so that it runs in real time as in virtual.

mod desk;
mod faults;
mod figures;
mod load;
mod stages;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::{History, Kind, Options, Verdict};
use crate::scenario::Shape;
use crate::world::{NodeSpec, World};

pub use figures::Figures;

/// What is to be tested, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is asked and judged.
    pub kind: Kind,
    /// The settings of that.
    pub options: Options,
    /// How each node is started.
    pub nodes: Vec<NodeSpec>,
    /// Who is linked to whom: advice, that nodes are told.
    pub links: Vec<(usize, usize)>,
    /// How many clients there are, each at one node, that ask one thing at a time.
    pub clients: usize,
    /// How many operations are begun in a second, as long as a client is free.
    pub rate: f64,
    /// For how long.
    pub time: Duration,
    /// What the network does to every message between nodes.
    pub shapes: Vec<Shape>,
    /// How long a partition lasts, and the time until the next; none if there are to be none.
    pub partitions: Option<Duration>,
    /// After how long an operation is given up.
    pub patience: Duration,
    /// How long nodes may take at the end to agree.
    pub quiet: Duration,
    /// The share of operations that must succeed, if any must.
    pub availability: Option<f64>,
    /// All that is drawn comes from it.
    pub seed: u64,
}

/// What a test is about just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nodes are started.
    Starting,
    /// Clients ask, since that moment.
    Asking(Duration),
    /// Nothing is asked any more; nodes are given time.
    Quiet,
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All was done, and the history judged.
    Judged(Verdict),
    /// A node died unasked.
    Died {
        /// Its name.
        node: String,
        /// For people.
        how: String,
        /// When.
        at: Duration,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// A node broke its protocol.
    Misbehaved {
        /// Its name.
        node: String,
        /// For people: what it did.
        reason: String,
        /// When.
        at: Duration,
    },
    /// A node could not be started, or the network not be shaped.
    Broken {
        /// For people.
        reason: String,
    },
    /// The person at the terminal ended it.
    Interrupted,
}

/// What came of a test.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was tested.
    pub kind: Kind,
    /// How many nodes there were.
    pub nodes: usize,
    /// The seed.
    pub seed: u64,
    /// All that was asked and answered.
    pub history: History,
    /// What was done to the network, and when.
    pub faults: Vec<(Duration, String)>,
    /// How it ended.
    pub end: End,
    /// What was counted and timed.
    pub figures: Figures,
    /// How long it took in all.
    pub duration: Duration,
}

/// Does the test. Tells of each stage as it begins.
pub fn run(world: &mut dyn World, plan: &Plan, tell: &mut dyn FnMut(Stage)) -> Report {
    let mut test = stages::Test::new(world, plan);
    let end = test.run(tell);
    let end = end.unwrap_or_else(|stop| test.explain(stop));
    test.report(end)
}
