//! Points of a run from which all is drawn anew: the run is the same up to there, and another after it.
//!
//! The draws of links, disks, deaths and nodes come from the new seed. Stay as they were: what is under way
//! already, the ids of nodes, and the choices that a scenario leaves to chance, which the runner makes.

use std::str::FromStr;
use std::time::Duration;

use super::state::Sim;
use crate::random::Seed;

/// A point of a run from which all is drawn from another seed, written `EVENT:SEED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reseed {
    /// The number of events of the world that happen before it.
    pub event: u64,
    /// The seed of all draws from then on.
    pub seed: u64,
}

/// The reason why a text is no [`Reseed`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no point of a run: write EVENT:SEED with two whole numbers, such as 1200:7")]
pub struct ReseedError(String);

impl FromStr for Reseed {
    type Err = ReseedError;

    fn from_str(text: &str) -> Result<Self, ReseedError> {
        let numbers =
            text.split_once(':').and_then(|(event, seed)| Some((event.parse().ok()?, seed.parse().ok()?)));
        let (event, seed) = numbers.ok_or_else(|| ReseedError(text.to_owned()))?;
        Ok(Self { event, seed })
    }
}

impl std::fmt::Display for Reseed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.event, self.seed)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_two_numbers() {
        let point = Reseed { event: 1200, seed: 7 };
        assert_eq!("1200:7".parse(), Ok(point));
        assert_eq!(point.to_string(), "1200:7");
        for wrong in ["", "1200", "1200:", ":7", "-1:7", "1:2:3", "1200 7", "18446744073709551616:1"] {
            assert_eq!(wrong.parse::<Reseed>(), Err(ReseedError(wrong.to_owned())));
        }
    }
}
