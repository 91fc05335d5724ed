//! The plan of a test.

use std::time::Duration;

use crate::scenario::Shape;
use crate::workload::{Kind, Options};
use crate::world::NodeSpec;

/// The plan of a test: the workload, the nodes, the load and the faults.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The workload that is asked and judged.
    pub kind: Kind,
    /// The settings of the workload.
    pub options: Options,
    /// The specification of each node.
    pub nodes: Vec<NodeSpec>,
    /// The links between nodes, as pairs of indices: advice that nodes are told.
    pub links: Vec<(usize, usize)>,
    /// The number of clients. Each is bound to one node, and has one operation under way at a time.
    pub clients: usize,
    /// The number of operations that begin in a second, as long as a client is free.
    pub rate: f64,
    /// The time for which clients ask.
    pub time: Duration,
    /// The shapes of every link between nodes.
    pub shapes: Vec<Shape>,
    /// The time that a partition lasts, and the time until the next; none for no partitions.
    pub partitions: Option<Duration>,
    /// The time after which an operation is given up.
    pub patience: Duration,
    /// The longest time that nodes may take to agree at the end.
    pub quiet: Duration,
    /// The share of operations that must succeed, if any must.
    pub availability: Option<f64>,
    /// The seed of all random numbers.
    pub seed: u64,
}
