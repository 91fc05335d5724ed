//! Neighbours of another make: nodes that send each other one JSON value a message over plain `WebSockets`, and tell their
//! person what came.
//!
//! Their values reach the core as signs of life, and signs of life reach them as values. Whoever marks the upgrade with
//! [`MARK`](super::websocket::MARK) is a node of ours and speaks the core's protocol; all others that come to the port of
//! neighbours are taken for such nodes until their first message shows more.
//!
//! - `settings`: the two ports and the peers, from options and from the environment;
//! - `recent`: the values that passed on within the last seconds;
//! - `hub`: the neighbours, and the way of a value among them;
//! - `neighbour`: one connection;
//! - `peers`: the addresses that are dialled until they answer, and again for ever.

mod hub;
mod neighbour;
mod peers;
mod recent;
mod settings;

pub(super) use hub::Hub;
pub(super) use neighbour::{Origin, serve};
pub(super) use peers::{Peers, run as dial_peers};
pub(super) use settings::{ChapterError, Settings};
