//! The states of the laws at the end of a run, for its journal.

use crate::journal::{JournalEvent, LawState};
use crate::run::context::RunContext;
use crate::run::laws::Law;
use crate::run::results::Verdict;
use crate::run::state::Node;

impl RunContext {
    /// Writes the state of each law to the journal. A law held only if it was judged to the end.
    pub(in crate::run) fn journal_laws(&self, verdict: &Verdict) {
        let broken = verdict.failure().and_then(|failure| failure.law);
        for law in Law::ALL {
            let state = if broken == Some(law) {
                LawState::Broken
            } else if *verdict == Verdict::Passed && self.was_judged(law) {
                LawState::Held
            } else {
                LawState::NotJudged
            };
            self.executor.journal(|| JournalEvent::Law { law: law.key().into(), state });
        }
    }

    /// Returns true if nodes and world gave the evidence for a law.
    fn was_judged(&self, law: Law) -> bool {
        let state = self.executor.state();
        let any = |holds: &dyn Fn(&Node) -> bool| state.network.nodes().any(|(_, node)| holds(node));
        match law {
            Law::Convergence | Law::NothingLost if state.ends_apart => false,
            Law::Convergence => {
                any(&|node| self.driver_named(&node.spec.driver).content != crate::driver::Content::Hidden)
            }
            // Without stamps, writes have no order that a client sees.
            Law::NothingLost if state.unstamped.was_judged => true,
            Law::NothingLost | Law::Tombstones | Law::MonotonicReads => {
                any(&|node| self.driver_named(&node.spec.driver).command("stamp").is_some())
            }
            Law::SymmetricLinks => {
                any(&|node| self.driver_named(&node.spec.driver).command("peers").is_some())
            }
            Law::StoredIncrease => self.options.versions && any(&Node::tells_versions),
            Law::Payloads => state.evidence.counts_copies(),
            Law::Queues => any(&|node| !self.driver_named(&node.spec.driver).bounds.is_empty()),
        }
    }
}
