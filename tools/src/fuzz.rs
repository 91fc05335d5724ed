//! Drawn scenarios: a seed becomes a network, writes and faults that the laws must survive. A scenario
//! that breaks a law is shrunk to the smallest that fails in the same way.
//!
//! A drawn scenario is a [`Plan`] before it is text, so that parts can be taken away one by one. The
//! runner always runs its text, as anybody would run it from a file. Nothing here reads a clock or a
//! file, starts a thread, or draws from anything but the seed.

pub mod about;
mod generator;
mod needs;
mod plan;
pub mod run;
pub mod shrink;
mod signature;
mod sound;
mod state;
#[cfg(test)]
mod tests;
mod text;

pub use plan::{Ask, Chosen, Expect, Key, Node, NodeOption, Plan, Shape, Step, Topology, Turn, Value, Way};
pub use signature::Signature;
