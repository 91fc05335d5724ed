//! Random numbers that are the same on every machine: a seed gives the same draws wherever it is used.
//!
//! This module alone makes streams of random numbers out of seeds. The generators of content (plans,
//! topologies, operations of clients) stand with their subjects.

mod rng;
mod seed;

pub use rng::Rng;
pub(crate) use seed::Seed;
