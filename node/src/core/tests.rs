//! Tests of single cores and of networks of cores, in virtual time.

mod clients;
mod dissemination;
mod hostile;
mod links;
#[cfg(feature = "mutants")]
mod mutants;
mod network;
mod presence;
mod reconciliation;
mod single;
