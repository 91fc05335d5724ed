//! The shell: sockets, timers and the command line around the [core](crate::core).
//!
//! One thread for the protocol, one runtime, one task a connection. Each event becomes an
//! [`Input`](crate::core::Input), handed to the core where it happened. The outputs are carried out
//! before anything else runs. Frames are put into the queue of their connection, whose task writes all
//! that lies ready in one flush. No connection waits for another: a queue is bounded, and its owner is
//! dropped or told (`net::write_queue`).
//!
//! - `net::http_server`: the one port, an HTTP/1 server whose upgrade at `/` becomes a connection;
//! - `net::dial`: connections that this node makes;
//! - `net::connection`: reads, writes and ends one connection;
//! - `net::data`: the data folder, and the one thread beside this one, which writes to it;
//! - `net::shell`: the core, the connections, and the frames that pass between them;
//! - [`byc`]: the same for nodes and clients of another make;
//! - `net::chapter`: neighbours that send plain JSON values, on a port of their own;
//! - `net::web`: pages and figures by plain HTTP on the same port;
//! - [`client`]: the client's end, for programs that ask a node.

mod address;
mod arguments;
pub mod byc;
mod chapter;
pub mod client;
mod clock;
mod connection;
mod data;
mod dial;
mod http_server;
mod io_error;
mod log;
mod origin;
mod run;
mod shell;
mod supervisor;
mod task;
mod transport;
mod web;
mod websocket;
mod write_queue;

pub use address::{AddressError, normalise};
pub use arguments::Arguments;
pub use run::run;
pub use task::Task;
