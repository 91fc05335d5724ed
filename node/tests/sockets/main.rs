//! Tests of nodes as processes on real sockets, which the simulator cannot replace.
//!
//! Every node listens on a port that the system chose, reports it to its supervisor (the test),
//! and ends with it. Tests wait for events, never for a time; the deadline is only there for a
//! node that sends nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

mod byc;
mod byc_links;
mod byc_neighbours;
mod chapter;
mod commands;
mod crowds;
mod disk;
mod faulty_clients;
mod foreign;
mod hostile;
mod life;
mod links;
mod node;
mod web;
