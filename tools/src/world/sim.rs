//! Virtual time: a node is the node's own pure core, the network a seeded queue of events.
//!
//! The world reads no clock, does not sleep, and draws from the seed alone. The same operations at the same
//! times give the same events, on every machine. The model:
//!
//! - An operation reaches the world after 100 µs; the harness hears at once what nodes report.
//! - Links are those of `world::link`, with a model for each direction. Traffic on a cut direction arrives in
//!   order when it is joined again; if the connection broke meanwhile, it is lost.
//! - A node behaves as the shell makes it. A connection takes two round trips, sockets take 128 KiB before
//!   their writer has to wait, and a frozen node's connections stay.
//! - A disk syncs in one to two milliseconds; `kill` keeps a drawn part of what was not synced.
//!
//! Time ends after 24 h, and where 20 million events happen at one instant.

mod client;
mod clock;
mod disk;
mod faults;
mod hold;
mod life;
mod message_reports;
mod messages;
mod node;
mod queue;
mod redraw;
mod request;
mod reseed;
mod scheduled;
mod state;
#[cfg(test)]
mod tests;
mod trace;
mod traffic;
mod wires;
mod world;

pub use hold::{Hold, Holder, Upcoming};
pub use reseed::{Reseed, ReseedError};
pub use state::{Options, Sim};
pub use trace::Tracer;
