//! `/byc`: nodes and clients of another make, which speak Socket.IO 5 over Engine.IO 4.
//!
//! Each connection has a conversation. It answers from the core's store where a look-up is enough, and
//! translates the rest into the core's frames and back. To the core, a neighbour of this protocol is one
//! without features: versions are pushed to it whole, and its keys are asked for. All these nodes have
//! the policy `oldest`, so links need that policy.
//!
//! - `protocol`: the constants;
//! - `packet`, `handshake`, `dated`, `call`: the contents of packets, of values and of events;
//! - `conversation`, `neighbour`, `heartbeat`: the protocol, without a socket;
//! - `serving`: connections whose transport does not change;
//! - `polling`, `session`, `bad_request`: sessions by long-polling, and their upgrade;
//! - `opening`, `client_transport`, `poller`, `http_client`: the connection to another server, by WebSocket or
//!   by polling;
//! - [`BycClient`]: the client's end, for programs that ask a node.
//!
//! The server's side of Engine.IO is written out here, since it shares the core's one thread and its
//! bounds in bytes. A session's queue is the connection's own, whichever transport empties it.

mod bad_request;
mod call;
mod client;
mod client_transport;
mod conversation;
mod dated;
mod handshake;
mod heartbeat;
mod http_client;
mod neighbour;
mod opening;
mod packet;
mod poller;
mod polling;
mod protocol;
mod serving;
mod session;

pub use client::{BycClient, BycEvent, BycResult, NoAnswer, argument};

pub(super) use conversation::{Conversation, CoreView, Effect};
pub(super) use handshake::Server;
pub(super) use opening::open;
pub(super) use polling::{Purpose, Sessions};
pub(super) use protocol::{LINKS_NEED_OLDEST, PACKET_MAX, PATH};
pub(super) use serving::{accept, serve};
