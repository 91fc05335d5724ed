//! The protocol as one function: [`Core::handle`] takes the time and an input, and appends outputs.
//!
//! The core has no clock, socket, disk or randomness of its own: the same inputs give the same
//! outputs, to the byte. Its driver (the shell on sockets, a simulator in virtual time) carries out
//! the outputs.
//!
//! All state except the store is bounded by the configuration: the memory for links, queues, trees
//! and awaited versions does not grow with traffic.
//!
//! The files stand in layers. The data of each subject has a file of its own, and `state` joins them
//! to [`Core`]. The handlers of each subject are an `impl Core` above that. `transition` is on top
//! and calls them.

mod bucket;
mod clients;
mod config;
mod deadlines;
mod dissemination;
mod effects;
mod figure;
mod io;
mod links;
mod log;
mod mutant;
mod mutation;
mod presence;
mod reconciliation;
mod sorted_map;
mod state;
mod storage;
#[cfg(test)]
mod tests;
mod transition;

pub use config::{Config, Timing};
pub use io::{CloseReason, ConnId, DialId, Input, Now, Output, PersistId};
pub use log::{Level, LogEvent, push_log_line};
#[cfg(feature = "mutants")]
pub use mutant::{Mutant, UnknownMutant};
pub use state::Core;
pub use storage::Clock;
