//! Workloads of the Maelstrom protocol.

pub mod linearizable;
