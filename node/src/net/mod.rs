//! The shell: sockets, timers and the command line around the [core](crate::core).
//!
//! One thread for all that is said, one runtime, one task a connection. Whatever happens becomes an
//! [`Input`](crate::core::Input) and is handed to the core where it happened; the outputs are
//! carried out before anything else runs: frames are put into the queue of their connection,
//! whose task writes all that lies ready in one flush. Nothing waits for anybody else: a queue
//! is bounded, and its owner is dropped or told (`net::outbox`).
//!
//! - `net::front`: the one port, an HTTP/1 server whose upgrade at `/` becomes a connection;
//! - `net::dial`: connections that this node makes;
//! - `net::connection`: reads, writes and ends one connection;
//! - `net::data`: the data folder, and the one thread beside this one, which writes to it;
//! - `net::shell`: the core, the connections, and what passes between them;
//! - [`byc`]: the same for nodes and clients of another make;
//! - [`client`]: the other end, for programs that ask a node.

mod address;
mod arguments;
pub mod byc;
pub mod client;
mod clock;
mod connection;
mod data;
mod dial;
mod front;
mod log;
mod outbox;
mod run;
mod shell;
mod supervisor;

pub use address::{NotAnAddress, normalise};
pub use arguments::Arguments;
pub use run::run;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::wire::Limits;

/// How sockets are read and written here. Small buffers, for there may be a thousand nodes
/// on one machine; a larger frame makes room for itself.
fn socket_config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .write_buffer_size(16 << 10)
        // One frame of ours waits there at a time. Beside it lie the pongs to one who pings and reads
        // nothing: of these the last one alone is kept where there is no room.
        .max_write_buffer_size(limits.outbox)
        .max_message_size(Some(limits.frame))
        .max_frame_size(Some(limits.frame))
}
