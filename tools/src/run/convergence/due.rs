//! Versions that are not yet due: a node puts off a version stamped more than 5 s ahead of its clock.
//!
//! The author's node holds such a version all the same, so digests differ for as long. The law of
//! convergence leaves these versions aside. Of each key, every node of a component must hold the
//! greatest version that is due at all of them, or a greater one.
//!
//! The check is made when the time to converge is over: until then nodes may come to hold the same by
//! themselves. It is made only if clocks were more than 5 s apart at some time.

use std::time::Duration;

use futures_util::future::join_all;

use super::Convergence;
use crate::driver::NATIVE_AHEAD;
use crate::run::context::RunContext;
use crate::run::state::{DueMoment, millis};
use crate::text;
use crate::world::NodeIndex;

/// The longest time that a version which has come due may take to be fetched and to reach all nodes. Chosen:
/// the usual `settle` of a scenario.
const SPREAD: Duration = Duration::from_secs(5);

impl RunContext {
    /// Returns true if clocks were far enough apart, and the nodes of each component hold the same apart from
    /// versions that are not yet due. A version also counts as not due if it came due within the time that was waited, [`SPREAD`]
    /// at most. The history notes that this was the measure.
    pub(in crate::run) async fn holds_what_is_due(
        &self,
        convergence: &Convergence,
        waited: Duration,
        place: &str,
    ) -> bool {
        if self.executor.state().network.clocks_apart_ms_max() <= millis(NATIVE_AHEAD) {
            return false;
        }
        self.watch_differing(convergence).await;
        let mut state = self.executor.state_mut();
        let wall_ms = state.wall_ms.saturating_sub(millis(waited.min(self.stretch(SPREAD))));
        let moment = DueMoment { wall_ms };
        let holds = convergence.holds_in_each(&state.network, |component| {
            let due_ms = component.first().map_or(0, |node| moment.due_ms(&state.network, *node));
            state.evidence.hold_what_is_due(&state.network, component, due_ms)
        });
        if holds {
            let apart = text::duration(Duration::from_millis(state.network.clocks_apart_ms_max()));
            let note = format!(
                "{place} the nodes hold the same, but for versions that are not yet due: clocks were {apart} apart"
            );
            state.history.add_note(note);
            state.history.due_until = Some(moment);
        }
        holds
    }

    /// Makes the nodes that differ tell of all versions they store, unless they do so already.
    async fn watch_differing(&self, convergence: &Convergence) {
        let silent: Vec<NodeIndex> = {
            let mut state = self.executor.state_mut();
            if state.evidence.keep_versions() {
                state.network.forget_reporters();
            }
            let nodes = convergence.nodes(&state.network).into_iter();
            nodes.filter(|node| !state.network.node(*node).tells_versions()).collect()
        };
        join_all(silent.iter().map(|node| self.watch_versions(*node))).await;
    }
}
