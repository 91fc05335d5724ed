//! Aborts: the events that end a run from outside of its steps.

use crate::run::laws::Breach;
use crate::world::{ExitStatus, Misconduct, NodeIndex};

/// An event that aborts a run from outside of its steps.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::run) enum Abort {
    /// The person at the terminal wants it to end.
    Interrupted,
    /// A node died that was not told to end.
    Died(NodeIndex, ExitStatus),
    /// A node broke its protocol or flooded the harness.
    Misbehaved(NodeIndex, Misconduct),
    /// The environment lacks something that the world needs to go on.
    Lacking(String),
    /// Virtual time is over, for this reason.
    Runaway(String),
    /// A law was broken.
    Broken(Box<Breach>),
}
