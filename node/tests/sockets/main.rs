//! Nodes as processes, on real sockets: what the simulator cannot show.
//!
//! Every node listens on a port that the system chose, says so to its supervisor (the test),
//! and dies with it. Tests wait for what is told, never for a time; the deadline is only there
//! for a node that says nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

mod byc;
mod byc_links;
mod commands;
mod disk;
mod foreign;
mod hostile;
mod life;
mod links;
mod node;
mod strangers;
