//! The step `measure`: the cost of a part of a scenario, and the speed at which its writes spread.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::traffic::{COUNTERS, Traffic};
use crate::journal::JournalEvent;
use crate::run::context::RunContext;
use crate::run::results::StepFailure;
use crate::run::state::Life;
use crate::scenario::At;
use crate::world::NodeIndex;

impl RunContext {
    /// Measures a block of steps.
    ///
    /// - Waits until the nodes have nothing left to send from before, then runs the block.
    /// - Waits until every acknowledged write of the block has reached all running nodes of its
    ///   component, and until the nodes rest again.
    /// - Reads the counters, and makes the figures of them.
    pub(in crate::run) async fn measure(
        &self,
        at: &At,
        name: &str,
        block: impl Future<Output = Result<(), StepFailure>>,
    ) -> Result<(), StepFailure> {
        let unquiet = self.quiet().await.err();
        let (number, running) = {
            let mut state = self.executor.state_mut();
            (state.measures.begin(), state.network.running().to_vec())
        };
        join_all(running.iter().map(|node| self.watch_versions(*node))).await;
        let before = self.traffic().await;
        let began = self.executor.now();
        block.await?;
        self.executor.wait_until(move |state| state.measures.has_spread(number, &state.network)).await;
        let duration = self.executor.now().saturating_sub(began);
        // If the nodes never rested before, waiting would only count more.
        let unrest = if unquiet.is_none() {
            let writes = self.executor.state().measures.writes_begun;
            self.rest(writes, self.stretch(self.settle.get())).await.err()
        } else {
            None
        };
        self.all_can_be_read(at, name, &before)?;
        let after = self.traffic().await;
        let mut figures = self.executor.state_mut().measures.end(number);
        figures.insert("duration".to_owned(), duration.as_secs_f64());
        for (place, (_, figure)) in COUNTERS.iter().enumerate() {
            let sum: u64 = after
                .iter()
                .map(|(node, traffic)| {
                    let earlier = before.get(node).map_or(0, |traffic| traffic.counters[place]);
                    traffic.counters[place].saturating_sub(earlier)
                })
                .sum();
            figures.insert((*figure).to_owned(), sum as f64);
        }
        // A figure that not all nodes give is unknown.
        let running = self.executor.state().network.running().to_vec();
        let all_give = |figure: &str| running.iter().all(|node| self.driver(*node).gives(figure));
        figures.retain(|figure, _| all_give(figure));
        let note =
            unquiet.map(|why| why.at_the_beginning(name)).or_else(|| unrest.map(|why| why.at_the_end(name)));
        let step = self.executor.current_step();
        self.executor.journal(|| JournalEvent::Measured {
            name: name.to_owned(),
            figures: figures.clone(),
            note: note.clone(),
            step,
        });
        self.executor.state_mut().measures.finish(name, figures, note);
        Ok(())
    }

    /// Fails if a node is frozen: it does not answer, and without its counters the sums would be too small.
    fn all_can_be_read(
        &self,
        at: &At,
        name: &str,
        before: &BTreeMap<NodeIndex, Traffic>,
    ) -> Result<(), StepFailure> {
        let frozen = {
            let network = &self.executor.state().network;
            let mut nodes = before.keys();
            nodes
                .find(|node| network.node(**node).life == Life::Paused)
                .map(|node| network.name(*node).to_owned())
        };
        let Some(frozen) = frozen else { return Ok(()) };
        let message =
            format!("`{frozen}` is paused at the end of `measure {name}`: its counters cannot be read");
        let mut stop = self.fail(at, message);
        stop.failure.help = Some(format!("`resume {frozen}` inside the block"));
        Err(stop)
    }
}
