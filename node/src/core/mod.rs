//! The protocol as one function: [`Core::handle`] takes the time and an input, and gives outputs.
//!
//! No clock, no socket, no disk, no randomness of its own: the same inputs give the same outputs,
//! to the byte. Whoever drives it (the shell on sockets, a simulator in virtual time) carries out
//! what comes back.

mod io;

pub use io::{CloseReason, Config, ConnId, DialId, Input, LogEvent, Now, Output, PersistId, Timing};
