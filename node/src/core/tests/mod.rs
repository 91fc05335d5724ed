//! Stories about cores and networks of cores, told in virtual time.

mod auth;
mod clocks;
mod commands;
mod convergence;
mod dial;
mod duplicates;
mod hostile;
mod links;
#[cfg(feature = "mutants")]
mod mutants;
mod neighbours;
mod network;
mod plain;
mod reconcile;
mod single;
mod tree;
mod watch;
