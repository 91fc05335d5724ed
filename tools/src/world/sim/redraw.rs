//! The redrawing of what follows a point of a run.
//!
//! The draws of links, disks, deaths and nodes come from the new seed. Stay as they were: what is under way
//! already, the ids of nodes, and the choices that a scenario leaves to chance, which the runner makes.

use std::time::Duration;

use super::state::Sim;
use crate::random::Seed;

impl Sim {
    /// Returns the time of the last event before each point from which all was drawn anew, in order. A point
    /// is lacking if the run ended before.
    #[must_use]
    pub fn reseeded_at(&self) -> &[Duration] {
        &self.reseeded_at
    }

    /// Draws all anew from here, if a point is reached.
    pub(super) fn reseed_if_due(&mut self) {
        while let Some(reseed) = self.reseeds.pop_if(|reseed| reseed.event <= self.events) {
            self.reseeded_at.push(self.now);
            self.reseed(Seed(reseed.seed));
        }
    }

    fn reseed(&mut self, seed: Seed) {
        self.seed = seed;
        self.network.seed = seed;
        for state in &mut self.network.directions {
            let [from, to] = [state.direction.from, state.direction.to].map(|node| &*self.nodes[node.0].name);
            state.draws = seed.stream(&["lane", from, to]);
        }
        for node in &mut self.nodes {
            node.disk_draws = seed.stream(&["disk", &node.name]);
            if let Some(core) = &mut node.core {
                core.reseed(seed.number(&["core", &node.name, &node.lives.to_string()]));
            }
        }
    }
}
