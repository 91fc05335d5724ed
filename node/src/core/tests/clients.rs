//! Tests of the commands and the watches of clients.

mod commands;
mod watch;
