//! Where nodes live: one folder a world, all behind one trait.
//!
//! A world is told what to do by [`World::submit`] and tells what happened by [`World::next`];
//! nothing else passes between it and the runner. Time is what the world says it is: real in
//! [`process`] and [`netns`], virtual in [`sim`].
//!
//! Worlds of real time share one engine, [`live`], which joins a *launcher* (where a node lives),
//! a *carrier* (who moves traffic between nodes) and the drivers that speak to nodes. A world of
//! that kind is a launcher and a carrier, and nothing more.

mod declaration;
pub mod link;
pub mod live;
pub mod netns;
mod operation;
pub mod process;
pub mod sim;

#[cfg(feature = "mutants")]
pub use ::node::core::Mutant;

pub use declaration::{Ability, Declaration, HERE, NAMES, NETNS, NETNS_DIRECT, PROCESS, PROCESS_DIRECT, SIM};
pub use operation::{
    Answer, Change, Direction, Ending, Event, LinkChange, NodeIndex, NodeSpec, Occurrence, OpId, Operation,
    Outcome, Signal, Value, Written,
};

/// A place where nodes live, driven by operations.
pub trait World {
    /// What it can do.
    fn declaration(&self) -> &'static Declaration;

    /// Begins an operation. What comes of it is told by [`World::next`], exactly once, as
    /// [`Event::Ended`] with the same id.
    fn submit(&mut self, id: OpId, operation: Operation);

    /// What happened next; waits for it. There is always something to wait for while an operation
    /// is under way: each has a deadline.
    fn next(&mut self) -> Occurrence;
}
