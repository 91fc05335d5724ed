//! The stages of a test, its end, and its report.

use std::time::Duration;

use super::figures::Figures;
use crate::workload::{CheckResult, ConsistencyModel, History, Kind};
use crate::world::Misconduct;

/// The name of the fault that ends a partition.
pub(super) const HEAL: &str = "heal";

/// The stage that a test has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nodes are started.
    Starting,
    /// Clients have been asking since that moment.
    Asking(Duration),
    /// Clients ask no more, and nodes are given time.
    Quiet,
    /// The final reads did not agree, and nodes are read on.
    Agreeing,
}

/// The agreement of nodes at the end, with the time from the last operation until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// The final reads agreed.
    InTime(Duration),
    /// Later reads agreed, which do not count.
    Late(Duration),
    /// No reads agreed in this time.
    Never(Duration),
}

/// The end of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The test is complete, and the history is judged.
    Judged(CheckResult),
    /// A node died, and no operation had asked for it.
    Died {
        /// The name of the node.
        node: String,
        /// The way in which it ended, for people.
        how: String,
        /// The time of its death.
        at: Duration,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// A node did something that no node may do.
    Misbehaved {
        /// The name of the node.
        node: String,
        /// The misconduct.
        how: Misconduct,
        /// The time of the misconduct.
        at: Duration,
    },
    /// A node could not be started, or the network not be shaped.
    Broken {
        /// The reason, for people.
        reason: String,
    },
    /// A person at the terminal interrupted the test.
    Interrupted,
}

/// The report of a test.
#[derive(Debug, Clone)]
pub struct Report {
    /// The workload that was tested.
    pub kind: Kind,
    /// The number of nodes.
    pub nodes: usize,
    /// The seed of all random numbers.
    pub seed: u64,
    /// All operations of clients, with their outcomes.
    pub history: History,
    /// The beginnings and the ends of faults, each with its time.
    pub faults: Vec<(Duration, String)>,
    /// The end of the test.
    pub end: End,
    /// The counts and times of the test.
    pub figures: Figures,
    /// The agreement of nodes at the end, for workloads with final reads.
    pub agreement: Option<Agreement>,
    /// The conditions of the network that lasted for the whole test, for people.
    pub conditions: Vec<String>,
    /// The model up to which the history is judged, if a stronger one was to be judged.
    pub judged_up_to: Option<ConsistencyModel>,
    /// The duration of the whole test.
    pub duration: Duration,
}

impl Report {
    /// Returns the fault that was in force at that time, if there was one; of several the latest.
    #[must_use]
    pub fn fault_at(&self, at: Duration) -> Option<&str> {
        let mut in_force: Vec<&str> = Vec::new();
        for (_, fault) in self.faults.iter().take_while(|(since, _)| *since <= at) {
            match fault.split(' ').collect::<Vec<_>>()[..] {
                [HEAL] => in_force.retain(|begun| !begun.starts_with("partition ")),
                ["start", node] => in_force.retain(|begun| begun.strip_prefix("kill ") != Some(node)),
                ["resume", node] => in_force.retain(|begun| begun.strip_prefix("pause ") != Some(node)),
                ["clock", node, "right"] => {
                    let shifts = |begun: &str| begun.split(' ').take(2).eq(["clock", node]);
                    in_force.retain(|begun| !shifts(begun));
                }
                _ => in_force.push(fault),
            }
        }
        in_force.last().copied()
    }
}
