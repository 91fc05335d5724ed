//! The worlds in which nodes live: one folder a world, all behind one trait.
//!
//! The runner commands a world by [`World::submit`] and learns of events by [`World::next`]; nothing else
//! passes between the two. The world defines time: real in [`process`] and [`netns`], virtual in [`sim`].
//!
//! Worlds of real time share one engine, [`live`]. It joins a *launcher* (where a node lives), a *carrier*
//! (the mover of traffic between nodes) and the drivers that speak to nodes. A world of that kind is a
//! launcher and a carrier, and nothing more.

mod attachment;
mod clock_error;
mod declaration;
mod event;
mod excerpt;
pub mod folder;
mod kernel;
mod limits;
pub mod link;
mod link_change;
pub mod live;
mod message;
pub mod netns;
mod node_spec;
mod operation;
mod outcome;
mod partition;
pub mod process;
pub mod sim;

use std::collections::BTreeMap;

#[cfg(feature = "mutants")]
pub use ::node::core::Mutant;

pub use attachment::{Attachment, AttachmentError};
pub use clock_error::{ClockError, ClockReach};
pub use declaration::{Ability, Declaration, HERE, NAMES, NETNS, PROCESS, PROCESS_DIRECT, SIM};
pub use event::{Change, Event, ExitStatus, Misconduct, Occurrence};
pub use excerpt::LogLines;
pub use link_change::{Direction, LinkChange};
pub use message::{DelayReason, Message, MessageClass, MessageEvent, Party};
pub use node_spec::{MemberSpec, NodeIndex, NodeSpec, Tie};
pub use operation::{Members, OpId, Operation, Signal};
pub use outcome::{Answer, Bypass, Outcome, Value, Written};

/// A place where nodes live, driven by operations.
pub trait World {
    /// Returns the declaration of the world's abilities.
    fn declaration(&self) -> &'static Declaration;

    /// Begins an operation. [`World::next`] reports its outcome exactly once, as [`Event::Ended`] with the
    /// same id.
    fn submit(&mut self, id: OpId, operation: Operation);

    /// Waits for the next event and returns it. There is always something to wait for while an operation is
    /// under way: each has a deadline.
    fn next(&mut self) -> Occurrence;

    /// Returns the next event, or none if it does not come at once. Then nothing waits to be handled, and the
    /// caller has the time to write down what it collected before it calls [`World::next`].
    fn next_soon(&mut self) -> Option<Occurrence> {
        Some(self.next())
    }

    /// Returns the greatest rate, in lines a second, of each node that wrote more to its log than a person
    /// expects.
    fn log_rates(&self) -> BTreeMap<NodeIndex, u64> {
        BTreeMap::new()
    }

    /// Returns the number of packets between nodes that this machine lost, and no fault: it was too slow to carry
    /// them, or had no memory for them.
    fn packets_lost(&self) -> u64 {
        0
    }

    /// Returns the time of day, in milliseconds since 1970, that a node with a right clock is given.
    fn wall_ms(&self) -> u64;
}
