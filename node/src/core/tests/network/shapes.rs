//! Networks of common shapes, with all their links up.

use std::collections::BTreeSet;

use super::{Network, splitmix};

impl Network {
    pub(in crate::core::tests) fn clique(count: usize) -> Self {
        let mut network = Self::new(count);
        network.link_all((0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))));
        network
    }

    pub(in crate::core::tests) fn line(count: usize) -> Self {
        let mut network = Self::new(count);
        network.link_all((1..count).map(|b| (b - 1, b)));
        network
    }

    pub(in crate::core::tests) fn ring(count: usize) -> Self {
        let mut network = Self::new(count);
        network.link_all((0..count).map(|a| (a, (a + 1) % count)));
        network
    }

    /// Creates a connected random graph of about this degree: a random tree and further random
    /// links.
    pub(in crate::core::tests) fn random(count: usize, degree: usize, seed: u64) -> Self {
        let mut network = Self::new(count);
        let mut state = seed;
        let mut draw = |below: usize| {
            state = splitmix(state);
            usize::try_from(state % below as u64).unwrap()
        };
        let mut links = BTreeSet::new();
        for b in 1..count {
            links.insert((draw(b), b));
        }
        while links.len() < count * degree / 2 {
            let (a, b) = (draw(count), draw(count));
            if a != b {
                links.insert((a.min(b), a.max(b)));
            }
        }
        network.link_all(links);
        network
    }
}
