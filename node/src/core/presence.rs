//! Presence: which nodes of the network can be reached, and the signs of life that clients ask for.

mod alive;
mod census;
mod rolls;
mod signs;

pub(super) use rolls::Rolls;
pub(super) use signs::Signs;
