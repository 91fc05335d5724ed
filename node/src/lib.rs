//! A peer-to-peer replicated key-value node: every node holds everything, any node takes a
//! write, all converge.
//!
//! Three layers, each knowing only those before it:
//!
//! - [`wire`]: the vocabulary (versions, commands, messages), its encoding and every size limit;
//! - [`core`]: the protocol as a pure state machine, driven by inputs and answering with outputs;
//! - `net` (feature `net`): sockets, timers and the command line, carrying events into the core
//!   and effects out of it.
//!
//! Nothing in [`wire`] and [`core`] reads a clock, opens a socket or draws a number by itself:
//! `cargo check -p node --lib --no-default-features` builds them without a runtime, and
//! `clippy.toml` names what they must not touch.

#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod core;
#[cfg(feature = "net")]
pub mod net;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod wire;
