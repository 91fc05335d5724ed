//! The rounds of reconciliation: marked links, the order of their turns, and the pull under way.

use std::time::Duration;

use super::pull::Pull;
use crate::core::io::ConnId;
use crate::core::sorted_map::SortedMap;

/// The rounds of reconciliation: marked links, turns and the pull under way.
#[derive(Debug, Default)]
pub(in crate::core) struct Rounds {
    /// Links known or suspected to differ; true if young versions are to be passed over.
    pub(super) marked: SortedMap<ConnId, bool>,
    /// The marked link that had the last turn.
    pub(super) served: Option<ConnId>,
    /// The time from which the next marked link may have its turn.
    pub(super) next_at: Duration,
    /// The link of the last periodic round.
    pub(super) periodic: Option<ConnId>,
    /// The pull under way, with one neighbour at a time.
    pub(in crate::core) pull: Option<Pull>,
}

impl Rounds {
    /// Marks a link for reconciliation. `settled` is true if young versions may be passed over;
    /// every mark of the link has to agree.
    pub(in crate::core) fn mark(&mut self, conn: ConnId, settled: bool) {
        let before = self.marked.get(&conn).copied().unwrap_or(true);
        self.marked.insert(conn, before && settled);
    }

    /// Records that a link had its turn: the others come before it.
    pub(super) fn record_turn(&mut self, conn: ConnId) {
        self.served = Some(conn);
    }

    /// Lets the next marked link have its turn at once.
    pub(super) fn allow_next_round(&mut self) {
        self.next_at = Duration::ZERO;
    }
}
