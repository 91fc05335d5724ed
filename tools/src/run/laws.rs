//! The laws: properties of every network, whatever a scenario expects.
//!
//! Each law is one pure function over its evidence, in a file of its own. Evidence that nobody gives
//! breaks no law. The sources of evidence are:
//!
//! - the answers that clients got ([`reads`], [`tombstones`], [`nothing_lost`]);
//! - the statements of nodes by `watch` ([`convergence`], [`stored`]), by `peers` ([`links`]) and by
//!   `stats` ([`queues`]);
//! - a world that sees all traffic ([`payloads`]).
//!
//! [`Evidence`] collects the evidence that comes while a run lasts. Its size is bounded by nodes and
//! keys, not by the number of asks. Laws that can be judged as evidence comes end the run at once; the
//! others are judged at its end (`end`).

mod breach;
mod convergence;
mod evidence;
mod law;
mod links;
mod nothing_lost;
mod payloads;
mod queues;
mod read;
mod reads;
mod stored;
mod tombstones;
mod unstamped;

pub(in crate::run) use breach::{Breach, shortened};
pub(in crate::run) use convergence::convergence;
pub(in crate::run) use evidence::Evidence;
pub use law::Law;
pub(in crate::run) use links::{Lists, Unmatched, symmetric_links};
pub(in crate::run) use nothing_lost::{HeldWrite, nothing_lost};
pub(in crate::run) use payloads::Write;
pub(in crate::run) use queues::queues;
pub(in crate::run) use tombstones::tombstones_stay;
pub(in crate::run) use unstamped::{HeldKey, nothing_lost_unstamped};
