//! The traffic of nodes, as their counters tell it.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::run::context::RunContext;
use crate::world::NodeIndex;

/// The counters of nodes that a measure reads, each with the figure made of it.
pub(in crate::run) const COUNTERS: [(&str, &str); 3] =
    [("payloads_sent", "payloads"), ("messages_sent", "messages"), ("bytes_sent", "bytes")];

/// The figures that count the messages a node has yet to send, or waits for.
const WAITING: [&str; 3] = ["missing", "outbox_weight", "pending"];

/// The counters of a node, and the sum of the figures in [`WAITING`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::run) struct Traffic {
    pub counters: [u64; COUNTERS.len()],
    pub waiting: u64,
}

impl RunContext {
    /// Reads the counters of every running node that has some.
    pub(in crate::run) async fn traffic(&self) -> BTreeMap<NodeIndex, Traffic> {
        let counts = |node: &NodeIndex| COUNTERS.iter().any(|(_, figure)| self.driver(*node).gives(figure));
        let running: Vec<NodeIndex> =
            self.executor.state().network.running().iter().copied().filter(counts).collect();
        let read = running.into_iter().map(async |node| {
            let asked = self.ask(node, &["stats".to_owned()]).await;
            let figures = asked.observed.figures().unwrap_or_default();
            let figure = |name: &str| figures.get(name).copied().unwrap_or(0);
            let counters = COUNTERS.map(|(name, _)| figure(name));
            (node, Traffic { counters, waiting: WAITING.into_iter().map(figure).sum() })
        });
        join_all(read).await.into_iter().collect()
    }
}
