//! Clients: their commands, their watches, and the figures that they read.

mod commands;
mod counters;
mod stats;
mod watch;
mod watchers;

pub(super) use counters::Counters;
pub(super) use watchers::Watchers;
