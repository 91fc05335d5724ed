//! The shell: the core, its connections, and the frames that pass between them.
//!
//! The tasks of the node report events to it. It hands each to the core as an input, and carries out all
//! outputs before anything else runs.
//!
//! - `state`: the core, the connections, the dials and the clock;
//! - `turn`: an input of the core, and its outputs carried out;
//! - `connections`: the life of a connection, as its task reports it;
//! - `conversations`, `interpreter`: connections of the other protocol;
//! - `timer`: the wakes that the core asks for;
//! - `commits`: the reports of the disk;
//! - `slots`: the bound on incoming connections.

mod commits;
mod connections;
mod conversations;
mod interpreter;
mod slots;
mod state;
mod timer;
mod turn;

pub(super) use slots::Slot;
pub(super) use state::{Dialler, Shell, Signs, Storage};
