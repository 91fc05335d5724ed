//! Drawn scenarios: from a seed to a network, writes and faults that the laws must survive; and from
//! one that they do not survive to the smallest that fails the same way.
//!
//! A drawn scenario is a [`Plan`] before it is text, so that it can be made smaller piece by piece.
//! What runs is always its text, as anybody would run it from a file. Nothing here reads a clock or
//! a file, starts a thread, or draws from anything but the seed.

pub mod about;
mod draw;
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
