//! End-to-end tests of the binary, used as a person uses it.
//!
//! Each test is a story with a folder and ports of its own, so that all tests can run side by side. A story
//! waits for events, not for times. At its end it checks that no process that it started is left.

mod agreement;
mod asked;
mod background;
mod bad_input;
mod bad_luck;
mod browser;
mod by_hand;
mod byc;
mod bypassed;
mod closed_output;
mod completions;
mod control;
mod course;
mod determinism;
mod due;
mod editor;
mod everywhere;
mod faults;
mod folders;
mod formats;
mod fuzz;
mod gossip;
mod guesses;
mod killed;
mod left_behind;
mod life;
mod limits;
mod links;
mod lock_files;
mod maelstrom;
mod maelstrom_messages;
mod measured;
mod misbehaving;
mod mixed;
mod networks;
mod page;
mod ports;
mod record;
mod redact;
mod run;
mod runs;
mod scenarios;
mod seeds;
mod selection;
mod shipped;
mod simulation;
mod steps;
mod story;
mod strangers;
mod terminal;
mod texts;
mod top;
mod types;
