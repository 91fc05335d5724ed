//! The conversation on one connection: events on one side, the core's frames on the other.
//!
//! It has no socket and no clock. Packets and frames come in; their consequences come out as
//! [`Effect`]s, in order. Requests that need only a look-up are answered from the core's store. The
//! rest is asked of the core, and its answer is translated.
//!
//! - `effect`: the effects, and the part of the core that a conversation may look at;
//! - `state`: the conversation;
//! - `packets`: packets from the other end;
//! - `requests`: the requests of the other end, and the answers to them;
//! - `core_frames`: frames from the core, and the timer;
//! - `behaviour`: the behaviour of a neighbour, and what follows from it;
//! - `questions`: the questions to the neighbour that wait for an answer;
//! - `asking`: the sending of questions, and the meaning of their answers;
//! - `listing`: the comparison of a neighbour's keys with the store.

mod asking;
mod behaviour;
mod core_frames;
mod effect;
mod listing;
mod packets;
mod questions;
mod requests;
mod state;

pub(in crate::net) use effect::{CoreView, Effect};
pub(in crate::net) use state::Conversation;

#[cfg(test)]
mod tests;
