//! The changes to the machine of a node while it runs: its clock and its disk.

use super::{Live, failed};
use crate::world::{NodeIndex, OpId, Outcome};

/// A message to a running node from its supervisor.
#[derive(Debug, Clone, Copy)]
enum SupervisorMessage {
    /// The node's wall clock is to be so many milliseconds ahead.
    ClockAhead(i64),
    /// The node's disk is to be full, or not.
    DiskFull(bool),
}

impl Live {
    /// Shifts a node's wall clock. A stopped node gets the offset at its next start.
    pub(super) fn shift(&mut self, id: OpId, node: NodeIndex, offset_ms: i64) {
        let lead = self.clock_leads.entry(node).or_default();
        lead.shifted_ms = lead.shifted_ms.saturating_add(offset_ms);
        let ahead_ms = lead.sum_ms();
        self.send_to_supervised(id, node, SupervisorMessage::ClockAhead(ahead_ms));
    }

    /// Fills a node's disk, or makes room on it. A stopped node finds it so at its next start.
    pub(super) fn fill(&mut self, id: OpId, node: NodeIndex, full: bool) {
        if self.is_foreign(node) {
            let reason = "only the disk of our own node can be filled".to_owned();
            return self.end_at_once(id, Outcome::Failed { reason });
        }
        if full {
            self.full.insert(node);
        } else {
            self.full.remove(&node);
        }
        self.send_to_supervised(id, node, SupervisorMessage::DiskFull(full));
    }

    /// Returns true if the node was started and reads no messages of a supervisor.
    fn is_foreign(&self, node: NodeIndex) -> bool {
        self.nodes.get(&node).is_some_and(|handle| !handle.supervised)
    }

    /// Sends a node a message of its supervisor. A node that is being started gets it after the start, since its
    /// options were fixed before.
    fn send_to_supervised(&self, id: OpId, node: NodeIndex, message: SupervisorMessage) {
        let Some(handle) = self.nodes.get(&node).filter(|handle| handle.is_alive()).cloned() else {
            return self.end_at_once(id, Outcome::Done);
        };
        let sender = self.sender.clone();
        self.spawn(async move {
            let told = match (handle.running().await, message) {
                (None, _) => Ok(()),
                (Some(running), SupervisorMessage::ClockAhead(ahead_ms)) => {
                    running.put_clock_ahead(ahead_ms).await
                }
                (Some(running), SupervisorMessage::DiskFull(full)) => running.fill_disk(full).await,
            };
            sender.ended(id, told.map_or_else(|error| failed(&error), |()| Outcome::Done));
        });
    }
}
