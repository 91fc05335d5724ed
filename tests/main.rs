//! End-to-end tests: the binary, used as a person uses it.
//!
//! Each test is a story of somebody in a folder of their own, with ports of their own, so that every
//! test can run beside every other. Nothing is waited for blindly, and whatever a story starts has
//! to be gone when it ends: that is checked at the end of each.

mod agreement;
mod asked;
mod background;
mod bad_input;
mod bad_luck;
mod byc;
mod determinism;
mod faults;
mod fuzz;
mod gossip;
mod killed;
mod left_behind;
mod life;
mod maelstrom;
mod misbehaving;
mod networks;
mod ports;
mod record;
mod redact;
mod run;
mod scenarios;
mod seeds;
mod selection;
mod shipped;
mod simulation;
mod steps;
mod story;
mod texts;
